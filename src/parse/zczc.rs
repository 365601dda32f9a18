//! `ZCZC` … `NNNN` → a dispatch a message. Which of the lines above the text is the slug, which the headline?
//!
//! Three dialects: a mark before each line of the head (`#slug`, `$headline`, `:take key`), key lines
//! (`:POTTED :Headline`, `RACING : Headline`), and a tag before each field (`TI#Headline`).

use std::borrow::Cow;

use crate::story::{Concept, Dispatch, Format, Marked, Markup};

use super::telex;
use super::{Error, Item, Payload};

/// Lines in which a head may end.
const LONGEST_HEAD: usize = 24;

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    // some end the lines of the head with CR and those of the text with CR LF
    let text = payload.text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<Cow<str>> = telex::lines(&text).collect();
    let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    let begins = |line: &str| opening(line).is_some();
    let starts: Vec<usize> = (0..lines.len()).filter(|n| begins(lines[*n])).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let items = starts
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(n, (start, end))| {
            let mut dispatch = payload.dispatch(n, Format::Zczc);
            map(&lines[*start..end], &mut dispatch);
            Ok(dispatch)
        });
    Ok(items.collect())
}

/// What stands behind `ZCZC` on its line.
pub fn opening(line: &str) -> Option<&str> {
    let line = line.trim();
    let rest = line.get(4..)?;
    let is_mark = line[..4].eq_ignore_ascii_case("zczc");
    (is_mark && !rest.starts_with(char::is_alphanumeric)).then(|| rest.trim())
}

fn map(lines: &[&str], dispatch: &mut Dispatch) {
    let ends = |line: &&str| line.trim().eq_ignore_ascii_case("nnnn");
    let end = lines.iter().position(ends).unwrap_or(lines.len());
    let (first, lines) = (lines[0], &lines[1..end.max(1)]);
    let service = opening(first).unwrap_or("");
    let is_agency =
        (2..=5).contains(&service.len()) && service.bytes().all(|b| b.is_ascii_uppercase());
    dispatch.agency = is_agency.then(|| service.to_owned());
    let body = if lines
        .iter()
        .any(|line| tagged(line).is_some_and(|(tag, _)| tag == "TX"))
    {
        tags(lines, dispatch)
    } else {
        let rest = routing(lines);
        match marks(rest, dispatch) {
            Some(body) => body,
            None => keys(rest, dispatch),
        }
    };
    let empty = dispatch.headline.is_none() && telex::is_blank(&body);
    let body = if empty {
        lines.join("\n")
    } else {
        signed(body, dispatch)
    };
    dispatch.body = Some(plain(body));
}

fn plain(text: String) -> Marked {
    Marked {
        text,
        markup: Markup::Plain,
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A field of the tagged dialect: `TI#Headline`.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let (tag, value) = line.split_once('#')?;
    (tag.len() == 2 && tag.bytes().all(|b| b.is_ascii_uppercase())).then_some((tag, value))
}

fn tags(lines: &[&str], dispatch: &mut Dispatch) -> String {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in lines {
        // the text is the last field: what looks like a tag in it is text
        let in_text = fields.last().is_some_and(|(tag, _)| *tag == "TX");
        match tagged(line).filter(|_| !in_text) {
            Some((tag, value)) => fields.push((tag, value.to_owned())),
            None => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            }
        }
    }
    let field = |tag: &str| {
        let (_, value) = fields.iter().find(|(known, _)| *known == tag)?;
        filled(value)
    };
    dispatch.guid = field("AN");
    dispatch.version_created = field("PD");
    dispatch.headline = field("TI").map(plain);
    dispatch.description = field("AB").map(plain);
    dispatch.agency = field("KN").or(dispatch.agency.take());
    let labels = &mut dispatch.labels;
    labels.by = field("BY");
    labels.slugline = field("KY");
    labels.keywords.extend(field("CO"));
    field("TX").unwrap_or_default()
}

/// The lines below a routing line: two capitals and desk codes.
fn routing<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let first = lines.iter().position(|line| !line.trim().is_empty());
    let Some(first) = first else {
        return lines;
    };
    let mut words = lines[first].split_whitespace();
    let codes = words
        .next()
        .is_some_and(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
        && words.clone().next().is_some()
        && words.all(|word| {
            word.len() <= 14 && word.starts_with(|c: char| c.is_ascii_uppercase() || c == '(')
        });
    if codes && lines[first].len() <= 60 {
        &lines[first + 1..]
    } else {
        lines
    }
}

/// The head of a mark before each line; `None` where fewer than two lines have one.
fn marks(lines: &[&str], dispatch: &mut Dispatch) -> Option<String> {
    const MARKS: &[char] = &['#', '$', '%', ':', '=', '^', '&', '*', '@', '~', '+'];
    let mut found: Vec<(char, &str)> = Vec::new();
    let mut body = 0;
    for (n, line) in lines.iter().enumerate().take(LONGEST_HEAD) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let Some(mark) = line.chars().next().filter(|c| MARKS.contains(c)) else {
            break;
        };
        // a point of a list in the text, or a second mark of a kind: the head is over
        let value = &line[1..];
        if value.starts_with(' ') || mark != ':' && found.iter().any(|(known, _)| *known == mark) {
            break;
        }
        found.push((mark, value.trim()));
        body = n + 1;
    }
    let kinds = found.iter().filter(|(mark, _)| *mark != ':').count();
    if found.len() < 2 || kinds == 0 {
        return None;
    }
    let value = |mark: char| {
        found
            .iter()
            .find(|(known, value)| *known == mark && !value.is_empty())
            .map(|(_, value)| (*value).to_owned())
    };
    let worded = |value: &String| value.len() > 2;
    let colon = value(':');
    let slug = value('#');
    let headline = value('^').or_else(|| value('$').filter(worded));
    let (slug, take) = match slug {
        Some(slug) => (Some(slug), colon),
        None => (colon, value('=')),
    };
    let composed = || composed(slug.as_deref()?, take.as_deref()?);
    dispatch.headline = headline.or_else(composed).map(plain);
    if let Some(city) = take
        .as_deref()
        .and_then(|take| take.strip_prefix('(')?.strip_suffix(')'))
    {
        dispatch.dateline = filled(city);
    }
    // a take key that says what the slug says is no version
    let repeats = |take: &String| slug.as_deref().is_some_and(|slug| take.starts_with(slug));
    dispatch.version_text = take.filter(|take| !repeats(take)).or_else(|| value('='));
    let labels = &mut dispatch.labels;
    labels.slugline = slug;
    labels.category = value('$')
        .filter(|code| code.len() <= 2)
        .or_else(|| value('%').filter(|code| code.len() <= 2));
    labels.located = value('@');
    labels.genres.extend(value('~').map(|name| Concept {
        name: Some(name),
        ..Concept::default()
    }));
    labels
        .subjects
        .extend(['+', '*'].iter().filter_map(|mark| subject(&value(*mark)?)));
    Some(lines[body..].join("\n"))
}

/// A headline in two halves: what, and which of it.
fn composed(slug: &str, take: &str) -> Option<String> {
    let whole = take.len() > slug.len()
        && take.is_char_boundary(slug.len())
        && take[..slug.len()].eq_ignore_ascii_case(slug);
    Some(if whole {
        take.to_owned()
    } else {
        format!("{slug} {take}")
    })
}

/// An IPTC subject reference number: eight digits.
fn subject(code: &str) -> Option<Concept> {
    let is_code = code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit());
    is_code.then(|| Concept {
        uri: Some(format!("http://cv.iptc.org/newscodes/subjectcode/{code}")),
        literal: Some(code.to_owned()),
        ..Concept::default()
    })
}

/// The head of key lines: `:POTTED :Headline`, `RACING : Headline`; or a title above an indented text.
fn keys(lines: &[&str], dispatch: &mut Dispatch) -> String {
    let mut body = 0;
    let mut found: Vec<&str> = Vec::new();
    for (n, line) in lines.iter().enumerate().take(4) {
        let Some(value) = key_line(line.trim()) else {
            if line.trim().is_empty() && found.is_empty() {
                continue;
            }
            break;
        };
        found.push(value);
        body = n + 1;
    }
    if found.is_empty()
        && let [title, below, ..] = lines
        && title.len() <= 100
        && !title.starts_with([' ', '\t'])
        && !title.trim_end().ends_with(['.', ',', ':'])
        && (below.starts_with("  ") || below.starts_with('\t'))
    {
        found.push(title.trim());
        body = 1;
    }
    if let Some(headline) = found.first().filter(|line| !line.is_empty()) {
        dispatch.headline = Some(plain((*headline).to_owned()));
        dispatch.labels.slugline = Some((*headline).to_owned());
    }
    lines[body..].join("\n")
}

/// The value behind a key in capitals between or before colons.
fn key_line(line: &str) -> Option<&str> {
    let (key, value) = match line.strip_prefix(':') {
        Some(rest) => rest.split_once(':').or_else(|| rest.split_once(" - "))?,
        None => line.split_once(" : ")?,
    };
    let key = key.trim();
    let is_key =
        (2..=16).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
    let value = value.trim().trim_start_matches(['-', ' ']);
    (is_key && !value.is_empty()).then_some(value)
}

/// The text without its last line where that is the agency's own: `AAP`, `AAP RESULTS`.
fn signed(body: String, dispatch: &mut Dispatch) -> String {
    let text = body.trim_end();
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let mut words = last.split_whitespace();
    let Some(agency) = words.next() else {
        return body;
    };
    let capitals = |word: &str| word.bytes().all(|b| b.is_ascii_uppercase());
    let known = dispatch
        .agency
        .as_deref()
        .map_or(agency == "AAP", |name| name == agency);
    let short = words.clone().count() <= 1 && words.all(capitals);
    if !(known && short && capitals(agency)) || before.trim().is_empty() {
        return body;
    }
    dispatch.agency = Some(agency.to_owned());
    before.to_owned()
}

#[cfg(test)]
mod tests {
    use super::telex::samples::text;
    use super::*;

    fn items(message: &str) -> Vec<Dispatch> {
        telex::samples::items(read, message)
    }

    #[test]
    fn each_dialect_names_its_headline_and_its_slug() {
        // (message, headline, slug, version words)
        for (message, headline, slug, version) in [
            (
                "ZCZC AAP\n%A\n#Slug_1\n$The headline\n:(HOBART)\n*03000000\nText.\nNNNN",
                "The headline",
                "Slug_1",
                "(HOBART)",
            ),
            (
                "ZCZC AAP\r$T\r:Preview\r=Round 2\r^The headline\r*X\r&A\rText.\nNNNN",
                "The headline",
                "Preview",
                "Round 2",
            ),
            (
                "ZCZC\n#North Trot\n:Races 1-4\nText.\nNNNN",
                "North Trot Races 1-4",
                "North Trot",
                "Races 1-4",
            ),
            (
                "ZCZC\n#Top Ten\n:Top Ten at close\nText.\nNNNN",
                "Top Ten at close",
                "Top Ten",
                "",
            ),
            (
                "ZCZC X1\nYY RFG\n:SPORT :The headline\nText.\nNNNN",
                "The headline",
                "The headline",
                "",
            ),
            (
                "ZCZC X1\nRACING : The headline\nText.\nNNNN",
                "The headline",
                "The headline",
                "",
            ),
            ("ZCZC X1\nA title\n   Text.\nNNNN", "A title", "A title", ""),
            (
                "zczc\nAN#7\nKY#Slug\nTI#The headline\nTX#Text.\nNNNN",
                "The headline",
                "Slug",
                "",
            ),
            ("ZCZC X1\nPlain words that go on.\nText.", "", "", ""),
        ] {
            let got = &items(message)[0];
            assert_eq!(text(&got.headline), headline, "{message}");
            assert_eq!(
                got.labels.slugline.as_deref().unwrap_or(""),
                slug,
                "{message}"
            );
            assert_eq!(
                got.version_text.as_deref().unwrap_or(""),
                version,
                "{message}"
            );
            assert!(text(&got.body).trim().ends_with("Text."), "{message}");
        }
    }

    #[test]
    fn a_list_in_the_text_is_no_head() {
        let got = &items("ZCZC AAP\n%A\n$Here is the news\n* One thing.\n* Another.\nNNNN")[0];
        assert_eq!(text(&got.body), "* One thing.\n* Another.");
        assert_eq!(items("ZCZC\n\nNNNN\nZCZC\nNNNN").len(), 2);
    }
}
