//! Atom 0.3 and 1.0 → a dispatch an entry. What does the feed say of all its entries?
//!
//! Source: RFC 4287, the Atom 0.3 draft, and the modules that feeds put beside them. A document may be a
//! single entry.

use crate::story::Format;

use super::feed::{self, Channel, Names, Vocabulary};
use super::xml::Element;
use super::{Error, Item, Payload};

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    feed::read(payload, Format::Atom, channel)
}

fn channel(root: &Element, names: Names) -> Channel {
    let mut channel = Channel {
        language: root.attribute("lang").map(str::to_owned),
        base: feed::link::base(root, None),
        ..Channel::default()
    };
    if feed::lower(root.name) == "entry" {
        return channel;
    }
    for child in root.children() {
        match (names.vocabulary(child), child.name) {
            (Vocabulary::Own, "title") => {
                let title = child.words();
                channel.agency = channel.agency.or_else(|| feed::agency(&title?));
            }
            (Vocabulary::DublinCore, "publisher") => channel.agency = child.words(),
            (Vocabulary::DublinCore, "language") => channel.language = child.words(),
            (Vocabulary::Own, "author") => channel.by = channel.by.or_else(|| feed::person(child)),
            (Vocabulary::Own, "rights" | "copyright") | (Vocabulary::DublinCore, "rights") => {
                channel.copyright = channel.copyright.or_else(|| child.words());
            }
            (Vocabulary::Own, "link") if channel.base.is_none() => {
                let rel = child.attribute("rel").unwrap_or("alternate");
                if matches!(rel, "alternate" | "self") {
                    channel.base = child.attribute("href").map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    channel
}
