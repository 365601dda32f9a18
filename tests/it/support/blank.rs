//! A story of which nothing is known but where it came in: what invented ones begin with, in tests and in benchmarks.

use std::sync::Arc;

use copytaster::story::{
    Fingerprint, Format, HeadlineRole, ItemKind, Labels, Origin, PubStatus, Source, Story,
    Timestamp, Tokens,
};

/// Message `sequence` of the raw stream, received at `received`: English plain text without any words.
pub fn story(sequence: u64, received: Timestamp) -> Story {
    Story {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence,
        },
        item: 0,
        received,
        source: Source {
            agency: None,
            feed: None,
            format: Format::PlainText,
            charset: "utf-8",
        },
        raw: Fingerprint {
            sha256: [0; 32],
            bytes: 0,
        },
        trace_parent: None,
        uri: "urn:x".to_owned(),
        identified: false,
        version: None,
        alt_ids: Vec::new(),
        kind: ItemKind::Text,
        status: PubStatus::Usable,
        first_created: None,
        version_created: None,
        embargoed_until: None,
        urgency: None,
        language: "en".to_owned(),
        headline: None,
        headline_role: HeadlineRole::Main,
        further_headlines: Vec::new(),
        body: None,
        description: None,
        dateline: None,
        captions: Vec::new(),
        sign_off: None,
        signals: Vec::new(),
        version_text: None,
        take: None,
        labels: Labels::default(),
        repairs: Vec::new(),
        tokens: Tokens::default(),
    }
}
