//! Rejection → Outbound: the dead letter, with the original bytes and headers.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

use super::event::{Dead, DeadLetter, DeadRaw, DeadSource, DeadWire, SCHEMA};
use super::payload::{alt_ids, hex};
use crate::story::{
    Origin, Outbound, Outcome, RawMessage, Reason, Rejection, Stage, Timestamp, slug,
};

/// The CloudEvents type of a dead letter.
pub const TYPE: &str = "news.wire.dead.v1";

/// The dead letter of a message, or of one item of it. Holds as much of the original bytes as
/// fits into `max_bytes`.
pub fn dead_letter(
    message: &RawMessage,
    item: Option<u32>,
    rejection: &Rejection,
    ids: &[(String, String)],
    partition: &str,
    max_bytes: usize,
) -> Outbound {
    // three quarters for base64, the rest and the headers on their own
    let room = max_bytes.saturating_sub(super::RESERVE) / 4 * 3;
    let kept = &message.body[..message.body.len().min(room)];
    let body = BASE64_STANDARD.encode(kept);
    let sha256 = hex(&Sha256::digest(&message.body));
    let letter = DeadLetter {
        alt_ids: alt_ids(ids),
        wire: DeadWire {
            schema: SCHEMA,
            dead: Dead {
                reason: rejection.reason.name(),
                stage: rejection.stage.name(),
                message: &rejection.message,
            },
            received: message.received,
            source: DeadSource {
                agency: message.subject.agency(),
                feed: message.subject.feed(),
            },
            raw: DeadRaw {
                sha256: Some(&sha256),
                bytes: message.body.len() as u64,
                stream: &message.origin.stream,
                sequence: message.origin.sequence,
                last_sequence: None,
                item,
                subject: Some(&message.subject.0),
                headers: headers_within(message),
                body: Some(&body),
                partial: (kept.len() < message.body.len()).then_some(true),
            },
        },
    };
    let agency = message.subject.agency().and_then(slug);
    let agency = agency.as_deref().unwrap_or("any");
    let mut headers = super::headers(
        &message.origin,
        item.unwrap_or(0),
        message.received,
        partition,
    );
    headers.push(("ce-type", TYPE.to_owned()));
    headers.push(("traceparent", super::trace_of(message)));
    Outbound {
        outcome: Outcome::Dead,
        reason: Some(rejection.reason),
        subject: format!("wire.dead.{}.{agency}", rejection.reason.name()),
        headers,
        body: super::json(&letter),
    }
}

/// The dead letter for messages that the stream lost before they were read.
pub fn gap(
    stream: &std::sync::Arc<str>,
    lost: &RangeInclusive<u64>,
    at: Timestamp,
    partition: &str,
) -> Outbound {
    let (first, last) = (*lost.start(), *lost.end());
    let message = format!(
        "messages {first} to {last} of stream {stream} were gone before they were read; lengthen its retention beyond the longest outage"
    );
    let letter = DeadLetter {
        alt_ids: Vec::new(),
        wire: DeadWire {
            schema: SCHEMA,
            dead: Dead {
                reason: Reason::Gap.name(),
                stage: Stage::Receive.name(),
                message: &message,
            },
            received: at,
            source: DeadSource {
                agency: None,
                feed: None,
            },
            raw: DeadRaw {
                sha256: None,
                bytes: 0,
                stream,
                sequence: first,
                last_sequence: Some(last),
                item: None,
                subject: None,
                headers: BTreeMap::new(),
                body: None,
                partial: None,
            },
        },
    };
    let origin = Origin {
        stream: stream.clone(),
        sequence: first,
    };
    let mut headers = super::headers(&origin, 0, at, partition);
    headers.push(("ce-type", TYPE.to_owned()));
    headers.push(("traceparent", super::begin_trace(&origin)));
    Outbound {
        outcome: Outcome::Dead,
        reason: Some(Reason::Gap),
        subject: "wire.dead.gap.any".to_owned(),
        headers,
        body: super::json(&letter),
    }
}

/// The original headers, as far as they fit into 16 KiB; a name may have several values.
fn headers_within(message: &RawMessage) -> BTreeMap<&str, Vec<&str>> {
    let mut room = 16 * 1024usize;
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &message.headers {
        let Some(rest) = room.checked_sub(2 * (name.len() + value.len())) else {
            break;
        };
        room = rest;
        headers.entry(name).or_default().push(value);
    }
    headers
}
