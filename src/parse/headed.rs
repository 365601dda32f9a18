//! Plain text under a block of named lines → one dispatch. Which lines are plainly no text?
//!
//! No standard says so, and many vendors do it: `Headline: …`, `Slug: …`, `Date: …`, a blank line, the text; or a
//! press wire's `Source: …` and `MEDIA RELEASE PR…`. Text that merely begins with a colon keeps its first lines.

use crate::story::{Concept, Format, Marked, Markup};

use super::telex;
use super::{Error, Item, Payload};

/// Lines of a block.
const MOST_LINES: usize = 20;
/// A line of a headline that goes on in the next one is at least this wide with the word that did not fit.
const WRAP: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Headline,
    Slug,
    Date,
    By,
    Source,
    Place,
    Category,
    Priority,
    Keywords,
    Note,
    Language,
    Id,
    Version,
}

const KEYS: &[(&str, Key)] = &[
    ("headline", Key::Headline),
    ("head", Key::Headline),
    ("title", Key::Headline),
    ("titre", Key::Headline),
    ("titulo", Key::Headline),
    ("título", Key::Headline),
    ("titel", Key::Headline),
    ("überschrift", Key::Headline),
    ("slug", Key::Slug),
    ("slugline", Key::Slug),
    ("keyword", Key::Slug),
    ("date", Key::Date),
    ("fecha", Key::Date),
    ("datum", Key::Date),
    ("data", Key::Date),
    ("time", Key::Date),
    ("byline", Key::By),
    ("by", Key::By),
    ("author", Key::By),
    ("autor", Key::By),
    ("auteur", Key::By),
    ("source", Key::Source),
    ("agency", Key::Source),
    ("fuente", Key::Source),
    ("quelle", Key::Source),
    ("place", Key::Place),
    ("location", Key::Place),
    ("category", Key::Category),
    ("priority", Key::Priority),
    ("urgency", Key::Priority),
    ("keywords", Key::Keywords),
    ("note", Key::Note),
    ("editor's note", Key::Note),
    ("language", Key::Language),
    ("lang", Key::Language),
    ("id", Key::Id),
    ("guid", Key::Id),
    ("version", Key::Version),
    ("take", Key::Version),
];

fn key(line: &str) -> Option<(Key, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    let value = value.trim();
    if name.len() > 16 || value.is_empty() || value.len() > 400 {
        return None;
    }
    let name = name.to_lowercase();
    let (_, key) = KEYS.iter().find(|(known, _)| *known == name)?;
    Some((*key, value))
}

/// The named lines that a text begins with, and how many lines they are with the blank one below.
fn block(text: &str) -> Option<(Vec<(Key, &str)>, usize)> {
    let mut found: Vec<(Key, &str)> = Vec::new();
    for (n, line) in text.lines().enumerate().take(MOST_LINES + 1) {
        if telex::is_blank(line) {
            if found.is_empty() {
                continue;
            }
            let has = |key: Key| found.iter().any(|(known, _)| *known == key);
            let named = has(Key::Headline) || has(Key::Slug);
            return (named && found.len() >= 2 && distinct(&found)).then_some((found, n + 1));
        }
        found.push(key(line)?);
    }
    None
}

fn distinct(found: &[(Key, &str)]) -> bool {
    let mut keys = found.iter().map(|(key, _)| key).enumerate();
    keys.all(|(n, key)| found[..n].iter().all(|(before, _)| before != key))
}

/// A press wire's first lines: the client, and the number of the release.
fn release(text: &str) -> Option<(&str, &str)> {
    let mut lines = text.lines().filter(|line| !telex::is_blank(line));
    let (Key::Source, client) = key(lines.next()?)? else {
        return None;
    };
    let number = lines.next()?.trim();
    let code = ["MEDIA RELEASE ", "NEWS RELEASE ", "PRESS RELEASE "]
        .iter()
        .find_map(|opening| number.strip_prefix(opening))?;
    let is_code = code.len() <= 16
        && code.bytes().any(|b| b.is_ascii_digit())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_code.then_some((client, code))
}

/// Whether the text begins with lines that are plainly no text.
pub fn recognises(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(8192)];
    block(head).is_some() || release(head).is_some()
}

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let mut dispatch = payload.dispatch(0, Format::PlainText);
    let plain = |text: &str| Marked {
        text: text.to_owned(),
        markup: Markup::Plain,
    };
    let head = &payload.text[..payload.text.floor_char_boundary(8192)];
    if let Some((found, length)) = block(head) {
        for (key, value) in found {
            let value = value.to_owned();
            match key {
                Key::Headline => dispatch.headline = Some(plain(&value)),
                Key::Slug => dispatch.labels.slugline = Some(value),
                Key::Date => dispatch.version_created = Some(value),
                Key::By => dispatch.labels.by = Some(value),
                Key::Source => dispatch.agency = Some(value),
                Key::Place => dispatch.labels.located = Some(value),
                Key::Category => dispatch.labels.category = Some(value),
                Key::Priority => {
                    dispatch.labels.priority = Some(value.clone());
                    dispatch.urgency = Some(value);
                }
                Key::Keywords => {
                    let words = value.split([',', ';']).map(str::trim);
                    dispatch.labels.keywords = words
                        .filter(|word| !word.is_empty())
                        .map(str::to_owned)
                        .collect();
                }
                Key::Note => dispatch.labels.ed_note = Some(value),
                Key::Language => dispatch.language = Some(value),
                Key::Id => dispatch.guid = Some(value),
                Key::Version => dispatch.version_text = Some(value),
            }
        }
        dispatch.body = Some(plain(&below(payload.text, length)));
    } else if let Some((client, code)) = release(head) {
        dispatch
            .alt_ids
            .push(("release".to_owned(), code.to_owned()));
        dispatch.labels.genres.push(Concept {
            name: Some("press-release".to_owned()),
            ..Concept::default()
        });
        dispatch.labels.info_sources.push(Concept {
            name: Some(client.to_owned()),
            ..Concept::default()
        });
        let (headline, length) = title(payload.text);
        dispatch.headline = (!headline.is_empty()).then(|| plain(&headline));
        dispatch.body = Some(plain(&below(payload.text, length)));
    }
    Ok(vec![Ok(dispatch)])
}

/// The headline below the two lines of a release, which may be wrapped, and the lines down to its end.
fn title(text: &str) -> (String, usize) {
    let mut headline = String::new();
    let mut seen = 0;
    for (n, line) in text.lines().enumerate().take(MOST_LINES) {
        let words = line.trim();
        if words.is_empty() {
            if headline.is_empty() {
                continue;
            }
            return (headline, n);
        }
        seen += 1;
        if seen <= 2 {
            continue;
        }
        let first = words.split(' ').next().unwrap_or(words);
        if !headline.is_empty() && headline.chars().count() % 80 + 1 + first.chars().count() < WRAP
        {
            return (headline, n);
        }
        if !headline.is_empty() {
            headline.push(' ');
        }
        headline.push_str(words);
    }
    (headline, MOST_LINES)
}

fn below(text: &str, lines: usize) -> String {
    text.lines().skip(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_told_from_text() {
        for text in [
            "Headline: A\nDate: 2023-11-06\n\nText.",
            "\nSlug: a-b\r\nBy: A. Name\r\n\r\nText.",
            "Source: A Ltd\nMEDIA RELEASE PR12\nTitle\n\nText.",
        ] {
            assert!(recognises(text), "{text}");
        }
        for text in [
            "Source: the ministry\n\nText.",
            "Headline: A\n\nText.",
            "Headline: A\nHeadline: B\n\nText.",
            "Date: 2023-11-06\nPlace: Lima\n\nText.",
            "Headline: A\nThe minister said: no.\n\nText.",
            "Headline: A\nDate: B",
            "Lima, Nov 6 (EFE).- Text: more.",
            "Source: A\nMEDIA RELEASE the company said\n\nText.",
            "",
        ] {
            assert!(!recognises(text), "{text}");
        }
    }

    #[test]
    fn a_wrapped_title_ends_where_its_lines_do() {
        let release = "Source: A\nNEWS RELEASE PR1\nA title that is as wide as the lines of this press wire may ever become\nTwo Words\n\nLIMA, Peru --\n";
        let (title, lines) = title(release);
        assert!(title.ends_with("become Two Words"), "{title}");
        assert_eq!(lines, 4);
    }
}
