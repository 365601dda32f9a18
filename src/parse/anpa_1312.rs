//! ANPA 1312 → a dispatch a message. Which line of the head is what, and what is a paragraph?
//!
//! `SYN SYN SOH level+number US selector`, priority and category with `DC3`/`DC4` (text or table) and the keyword,
//! `STX` with lines of the head after `^`, paragraphs after TAB, lines of a table after BS, `ETX` and the day and
//! hour. The seven-bit quotes and dashes of this wire are mended here and nowhere else.

use crate::story::{Dispatch, Format, Marked, Markup};

use super::telex::{self, Message};
use super::{Error, Item, Payload};

const UNIT_SEPARATOR: char = '\u{1F}';
const TABLE_LINE: char = '\u{8}';
/// A line below the headline that is longer than this, in bytes, tells the story; a shorter one heads a table.
const SHORTEST_ABSTRACT: usize = 60;

/// Whether `text` begins with a service level and a number, or with a telegraphic head of this standard.
pub fn begins(text: &str) -> bool {
    level(text).is_some()
}

/// The first line of a message: `W2870`, `a0105KYODO`, then the selector.
fn level(text: &str) -> Option<(&str, Option<&str>)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text.get(..end.min(80))?;
    let (id, _) = line.split_once(UNIT_SEPARATOR)?;
    let id = id.trim();
    let digits = id.get(1..)?.bytes().take_while(u8::is_ascii_digit).count();
    let agency = &id[1 + digits..];
    let ok = id.starts_with(|c: char| c.is_ascii_alphabetic())
        && (3..=5).contains(&digits)
        && agency.len() <= 8
        && agency.bytes().all(|b| b.is_ascii_alphabetic());
    ok.then_some((
        &id[..1 + digits],
        Some(agency).filter(|name| !name.is_empty()),
    ))
}

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let text = payload
        .text
        .trim_start_matches(['\u{16}', '\u{7F}', '\r', '\n', ' ', '\0']);
    let messages = telex::messages(text, begins);
    let items = messages.iter().enumerate().map(|(n, message)| {
        let mut dispatch = payload.dispatch(n, Format::Anpa1312);
        map(message, &mut dispatch);
        Ok(dispatch)
    });
    Ok(items.collect())
}

fn map(message: &Message, dispatch: &mut Dispatch) {
    let (first, second) = message.head.split_once('\n').unwrap_or((message.head, ""));
    let level = level(first);
    let day = telegraphic(second, dispatch);
    if message.is_truncated() {
        dispatch.repairs.push("truncated".to_owned());
    }
    let signed = message.trailer.and_then(trailer);
    let named = level.and_then(|(_, agency)| agency);
    dispatch.agency = named.map(str::to_owned);
    if let Some((agency, sent)) = signed {
        dispatch.agency = dispatch.agency.take().or(agency);
        dispatch.version_created = Some(sent);
    }
    let text = message.text.unwrap_or(second);
    copy(text, dispatch);
    if dispatch.headline.is_none() && is_empty(&dispatch.body) {
        dispatch.body = Some(plain(&telex::words(message)));
    }
    if let Some((id, agency)) = level {
        dispatch.alt_ids.push(("message".to_owned(), id.to_owned()));
        let day = dispatch.version_created.as_deref().or(day.as_deref());
        let source = dispatch.agency.as_deref().or(agency).unwrap_or("");
        dispatch.guid = day.map(|day| telex::token(&format!("{source} {id} {day}")));
    }
}

/// `f l DC3 DC1 BC-LT--Keyword 1stLd-Writethru   11-13 1049`: month and day of it, the rest goes to the labels.
fn telegraphic(line: &str, dispatch: &mut Dispatch) -> Option<String> {
    let line = line
        .lines()
        .find(|line| !telex::is_blank(line))
        .unwrap_or("");
    let coded = line.find(['\u{11}', '\u{12}', '\u{13}', '\u{14}']);
    let (codes, rest) = line.split_at(coded.unwrap_or(line.floor_char_boundary(3)));
    let mut codes = codes.split_whitespace();
    let priority = codes
        .next()
        .filter(|code| code.len() == 1)
        .map(str::to_ascii_lowercase);
    dispatch.labels.category = codes
        .next()
        .filter(|code| code.len() <= 3)
        .map(str::to_owned);
    // a letter of the sender's own is no urgency
    let urgent = priority
        .clone()
        .filter(|letter| "fburda".contains(letter.as_str()));
    dispatch.urgency = urgent.or_else(|| priority.as_ref().map(|_| "r".to_owned()));
    dispatch.labels.priority = priority;
    let rest = telex::clean(rest);
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let is_day = |word: &str| {
        let digits =
            |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        word.split_once('-')
            .is_some_and(|(month, day)| digits(month) && digits(day))
    };
    let at = words.iter().rposition(|word| is_day(word));
    let day = at.map(|at| words[at].to_owned());
    words.truncate(at.unwrap_or(words.len()));
    let (keyword, version) = words.split_first()?;
    dispatch.labels.slugline = Some(without_cycle(keyword).to_owned());
    let alert = keyword
        .ends_with("APNewsAlert")
        .then(|| "APNewsAlert".to_owned());
    dispatch.version_text = if version.is_empty() {
        alert
    } else {
        Some(version.join(" "))
    };
    day
}

/// The keyword without the cycle it was sent in (`BC-`, `AM-`, `PM-`).
fn without_cycle(keyword: &str) -> &str {
    ["BC-", "AM-", "PM-", "AP-", "bc-", "am-", "pm-", "ap-"]
        .iter()
        .find_map(|cycle| keyword.strip_prefix(cycle))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(keyword)
}

/// Agency and time behind ETX: `AP-WF-11-13-13 0745GMT`, `JST-14:03-22-11-18`.
fn trailer(trailer: &str) -> Option<(Option<String>, String)> {
    let line = trailer
        .lines()
        .map(telex::clean)
        .find(|line| !line.trim().is_empty())?;
    let line = line.trim().trim_end_matches('<');
    let at = line.find(|c: char| c.is_ascii_digit())?;
    let (service, time) = line.split_at(at);
    let name = service.split('-').next().filter(|name| !name.is_empty());
    if let Some((clock, date)) = time
        .split_once('-')
        .filter(|(clock, _)| clock.contains(':'))
    {
        let zone = name.unwrap_or("");
        let mut parts = date.split('-');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        return Some((None, format!("20{year}-{month}-{day} {clock} {zone}")));
    }
    let date = time.get(..8)?;
    let is_date = date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    is_date.then(|| (name.map(str::to_owned), time.to_owned()))
}

/// What a line of the head is for.
enum Line<'l> {
    /// A routing number, a list of picture numbers: nothing for readers.
    Service,
    Note(String),
    By(&'l str),
    /// Headline, abstract or title.
    Words(&'l str),
}

fn line_of(line: &str) -> Line<'_> {
    let marked = line.ends_with('=');
    let line = line.trim_end_matches(['<', '=', ' ']).trim();
    let routed = line
        .strip_prefix('*')
        .is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()));
    if line.is_empty()
        || routed
        || line.starts_with("AP Photo ")
        || line.starts_with("AP Photos ")
        || line.starts_with("AP Graphic")
    {
        return Line::Service;
    }
    for opening in [
        "Eds: ",
        "EDS: ",
        "Eds.: ",
        "EDITOR'S NOTE _ ",
        "EDITOR'S NOTE: ",
        "EDITORS: ",
    ] {
        if let Some(at) = line.find(opening).filter(|at| *at <= 1) {
            return Line::Note(format!("{}{}", &line[..at], &line[at + opening.len()..]));
        }
    }
    match line
        .strip_prefix("By ")
        .or_else(|| line.strip_prefix("BY "))
    {
        Some(name) if line.len() <= 120 => Line::By(name),
        _ if marked
            && (line == "Associated Press"
                || line.ends_with(" Writer")
                || line.ends_with(" Press")) =>
        {
            Line::Service
        }
        _ => Line::Words(line),
    }
}

/// Reads the text: slug line, lines of the head, paragraphs.
fn copy(text: &str, dispatch: &mut Dispatch) {
    let mut head: Vec<String> = Vec::new();
    let mut body: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches(['\r', ' ']);
        let is_cell = line.starts_with(TABLE_LINE);
        let written = line.trim_start_matches('\u{C}');
        if is_cell {
            body.push(format!("\t{}", cells(line)));
        } else if written.starts_with('^')
            || head.is_empty() && body.is_empty() && !written.starts_with('\t')
        {
            let parts = written.split("< ^");
            let parts =
                parts.map(|part| telex::clean(part.trim_start_matches('^')).trim().to_owned());
            if body.iter().all(|line| line.trim().is_empty()) {
                head.extend(parts.filter(|part| !part.is_empty()));
            } else {
                // a heading inside the text
                let inside = parts.map(|part| part.trim_end_matches(['<', '=', ' ']).to_owned());
                body.extend(inside.flat_map(|part| [String::new(), part, String::new()]));
            }
        } else {
            let line = telex::clean(written);
            let line = line.trim_end_matches(['<', ' ']);
            body.push(line.trim_end_matches('=').to_owned());
        }
    }
    let mut rest = headings(head, dispatch);
    let is_abstract = |line: &String| {
        line.len() > SHORTEST_ABSTRACT && !body.iter().all(|line| line.trim().is_empty())
    };
    if rest.first().is_some_and(is_abstract) {
        dispatch.description = Some(plain(&rest.remove(0)));
    }
    body.splice(
        0..0,
        rest.into_iter().flat_map(|line| [line, String::new()]),
    );
    kyodo(&mut body, dispatch);
    dispatch.body = Some(plain(&body.join("\n")));
}

/// Takes slug, notes, headline and byline from the lines of the head: what is left of them.
fn headings(head: Vec<String>, dispatch: &mut Dispatch) -> Vec<String> {
    let mut lines = head.into_iter();
    let is_routing = |line: &String| matches!(line_of(line), Line::Service);
    if let Some(slug) = lines.by_ref().find(|line| !is_routing(line)) {
        let slug = slug
            .split(',')
            .next()
            .unwrap_or(&slug)
            .trim_end_matches(['<', '=', ' ']);
        dispatch
            .labels
            .keywords
            .extend((!slug.is_empty()).then(|| slug.to_owned()));
    }
    let mut rest = Vec::new();
    for line in lines {
        match line_of(&line) {
            Line::Service => {}
            Line::Note(note) => {
                let notes = dispatch.labels.ed_note.get_or_insert_default();
                if !notes.is_empty() {
                    notes.push('\n');
                }
                notes.push_str(&note);
            }
            Line::By(name) => dispatch.labels.by = Some(name.to_owned()),
            Line::Words(words) if dispatch.headline.is_none() => {
                dispatch.headline = Some(plain(words))
            }
            Line::Words(words) => rest.push(words.to_owned()),
        }
    }
    rest
}

/// Kyodo's text: lines down to one that ends in `+` are its headline, and `==Kyodo` ends it.
fn kyodo(body: &mut Vec<String>, dispatch: &mut Dispatch) {
    let Some(end) = body.iter().position(|line| line.trim() == "==Kyodo") else {
        return;
    };
    body.truncate(end);
    dispatch.agency.get_or_insert_with(|| "Kyodo".to_owned());
    let Some(last) = body
        .iter()
        .take(8)
        .position(|line| line.trim_end().ends_with('+'))
    else {
        return;
    };
    let headline: Vec<String> = body.drain(..=last).collect();
    let headline = headline
        .iter()
        .map(|line| line.trim().trim_end_matches('+').trim());
    let headline = headline
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    dispatch.headline = Some(plain(&headline));
}

/// A line of a table: its cells parted by semicolons or by spaces of the machine; `{` is a half.
fn cells(line: &str) -> String {
    let line = line
        .trim_start_matches([TABLE_LINE, '^'])
        .replace("\u{10} ", " ")
        .replace('\u{10}', " ")
        .replace('{', "½");
    let mut line = telex::clean(&line)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    line.truncate(line.trim_end_matches(['<', '=', ' ']).len());
    line
}

fn is_empty(body: &Option<Marked>) -> bool {
    body.as_ref().is_none_or(|body| telex::is_blank(&body.text))
}

fn plain(text: &str) -> Marked {
    Marked {
        text: typographic(text),
        markup: Markup::Plain,
    }
}

/// The quotes and dashes that seven bits had no room for.
fn typographic(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut open = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (mark, length) = match c {
            '`' if rest.starts_with("``") => ("“", 2),
            '\'' if rest.starts_with("''") => ("”", 2),
            '`' => {
                open = true;
                ("‘", 1)
            }
            '\'' if open && !rest[1..].starts_with(char::is_alphanumeric) => {
                open = false;
                ("’", 1)
            }
            '_' if rest.starts_with("_ ") && out.ends_with(' ') => ("—", 1),
            _ => (&rest[..c.len_utf8()], c.len_utf8()),
        };
        out.push_str(mark);
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::telex::samples::text;
    use super::*;

    fn items(message: &str) -> Vec<Dispatch> {
        telex::samples::items(read, message)
    }

    #[test]
    fn the_telegraphic_line_is_read() {
        // (line, priority, urgency, category, slug, version, day)
        for (line, priority, urgency, category, slug, version, day) in [
            (
                "f l\u{13}\u{11} BC-LT--Keyword     11-13 1049",
                "f",
                "1",
                "l",
                "LT--Keyword",
                None,
                Some("11-13"),
            ),
            (
                "r a\u{13}\u{11} BC-US--Key-Word 1stLd-Writethru   11-13 ",
                "r",
                "5",
                "a",
                "US--Key-Word",
                Some("1stLd-Writethru"),
                Some("11-13"),
            ),
            (
                "u s\u{14}\u{12} BC-Emperor's-Cup   11-06 0090",
                "u",
                "3",
                "s",
                "Emperor's-Cup",
                None,
                Some("11-06"),
            ),
            ("z z\u{13}\u{11} AM-Key", "z", "5", "z", "Key", None, None),
            (
                "b a\u{13}\u{11} BC-US--APNewsAlert   06-29 0358",
                "b",
                "2",
                "a",
                "US--APNewsAlert",
                Some("APNewsAlert"),
                Some("06-29"),
            ),
        ] {
            let mut dispatch = Dispatch::new(0, Format::Anpa1312, "utf-8");
            let found = telegraphic(line, &mut dispatch);
            let letter = |urgency: &str| {
                ["", "f", "b", "u", "", "r"][urgency.parse::<usize>().expect("a digit")]
            };
            assert_eq!(
                dispatch.labels.priority.as_deref(),
                Some(priority),
                "{line}"
            );
            assert_eq!(dispatch.urgency.as_deref(), Some(letter(urgency)), "{line}");
            assert_eq!(
                dispatch.labels.category.as_deref(),
                Some(category),
                "{line}"
            );
            assert_eq!(dispatch.labels.slugline.as_deref(), Some(slug), "{line}");
            assert_eq!(dispatch.version_text.as_deref(), version, "{line}");
            assert_eq!(found.as_deref(), day, "{line}");
        }
        telegraphic("é", &mut Dispatch::new(0, Format::Anpa1312, "utf-8"));
    }

    #[test]
    fn seven_bit_marks_become_type() {
        for (sent, read) in [
            ("``A,'' he said.", "“A,” he said."),
            ("``He said `no.' ''", "“He said ‘no.’ ”"),
            (
                "It's the harbor's _ and ours",
                "It's the harbor's — and ours",
            ),
            ("snake_case ___", "snake_case ___"),
            ("", ""),
        ] {
            assert_eq!(typographic(sent), read);
        }
    }

    #[test]
    fn trailers_tell_agency_and_time() {
        for (sent, agency, time) in [
            (
                "AP-WF-11-13-13 0745GMT<\n\u{C}",
                Some("AP"),
                "11-13-13 0745GMT",
            ),
            ("JST-18:40-06-11-23\r\n", None, "2023-11-06 18:40 JST"),
        ] {
            let (named, at) = trailer(sent).expect(sent);
            assert_eq!((named.as_deref(), at.as_str()), (agency, time));
        }
        for sent in ["", "\n", "AP-WF", "AP-1", "1:2-3", "AP-11-x。11"] {
            assert_eq!(trailer(sent), None, "{sent}");
        }
    }

    #[test]
    fn two_messages_are_two_items_and_a_cut_one_is_said() {
        let one = "\u{16}\u{16}\u{1}a0001\u{1F}x\nr i\u{13}\u{11} BC-One  11-06 1\n\u{2}^BC-One<\n^First<\n\tText.\n\u{3}AP-WF-11-06-23 0745GMT<\n\u{4}";
        let two = "\u{16}\u{16}\u{1}a0002\u{1F}x\nr i\u{13}\u{11} BC-Two  11-06 1\n\u{2}^BC-Two<\n^Second<\n\tTex";
        let got = items(&format!("{one}{two}"));
        assert_eq!(got.len(), 2);
        assert_eq!(
            (text(&got[0].headline), text(&got[1].headline)),
            ("First", "Second")
        );
        assert!(got[0].repairs.is_empty());
        assert_eq!(got[1].repairs, ["truncated"]);
        assert_eq!(got[0].guid.as_deref(), Some("ap-a0001-11-06-23-0745gmt"));
        assert_eq!(got[1].guid.as_deref(), Some("a0002-11-06"));
    }
}
