//! Words that are no names and say what a name beside them is: `in` a place, `Mr` a person.

use std::hash::BuildHasherDefault;

use hashbrown::HashMap;

use super::super::trie::{LANGUAGES, Same};
use super::table::Tables;
use crate::story::tokenize;

/// What a word says of a name beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// Says where somebody sits: `based`.
    Based,
    /// Stands before a person's surname: `Mr`.
    Courtesy,
    /// What a government does: `the Indian proposal` is India's.
    Deed,
    /// Stands before a people that lives in other countries as well: `ethnic`.
    Ethnic,
    /// Says that an office is no longer held: `former`.
    Former,
    /// A given name: `Michael`.
    Given,
    /// Stands before a place: `in`.
    Locative,
    /// Moves to or from somewhere, so that `to` is said of a place: `travelled`.
    Motion,
    /// A place's name that people bear as well: `Jordan`.
    Personal,
    /// Hands news on, so that a medium beside it is a source: `reported`, `told`.
    Report,
    /// A place where the press sits and the news is from elsewhere: `Geneva`.
    Seat,
    /// Says that the name after `of`, or before the word, is a place: `mayor` of, `province`.
    Settlement,
    /// What a government does in print: `said`.
    Speech,
    /// What somebody thinks of whom it stands before, and not whose they are: `pro-`, `anti-`.
    Stance,
    /// A capital word that stands beside places and is no person: `University`, `North`, `Monday`.
    Surrounding,
    /// What a country's name before it belongs to, so that the state does nothing: `francs`, `Cup`.
    Thing,
}

const CUES: [(&str, Cue); 16] = [
    ("based", Cue::Based),
    ("courtesy", Cue::Courtesy),
    ("deed", Cue::Deed),
    ("ethnic", Cue::Ethnic),
    ("former", Cue::Former),
    ("given", Cue::Given),
    ("locative", Cue::Locative),
    ("motion", Cue::Motion),
    ("personal", Cue::Personal),
    ("report", Cue::Report),
    ("seat", Cue::Seat),
    ("settlement", Cue::Settlement),
    ("speech", Cue::Speech),
    ("stance", Cue::Stance),
    ("surrounding", Cue::Surrounding),
    ("thing", Cue::Thing),
];

/// All cue words, by token hash.
#[derive(Default)]
pub struct Cues {
    words: HashMap<u64, u16, BuildHasherDefault<Same>>,
}

impl Cues {
    pub(super) fn read(tables: &mut Tables<'_>) -> Cues {
        let mut cues = Cues::default();
        for row in tables.rows("cues.tsv", &["cue", "language", "words"], 2) {
            let Some((_, cue)) = CUES.iter().find(|(name, _)| *name == row.cells[0]) else {
                tables.fault(&row, format!("unknown cue \"{}\"", row.cells[0]));
                continue;
            };
            if !LANGUAGES.contains(&row.cells[1]) {
                tables.fault(&row, format!("unknown language \"{}\"", row.cells[1]));
            }
            for word in row.names(2) {
                let (mut hash, mut count) = (0, 0);
                tokenize(word, |token| (hash, count) = (token.hash, count + 1));
                if count != 1 {
                    tables.fault(&row, format!("\"{word}\" is not one word"));
                }
                *cues.words.entry(hash).or_default() |= 1 << *cue as u8;
            }
        }
        cues
    }

    /// Whether the word with this token hash is a cue of this kind.
    pub fn is(&self, cue: Cue, hash: u64) -> bool {
        let bits = self.words.get(&hash).copied().unwrap_or(0);
        bits >> cue as u8 & 1 != 0
    }
}
