//! The bus in memory: deterministic, and as strict about the fence as the real one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    Batch, Bus, Checkpoint, Extent, Fault, IMPRINTS_MORE, IMPRINTS_RECEIVED, Memory, Pulled,
    Record, Room, Stored, Stray, StrayKind, Unstored,
};
use crate::story::{Origin, RawMessage, Subject, Timestamp};

const SOURCE: &str = "WIRE_RAW";

/// What goes wrong with one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// All goes well.
    None,
    /// The request does not arrive.
    RequestLost,
    /// It is stored, and the answer does not arrive.
    AnswerLost,
    /// The disk is full.
    Refused,
    /// The disk is full after so many records: they are stored, and the rest is not.
    Torn(usize),
}

/// A source and a log in one process. Clones share them.
#[derive(Clone, Default)]
pub struct InMemory {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    store: Mutex<Store>,
    changed: Notify,
}

struct Store {
    source: Vec<RawMessage>,
    /// Sequence of the first message that the source still has.
    first: u64,
    log: Vec<Logged>,
    last: u64,
    checkpoint: Option<Stored>,
    batches: u64,
    mishaps: VecDeque<Mishap>,
}

impl Default for Store {
    fn default() -> Store {
        Store {
            source: Vec::new(),
            first: 1,
            log: Vec::new(),
            last: 0,
            checkpoint: None,
            batches: 0,
            mishaps: VecDeque::new(),
        }
    }
}

/// A record of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    pub sequence: u64,
    pub record: Record,
    batch: String,
    /// Imprints are told apart from outcomes.
    is_memory: bool,
}

impl Logged {
    /// Whether it belongs to the daemon's own memory, and is of this kind.
    fn is(&self, kind: &str) -> bool {
        let own = self.record.subject.strip_prefix("wire.state.");
        own.is_some_and(|rest| rest.split('.').next() == Some(kind))
    }
}

impl InMemory {
    /// Adds a message to the source; its sequence counts from 1.
    pub fn publish(&self, subject: &str, received: Timestamp, body: impl Into<Bytes>) {
        let mut store = self.store();
        let sequence = store.first + store.source.len() as u64;
        store.source.push(RawMessage {
            origin: Origin {
                stream: Arc::from(SOURCE),
                sequence,
            },
            received,
            subject: Subject(subject.to_owned()),
            headers: Vec::new(),
            body: body.into(),
            input: None,
        });
        drop(store);
        self.shared.changed.notify_waiters();
    }

    /// Retention takes the messages before `first`.
    pub fn expire(&self, first: u64) {
        let mut store = self.store();
        let gone = first.saturating_sub(store.first) as usize;
        let gone = gone.min(store.source.len());
        store.source.drain(..gone);
        store.first = first;
    }

    /// What happens to the next commits, in order.
    pub fn mishaps(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.store().mishaps.extend(mishaps);
    }

    /// The committed outcomes, in order.
    pub fn outcomes(&self) -> Vec<Record> {
        let store = self.store();
        let outcomes = store.log.iter().filter(|logged| !logged.is_memory);
        outcomes.map(|logged| logged.record.clone()).collect()
    }

    /// Retention takes the daemon's own records of this kind, up to the last catalogue.
    pub fn lose(&self, kind: &str) {
        let mut store = self.store();
        let mut catalogues = store.log.iter().filter(|logged| logged.is("catalogue"));
        let last = catalogues.next_back().map_or(0, |logged| logged.sequence);
        store
            .log
            .retain(|logged| !logged.is(kind) || logged.sequence > last);
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.shared
            .store
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What `find` finds, as soon as there is something to find.
    async fn wait<T>(&self, find: impl Fn(&Store) -> Option<T>) -> T {
        loop {
            let changed = self.shared.changed.notified();
            if let Some(found) = find(&self.store()) {
                return found;
            }
            changed.await;
        }
    }
}

impl Store {
    fn extent(&self) -> Extent {
        Extent {
            created: Timestamp::UNIX_EPOCH,
            first: self.first,
            last: self.first + self.source.len() as u64 - 1,
        }
    }

    fn pull(&self, after: u64, room: Room) -> Option<Pulled> {
        if self.first > after + 1 {
            return Some(Pulled {
                lost: Some(after + 1..=self.first - 1),
                messages: Vec::new(),
            });
        }
        let mut bytes = 0;
        let start = ((after + 1 - self.first) as usize).min(self.source.len());
        let messages: Vec<_> = self.source[start..]
            .iter()
            .take(room.messages)
            .take_while(|message| {
                let fits = bytes == 0 || bytes + message.body.len() <= room.bytes;
                bytes += message.body.len().max(1);
                fits
            })
            .cloned()
            .collect();
        (!messages.is_empty()).then_some(Pulled {
            lost: None,
            messages,
        })
    }

    fn commit(
        &mut self,
        batch: &Batch,
        checkpoint: &Checkpoint,
        fence: u64,
    ) -> Result<u64, Unstored> {
        let current = self.checkpoint.as_ref().map_or(0, |stored| stored.sequence);
        if current != fence {
            return Err(Unstored::Fenced(fence));
        }
        self.store(batch, batch.records.len())?;
        self.last += 1;
        self.checkpoint = Some(Stored {
            sequence: self.last,
            checkpoint: checkpoint.clone(),
        });
        Ok(self.last)
    }

    /// The first `most` records of a batch.
    fn store(&mut self, batch: &Batch, most: usize) -> Result<(), Unstored> {
        let records = &batch.records[..most.min(batch.records.len())];
        for (at, record) in records.iter().enumerate() {
            let rolls_up = record
                .headers
                .iter()
                .any(|(name, _)| *name == "Nats-Rollup");
            let same = |other: &Record| other.subject == record.subject;
            if rolls_up && records[..at].iter().any(same) {
                return Err(Unstored::Refused(
                    "a batch cannot replace what it brings itself".to_owned(),
                ));
            }
            if rolls_up {
                self.log.retain(|logged| !same(&logged.record));
            }
        }
        for record in records {
            self.last += 1;
            self.log.push(Logged {
                sequence: self.last,
                is_memory: record.subject.starts_with("wire.state."),
                record: record.clone(),
                batch: batch.id.clone(),
            });
        }
        Ok(())
    }

    fn recall(&self, after: u64) -> Option<Vec<Memory>> {
        let imprints = self
            .log
            .iter()
            .filter(|logged| logged.sequence > after && logged.is("imprint"));
        let header = |record: &Record, name: &str| {
            let found = record.headers.iter().find(|(has, _)| *has == name);
            found.map(|(_, value)| value.clone())
        };
        let mut memory: Vec<Memory> = imprints
            .map(
                |Logged {
                     sequence, record, ..
                 }| Memory::Imprints {
                    sequence: *sequence,
                    received: header(record, IMPRINTS_RECEIVED).and_then(|at| at.parse().ok()),
                    more: header(record, IMPRINTS_MORE).is_some(),
                    packed: record.body.clone(),
                },
            )
            .collect();
        let checkpoint = self
            .checkpoint
            .iter()
            .filter(|stored| stored.sequence > after);
        memory.extend(checkpoint.cloned().map(Memory::Checkpoint));
        memory.sort_by_key(Memory::sequence);
        (!memory.is_empty()).then_some(memory)
    }
}

impl Bus for InMemory {
    fn source(&self) -> &str {
        SOURCE
    }

    async fn pull(&self, after: u64, room: Room) -> Result<Pulled, Fault> {
        Ok(self.wait(|store| store.pull(after, room)).await)
    }

    async fn stage(&self, batch: &mut Batch) -> Result<(), Fault> {
        if batch.id.is_empty() {
            let mut store = self.store();
            store.batches += 1;
            batch.id = store.batches.to_string();
        }
        batch.staged = batch.records.len();
        Ok(())
    }

    async fn commit(
        &self,
        batch: &mut Batch,
        checkpoint: &Checkpoint,
        fence: u64,
    ) -> Result<u64, Unstored> {
        let mut store = self.store();
        let mishap = store.mishaps.pop_front().unwrap_or(Mishap::None);
        if batch.staged < batch.records.len() {
            return Err(Unstored::Refused("the batch is incomplete".to_owned()));
        }
        let answer = match mishap {
            Mishap::RequestLost => Err(Unstored::NoAnswer("the request was lost".to_owned())),
            Mishap::Refused => Err(Unstored::Refused("the disk is full".to_owned())),
            Mishap::Torn(most) => {
                let current = store
                    .checkpoint
                    .as_ref()
                    .map_or(0, |stored| stored.sequence);
                match current == fence {
                    true => store
                        .store(batch, most)
                        .and(Err(Unstored::Refused("the disk is full".to_owned()))),
                    false => Err(Unstored::Fenced(fence)),
                }
            }
            Mishap::AnswerLost => store
                .commit(batch, checkpoint, fence)
                .and(Err(Unstored::NoAnswer("the answer was lost".to_owned()))),
            Mishap::None => store.commit(batch, checkpoint, fence),
        };
        drop(store);
        self.shared.changed.notify_waiters();
        answer
    }

    async fn checkpoint(&self) -> Result<Option<Stored>, Fault> {
        Ok(self.store().checkpoint.clone())
    }

    async fn recall(&self, after: u64) -> Result<Vec<Memory>, Fault> {
        Ok(self.wait(|store| store.recall(after)).await)
    }

    async fn catalogue(&self) -> Result<Option<(u64, Bytes)>, Fault> {
        let store = self.store();
        let last = store.log.iter().rfind(|logged| logged.is("catalogue"));
        Ok(last.map(|logged| (logged.sequence, logged.record.body.clone())))
    }

    async fn volume(&self, sequence: u64) -> Result<Option<Bytes>, Fault> {
        let store = self.store();
        let mut volumes = store.log.iter().filter(|logged| logged.is("volume"));
        let found = volumes.find(|logged| logged.sequence == sequence);
        Ok(found.map(|logged| logged.record.body.clone()))
    }

    async fn strays(&self, after: u64) -> Result<Vec<Stray>, Fault> {
        let store = self.store();
        let logged = store.log.iter().filter(|logged| logged.sequence > after);
        let stray = |logged: &Logged| Stray {
            sequence: logged.sequence,
            batch: logged.batch.clone(),
            kind: StrayKind::of(&logged.record.subject, |name| {
                let headers = logged.record.headers.iter();
                let mut found = headers.filter(|(has, _)| *has == name);
                found.next().map(|(_, value)| value.as_str())
            }),
        };
        Ok(logged.map(stray).collect())
    }

    async fn remove(&self, sequence: u64) -> Result<(), Fault> {
        let mut store = self.store();
        store.log.retain(|logged| logged.sequence != sequence);
        Ok(())
    }

    async fn forget(&self, before: u64) -> Result<(), Fault> {
        let mut store = self.store();
        store
            .log
            .retain(|logged| !logged.is_memory || logged.sequence >= before);
        Ok(())
    }

    async fn reach(&self) -> Result<u64, Fault> {
        Ok(self.store().extent().last)
    }

    async fn extent(&self) -> Result<Extent, Fault> {
        Ok(self.store().extent())
    }

    async fn log_begins(&self) -> Result<u64, Fault> {
        Ok(self.store().log.first().map_or(1, |logged| logged.sequence))
    }
}
