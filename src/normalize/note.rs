//! Lines that speak to editors and not to readers → what they are for. Who may read this?
//!
//! A line that says that what follows is private is known in any case, markup and language of a desk: a leak
//! is worse than a lost line.

use crate::story::fold;

use super::furniture::is_rule;

/// What a line that is no text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// To the editors who take the story.
    Editors,
    /// The head of a list of notes to editors, and whether it tells of a correction.
    Notebook { corrects: bool },
    /// Service marks (picture numbers) and rules: nobody reads them.
    Service,
    /// Everything from here on must never be published.
    Private,
}

/// A line longer than this, in bytes, is text.
const LONGEST: usize = 220;

/// The kind of note that `paragraph` is; `None` for text.
pub fn note(paragraph: &str) -> Option<Note> {
    let first = paragraph.chars().next()?;
    if !first.is_alphanumeric() && is_rule(paragraph) {
        return Some(Note::Service);
    }
    if paragraph.len() <= LONGEST
        && let Some(note) = marked(paragraph)
    {
        return Some(note);
    }
    // all notes begin with one of few letters: most paragraphs end here
    if !matches!(
        first,
        '(' | 'E' | 'N' | 'A' | 'T' | 'D' | 'P' | 'H' | '-' | '*' | 'L'
    ) {
        return None;
    }
    const EDITORS: &[&str] = &[
        "Eds:",
        "(Eds:",
        "EDS:",
        "(EDS:",
        "Eds.:",
        "EDITOR'S NOTE",
        "EDITORS' NOTE",
        "EDITOR’S NOTE",
        "EDITORS’ NOTE",
        "EDITORS:",
        "Editors:",
        "EDITORS NOTE",
        "NOTE TO EDITORS",
        "Note to editors",
        "Note to Editors",
        "ATTENTION EDITORS",
        "ATTN EDITORS",
        "NOTA:",
        "(NOTA:",
        "NOTA A LOS",
        "Nota a los editores",
        "NOTA DEL EDITOR",
        "NOTA DE LA REDACCIÓN",
        "NOTE AUX",
        "NOTE À",
        "Achtung Redaktionen",
        "ACHTUNG REDAKTIONEN",
        "Hinweis an die Redaktionen",
        "(Editors:",
        "(EDITORS:",
        "NOTA AOS",
        "NOTA À REDAÇÃO",
    ];
    if paragraph.len() < 1000 && EDITORS.iter().any(|mark| begins(paragraph, mark)) {
        return Some(Note::Editors);
    }
    let numbers = [
        "AP Photo ",
        "AP Photos ",
        "With AP Photo",
        "AP Graphic",
        "AP Video",
    ];
    let service = paragraph.len() < 200
        && numbers.iter().any(|mark| paragraph.starts_with(mark))
        && !paragraph.ends_with('.');
    (service || is_media_marks(paragraph)).then_some(Note::Service)
}

/// `(foto) (vídeo)`: what else the agency has, in brackets one after the other.
pub fn is_media_marks(line: &str) -> bool {
    const MEDIA: &[&str] = &[
        "foto",
        "fotos",
        "vídeo",
        "vídeos",
        "video",
        "videos",
        "audio",
        "áudio",
        "infografía",
        "infografia",
        "gráfico",
        "photo",
        "photos",
        "archivo",
        "directo",
        "foto y vídeo",
        "fotografía",
    ];
    let mut rest = line;
    let mut any = false;
    while let Some(inside) = rest.strip_prefix('(') {
        let Some((mark, after)) = inside.split_once(')') else {
            return false;
        };
        if mark.len() > 24 || !MEDIA.contains(&mark.trim().to_lowercase().as_str()) {
            return false;
        }
        any = true;
        rest = after.trim_start();
    }
    any && rest.is_empty()
}

/// Whether a private part begins with `paragraph`, whose line may have been broken before `next`.
pub fn begins_private(paragraph: &str, next: Option<&str>) -> bool {
    if note(paragraph) == Some(Note::Private) {
        return true;
    }
    let Some(next) = next.filter(|next| paragraph.len() + next.len() < LONGEST) else {
        return false;
    };
    let head = plain(paragraph);
    if head.starts_with("redaktion ") && !paragraph.ends_with('.') {
        return plain(next).starts_with("tel");
    }
    // the line was broken before its last words
    FOLLOWING.iter().any(|word| head.contains(word))
        && plain(next).split(' ').count() <= 4
        && is_private(&plain(&format!("{paragraph} {next}")))
}

/// The part of a text in lines that may be published.
pub fn public(text: &str) -> &str {
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        if begins_private(line.trim(), lines.peek().map(|next| next.trim())) {
            let at = line.as_ptr() as usize - text.as_ptr() as usize;
            return text[..at].trim_end_matches(['*', ' ', '\n', '\r', '-', '_']);
        }
    }
    text
}

/// A line without marks around it, in lower case, accents folded.
fn plain(line: &str) -> String {
    let marks = [
        '#', '*', '_', '-', '=', '>', '~', '+', '|', '.', ':', '[', ']', '(', ')', '!', ' ',
        '\u{A0}', '\t',
    ];
    let mut out = String::with_capacity(line.len());
    fold(line.trim_matches(marks), &mut out);
    out
}

/// Notes that are known by their whole line, whatever marks stand around it.
fn marked(paragraph: &str) -> Option<Note> {
    // prose ends here: a short line without a mark before it that speaks of no publication
    let headed = paragraph.starts_with(['#', '*', '_', '-', '=', '>']);
    let short = paragraph.len() <= 40;
    if !headed && !short && !speaks_of_publication(paragraph) {
        return None;
    }
    let line = plain(paragraph);
    if is_private(&line) {
        return Some(Note::Private);
    }
    let contacts = [
        "editorial contacts",
        "dpa-kontakte",
        "dpa contacts",
        "dpa-contacts",
        "kontakte der redaktion",
        "kontakt zur redaktion",
        "contactos de la redaccion",
    ];
    let hashed = paragraph.starts_with('#');
    let private = [
        "kontakte",
        "contacts",
        "ansprechpartner",
        "redaktion",
        "contactos",
    ];
    if contacts.contains(&line.as_str()) || hashed && private.contains(&line.as_str()) {
        return Some(Note::Private);
    }
    let notebook = [
        "notebook",
        "notizblock",
        "dpa-notizblock",
        "dpa notebook",
        "redaktionelle hinweise",
        "note to editors",
        "notes to editors",
    ];
    let hashed_notebook = [
        "internet links",
        "internet",
        "links",
        "orte",
        "service",
        "hinweise",
        "places",
    ];
    let corrects = hashed
        && ["berichtigung", "korrektur", "correction", "corrections"].contains(&line.as_str());
    (corrects
        || notebook.contains(&line.as_str()) && (hashed || !paragraph.ends_with(':'))
        || hashed && hashed_notebook.contains(&line.as_str()))
    .then_some(Note::Notebook { corrects })
}

/// Whether the stem of a word for publication may be in a line: nearly no line has one.
fn speaks_of_publication(text: &str) -> bool {
    let stem = |three: &[u8]| {
        matches!(
            [three[0] | 0x20, three[1] | 0x20, three[2] | 0x20],
            [b'u', b'b', b'l' | b'b'] | [b'f', b'e', b'n']
        )
    };
    text.as_bytes().windows(3).any(stem)
        || !text.is_ascii() && ["убл", "УБЛ", "نشر"].iter().any(|stem| text.contains(stem))
}

/// `starts_with` for many marks: most part from the text at the first byte.
fn begins(text: &str, mark: &str) -> bool {
    text.as_bytes().first() == mark.as_bytes().first() && text.starts_with(mark)
}

/// Words that point at what comes behind the line, folded.
const FOLLOWING: &[&str] = &[
    "following",
    "folgende",
    "siguiente",
    "suivant",
    "seguent",
    "seguint",
    "следующ",
    "нижеследующ",
    "التالية",
    "volgende",
    "below",
];

/// `The following information is not (intended) for publication`, folded, in the languages of desks.
fn is_private(line: &str) -> bool {
    const PURPOSE: &[&str] = &[
        "for publication",
        "to be published",
        "veroffentlichung",
        "veroeffentlichung",
        "veroffentlicht werden",
        "la publicacion",
        "para publicacion",
        "su publicacion",
        "publicarse",
        "ser publicad",
        "publicar",
        "a publicacao",
        "para publicacao",
        "la publication",
        "pour publication",
        "etre publie",
        "pubblicazione",
        "публикации",
        "للنشر",
        "voor publicatie",
    ];
    const NOT: &[&str] = &[
        "not",
        "nicht",
        "no",
        "pas",
        "non",
        "nao",
        "не",
        "ليست",
        "غير",
        "niet",
        "never",
        "keinesfalls",
    ];
    if line.len() > LONGEST || !PURPOSE.iter().any(|purpose| line.contains(purpose)) {
        return false;
    }
    let mut words = line.split([' ', ',']);
    if line.contains(" before ") || line.contains(" until ") || line.contains(" vor ") {
        return false; // an order to hold the story
    }
    let opens = [
        "not for publication",
        "not intended for publication",
        "nicht zur ver",
        "nicht fur die ver",
        "nicht fuer die ver",
        "keine ver",
        "no publicar",
        "no destinad",
        "ne pas publier",
        "non destin",
        "nao publicar",
        "не для публикации",
        "غير مخصص",
    ];
    words.any(|word| NOT.contains(&word)) && FOLLOWING.iter().any(|word| line.contains(word))
        || opens.iter().any(|open| line.starts_with(open)) && line.len() <= 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_private_line_is_private_in_any_case_and_markup() {
        for line in [
            "The following information is not for publication",
            "# The following information is not intended for publication",
            "**The following information is not intended for publication**",
            "_The following information is not intended for publication._",
            "DIE FOLGENDEN INFORMATIONEN SIND NICHT ZUR VERÖFFENTLICHUNG BESTIMMT",
            "Die nachfolgenden Informationen sind nicht zur Veroeffentlichung bestimmt:",
            "Die Folgenden Informationen sind nicht fuer die Veröffentlichung bestimmt",
            "Nicht zur Veröffentlichung:",
            "La siguiente información no está destinada a la publicación",
            "Les informations suivantes ne sont pas destinées à la publication",
            "As informações seguintes não são para publicação",
            "Le seguenti informazioni non sono destinate alla pubblicazione",
            "Следующая информация не предназначена для публикации",
            "## Editorial contacts",
            "## dpa-Kontakte",
        ] {
            assert_eq!(note(line), Some(Note::Private), "{line}");
        }
        assert!(begins_private(
            "Die folgenden Informationen sind nicht zur",
            Some("Veröffentlichung bestimmt")
        ));
        assert!(begins_private(
            "Redaktion Wissen",
            Some("Tel.: 030 1 E-Mail: a@b.example")
        ));
        assert_eq!(
            public("A note.\n* * * *\nThe following information is not for publication\nx"),
            "A note."
        );
    }

    #[test]
    fn news_of_publications_stay_news() {
        for line in [
            "The ministry did not say when the report is to be published.",
            "Die Veröffentlichung der Zahlen verzögert sich, sagte eine Sprecherin.",
            "El informe no fue publicado.",
            "Not for publication before 0001 GMT",
            "Redaktion",
            "Contacts",
            "Internet",
        ] {
            assert_ne!(note(line), Some(Note::Private), "{line}");
        }
        assert!(!begins_private(
            "The minister spoke on the following day.",
            Some("He did not publish it.")
        ));
    }

    #[test]
    fn notebooks_and_marks_are_told_from_text() {
        for (line, want) in [
            ("# dpa-Notizblock", Some(Note::Notebook { corrects: false })),
            (
                "## Note to editors",
                Some(Note::Notebook { corrects: false }),
            ),
            ("## Berichtigung", Some(Note::Notebook { corrects: true })),
            ("(foto) (vídeo)", Some(Note::Service)),
            ("NOTA: amplía con reacciones", Some(Note::Editors)),
            ("* * * *", Some(Note::Service)),
            ("(Foto) del puerto", None),
            ("Notebook makers rise", None),
        ] {
            assert_eq!(note(line), want, "{line}");
        }
    }
}
