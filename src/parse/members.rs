//! Members of a JSON object → texts and concepts. What did a vendor mean, whatever type it chose?

use crate::story::{Concept, ItemKind, Marked, Markup};

use super::json::Json;

/// The text of a value that ought to be a string: numbers as written, of a list the first, of an object its
/// value or name; `None` for what is blank.
pub fn string(value: Option<&Json>) -> Option<String> {
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match value? {
        Json::Text(text) => filled(text),
        Json::Number(number) => Some((*number).to_owned()),
        Json::List(list) => list.iter().find_map(|element| string(Some(element))),
        object @ Json::Object(_) => match object.any(&["value", "name", "text"])? {
            Json::Text(text) => filled(text),
            _ => None,
        },
        _ => None,
    }
}

/// The first of `keys` that says something.
pub fn first(item: &Json, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| string(item.get(key)))
}

/// All texts of a list, or the one text.
pub fn each(value: Option<&Json>) -> impl Iterator<Item = String> {
    let elements = value.map_or(&[][..], Json::each);
    elements.iter().filter_map(|element| string(Some(element)))
}

/// All texts of a list as one; `None` where there is none.
pub fn joined(value: Option<&Json>, between: &str) -> Option<String> {
    let texts: Vec<String> = each(value).collect();
    (!texts.is_empty()).then(|| texts.join(between))
}

pub fn marked(text: String) -> Marked {
    Marked {
        text,
        markup: Markup::Plain,
    }
}

pub fn html(text: String) -> Marked {
    Marked {
        text,
        markup: Markup::Html,
    }
}

/// A text of which nobody said whether it is markup: its tags tell.
pub fn told_by_tags(text: String) -> Marked {
    match text.contains("</") || text.contains("<br") {
        true => html(text),
        false => marked(text),
    }
}

pub fn kind(name: Option<String>) -> ItemKind {
    let of_name = |name: String| match &*name.to_ascii_lowercase() {
        "image" | "photo" => Some(ItemKind::Picture),
        name => ItemKind::from_name(name),
    };
    name.and_then(of_name).unwrap_or_default()
}

/// A list, or one string joined by `+`, `;` or `,`.
pub fn keywords(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::Text(joined)) => joined
            .split(['+', ';', ','])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        other => each(other).collect(),
    }
}

/// The concepts of a member: a list of objects or of strings, one object, or an object with lists of codes.
pub fn concepts(value: Option<&Json>) -> Vec<Concept> {
    let mut out = Vec::new();
    for element in value.map_or(&[][..], Json::each) {
        match element {
            Json::Object(_) => {
                let codes = element.any(&["code", "qcode", "literal"]);
                for code in codes.map_or(&[Json::Null][..], Json::each) {
                    out.extend(concept(element, string(Some(code))));
                }
            }
            other => out.extend(string(Some(other)).map(named)),
        }
    }
    out
}

pub fn named(name: String) -> Concept {
    Concept {
        name: Some(name),
        ..Concept::default()
    }
}

fn concept(element: &Json, code: Option<String>) -> Option<Concept> {
    let scheme = string(element.get("scheme"));
    let uri = string(element.get("uri")).or_else(|| {
        let (scheme, code) = (scheme?, code.as_ref()?);
        (scheme.contains("://") && scheme.ends_with(['/', '#'])).then(|| format!("{scheme}{code}"))
    });
    let concept = Concept {
        name: string(element.get("name")),
        uri,
        literal: code,
        // sources of information have a role where other concepts have a relation
        rel: first(element, &["rel", "role"]),
    };
    (concept.name.is_some() || concept.uri.is_some() || concept.literal.is_some())
        .then_some(concept)
}
