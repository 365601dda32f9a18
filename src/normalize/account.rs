//! A dispatch → where every character of its text went. Is anything of it lost?

use std::ops::Range;

use crate::story::Dispatch;

use super::copy::{self, Headline, Part};
use super::{codes, headline, kind, paragraphs, read_status};

/// A text with the parts that it was cut into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The text as it was cut: markup read, invisible characters and line ends of wrapping taken out.
    pub text: String,
    /// Ranges of bytes in order, none within another; between them is white space.
    pub parts: Vec<(Part, Range<usize>)>,
    /// What was mended in the text before it was cut, by the names that `repairs` of an event has.
    pub repairs: Vec<String>,
}

/// The account of what `story` makes of the text of `dispatch`.
pub fn of(mut dispatch: Dispatch) -> Account {
    let mut marks = codes(&dispatch);
    read_status(&dispatch, &mut marks);
    let sent = headline(&mut dispatch, &mut marks, &mut Vec::new());
    let mut repairs = Vec::new();
    let (paragraphs, _) = paragraphs(&mut dispatch, &mut repairs);
    let given = sent.as_deref().map_or(Headline::Missing, Headline::Sent);
    let cut = copy::parts(paragraphs.iter(), given, kind(dispatch.kind), &mut marks);
    let text = paragraphs.text();
    let body = cut.body.iter().map(|slice| (Part::Body, *slice));
    let place = |(part, slice): (Part, &str)| {
        let start = slice.as_ptr() as usize - text.as_ptr() as usize;
        (part, start..start + slice.len())
    };
    let mut parts: Vec<_> = cut
        .pieces
        .0
        .iter()
        .copied()
        .chain(body)
        .map(place)
        .collect();
    parts.sort_by_key(|(_, range)| (range.start, range.end));
    Account {
        text: text.to_owned(),
        parts,
        repairs,
    }
}
