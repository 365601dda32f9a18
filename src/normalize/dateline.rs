//! The first words of a story → dateline and the rest. Where and when was it written, and by whom?
//!
//! The grammar is that of the agencies' own style books and copy: places, region, date, agency and a
//! dash, in most orders. Only the first 300 characters are read, each of them a bounded number of times.

use crate::story::{Date, Dateline};

use super::agency;
use super::calendar::{self, Written};
use super::place;

/// No dateline reaches further, in bytes.
const REACH: usize = 300;

/// A dateline as written: its date still lacks a year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    text: String,
    places: Vec<String>,
    region: Option<String>,
    pub date: Option<Written>,
    pub agencies: Vec<String>,
    desk: Option<String>,
}

impl Found {
    /// The dateline of a story that was sent on or shortly after `reference`.
    pub fn resolve(self, reference: Date) -> Dateline {
        Dateline {
            date: self.date.and_then(|date| date.resolve(reference)),
            text: self.text,
            places: self.places,
            region: self.region,
            agencies: self.agencies,
            desk: self.desk,
        }
    }
}

/// The dateline that `paragraph` begins with, and the byte after it and its terminator.
pub fn read(paragraph: &str) -> Option<(Found, usize)> {
    let head = &paragraph[..paragraph.floor_char_boundary(REACH)];
    let (mut found, end) = ideographic(head)
        .or_else(|| agency_first(head))
        .or_else(|| labelled(head))
        .or_else(|| bracketed(head))
        .or_else(|| slashed(head))
        .or_else(|| bare(head))
        .or_else(|| with_state(head))
        .or_else(|| city_alone(head))?;
    found.text = paragraph[..end].trim().to_owned();
    Some((found, end))
}

/// A dateline from metadata: the same grammar, no terminator needed, nothing after it.
pub fn from_metadata(text: &str) -> Option<Found> {
    let text = text.trim();
    if text.len() > REACH {
        return None;
    }
    if let Some((found, end)) = read(text).filter(|(_, end)| *end == text.len()) {
        debug_assert!(end > 0);
        return Some(found);
    }
    let mut found = origin(text, Strictness::Plain)?;
    found.text = text.to_owned();
    Some(found)
}

/// How much the words before an agency or a dash must look like a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Something else has shown already that this is a dateline.
    Plain,
    /// A date must be there, or a place in capitals.
    Marked,
}

/// `新华社北京11月6日电`
fn ideographic(head: &str) -> Option<(Found, usize)> {
    const SOURCES: &[&str] = &[
        "新华社",
        "新華社",
        "中新社",
        "法新社",
        "路透社",
        "共同社",
        "美联社",
    ];
    const ENDS: &[&str] = &["电", "電", "讯", "訊"];
    if head.as_bytes().first()?.is_ascii_alphabetic() {
        return None;
    }
    let source = SOURCES.iter().find(|source| head.starts_with(**source));
    let rest = &head[source.map_or(0, |source| source.len())..];
    let month_at = rest.find('月').filter(|at| *at < 48)?;
    let place_end = rest[..month_at]
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .len();
    let month = calendar::number(&rest[place_end..month_at], 2)? as i8;
    let day_text = &rest[month_at + '月'.len_utf8()..];
    let day_end = day_text.find('日').filter(|at| *at < 8)?;
    let day = calendar::number(&day_text[..day_end], 2)? as i8;
    let after = &day_text[day_end + '日'.len_utf8()..];
    let mark = ENDS.iter().find(|mark| after.starts_with(**mark))?;
    let end = head.len() - after.len() + mark.len();
    let end = end + terminator(&head[end..]).map_or(0, |(length, _)| length);
    let places = rest[..place_end]
        .trim()
        .split(['/', '、'])
        .filter(|p| !p.is_empty());
    let found = Found {
        places: places.map(str::to_owned).collect(),
        date: Some(Written::new(None, month, day)?),
        agencies: source
            .map(|source| agency::display(source))
            .into_iter()
            .collect(),
        ..Found::default()
    };
    Some((found, end))
}

/// `(ANSA) - ROMA, 6 NOV - `
fn agency_first(head: &str) -> Option<(Found, usize)> {
    let inside = head.strip_prefix('(')?;
    let close = inside.find(')').filter(|at| *at < 40)?;
    let (agencies, Known::Yes) = agencies(&inside[..close])? else {
        return None;
    };
    let after_agency = close + 2;
    let (length, _) = terminator(&head[after_agency..])?;
    let start = after_agency + length;
    let (dash, length) = dashes(&head[start..]).next()?;
    let mut found = origin(&head[start..start + dash], Strictness::Marked)?;
    found.agencies = agencies;
    Some((found, start + dash + length))
}

/// `ANSA - ROMA, 6 NOV - `, perhaps with one more word in capitals
fn labelled(head: &str) -> Option<(Found, usize)> {
    if !head.starts_with(|c: char| c.is_uppercase()) {
        return None;
    }
    let (dash, length) = dashes(head).next().filter(|(at, _)| *at <= 24)?;
    let label = &head[..dash];
    let mut words = label.split(' ');
    let agency = agency::find(words.next()?)?;
    if label.split(' ').count() > 2 || label.chars().any(char::is_lowercase) {
        return None;
    }
    let start = dash + length;
    let (end, run) = dashes(&head[start..]).next()?;
    let mut found = origin(&head[start..start + end], Strictness::Marked)?;
    found.date?;
    found.agencies = vec![agency.name.to_owned()];
    Some((found, start + end + run))
}

/// `KNOXVILLE, Tenn. The board`: a place in capitals with its state, and a sentence at once
fn with_state(head: &str) -> Option<(Found, usize)> {
    const STATES: &[&str] = &[
        "Ala.", "Ariz.", "Ark.", "Calif.", "Colo.", "Conn.", "Del.", "D.C.", "Fla.", "Ga.", "Ill.",
        "Ind.", "Kan.", "Ky.", "La.", "Md.", "Mass.", "Mich.", "Minn.", "Miss.", "Mo.", "Mont.",
        "Neb.", "Nev.", "N.H.", "N.J.", "N.M.", "N.Y.", "N.C.", "N.D.", "Okla.", "Ore.", "Pa.",
        "R.I.", "S.C.", "S.D.", "Tenn.", "Vt.", "Va.", "Wash.", "W.Va.", "Wis.", "Wyo.",
    ];
    let (place, rest) = head
        .split_once(", ")
        .filter(|(place, _)| place.len() <= 30)?;
    let state = rest
        .split(' ')
        .next()
        .filter(|state| STATES.contains(state))?;
    let after = &rest[state.len()..];
    if !place::is_upper_place(place) || !place::is_name(place, 3) || !begins_sentence(after) {
        return None;
    }
    let found = Found {
        places: vec![place::title_case(place)],
        region: Some(state.to_owned()),
        ..Found::default()
    };
    Some((found, place.len() + 2 + state.len()))
}

/// `ANKARA` on a line of its own, or before a sentence: a city that agencies write from, in capitals
fn city_alone(head: &str) -> Option<(Found, usize)> {
    if !head.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let end = head
        .char_indices()
        .find(|(_, c)| !c.is_uppercase() && *c != ' ')
        .map_or(head.len(), |(at, _)| at);
    let end = if end == head.len() {
        end
    } else {
        head[..end].rfind(' ')?
    };
    let place = head[..end].trim_end();
    let known = (4..=20).contains(&place.len()) && super::zone::knows(place);
    let found = Found {
        places: vec![place::title_case(place)],
        ..Found::default()
    };
    (known && (head.len() == end || begins_sentence(&head[end..]))).then_some((found, end))
}

/// A blank and a word with a capital and small letters: text that begins.
fn begins_sentence(after: &str) -> bool {
    let mut letters = after.trim_start().chars();
    after.starts_with(' ')
        && letters.next().is_some_and(char::is_uppercase)
        && letters.next().is_some_and(|c| c.is_lowercase() || c == ' ')
}

/// `Beijing, Nov 6 (EFE).-`
fn bracketed(head: &str) -> Option<(Found, usize)> {
    for open in memchr::memchr_iter(b'(', head.as_bytes()).take(6) {
        let Some(close) = head[open..].find(')').filter(|at| *at < 60) else {
            continue;
        };
        let content = &head[open + 1..open + close];
        let Some((names, known)) = agencies(content) else {
            continue;
        };
        let mut end = open + close + 1;
        let ended = terminator(&head[end..]);
        let dashed = ended.is_some_and(|(_, kind)| kind == Terminator::Dash);
        // without a mark the text goes on in words: `FRANCE (AFP) 2` is a result
        if ended.is_none()
            && head[end..]
                .trim_start()
                .starts_with(|c: char| c.is_ascii_digit())
        {
            continue;
        }
        let strictness = match known {
            Known::Yes if ended.is_some() && !is_ambiguous(&names) => Strictness::Plain,
            Known::Yes => Strictness::Marked,
            Known::No if dashed => Strictness::Marked,
            Known::No => continue,
        };
        let before = head[..open].trim_end();
        let place = match before.strip_suffix("--") {
            Some(place) => Some(place), // LONDON--(BUSINESS WIRE)--
            None => Some(before),
        };
        let found = place
            .and_then(|place| origin(place, strictness))
            .or_else(|| (known == Known::Yes && ended.is_none()).then(|| short_place(before))?);
        if let Some(mut found) = found {
            found.agencies = names;
            end += ended.map_or(0, |(length, _)| length);
            return Some((found, end));
        }
        if known == Known::Yes {
            return None;
        }
    }
    None
}

/// Codes that are also actors, states and photo credits: the Arakan Army, Pennsylvania.
fn is_ambiguous(names: &[String]) -> bool {
    const CODES: &[&str] = &[
        "AA",
        "PA",
        "NA",
        "UNI",
        "ANI",
        "CP",
        "TT",
        "MENA",
        "SPA",
        "RIA Novosti",
        "WAM",
        "IPS",
        "PAP",
    ];
    names.iter().all(|name| CODES.contains(&name.as_str()))
}

/// `Rom (KNA) Der Papst`: without a terminator a place of one or two words and nothing more is believed.
fn short_place(before: &str) -> Option<Found> {
    let (name, region) = place::split_region(before);
    let words = name.split_whitespace().count();
    let short = words <= 2 && !before.contains(',')
        || words <= 4 && region.is_some() && before.ends_with(')');
    short.then(|| origin(before, Strictness::Plain)).flatten()
}

/// `MOSCOW, November 6. /TASS/.`
fn slashed(head: &str) -> Option<(Found, usize)> {
    let bytes = head.as_bytes();
    for open in memchr::memchr_iter(b'/', bytes).take(8) {
        if open == 0 || !matches!(bytes[open - 1], b' ' | b'.' | b',') {
            continue;
        }
        let Some(close) = head[open + 1..].find('/').filter(|at| *at < 50) else {
            continue;
        };
        let content = &head[open + 1..open + 1 + close];
        let writer = content.split(' ').next().and_then(agency::find);
        let names = match (agencies(content), writer) {
            (Some((names, Known::Yes)), _) => names,
            (_, Some(agency)) => vec![agency.name.to_owned()],
            _ => continue,
        };
        let end = open + close + 2;
        let (length, _) = terminator(&head[end..]).unwrap_or((0, Terminator::Other));
        let mut found = origin(&head[..open], Strictness::Plain)?;
        found.agencies = names;
        return Some((found, end + length));
    }
    None
}

/// `SYDNEY, AAP -`, `TOKYO, Nov. 6 Kyodo -`, `FRANKFURT, March 3 -`, `OTTAWA — `
fn bare(head: &str) -> Option<(Found, usize)> {
    for (at, length) in dashes(head).take(2) {
        let before = head[..at].trim_end();
        let last = before.rsplit([' ', ',']).next().unwrap_or(before);
        let signed = agency::find(last).filter(|_| last.len() < before.len());
        let found = match signed {
            Some(agency) => {
                origin(&before[..before.len() - last.len()], Strictness::Plain).map(|mut found| {
                    found.agencies = vec![agency.name.to_owned()];
                    found
                })
            }
            None => origin(before, Strictness::Marked).filter(|found| {
                let place = found.places.first().or(found.desk.as_ref());
                place.is_some()
                    && (found.date.is_some()
                        || is_wide_dash(&head[at..at + length])
                            // two hyphens between letters part a keyword line
                            && &head[at..at + length] != "--"
                            && is_place_alone(before))
            }),
        };
        if let Some(found) = found {
            return Some((found, at + length));
        }
    }
    None
}

/// A dash that no headline or sentence has by chance.
fn is_wide_dash(dash: &str) -> bool {
    dash.contains(['—', '_']) || dash.contains("--")
}

/// Not an organisation or a version word in capitals.
fn is_place_alone(text: &str) -> bool {
    const NO_PLACES: &[&str] = &[
        "NATO",
        "OPEC",
        "ASEAN",
        "UNESCO",
        "UNICEF",
        "FIFA",
        "UEFA",
        "NASA",
        "UPDATE",
        "URGENT",
        "FLASH",
        "ALERT",
        "BULLETIN",
        "CORRECTION",
        "CORRECTED",
        "CORRECTIVE",
        "EXCLUSIVE",
        "ANALYSIS",
        "FACTBOX",
        "BREAKING",
        "KILL",
        "ADVISORY",
        "EMBARGO",
        "EMBARGOED",
        "NOTE",
        "EDITORS",
        "RPT",
        "REFILE",
        "WRAPUP",
        "LEAD",
        "BRIEF",
        "POLL",
        "TABLE",
        "PREVIEW",
        "INTERVIEW",
        "TIMELINE",
        "TEXT",
        "GOLF",
        "TENNIS",
        "SOCCER",
        "FOOTBALL",
        "BASKETBALL",
        "CRICKET",
        "RUGBY",
        "HOCKEY",
        "BASEBALL",
        "CYCLING",
        "SPORTS",
        "MARKETS",
        "STOCKS",
        "OIL",
        "GOLD",
    ];
    let first = text.split([' ', ',', ':']).next().unwrap_or(text);
    first.chars().count() > 3 && !NO_PLACES.contains(&first)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Terminator {
    Dash,
    Other,
}

/// The run of dashes, dots and blanks after an agency: its length and kind; `None` where there is no mark.
fn terminator(after: &str) -> Option<(usize, Terminator)> {
    let mut end = 0;
    let mut kind = None;
    for (at, c) in after.char_indices().take(8) {
        match c {
            '-' | '–' | '—' | '_' | '=' => kind = Some(Terminator::Dash),
            '.' | ':' => kind = kind.or(Some(Terminator::Other)),
            ' ' => {}
            _ => break,
        }
        end = at + c.len_utf8();
    }
    kind.map(|kind| (end, kind))
}

/// Dashes that may end a dateline: where each begins, and how long it is with its blanks.
fn dashes(head: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    let ascii = head.is_ascii();
    std::iter::from_fn(move || {
        loop {
            let rest = &head[at..];
            let found = at
                + match ascii {
                    true => memchr::memchr3(b'-', b'_', b'=', rest.as_bytes())?,
                    false => rest.find(['-', '–', '—', '_', '='])?,
                };
            let run = terminator(&head[found..]).map_or(1, |(length, _)| length);
            at = found + run.max(1);
            // a hyphen stands between letters; a dash after a blank, a full stop, or wide
            let before = head[..found].trim_end_matches('.');
            let apart = before.len() < found || before.ends_with(' ');
            if found > 0 && (apart || is_wide_dash(&head[found..found + run])) {
                let start = before.trim_end().len();
                return Some((start, found + run - start));
            }
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
}

/// The agencies in `dpa/lby`, `ANSA-AFP`, `ats afp`; `Known` when one of them is.
fn agencies(content: &str) -> Option<(Vec<String>, Known)> {
    let content = content.trim();
    let first = content.chars().next()?;
    if content.len() > 40
        || !first.is_alphabetic()
        || content
            .chars()
            .any(|c| c.is_ascii_digit() || matches!(c, ',' | '"' | ';'))
    {
        return None;
    }
    if let Some(agency) = agency::find(content) {
        return Some((vec![agency.name.to_owned()], Known::Yes));
    }
    for separator in ['/', '-', ' '] {
        if !content.contains(separator) {
            continue;
        }
        let parts = || {
            content
                .split(separator)
                .map(str::trim)
                .filter(|part| !part.is_empty())
        };
        let known = parts().filter(|part| agency::find(part).is_some()).count();
        if known > 0 && (separator == '/' || known == parts().count()) {
            return Some((parts().map(agency::display).collect(), Known::Yes));
        }
    }
    (content.split(' ').count() <= 2).then(|| (vec![content.to_owned()], Known::No))
}

/// What stands before the agency: places, region, date, or a desk.
fn origin(sent: &str, strictness: Strictness) -> Option<Found> {
    let text = sent.trim_matches([' ', ',', ';', '.']).trim();
    if text.len() > 120 || text.contains(['"', '“', '”', ';', '?', '!', ':', '<', '>']) {
        return None;
    }
    let (date, place) = match calendar::date_at_end(text) {
        Some((date, start)) => (
            Some(date),
            text[..start].trim_end_matches([' ', ',', '.', ':']),
        ),
        None => (None, text),
    };
    // the full stop of an abbreviation belongs to it
    let place = match text[place.len()..].chars().next() {
        Some('.') => &text[..place.len() + 1],
        _ => place,
    };
    let mut found = Found {
        date,
        ..Found::default()
    };
    let place = place::without_source(place.trim());
    if place.is_empty() {
        return date.is_some().then_some(found);
    }
    if strictness == Strictness::Marked && date.is_none() && !place::is_upper_place(place) {
        return None;
    }
    if place::is_desk(place) {
        found.desk = Some(place.to_owned());
        return Some(found);
    }
    let (places, region) = place::split_region(place);
    if let Some(region) = region {
        if !place::is_region(region) {
            return None;
        }
        // the full stop of `Minn.` belongs to it where no date follows
        let end = region.as_ptr() as usize - sent.as_ptr() as usize + region.len();
        let stop = region.len() <= 6 && date.is_none() && sent[end..].starts_with('.');
        found.region = Some(sent[end - region.len()..end + usize::from(stop)].to_owned());
    }
    if place::is_no_place(places) {
        return Some(found);
    }
    for place in place::split_places(places) {
        if !place::is_name(place, 5) {
            return None;
        }
        found.places.push(place::title_case(place));
    }
    (!found.places.is_empty()).then_some(found)
}
