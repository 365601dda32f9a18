//! Every noun that passes between rooms: what goes in is bytes from a wire, what comes out is
//! a story with its verdict and its tags. This file answers "what is a …?", never "how?".

mod tokens;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
pub use jiff::Timestamp;
pub use jiff::civil::Date;

pub use tokens::{Shape, Token, Tokens, fold, tokenize};

/// Text that is not blank, with no white space at its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// `None` when nothing but white space is in `text`.
    pub fn new(text: impl Into<String>) -> Option<Text> {
        let text: String = text.into();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            None
        } else if trimmed.len() == text.len() {
            Some(Text(text))
        } else {
            Some(Text(trimmed.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The slug of `text`: lower-case ASCII letters, digits and single hyphens, safe as a subject
/// token. `None` when nothing of it survives.
pub fn slug(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut folded = String::new();
    fold(text, &mut folded);
    for c in folded.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    (!out.is_empty()).then_some(out)
}

// ---------------------------------------------------------------------------------------------
// what comes in

/// Where a message came from: a stream and its sequence there, from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    pub stream: Arc<str>,
    pub sequence: u64,
}

/// A subject of the bus, `wire.raw.<agency>.<feed>[.…]` where it is well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject(pub String);

impl Subject {
    /// The agency token; `None` for `any` and where there is none.
    pub fn agency(&self) -> Option<&str> {
        self.0
            .split('.')
            .nth(2)
            .filter(|token| !token.is_empty() && *token != "any")
    }

    /// All tokens after the agency, joined by dots; `None` where there is none.
    pub fn feed(&self) -> Option<&str> {
        let mut rest = self.0.splitn(4, '.');
        rest.nth(3).filter(|feed| !feed.is_empty())
    }
}

/// One message of the raw stream, trusted for nothing.
#[derive(Clone, Debug)]
pub struct RawMessage {
    pub origin: Origin,
    /// The raw stream's own timestamp: the only clock the core knows.
    pub received: Timestamp,
    pub subject: Subject,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// The name of a file or a line that a person gave (`taste`, `feed`); comes back as an alternative id.
    pub input: Option<String>,
}

impl RawMessage {
    /// The header `traceparent`, where it is one by the grammar of W3C Trace Context.
    pub fn trace_parent(&self) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("traceparent"))?;
        let mut parts = value.split('-');
        let lengths = [2, 32, 16, 2];
        let well_formed = lengths.iter().all(|length| {
            parts.next().is_some_and(|part| {
                part.len() == *length
                    && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                    && (*length < 16 || part.bytes().any(|b| b != b'0'))
            })
        });
        let whole = well_formed && parts.next().is_none() && !value.starts_with("ff");
        whole.then_some(value)
    }
}

/// What an operator knows of a feed and the bytes do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedProfile {
    /// The agency's display name, for instance `EFE`.
    pub agency: Option<String>,
    /// Default language, BCP 47.
    pub language: Option<String>,
    /// Default zone, IANA name.
    pub zone: Option<String>,
    /// Charset to try before the detector, WHATWG label.
    pub charset: Option<String>,
    /// Raw urgency to IPTC urgency (1 most urgent … 9).
    pub urgency: Vec<(String, u8)>,
}

/// The wire format a payload was recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    PlainText,
    Ninjs,
    Jsonl,
    NewsmlG2,
    Newsml12,
    Nitf,
    Iptc7901,
    Anpa1312,
    Zczc,
    ApJson,
    DpaJson,
    Rss,
    Atom,
    JsonFeed,
    Email,
    VendorXml,
    VendorJson,
}

impl Format {
    /// The name in `wire.source.format`.
    pub fn name(self) -> &'static str {
        match self {
            Format::PlainText => "plain-text",
            Format::Ninjs => "ninjs",
            Format::Jsonl => "jsonl",
            Format::NewsmlG2 => "newsml-g2",
            Format::Newsml12 => "newsml-1.2",
            Format::Nitf => "nitf",
            Format::Iptc7901 => "iptc-7901",
            Format::Anpa1312 => "anpa-1312",
            Format::Zczc => "zczc",
            Format::ApJson => "ap-json",
            Format::DpaJson => "dpa-json",
            Format::Rss => "rss",
            Format::Atom => "atom",
            Format::JsonFeed => "jsonfeed",
            Format::Email => "email",
            Format::VendorXml => "xml",
            Format::VendorJson => "json",
        }
    }
}

/// How a text was written on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    Plain,
    Html,
}

/// A text in the wire's own spelling, with its markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    pub text: String,
    pub markup: Markup,
}

/// A concept of a vocabulary as the wire named it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept {
    pub name: Option<String>,
    /// An absolute URI, where the wire gave one.
    pub uri: Option<String>,
    /// A code that is no URI (a QCode, a plain code).
    pub literal: Option<String>,
    /// What the concept is to the item (`about`, `creator`, …).
    pub rel: Option<String>,
}

/// A picture, clip or other item that belongs to the story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Association {
    /// The key under which the wire sent it (`featureimage`, `main`, …).
    pub name: String,
    pub uri: Option<String>,
    pub kind: Option<ItemKind>,
    pub headline: Option<String>,
    /// A caption or description.
    pub caption: Option<String>,
    pub credit: Option<String>,
}

/// ninjs `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ItemKind {
    #[default]
    Text,
    Audio,
    Video,
    Picture,
    Graphic,
    Composite,
    Component,
    Event,
    Planning,
}

impl ItemKind {
    pub fn name(self) -> &'static str {
        match self {
            ItemKind::Text => "text",
            ItemKind::Audio => "audio",
            ItemKind::Video => "video",
            ItemKind::Picture => "picture",
            ItemKind::Graphic => "graphic",
            ItemKind::Composite => "composite",
            ItemKind::Component => "component",
            ItemKind::Event => "event",
            ItemKind::Planning => "planning",
        }
    }

    pub fn from_name(name: &str) -> Option<ItemKind> {
        use ItemKind::*;
        [
            Text, Audio, Video, Picture, Graphic, Composite, Component, Event, Planning,
        ]
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// What the wire said *about* an item; passes from parse to publish with nothing but white space mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    pub title: Option<String>,
    pub slugline: Option<String>,
    pub by: Option<String>,
    pub located: Option<String>,
    /// Notes to the desk, a line each.
    pub ed_note: Option<String>,
    /// (role, text): descriptions beside the first.
    pub descriptions: Vec<(String, String)>,
    pub usage_terms: Option<String>,
    pub copyright_holder: Option<String>,
    pub copyright_notice: Option<String>,
    pub keywords: Vec<String>,
    pub category: Option<String>,
    pub priority: Option<String>,
    pub info_sources: Vec<Concept>,
    pub subjects: Vec<Concept>,
    pub genres: Vec<Concept>,
    pub people: Vec<Concept>,
    pub organisations: Vec<Concept>,
    pub places: Vec<Concept>,
    pub associations: Vec<Association>,
}

/// What one wire item said, in the wire's own spelling. A payload may hold several.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Position in the payload, from 0.
    pub item: u32,
    pub format: Format,
    /// WHATWG name of the charset the bytes were read as, lower case.
    pub charset: &'static str,
    /// The agency's identifier, whatever it looks like.
    pub guid: Option<String>,
    pub version: Option<String>,
    /// Further identifiers: (role, value).
    pub alt_ids: Vec<(String, String)>,
    pub kind: ItemKind,
    pub headline: Option<Marked>,
    /// (role, text): subheadlines and other further headlines.
    pub further_headlines: Vec<(String, Marked)>,
    pub body: Option<Marked>,
    /// A short description where the wire sent one beside the body.
    pub description: Option<Marked>,
    /// A dateline from metadata, as written.
    pub dateline: Option<String>,
    /// Agency, provider or source from metadata, as written.
    pub agency: Option<String>,
    /// Declared language, as written.
    pub language: Option<String>,
    pub first_created: Option<String>,
    pub version_created: Option<String>,
    pub embargoed_until: Option<String>,
    pub pub_status: Option<String>,
    pub urgency: Option<String>,
    /// Version words from metadata (ANPA take key, EdNote code, signal), as written.
    pub version_text: Option<String>,
    pub labels: Labels,
    pub repairs: Vec<String>,
}

impl Dispatch {
    /// A dispatch of which nothing is known but its place and format.
    pub fn new(item: u32, format: Format, charset: &'static str) -> Dispatch {
        Dispatch {
            item,
            format,
            charset,
            guid: None,
            version: None,
            alt_ids: Vec::new(),
            kind: ItemKind::Text,
            headline: None,
            further_headlines: Vec::new(),
            body: None,
            description: None,
            dateline: None,
            agency: None,
            language: None,
            first_created: None,
            version_created: None,
            embargoed_until: None,
            pub_status: None,
            urgency: None,
            version_text: None,
            labels: Labels::default(),
            repairs: Vec::new(),
        }
    }
}

// ---------------------------------------------------------------------------------------------
// a story

/// Who sent a story, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Display name (`EFE`); `None` when neither subject, metadata nor text tells.
    pub agency: Option<String>,
    pub feed: Option<String>,
    pub format: Format,
    pub charset: &'static str,
}

impl Source {
    /// The agency as a subject token, `any` when unknown.
    pub fn agency_slug(&self) -> String {
        self.agency
            .as_deref()
            .and_then(slug)
            .unwrap_or_else(|| "any".to_owned())
    }
}

/// The original payload, as far as an event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    pub sha256: [u8; 32],
    pub bytes: u64,
}

/// Whether a headline is the agency's or was made from the lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadlineRole {
    Main,
    Generated,
}

/// Where and when a story was written: not where it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dateline {
    /// As sent, with its terminator: `Beijing, Nov 6 (EFE).-`.
    pub text: String,
    /// Places of writing, without region; empty for a desk.
    pub places: Vec<String>,
    /// State or country named with the place, as written.
    pub region: Option<String>,
    pub date: Option<Date>,
    pub agencies: Vec<String>,
    /// A desk of the agency that is no place (`Redacción Deportes`).
    pub desk: Option<String>,
}

/// The end mark of a story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignOff {
    pub agency: Option<String>,
    pub initials: Vec<String>,
}

/// A picture caption that travelled inside the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    pub text: Text,
    pub credit: Option<String>,
    /// When the picture was taken: never the date of the story.
    pub date: Option<Date>,
}

/// What the desk is told about a dispatch beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    Flash,
    Alert,
    Bulletin,
    Urgent,
    Update,
    Correction,
    Refile,
    Kill,
    Advisory,
    Embargo,
}

impl Signal {
    pub fn name(self) -> &'static str {
        match self {
            Signal::Flash => "flash",
            Signal::Alert => "alert",
            Signal::Bulletin => "bulletin",
            Signal::Urgent => "urgent",
            Signal::Update => "update",
            Signal::Correction => "correction",
            Signal::Refile => "refile",
            Signal::Kill => "kill",
            Signal::Advisory => "advisory",
            Signal::Embargo => "embargo",
        }
    }
}

/// Part of a story sent in several takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Take {
    pub number: Option<u32>,
    pub of: Option<u32>,
    pub more: bool,
}

/// ninjs `pubStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PubStatus {
    Usable,
    Withheld,
    Canceled,
}

impl PubStatus {
    pub fn name(self) -> &'static str {
        match self {
            PubStatus::Usable => "usable",
            PubStatus::Withheld => "withheld",
            PubStatus::Canceled => "canceled",
        }
    }
}

/// One clean story: the same words for the same copy, whatever wire brought it.
#[derive(Clone, Debug)]
pub struct Story {
    pub origin: Origin,
    /// Position in the payload, from 0.
    pub item: u32,
    pub received: Timestamp,
    pub source: Source,
    pub raw: Fingerprint,
    /// The W3C `traceparent` that came in, where it was well formed.
    pub trace_parent: Option<String>,

    /// The agency's identifier when it is a URI, else a deterministic urn.
    pub uri: String,
    /// Whether `uri` or an alternative id is the agency's own and may be used to recognise versions.
    pub identified: bool,
    pub version: Option<String>,
    /// Further identifiers: (role, value). The agency's non-URI guid has role `guid`.
    pub alt_ids: Vec<(String, String)>,
    pub kind: ItemKind,
    pub status: PubStatus,
    pub first_created: Option<Timestamp>,
    pub version_created: Option<Timestamp>,
    pub embargoed_until: Option<Timestamp>,

    /// IPTC urgency, 1 most urgent … 9.
    pub urgency: Option<u8>,
    /// BCP 47, `und` when it cannot be told.
    pub language: String,

    pub headline: Option<Text>,
    pub headline_role: HeadlineRole,
    /// (role, text): never role `main`.
    pub further_headlines: Vec<(String, Text)>,
    /// Paragraphs joined by one line feed, without dateline, captions, notes and sign-off.
    pub body: Option<Text>,
    pub description: Option<Text>,
    pub dateline: Option<Dateline>,
    pub captions: Vec<Caption>,
    pub sign_off: Option<SignOff>,
    /// In order, each once.
    pub signals: Vec<Signal>,
    /// The version words as sent (`UPDATE 2`).
    pub version_text: Option<String>,
    pub take: Option<Take>,
    pub labels: Labels,
    /// What had to be mended, as `kind:detail`.
    pub repairs: Vec<String>,

    /// The words of headline, dateline, body and captions, cut once.
    pub tokens: Tokens,
}

impl Story {
    pub fn has(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }

    /// The text that offsets of a zone point into; empty where the story has none.
    pub fn text(&self, zone: Zone) -> &str {
        match zone {
            Zone::Headline => self.headline.as_deref().unwrap_or(""),
            Zone::Body => self.body.as_deref().unwrap_or(""),
            Zone::Dateline => self.dateline.as_ref().map_or("", |d| d.text.as_str()),
            Zone::Caption(n) => self
                .captions
                .get(usize::from(n))
                .map_or("", |c| c.text.as_str()),
        }
    }
}

/// The parts of a story that mentions point into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    Headline,
    Dateline,
    Body,
    Caption(u16),
}

// ---------------------------------------------------------------------------------------------
// what was decided

/// The name of a cluster for life: 128 bits, derived from its first story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u128);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// How a story stands to those that came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Nothing like it was published.
    First,
    /// Another agency's words, or a new telling, of the same event: no duplicate.
    Rewrite {
        of: Twin,
    },
    Update {
        of: Twin,
    },
    Correction {
        of: Twin,
    },
    Refile {
        of: Twin,
    },
    /// A kill; `of` is absent for a story never seen.
    Kill {
        of: Option<Twin>,
    },
    /// The same words.
    Exact {
        of: Twin,
    },
    /// The same copy with other edges.
    Near {
        of: Twin,
    },
}

impl Relation {
    /// The name in `wire.cluster.relation`.
    pub fn name(&self) -> &'static str {
        match self {
            Relation::First => "first",
            Relation::Rewrite { .. } => "rewrite",
            Relation::Update { .. } => "update",
            Relation::Correction { .. } => "correction",
            Relation::Refile { .. } => "refile",
            Relation::Kill { .. } => "kill",
            Relation::Exact { .. } => "exact",
            Relation::Near { .. } => "near",
        }
    }

    /// Whether the story is a duplicate, to be spiked.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Relation::Exact { .. } | Relation::Near { .. })
    }

    pub fn of(&self) -> Option<&Twin> {
        match self {
            Relation::First => None,
            Relation::Kill { of } => of.as_ref(),
            Relation::Rewrite { of }
            | Relation::Update { of }
            | Relation::Correction { of }
            | Relation::Refile { of }
            | Relation::Exact { of }
            | Relation::Near { of } => Some(of),
        }
    }
}

/// The earlier story that a verdict points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    pub uri: String,
    /// 0..=1000, thousandths of the shared part; `None` when identity and not words told.
    pub similarity: Option<u16>,
}

/// Figures and names, as written, that a correction says and the story it corrects did not: of those that a text
/// says first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub figures: Vec<String>,
    pub names: Vec<String>,
}

/// What dedup decided about a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub relation: Relation,
    pub cluster: ClusterId,
    /// Stories published in the cluster so far, this one included (duplicates do not count).
    pub versions: u32,
    /// Display names of the agencies that sent stories of the cluster, in order of arrival, each once;
    /// an agency that is not known has none.
    pub agencies: Vec<String>,
    /// Of a correction: what is new in it.
    pub changes: Option<Changes>,
    /// Why, where the relation does not say it (`late-version`, `killed`).
    pub reason: Option<&'static str>,
    /// The story is kept back.
    pub held: Option<Held>,
    /// An earlier story of the cluster is still kept back, and must not come out any more.
    pub takes_back: Option<HeldId>,
}

/// The name of a held story: 128 bits, derived from its place in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldId(pub u128);

impl fmt::Display for HeldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A story that the server keeps back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub id: HeldId,
    /// A whole second.
    pub until: Timestamp,
}

/// Where in a story a tag was earned: byte offsets into `Story::text(zone)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mention {
    pub zone: Zone,
    pub start: u32,
    pub end: u32,
    /// Set for places alone.
    pub usage: Option<Usage>,
}

/// How a place name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Usage {
    Literal,
    Associative,
}

/// What a region is to a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionRole {
    Event,
    Dateline,
    Mentioned,
}

/// A country or cross-border area the story concerns.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionTag {
    /// ISO 3166-1 alpha-2, or an own id for cross-border areas and seas.
    pub code: Arc<str>,
    pub name: Arc<str>,
    /// UN M49 code of the country.
    pub m49: Option<Arc<str>>,
    /// UN M49 code of its sub-region.
    pub subregion: Option<Arc<str>>,
    pub role: RegionRole,
    /// 0..=1
    pub score: f32,
    pub mentions: Vec<Mention>,
}

/// A named place below a country, or the country itself where it is named as a place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceTag {
    pub name: Arc<str>,
    /// `country`, `capital`, `city`, `admin1`, …
    pub kind: &'static str,
    /// ISO 3166-1 alpha-2.
    pub country: Option<Arc<str>>,
    pub admin1: Option<Arc<str>>,
    /// Degrees, WGS 84.
    pub coordinates: Option<(f32, f32)>,
    /// `geonames:…` where known.
    pub id: Option<Arc<str>>,
    pub mentions: Vec<Mention>,
}

/// In which part of the story an actor was found first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provenance {
    Body,
    Caption,
    Metadata,
}

/// Somebody who acts: a state, an institution, a group, a person.
#[derive(Clone, Debug, PartialEq)]
pub struct ActorTag {
    /// Stable slug: `mm-arakan-army`.
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// `state`, `military`, `person`, `igo`, …
    pub kind: Arc<str>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<Arc<str>>,
    /// ISO 3166-1 alpha-3.
    pub iso3: Option<Arc<str>>,
    /// PLOVER sector.
    pub sector: Option<Arc<str>>,
    pub role: Option<Arc<str>>,
    /// Short names the story itself or the lexicon gives, those used in the story first.
    pub aliases: Vec<Arc<str>>,
    pub from: Provenance,
    /// 0..=1
    pub score: f32,
    pub mentions: Vec<Mention>,
}

/// The one country a story is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Arc<str>,
    /// Slug of the UN M49 sub-region (`south-eastern-asia`).
    pub subregion: Arc<str>,
}

/// Where, and who.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    pub focus: Option<Focus>,
    /// Country of the dateline, ISO 3166-1 alpha-2.
    pub dateline_country: Option<Arc<str>>,
    /// Strongest first.
    pub regions: Vec<RegionTag>,
    /// In order of first mention.
    pub places: Vec<PlaceTag>,
    /// Strongest first.
    pub actors: Vec<ActorTag>,
}

// ---------------------------------------------------------------------------------------------
// what goes out

/// The station at which a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Receive,
    Parse,
    Normalize,
    Dedup,
    Tag,
    Publish,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Stage::Receive => "receive",
            Stage::Parse => "parse",
            Stage::Normalize => "normalize",
            Stage::Dedup => "dedup",
            Stage::Tag => "tag",
            Stage::Publish => "publish",
        }
    }
}

/// Why a message became a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No text at all.
    Empty,
    /// Cut short.
    Truncated,
    /// Nested too deep.
    Depth,
    /// Recognised as a format, and broken.
    Syntax,
    /// Not a text: an image, an archive, control bytes.
    Binary,
    /// A format or item type that carries no story.
    Unsupported,
    /// More than an event may hold.
    TooLarge,
    /// `wire.raw.<agency>.<feed>` expected.
    Subject,
    /// The code panicked on it.
    Panic,
    /// The process died on it, more than once.
    Crash,
    /// The stream lost messages before they were read.
    Gap,
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Reason; 11] = [
        Reason::Empty,
        Reason::Truncated,
        Reason::Depth,
        Reason::Syntax,
        Reason::Binary,
        Reason::Unsupported,
        Reason::TooLarge,
        Reason::Subject,
        Reason::Panic,
        Reason::Crash,
        Reason::Gap,
    ];

    /// The slug in `wire.dead.<reason>.<agency>`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::Truncated => "truncated",
            Reason::Depth => "depth",
            Reason::Syntax => "syntax",
            Reason::Binary => "binary",
            Reason::Unsupported => "unsupported",
            Reason::TooLarge => "too-large",
            Reason::Subject => "subject",
            Reason::Panic => "panic",
            Reason::Crash => "crash",
            Reason::Gap => "gap",
        }
    }
}

/// A story that is none: an outcome, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub reason: Reason,
    pub stage: Stage,
    /// What, where and what to do, for a person.
    pub message: String,
}

/// The five accounted outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    Story,
    Kill,
    Duplicate,
    Held,
    Dead,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Story => "story",
            Outcome::Kill => "kill",
            Outcome::Duplicate => "duplicate",
            Outcome::Held => "held",
            Outcome::Dead => "dead",
        }
    }
}

/// One record for the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    pub outcome: Outcome,
    /// Set for dead letters.
    pub reason: Option<Reason>,
    pub subject: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Outbound {
    /// The `ce-id`: stream, sequence and item of what it tells of.
    pub fn id(&self) -> &str {
        let id = self.headers.iter().find(|(name, _)| *name == "ce-id");
        id.map_or("", |(_, id)| id)
    }

    /// Whether it takes a held story back: it goes with the outcome of what does so, and is none itself.
    pub fn is_cancel(&self) -> bool {
        self.outcome == Outcome::Held && self.body.is_empty()
    }
}

/// How far a partition has come: all of message `sequence` is done, and `items` items of the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub sequence: u64,
    pub items: u32,
}
