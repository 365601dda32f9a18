//! Text → JSON values. What do these bytes say, where a strict reader would give up?
//!
//! Agencies send raw tabs and line ends inside strings, escapes that do not exist, halves of
//! surrogate pairs and numbers beyond any range. All of it is read, and named as a repair. One pass,
//! nothing copied where the text can be borrowed, nesting bounded.

use std::borrow::Cow;

use memchr::memchr2;

/// Deepest nesting that is read; real items stay below 12.
pub const MAX_DEPTH: usize = 64;

/// A value that borrows from the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'t> {
    Null,
    Bool(bool),
    /// As written.
    Number(&'t str),
    Text(Cow<'t, str>),
    List(Vec<Json<'t>>),
    /// In the order of the text; the last of equal keys wins in `get`.
    Object(Vec<(Cow<'t, str>, Json<'t>)>),
}

impl<'t> Json<'t> {
    /// The member `key` of an object.
    pub fn get(&self, key: &str) -> Option<&Json<'t>> {
        match self {
            Json::Object(members) => members.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The first of `keys` that has a value other than null.
    pub fn any(&self, keys: &[&str]) -> Option<&Json<'t>> {
        keys.iter()
            .filter_map(|key| self.get(key))
            .find(|value| **value != Json::Null)
    }

    pub fn str(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            Json::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list, or the value itself as a list of one.
    pub fn each(&self) -> &[Json<'t>] {
        match self {
            Json::List(elements) => elements,
            Json::Null => &[],
            one => std::slice::from_ref(one),
        }
    }

    pub fn members(&self) -> &[(Cow<'t, str>, Json<'t>)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }
}

/// Why a text is no JSON, with the byte where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Truncated(usize),
    Depth(usize),
    Syntax(usize),
}

/// Repairs that reading needed, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    pub control_characters: bool,
    pub escapes: bool,
    pub surrogates: bool,
    pub duplicate_keys: bool,
    pub trailing_comma: bool,
}

impl Mended {
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (self.control_characters, "json:control-characters"),
            (self.escapes, "json:escapes"),
            (self.surrogates, "json:surrogates"),
            (self.duplicate_keys, "json:duplicate-keys"),
            (self.trailing_comma, "json:trailing-comma"),
        ]
        .into_iter()
        .filter(|(mended, _)| *mended)
        .map(|(_, name)| name)
    }
}

/// Reads one document that begins at byte `at`; returns it with the byte after it.
pub fn read(text: &str, at: usize) -> Result<(Json<'_>, usize, Mended), Fault> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at,
        mended: Mended::default(),
    };
    let value = reader.value(0)?;
    Ok((value, reader.at, reader.mended))
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    mended: Mended,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Result<Json<'t>, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Depth(self.at));
        }
        match self.next_byte()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => Ok(Json::Text(self.string()?)),
            b'-' | b'+' | b'.' | b'0'..=b'9' => Ok(self.number()),
            _ => self.word(),
        }
    }

    /// The next byte that is no white space, not consumed.
    fn next_byte(&mut self) -> Result<u8, Fault> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte > b' ' {
                return Ok(byte);
            }
            self.mended.control_characters |= !matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            self.at += 1;
        }
        Err(Fault::Truncated(self.at))
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, Fault> {
        self.at += 1;
        let mut members: Vec<(Cow<'t, str>, Json<'t>)> = Vec::new();
        loop {
            match self.next_byte()? {
                b'}' => {
                    self.mended.trailing_comma |= !members.is_empty();
                    break;
                }
                b'"' => {}
                _ => return Err(Fault::Syntax(self.at)),
            }
            let key = self.string()?;
            if self.next_byte()? != b':' {
                return Err(Fault::Syntax(self.at));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            // beyond a few dozen members nobody looks: a check of all pairs would be quadratic
            self.mended.duplicate_keys |=
                members.len() < 64 && members.iter().any(|(k, _)| *k == key);
            members.push((key, value));
            match self.next_byte()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(Fault::Syntax(self.at)),
            }
        }
        self.at += 1;
        Ok(Json::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Json<'t>, Fault> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            if self.next_byte()? == b']' {
                self.mended.trailing_comma |= !elements.is_empty();
                break;
            }
            elements.push(self.value(depth + 1)?);
            match self.next_byte()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(Fault::Syntax(self.at)),
            }
        }
        self.at += 1;
        Ok(Json::List(elements))
    }

    fn number(&mut self) -> Json<'t> {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        {
            self.at += 1;
        }
        Json::Number(&self.text[start..self.at])
    }

    fn word(&mut self) -> Result<Json<'t>, Fault> {
        for (word, value) in [
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("null", Json::Null),
            ("NaN", Json::Null),
        ] {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
            if rest.len() < word.len() && word.as_bytes().starts_with(rest) {
                return Err(Fault::Truncated(self.bytes.len()));
            }
        }
        Err(Fault::Syntax(self.at))
    }

    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        let start = self.at + 1;
        let end = self.run_end(start)?;
        if self.bytes[end] == b'"' {
            self.at = end + 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        let mut out = String::with_capacity((end - start) * 2);
        let mut from = start;
        let mut stop = end;
        loop {
            out.push_str(&self.text[from..stop]);
            if self.bytes[stop] == b'"' {
                self.at = stop + 1;
                return Ok(Cow::Owned(out));
            }
            from = self.escape(stop + 1, &mut out)?;
            stop = self.run_end(from)?;
        }
    }

    /// The byte of the next quotation mark or backslash; notes control characters before it.
    fn run_end(&mut self, from: usize) -> Result<usize, Fault> {
        let found = memchr2(b'"', b'\\', &self.bytes[from..]);
        let end = from + found.ok_or(Fault::Truncated(self.bytes.len()))?;
        let run = self.bytes[from..end].iter();
        self.mended.control_characters |= run.fold(false, |any, byte| any | (*byte < b' '));
        Ok(end)
    }

    /// Reads the escape whose letter is at `at`; returns the byte after it.
    fn escape(&mut self, at: usize, out: &mut String) -> Result<usize, Fault> {
        let letter = *self.bytes.get(at).ok_or(Fault::Truncated(at))?;
        out.push(match letter {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'"' | b'\\' | b'/' => char::from(letter),
            b'u' => return self.unicode_escape(at + 1, out),
            _ => {
                // the backslash means nothing: what follows is read as it stands
                self.mended.escapes = true;
                return Ok(at);
            }
        });
        Ok(at + 1)
    }

    fn unicode_escape(&mut self, at: usize, out: &mut String) -> Result<usize, Fault> {
        if at + 4 > self.bytes.len() {
            return Err(Fault::Truncated(self.bytes.len()));
        }
        let Some(first) = self.hex4(at) else {
            self.mended.escapes = true;
            out.push('u');
            return Ok(at);
        };
        if let Some(c) = char::from_u32(first) {
            out.push(c);
            return Ok(at + 4);
        }
        if (0xD800..0xDC00).contains(&first) && self.bytes[at + 4..].starts_with(b"\\u") {
            let second = self.hex4(at + 6).filter(|s| (0xDC00..0xE000).contains(s));
            let pair = second.map(|s| 0x10000 + ((first - 0xD800) << 10) + (s - 0xDC00));
            if let Some(c) = pair.and_then(char::from_u32) {
                out.push(c);
                return Ok(at + 10);
            }
        }
        self.mended.surrogates = true;
        out.push(char::REPLACEMENT_CHARACTER);
        Ok(at + 4)
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits.iter().try_fold(0, |value, byte| {
            Some(value * 16 + char::from(*byte).to_digit(16)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<(Json<'_>, Mended), Fault> {
        read(text, 0).map(|(json, _, mended)| (json, mended))
    }

    #[test]
    fn a_vendors_habits_are_read_and_named() {
        for (text, want, repair) in [
            ("\"a\tb\"", "a\tb", "json:control-characters"),
            (r#""a \“b\”""#, "a “b”", "json:escapes"),
            (r#""x \ud83d y""#, "x \u{FFFD} y", "json:surrogates"),
            (r#""\ud83d\u0041""#, "\u{FFFD}A", "json:surrogates"),
            (r#""\uZZZZ""#, "uZZZZ", "json:escapes"),
        ] {
            let (json, mended) = one(text).expect(text);
            assert_eq!(json.str(), Some(want), "{text}");
            assert_eq!(mended.names().collect::<Vec<_>>(), [repair], "{text}");
        }
        let (json, mended) = one(r#""\ud83d\ude00\n\/""#).expect("a pair");
        assert_eq!(
            (json.str(), mended),
            (Some("\u{1F600}\n/"), Mended::default())
        );
    }

    #[test]
    fn a_text_cut_anywhere_is_cut_short_or_nothing_at_all() {
        let text = r#"{"a": [1, true, null, {"b": "c\u00e9\n"}], "d": "e"}"#;
        one(text).expect("whole");
        for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let cut = one(&text[..end]);
            assert!(matches!(cut, Err(Fault::Truncated(_))), "{}", &text[..end]);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for open in ["[", "{\"a\":"] {
            let deep = open.repeat(100_000);
            assert!(matches!(one(&deep), Err(Fault::Depth(_))));
        }
    }

    #[test]
    fn the_last_of_equal_keys_wins() {
        let (json, mended) = one(r#"{"a":1,"a":2}"#).expect("read");
        assert_eq!(json.get("a").and_then(Json::str), Some("2"));
        assert!(mended.duplicate_keys);
    }
}
