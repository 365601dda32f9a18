//! Paragraphs → the parts of a story. Where does the head end, where the tail begin, and what in between is text?

use crate::story::{Caption, Signal};

use super::dateline::{self, Found};
use super::embargo;
use super::furniture;
use super::note::{self, Note};
use super::sign_off::{self, Ended};
use super::signal::{self, Marks};
use super::text::Paragraph;

/// Paragraphs that may stand before the dateline.
const LONGEST_HEAD: usize = 6;
/// A line above the text is no longer than this, in bytes.
const LONGEST_HEADING: usize = 200;

/// Whether the wire sent a headline beside the text; without one the first line may be it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headline<'t> {
    Sent(&'t str),
    Missing,
}

/// The parts of a text, borrowed from its paragraphs.
#[derive(Debug, Default)]
pub struct Parts<'t> {
    pub headline: Option<&'t str>,
    /// Lines between headline and dateline.
    pub subheadlines: Vec<&'t str>,
    pub by: Option<&'t str>,
    /// The keyword line of American wires.
    pub slug: Option<&'t str>,
    pub dateline: Option<Found>,
    pub body: Vec<&'t str>,
    pub captions: Vec<Caption>,
    pub notes: Vec<&'t str>,
    pub embargo: Option<&'t str>,
    pub ended: Ended<'t>,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, perhaps with captions of pictures between them.
    Story,
    /// The caption of a picture or clip itself.
    Caption,
}

/// Cuts a text into its parts; what signals its lines give goes to `marks`.
pub fn parts<'t>(
    paragraphs: impl Iterator<Item = Paragraph<'t>>,
    headline: Headline,
    kind: Kind,
    marks: &mut Marks,
) -> Parts<'t> {
    let mut rest: Vec<Paragraph<'t>> = paragraphs.collect();
    let mut parts = Parts::default();
    // from the end first: what a private note hides must not be read
    let private = (0..rest.len())
        .find(|at| note::begins_private(rest[*at].text, rest.get(at + 1).map(|next| next.text)));
    rest.truncate(private.unwrap_or(rest.len()));
    head(&mut rest, headline, kind, &mut parts, marks);
    let only = rest.first().map(|p| p.text).filter(|_| rest.len() == 1);
    lead(&mut rest, &mut parts, marks);
    if rest.is_empty() && headline == Headline::Missing && parts.headline.is_none() {
        // a text that is nothing but a dateline is its text
        parts.body.extend(only);
        return parts;
    }
    let whole: Vec<&'t str> = rest.iter().map(|p| p.text).collect();
    sort(&whole, kind, &mut parts, marks);
    parts.ended = sign_off::take(&mut parts.body);
    if parts.body.is_empty() && !parts.captions.is_empty() {
        // a text that is nothing but a caption is its text
        parts.captions.clear();
        parts.body = whole
            .into_iter()
            .filter(|p| note::note(p).is_none())
            .collect();
        parts.ended = sign_off::take(&mut parts.body);
    }
    parts
}

/// Notes, captions and text, each to its place.
fn sort<'t>(whole: &[&'t str], kind: Kind, parts: &mut Parts<'t>, marks: &mut Marks) {
    let mut notebook = false;
    for paragraph in whole {
        match note::note(paragraph) {
            Some(Note::Notebook { corrects }) => {
                notebook = true;
                if corrects {
                    marks.add(Signal::Correction);
                }
            }
            Some(Note::Service | Note::Private) => {}
            note if notebook || note == Some(Note::Editors) => {
                let line = paragraph.trim_start_matches(['-', '*', ' ']);
                parts.embargo = parts.embargo.or_else(|| embargo::order(line));
                parts.notes.push(paragraph);
            }
            _ => match furniture::caption(paragraph).filter(|_| kind == Kind::Story) {
                Some(caption) => add_caption(caption, parts),
                None => parts.body.push(paragraph),
            },
        }
    }
}

/// Adds a caption; one that is nothing but a credit is the credit of the caption above it.
fn add_caption(caption: Caption, parts: &mut Parts<'_>) {
    let is_credit = caption.credit.as_deref() == Some(&*caption.text);
    match parts.captions.last_mut() {
        Some(above) if is_credit && above.credit.is_none() => above.credit = caption.credit,
        _ => parts.captions.push(caption),
    }
}

/// Takes service lines, headline and byline off the top, down to the dateline.
fn head<'t>(
    rest: &mut Vec<Paragraph<'t>>,
    headline: Headline,
    kind: Kind,
    parts: &mut Parts<'t>,
    marks: &mut Marks,
) {
    let mut taken = 0;
    while let Some(first) = rest.get(taken).map(|p| p.text) {
        let repeated = rest.len() > 1 && repeats(first, headline);
        let captioned = || {
            (kind == Kind::Story && taken + 1 < rest.len()).then(|| furniture::caption(first))?
        };
        if let Some(caption) = captioned() {
            add_caption(caption, parts);
        } else if !repeated && !service(first, parts, marks) {
            break;
        }
        taken += 1;
    }
    rest.drain(..taken);
    let Some(lines) = heading_lines(rest, headline) else {
        return;
    };
    for line in rest.drain(..lines) {
        let line = line.text;
        if let Some(name) = furniture::byline(line) {
            parts.by.get_or_insert(name);
        } else if let Some(caption) = furniture::caption(line) {
            add_caption(caption, parts);
        } else if service(line, parts, marks) {
        } else if parts.headline.is_none() && headline == Headline::Missing {
            parts.headline = Some(line);
        } else {
            parts.subheadlines.push(line);
        }
    }
}

/// How many lines stand above the text, if it shows where it begins: by its dateline, or by a blank line under
/// a first line that is no sentence.
fn heading_lines(rest: &[Paragraph], headline: Headline) -> Option<usize> {
    for (n, paragraph) in rest.iter().take(LONGEST_HEAD).enumerate() {
        if dateline::read(paragraph.text).is_some() {
            return (n > 0).then_some(n);
        }
        let text = paragraph.text;
        if !is_heading(text) && furniture::caption(text).is_none() && note::note(text).is_none() {
            break;
        }
    }
    let byline = rest
        .first()
        .is_some_and(|p| furniture::byline(p.text).is_some());
    if byline && rest.len() > 1 {
        return Some(1);
    }
    let (first, second) = (rest.first()?, rest.get(1)?);
    let apart = second.after_blank && is_heading(first.text) && first.text.len() <= 140;
    let text_below =
        second.text.len() > first.text.len() || rest.len() > 2 && !is_heading(second.text);
    (headline == Headline::Missing && apart && text_below)
        .then(|| 1 + usize::from(furniture::byline(second.text).is_some()))
}

/// A line that may be a headline, a subheadline or a byline: short, and no sentence.
fn is_heading(line: &str) -> bool {
    line.len() <= LONGEST_HEADING
        && !line
            .trim_end_matches(['"', '”', '»', ' '])
            .ends_with(['.', ':', ';', ',', '。'])
}

/// Lines that serve the desk: rules, notes, embargoes, and version words alone on their line.
fn service<'t>(line: &'t str, parts: &mut Parts<'t>, marks: &mut Marks) -> bool {
    match note::note(line) {
        Some(Note::Editors) => {
            parts.notes.push(line);
            if let Some(order) = embargo::order(line) {
                parts.embargo.get_or_insert(order);
            }
            return true;
        }
        Some(Note::Service | Note::Private) => return true,
        Some(Note::Notebook { .. }) | None => {}
    }
    if line.len() > LONGEST_HEADING {
        return false;
    }
    if signal::is_slug(line) {
        signal::read_codes(line, marks);
        parts
            .slug
            .get_or_insert(line.split(',').next().unwrap_or(line));
        return true;
    }
    if let Some(order) = embargo::order(line) {
        parts.embargo.get_or_insert(order);
        return true;
    }
    let mut alone = Marks::default();
    if !signal::strip(line, &mut alone).is_empty() {
        return false;
    }
    alone
        .signals
        .into_iter()
        .for_each(|signal| marks.add(signal));
    marks.version_text = marks.version_text.take().or(alone.version_text);
    true
}

/// A first line that says what the headline says.
fn repeats(line: &str, headline: Headline) -> bool {
    match headline {
        Headline::Sent(headline) => {
            line.len() <= headline.len() + 8
                && line
                    .trim_end_matches(['=', ' '])
                    .eq_ignore_ascii_case(headline)
        }
        Headline::Missing => false,
    }
}

/// Takes datelines and version words off the first paragraph of the text.
fn lead<'t>(rest: &mut Vec<Paragraph<'t>>, parts: &mut Parts<'t>, marks: &mut Marks) {
    while let Some(first) = rest.first_mut() {
        let before = first.text.len();
        if let Some((found, end)) = dateline::read(first.text) {
            first.text = first.text[end..].trim_start();
            parts.dateline.get_or_insert(found);
        }
        if let Some((name, rest)) = furniture::reporter(first.text) {
            first.text = rest;
            parts.by.get_or_insert(name);
        }
        first.text = signal::strip(first.text, marks);
        if first.text.is_empty() || furniture::is_rule(first.text) {
            rest.remove(0);
        } else if first.text.len() == before {
            break;
        }
    }
}

/// A headline made from the lead: its first sentence, or as many of its words as a headline has room for.
pub fn headline_from(lead: &str) -> String {
    /// Characters of the longest headline.
    const ROOM: usize = 120;
    let lead = lead.split('\n').next().unwrap_or(lead);
    let room = lead
        .char_indices()
        .nth(ROOM)
        .map_or(lead.len(), |(at, _)| at);
    let head = &lead[..room];
    let ends = head.char_indices().filter(|(at, c)| {
        let after = &lead[at + c.len_utf8()..];
        match c {
            '.' | '!' | '?' => {
                after.is_empty()
                    || after.starts_with(' ')
                        && after[1..].starts_with(|n: char| !n.is_lowercase())
                        && *at > 24
            }
            '。' | '！' | '？' => true,
            _ => false,
        }
    });
    if let Some((at, c)) = ends.clone().find(|(at, _)| !abbreviates(&head[..*at])) {
        let end = if c == '.' || c == '。' {
            at
        } else {
            at + c.len_utf8()
        };
        if end > 0 {
            return head[..end].to_owned();
        }
    }
    if room == lead.len() {
        return head.to_owned();
    }
    let cut = head.rfind(' ').filter(|at| *at > room / 2).unwrap_or(room);
    let cut = head[..cut].trim_end_matches([' ', ',', ';', ':', '-', '–', '—']);
    format!("{cut}…")
}

/// Whether the full stop after `text` belongs to a short form: `Gen`, `St`, a single letter.
fn abbreviates(text: &str) -> bool {
    let word = text.rsplit([' ', '.']).next().unwrap_or(text);
    let short = word.chars().count() <= 3 && word.starts_with(char::is_uppercase);
    short && !word.chars().all(|c| c.is_ascii_digit())
}
