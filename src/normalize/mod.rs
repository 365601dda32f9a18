//! Dispatch → Story. The same words, with promises.
//!
//! Every text is free of invisible characters and in NFC; the body is paragraphs joined by one line
//! feed, without dateline, captions, notes and sign-off; dates are instants or absent.

mod account;
mod agency;
mod calendar;
mod copy;
mod dateline;
mod embargo;
mod furniture;
mod home;
mod identity;
mod labels;
mod language;
mod markup;
mod mojibake;
mod note;
mod place;
mod private;
mod sign_off;
mod signal;
mod text;
mod time;
mod times;
mod version_word;
mod zone;

use jiff::tz::{Offset, TimeZone};

use crate::story::{
    Dateline, Dispatch, FeedProfile, Fingerprint, Format, HeadlineRole, ItemKind, Marked,
    PubStatus, RawMessage, Reason, SignOff, Signal, Source, Story, Text, Timestamp, Tokens, Zone,
};

pub use account::{Account, of as account};
pub use copy::Part;

use copy::Headline;
use signal::Marks;
use text::Paragraphs;
use times::{Hold, Times, clocks, hold};

/// Why a dispatch is no story.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub reason: Reason,
    /// One sentence for a person: what, where, what to do.
    pub message: String,
}

/// What the wire of an agency takes for granted, by the agency's subject token.
pub fn profile(agency: &str) -> Option<&'static FeedProfile> {
    home::profile(agency)
}

/// An instant in one of the spellings that wires use; UTC where no zone is given.
pub fn instant(text: &str) -> Option<Timestamp> {
    time::parse(text.trim(), &TimeZone::UTC)
}

/// The story that a dispatch of `message` tells. `raw` is the fingerprint of the whole payload.
pub fn story(
    mut dispatch: Dispatch,
    message: &RawMessage,
    raw: &Fingerprint,
    profile: &FeedProfile,
) -> Result<Story, Error> {
    let told = dispatch.agency.as_deref().map(agency::display);
    let home = told.as_deref().and_then(home::of).map(|home| home.zone);
    let zone = time::zone(profile.zone.as_deref().or(home));
    let mut repairs = std::mem::take(&mut dispatch.repairs);
    let mut marks = codes(&dispatch);
    read_status(&dispatch, &mut marks);
    let sent = headline(&mut dispatch, &mut marks, &mut repairs);
    let (paragraphs, mut captions) = paragraphs(&mut dispatch, &mut repairs);
    let given = sent.as_deref().map_or(Headline::Missing, Headline::Sent);
    let mut parts = copy::parts(paragraphs.iter(), given, kind(dispatch.kind), &mut marks);
    captions.append(&mut parts.captions);

    let times = Times::of(&dispatch, &parts, &zone, message.received, &mut repairs);
    let found = parts
        .dateline
        .take()
        .or_else(|| dateline::from_metadata(dispatch.dateline.as_deref()?));
    let dateline =
        found.map(|found| found.resolve(Offset::UTC.to_datetime(times.reference).date()));
    let body = Text::new(parts.body.join("\n"));
    let (headline, headline_role) = match (sent, parts.headline) {
        (Some(headline), _) => (Text::new(headline), HeadlineRole::Main),
        (None, Some(line)) => (
            Text::new(mended_headline(line, &mut marks)),
            HeadlineRole::Main,
        ),
        (None, None) => (
            body.as_deref().map(copy::headline_from).and_then(Text::new),
            HeadlineRole::Generated,
        ),
    };
    let silent = headline.is_none() && body.is_none();
    if silent && !stands_without_words(&dispatch) && !marks.signals.contains(&Signal::Kill) {
        return Err(empty(&dispatch));
    }
    let agency = source_agency(
        &dispatch,
        message,
        profile,
        &dateline,
        &parts.ended.sign_off,
    );
    let hold = hold(
        &dispatch,
        &parts,
        headline.as_deref(),
        || {
            clocks(
                profile.zone.as_deref(),
                dateline.as_ref(),
                agency.as_deref(),
            )
        },
        message.received,
        &mut marks,
        &mut repairs,
    );
    let status = status(&dispatch, hold, &marks);
    sign(&mut parts.ended.sign_off, agency.as_deref());
    let source = Source {
        agency,
        feed: message.subject.feed().map(str::to_owned),
        format: dispatch.format,
        charset: dispatch.charset,
    };
    let identity = identity::of(
        dispatch.guid.take(),
        &source.agency_slug(),
        &message.origin,
        raw,
        dispatch.item,
    );
    let mut alt_ids = std::mem::take(&mut dispatch.alt_ids);
    alt_ids.extend(identity.guid.map(|guid| ("guid".to_owned(), guid)));
    alt_ids.iter_mut().for_each(|(_, id)| labels::printable(id));
    dispatch.version.iter_mut().for_each(labels::printable);
    let tokens = tokens(&headline, headline_role, &dateline, &body, &captions);
    let language = language_of(
        &dispatch,
        &source,
        profile,
        &tokens,
        body.as_deref().or(headline.as_deref()),
        &mut repairs,
    );
    let urgency = urgency(&dispatch, profile, &marks, &mut repairs);
    let further_headlines = labels::further_headlines(&mut dispatch, &parts);
    let take = labels::take(&mut marks, &parts);
    let description = dispatch
        .description
        .take()
        .and_then(|marked| Text::new(flat(&marked)));
    let labels = labels::complete(
        std::mem::take(&mut dispatch.labels),
        &parts,
        dateline.as_ref(),
    );
    Ok(Story {
        origin: message.origin.clone(),
        item: dispatch.item,
        received: message.received,
        source,
        raw: raw.clone(),
        trace_parent: message.trace_parent().map(str::to_owned),
        uri: identity.uri,
        identified: identity.identified,
        version: dispatch.version.take(),
        alt_ids,
        kind: dispatch.kind,
        status,
        first_created: times.first_created,
        version_created: times.version_created,
        embargoed_until: hold.until,
        urgency,
        language,
        headline,
        headline_role,
        further_headlines,
        body,
        description,
        dateline,
        captions,
        sign_off: parts.ended.sign_off.take(),
        signals: marks.signals,
        version_text: marks.version_text,
        take,
        labels,
        repairs,
        tokens,
    })
}

/// Initials without an agency are those of the story's own; `bur` and `str` stand for a bureau and a stringer.
fn sign(sign_off: &mut Option<SignOff>, agency: Option<&str>) {
    let known = agency.and_then(agency::find);
    let Some((sign_off, known)) = sign_off.as_mut().zip(known) else {
        return;
    };
    let own = sign_off.agency.get_or_insert_with(|| known.name.to_owned());
    if own == "AFP" {
        sign_off
            .initials
            .retain(|mark| !matches!(mark.as_str(), "bur" | "str"));
    }
}

fn kind(kind: ItemKind) -> copy::Kind {
    match kind {
        ItemKind::Picture | ItemKind::Graphic | ItemKind::Audio | ItemKind::Video => {
            copy::Kind::Caption
        }
        _ => copy::Kind::Story,
    }
}

/// An item that names itself is one, though it has no words: a picture, a clip, a change of status. An
/// entry of a feed is a story, whatever it holds.
fn stands_without_words(dispatch: &Dispatch) -> bool {
    let named = dispatch.guid.as_deref();
    named.is_some_and(|guid| !guid.trim().is_empty())
        || matches!(
            dispatch.format,
            Format::Rss | Format::Atom | Format::JsonFeed
        )
}

fn empty(dispatch: &Dispatch) -> Error {
    Error {
        reason: Reason::Empty,
        message: format!(
            "item {} ({}) has neither headline nor body: look at what the feed sends",
            dispatch.item,
            dispatch.format.name()
        ),
    }
}

/// Signals that metadata gives.
fn codes(dispatch: &Dispatch) -> Marks {
    let mut marks = Marks::default();
    for text in [&dispatch.version_text, &dispatch.labels.slugline]
        .into_iter()
        .flatten()
    {
        signal::read_codes(text, &mut marks);
    }
    if let Some(text) = dispatch
        .version_text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        for line in text.lines() {
            signal::strip(line, &mut marks);
        }
        marks.version_text = Some(text::line(text));
    }
    marks
}

/// The agency's own headline, or the title where the item has nothing else to head it.
fn headline(
    dispatch: &mut Dispatch,
    marks: &mut Marks,
    repairs: &mut Vec<String>,
) -> Option<String> {
    let mut marked = dispatch.headline.take();
    if marked.is_none() {
        let title = dispatch.labels.title.clone()?;
        marked = Some(Marked {
            text: title,
            markup: crate::story::Markup::Plain,
        });
    }
    let mut marked = marked?;
    mend(&mut marked, repairs);
    let headline = mended_headline(&flat(&marked), marks);
    (!headline.is_empty()).then_some(headline)
}

/// A headline without version words before it and telex marks after it.
fn mended_headline(line: &str, marks: &mut Marks) -> String {
    signal::take(&line.to_lowercase(), marks);
    let headline = signal::strip(line, marks).trim_end_matches(['=', ' ']);
    let headline = match embargo::before(headline) {
        Some((order, rest)) => {
            marks.hold(order);
            rest
        }
        None => headline,
    };
    // `(Foto) (Vídeo)`: what else the agency has
    let media = headline.match_indices('(').map(|(at, _)| at);
    let end = media
        .into_iter()
        .find(|at| note::is_media_marks(&headline[*at..]))
        .filter(|at| *at > 0);
    let headline = headline[..end.unwrap_or(headline.len())].trim();
    signal::strip_end(headline, marks).to_owned()
}

/// A marked text as one line.
fn flat(marked: &Marked) -> String {
    text::line(&markup::read(marked).text)
}

fn mend(marked: &mut Marked, repairs: &mut Vec<String>) {
    if let Some(mended) = mojibake::mend(&marked.text) {
        marked.text = mended;
        add(repairs, "mojibake");
    }
    if let Some(mended) = mojibake::apostrophes(&marked.text) {
        marked.text = mended;
        add(repairs, "lossy");
    }
}

fn add(repairs: &mut Vec<String>, repair: &str) {
    if !repairs.iter().any(|known| known == repair) {
        repairs.push(repair.to_owned());
    }
}

/// The paragraphs of the body, or of the description where there is no body, and the captions that tags told.
fn paragraphs(
    dispatch: &mut Dispatch,
    repairs: &mut Vec<String>,
) -> (Paragraphs, Vec<crate::story::Caption>) {
    let blank = |marked: &Marked| marked.text.trim().is_empty();
    if let Some(description) = &mut dispatch.description
        && description.markup == crate::story::Markup::Plain
    {
        let public = note::public(&description.text).len();
        description.text.truncate(public);
    }
    let body = dispatch.body.take().filter(|body| !blank(body));
    let Some(mut body) = body.or_else(|| dispatch.description.clone()) else {
        return (Paragraphs::default(), Vec::new());
    };
    mend(&mut body, repairs);
    let read = markup::read(&body);
    let paragraphs = if read.blocks {
        Paragraphs::of_lines(&read.text)
    } else {
        Paragraphs::of(&read.text)
    };
    if paragraphs.dropped_controls {
        add(repairs, "control-characters");
    }
    let captions = read
        .captions
        .iter()
        .filter_map(|caption| furniture::told_caption(&text::line(caption)))
        .collect();
    (paragraphs, captions)
}

/// What metadata call the status of an item, in lower case.
fn status_code(dispatch: &Dispatch) -> String {
    let written = dispatch.pub_status.as_deref().unwrap_or("").trim();
    let code = written.rsplit([':', '/']).next().unwrap_or("");
    code.to_lowercase()
}

/// The signals that a status gives.
fn read_status(dispatch: &Dispatch, marks: &mut Marks) {
    match status_code(dispatch).as_str() {
        "canceled" | "cancelled" | "killed" | "withdrawn" => marks.add(Signal::Kill),
        "embargoed" => marks.add(Signal::Embargo),
        _ => {}
    }
}

/// The status that metadata, signals and orders to hold give. A story that is held until an hour is usable then.
fn status(dispatch: &Dispatch, hold: Hold, marks: &Marks) -> PubStatus {
    match status_code(dispatch).as_str() {
        _ if marks.signals.contains(&Signal::Kill) => PubStatus::Canceled,
        "embargoed" if hold.until.is_some() => PubStatus::Usable,
        "withheld" | "embargoed" => PubStatus::Withheld,
        _ if hold.for_good => PubStatus::Withheld,
        _ => PubStatus::Usable,
    }
}

/// Subject, metadata, dateline, sign-off, in that order; what the operator says goes before all.
fn source_agency(
    dispatch: &Dispatch,
    message: &RawMessage,
    profile: &FeedProfile,
    dateline: &Option<Dateline>,
    sign_off: &Option<SignOff>,
) -> Option<String> {
    let metadata = dispatch
        .agency
        .as_deref()
        .map(str::trim)
        .filter(|name| !name.is_empty());
    profile
        .agency
        .clone()
        .or_else(|| message.subject.agency().map(agency::of_token))
        .or_else(|| metadata.map(agency::display))
        .or_else(|| dateline.as_ref()?.agencies.first().cloned())
        .or_else(|| sign_off.as_ref()?.agency.clone())
}

fn tokens(
    headline: &Option<Text>,
    role: HeadlineRole,
    dateline: &Option<Dateline>,
    body: &Option<Text>,
    captions: &[crate::story::Caption],
) -> Tokens {
    let own = headline.as_deref().filter(|_| role == HeadlineRole::Main);
    let zones = [
        own.map(|text| (Zone::Headline, text)),
        dateline
            .as_ref()
            .map(|dateline| (Zone::Dateline, dateline.text.as_str())),
        body.as_deref().map(|text| (Zone::Body, text)),
    ];
    let captions = captions
        .iter()
        .zip(0u16..)
        .map(|(caption, n)| (Zone::Caption(n), caption.text.as_str()));
    Tokens::of(zones.into_iter().flatten().chain(captions))
}

fn language_of(
    dispatch: &Dispatch,
    source: &Source,
    profile: &FeedProfile,
    tokens: &Tokens,
    lead: Option<&str>,
    repairs: &mut Vec<String>,
) -> String {
    let words = tokens
        .zone(Zone::Body)
        .iter()
        .chain(tokens.zone(Zone::Headline));
    let lead = lead.unwrap_or("");
    let declared = dispatch.language.as_deref().and_then(language::declared);
    if let Some(declared) = declared {
        match language::sure(words, lead) {
            Some(told) if !language::same(told, &declared) && !language::akin(told, &declared) => {
                add(repairs, "language:declared");
                return told.to_owned();
            }
            _ => return declared,
        }
    }
    let of_feed = || {
        source
            .feed
            .as_deref()
            .and_then(|feed| feed.split('.').find_map(language::of_token))
    };
    let of_agency = || Some(home::of(source.agency.as_deref()?)?.language);
    language::detect(words, lead)
        .map(str::to_owned)
        .or_else(|| profile.language.clone())
        .or_else(|| of_feed().or_else(of_agency).map(str::to_owned))
        .unwrap_or_else(|| "und".to_owned())
}

/// IPTC urgency: the operator's map, a number, a telex letter, else what the signals say.
fn urgency(
    dispatch: &Dispatch,
    profile: &FeedProfile,
    marks: &Marks,
    repairs: &mut Vec<String>,
) -> Option<u8> {
    if let Some(raw) = dispatch
        .urgency
        .as_deref()
        .map(str::trim)
        .filter(|raw| !raw.is_empty())
    {
        if let Some((_, urgency)) = profile.urgency.iter().find(|(written, _)| written == raw) {
            return Some(*urgency);
        }
        let letter = match raw {
            "f" => Some(1),
            "b" => Some(2),
            "u" => Some(3),
            "r" => Some(5),
            "d" => Some(6),
            "a" => Some(7),
            _ => None,
        };
        let number = raw
            .trim_end_matches(".0")
            .parse::<u8>()
            .ok()
            .filter(|n| (1..=9).contains(n));
        if let Some(urgency) = letter.or(number) {
            return Some(urgency);
        }
        add(repairs, "urgency:out-of-range");
    }
    let signals = marks.signals.iter();
    let told = signals.copied().find_map(|signal| match signal {
        Signal::Flash => Some(1),
        Signal::Alert | Signal::Bulletin => Some(2),
        Signal::Urgent => Some(3),
        _ => None,
    });
    told.or_else(|| signal::is_first_telling(marks.version_text.as_deref()?).then_some(4))
}
