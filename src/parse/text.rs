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
    dispatch.body = Some(Marked {
        text: payload.text.to_owned(),
        markup,
    });
    Ok(vec![Ok(dispatch)])
}
