//! Version words, alerts, takes and embargoes → signals. What is the desk told beside the words?

use jiff::civil::Time;

use crate::story::{Date, Signal, Take, Timestamp};

use super::calendar;
use super::time;

/// What the words before a headline or a lead said.
#[derive(Debug, Default)]
pub struct Marks {
    pub signals: Vec<Signal>,
    pub version_text: Option<String>,
    pub take: Option<Take>,
}

impl Marks {
    pub fn add(&mut self, signal: Signal) {
        if let Err(at) = self.signals.binary_search(&signal) {
            self.signals.insert(at, signal);
        }
    }

    fn version(&mut self, text: &str) {
        let text = text.trim_matches([' ', '-', ':', '–', '—', '=']);
        self.version_text.get_or_insert_with(|| text.to_owned());
    }
}

use Signal::*;

/// Words that stand before a headline or alone on a line, as agencies write them; the longest first.
const WORDS: &[(&str, Option<Signal>)] = &[
    ("MANDATORY KILL", Some(Kill)),
    ("BULLETIN KILL", Some(Kill)),
    ("KILL BULLETIN", Some(Kill)),
    ("STORY KILL", Some(Kill)),
    ("KILL", Some(Kill)),
    ("STORY WITHDRAWN", Some(Kill)),
    ("WITHDRAWN", Some(Kill)),
    ("WITHDRAWAL", Some(Kill)),
    ("ANULACIÓN", Some(Kill)),
    ("ANULACION", Some(Kill)),
    ("ANULE", Some(Kill)),
    ("ANULADA", Some(Kill)),
    ("ANNULATION", Some(Kill)),
    ("STORNO", Some(Kill)),
    ("ELIMINATION", Some(Kill)),
    ("APNewsAlert", Some(Alert)),
    ("BC-APNewsAlert", Some(Alert)),
    ("NEWS ALERT", Some(Alert)),
    ("ALERTA", Some(Alert)),
    ("ALERTE", Some(Alert)),
    ("ALERT", Some(Alert)),
    ("SNAP", Some(Alert)),
    ("BREAKING NEWS", Some(Alert)),
    ("BREAKING", Some(Alert)),
    ("Eilmeldung", Some(Alert)),
    ("EILMELDUNG", Some(Alert)),
    ("Eil", Some(Alert)),
    ("EIL", Some(Alert)),
    ("BULLETIN", Some(Bulletin)),
    ("FLASH", Some(Flash)),
    ("МОЛНИЯ", Some(Flash)),
    ("URGENTE", Some(Urgent)),
    ("URGENT", Some(Urgent)),
    ("СРОЧНО", Some(Urgent)),
    ("عاجل", Some(Urgent)),
    ("تنبيه", Some(Urgent)),
    ("UPDATE", Some(Update)),
    ("WRAPUP", Some(Update)),
    ("ACTUALIZACIÓN", Some(Update)),
    ("ACTUALIZACION", Some(Update)),
    ("ACTUALIZA", Some(Update)),
    ("ACTUALISATION", Some(Update)),
    ("ATUALIZADA", Some(Update)),
    ("ATUALIZAÇÃO", Some(Update)),
    ("АКТУАЛИЗАЦИЯ", Some(Update)),
    ("AMPLIACIÓN", Some(Update)),
    ("AMPL.", Some(Update)),
    ("AMP.", Some(Update)),
    ("Zusammenfassung", Some(Update)),
    ("ZUSAMMENFASSUNG", Some(Update)),
    ("RÉCAPITULATIF", Some(Update)),
    ("ROUNDUP", Some(Update)),
    ("LEAD ALL", Some(Update)),
    ("LEAD", Some(Update)),
    ("CORRECTED", Some(Correction)),
    ("CORRECTION", Some(Correction)),
    ("CORRECTIVE", Some(Correction)),
    ("CORRECCIÓN", Some(Correction)),
    ("CORRECCION", Some(Correction)),
    ("CORRECÇÃO", Some(Correction)),
    ("CORRIGE", Some(Correction)),
    ("KORREKTUR", Some(Correction)),
    ("Korrektur", Some(Correction)),
    ("BERICHTIGUNG", Some(Correction)),
    ("Berichtigung", Some(Correction)),
    ("REFILE", Some(Refile)),
    ("RPT", Some(Refile)),
    ("REPEAT", Some(Refile)),
    ("Wiederholung", Some(Refile)),
    ("WIEDERHOLUNG", Some(Refile)),
    ("MEDIA ADVISORY", Some(Advisory)),
    ("ADVISORY", Some(Advisory)),
    ("AVISO A LOS ABONADOS", Some(Advisory)),
    ("AVISO", Some(Advisory)),
    ("AVIS AUX ABONNÉS", Some(Advisory)),
    ("AVIS", Some(Advisory)),
    ("HINWEIS", Some(Advisory)),
    ("PREVISIONES", Some(Advisory)),
    ("Tagesvorschau", Some(Advisory)),
    ("Terminvorschau", Some(Advisory)),
    ("EXCLUSIVE", None),
    ("ANALYSIS", None),
    ("FACTBOX", None),
    ("BRIEF", None),
    ("TABLE", None),
    ("PREVIEW", None),
    ("POLL", None),
    ("INTERVIEW", None),
    ("TIMELINE", None),
    ("TEXT", None),
];

/// Words in brackets before or after a headline.
const BRACKETED: &[(&str, Signal)] = &[
    ("actualiza", Update),
    ("ampliaci", Update),
    ("resumen", Update),
    ("update", Update),
    ("lead", Update),
    ("zusammenfassung", Update),
    ("correc", Correction),
    ("korrektur", Correction),
    ("berichtigung", Correction),
    ("wiederholung", Refile),
    ("rpt", Refile),
    ("refile", Refile),
    ("urgent", Urgent),
    ("eil", Alert),
    ("previs", Advisory),
];

/// Takes the words off the beginning of a headline or a lead: the rest of it.
pub fn strip<'t>(text: &'t str, marks: &mut Marks) -> &'t str {
    let mut rest = text;
    while let Some(length) = bracketed(rest, marks).or_else(|| worded(rest, marks)) {
        rest = rest[length..].trim_start();
    }
    rest
}

/// `(Actualización)`, `(2nd LD)`
fn bracketed(text: &str, marks: &mut Marks) -> Option<usize> {
    let inside = text.strip_prefix('(')?;
    let close = inside.find(')').filter(|at| *at <= 80)?;
    let content = inside[..close].trim();
    let lower = content.to_lowercase();
    let ordinal = lower.ends_with("ld") && lower.starts_with(|c: char| c.is_ascii_digit());
    let signal = BRACKETED
        .iter()
        .find(|(word, _)| {
            let rest = lower.strip_prefix(word);
            rest.is_some_and(|rest| {
                word.len() > 3 || rest.is_empty() || rest.starts_with([':', ' '])
            })
        })
        .map(|(_, signal)| *signal)
        .or(ordinal.then_some(Update))?;
    marks.add(signal);
    marks.version(content);
    let after = &inside[close + 1..];
    Some(text.len() - after.trim_start_matches([' ', '-', '.', ':', '=']).len())
}

/// `UPDATE 2-`, `CORRECTED (OFFICIAL)-`, `URGENT:`, `1. Zusammenfassung -`
fn worded(text: &str, marks: &mut Marks) -> Option<usize> {
    let ordinal = text.bytes().take_while(u8::is_ascii_digit).count();
    let start = match ordinal {
        0 => 0,
        1 | 2 => ordinal + ordinal_ending(&text[ordinal..])?,
        _ => return None,
    };
    // every word here begins with a capital, or is written in a script without case
    let first = text[start..].chars().next()?;
    if first.is_lowercase() || !first.is_alphabetic() {
        return None;
    }
    let letter = text.as_bytes()[start];
    let (word, signal) = WORDS
        .iter()
        .find(|(word, _)| word.as_bytes()[0] == letter && text[start..].starts_with(word))?;
    let mut end = start + word.len();
    if let Some(number) = text[end..].strip_prefix(' ') {
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        if (1..=2).contains(&digits) {
            end += 1 + digits;
        }
    }
    if let Some(inside) = text[end..].trim_start().strip_prefix('(')
        && let Some(close) = inside.find(')').filter(|at| *at <= 24)
    {
        end = text.len() - inside.len() + close + 1;
    }
    let separator = separator(&text[end..])?;
    if let Some(signal) = signal {
        marks.add(*signal);
    }
    marks.version(&text[..end]);
    Some(end + separator)
}

/// `1st `, `2. `
fn ordinal_ending(text: &str) -> Option<usize> {
    ["st ", "nd ", "rd ", "th ", "ST ", "ND ", "RD ", "TH ", ". "]
        .iter()
        .find(|ending| text.starts_with(**ending))
        .map(|ending| ending.len())
}

/// A dash or colon after a version word, or the end of the text: its length.
fn separator(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut marked = false;
    for (at, c) in text.char_indices().take(6) {
        match c {
            '-' | ':' | '–' | '—' | '/' | '=' | '|' => marked = true,
            '.' | '!' | ' ' | '\u{A0}' => {}
            _ => break,
        }
        end = at + c.len_utf8();
    }
    (marked || end == text.len()).then_some(end)
}

/// Reads version words where metadata has them in any order: take keys, slugs, signal codes.
pub fn read_codes(text: &str, marks: &mut Marks) {
    if text.len() > 400 {
        return;
    }
    let lower = text.to_lowercase();
    const CODES: &[(&str, Signal)] = &[
        ("writethru", Update),
        ("sig:update", Update),
        ("1st ld", Update),
        ("1stld", Update),
        ("2nd ld", Update),
        ("2ndld", Update),
        ("3rd ld", Update),
        ("3rdld", Update),
        ("sig:correction", Correction),
        ("corrective", Correction),
        ("sig:flash", Flash),
        ("mandatory kill", Kill),
        ("bulletin kill", Kill),
        ("withdrawn", Kill),
    ];
    for (code, signal) in CODES {
        if let Some(at) = lower.find(code) {
            marks.add(*signal);
            if *signal == Update && !code.starts_with("sig") {
                let at = text.floor_char_boundary(at);
                marks.version(text[at..].split(',').next().unwrap_or(""));
            }
        }
    }
    take(&lower, marks);
}

/// `2nd take`, `Take 2`, `2 de 3`, `1stadd`, `2 y final`
pub fn take(lower: &str, marks: &mut Marks) {
    if !["take", "add", " de ", " y final", "última", "ultima"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return;
    }
    let words: Vec<&str> = lower
        .split([' ', ',', '-', '(', ')'])
        .filter(|word| !word.is_empty())
        .take(40)
        .collect();
    let number = |word: &str| {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        word[..digits]
            .parse::<u32>()
            .ok()
            .filter(|n| (1..=99).contains(n))
    };
    let mut found = Take::default();
    for pair in words.windows(2) {
        match (pair[0], pair[1]) {
            (n, "take") | ("take" | "add", n) => found.number = number(n).or(found.number),
            _ => {}
        }
    }
    for word in &words {
        if word.ends_with("add") && word.len() > 3 {
            found.number = number(word).or(found.number);
        }
    }
    for triple in words.windows(3) {
        if triple[1] == "de"
            && triple
                .iter()
                .step_by(2)
                .all(|w| w.len() <= 2 && number(w).is_some())
        {
            (found.number, found.of) = (number(triple[0]), number(triple[2]));
        }
        if triple[1] == "y" && triple[2] == "final" {
            found.number = number(triple[0]);
            found.of = found.number;
        }
    }
    if found.number.is_some() {
        marks.take.get_or_insert(found);
    }
}

/// The part of a text that asks for an embargo, from its word on.
pub fn embargo(text: &str) -> Option<&str> {
    let head = &text[..text.floor_char_boundary(200)];
    const ORDERS: &[&[u8]] = &[
        b"EMBARGO",
        b"Embargo",
        b"embargoed until",
        b"embargoed for",
        b"SPERRFRIST",
        b"Sperrfrist",
        b"SOUS EMBARGO",
        b"Sous embargo",
        b"HOLD FOR RELEASE",
        b"Hold for release",
    ];
    // one walk for all of them: nearly no text has any
    let at = head.bytes().enumerate().position(|(at, byte)| {
        matches!(byte, b'E' | b'e' | b'S' | b'H')
            && ORDERS
                .iter()
                .any(|order| head.as_bytes()[at..].starts_with(order))
    })?;
    // the word as news ("the EU's arms embargo") is no order: it begins the text, or a bracket
    let before = head[..at].trim_end();
    (before.is_empty()
        || before.ends_with(['(', '-', '–', ':', '*', '/'])
        || before.len() <= 12 && before == before.to_uppercase())
    .then(|| &text[at..])
}

/// The instant that an embargo names: `UNTIL 0001 GMT NOV 7`, `Sperrfrist 19.00 Uhr`; in `zone` where none is named.
/// A time without a day is the next such time after the receipt.
pub fn until(order: &str, zone: jiff::tz::Offset, received: Timestamp) -> Option<Timestamp> {
    let order = &order[..order.floor_char_boundary(160)];
    let words: Vec<&str> = order
        .split([' ', ',', '(', ')', ';'])
        .filter(|word| !word.is_empty())
        .take(24)
        .collect();
    let mut clock = None;
    let mut named = None;
    for (n, word) in words.iter().enumerate() {
        let next = words.get(n + 1).copied().unwrap_or("");
        if clock.is_none() {
            clock = clock_time(word, next);
        }
        named = named.or_else(|| {
            time::offset(word.trim_end_matches('.'))
                .filter(|_| word.len() > 1 && word.chars().all(char::is_uppercase))
        });
    }
    let (clock, zone) = (clock?, named.unwrap_or(zone));
    let reference = zone.to_datetime(received);
    let written = (0..words.len()).rev().find_map(|end| {
        let last = words[end];
        let stop = last.as_ptr() as usize - order.as_ptr() as usize + last.len();
        let near = order[..stop].len().saturating_sub(32);
        calendar::date_at_end(&order[order.floor_char_boundary(near)..stop])
    });
    if let Some((written, _)) = written {
        return time::instant(ahead(written, reference.date())?.to_datetime(clock), zone);
    }
    let today = time::instant(reference.date().to_datetime(clock), zone)?;
    if today > received {
        return Some(today);
    }
    time::instant(reference.date().tomorrow().ok()?.to_datetime(clock), zone)
}

/// A weekday of an embargo lies ahead, any other date is the nearest.
fn ahead(written: calendar::Written, reference: Date) -> Option<Date> {
    match written {
        calendar::Written::Weekday(weekday) => {
            let days = weekday.since(reference.weekday());
            reference
                .checked_add(jiff::Span::new().days(i64::from(days)))
                .ok()
        }
        other => other.resolve(reference),
    }
}

/// `0001`, `00:01`, `19.00`, `6 p.m.`, `7am`
fn clock_time(word: &str, next: &str) -> Option<Time> {
    let word = word.trim_end_matches(['.', 'h', 'H']);
    let lower = word.to_lowercase();
    let half = |mark: &str| {
        let mark = mark.to_lowercase().replace('.', "");
        match mark.as_str() {
            "am" => Some(0),
            "pm" => Some(12),
            _ => None,
        }
    };
    let (digits, suffix) = lower.split_at(
        lower
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(lower.len()),
    );
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some((hour, minute)) => (calendar::number(hour, 2)?, calendar::number(minute, 2)?),
        None if digits.len() == 4
            && calendar::year(digits).is_none_or(|_| time::offset(next).is_some()) =>
        {
            (
                calendar::number(&digits[..2], 2)?,
                calendar::number(&digits[2..], 2)?,
            )
        }
        None => (calendar::number(digits, 2)?, 0),
    };
    let shift = half(suffix).or_else(|| half(next));
    if shift.is_none() && digits.len() <= 2 && !next.eq_ignore_ascii_case("uhr") {
        return None;
    }
    let hour = shift.map_or(hour, |shift| hour % 12 + shift);
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_words_are_taken_off() {
        for (text, rest, version, signals) in [
            (
                "UPDATE 2-Port shuts two berths",
                "Port shuts two berths",
                Some("UPDATE 2"),
                &[Update][..],
            ),
            (
                "CORRECTED (OFFICIAL)-Port shuts",
                "Port shuts",
                Some("CORRECTED (OFFICIAL)"),
                &[Correction],
            ),
            (
                "RPT-UPDATE 1-Port shuts",
                "Port shuts",
                Some("RPT"),
                &[Update, Refile],
            ),
            (
                "URGENT: Port shuts",
                "Port shuts",
                Some("URGENT"),
                &[Urgent],
            ),
            (
                "(Actualización) El puerto cierra",
                "El puerto cierra",
                Some("Actualización"),
                &[Update],
            ),
            (
                "(Korrektur: Absatz 2) Hafen schließt",
                "Hafen schließt",
                Some("Korrektur: Absatz 2"),
                &[Correction],
            ),
            (
                "1. Zusammenfassung - Hafen",
                "Hafen",
                Some("1. Zusammenfassung"),
                &[Update],
            ),
            ("EXCLUSIVE-Port shuts", "Port shuts", Some("EXCLUSIVE"), &[]),
            ("KILL", "", Some("KILL"), &[Kill]),
            (
                "KILL SWITCH STOPS FERRY",
                "KILL SWITCH STOPS FERRY",
                None,
                &[],
            ),
            ("Update on the port", "Update on the port", None, &[]),
            ("UPDATED PLAN", "UPDATED PLAN", None, &[]),
            ("(Reuters) - Port", "(Reuters) - Port", None, &[]),
            ("100 boats", "100 boats", None, &[]),
        ] {
            let mut marks = Marks::default();
            assert_eq!(strip(text, &mut marks), rest);
            assert_eq!(marks.version_text.as_deref(), version, "{text}");
            assert_eq!(marks.signals, signals, "{text}");
        }
    }

    #[test]
    fn takes_are_counted() {
        for (text, want) in [
            ("2nd take", Some((2, None))),
            ("port, take 3", Some((3, None))),
            ("puerto (2 de 3)", Some((2, Some(3)))),
            ("puerto 2 y final", Some((2, Some(2)))),
            ("1stadd", Some((1, None))),
            ("give and take", None),
            ("el 2 de mayo", None),
        ] {
            let mut marks = Marks::default();
            take(text, &mut marks);
            let got = marks.take.map(|take| (take.number.unwrap_or(0), take.of));
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn an_embargo_names_its_hour() {
        let received: Timestamp = "2023-11-06T12:00:00Z".parse().expect("a time");
        for (text, want) in [
            (
                "EMBARGOED UNTIL 0001 GMT NOV 7",
                Some("2023-11-07T00:01:00Z"),
            ),
            (
                "EMBARGO: 7 November 2023, 06:30 CET",
                Some("2023-11-07T05:30:00Z"),
            ),
            ("Sperrfrist 19.00 Uhr", Some("2023-11-06T19:00:00Z")),
            (
                "EMBARGOED FOR RELEASE AT 6 p.m. EST, Thursday",
                Some("2023-11-09T23:00:00Z"),
            ),
            ("EMBARGOED UNTIL 9 a.m. GMT", Some("2023-11-07T09:00:00Z")),
            ("EMBARGOED", None),
        ] {
            let order = embargo(text).expect(text);
            let got = until(order, jiff::tz::Offset::UTC, received).map(|at| at.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
        assert_eq!(
            embargo("The arms embargo was lifted; Embargo rules changed"),
            None
        );
    }
}
