//! Paragraphs → captions, notes, and the text itself. What travels in a body that is no part of the story?

use crate::story::{Caption, Date, Text};

use super::agency;
use super::calendar::{self, Written};

/// A caption is no longer than this, in bytes.
const LONGEST_CAPTION: usize = 900;
/// A credit is no longer than this, in bytes.
const LONGEST_CREDIT: usize = 90;

/// The caption that `paragraph` is; `None` for a paragraph of the story.
pub fn caption(paragraph: &str) -> Option<Caption> {
    if paragraph.len() > LONGEST_CAPTION {
        return None;
    }
    let archive = [
        "Archivo - ",
        "Archive - ",
        "FOTO DE ARCHIVO",
        "FILE PHOTO: ",
        "File photo: ",
        "ARCHIVO - ",
    ];
    let start = credit_start(paragraph);
    if start.is_none() && !archive.iter().any(|mark| paragraph.starts_with(mark)) {
        return None;
    }
    let (text, credit) = paragraph.split_at(start.unwrap_or(paragraph.len()));
    let credit = credit
        .trim()
        .trim_matches(['(', ')', '[', ']'])
        .trim_end_matches('.')
        .trim();
    let text = Text::new(text).or_else(|| Text::new(credit))?;
    Some(Caption {
        date: date_in(&text),
        text,
        credit: (!credit.is_empty()).then(|| credit.to_owned()),
    })
}

/// A caption that tags told, whatever its words.
pub fn told_caption(text: &str) -> Option<Caption> {
    caption(text).or_else(|| {
        Some(Caption {
            text: Text::new(text)?,
            credit: None,
            date: date_in(text),
        })
    })
}

/// The last date with a year that is written in `text`.
fn date_in(text: &str) -> Option<Date> {
    let mut found = None;
    for word in text.split([' ', '\u{A0}', '(', ')']) {
        let year = word.trim_end_matches([',', '.', ';', ':']);
        if calendar::year(year).is_some() {
            let end = year.as_ptr() as usize - text.as_ptr() as usize + year.len();
            if let Some((Written::Full(date), _)) = calendar::date_at_end(&text[..end]) {
                found = Some(date);
            }
        }
    }
    found
}

/// Where the credit begins that `paragraph` ends with.
fn credit_start(paragraph: &str) -> Option<usize> {
    let from = paragraph.floor_char_boundary(paragraph.len().saturating_sub(LONGEST_CREDIT * 2));
    let tail = &paragraph[from..];
    if !hints_at_credit(tail.as_bytes()) {
        return None;
    }
    bracketed_credit(tail)
        .or_else(|| last_sentence_credit(tail))
        .map(|at| from + at)
}

/// Whether there is any mark of a credit. Nearly no paragraph has one, so first all places are looked at for the
/// beginning of any, without a way out in between: many bytes in one step.
fn hints_at_credit(tail: &[u8]) -> bool {
    let threes = tail
        .iter()
        .zip(tail.iter().skip(1))
        .zip(tail.iter().skip(2));
    let any = threes.fold(0u8, |any, ((a, b), c)| {
        let is = |x: u8, y: u8, z: u8| u8::from(*a == x) & u8::from(*b == y) & u8::from(*c == z);
        let latin = is(b'o', b't', b'o') | is(b'O', b'T', b'O') | is(b'e', b'd', b'i');
        let named = is(b'B', b'i', b'l') | is(b'H', b'a', b'n');
        let beyond = u8::from(*a == 0xC2) & u8::from(*b == 0xA9)
            | u8::from(*a == 0xD0) & u8::from(*b == 0xA4);
        any | latin | named | beyond
    });
    if memchr::memchr(b'/', tail).is_some() || tail.ends_with("©".as_bytes()) {
        return true;
    }
    any != 0 && holds_mark(tail)
}

fn holds_mark(tail: &[u8]) -> bool {
    tail.iter().enumerate().any(|(at, byte)| {
        let marks: &[&[u8]] = match byte {
            b'o' => &[b"oto"],
            b'O' => &[b"OTO"],
            b'r' => &[b"redit"],
            b'B' => &[b"Bild:"],
            b'H' => &[b"Handout"],
            0xC2 => &["©".as_bytes()],
            0xD0 => &["Фото".as_bytes()],
            _ => return false,
        };
        marks.iter().any(|mark| tail[at..].starts_with(mark))
    })
}

/// `(AP Photo/Name)`, `[Photo/Agencies]`, `(Xinhua/Name)`
fn bracketed_credit(tail: &str) -> Option<usize> {
    let end = tail.trim_end_matches(['.', ' ']);
    let open = match end.chars().next_back()? {
        ')' => end.rfind('(')?,
        ']' => end.rfind('[')?,
        _ => return None,
    };
    let inside = &end[open + 1..end.len() - 1];
    const MARKS: &[&str] = &[
        "Photo",
        "photo",
        "PHOTO",
        "Foto",
        "FOTO",
        "Фото",
        "Handout",
        "Picture by",
        "via AP",
        "via REUTERS",
        "Getty",
    ];
    let marked = MARKS.iter().any(|mark| inside.contains(mark)) && inside.contains(['/', ':', ' ']);
    let slashed = inside.split_once('/').is_some_and(|(left, right)| {
        is_photo_agency(left) && is_person(right) || is_person(left) && is_photo_agency(right)
    });
    (inside.len() <= LONGEST_CREDIT
        && (marked && !inside.starts_with(char::is_lowercase) || slashed))
        .then_some(open)
}

/// `… 2021. EPA-EFE FILE/NAME`: a credit in the place of the last sentence, or of the whole paragraph.
fn last_sentence_credit(tail: &str) -> Option<usize> {
    let mut starts = [0usize; 4];
    let mut count = 0;
    for (at, _) in tail.rmatch_indices([' ', '\t']) {
        let before = tail[..at].trim_end_matches(['”', '"', ')', '»']);
        if before.ends_with(['.', '!', '?', ']']) || tail[..at].ends_with(')') {
            starts[count] = at + 1;
            count += 1;
            if count == 3 {
                break;
            }
        }
    }
    // the longest credit first: `FOTO: EFE. EFE/Name`
    if tail.len() <= LONGEST_CREDIT {
        count += 1; // the whole paragraph: starts[count - 1] is 0
    }
    starts[..count]
        .iter()
        .rev()
        .copied()
        .find(|start| is_credit(&tail[*start..]))
}

fn is_credit(sentence: &str) -> bool {
    let sentence = sentence.trim().trim_end_matches('.');
    if sentence.is_empty() || sentence.len() > LONGEST_CREDIT {
        return false;
    }
    const OPENINGS: &[&str] = &[
        "Foto: ",
        "FOTO: ",
        "Fotos: ",
        "Photo: ",
        "PHOTO: ",
        "Photo by ",
        "Photograph: ",
        "Fotografía: ",
        "Crédit photo",
        "Crédito: ",
        "Credit: ",
        "Bild: ",
        "Фото: ",
        "Фото ",
        "Picture: ",
        "Picture by",
        "© ",
        "©",
        "Handout via ",
        "HANDOUT via ",
        "PA Wire/",
        "Imagen: ",
    ];
    if OPENINGS.iter().any(|opening| sentence.starts_with(opening)) {
        return sentence.split(' ').count() <= 10;
    }
    let Some((left, right)) = sentence.split_once('/') else {
        return false;
    };
    let right = right.split('/').next().unwrap_or(right);
    is_photo_agency(left)
        && is_person(right)
        && agency::find(right).is_none()
        && !matches!(right.trim(), "Fim" | "FIM" | "Fin" | "FIN" | "End" | "END")
}

/// `EPA-EFE FILE`, `AP Photo`, `REUTERS`, `EFE`
fn is_photo_agency(text: &str) -> bool {
    const QUALIFIERS: &[&str] = &[
        "FILE", "File", "Photo", "PHOTO", "POOL", "Pool", "ARCHIVO", "Archivo", "via",
    ];
    let mut words = text
        .trim()
        .split([' ', '-'])
        .filter(|word| !word.is_empty());
    let mut any = false;
    let all = words.all(|word| {
        let agency = matches!(
            word,
            "EPA" | "Getty" | "SIPA" | "AFP" | "REUTERS" | "Zuma" | "XinHua"
        ) || agency::find(word)
            .is_some_and(|agency| word == agency.name || word == agency.name.to_uppercase());
        any |= agency;
        agency || QUALIFIERS.contains(&word)
    });
    any && all
}

/// A photographer: up to five words in capitals or with a capital each.
fn is_person(text: &str) -> bool {
    const SMALL: &[&str] = &[
        "de", "del", "la", "van", "von", "der", "di", "da", "dos", "al", "el", "bin", "via", "y",
    ];
    let text = text.trim();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    words.peek().is_some()
        && text.len() <= 50
        && text.split(' ').count() <= 6
        && words.all(|word| {
            SMALL.contains(&word)
                || word
                    .chars()
                    .find(|c| c.is_alphabetic())
                    .is_some_and(|c| !c.is_lowercase())
        })
        && !text.starts_with(char::is_lowercase)
}

/// A line of nothing but marks: `-`, `=====`, `***`, `# # #`.
pub fn is_rule(paragraph: &str) -> bool {
    paragraph.chars().all(|c| {
        matches!(
            c,
            '-' | '–'
                | '—'
                | '='
                | '*'
                | '_'
                | '#'
                | '~'
                | '/'
                | '+'
                | '.'
                | ' '
                | '^'
                | '<'
                | '>'
                | '|'
                | '·'
                | '•'
        )
    })
}

/// `（记者 …）` after a dateline: the name, and the text behind it.
pub fn reporter(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix(['（', '('])?.strip_prefix("记者")?;
    let (name, rest) = inside.split_once(['）', ')'])?;
    (name.len() <= 60).then(|| (name.trim(), rest.trim_start()))
}

/// The name in a line that is nothing but a byline; at most 100 bytes.
pub fn byline(paragraph: &str) -> Option<&str> {
    if paragraph.len() > 100 || paragraph.ends_with('.') {
        return None;
    }
    const OPENINGS: &[&str] = &[
        "By ",
        "BY ",
        "Por ",
        "Par ",
        "Von ",
        "Di ",
        "Door ",
        "por ",
        "بقلم ",
    ];
    let name = OPENINGS
        .iter()
        .find_map(|opening| paragraph.strip_prefix(opening))?
        .trim_end_matches(['=', ' ']);
    let names = name.split([',', '(']).next().unwrap_or(name);
    let capital = |word: &str| {
        matches!(
            word,
            "and" | "y" | "et" | "und" | "e" | "de" | "van" | "von" | "der" | "del" | "la"
        ) || !word.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit())
    };
    (names.split(' ').count() <= 8 && names.split(' ').all(capital)).then_some(name)
}
