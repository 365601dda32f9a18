//! Version words, alerts, takes and embargoes → signals. What is the desk told beside the words?

use crate::story::{Signal, Take};

use super::version_word::{BRACKETED, WORDS};

/// What the words before a headline or a lead said.
#[derive(Debug, Default)]
pub struct Marks {
    pub signals: Vec<Signal>,
    pub version_text: Option<String>,
    pub take: Option<Take>,
    /// An order to hold that stood before the headline.
    pub order: Option<String>,
}

impl Marks {
    pub fn add(&mut self, signal: Signal) {
        if let Err(at) = self.signals.binary_search(&signal) {
            self.signals.insert(at, signal);
        }
    }

    /// An order to hold is a version word as well.
    pub fn hold(&mut self, order: &str) {
        self.version(order);
        self.order = Some(order.to_owned());
    }

    fn version(&mut self, text: &str) {
        let text = text.trim_matches([' ', '-', ':', '–', '—', '=']);
        self.version_text.get_or_insert_with(|| text.to_owned());
    }
}

use Signal::*;

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
    read_bracket(inside[..close].trim(), marks)?;
    let after = &inside[close + 1..];
    Some(text.len() - after.trim_start_matches([' ', '-', '.', ':', '=']).len())
}

/// What stands in brackets, if it is a version word with what else it says.
fn read_bracket(content: &str, marks: &mut Marks) -> Option<()> {
    let lower = content.to_lowercase();
    let ordinal = lower.ends_with("ld") && lower.starts_with(|c: char| c.is_ascii_digit());
    let first = lower.split([' ', ':']).next().unwrap_or("");
    // a stem takes an ending of few letters: no `leader`
    let begins = |word: &str| {
        let ending = first.strip_prefix(word)?;
        let open = matches!(
            word,
            "actualiza" | "ampliaci" | "correc" | "rectifica" | "previsi" | "urgent" | "update"
        );
        (ending.is_empty() || open && ending.chars().count() <= 6).then_some(())
    };
    let known = BRACKETED.iter().find(|(word, _)| begins(word).is_some());
    let signal = known
        .map(|(_, signal)| *signal)
        .or(ordinal.then_some(Some(Update)))?;
    if let Some(signal) = signal {
        marks.add(signal);
    }
    marks.version(content);
    Some(())
}

/// Takes version words, and marks of takes, off the end of a headline: the rest of it.
pub fn strip_end<'t>(text: &'t str, marks: &mut Marks) -> &'t str {
    let text = text.trim_end_matches(['=', ' ']);
    if let Some((rest, content)) = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
    {
        let counted = |content: &str| {
            let words: Vec<&str> = content.split([' ', '/']).collect();
            matches!(words[..], [n, "de" | "of" | "von", m] if is_small(n) && is_small(m))
        };
        let more = super::sign_off::is_more(&text[rest.len()..]);
        if more {
            marks.take.get_or_insert_default().more = true;
        }
        if !rest.trim().is_empty()
            && (more || counted(content) || read_bracket(content.trim(), marks).is_some())
        {
            return rest.trim_end();
        }
        return text;
    }
    if !text.ends_with(|c: char| c.is_ascii_digit() || "eudlaALU".contains(c)) {
        return text;
    }
    let separators = text.char_indices().rev();
    let separators = separators.filter(|(_, c)| matches!(c, ',' | '-' | '–'));
    // the longest: `1st Ld-Writethru` has a hyphen of its own
    let tails = separators.take(3).filter_map(|(at, mark)| {
        let tail = text[at + mark.len_utf8()..].trim();
        is_version_tail(&tail.to_lowercase()).then_some((at, tail))
    });
    if let Some((at, tail)) = tails.last() {
        read_codes(tail, marks);
        return text[..at].trim_end_matches([' ', ',', '-', '–']);
    }
    // `2 y final`, `2 ÚLTIMA`
    let mut words = text.rsplitn(4, ' ');
    let last = words.next().unwrap_or("").to_lowercase();
    let before = words.next().unwrap_or("");
    let ends = matches!(last.as_str(), "final" | "última" | "ultima");
    let cut = match before {
        "y" if ends => words.next().filter(|n| is_small(n)).map(|n| n.len() + 3),
        n if ends && is_small(n) => Some(n.len() + 1),
        _ => None,
    };
    match cut {
        Some(length) => text[..text.len() - last.len() - length].trim_end(),
        None => text,
    }
}

/// A number of one or two digits.
fn is_small(text: &str) -> bool {
    matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `take 2`, `2nd take`, `1st ld-writethru`, `1stadd`
fn is_version_tail(lower: &str) -> bool {
    let digits = lower.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return lower == "writethru"
            || lower
                .split_once(' ')
                .is_some_and(|(word, n)| matches!(word, "take" | "add") && is_small(n));
    }
    let rest = &lower[digits..];
    let rest = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| rest.strip_prefix(ending))
        .map(str::trim_start);
    matches!(
        rest,
        Some("take" | "add" | "ld" | "ld-writethru" | "lead" | "writethru" | "lead-writethru")
    )
}

/// `UPDATE 2-`, `CORRECTED (OFFICIAL)-`, `URGENT:`, `1. Zusammenfassung -`, `2ND LEAD 3RD NET:`
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
    if word.starts_with("Ld") && ordinal == 0 {
        return None;
    }
    let mut end = start + word.len();
    if let Some(number) = text[end..].strip_prefix(' ') {
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let ends = !number[digits..].starts_with(char::is_alphanumeric);
        if (1..=2).contains(&digits) && ends {
            end += 1 + digits;
        }
    }
    end += net(&text[end..]).unwrap_or(0);
    if let Some(inside) = text[end..].trim_start().strip_prefix('(')
        && let Some(close) = inside.find(')').filter(|at| *at <= 24)
    {
        end = text.len() - inside.len() + close + 1;
    }
    if word.starts_with("ACTUALIZA") {
        end += with_what(&text[end..]).unwrap_or(0);
    }
    let separator = separator(&text[end..])
        .or_else(|| stands_alone(word, *signal, ordinal > 0, &text[end..]))
        .or_else(|| goes_on(&text[end..]))?;
    if let Some(signal) = signal {
        marks.add(*signal);
    }
    marks.version(&text[..end]);
    Some(end + separator)
}

/// ` 3RD NET` behind `2ND LEAD`: its length.
fn net(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(' ')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let ending = rest
        .get(digits..digits + 6)
        .filter(|_| (1..=2).contains(&digits))?;
    ["ST NET", "ND NET", "RD NET", "TH NET"]
        .contains(&ending)
        .then_some(1 + digits + 6)
}

/// ` CON DATOS` behind `ACTUALIZA`, down to its dash or colon: its length.
fn with_what(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(" CON ")?;
    let end = rest.find([':', '-', '–', '.']).filter(|at| *at <= 60)?;
    let what = rest[..end].trim_end();
    (!what.chars().any(char::is_lowercase)).then_some(5 + what.len())
}

/// A blank before another version word: `REFILE 1ST LEAD: …`
fn goes_on(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(' ')?;
    worded(rest, &mut Marks::default()).map(|_| 1)
}

/// `1st `, `2. `
fn ordinal_ending(text: &str) -> Option<usize> {
    let glued = text.get(2..).is_some_and(|rest| rest.starts_with("Ld"));
    ["st ", "nd ", "rd ", "th ", "ST ", "ND ", "RD ", "TH ", ". "]
        .iter()
        .find(|ending| text.starts_with(**ending))
        .map(|ending| ending.len())
        .or(glued.then_some(2))
}

/// A dash or colon after a version word, or the end of the text: its length.
fn separator(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut marked = false;
    for (at, c) in text.char_indices().take(6) {
        match c {
            '-' | ':' | '：' | '–' | '—' | '/' | '=' | '|' => marked = true,
            '.' | '!' | ' ' | '\u{A0}' => {}
            _ => break,
        }
        end = at + c.len_utf8();
    }
    (marked || end == text.len()).then_some(end)
}

/// A blank or full stop after a word in capitals that goes on in lower case: `URGENTE Dos muertos`, `СРОЧНО. Путин`.
/// Words that are also names, or that news begin with, need a dash.
fn stands_alone(word: &str, signal: Option<Signal>, counted: bool, after: &str) -> Option<usize> {
    let strong = match signal? {
        Flash | Bulletin | Urgent => true,
        // `1. Zusammenfassung`: a number says that it is no word of the headline
        Update if counted => true,
        Update | Correction => word.len() > 8 || word.ends_with('.'),
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
        || counted && capital
        || word.chars().all(|c| !c.is_lowercase())
            && capital
            // a first word of one letter says nothing: the next one does
            && (letters.next().is_some_and(char::is_lowercase) || next.chars().count() == 1);
    sentence.then_some(length)
}

/// Words of desks for a story that goes on from its flash: more urgent than any other.
pub fn is_first_telling(version: &str) -> bool {
    ["LEAD", "NEWS BREAK", "EXTRA"].contains(&version)
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
            (n, "última" | "ultima") if n.len() <= 2 && number(n).is_some() => {
                (found.number, found.of) = (number(n), number(n));
            }
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
        if triple[1] == "y"
            && matches!(triple[2], "final" | "última" | "ultima")
            && triple[0].len() <= 2
        {
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
            (
                "2ND LEAD 3RD NET: Port shuts",
                "Port shuts",
                Some("2ND LEAD 3RD NET"),
                &[Update],
            ),
            (
                "REFILE 1ST LEAD: Port shuts",
                "Port shuts",
                Some("REFILE 1ST LEAD"),
                &[Update, Refile],
            ),
            (
                "1stLd-Writethru Port shuts",
                "Port shuts",
                Some("1stLd-Writethru"),
                &[Update],
            ),
            (
                "1. Zusammenfassung Hafen",
                "Hafen",
                Some("1. Zusammenfassung"),
                &[Update],
            ),
            (
                "ACTUALIZA CON DATOS - Puerto",
                "Puerto",
                Some("ACTUALIZA CON DATOS"),
                &[Update],
            ),
            ("AMPL. Puerto", "Puerto", Some("AMPL."), &[Update]),
            ("CORREÇÃO: Porto", "Porto", Some("CORREÇÃO"), &[Correction]),
            ("更正：港口关闭", "港口关闭", Some("更正"), &[Correction]),
            ("ПОВТОР: Порт", "Порт", Some("ПОВТОР"), &[Refile]),
            ("EXTRA PAY FOR PORT", "EXTRA PAY FOR PORT", None, &[]),
            ("(Leaders say) no", "(Leaders say) no", None, &[]),
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
    fn version_words_behind_a_headline_are_taken_off() {
        for (text, rest, version, signals) in [
            (
                "Hafen schließt (Korrektur: Absatz 2)",
                "Hafen schließt",
                Some("Korrektur: Absatz 2"),
                &[Correction][..],
            ),
            (
                "Puerto cierra (Actualización)",
                "Puerto cierra",
                Some("Actualización"),
                &[Update],
            ),
            (
                "Puerto cierra (Crónica)",
                "Puerto cierra",
                Some("Crónica"),
                &[],
            ),
            ("Puerto (2 de 3)", "Puerto", None, &[]),
            ("Puerto 2 y final", "Puerto", None, &[]),
            ("Puerto 2 ÚLTIMA", "Puerto", None, &[]),
            ("Port shuts-Take 2", "Port shuts", None, &[]),
            ("Port shuts, 2nd take", "Port shuts", None, &[]),
            (
                "Port shuts, 1st Ld-Writethru",
                "Port shuts",
                Some("1st Ld-Writethru"),
                &[Update],
            ),
            ("Port shuts (more)", "Port shuts", None, &[]),
            ("Port shuts (leaders)", "Port shuts (leaders)", None, &[]),
            (
                "El puerto llega a la final",
                "El puerto llega a la final",
                None,
                &[],
            ),
            (
                "Storm-hit port, Apollo 2",
                "Storm-hit port, Apollo 2",
                None,
                &[],
            ),
        ] {
            let mut marks = Marks::default();
            assert_eq!(strip_end(text, &mut marks), rest);
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
