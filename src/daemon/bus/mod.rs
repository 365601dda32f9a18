//! Messages in, atomic commits out. What arrived after this sequence, and is this batch now known to the world?

pub mod checkpoint;
pub mod jetstream;
pub mod memory;

use std::future::Future;
use std::ops::RangeInclusive;

use bytes::Bytes;

pub use checkpoint::{Checkpoint, Stored};

use crate::publish::CANCELED;
use crate::story::{Outbound, RawMessage, Timestamp};

/// Most records of one atomic batch, as the server has it, less the checkpoint and room for imprints.
pub const MAX_RECORDS: usize = 960;

/// Header of an imprint record: the message time of its last imprint.
pub const IMPRINTS_RECEIVED: &str = "Wire-Received";
/// Header of a raw message: the name that a person gave it. It comes back as an alternative id.
pub const INPUT: &str = "Wire-Input";
/// Header of an imprint record that the next one goes on from.
pub const IMPRINTS_MORE: &str = "Wire-More";

/// How much one pull may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub messages: usize,
    pub bytes: usize,
}

/// What one pull brought, in source order.
#[derive(Clone, Debug, Default)]
pub struct Pulled {
    /// Messages that the source no longer has, right before `messages`.
    pub lost: Option<RangeInclusive<u64>>,
    pub messages: Vec<RawMessage>,
}

/// The source's ends: sequences of its first and last message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub first: u64,
    pub last: u64,
    /// When the source was made: one that was made anew counts from 1 again, and is another source.
    pub created: Timestamp,
}

/// One record of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub subject: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Record {
    pub fn bytes(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        self.subject.len() + headers + self.body.len()
    }
}

impl From<Outbound> for Record {
    fn from(outbound: Outbound) -> Record {
        Record {
            subject: outbound.subject,
            headers: outbound.headers,
            body: outbound.body,
        }
    }
}

/// Records on their way to one commit. They are kept until the commit is known to be stored, so that
/// a batch that was not can be sent again.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Names the batch to the server; empty until the first record is sent.
    pub id: String,
    pub records: Vec<Record>,
    /// How many of the records were sent under `id`.
    pub staged: usize,
}

impl Batch {
    /// Leaves out what the server stored of it under its present name; returns how much that was.
    pub fn drop_stored(&mut self, strays: &[Stray]) -> usize {
        let stored = strays.iter().filter(|stray| stray.batch == self.id).count();
        let stored = stored.min(self.records.len());
        self.records.drain(..stored);
        stored
    }

    /// Sends all again under another name.
    pub fn restart(&mut self) {
        self.id.clear();
        self.staged = 0;
    }
}

/// A record of a batch that the server began to store and could not end: no checkpoint follows it, and
/// the world may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    pub sequence: u64,
    /// The name of its batch.
    pub batch: String,
    pub kind: StrayKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrayKind {
    /// With its `ce-id`.
    Outcome(String),
    /// Takes a held story back, and may be repeated.
    Cancel,
    Imprints,
}

impl StrayKind {
    /// What a record is, by its subject and its headers.
    fn of<'h>(subject: &str, header: impl Fn(&str) -> Option<&'h str>) -> StrayKind {
        match header("ce-id") {
            _ if subject.contains(".state.") => StrayKind::Imprints,
            Some(id) if header("ce-type") != Some(CANCELED) => StrayKind::Outcome(id.to_owned()),
            _ => StrayKind::Cancel,
        }
    }
}

/// A record of the daemon's own memory, as it comes back.
#[derive(Clone, Debug)]
pub enum Memory {
    Imprints {
        sequence: u64,
        /// The message time of the last imprint.
        received: Option<Timestamp>,
        /// Whether the next record goes on where this one was cut.
        more: bool,
        packed: Bytes,
    },
    Checkpoint(Stored),
}

impl Memory {
    pub fn sequence(&self) -> u64 {
        match self {
            Memory::Imprints { sequence, .. } => *sequence,
            Memory::Checkpoint(stored) => stored.sequence,
        }
    }
}

/// Why the bus cannot do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Passes when the surroundings mend: try again.
    #[error("{0}")]
    Surroundings(String),
    /// Somebody has to change something.
    #[error("{0}")]
    Refused(String),
}

/// The sequences of the checkpoint count messages of a source that is gone.
pub fn made_anew(source: &str) -> Fault {
    Fault::Refused(format!(
        "stream {source} was made anew: the checkpoint counts messages of the one before, and going on would pass \
         over those of the new one; if that was intended, purge the checkpoint of the partition \
         (`nats stream purge WIRE --subject wire.state.checkpoint.main` for streams.out and partition.name as they come; \
         see \"The raw stream was made anew\" in the runbook)"
    ))
}

/// Why a commit did not say "stored".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unstored {
    /// Another writer committed since: nothing of the batch is stored.
    #[error("another writer committed after sequence {0}")]
    Fenced(u64),
    /// It may be stored or not: read the checkpoint.
    #[error("{0}")]
    NoAnswer(String),
    /// Nothing of it is stored.
    #[error("{0}")]
    Refused(String),
}

/// A source with sequences, and a log that takes batches whole or not at all.
pub trait Bus: Clone + Send + Sync + 'static {
    /// The name of the source.
    fn source(&self) -> &str;

    /// The messages after sequence `after`: waits for the first, then takes what is there.
    fn pull(&self, after: u64, room: Room) -> impl Future<Output = Result<Pulled, Fault>> + Send;

    /// Hands the records of `batch` that were not sent yet to the log. They stay unknown to the
    /// world until the commit.
    fn stage(&self, batch: &mut Batch) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Sends the last record, the checkpoint, and with it makes the whole batch known, unless the
    /// sequence of the stored checkpoint is no longer `fence` (0: none). Returns the sequence that the checkpoint got.
    fn commit(
        &self,
        batch: &mut Batch,
        checkpoint: &Checkpoint,
        fence: u64,
    ) -> impl Future<Output = Result<u64, Unstored>> + Send;

    /// The last checkpoint committed.
    fn checkpoint(&self) -> impl Future<Output = Result<Option<Stored>, Fault>> + Send;

    /// Imprints and checkpoints after sequence `after` of the log: waits for the first, then takes what is there.
    fn recall(&self, after: u64) -> impl Future<Output = Result<Vec<Memory>, Fault>> + Send;

    /// The last catalogue of volumes and its sequence in the log.
    fn catalogue(&self) -> impl Future<Output = Result<Option<(u64, Bytes)>, Fault>> + Send;

    /// The record of a volume with this sequence; `None` where there is none.
    fn volume(&self, sequence: u64) -> impl Future<Output = Result<Option<Bytes>, Fault>> + Send;

    /// Our own outcomes and imprints after sequence `after` of the log.
    fn strays(&self, after: u64) -> impl Future<Output = Result<Vec<Stray>, Fault>> + Send;

    /// Removes the record with this sequence from the log.
    fn remove(&self, sequence: u64) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Removes imprints and volumes before sequence `before` of the log.
    fn forget(&self, before: u64) -> impl Future<Output = Result<(), Fault>> + Send;

    /// How far the subjects of this partition reach in the source: the sequence of their last message, 0 for none.
    fn reach(&self) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// How far the source reaches.
    fn extent(&self) -> impl Future<Output = Result<Extent, Fault>> + Send;

    /// The sequence of the oldest record of the log, whatever it is.
    fn log_begins(&self) -> impl Future<Output = Result<u64, Fault>> + Send;
}
