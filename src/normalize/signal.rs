//! Version words, alerts, takes and embargoes → signals. What is the desk told beside the words?

use crate::story::{Signal, Take};

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
    let known = marks.version_text.is_some();
    let mut rest = text;
    let mut taken = 0;
    while let Some(length) = bracketed(rest, marks).or_else(|| worded(rest, marks)) {
        rest = rest[length..].trim_start();
        taken += 1;
    }
    if taken > 1 && !known {
        // all of them, as sent: `REFILE-WRAPUP 3`
        marks.version_text = None;
        marks.version(&text[..text.len() - rest.len()]);
    }
    if is_planning(rest) {
        marks.add(Advisory);
    }
    rest
}

/// `PREVISIONES DE EFE PARA EL MARTES`: the head of a list of what is to come.
fn is_planning(text: &str) -> bool {
    const HEADS: &[&str] = &[
        "PREVISIONES DE ",
        "PREVISIONES PARA ",
        "PREVISIONES DEL ",
        "PREVISIONES INFORMATIVAS",
        "Previsiones informativas",
        "Tagesvorschau",
        "Terminvorschau",
        "Themenvorschau",
        "AFP News Agenda",
        "COVERAGE ADVISORY",
        "PREVISÕES PARA ",
        "AGENDA INFORMATIVA",
    ];
    text.starts_with(['P', 'T', 'A', 'C']) && HEADS.iter().any(|head| text.starts_with(head))
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
    let separator =
        separator(&text[end..]).or_else(|| stands_alone(word, *signal, &text[end..]))?;
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

/// A blank or full stop after a word in capitals that goes on in lower case: `URGENTE Dos muertos`, `СРОЧНО. Путин`.
/// Words that are also names, or that news begin with, need a dash.
fn stands_alone(word: &str, signal: Option<Signal>, after: &str) -> Option<usize> {
    let strong = match signal? {
        Flash | Bulletin | Urgent => true,
        Update | Correction => word.len() > 8,
        Alert => matches!(word, "ALERTA" | "ALERTE" | "BREAKING NEWS" | "NEWS ALERT"),
        _ => false,
    };
    let rest = after.trim_start_matches(['.', ' ', '\u{A0}', '!']);
    let length = after.len() - rest.len();
    if !strong || length == 0 {
        return None;
    }
    let next = rest.split([' ', '\u{A0}']).next()?;
    let uncased = !word.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    let mut letters = next.chars().filter(|c| c.is_alphabetic());
    let capital = letters.next()?.is_uppercase();
    let sentence = uncased
        || word.chars().all(|c| !c.is_lowercase())
            && capital
            // a first word of one letter says nothing: the next one does
            && (letters.next().is_some_and(char::is_lowercase) || next.chars().count() == 1);
    sentence.then_some(length)
}

/// `BC-US--Storm, 1st Ld-Writethru`: the keyword line of American wires.
pub fn is_slug(line: &str) -> bool {
    let Some(keyword) = ["BC-", "AM-", "PM-"]
        .iter()
        .find_map(|cycle| line.strip_prefix(cycle))
    else {
        return false;
    };
    let word = keyword.split([',', ' ']).next().unwrap_or(keyword);
    let rest = &keyword[word.len()..];
    line.len() <= 80
        && word.chars().count() >= 2
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '\'' | '’' | '&' | '.' | '/' | '_'))
        && (rest.is_empty() || rest.starts_with(", ") || rest.split_whitespace().count() <= 4)
        && !line.ends_with('.')
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
                // the part between commas that holds it
                let at = text.floor_char_boundary(at);
                let start = text[..at].rfind(',').map_or(0, |comma| comma + 1);
                let start = if text[start..].starts_with(char::is_alphabetic) {
                    at
                } else {
                    start
                };
                marks.version(text[start..].split(',').next().unwrap_or(""));
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
                Some("RPT-UPDATE 1"),
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
            ("URGENTE Dos botes", "Dos botes", Some("URGENTE"), &[Urgent]),
            ("URGENTE A flote", "A flote", Some("URGENTE"), &[Urgent]),
            (
                "СРОЧНО. Порт закрыт",
                "Порт закрыт",
                Some("СРОЧНО"),
                &[Urgent],
            ),
            ("عاجل قاربان", "قاربان", Some("عاجل"), &[Urgent]),
            (
                "URGENT CARE CLINIC SHUTS",
                "URGENT CARE CLINIC SHUTS",
                None,
                &[],
            ),
            ("AVIS Budget cuts fees", "AVIS Budget cuts fees", None, &[]),
            (
                "PREVISIONES DE LA AGENCIA PARA EL MARTES",
                "PREVISIONES DE LA AGENCIA PARA EL MARTES",
                None,
                &[Advisory],
            ),
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
    fn keyword_lines_are_no_headlines() {
        for (line, version) in [
            ("BC-US--Harbour, 1st Ld-Writethru", Some("1st Ld-Writethru")),
            ("BC-Harbour-Budget", None),
            ("AM-Port,0123", None),
        ] {
            assert!(is_slug(line), "{line}");
            let mut marks = Marks::default();
            read_codes(line, &mut marks);
            assert_eq!(marks.version_text.as_deref(), version);
        }
        for line in [
            "BC-based firm buys two ferries and a tug",
            "BC Ferries cuts fees",
            "AM-PM shop.",
        ] {
            assert!(!is_slug(line), "{line}");
        }
    }
}
