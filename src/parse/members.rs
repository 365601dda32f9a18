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

/// Markup that was cut out of an indented page: its lines were wrapped by a printer, so that blank lines alone part
/// paragraphs.
pub fn unwrapped(html: String) -> String {
    let mut lines = html.lines().filter(|line| !line.trim().is_empty()).skip(1);
    let indented = |line: &str| line.starts_with([' ', '\t']);
    let blocks = ["<p", "<br", "<div", "<li"]
        .iter()
        .any(|tag| html.contains(tag));
    if blocks || !lines.next().is_some_and(indented) || !lines.all(indented) {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    for line in html.lines().map(str::trim) {
        match line.is_empty() {
            true if out.is_empty() || out.ends_with('\n') => {}
            true => out.push_str("<br/>\n"),
            false if out.is_empty() || out.ends_with('\n') => out.push_str(line),
            false => out.extend([" ", line]),
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_indented_page_are_joined() {
        for (html, joined) in [
            (
                "\n   Two <i>berths</i>\n   closed.\n\n   Divers search.\n",
                "Two <i>berths</i> closed.<br/>\nDivers search.",
            ),
            ("Two berths\nclosed.", "Two berths\nclosed."),
            (
                "Two berths\n   closed.\nDivers",
                "Two berths\n   closed.\nDivers",
            ),
            ("Two berths", "Two berths"),
        ] {
            assert_eq!(
                unwrapped(html.to_owned()).trim_end(),
                joined.trim_end(),
                "{html}"
            );
        }
    }
}
