//! Story + Verdict + Tags → Outbound: the public contract, version 1. What will the world be told?
//!
//! The only room that serializes. Subjects, headers and payload are made here and nowhere else.

#[cfg(feature = "daemon")]
mod asyncapi;
mod dead;
pub mod event;
mod json;
mod offsets;
mod payload;
#[cfg(feature = "daemon")]
mod schema;

#[cfg(feature = "daemon")]
pub use asyncapi::asyncapi;
pub use dead::{dead_letter, gap};
#[cfg(feature = "daemon")]
pub use schema::schema;

use crate::story::{
    ClusterId, Held, HeldId, Origin, Outbound, Outcome, RawMessage, Relation, Signal, Story, Tags,
    Timestamp, Verdict, slug,
};
use bytes::Bytes;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The families of subjects of the out stream: the token after `wire`. Consumers read the first four.
pub const FAMILIES: [&str; 6] = ["story", "kill", "dup", "dead", "held", "state"];

/// What an event states that is no property of its story.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Slug of the partition, part of the subjects of held stories.
    pub partition: &'a str,
    /// Version of the lexicon that the tags come from.
    pub lexicon: &'a str,
    /// Bytes of the largest record, headers included.
    pub max_bytes: usize,
}

/// The record that tells the world about a story, a kill or a duplicate. A story under embargo
/// becomes a record that the server publishes at its hour. Mentions are thinned out where the
/// record would be larger than `max_bytes`; the words never are.
pub fn outbound(story: &Story, verdict: &Verdict, tags: &Tags, stamp: Stamp<'_>) -> Outbound {
    let action = action(story, &verdict.relation);
    let agency = story.source.agency_slug();
    let mut headers = headers(&story.origin, story.item, story.received, stamp.partition);
    headers.push(("ce-type", event_type(action)));
    headers.push(("traceparent", trace_parent(story)));
    if action == "duplicate" {
        return Outbound {
            outcome: Outcome::Duplicate,
            reason: None,
            subject: format!("wire.dup.{agency}"),
            headers,
            body: json(&payload::duplicate(story, verdict)),
        };
    }
    list(
        &mut headers,
        "wire-regions",
        tags.regions.iter().map(|r| &*r.code),
    );
    list(
        &mut headers,
        "wire-actors",
        tags.actors.iter().map(|a| &*a.id),
    );
    let body = body_within(story, verdict, tags, action, stamp);
    let mut record = Outbound {
        outcome: Outcome::Story,
        reason: None,
        subject: subject(story, tags, action, &agency),
        headers,
        body,
    };
    if action == "kill" {
        record.outcome = Outcome::Kill;
    } else if let Some(held) = verdict.held {
        hold(&mut record, held, stamp.partition);
    }
    record
}

/// The type of a record that takes a held story back.
pub const CANCELED: &str = "news.wire.held.canceled.v1";

/// An empty record that takes a held story back, on behalf of `story`.
pub fn cancel(story: &Story, held: HeldId, partition: &str) -> Outbound {
    let mut headers = headers(&story.origin, story.item, story.received, partition);
    for (name, value) in &mut headers {
        // the event of `story` has the id without this
        if *name == "ce-id" {
            value.push_str(":canceled");
        }
    }
    headers.push(("ce-type", CANCELED.to_owned()));
    headers.push(("traceparent", trace_parent(story)));
    headers.push(("Nats-Rollup", "sub".to_owned()));
    Outbound {
        outcome: Outcome::Held,
        reason: None,
        subject: held_subject(held, partition),
        headers,
        body: Bytes::new(),
    }
}

/// Bytes that the words of a story need in an event, whatever its verdict and tags.
pub fn words_bytes(story: &Story, stamp: Stamp<'_>) -> usize {
    let verdict = Verdict {
        relation: Relation::First,
        cluster: ClusterId(0),
        versions: 1,
        agencies: Vec::new(),
        changes: None,
        reason: None,
        held: None,
        takes_back: None,
    };
    let tags = Tags::default();
    json(&payload::event(
        story,
        &verdict,
        &tags,
        "new",
        stamp.lexicon,
        0,
    ))
    .len()
}

/// Bytes kept free of words in every record, for headers, verdict and the first mentions.
pub const RESERVE: usize = 32 * 1024;

fn body_within(
    story: &Story,
    verdict: &Verdict,
    tags: &Tags,
    action: &'static str,
    stamp: Stamp<'_>,
) -> Bytes {
    let room = stamp.max_bytes.saturating_sub(RESERVE / 4);
    let mut mentions = usize::MAX;
    loop {
        let event = payload::event(story, verdict, tags, action, stamp.lexicon, mentions);
        let body = json_of_about(bytes_of(story, tags), &event);
        if body.len() <= room {
            return body;
        }
        if mentions == 0 {
            let bare = Tags {
                regions: Vec::new(),
                places: Vec::new(),
                actors: Vec::new(),
                ..tags.clone()
            };
            return json(&payload::event(
                story,
                verdict,
                &bare,
                action,
                stamp.lexicon,
                0,
            ));
        }
        mentions = if mentions == usize::MAX {
            16
        } else {
            mentions / 4
        };
    }
}

/// About how many bytes an event has: words, mentions, and what stands around them.
fn bytes_of(story: &Story, tags: &Tags) -> usize {
    const FRAME: usize = 2048;
    const TAG: usize = 224;
    const MENTION: usize = 96;
    let regions = tags.regions.iter().map(|tag| tag.mentions.len());
    let places = tags.places.iter().map(|tag| tag.mentions.len());
    let actors = tags.actors.iter().map(|tag| tag.mentions.len());
    let mentions = regions.chain(places).chain(actors);
    let tagged: usize = mentions.map(|mentions| TAG + MENTION * mentions).sum();
    let words = story.body.as_ref().map_or(0, |body| body.len());
    FRAME + words + words / 16 + tagged
}

fn hold(record: &mut Outbound, held: Held, partition: &str) {
    record.outcome = Outcome::Held;
    record
        .headers
        .push(("Nats-Schedule", format!("@at {}", held.until)));
    record
        .headers
        .push(("Nats-Schedule-Target", record.subject.clone()));
    record.subject = held_subject(held.id, partition);
}

/// A subject for each held story alone: when the server publishes one, it purges its subject.
fn held_subject(held: HeldId, partition: &str) -> String {
    format!("wire.held.{partition}.{held}")
}

/// The word in `wire.action` and in the subject. Where nothing earlier is known the wire's own word
/// holds: a desk that waits for corrections gets them all, whether or not we saw what they correct.
fn action(story: &Story, relation: &Relation) -> &'static str {
    match relation {
        Relation::Exact { .. } | Relation::Near { .. } => "duplicate",
        Relation::Kill { .. } => "kill",
        Relation::Update { .. } => "update",
        Relation::Correction { .. } => "correction",
        Relation::Refile { .. } => "refile",
        Relation::First | Relation::Rewrite { .. } => SAID
            .into_iter()
            .find(|(signal, _)| story.has(*signal))
            .map_or("new", |(_, action)| action),
    }
}

/// Signals that are an action where nothing earlier is known, the strongest first.
const SAID: [(Signal, &str); 4] = [
    (Signal::Correction, "correction"),
    (Signal::Refile, "refile"),
    (Signal::Update, "update"),
    (Signal::Advisory, "advisory"),
];

fn event_type(action: &str) -> String {
    match action {
        "kill" => "news.wire.kill.v1".to_owned(),
        "duplicate" => "news.wire.dup.v1".to_owned(),
        action => format!("news.wire.story.{action}.v1"),
    }
}

fn subject(story: &Story, tags: &Tags, action: &str, agency: &str) -> String {
    if action == "kill" {
        return format!("wire.kill.{agency}");
    }
    let (subregion, country) = match &tags.focus {
        Some(focus) => (&*focus.subregion, focus.country.to_ascii_lowercase()),
        None => ("none", "xx".to_owned()),
    };
    let language = slug(&story.language).unwrap_or_else(|| "und".to_owned());
    format!("wire.story.{action}.{subregion}.{country}.{agency}.{language}")
}

/// Who says it: this partition of this program.
pub fn source(partition: &str) -> String {
    format!("/copytaster/{partition}")
}

/// The headers of every record: CloudEvents 1.0, NATS binding, binary mode.
fn headers(
    origin: &Origin,
    item: u32,
    received: Timestamp,
    partition: &str,
) -> Vec<(&'static str, String)> {
    let mut headers = Vec::with_capacity(10);
    headers.push(("ce-specversion", "1.0".to_owned()));
    headers.push((
        "ce-id",
        format!("{}:{}:{item}", origin.stream, origin.sequence),
    ));
    headers.push(("ce-source", source(partition)));
    headers.push(("ce-time", received.to_string()));
    headers.push(("ce-datacontenttype", "application/json".to_owned()));
    headers
}

/// The trace that came in, else one that begins here, the same in every run.
fn trace_parent(story: &Story) -> String {
    match &story.trace_parent {
        Some(parent) => parent.clone(),
        None => begin_trace(&story.origin),
    }
}

/// The trace that came in with a message that became no story, else one that begins here.
fn trace_of(message: &RawMessage) -> String {
    let sent = message.trace_parent().map(str::to_owned);
    sent.unwrap_or_else(|| begin_trace(&message.origin))
}

/// W3C Trace Context, version 00, sampled: derived from stream and sequence.
fn begin_trace(origin: &Origin) -> String {
    let key = format!("{}:{}", origin.stream, origin.sequence);
    // all zeros are invalid as either id
    let trace = xxh3_128(key.as_bytes()).max(1);
    let span = xxh3_64(key.as_bytes()).max(1);
    format!("00-{trace:032x}-{span:016x}-01")
}

/// A header of `items`, parted by commas: as many whole ones, the first first, as go into 2,000 bytes.
/// The payload has all of them.
fn list<'t>(
    headers: &mut Vec<(&'static str, String)>,
    name: &'static str,
    items: impl Iterator<Item = &'t str>,
) {
    let mut value = String::new();
    for item in items {
        if value.len() + item.len() > 2000 {
            break;
        }
        if !value.is_empty() {
            value.push(',');
        }
        value.push_str(item);
    }
    if !value.is_empty() {
        headers.push((name, value));
    }
}

fn json(value: &impl serde::Serialize) -> Bytes {
    json_of_about(1024, value)
}

/// The JSON of a value that needs about so many bytes.
fn json_of_about(bytes: usize, value: &impl serde::Serialize) -> Bytes {
    Bytes::from(json::write(value, bytes))
}
