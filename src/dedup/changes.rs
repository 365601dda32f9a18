//! A correction and the imprint of what it corrects → the figures and names that are new in it.

use super::imprint::{Imprint, Listed, body};
use super::sketch::Sketch;
use crate::story::{Changes, Story, Zone};

/// Bytes of a word; what is longer is none.
const LONGEST: usize = 64;

/// The figures and names of `story`, whose imprint is `newer`, that `older` does not list. Both list but the first
/// ones of a text.
pub(super) fn changes(older: &Imprint, newer: &Imprint, story: &Story) -> Changes {
    let mut changes = Changes::default();
    let zone = body(story);
    let text = match zone {
        Zone::Headline => story.headline.as_deref(),
        Zone::Body => story.body.as_deref(),
        _ => story.captions.first().map(|caption| caption.text.as_str()),
    };
    for token in story.tokens.zone(zone) {
        let (list, is_new) = match Listed::of(token) {
            Some(Listed::Number(hash)) => (
                &mut changes.figures,
                is_new(hash, &older.numbers, &newer.numbers),
            ),
            Some(Listed::Name(hash)) => {
                (&mut changes.names, is_new(hash, &older.names, &newer.names))
            }
            None => continue,
        };
        let word = text.and_then(|text| text.get(token.range()));
        let word = word.filter(|word| is_new && word.len() <= LONGEST);
        let word = word.filter(|word| !list.iter().any(|known| known == word));
        list.extend(word.map(str::to_owned));
    }
    changes
}

fn is_new<const N: usize>(hash: u16, older: &Sketch<N>, newer: &Sketch<N>) -> bool {
    newer.values().contains(&hash) && !older.values().contains(&hash)
}
