//! Paragraphs → the parts of a story. Where does the head end, where the tail begin, and what in between is text?
//!
//! Every slice that is cut off is kept with what it was, so nothing of a text is lost unseen.

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

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Headline,
    Byline,
    Dateline,
    Body,
    Caption,
    /// Agency, initials, end words, marks of takes.
    SignOff,
    /// To editors: notes, orders to hold, service lines.
    Note,
    /// For nobody but the desk, and who reported and edited.
    Contact,
    /// Keyword lines, trailers with the time of sending, numbers.
    Id,
    /// Version words.
    Signal,
    /// Lines of nothing but marks.
    Rule,
}

/// A paragraph that still waits for its place.
#[derive(Clone, Copy, Debug)]
struct Line<'t> {
    text: &'t str,
    after_blank: bool,
    note: Option<Note>,
}

impl<'t> Line<'t> {
    fn of(paragraph: Paragraph<'t>) -> Line<'t> {
        Line {
            text: paragraph.text,
            after_blank: paragraph.after_blank,
            note: note::note(paragraph.text),
        }
    }

    /// The line without what it began with; what it is must be asked again.
    fn shorten(&mut self, rest: &'t str) {
        if rest.len() < self.text.len() {
            self.text = rest;
            self.note = note::note(rest);
        }
    }
}

/// A dateline and the byte after it.
type Placed = (Found, usize);

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
    /// All that is no body, in the order in which it was cut off.
    pub pieces: Pieces<'t>,
}

/// Slices of a text with what they are.
#[derive(Debug, Default)]
pub struct Pieces<'t>(pub Vec<(Part, &'t str)>);

impl<'t> Pieces<'t> {
    pub fn cut(&mut self, part: Part, slice: &'t str) {
        if !slice.is_empty() {
            self.0.push((part, slice));
        }
    }

    /// What `text` begins with, down to its end `rest`.
    fn cut_before(&mut self, part: Part, text: &'t str, rest: &'t str) {
        self.cut(part, &text[..text.len() - rest.len()]);
    }

    /// What was cut from `text` is a part of it after all.
    fn give_back(&mut self, text: &str) {
        let inside = text.as_bytes().as_ptr_range();
        self.0
            .retain(|(_, slice)| !inside.contains(&slice.as_ptr()));
    }
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
    let mut rest: Vec<Line<'t>> = paragraphs.map(Line::of).collect();
    let mut parts = Parts::default();
    // from the end first: what a private note hides must not be read
    if let Some(private) = private_from(&rest) {
        for line in rest.drain(private..) {
            parts.pieces.cut(Part::Contact, line.text);
        }
    }
    let placed = head(&mut rest, headline, kind, &mut parts, marks);
    let only = rest.first().map(|line| line.text);
    let only = only.filter(|_| rest.len() == 1);
    lead(&mut rest, placed, &mut parts, marks);
    if rest.is_empty() && headline == Headline::Missing && parts.headline.is_none() {
        // a text that is nothing but a dateline is its text
        only.inspect(|only| parts.pieces.give_back(only));
        parts.body.extend(only);
        return parts;
    }
    let (pieces, captions) = (parts.pieces.0.len(), parts.captions.len());
    sort(&rest, kind, &mut parts, marks);
    parts.ended = sign_off::take(&mut parts.body, &mut parts.pieces);
    if parts.body.is_empty() && parts.captions.len() > captions {
        // a text that is nothing but a caption is its text
        parts.captions.truncate(captions);
        parts.pieces.0.truncate(pieces);
        for line in rest {
            match line.note {
                None => parts.body.push(line.text),
                Some(_) => parts.pieces.cut(Part::Note, line.text),
            }
        }
        parts.ended = sign_off::take(&mut parts.body, &mut parts.pieces);
    }
    parts
}

/// The first line of what must never be published.
fn private_from(lines: &[Line]) -> Option<usize> {
    (0..lines.len()).find(|at| {
        let next = lines.get(at + 1).map(|next| next.text);
        lines[*at].note == Some(Note::Private) || note::is_broken_private(lines[*at].text, next)
    })
}

/// What a service line is: a rule, or a note.
fn of_service(line: &str) -> Part {
    match furniture::is_rule(line) {
        true => Part::Rule,
        false => Part::Note,
    }
}

/// Notes, captions and text, each to its place.
fn sort<'t>(lines: &[Line<'t>], kind: Kind, parts: &mut Parts<'t>, marks: &mut Marks) {
    let mut notebook = false;
    for line in lines {
        let paragraph = line.text;
        match line.note {
            Some(Note::Notebook { corrects }) => {
                notebook = true;
                if corrects {
                    marks.add(Signal::Correction);
                }
                parts.pieces.cut(Part::Note, paragraph);
            }
            Some(Note::Service | Note::Private) => {
                parts.pieces.cut(of_service(paragraph), paragraph);
            }
            note if notebook || note == Some(Note::Editors) => {
                let line = paragraph.trim_start_matches(['-', '*', ' ']);
                parts.embargo = parts.embargo.or_else(|| embargo::order(line));
                parts.notes.push(paragraph);
                parts.pieces.cut(Part::Note, paragraph);
            }
            _ => match furniture::caption(paragraph).filter(|_| kind == Kind::Story) {
                Some(caption) => {
                    parts.pieces.cut(Part::Caption, paragraph);
                    add_caption(caption, parts);
                }
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

/// Takes service lines, headline and byline off the top, down to the dateline, which is told where it was read.
fn head<'t>(
    rest: &mut Vec<Line<'t>>,
    headline: Headline,
    kind: Kind,
    parts: &mut Parts<'t>,
    marks: &mut Marks,
) -> Option<Placed> {
    let mut taken = 0;
    while let Some(first) = rest.get(taken).copied() {
        let repeated = rest.len() > 1 && repeats(first.text, headline);
        let captioned = || {
            (kind == Kind::Story && taken + 1 < rest.len())
                .then(|| furniture::caption(first.text))?
        };
        if let Some(caption) = captioned() {
            parts.pieces.cut(Part::Caption, first.text);
            add_caption(caption, parts);
        } else if repeated {
            parts.pieces.cut(Part::Headline, first.text);
        } else if !service(first, parts, marks) {
            break;
        }
        taken += 1;
    }
    rest.drain(..taken);
    let (lines, placed) = heading_lines(rest, headline)?;
    for line in rest.drain(..lines) {
        let text = line.text;
        if let Some(name) = furniture::byline(text) {
            parts.pieces.cut(Part::Byline, text);
            parts.by.get_or_insert(name);
        } else if let Some(caption) = furniture::caption(text) {
            parts.pieces.cut(Part::Caption, text);
            add_caption(caption, parts);
        } else if !service(line, parts, marks) {
            parts.pieces.cut(Part::Headline, text);
            if parts.headline.is_none() && headline == Headline::Missing {
                parts.headline = Some(text);
            } else {
                parts.subheadlines.push(text);
            }
        }
    }
    placed
}

/// How many lines stand above the text, if it shows where it begins: by its dateline, or by a blank line under
/// a first line that is no sentence.
fn heading_lines(rest: &[Line], headline: Headline) -> Option<(usize, Option<Placed>)> {
    for (n, line) in rest.iter().take(LONGEST_HEAD).enumerate() {
        if let Some(placed) = dateline::read(line.text) {
            return Some((n, Some(placed)));
        }
        let text = line.text;
        if !is_heading(text) && furniture::caption(text).is_none() && line.note.is_none() {
            break;
        }
    }
    let byline = rest
        .first()
        .is_some_and(|p| furniture::byline(p.text).is_some());
    if byline && rest.len() > 1 {
        return Some((1, None));
    }
    let (first, second) = (rest.first()?, rest.get(1)?);
    let apart = second.after_blank && is_heading(first.text) && first.text.len() <= 140;
    let byline = furniture::byline(second.text).is_some();
    let text_below = second.text.len() > first.text.len()
        || rest.len() > 2 && (byline || !is_heading(second.text));
    (headline == Headline::Missing && apart && text_below).then(|| (1 + usize::from(byline), None))
}

/// A line that may be a headline, a subheadline or a byline: short, and no sentence.
fn is_heading(line: &str) -> bool {
    line.len() <= LONGEST_HEADING
        && !line
            .trim_end_matches(['"', '”', '»', ' '])
            .ends_with(['.', ':', ';', ',', '。'])
}

/// Lines that serve the desk: rules, notes, embargoes, and version words alone on their line.
fn service<'t>(line: Line<'t>, parts: &mut Parts<'t>, marks: &mut Marks) -> bool {
    let (line, note) = (line.text, line.note);
    match note {
        Some(Note::Editors) => {
            parts.notes.push(line);
            parts.pieces.cut(Part::Note, line);
            if let Some(order) = embargo::order(line) {
                parts.embargo.get_or_insert(order);
            }
            return true;
        }
        Some(Note::Service | Note::Private) => {
            parts.pieces.cut(of_service(line), line);
            return true;
        }
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
        parts.pieces.cut(Part::Id, line);
        return true;
    }
    if let Some(order) = embargo::order(line) {
        parts.embargo.get_or_insert(order);
        // an order before a headline leaves the line a headline
        let heads = embargo::before(line).is_some();
        if !heads {
            parts.pieces.cut(Part::Note, line);
        }
        return !heads;
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
    parts.pieces.cut(Part::Signal, line);
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
fn lead<'t>(
    rest: &mut Vec<Line<'t>>,
    mut placed: Option<Placed>,
    parts: &mut Parts<'t>,
    marks: &mut Marks,
) {
    while let Some(first) = rest.first_mut() {
        let text = first.text;
        let mut after = text;
        if let Some((found, end)) = placed.take().or_else(|| dateline::read(text)) {
            after = text[end..].trim_start();
            parts.pieces.cut_before(Part::Dateline, text, after);
            parts.dateline.get_or_insert(found);
        }
        if let Some((name, rest)) = furniture::reporter(after) {
            parts.pieces.cut_before(Part::Byline, after, rest);
            parts.by.get_or_insert(name);
            after = rest;
        }
        let stripped = signal::strip(after, marks);
        parts.pieces.cut_before(Part::Signal, after, stripped);
        first.shorten(stripped);
        if stripped.is_empty() || furniture::is_rule(stripped) {
            parts.pieces.cut(Part::Rule, stripped);
            rest.remove(0);
        } else if stripped.len() == text.len() {
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
