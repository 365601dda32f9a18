//! The record that closes every commit. How far are we, what must be remembered, and who wrote it?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::story::{Position, Timestamp};

/// The version of the checkpoint's own layout.
pub const FORMAT: u32 = 1;

/// The last record of a commit, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub format: u32,
    /// All source messages up to this one are done …
    pub sequence: u64,
    /// … and so many items of the next.
    pub items: u32,
    /// The timestamp of the last message done.
    pub received: Option<Timestamp>,
    /// When the source that these sequences count was made.
    #[serde(default)]
    pub source_created: Option<Timestamp>,
    /// Digest of the settings that decisions depend on.
    pub settings: String,
    pub lexicon: String,
    /// Digest of the window after this commit, hexadecimal.
    pub digest: String,
    /// The instance that committed; `None` when it left in good order.
    pub writer: Option<String>,
    /// Names one life of one writer.
    pub session: String,
    /// Counts the commits of a session, from 1.
    pub number: u64,
    /// How often a writer began after this position without coming further.
    pub begun: u32,
    /// The log's sequence of the first imprint that is still needed; `None` when none is.
    pub imprints: Option<u64>,
    /// Outcomes and imprints after this sequence of the log may belong to a batch that was never ended;
    /// `None` when all before this checkpoint is accounted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_until: Option<u64>,
    /// Outcomes of messages after this position that such a batch told the world already.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub known: BTreeSet<String>,
}

impl Checkpoint {
    pub fn position(&self) -> Position {
        Position {
            sequence: self.sequence,
            items: self.items,
        }
    }

    /// Whether `other` is the very same commit.
    pub fn is(&self, other: &Checkpoint) -> bool {
        self.session == other.session && self.number == other.number
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a struct of strings and numbers is always JSON")
    }

    /// Refuses what a later version wrote, and what is no checkpoint at all.
    pub fn from_json(bytes: &[u8]) -> Result<Checkpoint, String> {
        let checkpoint: Checkpoint = serde_json::from_slice(bytes)
            .map_err(|error| format!("the checkpoint is damaged: {error}"))?;
        if checkpoint.format > FORMAT {
            return Err(format!(
                "the checkpoint has format {}, this version reads up to {FORMAT}: a later version wrote it",
                checkpoint.format
            ));
        }
        Ok(checkpoint)
    }
}

/// A checkpoint and the sequence it has in the log: the fence of the next commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub sequence: u64,
    pub checkpoint: Checkpoint,
}
