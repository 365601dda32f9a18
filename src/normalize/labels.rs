//! What a wire says about a story → the same, completed by what its text says.

use crate::story::{Concept, Dateline, Dispatch, Labels, Text};

use super::copy::Parts;
use super::signal::Marks;
use super::{agency, flat, note, text};

/// Headlines beside the first: those of metadata, then lines between headline and dateline.
pub fn further_headlines(dispatch: &mut Dispatch, parts: &Parts) -> Vec<(String, Text)> {
    let sent = std::mem::take(&mut dispatch.further_headlines)
        .into_iter()
        .map(|(role, marked)| {
            let role = if role == "main" {
                "alternative".to_owned()
            } else {
                role
            };
            (role, flat(&marked))
        });
    let found = parts
        .subheadlines
        .iter()
        .map(|line| ("subheadline".to_owned(), (*line).to_owned()));
    sent.chain(found)
        .filter_map(|(role, text)| Some((role, Text::new(text)?)))
        .collect()
}

/// The take that a headline or the text tells of.
pub fn take(marks: &mut Marks, parts: &Parts) -> Option<crate::story::Take> {
    if parts.ended.more {
        marks.take.get_or_insert_default().more = true;
    }
    marks.take.take()
}

/// The genre of what others pay an agency to send.
const PRESS_RELEASE: &str = "press-release";

/// Metadata with its white space mended, completed by what the text says.
pub fn complete(mut labels: Labels, parts: &Parts, dateline: Option<&Dateline>) -> Labels {
    labels.ed_note = labels.ed_note.take().and_then(|note| {
        let lines = note::public(&note).lines().map(text::line);
        let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    });
    let singles = [
        &mut labels.title,
        &mut labels.slugline,
        &mut labels.by,
        &mut labels.located,
        &mut labels.usage_terms,
        &mut labels.copyright_holder,
        &mut labels.copyright_notice,
        &mut labels.category,
        &mut labels.priority,
    ];
    for single in singles {
        *single = single
            .take()
            .map(|value| text::line(&value))
            .filter(|value| !value.is_empty());
    }
    labels.keywords.iter_mut().for_each(printable);
    for (_, description) in &mut labels.descriptions {
        description.truncate(note::public(description).len());
        *description = text::line(description);
    }
    labels.descriptions.retain(|(_, text)| !text.is_empty());
    let concepts = [
        &mut labels.info_sources,
        &mut labels.subjects,
        &mut labels.genres,
        &mut labels.people,
        &mut labels.organisations,
        &mut labels.places,
    ];
    for concept in concepts.into_iter().flatten() {
        let names = [&mut concept.name, &mut concept.literal];
        names.into_iter().flatten().for_each(printable);
    }
    let by = parts.by.or(parts.ended.by).map(str::to_owned);
    let own = labels.by.take();
    labels.by = match by {
        Some(by) if own.as_deref().is_none_or(is_anybody) => Some(by),
        _ => own,
    };
    labels.slugline = labels.slugline.take().or(parts.slug.map(str::to_owned));
    let agencies = dateline.map_or(&[][..], |dateline| &dateline.agencies);
    let named = |concept: &Concept| concept.name.as_deref() == Some(PRESS_RELEASE);
    if agencies.iter().any(|name| agency::is_release_service(name))
        && !labels.genres.iter().any(named)
    {
        labels.genres.push(Concept {
            name: Some(PRESS_RELEASE.to_owned()),
            ..Concept::default()
        });
    }
    for note in &parts.notes {
        let ed_note = labels.ed_note.get_or_insert_default();
        if !ed_note.is_empty() {
            ed_note.push('\n');
        }
        ed_note.push_str(note);
    }
    labels
}

/// A byline that names nobody: the one in the text goes before it.
fn is_anybody(by: &str) -> bool {
    const ANYBODY: &[&str] = &["staff", "staff reporter", "staff writer", "staff writers"];
    ANYBODY.iter().any(|word| by.eq_ignore_ascii_case(word))
}

/// Takes control characters out of a value that is not text.
pub fn printable(value: &mut String) {
    if value.contains(char::is_control) {
        *value = text::line(value);
    }
}
