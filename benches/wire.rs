//! A batch of invented stories as every room receives it.

use std::fmt;
use std::sync::Arc;

use copytaster::commands::bench::Wire;
use copytaster::story::{
    Dispatch, FeedProfile, Fingerprint, Origin, RawMessage, Story, Subject, Timestamp,
};
use copytaster::{normalize, parse};
use sha2::{Digest as _, Sha256};

pub const BATCH: u64 = 500;

/// How the stories are written.
#[derive(Clone, Copy)]
pub enum Wired {
    Ninjs,
    Plain,
}

pub const FORMS: [Wired; 2] = [Wired::Ninjs, Wired::Plain];

impl fmt::Display for Wired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wired::Ninjs => "ninjs",
            Wired::Plain => "plain",
        })
    }
}

pub fn messages(form: Wired) -> Vec<RawMessage> {
    let wire = Wire::new(1);
    let message = |number: u64| RawMessage {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence: number + 1,
        },
        received: Timestamp::from_second(1_699_272_000 + number as i64 / 100).expect("in range"),
        subject: Subject("wire.raw.reuters.en".to_owned()),
        headers: Vec::new(),
        body: match form {
            Wired::Ninjs => wire.story(number),
            Wired::Plain => wire.plain(number),
        },
        input: None,
    };
    (0..BATCH).map(message).collect()
}

pub fn dispatches(messages: &[RawMessage]) -> Vec<Dispatch> {
    let profile = FeedProfile::default();
    let read = |message| parse::dispatches(message, &profile).expect("a sound payload");
    let items = messages.iter().flat_map(read);
    items.map(|item| item.expect("a sound item")).collect()
}

pub fn stories(form: Wired) -> Vec<Story> {
    let messages = messages(form);
    let profile = FeedProfile::default();
    let dispatches = dispatches(&messages).into_iter().zip(&messages);
    dispatches
        .map(|(dispatch, message)| {
            let raw = fingerprint(message);
            normalize::story(dispatch, message, &raw, &profile).expect("a story")
        })
        .collect()
}

pub fn fingerprint(message: &RawMessage) -> Fingerprint {
    fingerprint_of(&message.body)
}

pub fn fingerprint_of(bytes: &[u8]) -> Fingerprint {
    Fingerprint {
        sha256: Sha256::digest(bytes).into(),
        bytes: bytes.len() as u64,
    }
}

/// Works on each, and lets go of what came of it.
pub fn each<T, U>(of: &[T], work: impl Fn(&T) -> U) {
    for one in of {
        divan::black_box(work(one));
    }
}
