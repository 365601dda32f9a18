//! The whole flow on one screen: raw messages in, one commit of accounted outcomes out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::dedup::{self, UnpackError, Window};
use crate::story::{FeedProfile, Outbound, Position, RawMessage, Timestamp};
use crate::tag::Tagger;

/// What decisions depend on beside the messages.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Slug of the partition: part of the subjects of held stories.
    pub partition: String,
    /// Name of the stream that events are published on.
    pub dedup: dedup::Settings,
    /// By agency slug, or `<agency>.<feed>` where a feed differs from its agency.
    pub feeds: BTreeMap<String, FeedProfile>,
    /// Bytes of the largest record, headers included.
    pub max_event_bytes: usize,
    /// Most outcomes in one commit.
    pub max_outcomes: usize,
    /// Most bytes of outcomes in one commit.
    pub max_commit_bytes: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            partition: "main".to_owned(),
            dedup: dedup::Settings::default(),
            feeds: BTreeMap::new(),
            max_event_bytes: 1_000_000,
            max_outcomes: 900,
            max_commit_bytes: 16 << 20,
        }
    }
}

/// Seconds of work a batch cost, summed over threads, by stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shares {
    pub prepare: f64,
    pub judge: f64,
    pub render: f64,
}

/// All that one atomic batch will tell the world.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// In source order.
    pub outbound: Vec<Outbound>,
    /// Packed imprints of the stories judged, in order, for `Pipeline::replay`; empty when none was.
    pub imprints: Vec<u8>,
    /// How far the source is done once this is committed.
    pub position: Position,
    /// The timestamp of the last message of the commit.
    pub received: Option<Timestamp>,
    /// Digest of the window after this commit.
    pub digest: u64,
    /// The message time before which imprints are no longer needed.
    pub horizon: Option<Timestamp>,
}

/// The five rooms and the one memory.
pub struct Pipeline {
    settings: Settings,
    tagger: Arc<Tagger>,
    window: Window,
    position: Position,
}

impl Pipeline {
    pub fn new(settings: Settings, tagger: Arc<Tagger>) -> Pipeline {
        let window = Window::new(settings.dedup.clone());
        Pipeline {
            settings,
            tagger,
            window,
            position: Position::default(),
        }
    }

    /// Total: bad input is an outcome, not an error. Messages at or before the position are passed
    /// over; of the next one, as many items as the position says are done already. Returns one commit,
    /// or several where the outcomes are more than one batch may hold; none for no messages.
    pub fn process(&mut self, batch: &[RawMessage]) -> Vec<Commit> {
        let _ = (batch, &self.settings);
        Vec::new()
    }

    /// The dead letter for messages that the stream lost before they were read. `at` is the time of the
    /// last message known, so that the outcome is the same in every run.
    pub fn gap(&mut self, stream: &str, lost: RangeInclusive<u64>, at: Timestamp) -> Commit {
        let _ = (stream, lost, at);
        Commit::default()
    }

    /// The dead letter for a message that the process died on, again and again.
    pub fn give_up(&mut self, message: &RawMessage) -> Commit {
        let _ = message;
        Commit::default()
    }

    /// Remembers what another run, or another writer, committed.
    pub fn replay(&mut self, packed: &[u8]) -> Result<(), UnpackError> {
        self.window.replay(packed)
    }

    /// Goes on after `position`.
    pub fn resume(&mut self, position: Position) {
        self.position = position;
    }

    /// Takes another lexicon from the next batch on.
    pub fn reload(&mut self, tagger: Arc<Tagger>) {
        self.tagger = tagger;
    }

    pub fn position(&self) -> Position {
        self.position
    }

    pub fn window(&self) -> &Window {
        &self.window
    }

    pub fn tagger(&self) -> &Tagger {
        &self.tagger
    }
}
