//! The log → a warm window and the right to write. Is anybody else writing, and do we know all they knew?

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use super::bus::checkpoint::FORMAT;
use super::bus::{Bus, Checkpoint, Fault, Memory, Stored, StrayKind, Unstored, made_anew};
use super::recollection::{Index, Recollection};
use super::telemetry;
use super::volume::{self, Catalogue, Shelf};
use super::{House, Patience, Role, patiently};
use crate::pipeline::Pipeline;

/// How an instance came to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Started,
    Fenced,
}

/// The right to write, and all that goes with it.
pub(super) struct Turn {
    pub pipeline: Pipeline,
    pub index: Index,
    pub shelf: Shelf,
    /// The checkpoint that says so.
    pub committed: Checkpoint,
    /// Its sequence.
    pub fence: u64,
    /// Outcomes that the world knows already, of a batch that was never ended.
    pub known: BTreeSet<String>,
}

/// Reads the log until it is our turn. `None` when the wish to stop came first.
pub(super) async fn wait<B: Bus>(house: &House<B>, came: Came) -> Result<Option<Turn>, Fault> {
    let Some(first) = patiently(house, || house.bus.checkpoint()).await? else {
        return Ok(None);
    };
    let mut seat = Seat::new(house, first, came);
    let mut doubted = false;
    if seat.open_volumes().await?.is_none() || seat.warn_of_lost_imprints().await?.is_none() {
        return Ok(None);
    }
    let mut patience = Patience::default();
    loop {
        if seat.is_our_turn() && !doubted && !seat.knows_all() {
            // a batch that was never ended may have been read: what is in the log now is what counts
            doubted = true;
            seat.begin_again();
            continue;
        }
        if seat.is_our_turn() {
            match seat.take_over().await? {
                Some(true) => return seat.turn().await,
                Some(false) => seat.postpone(),
                None => return Ok(None),
            }
        }
        let due = seat.due;
        tokio::select! {
            biased;
            () = house.stop.cancelled() => return Ok(None),
            recalled = house.bus.recall(seat.read) => match recalled {
                Ok(memories) => {
                    patience = Patience::default();
                    seat.take(memories)?;
                    seat.relieve().await;
                }
                Err(Fault::Surroundings(said)) => {
                    seat.postpone();
                    house.trouble(said);
                    if patience.pause(&house.stop).await.is_none() {
                        return Ok(None);
                    }
                }
                Err(refused) => return Err(refused),
            },
            () = sleep_until(due), if seat.is_caught_up() => {}
        }
    }
}

struct Seat<'h, B> {
    house: &'h House<B>,
    pipeline: Pipeline,
    recollection: Recollection,
    /// The last checkpoint that was read.
    seen: Option<Stored>,
    /// The log is read up to this sequence …
    read: u64,
    /// … and must be read at least so far before anything is decided.
    target: u64,
    /// Imprints that no checkpoint closed yet.
    unclosed: Vec<Memory>,
    /// The writer may be silent so long.
    due: Instant,
    /// Nobody else can be writing.
    vacant: bool,
    session: String,
}

impl<'h, B: Bus> Seat<'h, B> {
    fn new(house: &'h House<B>, first: Option<Stored>, came: Came) -> Seat<'h, B> {
        let target = first.as_ref().map_or(0, |stored| stored.sequence);
        let needed = first.as_ref().and_then(|stored| stored.checkpoint.imprints);
        let vacant = match &first {
            None => true,
            Some(Stored { checkpoint, .. }) => match &checkpoint.writer {
                None => true,
                Some(writer) => came == Came::Started && *writer == house.config.instance,
            },
        };
        if !vacant {
            house.progress.enter(Role::Standby);
            info!("another writer is at work, or was until now: standing by");
        }
        Seat {
            pipeline: house.core.pipeline(),
            recollection: Recollection::default(),
            seen: None,
            read: needed.unwrap_or(target).min(target).saturating_sub(1),
            target,
            unclosed: Vec::new(),
            due: Instant::now() + house.config.takeover_after,
            vacant,
            session: session(),
            house,
        }
    }

    /// Remembers what stands side by side, and goes on behind it. Whatever is wrong there, the log is read from the
    /// first imprint on.
    async fn open_volumes(&mut self) -> Result<Option<()>, Fault> {
        let house = self.house;
        let Some(found) = patiently(house, || house.bus.catalogue()).await? else {
            return Ok(None);
        };
        let Some((sequence, body)) = found.filter(|(sequence, _)| *sequence > self.read) else {
            return Ok(Some(()));
        };
        if sequence > self.target {
            let Some(stored) = patiently(house, || house.bus.checkpoint()).await? else {
                return Ok(None);
            };
            // where none follows, its batch was never ended
            let Some(stored) = stored.filter(|stored| stored.sequence > sequence) else {
                return Ok(Some(()));
            };
            self.target = stored.sequence;
        }
        let catalogue = Catalogue::read(sequence, &body);
        let Some(volumes) = catalogue.and_then(|catalogue| catalogue.from(self.read + 1)) else {
            return Ok(Some(()));
        };
        let opened = tokio::select! {
            () = house.stop.cancelled() => return Ok(None),
            opened = volume::open(&house.bus, &volumes, &mut self.pipeline, &mut self.recollection) => opened,
        };
        match opened {
            Ok(()) => {
                self.read = sequence;
                self.recollection.shelf.know(sequence, volumes);
            }
            Err(said) => {
                warn!("{said}; reading the imprints where they were first committed");
                self.pipeline = house.core.pipeline();
                self.recollection = Recollection::default();
            }
        }
        Ok(Some(()))
    }

    /// Lets go of imprints that the writer has bound into volumes, and of what is too much.
    async fn relieve(&mut self) {
        let enough = self.house.config.volume_bytes;
        if self.recollection.shelf.is_overfull(enough) {
            if let Ok(found) = self.house.bus.catalogue().await {
                self.know(found);
            }
            self.recollection.shelf.relieve(enough);
        }
    }

    fn know(&mut self, found: Option<(u64, Bytes)>) {
        if let Some((sequence, body)) = found
            && let Some(catalogue) = Catalogue::read(sequence, &body)
        {
            self.recollection.shelf.know(sequence, catalogue.volumes);
        }
    }

    /// Says so when retention took imprints that are still needed: their repeats will pass as new.
    async fn warn_of_lost_imprints(&self) -> Result<Option<()>, Fault> {
        if self.target == 0 {
            return Ok(Some(()));
        }
        let Some(begins) = patiently(self.house, || self.house.bus.log_begins()).await? else {
            return Ok(None);
        };
        if begins > self.read + 1 && self.read + 1 < self.target {
            telemetry::forgotten(begins - self.read - 1);
            error!(
                needed = self.read + 1,
                begins,
                "retention took imprints that are still needed: repeats of their stories will pass as new; let the out stream keep more than the window"
            );
        }
        Ok(Some(()))
    }

    fn is_caught_up(&self) -> bool {
        self.read >= self.target
    }

    fn is_our_turn(&self) -> bool {
        self.is_caught_up() && (self.vacant || Instant::now() >= self.due)
    }

    fn postpone(&mut self) {
        self.due = Instant::now() + self.house.config.takeover_after;
        self.vacant = false;
    }

    fn take(&mut self, memories: Vec<Memory>) -> Result<(), Fault> {
        for memory in memories {
            self.read = memory.sequence();
            match memory {
                Memory::Imprints { .. } => self.unclosed.push(memory),
                Memory::Checkpoint(stored) => {
                    self.remember(stored.checkpoint.whole_until)?;
                    self.see(stored);
                }
            }
        }
        telemetry::remembers(self.pipeline.window().stats());
        Ok(())
    }

    /// Remembers the imprints that a checkpoint closes; those of a batch that was never ended are none.
    fn remember(&mut self, whole_until: Option<u64>) -> Result<(), Fault> {
        for memory in std::mem::take(&mut self.unclosed) {
            if let Memory::Imprints {
                sequence,
                received,
                more,
                packed,
            } = memory
                && whole_until.is_none_or(|until| sequence <= until)
            {
                telemetry::replayed(packed.len());
                self.recollection
                    .take(&mut self.pipeline, sequence, received, more, packed)
                    .map_err(Fault::Refused)?;
            }
        }
        Ok(())
    }

    /// Whether the window is what the last writer had.
    fn knows_all(&self) -> bool {
        let digest = format!("{:016x}", self.pipeline.window().digest());
        let seen = self.seen.as_ref();
        seen.is_none_or(|stored| stored.checkpoint.digest == digest)
    }

    /// Reads the log once more, from where it matters.
    fn begin_again(&mut self) {
        let needed = self.seen.as_ref().and_then(|s| s.checkpoint.imprints);
        let target = self.seen.as_ref().map_or(0, |stored| stored.sequence);
        self.pipeline = self.house.core.pipeline();
        self.recollection = Recollection::default();
        self.unclosed.clear();
        self.seen = None;
        self.target = target;
        self.read = needed.unwrap_or(target).min(target).saturating_sub(1);
    }

    fn see(&mut self, stored: Stored) {
        let news = stored.sequence > self.target;
        if news {
            // somebody lives, unless this was good-bye
            self.postpone();
            self.vacant = stored.checkpoint.writer.is_none();
            self.house.progress.enter(Role::Standby);
        }
        if self.house.progress.role() == Role::Standby {
            self.house.progress.beat(stored.checkpoint.sequence);
        }
        self.recollection.index.needed(None);
        self.seen = Some(stored);
    }

    /// Commits a checkpoint that names us, behind the fence. `Some(false)`: somebody else was quicker.
    async fn take_over(&mut self) -> Result<Option<bool>, Fault> {
        let Some(committed) = self.claim().await? else {
            return Ok(None);
        };
        let mut patience = Patience::default();
        loop {
            let fence = self.seen.as_ref().map_or(0, |stored| stored.sequence);
            let answer = self
                .house
                .bus
                .commit(&mut Default::default(), &committed, fence)
                .await;
            let said = match answer {
                Ok(sequence) => {
                    self.seen = Some(Stored {
                        sequence,
                        checkpoint: committed,
                    });
                    return Ok(Some(true));
                }
                Err(Unstored::Fenced(_)) => String::new(),
                Err(Unstored::NoAnswer(said) | Unstored::Refused(said)) => said,
            };
            let Some(now) = patiently(self.house, || self.house.bus.checkpoint()).await? else {
                return Ok(None);
            };
            match now {
                Some(stored) if stored.checkpoint.is(&committed) => {
                    self.seen = Some(stored);
                    return Ok(Some(true));
                }
                now if now.as_ref().map_or(0, |stored| stored.sequence) != fence => {
                    telemetry::fenced();
                    return Ok(Some(false));
                }
                _ => {}
            }
            warn!("cannot take over yet: {said}");
            self.house.trouble(said);
            if patience.pause(&self.house.stop).await.is_none() {
                return Ok(None);
            }
        }
    }

    /// The checkpoint that would make us the writer.
    async fn claim(&self) -> Result<Option<Checkpoint>, Fault> {
        let Some(extent) = patiently(self.house, || self.house.bus.extent()).await? else {
            return Ok(None);
        };
        let mut claim = match &self.seen {
            Some(stored) => stored.checkpoint.clone(),
            None => Checkpoint {
                sequence: extent.first.saturating_sub(1),
                digest: format!("{:016x}", self.pipeline.window().digest()),
                ..Checkpoint::default()
            },
        };
        if claim
            .source_created
            .is_some_and(|then| then != extent.created)
        {
            return Err(made_anew(self.house.bus.source()));
        }
        claim.source_created = Some(extent.created);
        let digest = format!("{:016x}", self.pipeline.window().digest());
        if claim.digest != digest {
            error!(
                committed = claim.digest,
                remembered = digest,
                "the window is not what the last writer had: some repeats may pass as new"
            );
        }
        if !claim.settings.is_empty() && claim.settings != self.house.config.settings {
            info!(
                "settings changed since the last commit: later messages are decided by the new ones"
            );
        }
        claim.format = FORMAT;
        claim.settings.clone_from(&self.house.config.settings);
        claim.lexicon = self.pipeline.tagger().lexicon().version().to_owned();
        claim.digest = digest;
        claim.writer = Some(self.house.config.instance.clone());
        claim.session.clone_from(&self.session);
        claim.number = 1;
        claim.begun += 1;
        let before = self.seen.as_ref().map(|stored| stored.sequence);
        // the first claim of all comes before the first outcome
        claim.whole_until = claim.whole_until.or(before);
        Ok(Some(claim))
    }

    /// What the last writers could not end, now that they can add no more: the world knows these outcomes.
    /// Their imprints are made again.
    async fn known(&self) -> Result<Option<BTreeSet<String>>, Fault> {
        let claim = self.seen.as_ref().map(|stored| &stored.checkpoint);
        let mut known = claim.map_or_else(BTreeSet::new, |claim| claim.known.clone());
        let Some(after) = claim.and_then(|claim| claim.whole_until) else {
            return Ok(Some(known));
        };
        let Some(strays) = patiently(self.house, || self.house.bus.strays(after)).await? else {
            return Ok(None);
        };
        // what stands behind the claim is another writer's, who was quicker than this look
        let claimed = self.seen.as_ref().map_or(0, |stored| stored.sequence);
        for stray in strays.into_iter().filter(|s| s.sequence < claimed) {
            match stray.kind {
                StrayKind::Outcome(id) => drop(known.insert(id)),
                StrayKind::Cancel => {}
                StrayKind::Imprints => {
                    let remove = || self.house.bus.remove(stray.sequence);
                    if patiently(self.house, remove).await?.is_none() {
                        return Ok(None);
                    }
                }
            }
        }
        if !known.is_empty() {
            warn!(
                outcomes = known.len(),
                "the server stored the beginning of a batch and no more; going on after it"
            );
        }
        Ok(Some(known))
    }

    async fn turn(mut self) -> Result<Option<Turn>, Fault> {
        let Some(known) = self.known().await? else {
            return Ok(None);
        };
        let house = self.house;
        let Some(found) = patiently(house, || house.bus.catalogue()).await? else {
            return Ok(None);
        };
        self.know(found);
        let mut pipeline = self.pipeline;
        let Stored {
            sequence,
            checkpoint,
        } = self.seen.expect("a turn begins with a stored checkpoint");
        pipeline.resume(checkpoint.position());
        let stats = pipeline.window().stats();
        info!(
            after = checkpoint.sequence,
            remembered = stats.stories,
            "writing"
        );
        Ok(Some(Turn {
            pipeline,
            index: self.recollection.index,
            shelf: self.recollection.shelf,
            committed: checkpoint,
            fence: sequence,
            known,
        }))
    }
}

/// A name that no other life of any writer has.
fn session() -> String {
    use std::time::{SystemTime, UNIX_EPOCH};
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    format!("{:x}-{:x}", now.as_nanos(), std::process::id())
}
