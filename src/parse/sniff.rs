//! Bytes or text → format. What does this payload look like?
//!
//! Every detector reads a bounded head of the payload and allocates nothing.

use super::{anpa_1312, iptc_7901, telex, zczc};

/// What kind of binary data these bytes are; `None` for anything that may be text.
pub fn binary(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(usize, &[u8], &str)] = &[
        (0, b"\x89PNG", "a PNG picture"),
        (0, b"\xFF\xD8\xFF", "a JPEG picture"),
        (0, b"GIF8", "a GIF picture"),
        (0, b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
        (0, b"II*\0", "a TIFF picture"),
        (0, b"MM\0*", "a TIFF picture"),
        (0, b"%PDF-", "a PDF document"),
        (0, b"PK\x03\x04", "a zip archive"),
        (0, b"\x1F\x8B", "gzip data"),
        (0, b"\x28\xB5\x2F\xFD", "zstd data"),
        (0, b"BZh9", "bzip2 data"),
        (0, b"7z\xBC\xAF", "a 7z archive"),
        (0, b"\xFD7zXZ", "xz data"),
        (0, b"ID3", "an MP3 file"),
        (0, b"OggS", "an Ogg file"),
        (0, b"fLaC", "a FLAC file"),
        (4, b"ftyp", "an MPEG-4 file"),
        (0, b"\xD0\xCF\x11\xE0", "an Office document"),
        (0, b"\x7FELF", "a program"),
        (0, b"wOF2", "a font"),
    ];
    for (offset, magic, kind) in MAGIC {
        if bytes
            .get(*offset..)
            .is_some_and(|rest| rest.starts_with(magic))
        {
            return Some(kind);
        }
    }
    let head = &bytes[..bytes.len().min(4096)];
    if matches!(head, [0x16, ..] | [0x01, b'a'..=b'z' | b'A'..=b'Z', ..]) {
        return None; // the head of a telex message
    }
    // nearly every text has none: looked for without a way out in between, so many bytes in one step
    if !head.iter().fold(false, |any, b| any | is_control(*b)) {
        return None;
    }
    let control = head.iter().filter(|b| is_control(**b)).count();
    // UTF-16 has a NUL in every other byte and next to nothing else
    let nul = head.iter().filter(|b| **b == 0).count();
    let wide =
        control - nul < head.len() / 50 + 1 && (nul * 10).abs_diff(head.len() * 5) <= head.len();
    let marked = head.starts_with(&[0xFF, 0xFE])
        || head.starts_with(&[0xFE, 0xFF])
        || head.starts_with(&[0, 0, 0xFE, 0xFF]);
    (control * 10 > head.len() && !wide && !marked).then_some("mostly control bytes")
}

/// Control bytes that no text wire sends; the telex controls (SOH STX ETX EOT BEL BS DC1–4 SYN FS–US, DEL) are left out
/// as long as they are few.
fn is_control(byte: u8) -> bool {
    (byte < b' ')
        & (byte != b'\t')
        & (byte != b'\n')
        & (byte != b'\r')
        & (byte != 0x0C)
        & (byte != 0x1B)
}

/// The first `n` bytes of a text, whole characters only.
fn head(text: &str, n: usize) -> &str {
    &text[..text.floor_char_boundary(n)]
}

/// `SYN` first, or `SOH` before a service level, a number and a selector.
pub fn anpa(text: &str) -> bool {
    let start = telex::start(text);
    start.starts_with('\u{16}') || start.strip_prefix('\u{1}').is_some_and(anpa_1312::begins)
}

/// `SOH` before a header or a text, or the header line `abc0003 3 i 380` alone.
pub fn iptc_7901(text: &str) -> bool {
    let start = telex::start(text);
    match start.strip_prefix('\u{1}') {
        Some(rest) => iptc_7901::begins(rest) || head(rest, 1024).contains('\u{2}'),
        None => iptc_7901::begins_bare(start),
    }
}

pub fn zczc(text: &str) -> bool {
    let start = telex::start(text).trim_start();
    zczc::opening(head(start, 200).lines().next().unwrap_or("")).is_some()
}

/// The local name of the root element, where the text is XML.
fn root(text: &str) -> Option<&str> {
    let mut rest = head(text, 8192).trim_start();
    loop {
        rest = rest.strip_prefix('<')?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1.trim_start();
        } else if rest.starts_with(['?', '!']) {
            let end = match rest.find(['[', '>'])? {
                bracket if rest[bracket..].starts_with('[') => {
                    bracket + rest[bracket..].find("]>").or(rest[bracket..].find("] >"))? + 2
                }
                end => end + 1,
            };
            rest = rest[end..].trim_start_matches('>').trim_start();
        } else {
            break;
        }
    }
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
    rest[..end].rsplit(':').next()
}

fn is_root(text: &str, names: &[&str]) -> bool {
    root(text).is_some_and(|root| names.iter().any(|name| root.eq_ignore_ascii_case(name)))
}

pub fn newsml_g2(text: &str) -> bool {
    const ROOTS: &[&str] = &[
        "newsItem",
        "newsMessage",
        "packageItem",
        "conceptItem",
        "knowledgeItem",
        "planningItem",
        "catalogItem",
    ];
    is_root(text, ROOTS)
}

pub fn newsml_1_2(text: &str) -> bool {
    is_root(text, &["NewsML"])
}

pub fn nitf(text: &str) -> bool {
    is_root(text, &["nitf"])
}

pub fn rss(text: &str) -> bool {
    is_root(text, &["rss", "RDF", "channel"])
}

pub fn atom(text: &str) -> bool {
    is_root(text, &["feed", "entry"])
}

/// Any other XML; HTML is a text with markup, not XML.
pub fn xml(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with("<?xml")
        || (start.starts_with('<') && root(text).is_some() && !html(text) && closes(text))
}

/// Whether the text ends as XML does.
fn closes(text: &str) -> bool {
    text.trim_end().ends_with('>')
}

/// A page or a fragment in HTML.
pub fn html(text: &str) -> bool {
    const ELEMENTS: &[&str] = &[
        "html",
        "head",
        "body",
        "p",
        "div",
        "br",
        "h1",
        "h2",
        "h3",
        "ul",
        "ol",
        "table",
        "b",
        "i",
        "em",
        "strong",
        "span",
        "a",
        "article",
        "section",
        "blockquote",
        "figure",
        "img",
        "pre",
    ];
    is_root(text, ELEMENTS)
}

/// Header lines as in a mail, of which two are a mail's own.
pub fn email(text: &str) -> bool {
    const OWN: &[&str] = &[
        "Received",
        "Delivered-To",
        "MIME-Version",
        "Message-ID",
        "Return-Path",
        "Content-Type",
        "From",
        "Subject",
        "Date",
        "To",
    ];
    let mut own = 0;
    for line in head(text.trim_start(), 4096).lines() {
        if line.trim().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            break;
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            break;
        }
        own += usize::from(OWN.iter().any(|o| o.eq_ignore_ascii_case(name)));
    }
    own >= 3
}

/// `{` before a member, or `[` before an element.
pub fn json(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    let Some(open) = start.bytes().next().filter(|b| matches!(b, b'{' | b'[')) else {
        return false;
    };
    let next = start[1..].bytes().find(|b| *b > b' ');
    matches!(
        (open, next),
        (_, None) | (b'{', Some(b'"' | b'}')) | (b'[', Some(b'{' | b'[' | b'"' | b']'))
    )
}
