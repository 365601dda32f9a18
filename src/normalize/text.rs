//! Text as sent → paragraphs: one space between words, no invisible characters, NFC, hard-wrapped
//! lines joined. The words and their order stay as they were.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Lines wrapped by hand are this many characters long, at the most.
const WIDEST_WRAP: usize = 90;
/// Lines wrapped by hand are this many characters long, at the least.
const NARROWEST_WRAP: usize = 40;
/// Spaces before a line that begins a paragraph in wrapped copy.
const INDENT: usize = 2;

/// A text cut into paragraphs, each of them not blank.
#[derive(Debug, Default)]
pub struct Paragraphs {
    text: String,
    lines: Vec<Line>,
    /// Control characters were dropped.
    pub dropped_controls: bool,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    start: usize,
    end: usize,
    /// Characters, not bytes.
    width: usize,
    indent: usize,
    after_blank: bool,
}

/// A paragraph and whether a blank line stands before it.
#[derive(Clone, Copy, Debug)]
pub struct Paragraph<'t> {
    pub text: &'t str,
    pub after_blank: bool,
}

impl Paragraphs {
    /// Paragraphs of a text whose lines may have been wrapped by hand.
    pub fn of(text: &str) -> Paragraphs {
        let mut paragraphs = Paragraphs::of_lines(text);
        paragraphs.join_wrapped();
        paragraphs
    }

    /// Paragraphs of a text in which every line is one.
    pub fn of_lines(text: &str) -> Paragraphs {
        let mut paragraphs = Paragraphs {
            text: String::with_capacity(text.len() + 1),
            ..Paragraphs::default()
        };
        let old_mac = memchr::memchr(b'\n', text.as_bytes()).is_none();
        let separator = if old_mac { b'\r' } else { b'\n' };
        let mut after_blank = false;
        let mut from = 0;
        for end in memchr::memchr_iter(separator, text.as_bytes()).chain([text.len()]) {
            after_blank = !paragraphs.push_line(&text[from..end], after_blank);
            from = end + 1;
        }
        paragraphs
    }

    /// All paragraphs and the line ends between them.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn iter(&self) -> impl Iterator<Item = Paragraph<'_>> {
        self.lines.iter().map(|line| Paragraph {
            text: &self.text[line.start..line.end],
            after_blank: line.after_blank,
        })
    }

    /// Adds a line; `false` when it was blank.
    fn push_line(&mut self, line: &str, after_blank: bool) -> bool {
        let content = line.trim_ascii();
        let start = self.text.len();
        if is_clean(content) {
            self.text.push_str(content);
        } else {
            self.dropped_controls |= clean_into(content, &mut self.text);
        }
        if self.text.len() == start {
            return false;
        }
        let own = &self.text[start..];
        let width = if own.len() > 4 * WIDEST_WRAP {
            own.len()
        } else {
            own.chars().count()
        };
        self.lines.push(Line {
            start,
            end: self.text.len(),
            width,
            indent: indent(line),
            after_blank: after_blank && start > 0,
        });
        self.text.push('\n');
        true
    }

    /// Joins the lines of copy that was wrapped by hand: where the next word would not have fitted.
    fn join_wrapped(&mut self) {
        let widths = self.lines.iter().map(|line| line.indent + line.width);
        let widest = widths.max().unwrap_or(0);
        if self.lines.len() < 2 || !(NARROWEST_WRAP..=WIDEST_WRAP).contains(&widest) {
            return;
        }
        let (mut wrapped, mut loose) = (0, 0);
        for pair in self.lines.windows(2).filter(|pair| continues(pair)) {
            let ends = self.ends_sentence(pair[0]) && !self.begins_lower(pair[1]);
            if self.would_not_fit(pair, widest) && !ends {
                wrapped += 1;
            } else if !(ends && self.would_not_fit(pair, widest)) {
                loose += 1;
            }
        }
        if wrapped == 0
            || loose * 3 > wrapped * 2 + 2
            || wrapped + loose == 1 && !self.lower_second()
        {
            return;
        }
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        let lines = std::mem::take(&mut self.lines);
        self.text = String::from_utf8(bytes.clone()).expect("it was a string a line above");
        let mut joined: Vec<Line> = Vec::with_capacity(lines.len());
        for line in lines {
            let last = joined.last().copied();
            match last {
                Some(before)
                    if continues(&[before, line]) && !self.ends_short(before, line, widest) =>
                {
                    bytes[before.end] = b' ';
                    let joined_line = joined.last_mut().expect("there is a line before");
                    joined_line.end = line.end;
                    joined_line.width = line.width;
                }
                _ => joined.push(line),
            }
        }
        self.lines = joined;
        self.text = String::from_utf8(bytes).expect("a line feed became a space");
    }

    fn lower_second(&self) -> bool {
        self.lines.len() > 1 && self.begins_lower(self.lines[1])
    }

    fn begins_lower(&self, line: Line) -> bool {
        self.text[line.start..]
            .trim_start_matches(['«', '“', '„', '"', '(', ' '])
            .starts_with(char::is_lowercase)
    }

    fn ends_sentence(&self, line: Line) -> bool {
        let text =
            self.text[line.start..line.end].trim_end_matches(['"', '”', '»', '\'', ')', ' ']);
        text.ends_with(['.', '!', '?', ':', '。'])
    }

    fn would_not_fit(&self, pair: &[Line], widest: usize) -> bool {
        let next = &self.text[pair[1].start..pair[1].end];
        let word = next.split(' ').next().unwrap_or(next);
        pair[0].indent + pair[0].width + 1 + word.chars().count() > widest
    }

    /// The writers of a story below it: `ae/rq`.
    fn is_initials(&self, line: Line) -> bool {
        let text = &self.text[line.start..line.end];
        text.len() <= 16
            && text.contains('/')
            && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'/')
    }

    /// A line that ends where the next word would have fitted is a headline or the end of a paragraph, unless the
    /// next one goes on in lower case.
    fn ends_short(&self, before: Line, line: Line, widest: usize) -> bool {
        !self.would_not_fit(&[before, line], widest) && !self.begins_lower(line)
            || self.is_initials(line)
    }
}

/// Whether nothing but a line end parts two lines.
fn continues(pair: &[Line]) -> bool {
    !pair[1].after_blank && pair[1].indent < INDENT
}

fn indent(line: &str) -> usize {
    let mut indent = 0;
    for byte in line.bytes() {
        match byte {
            b' ' => indent += 1,
            b'\t' => indent += INDENT,
            _ => break,
        }
    }
    indent
}

/// One line of text: no line ends, no blanks at its ends, cleaned.
pub fn line(text: &str) -> String {
    let content = text.trim_ascii();
    if is_clean(content) {
        return content.to_owned();
    }
    let mut out = String::with_capacity(content.len());
    clean_into(content, &mut out);
    out
}

/// Whether `line` is clean as it stands: the fast path for nearly every line. Eight bytes are looked at in one step.
fn is_clean(line: &str) -> bool {
    let bytes = line.as_bytes();
    let mut last = 0;
    let mut from = 0;
    while from < bytes.len() {
        let block = &bytes[from..bytes.len().min(from + 8)];
        let plain = block.first_chunk::<8>().is_some_and(is_plain);
        if !(plain && !(last == b' ' && block[0] == b' '))
            && !is_clean_block(bytes, from, block.len(), last)
        {
            return false;
        }
        last = block[block.len() - 1];
        from += block.len();
    }
    true
}

/// Printable ASCII without two spaces in a row.
fn is_plain(block: &[u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOP: u64 = 0x80 * ONES;
    let eight = u64::from_le_bytes(*block);
    let low = eight & !TOP;
    // the top bit of a byte is set by adding to it: from a space on, and from DEL on
    let (printable, deleted) = (low + 0x60 * ONES, low + ONES);
    // and is not set where nothing differs from a space
    let others = (low ^ (b' ' as u64 * ONES)) + 0x7F * ONES;
    let spaces = !others & !eight & TOP;
    (eight | !printable | deleted) & TOP == 0 && spaces & (spaces << 8) == 0
}

fn is_clean_block(bytes: &[u8], from: usize, length: usize, mut last: u8) -> bool {
    for (at, &byte) in bytes.iter().enumerate().skip(from).take(length) {
        let flagged = match byte {
            0..=0x1F | 0x7F => true,
            b' ' => last == b' ',
            0x80.. => is_flagged(byte, &bytes[at..]),
            _ => false,
        };
        if flagged {
            return false;
        }
        last = byte;
    }
    true
}

/// Whether the character at the beginning of `rest` may have to be mended: a space other than U+0020, an
/// invisible character, or one that NFC may change.
fn is_flagged(lead: u8, rest: &[u8]) -> bool {
    let next = rest.get(1).copied().unwrap_or(0);
    let third = rest.get(2).copied().unwrap_or(0);
    match lead {
        0xC2 => next <= 0xA0 || next == 0xAD,
        0xCC | 0xCD | 0xE0 | 0xE1 | 0xF0 => true,
        0xD9 => (0x93..=0x95).contains(&next),
        0xE2 => match next {
            0x80 => third <= 0x8F || (0xA8..=0xAF).contains(&third),
            0x81 => third >= 0x9F,
            0x84 => true,
            _ => false,
        },
        0xE3 => next == 0x80 && third == 0x80 || next == 0x82 && matches!(third, 0x99 | 0x9A),
        0xEF => next >= 0xA4,
        _ => false,
    }
}

/// Appends `line` with its white space folded, invisible characters taken out, in NFC. Returns whether control
/// characters were dropped.
fn clean_into(line: &str, out: &mut String) -> bool {
    let start = out.len();
    let (mut space, mut dropped, mut composed) = (false, false, true);
    for c in line.chars() {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
            dropped = true;
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if space && out.len() > start {
            out.push(' ');
        }
        space = false;
        composed &= c < '\u{300}';
        out.push(c);
    }
    if !composed && is_nfc_quick(out[start..].chars()) != IsNormalized::Yes {
        let normal: String = out[start..].nfc().collect();
        out.truncate(start);
        out.push_str(&normal);
    }
    dropped
}

/// Soft hyphen, zero-width space, word joiner, byte order mark, marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        Paragraphs::of(text)
            .iter()
            .map(|p| p.text.to_owned())
            .collect()
    }

    #[test]
    fn white_space_and_invisible_characters_are_mended() {
        assert_eq!(
            cut("a\u{A0}\u{2009}b\u{AD}c\tx  y\u{200B}\r\n\r\n z "),
            ["a bc x y", "z"]
        );
        assert_eq!(cut("re\u{301}sume\u{301}"), ["résumé"]);
        let controls = Paragraphs::of("a\0b\u{7}c");
        assert!(controls.dropped_controls);
        assert_eq!(cut("a\0b\u{7}c"), ["abc"]);
        assert_eq!(cut("one\rtwo"), ["one", "two"]);
    }

    #[test]
    fn wrapped_copy_is_joined_and_other_lines_are_not() {
        let wrapped = "    The harbour board said on Friday that it would close two of its\n\
                       seven berths while divers look for the anchor that a freighter\n\
                       lost.\n    A spokesman gave no date for the work, which needs a permit.\n";
        assert_eq!(cut(wrapped).len(), 2, "{:?}", cut(wrapped));
        let table = "Oper shr loss two cts vs profit seven cts\nOper net profit 4 mln vs 2 mln\nRevs 29 mln vs 15 mln\n\
                     Avg shrs 51.7 mln vs 43.4 mln";
        assert_eq!(cut(table).len(), 4);
        let long = format!(
            "{}\n{}\n{}",
            "word ".repeat(40),
            "more ".repeat(30),
            "last ".repeat(50)
        );
        assert_eq!(cut(&long).len(), 3);
    }
}
