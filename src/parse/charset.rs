//! Bytes → text. Which characters did the sender mean?
//!
//! The ladder: byte order mark; a declared charset that is no superset of ASCII; UTF-16 by its NULs;
//! strict UTF-8; the charset of the header, of an XML declaration, of a mail's header or a page's `meta`, of the feed; Windows-1252 where nothing but the letters and signs of western
//! Europe is there; the browser's detector.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A text with the charset it was read as, and what had to be mended.
pub struct Decoded<'b> {
    pub text: Cow<'b, str>,
    /// WHATWG name, lower case.
    pub charset: &'static str,
    pub repairs: Vec<String>,
}

/// Reads `bytes`; `declared` is the label the sender gave, `feed` the one its operator gave.
pub fn decode<'b>(bytes: &'b [u8], declared: Option<&str>, feed: Option<&str>) -> Decoded<'b> {
    if let Some(decoded) = utf_32(bytes) {
        return decoded;
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return read(&bytes[length..], encoding, Told::BySender);
    }
    let declared = declared.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    if let Some(encoding) = declared.filter(|encoding| !encoding.is_ascii_compatible()) {
        return read(bytes, encoding, Told::BySender);
    }
    // its NULs are UTF-8 as well
    if let Some(encoding) = wide_without_mark(bytes) {
        return read(bytes, encoding, Told::ByBytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            return Decoded {
                text: Cow::Borrowed(text),
                charset: "utf-8",
                repairs: Vec::new(),
            };
        }
        // the wire was cut inside the last character
        Err(error) if error.error_len().is_none() && is_utf8_so_far(bytes, error.valid_up_to()) => {
            return Decoded {
                text: String::from_utf8_lossy(&bytes[..error.valid_up_to()]),
                charset: "utf-8",
                repairs: vec!["charset:truncated".to_owned()],
            };
        }
        Err(_) => {}
    }
    if is_damaged_utf8(bytes) {
        return read(bytes, UTF_8, Told::BySender);
    }
    let feed = feed.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    for encoding in [declared, xml_declaration(bytes), in_head(bytes), feed]
        .into_iter()
        .flatten()
    {
        if encoding != UTF_8 && !encoding.decode_without_bom_handling(bytes).1 {
            return read(bytes, encoding, Told::BySender);
        }
    }
    if is_western(bytes) {
        return read(bytes, WINDOWS_1252, Told::ByBytes);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    read(
        bytes,
        detector.guess(None, Utf8Detection::Deny),
        Told::ByBytes,
    )
}

/// The charset that an XML declaration names, where it can be one that the declaration itself is in.
fn xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(256)];
    let declaration = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = memchr::memmem::find(declaration, b"?>")?;
    let declaration = std::str::from_utf8(&declaration[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let label = value.split(['"', '\'']).nth(1)?;
    let encoding = Encoding::for_label(label.trim().as_bytes())?;
    encoding.is_ascii_compatible().then_some(encoding)
}

/// The charset that a mail names in its headers, or a page in a `meta`.
fn in_head(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(4096)].to_ascii_lowercase();
    let from = ["content-type:", "<meta"]
        .iter()
        .filter_map(|name| memchr::memmem::find(&head, name.as_bytes()))
        .min()?;
    let at = from + memchr::memmem::find(&head[from..], b"charset")?;
    let value = head[at + 7..].trim_ascii_start().strip_prefix(b"=")?;
    let value = value.trim_ascii_start();
    let value = value
        .strip_prefix(b"\"")
        .or(value.strip_prefix(b"'"))
        .unwrap_or(value);
    let end = value
        .iter()
        .position(|b| !matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b':' | b'.'));
    let encoding = Encoding::for_label(&value[..end?])?;
    encoding.is_ascii_compatible().then_some(encoding)
}

/// UTF-32 behind its mark. Browsers do not read it; databases export it.
fn utf_32(bytes: &[u8]) -> Option<Decoded<'_>> {
    let (charset, word): (_, fn([u8; 4]) -> u32) = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => ("utf-32le", u32::from_le_bytes),
        [0, 0, 0xFE, 0xFF, ..] => ("utf-32be", u32::from_be_bytes),
        _ => return None,
    };
    let (words, rest) = bytes[4..].as_chunks::<4>();
    let mut lossy = !rest.is_empty();
    let text = words.iter().map(|bytes| {
        char::from_u32(word(*bytes)).unwrap_or_else(|| {
            lossy = true;
            char::REPLACEMENT_CHARACTER
        })
    });
    Some(Decoded {
        text: Cow::Owned(text.collect()),
        charset,
        repairs: lossy
            .then(|| "charset:lossy".to_owned())
            .into_iter()
            .collect(),
    })
}

/// Who named the charset: a guess is a repair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    BySender,
    ByBytes,
}

fn read<'b>(bytes: &'b [u8], encoding: &'static Encoding, told: Told) -> Decoded<'b> {
    let (text, lossy) = encoding.decode_without_bom_handling(bytes);
    let charset = name(encoding);
    let mut repairs = Vec::new();
    if told == Told::ByBytes {
        repairs.push(format!("charset:{charset}"));
    }
    if lossy {
        repairs.push("charset:lossy".to_owned());
    }
    Decoded {
        text,
        charset,
        repairs,
    }
}

/// Whether the text before a cut holds a character beyond ASCII, or nothing at all speaks against UTF-8.
fn is_utf8_so_far(bytes: &[u8], valid: usize) -> bool {
    bytes.len() - valid < 4 && (!bytes[..valid].is_ascii() || bytes.len() - valid > 1)
}

/// More whole characters of UTF-8 than broken ones.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().as_bytes();
        whole += valid.iter().filter(|b| **b >= 0xC2).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > broken
}

/// UTF-16 without a mark: every other byte of a text in Latin letters is NUL.
fn wide_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(512)];
    let nul = |odd: usize| {
        let half = head.iter().skip(odd).step_by(2);
        half.filter(|b| **b == 0).count() * 10 > head.len() * 4
    };
    match (head.len() >= 4, nul(0), nul(1)) {
        (true, false, true) => Some(UTF_16LE),
        (true, true, false) => Some(UTF_16BE),
        _ => None,
    }
}

/// Few bytes beyond ASCII, and all of them letters and signs of western Europe in Windows-1252.
fn is_western(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    let foreign = |b: u8| {
        matches!(b,
            0x81..=0x84 | 0x86..=0x90 | 0x98 | 0x9A..=0x9F | 0xA2 | 0xA4..=0xA6 | 0xA8 | 0xAC | 0xAF
            | 0xB1..=0xB3 | 0xB5 | 0xB6 | 0xB8 | 0xB9 | 0xBC..=0xBE | 0xD0 | 0xD7 | 0xDD | 0xDE | 0xF0
            | 0xF7 | 0xFD | 0xFE)
            && b != 0x9C
    };
    high * 100 <= bytes.len() * 15 + 200 && !bytes.iter().any(|b| foreign(*b))
}

/// The lower-case WHATWG name, for ever.
fn name(encoding: &'static Encoding) -> &'static str {
    const LOWER: &[&str] = &[
        "utf-8",
        "big5",
        "euc-jp",
        "euc-kr",
        "gbk",
        "gb18030",
        "ibm866",
        "iso-2022-jp",
        "iso-8859-2",
        "iso-8859-3",
        "iso-8859-4",
        "iso-8859-5",
        "iso-8859-6",
        "iso-8859-7",
        "iso-8859-8",
        "iso-8859-8-i",
        "iso-8859-10",
        "iso-8859-13",
        "iso-8859-14",
        "iso-8859-15",
        "iso-8859-16",
        "koi8-r",
        "koi8-u",
        "macintosh",
        "shift_jis",
        "utf-16be",
        "utf-16le",
        "windows-874",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "windows-1257",
        "windows-1258",
        "x-mac-cyrillic",
        "x-user-defined",
        "replacement",
    ];
    LOWER
        .iter()
        .find(|lower| lower.eq_ignore_ascii_case(encoding.name()))
        .copied()
        .unwrap_or("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_of_the_ladder_holds() {
        type Case<'t> = (
            &'t [u8],
            Option<&'t str>,
            Option<&'t str>,
            &'t str,
            &'t str,
            &'t [&'t str],
        );
        let cases: &[Case<'_>] = &[
            (b"plain", None, None, "plain", "utf-8", &[]),
            (b"\xEF\xBB\xBFmark", None, None, "mark", "utf-8", &[]),
            (b"\xFF\xFEa\0b\0", None, None, "ab", "utf-16le", &[]),
            (
                b"\xFF\xFE\0\0a\0\0\0\xE9\0\0\0",
                None,
                None,
                "aé",
                "utf-32le",
                &[],
            ),
            (
                b"\0\0\xFE\xFF\0\0\0a\0\0\xD8\0\0\0",
                None,
                None,
                "a\u{FFFD}",
                "utf-32be",
                &["charset:lossy"],
            ),
            (
                b"From: a@b.example\nContent-Type: text/plain; charset=\"koi8-r\"\n\n\xF0\xCF\xD2\xD4",
                None,
                None,
                "From: a@b.example\nContent-Type: text/plain; charset=\"koi8-r\"\n\nПорт",
                "koi8-r",
                &[],
            ),
            (
                b"<html><head><META charset=windows-1253></head><p>\xEB\xE9\xEC\xDC\xED\xE9",
                None,
                None,
                "<html><head><META charset=windows-1253></head><p>λιμάνι",
                "windows-1253",
                &[],
            ),
            (
                b"n\0o\0 \0b\0o\0m\0\xE9\0",
                None,
                None,
                "no bomé",
                "utf-16le",
                &["charset:utf-16le"],
            ),
            (
                b"w\0i\0d\0e\0",
                None,
                None,
                "wide",
                "utf-16le",
                &["charset:utf-16le"],
            ),
            (
                b"<?xml version='1.0' encoding='euc-kr'?><a>\xB3\xE2</a>",
                None,
                None,
                "<?xml version='1.0' encoding='euc-kr'?><a>\u{B144}</a>",
                "euc-kr",
                &[],
            ),
            (
                "más".as_bytes(),
                Some("iso-8859-1"),
                None,
                "más",
                "utf-8",
                &[],
            ),
            (
                b"m\xE1s",
                Some("iso-8859-1"),
                None,
                "más",
                "windows-1252",
                &[],
            ),
            (
                b"a \x93said\x94 caf\xE9",
                Some("utf-8"),
                None,
                "a “said” café",
                "windows-1252",
                &["charset:windows-1252"],
            ),
            (
                b"\xCC\xEE\xF1\xEA\xE2\xE0",
                None,
                Some("windows-1251"),
                "Москва",
                "windows-1251",
                &[],
            ),
            (
                b"caf\xC3\xA9 caf\xC3",
                None,
                None,
                "café caf",
                "utf-8",
                &["charset:truncated"],
            ),
            (
                b"caf\xC3\xA9 \xC3\xB3 \xFF x",
                None,
                None,
                "café ó \u{FFFD} x",
                "utf-8",
                &["charset:lossy"],
            ),
        ];
        for (bytes, declared, feed, text, charset, repairs) in cases {
            let got = decode(bytes, *declared, *feed);
            assert_eq!((got.text.as_ref(), got.charset), (*text, *charset));
            assert_eq!(got.repairs, *repairs, "{text}");
        }
    }

    #[test]
    fn the_detector_reads_what_no_one_declared() {
        let (bytes, ..) = encoding_rs::WINDOWS_1251
            .encode("Президент подписал указ о назначении нового министра обороны");
        let got = decode(&bytes, None, None);
        assert_eq!(got.charset, "windows-1251");
        assert_eq!(got.repairs, ["charset:windows-1251"]);
    }

    #[test]
    fn every_charset_has_a_name() {
        for label in [
            "latin1", "sjis", "gb2312", "koi8-r", "utf-16be", "866", "cp1250",
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).expect(label);
            assert_eq!(name(encoding), encoding.name().to_ascii_lowercase());
        }
    }
}
