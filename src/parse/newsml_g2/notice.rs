//! Packages, concepts and plans → what a desk can read of them. Does this item say anything in words?

use crate::story::{Association, Dispatch, ItemKind, Reason};

use super::super::members::marked;
use super::super::prose;
use super::super::xml::Element;
use super::super::{Error, set};

/// # Errors
/// `Unsupported` for an item of codes and references alone.
pub fn fill(item: &Element<'_>, dispatch: &mut Dispatch) -> Result<(), Error> {
    let lines = match item.name {
        "packageItem" => package(item, dispatch),
        "conceptItem" => concept(item, dispatch),
        _ => plan(item, dispatch),
    };
    if item.name != "packageItem" {
        let words = dispatch
            .version_text
            .take()
            .map_or(String::new(), |w| format!("{w}: "));
        dispatch.version_text = Some(words + "ADVISORY");
    }
    if !lines.is_empty() {
        dispatch.body = Some(marked(lines.join("\n\n")));
    }
    let said = dispatch.headline.is_some() || dispatch.description.is_some();
    if said || !lines.is_empty() || dispatch.labels.title.is_some() {
        return Ok(());
    }
    let what = format!(
        "a {} of codes and references without words: nothing to publish",
        item.name
    );
    Err(Error::new(Reason::Unsupported, what))
}

/// The titles and descriptions of the items that a package names.
fn package(item: &Element<'_>, dispatch: &mut Dispatch) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for reference in item.descendants("itemRef") {
        let headline = ["headline", "title"]
            .iter()
            .find_map(|name| reference.words_at(name));
        let description = reference.words_at("description");
        let uri = reference
            .value("residref")
            .or_else(|| reference.value("href"));
        for line in [&headline, &description].into_iter().flatten() {
            if !lines.contains(line) {
                lines.push(line.clone());
            }
        }
        let class = reference.child("itemClass").and_then(super::code);
        let associations = &mut dispatch.labels.associations;
        associations.push(Association {
            name: format!("item-{}", associations.len() + 1),
            uri,
            kind: class.as_deref().and_then(prose::kind_of_type),
            headline,
            caption: None,
            credit: None,
        });
    }
    lines
}

/// The name of a concept as headline; its definition, notes, dates and places as text.
fn concept(item: &Element<'_>, dispatch: &mut Dispatch) -> Vec<String> {
    let mut lines = Vec::new();
    let language = dispatch.language.clone();
    for concept in item
        .all("concept")
        .chain(item.descendants("concept").skip(1))
        .take(1)
    {
        let kind = concept.child("type").and_then(super::code);
        if kind.is_some_and(|kind| kind.ends_with(":event")) {
            dispatch.kind = ItemKind::Event;
        }
        if dispatch.headline.is_none() {
            let name = super::best(concept, "name", language.as_deref());
            dispatch.headline = name.and_then(Element::words).map(marked);
        }
        for words in concept.all("definition").chain(concept.all("note")) {
            lines.extend(Some(prose::of(words).text).filter(|text| !text.is_empty()));
        }
        if let Some(event) = concept.child("eventDetails") {
            let dates = event.child("dates");
            let dates = dates.map_or(Vec::new(), |dates| {
                dates.children().filter_map(Element::words).collect()
            });
            lines.extend(Some(dates.join(" – ")).filter(|dates| !dates.is_empty()));
            let places: Vec<String> = event.all("location").filter_map(super::name).collect();
            lines.extend(places.iter().cloned());
            set(&mut dispatch.labels.located, Some(places.join(", ")));
        }
    }
    lines
}

/// What is planned: the headline of each coverage, its description and its note.
fn plan(item: &Element<'_>, dispatch: &mut Dispatch) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for planning in item.descendants("planning") {
        for name in ["headline", "description", "edNote", "scheduled"] {
            let line = planning.words_at(name).filter(|line| !lines.contains(line));
            lines.extend(line);
        }
    }
    if dispatch.headline.is_none() && !lines.is_empty() {
        dispatch.headline = Some(marked(lines.remove(0)));
    }
    lines
}
