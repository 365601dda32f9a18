//! Lines that speak to editors and not to readers → what they are for. Who may read this?
//!
//! A line that says that what follows is private is known in any case, markup and language of a desk: a leak
//! is worse than a lost line.

use crate::story::fold;

use super::furniture::is_rule;
use super::private::{self, LONGEST};

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
    note(paragraph) == Some(Note::Private) || is_broken_private(paragraph, next)
}

/// Whether the line that begins a private part was broken before `next`.
pub fn is_broken_private(paragraph: &str, next: Option<&str>) -> bool {
    let Some(next) = next.filter(|next| paragraph.len() + next.len() < LONGEST) else {
        return false;
    };
    let head = plain(paragraph);
    if head.starts_with("redaktion ") && !paragraph.ends_with('.') {
        return plain(next).starts_with("tel");
    }
    // the line was broken before its last words
    private::points_behind(&head)
        && plain(next).split(' ').count() <= 4
        && private::hides(&plain(&format!("{paragraph} {next}")))
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
    if !headed && !short && !private::may_hide(paragraph) {
        return None;
    }
    let line = plain(paragraph);
    if private::hides(&line) {
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

/// `starts_with` for many marks: most part from the text at the first byte.
fn begins(text: &str, mark: &str) -> bool {
    text.as_bytes().first() == mark.as_bytes().first() && text.starts_with(mark)
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
            "As informações a seguir não são destinadas à publicação",
            "La información que sigue no es para publicar",
            "المعلومات التالية ليست للنشر",
            "المعلومات التالية غير مخصصة للنشر",
            "以下信息不供发表",
            "以下の情報は公開を目的としていません",
            "다음 정보는 보도용이 아닙니다",
            "Aşağıdaki bilgiler yayımlanmak için değildir",
            "Poniższe informacje nie są przeznaczone do publikacji",
            "De volgende informatie is niet bestemd voor publicatie",
            "Følgende oplysninger er ikke beregnet til offentliggørelse",
            "Följande information är inte avsedd för publicering",
            "No publicable",
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
            "No publicar antes de las 20.00 horas",
            "报告说，以下儿童的信息不得公开",
            "قال الوزير إن التقرير غير صالح ولن ينشر قبل الشهر التالي",
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
