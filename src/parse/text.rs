//! Plain text → one dispatch. All it says about itself stands in its words: normalize reads them.

use crate::story::{Format, Marked, Markup};

use super::{Error, Item, Payload, sniff};

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let mut dispatch = payload.dispatch(0, Format::PlainText);
    let markup = if sniff::html(payload.text) {
        Markup::Html
    } else {
        Markup::Plain
    };
    // separators of fields stand where a space would
    let separator = |b: u8| b >> 2 == 0x1C >> 2;
    let text = match payload
        .text
        .bytes()
        .fold(false, |any, b| any | separator(b))
    {
        true => payload
            .text
            .replace(|c| matches!(c, '\u{1C}'..='\u{1F}'), " "),
        false => payload.text.to_owned(),
    };
    dispatch.body = Some(Marked { text, markup });
    Ok(vec![Ok(dispatch)])
}
