//! A telex payload → its messages. Where does each begin and end, and which characters carry it rather than say something?

use std::borrow::Cow;

const SOH: char = '\u{1}';
const STX: char = '\u{2}';
const ETX: char = '\u{3}';
const EOT: char = '\u{4}';

/// One message, cut where its control characters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'t> {
    /// From SOH to STX; all of it where no STX is there.
    pub head: &'t str,
    /// From STX to ETX; `None` where no STX is there.
    pub text: Option<&'t str>,
    /// Behind ETX; `None` where no ETX is there.
    pub trailer: Option<&'t str>,
}

impl Message<'_> {
    /// Whether the wire began a text and never ended it.
    pub fn is_truncated(&self) -> bool {
        self.text.is_some() && self.trailer.is_none()
    }
}

/// The messages of a payload in order, at least one. `begins` knows a header by what stands behind its SOH.
pub fn messages(payload: &str, begins: fn(&str) -> bool) -> Vec<Message<'_>> {
    let mut starts: Vec<usize> = memchr::memchr_iter(SOH as u8, payload.as_bytes())
        .map(|at| at + 1)
        .filter(|start| begins(&payload[*start..]))
        .collect();
    if starts.is_empty() {
        starts.push(payload.len() - start(payload).trim_start_matches(SOH).len());
    }
    let ends = starts.iter().skip(1).map(|start| start - 1);
    let ends: Vec<usize> = ends.chain([payload.len()]).collect();
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| cut(&payload[*start..end]))
        .collect()
}

fn cut(message: &str) -> Message<'_> {
    let (head, text) = match message.split_once(STX) {
        Some((head, text)) => (head, Some(text)),
        None => (message, None),
    };
    // noise on the line can be an ETX too: the last one ends the text
    match text.unwrap_or(head).rsplit_once(ETX) {
        Some((inside, trailer)) => Message {
            head: if text.is_some() { head } else { inside },
            text: text.map(|_| inside),
            trailer: Some(trailer.split(EOT).next().unwrap_or(trailer)),
        },
        None => Message {
            head,
            text,
            trailer: None,
        },
    }
}

/// All words of a message: what is left of one that does not hold to its standard.
pub fn words(message: &Message) -> String {
    let all = [Some(message.head), message.text];
    let lines = all.into_iter().flatten().flat_map(lines);
    lines.collect::<Vec<_>>().join("\n")
}

/// A payload without what a line sends to wake its receiver.
pub fn start(payload: &str) -> &str {
    payload.trim_start_matches(['\u{7F}', '\r', '\n', ' ', '\0', '\u{FEFF}'])
}

/// The lines of a text, whatever ends them, without control characters.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let old = memchr::memchr(b'\n', text.as_bytes()).is_none();
    text.split(if old { '\r' } else { '\n' }).map(clean)
}

/// A line without control characters: those that part fields become a space.
pub fn clean(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches(['\r', ' ']);
    if !line.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(line);
    }
    let spaced = line.chars().filter_map(|c| match c {
        '\t' => Some(c),
        '\u{1C}'..='\u{1F}' | '\r' | '\u{B}' => Some(' '),
        c => (!c.is_control()).then_some(c),
    });
    Cow::Owned(spaced.collect())
}

/// Words that a dead line or a cut file leaves behind a message: nothing to read in it.
pub fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || c.is_control())
}

/// A day-time group as it ends a message: `212322 GMT Nov 18`, `050932 sep 14EDT`.
pub fn day_time_group(line: &str) -> Option<&str> {
    let line = line.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '<');
    let mut words = line.split_whitespace();
    let group = words.next()?;
    let is_group = group.len() == 6 && group.bytes().all(|b| b.is_ascii_digit());
    let rest = words.clone().count();
    let year = words.next_back()?;
    let short = line.len() <= 32 && (2..=3).contains(&(rest));
    (is_group && short && year.starts_with(|c: char| c.is_ascii_digit())).then_some(line)
}

/// Lower-case letters and digits with single hyphens between them: a part of an identifier.
pub fn token(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// What the tests of the telex formats read with.
#[cfg(test)]
pub mod samples {
    use super::super::{Error, Item, Payload};
    use crate::story::{Dispatch, Marked};

    /// The items of a message, each of which must be one.
    pub fn items(read: fn(&Payload) -> Result<Vec<Item>, Error>, message: &str) -> Vec<Dispatch> {
        let items = read(&Payload::of(message)).expect("a payload");
        items
            .into_iter()
            .map(|item| item.expect("an item"))
            .collect()
    }

    /// The words of a text, none where the wire has none.
    pub fn text(marked: &Option<Marked>) -> &str {
        marked.as_ref().map_or("", |marked| &marked.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(head: &str) -> bool {
        head.starts_with(|c: char| c.is_ascii_alphabetic())
    }

    #[test]
    fn a_payload_is_cut_at_its_control_characters() {
        let two = "\u{7F}\u{1}abc001\r\n\u{2}One\u{1}\u{3}\r\n\u{3}061003 Nov 26\r\n\u{4}\u{1}abc002\r\n\u{2}Two\u{3}";
        let got = messages(two, letter);
        assert_eq!(got.len(), 2, "{got:?}");
        assert_eq!(got[0].head, "abc001\r\n");
        assert_eq!(got[0].text, Some("One\u{1}\u{3}\r\n"));
        assert_eq!(got[0].trailer, Some("061003 Nov 26\r\n"));
        assert_eq!(got[1].trailer, Some(""));
        let cut = messages("\u{1}abc001\r\n\u{2}One", letter);
        assert!(cut[0].is_truncated());
        let bare = messages("abc001\r\nOne", letter);
        assert_eq!((bare[0].head, bare[0].text), ("abc001\r\nOne", None));
        assert!(!bare[0].is_truncated());
    }

    #[test]
    fn a_day_time_group_is_told_from_figures() {
        for line in [
            "212322 GMT Nov 18",
            "050932 sep 14EDT",
            " 211259 Nov 18 \u{7F}",
        ] {
            assert!(day_time_group(line).is_some(), "{line}");
        }
        for line in ["212322", "123456 shares were sold", "2123 GMT Nov 18", ""] {
            assert_eq!(day_time_group(line), None, "{line}");
        }
    }

    #[test]
    fn control_characters_part_fields_or_vanish() {
        assert_eq!(clean("a\u{1F}b\u{1E} c\u{7}\r"), "a b  c");
        assert_eq!(
            token("eca0003 212322 GMT Nov 18"),
            "eca0003-212322-gmt-nov-18"
        );
    }
}
