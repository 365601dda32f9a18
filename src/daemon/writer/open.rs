//! The batch that is being filled: what is decided, handed over to the server, and not yet committed.

use std::collections::BTreeSet;

use bytes::BytesMut;
use tracing::debug;

use crate::daemon::bus::{Batch, Bus, MAX_RECORDS};
use crate::daemon::recollection;
use crate::daemon::telemetry::Told;
use crate::pipeline::Commit;
use crate::story::Outbound;

#[derive(Default)]
pub(super) struct Open {
    pub batch: Batch,
    pub told: Told,
    bytes: usize,
    /// Imprints, framed.
    pub frames: BytesMut,
    /// Subjects of the held stories in the batch.
    held: BTreeSet<String>,
    /// The last commit that went in: its position, digest and horizon stand for all.
    pub last: Option<Commit>,
    /// A record could not be handed over: it waits for the commit.
    held_up: bool,
}

impl Open {
    /// Whether a record is still to be handed over.
    pub fn waits(&self) -> bool {
        !self.held_up && self.batch.staged < self.batch.records.len()
    }

    /// Whether `commit` goes into this batch; an empty one takes any.
    pub fn has_room(&self, commit: &Commit, most_bytes: usize) -> bool {
        let bodies = commit.outbound.iter().map(|outbound| outbound.body.len());
        let bytes = self.bytes + bodies.sum::<usize>() + commit.imprints.len();
        let records = self.batch.records.len() + commit.outbound.len();
        let mut subjects = commit.outbound.iter().map(|record| &record.subject);
        let again = subjects.any(|subject| self.held.contains(subject));
        self.last.is_none() || records <= MAX_RECORDS && bytes <= most_bytes && !again
    }

    /// Lays a commit in, without the outcomes that the world knows already.
    pub fn take(&mut self, mut commit: Commit, known: &mut BTreeSet<String>) {
        let bodies = commit.outbound.iter().map(|outbound| outbound.body.len());
        self.bytes += bodies.sum::<usize>() + commit.imprints.len();
        recollection::frame(&mut self.frames, &commit.imprints);
        commit.imprints = Vec::new();
        self.told.count(&commit.outbound);
        let mut outbound = superseded(std::mem::take(&mut commit.outbound));
        if !known.is_empty() {
            outbound.retain(|record| record.is_cancel() || !known.remove(record.id()));
        }
        let held = outbound.iter().filter(|record| is_held(record));
        self.held.extend(held.map(|record| record.subject.clone()));
        let records = outbound.into_iter().map(Into::into);
        self.batch.records.extend(records);
        self.last = Some(commit);
    }

    /// A record that cannot be handed over now is handed over with the commit, or again after its refusal.
    pub async fn hand_over<B: Bus>(&mut self, bus: &B) {
        self.held_up = false;
        if let Err(error) = bus.stage(&mut self.batch).await {
            debug!("{error}");
            self.held_up = true;
        }
    }
}

fn is_held(record: &Outbound) -> bool {
    record.subject.starts_with("wire.held.")
}

/// The records of one commit, without held ones that a later one takes the place of: the server
/// refuses a batch that replaces what it brings itself.
fn superseded(outbound: Vec<Outbound>) -> Vec<Outbound> {
    let mut later = BTreeSet::new();
    let mut kept: Vec<Outbound> = outbound
        .into_iter()
        .rev()
        .filter(|record| !is_held(record) || later.insert(record.subject.clone()))
        .collect();
    kept.reverse();
    kept
}
