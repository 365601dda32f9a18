//! RSS 0.9x, 1.0, 2.0 and CDF → a dispatch an item. What does the channel say of all its items?
//!
//! Source: the RSS 2.0 and RSS 1.0 specifications with their modules content, Dublin Core, Media RSS and
//! iTunes; Microsoft's CDF for what is left of it.

use crate::story::Format;

use super::feed::{self, Channel, Names, Vocabulary};
use super::xml::Element;
use super::{Error, Item, Payload};

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    feed::read(payload, Format::Rss, channel)
}

fn channel(root: &Element, names: Names) -> Channel {
    let inside = root
        .children()
        .find(|child| feed::lower(child.name) == "channel");
    let element = inside.unwrap_or(root);
    let mut channel = Channel {
        language: element
            .attribute("lang")
            .or(root.attribute("lang"))
            .map(str::to_owned),
        base: feed::link::base(element, root.attribute("base")),
        ..Channel::default()
    };
    let (mut title, mut page) = (None, None);
    for child in element.children() {
        let slot = match (names.vocabulary(child), &*feed::lower(child.name)) {
            (Vocabulary::Own | Vocabulary::DublinCore, "language") => &mut channel.language,
            (Vocabulary::Own, "copyright" | "rights") | (Vocabulary::DublinCore, "rights") => {
                &mut channel.copyright
            }
            (Vocabulary::DublinCore, "publisher") => &mut channel.agency,
            (Vocabulary::Own, "title") => &mut title,
            (Vocabulary::Own, "link") => &mut page,
            _ => continue,
        };
        if slot.is_none() {
            *slot = child.words();
        }
    }
    channel.agency = channel.agency.or_else(|| feed::agency(&title?));
    channel.base = channel.base.or(page);
    channel
}
