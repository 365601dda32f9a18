//! Bytes → a message of the raw stream → dispatches → stories. Does any of it panic?
//!
//! The targets differ in the bytes that they let through, so that each family of formats has a corpus of its own.

use std::sync::Arc;

use bytes::Bytes;
use copytaster::normalize;
use copytaster::parse;
use copytaster::story::{Dispatch, FeedProfile, Fingerprint, Origin, RawMessage, Story, Subject};

pub fn message(body: &[u8]) -> RawMessage {
    RawMessage {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence: 1,
        },
        received: "2023-11-06T12:00:00Z".parse().expect("an instant"),
        subject: Subject("wire.raw.any.fuzz".to_owned()),
        headers: Vec::new(),
        body: Bytes::copy_from_slice(body),
        input: None,
    }
}

/// Reads a payload as the pipeline does.
pub fn read(body: &[u8]) {
    let message = message(body);
    let items = parse::dispatches(&message, &FeedProfile::default()).unwrap_or_default();
    for dispatch in items.into_iter().flatten() {
        let _ = story(dispatch, &message);
    }
}

pub fn story(dispatch: Dispatch, message: &RawMessage) -> Option<Story> {
    let raw = Fingerprint {
        sha256: [0; 32],
        bytes: message.body.len() as u64,
    };
    let story = normalize::story(dispatch, message, &raw, &FeedProfile::default()).ok()?;
    for text in [&story.headline, &story.body].into_iter().flatten() {
        assert!(!text.trim().is_empty(), "a text is never blank");
    }
    Some(story)
}

/// Whether any of `marks` stands in the first bytes, without letter case.
pub fn opens(body: &[u8], marks: &[&str]) -> bool {
    let head = body[..body.len().min(512)].to_ascii_lowercase();
    let holds = |mark: &&str| {
        head.windows(mark.len())
            .any(|window| window == mark.as_bytes())
    };
    marks.iter().any(holds)
}
