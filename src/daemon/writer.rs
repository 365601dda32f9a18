//! Batches in, commits out: what arrived while the last commit was on its way is the next one.
//!
//! Three things go on at once: one batch is worked on, the one before is being handed to the server
//! record by record, and the one before that is being committed. Only the last may be known to the
//! world, and the next is made known only when the answer to it names the new fence.

mod open;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, info, warn};

use super::bus::{Batch, Bus, Checkpoint, Fault, Pulled, Record, Room, Unstored};
use super::recollection::{self, Index};
use super::standby::Turn;
use super::telemetry::{self, Told};
use super::volume::Shelf;
use super::work::{self, Hand};
use super::{House, Patience, Role, patiently};
use crate::pipeline::{Commit, Pipeline};
use crate::story::Timestamp;
use open::Open;

/// How a turn as writer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Fenced,
}

/// A process that ends so often on the same message gives it up.
const GIVE_UP: u32 = 12;
/// After so many messages a writer that began carefully trusts the wire again.
const TRUST_AFTER: u64 = 1000;
/// How often imprints that left the window are purged.
const PURGE_EVERY: Duration = Duration::from_secs(60);

/// Writes until the wish to stop, or until another writer was quicker.
pub(super) async fn write<B: Bus>(house: &House<B>, turn: Turn) -> Result<End, Fault> {
    house.progress.enter(Role::Writer);
    house.progress.beat(turn.committed.sequence);
    let mut writer = Writer::new(house, turn);
    let end = writer.run().await?;
    if end == End::Stopped {
        house.progress.enter(Role::Stopping);
        if timeout(house.config.stop_within, writer.leave())
            .await
            .is_err()
        {
            warn!("the last commit got no answer in time; a restart finds out");
        }
    }
    Ok(end)
}

/// A commit that waits for its answer.
struct Flight {
    batch: Batch,
    told: Told,
    checkpoint: Checkpoint,
    /// Its imprints, framed, and their message time.
    imprints: Option<(Timestamp, Bytes)>,
    /// It repeats what was committed before, and says nothing new.
    is_volume: bool,
    began: Instant,
}

type Answer = (Flight, Result<u64, Unstored>);
type Work = (Pipeline, Vec<Commit>);

struct Writer<'h, B: Bus> {
    house: &'h House<B>,
    /// Away while it works.
    pipeline: Option<Pipeline>,
    index: Index,
    shelf: Shelf,
    committed: Checkpoint,
    fence: u64,
    /// Commits of this session that were begun.
    number: u64,
    /// Sequence of the last message that was pulled.
    pulled: u64,
    room: usize,
    passed: u64,
    /// The next message is the one that the process ended on, again and again.
    give_up: bool,
    /// Outcomes that the world knows already, of a batch that was never ended.
    known: BTreeSet<String>,
    /// What became of the last commit is not known, or only a part of it is stored.
    unsettled: bool,
    pulling: Option<JoinHandle<Result<Pulled, Fault>>>,
    work: Option<JoinHandle<Work>>,
    pending: VecDeque<Commit>,
    open: Open,
    flight: Option<JoinHandle<Answer>>,
    beat: Instant,
    purge: Instant,
    patience: Patience,
}

impl<'h, B: Bus> Writer<'h, B> {
    fn new(house: &'h House<B>, turn: Turn) -> Writer<'h, B> {
        let begun = turn.committed.begun;
        let room = match begun {
            0 | 1 => house.config.batch_messages,
            2 => 100,
            3 => 10,
            _ => 1,
        };
        if begun > 1 {
            warn!(
                begun,
                batch = room,
                "a writer began here before and came no further; going on in small steps"
            );
        }
        Writer {
            pipeline: Some(turn.pipeline),
            index: turn.index,
            shelf: turn.shelf,
            fence: turn.fence,
            number: turn.committed.number,
            pulled: turn.committed.sequence,
            committed: turn.committed,
            room: room.min(house.config.batch_messages),
            passed: 0,
            give_up: begun >= GIVE_UP,
            known: turn.known,
            unsettled: false,
            pulling: None,
            work: None,
            pending: VecDeque::new(),
            open: Open::default(),
            flight: None,
            beat: Instant::now() + house.config.heartbeat,
            purge: Instant::now() + PURGE_EVERY,
            patience: Patience::default(),
            house,
        }
    }

    async fn run(&mut self) -> Result<End, Fault> {
        loop {
            self.stage();
            if self.flight.is_none() && !self.open.waits() {
                self.close().await;
            }
            self.bind();
            self.pull();
            let idle = self.is_idle();
            tokio::select! {
                biased;
                () = self.house.stop.cancelled() => return Ok(End::Stopped),
                answer = joined(&mut self.flight) => {
                    if let Some(end) = self.answered(answer).await? {
                        return Ok(end);
                    }
                }
                (pipeline, commits) = joined(&mut self.work) => {
                    self.pipeline = Some(pipeline);
                    self.pending.extend(commits);
                }
                pulled = joined(&mut self.pulling) => self.arrived(pulled).await?,
                // last, so that the next batch is worked on meanwhile; broken off, it goes on where it was
                () = self.open.hand_over(&self.house.bus), if self.open.waits() => {}
                () = sleep_until(self.beat), if idle => self.heartbeat(),
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.flight.is_none()
            && self.work.is_none()
            && self.pending.is_empty()
            && self.open.last.is_none()
    }

    /// Something made the process end here before.
    fn is_careful(&self) -> bool {
        self.room < self.house.config.batch_messages
    }

    /// Asks for more, unless what is here has no place to go.
    fn pull(&mut self) {
        if self.pulling.is_some() || self.work.is_some() || !self.pending.is_empty() {
            return;
        }
        // what the process may end on must not take what is on its way with it
        if self.is_careful() && (self.flight.is_some() || self.open.last.is_some()) {
            return;
        }
        let room = Room {
            messages: self.room,
            bytes: self.house.config.batch_bytes,
        };
        let (bus, after) = (self.house.bus.clone(), self.pulled);
        self.pulling = Some(tokio::spawn(async move { bus.pull(after, room).await }));
    }

    async fn arrived(&mut self, pulled: Result<Pulled, Fault>) -> Result<(), Fault> {
        let pulled = match pulled {
            Ok(pulled) => pulled,
            Err(Fault::Surroundings(said)) => {
                self.patience.tell(&said);
                self.house.trouble(said);
                self.patience.pause(&self.house.stop).await;
                return Ok(());
            }
            Err(refused) => return Err(refused),
        };
        self.patience.mended();
        let Some(mut pipeline) = self.pipeline.take() else {
            return Ok(());
        };
        if self.house.core.tagger.has_changed().unwrap_or(false) {
            let tagger = self.house.core.tagger.borrow().clone();
            if tagger.lexicon().version() != pipeline.tagger().lexicon().version() {
                info!(
                    version = tagger.lexicon().version(),
                    "another lexicon from here on"
                );
                pipeline.reload(tagger);
            }
        }
        let last = pulled
            .messages
            .last()
            .map(|message| message.origin.sequence);
        let lost = pulled.lost.as_ref().map(|lost| *lost.end());
        self.pulled = last.or(lost).unwrap_or(self.pulled);
        let hand = Hand {
            source: self.house.bus.source().to_owned(),
            at: self.committed.received.unwrap_or(Timestamp::UNIX_EPOCH),
            give_up: std::mem::take(&mut self.give_up),
        };
        self.work = Some(tokio::task::spawn_blocking(move || {
            let commits = work::commits(&mut pipeline, pulled, hand);
            (pipeline, commits)
        }));
        Ok(())
    }

    /// Lays out what fits into the open batch.
    fn stage(&mut self) {
        let most = self.house.config.batch_bytes;
        while let Some(commit) = self.pending.pop_front() {
            if !self.open.has_room(&commit, most) {
                return self.pending.push_front(commit);
            }
            self.open.take(commit, &mut self.known);
        }
    }

    /// Sends the open batch's checkpoint: from here on it may be known to the world.
    async fn close(&mut self) {
        let Some(last) = self.open.last.take() else {
            return;
        };
        let frames = std::mem::take(&mut self.open.frames).freeze();
        let imprints = last.received.filter(|_| !frames.is_empty());
        let imprints = imprints.map(|at| (at, frames.clone()));
        let partition = &self.house.core.settings.partition;
        let blocks = recollection::blocks(
            frames,
            partition,
            last.received,
            self.house.config.block_bytes,
        );
        self.open.batch.records.extend(blocks);
        self.open.hand_over(&self.house.bus).await;
        let needed = self
            .index
            .needed(last.horizon)
            .or(imprints.as_ref().map(|_| self.fence + 1));
        let advanced = last.position != self.committed.position();
        let checkpoint = Checkpoint {
            sequence: last.position.sequence,
            items: last.position.items,
            received: last.received.or(self.committed.received),
            digest: format!("{:016x}", last.digest),
            begun: if advanced { 0 } else { self.committed.begun },
            imprints: needed,
            whole_until: None,
            known: self.known.clone(),
            ..self.committed.clone()
        };
        let open = std::mem::take(&mut self.open);
        self.fly(open.batch, open.told, checkpoint, imprints, false);
    }

    fn heartbeat(&mut self) {
        let checkpoint = Checkpoint {
            // nothing is being worked on, so nothing ended the process
            begun: 0,
            ..self.same()
        };
        self.fly(Batch::default(), Told::default(), checkpoint, None, false);
    }

    /// Repeats what was committed since the last volume, as soon as that fills one.
    fn bind(&mut self) {
        let config = &self.house.config;
        if self.flight.is_some() || !self.shelf.is_full(config.volume_bytes) {
            return;
        }
        let partition = &self.house.core.settings.partition;
        let needed = self.committed.imprints.unwrap_or(0);
        let records = self.shelf.bind(partition, config.block_bytes, needed);
        if records.is_empty() {
            return;
        }
        let batch = Batch {
            records,
            ..Batch::default()
        };
        let checkpoint = self.same();
        self.fly(batch, Told::default(), checkpoint, None, true);
    }

    /// What the next checkpoint says, where nothing new was decided.
    fn same(&self) -> Checkpoint {
        Checkpoint {
            whole_until: None,
            known: self.known.clone(),
            ..self.committed.clone()
        }
    }

    fn fly(
        &mut self,
        mut batch: Batch,
        told: Told,
        mut checkpoint: Checkpoint,
        imprints: Option<(Timestamp, Bytes)>,
        is_volume: bool,
    ) {
        self.number += 1;
        checkpoint.number = self.number;
        if let Some(pipeline) = &self.pipeline {
            let lexicon = pipeline.tagger().lexicon().version();
            lexicon.clone_into(&mut checkpoint.lexicon);
        }
        let (bus, fence) = (self.house.bus.clone(), self.fence);
        self.flight = Some(tokio::spawn(async move {
            let began = Instant::now();
            let staged = match is_volume {
                true => bus.stage(&mut batch).await,
                false => Ok(()),
            };
            let answer = match staged {
                Ok(()) => bus.commit(&mut batch, &checkpoint, fence).await,
                Err(error) => Err(Unstored::NoAnswer(error.to_string())),
            };
            let flight = Flight {
                batch,
                told,
                checkpoint,
                imprints,
                is_volume,
                began,
            };
            (flight, answer)
        }));
    }

    async fn answered(&mut self, (flight, answer): Answer) -> Result<Option<End>, Fault> {
        match answer {
            Ok(sequence) => self.landed(flight, sequence).await,
            Err(unstored) => return self.settle(flight, unstored).await,
        }
        Ok(None)
    }

    async fn landed(&mut self, flight: Flight, sequence: u64) {
        if let Some((received, frames)) = &flight.imprints {
            // the records of a batch stand side by side, the checkpoint last: the imprints are somewhere after the fence
            self.index.add(self.fence + 1, *received);
            self.shelf
                .add(self.fence + 1, Some(*received), frames.clone());
        }
        if flight.is_volume {
            self.shelf.bound(sequence - 1, &flight.batch.records);
        }
        self.shelf.relieve(self.house.config.volume_bytes);
        self.passed += flight.checkpoint.sequence - self.committed.sequence;
        if self.is_careful() && self.passed >= TRUST_AFTER {
            info!("going on in full steps");
            self.room = self.house.config.batch_messages;
        }
        self.observe(&flight);
        self.fence = sequence;
        self.committed = flight.checkpoint;
        self.beat = Instant::now() + self.house.config.heartbeat;
        self.house.progress.beat(self.committed.sequence);
        self.purge().await;
    }

    fn observe(&self, flight: &Flight) {
        let (records, seconds) = (
            flight.batch.records.len() + 1,
            flight.began.elapsed().as_secs_f64(),
        );
        debug!(records, seconds, "committed");
        let bytes = flight.batch.records.iter().map(Record::bytes).sum();
        telemetry::committed(seconds, records, bytes);
        telemetry::told(&flight.told);
        let advanced = flight.checkpoint.position() != self.committed.position();
        if let Some(received) = flight.checkpoint.received.filter(|_| advanced) {
            let age = Timestamp::now().duration_since(received);
            let age = age.try_into().unwrap_or_default();
            self.house.progress.committed(age);
        }
    }

    /// Removes imprints that left the window, now and then.
    async fn purge(&mut self) {
        if Instant::now() < self.purge {
            return;
        }
        self.purge = Instant::now() + PURGE_EVERY;
        if let Some(needed) = self.committed.imprints {
            let bus = self.house.bus.clone();
            tokio::spawn(async move {
                if let Err(error) = bus.forget(needed).await {
                    debug!("{error}");
                }
            });
        }
    }

    /// Learns what became of a commit that did not say "stored", and sends it again only when it knows that it is not.
    async fn settle(
        &mut self,
        mut flight: Flight,
        mut unstored: Unstored,
    ) -> Result<Option<End>, Fault> {
        let mut patience = Patience::default();
        loop {
            if let Unstored::NoAnswer(said) | Unstored::Refused(said) = &unstored {
                if patience.is_fresh() {
                    warn!("{said}; nothing is lost, trying again until it works");
                }
                self.house.trouble(said.clone());
            }
            self.unsettled = true;
            let Some(stored) = patiently(self.house, || self.house.bus.checkpoint()).await? else {
                return Ok(Some(End::Stopped));
            };
            let current = stored.as_ref().map_or(0, |stored| stored.sequence);
            match stored {
                Some(stored) if stored.checkpoint.is(&flight.checkpoint) => {
                    self.landed(flight, stored.sequence).await;
                    break;
                }
                _ if current != self.fence => {
                    telemetry::fenced();
                    return Ok(Some(End::Fenced));
                }
                _ => {}
            }
            let Some(strays) = patiently(self.house, || self.house.bus.strays(self.fence)).await?
            else {
                return Ok(Some(End::Stopped));
            };
            let stored = flight.batch.drop_stored(&strays);
            if stored > 0 {
                warn!(
                    stored,
                    "the server stored the beginning of a batch and no more; going on after it"
                );
            }
            if !matches!(unstored, Unstored::Fenced(_))
                && patience.pause(&self.house.stop).await.is_none()
            {
                return Ok(Some(End::Stopped));
            }
            if flight.is_volume {
                // a volume is whole or none, and can be made again
                flight.batch = Batch::default();
                flight.is_volume = false;
                self.shelf.postpone();
            }
            flight.batch.restart();
            let answer = match self.house.bus.stage(&mut flight.batch).await {
                Ok(()) => {
                    self.house
                        .bus
                        .commit(&mut flight.batch, &flight.checkpoint, self.fence)
                        .await
                }
                Err(error) => Err(Unstored::NoAnswer(error.to_string())),
            };
            match answer {
                Ok(sequence) => {
                    self.landed(flight, sequence).await;
                    break;
                }
                Err(again) => unstored = again,
            }
        }
        self.unsettled = false;
        // what was handed over meanwhile may have been abandoned, or was on a lost connection
        self.open.batch.restart();
        self.open.hand_over(&self.house.bus).await;
        Ok(None)
    }

    /// Finishes the commit on its way and says good-bye, so that a standby need not wait.
    async fn leave(&mut self) {
        if let Some(flight) = self.flight.take()
            && let Ok(answer) = flight.await
        {
            let (flight, answer) = answer;
            match answer {
                Ok(sequence) => self.landed(flight, sequence).await,
                // whoever comes next reads what became of it
                Err(_) => return,
            }
        }
        if self.unsettled {
            return;
        }
        let good_bye = Checkpoint {
            writer: None,
            number: self.number + 1,
            begun: 0,
            // what is handed over and not committed was never told; where nothing was committed since the claim,
            // the next writer must look again behind the place up to which the log is whole
            ..self.committed.clone()
        };
        match self
            .house
            .bus
            .commit(&mut Batch::default(), &good_bye, self.fence)
            .await
        {
            Ok(_) => info!(after = good_bye.sequence, "stopped"),
            Err(error) => warn!("stopped without good-bye: {error}"),
        }
    }
}

impl<B: Bus> Drop for Writer<'_, B> {
    /// Who no longer writes no longer reads ahead.
    fn drop(&mut self) {
        if let Some(pulling) = &self.pulling {
            pulling.abort();
        }
    }
}

/// The result of a task, if there is one; else never.
async fn joined<T>(task: &mut Option<JoinHandle<T>>) -> T {
    match task {
        Some(running) => {
            let result = running.await;
            *task = None;
            match result {
                Ok(result) => result,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
        None => std::future::pending().await,
    }
}
