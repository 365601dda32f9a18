//! Enclosures and media modules → associations. Which pictures and clips belong to an entry?

use crate::parse::xml::Element;
use crate::story::{Association, ItemKind};

use super::link;

/// The most media of one entry that are kept: some feeds send every size of every picture.
const MOST: usize = 32;

/// The media of an entry, and what it says of all of them.
#[derive(Default)]
pub struct Media {
    found: Vec<Association>,
    common: Association,
}

impl Media {
    /// A title, a description or a credit that stands beside the media it is about.
    pub fn told(&mut self, element: &Element) {
        tell(&mut self.common, element);
    }

    /// An element that points at a picture or a clip.
    pub fn add(&mut self, element: &Element, base: Option<&str>) {
        self.found.extend(one(element, base));
        self.found.truncate(MOST);
    }

    /// The same media in several forms, with what is said of all.
    pub fn group(&mut self, group: &Element, base: Option<&str>) {
        let mut common = Association::default();
        let mut members = Vec::new();
        for child in group.children() {
            match child.name {
                "content" | "thumbnail" => members.extend(one(child, base)),
                _ => tell(&mut common, child),
            }
        }
        for member in &mut members {
            complete(member, &common);
        }
        self.found.append(&mut members);
        self.found.truncate(MOST);
    }

    pub fn associations(self) -> Vec<Association> {
        let mut found: Vec<Association> = Vec::with_capacity(self.found.len());
        for mut association in self.found {
            if found.iter().any(|known| known.uri == association.uri) {
                continue;
            }
            complete(&mut association, &self.common);
            association.name = format!("{}-{}", association.name, found.len() + 1);
            found.push(association);
        }
        found
    }
}

fn tell(about: &mut Association, element: &Element) {
    let slot = match element.name {
        "title" => &mut about.headline,
        "description" | "text" => &mut about.caption,
        "credit" => &mut about.credit,
        _ => return,
    };
    if slot.is_none() {
        *slot = element.words();
    }
}

fn complete(association: &mut Association, common: &Association) {
    let pairs = [
        (&mut association.headline, &common.headline),
        (&mut association.caption, &common.caption),
        (&mut association.credit, &common.credit),
    ];
    for (slot, common) in pairs {
        if slot.is_none() {
            slot.clone_from(common);
        }
    }
}

fn one(element: &Element, base: Option<&str>) -> Option<Association> {
    let inside = || {
        element
            .child("player")
            .and_then(|player| player.attribute("url"))
    };
    let address = element
        .attribute("url")
        .or(element.attribute("href"))
        .or_else(inside)?;
    let mut association = Association {
        name: match element.name {
            "thumbnail" | "image" => "thumbnail",
            "content" => "media",
            _ => "enclosure",
        }
        .to_owned(),
        uri: Some(link::resolve(base, address)),
        kind: kind(element, address),
        headline: element.attribute("title").map(str::to_owned),
        ..Association::default()
    };
    for child in element.children() {
        tell(&mut association, child);
    }
    Some(association)
}

/// By what is said, else by how the address ends.
fn kind(element: &Element, address: &str) -> Option<ItemKind> {
    let of_name = |name: &str| match name.split('/').next()? {
        "image" => Some(ItemKind::Picture),
        "video" => Some(ItemKind::Video),
        "audio" => Some(ItemKind::Audio),
        _ => None,
    };
    let told = element.attribute("medium").or(element.attribute("type"));
    if let Some(kind) = told.and_then(of_name) {
        return Some(kind);
    }
    if matches!(element.name, "thumbnail" | "image") {
        return Some(ItemKind::Picture);
    }
    let path = address.split(['?', '#']).next()?;
    let (_, extension) = path.rsplit_once('.')?;
    match extension {
        "jpg" | "jpeg" | "png" | "gif" | "webp" => Some(ItemKind::Picture),
        "mp4" | "mov" | "webm" | "m4v" => Some(ItemKind::Video),
        "mp3" | "m4a" | "ogg" | "wav" => Some(ItemKind::Audio),
        _ => None,
    }
}
