//! IPTC 7901 → a dispatch a message. Which line of the head is what, and where does the text begin?
//!
//! `SOH source+sequence priority category words agency time`, slug lines, `STX` version words, headline and byline
//! of which the last ends in `=`, the text, `ETX` and the day-time group. Some lines arrive without their controls.

use std::borrow::Cow;

use crate::story::{Dispatch, Format, Marked, Markup};

use super::telex::{self, Message};
use super::{Error, Item, Payload};

/// Lines in which the mark `=` may end the heading.
const LONGEST_HEADING: usize = 10;
/// A line of a heading that was wrapped is at least this wide with the word that did not fit.
const WRAP: usize = 64;

/// The first line of a message.
#[derive(Debug, PartialEq, Eq)]
struct Header<'t> {
    /// Source and sequence as sent: `eca0003`.
    id: String,
    priority: &'t str,
    category: &'t str,
    /// Words behind the word count: a service code, the agency, the hour.
    rest: Vec<&'t str>,
}

/// Whether `text` begins with the header of a message, its SOH taken off.
pub fn begins(text: &str) -> bool {
    header(text).is_some()
}

/// The same without an SOH before it: only as agencies write it, three small letters and three digits or more.
pub fn begins_bare(text: &str) -> bool {
    // nearly no payload begins so, and this is asked of each
    let id = text.trim_start_matches([' ', '\t']);
    id.starts_with(|c: char| c.is_ascii_lowercase())
        && header(text).is_some_and(|header| {
            let letters = header.id.bytes().take_while(u8::is_ascii_lowercase).count();
            letters == 3 && header.id.len() >= 6
        })
}

fn header(text: &str) -> Option<Header<'_>> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text.get(..end.min(120))?;
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let mut id = words.next()?.to_owned();
    let letters = id.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters == id.len() {
        id.push_str(words.next()?);
    }
    let digits = &id[letters..];
    let is_id = (1..=4).contains(&letters)
        && (2..=6).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit());
    let priority = words.next()?;
    let category = words.next()?;
    let count = words.next()?;
    let ok = is_id
        && priority.len() == 1
        && priority.bytes().all(|b| b.is_ascii_digit())
        && category.len() <= 4
        && category.bytes().all(|b| b.is_ascii_alphabetic())
        && count.len() <= 6
        && count.bytes().all(|b| b.is_ascii_digit());
    ok.then(|| Header {
        id,
        priority,
        category,
        rest: words.collect(),
    })
}

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let messages = telex::messages(payload.text, begins);
    Ok(messages
        .iter()
        .enumerate()
        .map(|(n, message)| {
            let mut dispatch = payload.dispatch(n, Format::Iptc7901);
            map(message, &mut dispatch);
            Ok(dispatch)
        })
        .collect())
}

fn map(message: &Message, dispatch: &mut Dispatch) {
    let header = header(message.head);
    let after = match &header {
        Some(_) => message
            .head
            .split_once(['\r', '\n'])
            .map_or("", |(_, after)| after),
        None => message.head,
    };
    let mut lines: Vec<Cow<str>> = telex::lines(message.text.unwrap_or(after)).collect();
    let mut sent = message.trailer.and_then(trailer);
    if message.text.is_none() && message.trailer.is_none() {
        sent = bare_trailer(&mut lines);
    }
    let slug = match message.text {
        Some(_) => telex::lines(after).collect::<Vec<_>>().join(" "),
        None => bare_slug(&mut lines),
    };
    if message.is_truncated() {
        dispatch.repairs.push("truncated".to_owned());
    }
    unmark(&mut lines);
    let heading = heading_length(&lines);
    let body = lines.split_off(heading);
    heading_lines(&lines, dispatch);
    // a slash escaped by a system on the way
    let body = body.join("\n").replace("\\/", "/");
    labels(&slug, header.as_ref(), &body, dispatch);
    if let Some(header) = &header {
        dispatch.urgency = Some(header.priority.to_owned());
        dispatch.guid = sent
            .as_deref()
            .map(|sent| telex::token(&format!("{} {sent}", header.id)));
        dispatch
            .alt_ids
            .push(("message".to_owned(), header.id.clone()));
    }
    dispatch.version_created = sent;
    let empty = dispatch.headline.is_none() && telex::is_blank(&body);
    dispatch.body = Some(plain(if empty { telex::words(message) } else { body }));
}

/// The day-time group behind ETX.
fn trailer(trailer: &str) -> Option<String> {
    trailer
        .lines()
        .find_map(telex::day_time_group)
        .map(str::to_owned)
}

/// The day-time group that ends a message without its controls; taken off the lines.
fn bare_trailer(lines: &mut Vec<Cow<str>>) -> Option<String> {
    let last = lines.iter().rposition(|line| !telex::is_blank(line))?;
    let sent = telex::day_time_group(&lines[last])?.to_owned();
    lines.truncate(last);
    Some(sent)
}

/// The slug of a message without STX: a first line with slashes at an end.
fn bare_slug(lines: &mut Vec<Cow<str>>) -> String {
    let Some(first) = lines.iter().position(|line| !telex::is_blank(line)) else {
        return String::new();
    };
    let line = lines[first].trim().to_owned();
    let slashed = line.len() > 1 && (line.starts_with('/') || line.ends_with('/'));
    if !slashed || line.contains("://") {
        return String::new();
    }
    lines.drain(..=first);
    line
}

/// Takes off the marks of another standard that some services mix in: `^` before and `<` behind a line.
fn unmark(lines: &mut [Cow<str>]) {
    if !lines.iter().any(|line| line.starts_with('^')) {
        return;
    }
    for line in lines {
        let plain = line.trim_start_matches('^').trim_end_matches('<');
        if plain.len() < line.len() {
            *line = Cow::Owned(plain.to_owned());
        }
    }
}

/// How many lines stand above the text: down to the first that ends in `=`, else down to the first blank one where
/// none of them is a sentence.
fn heading_length(lines: &[Cow<str>]) -> usize {
    let filled = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !telex::is_blank(line));
    for (n, line) in filled.take(LONGEST_HEADING) {
        if line.trim_end().ends_with('=') {
            return n + 1;
        }
        if line.len() > 2 * WRAP {
            break;
        }
    }
    let first = lines
        .iter()
        .position(|line| !telex::is_blank(line))
        .unwrap_or(lines.len());
    let length = lines[first..]
        .iter()
        .take_while(|line| !telex::is_blank(line))
        .count();
    let block = &lines[first..first + length];
    let ended = |line: &Cow<str>| line.trim_end().ends_with(['.', ',', ';', '-']);
    let below = lines[first + length..]
        .iter()
        .any(|line| !telex::is_blank(line));
    if length > 4 || !below || block.iter().any(ended) {
        return 0;
    }
    first + length
}

/// Version words, kickers, headline and byline.
fn heading_lines(lines: &[Cow<str>], dispatch: &mut Dispatch) {
    let marked = lines.last().is_some_and(|line| line.ends_with('='));
    let mut rest: Vec<&str> = lines
        .iter()
        .map(|line| line.trim().trim_end_matches(['=', ' ']))
        .filter(|line| !line.is_empty())
        .collect();
    if rest.len() > 1
        && let Some(name) = rest.last().copied().and_then(byline)
    {
        dispatch.labels.by = Some(name.to_owned());
        rest.pop();
    }
    let versions = rest
        .iter()
        .enumerate()
        .take_while(|(n, line)| is_version(line, &rest[n + 1..]))
        .count();
    if versions > 0 {
        dispatch.version_text = Some(rest[..versions].join("\n"));
    }
    let mut joined: Vec<String> = Vec::new();
    for line in &rest[versions..] {
        match joined.last_mut().filter(|before| wraps(before, line)) {
            Some(before) => {
                before.push(' ');
                before.push_str(line);
            }
            None => joined.push((*line).to_owned()),
        }
    }
    // the mark stands behind the headline; without it the first line is the largest
    let main = if marked {
        joined.pop()
    } else {
        (!joined.is_empty()).then(|| joined.remove(0))
    };
    let role = if marked { "kicker" } else { "subheadline" };
    dispatch.headline = main.map(plain);
    dispatch.further_headlines = joined
        .into_iter()
        .map(|line| (role.to_owned(), plain(line)))
        .collect();
}

fn plain(text: String) -> Marked {
    Marked {
        text,
        markup: Markup::Plain,
    }
}

/// The name in a byline.
fn byline(line: &str) -> Option<&str> {
    ["By ", "BY ", "Von ", "Par ", "Por ", "Di "]
        .iter()
        .find_map(|opening| line.strip_prefix(opening))
        .filter(|name| name.len() <= 120)
}

/// A line above the headline that tells the version: in capitals over a headline that is not, or in brackets.
fn is_version(line: &str, below: &[&str]) -> bool {
    let Some(headline) = below.last() else {
        return false;
    };
    let capitals =
        |text: &str| text.contains(char::is_alphabetic) && !text.contains(char::is_lowercase);
    let bracketed = line.starts_with('(') && line.ends_with(')') && line.len() <= 100;
    bracketed
        || line.len() <= 40
            && line.split(' ').any(&capitals)
            && line
                .split(' ')
                .all(|word| capitals(word) || word.starts_with(|c: char| c.is_ascii_digit()))
            && !capitals(headline)
}

/// Whether a heading goes on in its next line.
fn wraps(before: &str, line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or(line);
    before.chars().count() + 1 + word.chars().count() > WRAP && before.chars().count() <= WRAP + 8
        || line.starts_with(char::is_lowercase) && !before.ends_with(':')
}

fn labels(slug: &str, header: Option<&Header>, body: &str, dispatch: &mut Dispatch) {
    let slug = slug.trim_matches(|c: char| c == '/' || c.is_whitespace());
    let labels = &mut dispatch.labels;
    labels.slugline = (!slug.is_empty()).then(|| slug.to_owned());
    labels.keywords = slug
        .split('/')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let Some(header) = header else {
        return;
    };
    labels.priority = Some(header.priority.to_owned());
    labels.category = Some(header.category.to_owned());
    dispatch.agency = header
        .rest
        .iter()
        .map(|word| word.split('-').next().unwrap_or(word))
        .find(|word| signs(word, body))
        .map(str::to_owned);
}

/// Whether a word of the header is the agency's own name: the text is signed with it.
fn signs(word: &str, body: &str) -> bool {
    (2..=10).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphabetic())
        && body.match_indices(word).any(|(at, _)| {
            let before = body[..at].chars().next_back();
            let after = body[at + word.len()..].chars().next();
            let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            apart(before) && apart(after)
        })
}

#[cfg(test)]
mod tests {
    use super::telex::samples::text;
    use super::*;

    fn items(message: &str) -> Vec<Dispatch> {
        telex::samples::items(read, message)
    }

    #[test]
    fn a_header_is_told_from_words() {
        for line in [
            "eca0003 3 i 380  dpa 0045",
            "eca062 4 i 211 ccccb   dpa 061\r\n",
            "v2595 4 txx 232 1tvkr",
            "abc 0012 5 pol 90",
        ] {
            assert!(begins(line), "{line}");
        }
        for line in [
            "",
            "SHDRACE: NORTH\u{1F}6\u{1F}N",
            "eca0003 i 380 dpa",
            "flight 747 3 days late 12",
            "EU27 4 the 3rd",
        ] {
            assert!(!begins(line), "{line}");
        }
        assert!(begins_bare("eca0003 3 i 380  dpa 0045"));
        assert!(!begins_bare("win10 3 is 10"));
    }

    #[test]
    fn the_heading_is_read_line_by_line() {
        // (heading, version words, kickers, headline, by)
        type Case<'t> = (
            &'t str,
            Option<&'t str>,
            &'t [&'t str],
            &'t str,
            Option<&'t str>,
        );
        let cases: &[Case] = &[
            ("One line =", None, &[], "One line", None),
            (
                "REFILE\n1ST LEAD\nOne line\nBy A. Name, dpa =",
                Some("REFILE\n1ST LEAD"),
                &[],
                "One line",
                Some("A. Name, dpa"),
            ),
            (
                "(Korrektur: Ort)\nEine Zeile =",
                Some("(Korrektur: Ort)"),
                &[],
                "Eine Zeile",
                None,
            ),
            (
                "STORM WARNING\nFOR THE COAST =",
                None,
                &["STORM WARNING"],
                "FOR THE COAST",
                None,
            ),
            (
                "Suisse: \nLe tunnel rouvre = ",
                None,
                &["Suisse:"],
                "Le tunnel rouvre",
                None,
            ),
            (
                "Ministers from eleven countries agree on a plan to keep the river\nnavigable =",
                None,
                &[],
                "Ministers from eleven countries agree on a plan to keep the river navigable",
                None,
            ),
            ("No mark here", None, &[], "No mark here", None),
        ];
        for (heading, version, kickers, headline, by) in cases {
            let message = format!(
                "\u{1}abc001 3 i 9 dpa 1\n\u{2}{heading}\n\nBonn (dpa) - Text.\n\u{3}061003 Nov 23\n\u{4}"
            );
            let got = &items(&message)[0];
            assert_eq!(got.version_text.as_deref(), *version, "{heading}");
            let found: Vec<&str> = got
                .further_headlines
                .iter()
                .map(|(_, line)| &*line.text)
                .collect();
            assert_eq!(found, *kickers, "{heading}");
            assert_eq!(text(&got.headline), *headline);
            assert_eq!(got.labels.by.as_deref(), *by, "{heading}");
            assert_eq!(text(&got.body).trim(), "Bonn (dpa) - Text.", "{heading}");
            assert_eq!(got.agency.as_deref(), Some("dpa"));
            assert_eq!(got.guid.as_deref(), Some("abc001-061003-nov-23"));
        }
    }

    #[test]
    fn a_cut_or_unknown_message_is_still_read() {
        let cut = &items("\u{1}abc001 3 i 9\n\u{2}Head =\nBody goes on and on")[0];
        assert_eq!(cut.repairs, ["truncated"]);
        assert_eq!(
            (cut.guid.as_deref(), cut.version_created.as_deref()),
            (None, None)
        );
        let unknown = &items("\u{1}HELLO\n\u{2}Head =\nBody\n\u{3}")[0];
        assert_eq!(
            (text(&unknown.headline), text(&unknown.body)),
            ("Head", "Body\n")
        );
        let empty = items("\u{1}\u{2}\u{3}");
        assert_eq!(empty.len(), 1);
    }
}
