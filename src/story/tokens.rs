//! Text → tokens: the words of a story, folded and hashed once, read by dedup and by tag.
//!
//! A token is a run of letters, digits and marks; an ideograph, kana or a letter of a script that is
//! written without spaces is a token of its own. Letters with dots between them (`U.S.`) are one
//! token, digits with separators inside (`2,129`) as well. Apostrophes and hyphens part tokens and
//! are remembered in the shape. Folding takes case, diacritics, presentation forms and tatweel away,
//! so `Redacción`, `REDACCION` and `redaccion` are one word; the hash is xxh3-64 of the folded
//! bytes, a frozen specification, so imprints may be stored.

use std::ops::Range;
use std::sync::OnceLock;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use xxhash_rust::xxh3::xxh3_64;

use super::Zone;

/// What the folded form no longer shows, and what stood between a token and the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape(u16);

impl Shape {
    /// First letter is upper case.
    pub const CAPITAL: Shape = Shape(1);
    /// All letters are upper case, and there are at least two.
    pub const UPPER: Shape = Shape(1 << 1);
    /// Starts with a digit.
    pub const NUMBER: Shape = Shape(1 << 2);
    /// A single character of a script without spaces.
    pub const IDEOGRAPH: Shape = Shape(1 << 3);
    /// Letters with dots between them.
    pub const ACRONYM: Shape = Shape(1 << 4);
    /// A comma, bracket, quotation mark, colon, dash or line break stands before.
    pub const BREAK: Shape = Shape(1 << 5);
    /// A full stop stands before; it may be that of an abbreviation.
    pub const DOT: Shape = Shape(1 << 6);
    /// Begins a sentence, as far as one can tell.
    pub const SENTENCE: Shape = Shape(1 << 7);
    /// Begins a paragraph.
    pub const PARAGRAPH: Shape = Shape(1 << 8);
    /// Nothing but an apostrophe stands before: a possessive or an elision.
    pub const APOSTROPHE: Shape = Shape(1 << 9);
    /// Nothing but a hyphen stands before.
    pub const HYPHEN: Shape = Shape(1 << 10);
    /// Nothing at all stands before (scripts without spaces).
    pub const GLUED: Shape = Shape(1 << 11);
    /// An opening bracket stands directly before.
    pub const OPENED: Shape = Shape(1 << 12);
    /// Holds a character of a right-to-left script.
    pub const ARABIC: Shape = Shape(1 << 13);

    pub fn has(self, other: Shape) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn with(self, other: Shape) -> Shape {
        Shape(self.0 | other.0)
    }
}

/// One token: 16 bytes, nothing allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// xxh3-64 of the folded bytes.
    pub hash: u64,
    /// Byte offset into the zone's text.
    pub start: u32,
    len: u16,
    pub shape: Shape,
}

impl Token {
    /// Byte offset of the end, exclusive.
    pub fn end(&self) -> u32 {
        self.start + u32::from(self.len)
    }

    /// Byte range in the zone's text.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end() as usize
    }

    pub fn is(&self, shape: Shape) -> bool {
        self.shape.has(shape)
    }
}

/// The tokens of all zones of a story.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    all: Vec<Token>,
    zones: Vec<(Zone, Range<u32>)>,
}

impl Tokens {
    /// Cuts the zones in the order given.
    pub fn of<'t>(zones: impl IntoIterator<Item = (Zone, &'t str)>) -> Tokens {
        let mut tokens = Tokens::default();
        for (zone, text) in zones {
            let first = tokens.all.len() as u32;
            tokens.all.reserve(text.len() / 5);
            tokenize(text, |token| tokens.all.push(token));
            tokens.zones.push((zone, first..tokens.all.len() as u32));
        }
        tokens
    }

    /// The tokens of one zone, in order; empty where the story has none.
    pub fn zone(&self, zone: Zone) -> &[Token] {
        self.zones
            .iter()
            .find(|(z, _)| *z == zone)
            .map_or(&[], |(_, range)| {
                &self.all[range.start as usize..range.end as usize]
            })
    }

    /// Zones with their tokens, in the order in which they were cut.
    pub fn zones(&self) -> impl Iterator<Item = (Zone, &[Token])> {
        self.zones
            .iter()
            .map(|(zone, range)| (*zone, &self.all[range.start as usize..range.end as usize]))
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// Calls `each` for every token of `text`, in order. Text beyond 4 GiB is not read.
pub fn tokenize(text: &str, mut each: impl FnMut(Token)) {
    let bytes = text.as_bytes();
    let mut cutter = Cutter {
        text,
        at: 0,
        gap: 0,
        last: None,
        buffer: String::new(),
    };
    let limit = bytes.len().min(u32::MAX as usize - usize::from(u16::MAX));
    while cutter.at < limit {
        if let Some(token) = cutter.next_token() {
            each(token);
        }
    }
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    /// Where the text between the last token and the next one begins.
    gap: usize,
    /// Shape and bytes of the last token.
    last: Option<(Shape, u16)>,
    buffer: String,
}

/// Words longer than this are read a character at a time.
const LONGEST_ASCII: usize = 64;

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const UPPER: u8 = 4;

/// Classes of ASCII bytes; others have none.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 128 {
        let c = b as u8;
        table[b] = if c.is_ascii_uppercase() {
            LETTER | UPPER
        } else if c.is_ascii_lowercase() {
            LETTER
        } else if c.is_ascii_digit() {
            DIGIT
        } else {
            0
        };
        b += 1;
    }
    table
};

fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// How many small letters of ASCII `bytes` begin with; eight are looked at in one step.
fn small_letters(bytes: &[u8]) -> usize {
    const TOP: u64 = 0x8080_8080_8080_8080;
    let mut count = 0;
    while let Some(eight) = bytes.get(count..).and_then(<[u8]>::first_chunk::<8>) {
        let eight = u64::from_le_bytes(*eight);
        let low = eight & !TOP;
        // the top bit of a byte is set by adding to it: from `a` on, and from behind `z` on
        let (from_a, behind_z) = (low + 0x1F1F_1F1F_1F1F_1F1F, low + 0x0505_0505_0505_0505);
        let others = !(from_a & !behind_z & !eight) & TOP;
        if others != 0 {
            return count + (others.trailing_zeros() / 8) as usize;
        }
        count += 8;
    }
    count
        + bytes[count..]
            .iter()
            .take_while(|b| b.is_ascii_lowercase())
            .count()
}

impl Cutter<'_> {
    /// The next token, or `None` when only a separator was passed.
    #[inline(always)]
    fn next_token(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        let first = bytes[self.at];
        if first < 128 {
            if class(first) == 0 {
                self.at += 1;
                return None;
            }
            return Some(self.lower_word().unwrap_or_else(|| self.ascii_word()));
        }
        let c = self.char_at(self.at)?;
        if is_unspaced(c) {
            return Some(self.ideograph(c));
        }
        if is_word(c) {
            let start = self.at;
            return Some(self.wide_word(start));
        }
        self.at += c.len_utf8();
        None
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    /// Nearly every word: small letters alone, its own folded form.
    #[inline(always)]
    fn lower_word(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        let (start, end) = (self.at, self.at + small_letters(&bytes[self.at..]));
        let parted = bytes
            .get(end)
            .is_none_or(|next| *next < 128 && class(*next) == 0);
        if end == start || end - start >= LONGEST_ASCII || !parted {
            return None;
        }
        self.at = end;
        Some(self.finish(start, xxh3_64(&bytes[start..end]), Shape::default()))
    }

    fn ascii_word(&mut self) -> Token {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let longest = bytes.len().min(start + LONGEST_ASCII);
        let mut at = start;
        while at < longest && class(bytes[at]) != 0 {
            at += 1;
        }
        if at < bytes.len() && (bytes[at] >= 128 || at - start == LONGEST_ASCII) {
            // a mark, a letter beyond ASCII, a very long word, or simply a dash: look closer
            let more = |c| is_word(c) && !is_unspaced(c) || is_combining_mark(c) || is_joiner(c);
            if class(bytes[at]) != 0 || self.char_at(at).is_some_and(more) {
                return self.wide_word(start);
            }
        }
        let word = &bytes[start..at];
        let count = |kind| word.iter().filter(|b| class(**b) & kind != 0).count();
        let (letters, uppers) = (count(LETTER), count(UPPER));
        let single = at - start == 1;
        if single
            && uppers == 1
            && bytes.get(at) == Some(&b'.')
            && let Some(token) = self.acronym(start)
        {
            return token;
        }
        let mut shape = Shape::default();
        if class(bytes[start]) == DIGIT {
            shape = shape.with(Shape::NUMBER);
            if let Some(end) = number_end(bytes, at) {
                self.at = end;
                let hash = xxh3_64(&bytes[start..end]);
                return self.finish(start, hash, shape);
            }
        }
        if class(bytes[start]) & UPPER != 0 {
            shape = shape.with(Shape::CAPITAL);
        }
        if letters >= 2 && uppers == letters {
            shape = shape.with(Shape::UPPER);
        }
        self.at = at;
        let mut folded = [0u8; LONGEST_ASCII];
        let folded = &mut folded[..word.len()];
        folded.copy_from_slice(word);
        folded.make_ascii_lowercase();
        self.finish(start, xxh3_64(folded), shape)
    }

    /// `U.S.`, `U.N`, `D.C.`: letters with dots between them, folded to `us`, `un`, `dc`.
    fn acronym(&mut self, start: usize) -> Option<Token> {
        let bytes = self.text.as_bytes();
        let mut folded = [0u8; 16];
        let (mut at, mut n) = (start, 0);
        while n < folded.len()
            && at < bytes.len()
            && class(bytes[at]) & UPPER != 0
            && !bytes
                .get(at + 1)
                .is_some_and(|b| class(*b) != 0 || *b >= 128)
        {
            folded[n] = bytes[at].to_ascii_lowercase();
            n += 1;
            at += 1;
            if bytes.get(at) != Some(&b'.') {
                break;
            }
            at += 1;
        }
        if n < 2 {
            return None;
        }
        self.at = at;
        let shape = Shape::CAPITAL.with(Shape::UPPER).with(Shape::ACRONYM);
        Some(self.finish(start, xxh3_64(&folded[..n]), shape))
    }

    /// A word with something beyond ASCII in it.
    fn wide_word(&mut self, start: usize) -> Token {
        let mut shape = Shape::default();
        let (mut letters, mut uppers, mut end) = (0u32, 0u32, start);
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        for c in self.text[start..].chars() {
            let inside = is_word(c) || c == TATWEEL || is_combining_mark(c) || is_joiner(c);
            if !inside || is_unspaced(c) || end - start > 1000 {
                break;
            }
            if end == start {
                if c.is_uppercase() {
                    shape = shape.with(Shape::CAPITAL);
                }
                if c.is_numeric() {
                    shape = shape.with(Shape::NUMBER);
                }
            }
            if is_arabic(c) {
                shape = shape.with(Shape::ARABIC);
            }
            letters += u32::from(c.is_alphabetic());
            uppers += u32::from(c.is_uppercase());
            fold_char(c, &mut buffer);
            end += c.len_utf8();
        }
        if letters >= 2 && uppers == letters {
            shape = shape.with(Shape::UPPER);
        }
        let hash = xxh3_64(buffer.as_bytes());
        self.buffer = buffer;
        self.at = end.max(start + 1);
        self.finish(start, hash, shape)
    }

    fn ideograph(&mut self, c: char) -> Token {
        let start = self.at;
        self.at += c.len_utf8();
        while let Some(mark) = self.char_at(self.at).filter(|m| is_combining_mark(*m)) {
            self.at += mark.len_utf8();
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        fold_char(c, &mut buffer);
        let hash = xxh3_64(buffer.as_bytes());
        self.buffer = buffer;
        self.finish(start, hash, Shape::IDEOGRAPH)
    }

    // a token that is built and handed on in memory stalls the store buffer: in registers it costs half
    #[inline(always)]
    fn finish(&mut self, start: usize, hash: u64, shape: Shape) -> Token {
        let one_space = start == self.gap + 1 && self.text.as_bytes()[self.gap] == b' ';
        let shape = match &self.last {
            Some(_) if one_space => shape,
            last => shape.with(gap_shape(&self.text[self.gap..start], *last, shape)),
        };
        let token = Token {
            hash,
            start: start as u32,
            len: u16::try_from(self.at - start).unwrap_or(u16::MAX),
            shape,
        };
        self.gap = self.at;
        self.last = Some((token.shape, token.len));
        token
    }
}

/// Where a number that goes on over a separator ends (`2,129.5`), if it does.
fn number_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let begin = at;
    while at + 1 < bytes.len() && matches!(bytes[at], b'.' | b',') && class(bytes[at + 1]) == DIGIT
    {
        at += 1;
        while at < bytes.len() && class(bytes[at]) == DIGIT {
            at += 1;
        }
    }
    // `5.4bn` stays two tokens: a unit is no figure
    (at > begin).then_some(at)
}

/// What the text between two tokens says about the later one.
fn gap_shape(gap: &str, last: Option<(Shape, u16)>, own: Shape) -> Shape {
    let Some((last, length)) = last else {
        return Shape::SENTENCE.with(Shape::PARAGRAPH).with(Shape::BREAK);
    };
    match gap {
        "" => return Shape::GLUED,
        "'" | "’" | "‘" | "ʼ" | "`" => return Shape::APOSTROPHE,
        "-" | "‐" | "‑" => return Shape::HYPHEN,
        ", " => return Shape::BREAK,
        _ => {}
    }
    let mut shape = Shape::default();
    let mut stop = false;
    for c in gap.chars() {
        match c {
            '.' => shape = shape.with(Shape::DOT),
            '!' | '?' | '。' | '！' | '？' | '؟' | '۔' | '…' => {
                stop = true;
                shape = shape.with(Shape::BREAK);
            }
            '\n' => {
                stop = true;
                shape = shape.with(Shape::BREAK).with(Shape::PARAGRAPH);
            }
            '\'' | '’' | '‘' | '-' | '‐' | '‑' | '\u{AD}' | '\u{200B}'..='\u{200F}' => {}
            '·' | '・' | '&' | '/' => {}
            c if c.is_whitespace() => {}
            _ => shape = shape.with(Shape::BREAK),
        }
    }
    if gap.ends_with(['(', '[', '（']) {
        shape = shape.with(Shape::OPENED);
    }
    // a full stop after a word ends a sentence, unless the word looks like an abbreviation
    let abbreviated = last.has(Shape::ACRONYM) || length <= 2 && last.has(Shape::CAPITAL);
    let may_begin = own.has(Shape::CAPITAL)
        || own.has(Shape::NUMBER)
        || own.has(Shape::ARABIC)
        || own.has(Shape::IDEOGRAPH);
    if stop || shape.has(Shape::DOT) && may_begin && !abbreviated && gap.len() > 1 {
        shape = shape.with(Shape::SENTENCE);
    }
    shape
}

const TATWEEL: char = '\u{640}';

fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, 'ª' | 'º' | '²' | '³' | '¹')
}

/// Characters inside a word that are no letters: zero-width joiners, soft hyphen, marks of direction.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200C}' | '\u{200D}' | '\u{2060}')
}

fn is_arabic(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Scripts written without spaces: a token a character.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}'   // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Myanmar
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FA}' // kana, without the middle dot
        | '\u{30FC}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
        && (c.is_alphanumeric() || c == 'ー')
}

/// Appends the folded form of `text`: the form that tokens are hashed from, separators kept.
pub fn fold(text: &str, out: &mut String) {
    for c in text.chars() {
        fold_char(c, out);
    }
}

fn fold_char(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    match FOLDED.get_or_init(folded_table).get(c as usize - 0x80) {
        Some(Some(one)) => out.push(*one),
        _ => fold_any(c, &mut |folded| out.push(folded)),
    }
}

/// The folded form of U+0080..U+0700 where it is one character: nearly all letters of news.
static FOLDED: OnceLock<Vec<Option<char>>> = OnceLock::new();

fn folded_table() -> Vec<Option<char>> {
    (0x80..0x700)
        .map(|code| {
            let mut folded = String::new();
            fold_any(char::from_u32(code)?, &mut |c| folded.push(c));
            let mut chars = folded.chars();
            chars.next().filter(|_| chars.next().is_none())
        })
        .collect()
}

/// Folds any character: lower case, compatibility forms, no marks, one spelling of a letter.
fn fold_any(c: char, push: &mut impl FnMut(char)) {
    if matches!(c, '\u{3040}'..='\u{30FF}' | '\u{AC00}'..='\u{D7A3}') {
        return push(c); // the marks of kana are letters, and a Hangul syllable is one
    }
    decompose_compatible(c, |part| {
        if is_combining_mark(part) || is_joiner(part) || part == TATWEEL {
            return;
        }
        for lower in part.to_lowercase().filter(|l| !is_combining_mark(*l)) {
            match one_spelling(lower) {
                Some(spelling) => spelling.chars().for_each(&mut *push),
                None => push(lower),
            }
        }
    });
}

/// Letters that Unicode does not decompose, and letters of one script with several code points.
fn one_spelling(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŧ' => "t",
        'þ' => "th",
        'ς' => "σ",
        'ى' | 'ی' => "ي",
        'ة' => "ه",
        'ک' => "ك",
        'ٱ' => "ا",
        '٠' | '۰' => "0",
        '١' | '۱' => "1",
        '٢' | '۲' => "2",
        '٣' | '۳' => "3",
        '٤' | '۴' => "4",
        '٥' | '۵' => "5",
        '٦' | '۶' => "6",
        '٧' | '۷' => "7",
        '٨' | '۸' => "8",
        '٩' | '۹' => "9",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        tokenize(text, |t| out.push(&text[t.range()]));
        out
    }

    fn hash_of(word: &str) -> u64 {
        let mut out = Vec::new();
        tokenize(word, |t| out.push(t.hash));
        assert_eq!(out.len(), 1, "{word}");
        out[0]
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash_of("news"), 0xcea6_a9c0_8ead_0124);
        assert_eq!(hash_of("NEWS"), hash_of("news"));
    }

    #[test]
    fn words_are_cut_where_an_editor_would() {
        let cases: &[(&str, &[&str])] = &[
            (
                "China’s foreign ministry",
                &["China", "s", "foreign", "ministry"],
            ),
            ("the U.S. Army", &["the", "U.S.", "Army"]),
            ("in the U.N.", &["in", "the", "U.N."]),
            (
                "2,129 kilometers, 5.4 pct",
                &["2,129", "kilometers", "5.4", "pct"],
            ),
            ("Nov. 3-5.", &["Nov", "3", "5"]),
            ("Ta’ang", &["Ta", "ang"]),
            (
                "新华社北京11月6日电",
                &["新", "华", "社", "北", "京", "11", "月", "6", "日", "电"],
            ),
            ("Tegucigalpa—São Tomé", &["Tegucigalpa", "São", "Tomé"]),
            ("a. b", &["a", "b"]),
            ("", &[]),
        ];
        for (text, want) in cases {
            assert_eq!(words(text), *want, "{text}");
        }
    }

    #[test]
    fn one_word_has_one_key() {
        for (a, b) in [
            ("Redacción", "REDACCION"),
            ("Straße", "strasse"),
            ("İstanbul", "istanbul"),
            ("U.S.", "US"),
            ("إسرائيل", "اسرائيل"),
            ("محـــمد", "محمد"),
            ("Łódź", "lodz"),
            ("Москва", "МОСКВА"),
            ("٢٠٢٣", "2023"),
            ("ＡＢＣ", "abc"),
            ("co\u{AD}operate", "cooperate"),
            ("re\u{301}sume\u{301}", "résumé"),
        ] {
            assert_eq!(hash_of(a), hash_of(b), "{a} {b}");
        }
    }

    #[test]
    fn every_token_is_a_slice_of_its_text() {
        let long = "x".repeat(200_000);
        for text in [
            "é",
            "\u{301}",
            "a\u{301}b",
            "٪",
            "日本語ー",
            long.as_str(),
            "ก็",
            "🇪🇸 España",
        ] {
            let mut last = 0;
            tokenize(text, |t| {
                assert!(t.start >= last && t.end() > t.start, "{text:.20}");
                assert!(text.get(t.range()).is_some(), "{text:.20}");
                last = t.end();
            });
        }
    }

    #[test]
    fn gaps_are_remembered_in_the_shape() {
        let text = "China’s army (PLA) moved. Troops, too.\nNext";
        let mut shapes = Vec::new();
        tokenize(text, |t| shapes.push((&text[t.range()], t.shape)));
        let of = |word: &str| shapes.iter().find(|(w, _)| *w == word).expect(word).1;
        assert!(of("s").has(Shape::APOSTROPHE));
        assert!(of("PLA").has(Shape::OPENED) && of("PLA").has(Shape::UPPER));
        assert!(of("Troops").has(Shape::SENTENCE) && !of("Troops").has(Shape::PARAGRAPH));
        assert!(of("too").has(Shape::BREAK) && !of("too").has(Shape::SENTENCE));
        assert!(of("Next").has(Shape::PARAGRAPH));
    }
}
