//! The loop on the bus in memory: whatever happens to commits and writers, the outcomes are those of a quiet day.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use copytaster::daemon::bus::memory::{InMemory, Mishap};
use copytaster::daemon::bus::{
    Batch, Bus, Checkpoint, Extent, Fault, Memory, Pulled, Record, Room, Stored, Stray, Unstored,
};
use copytaster::daemon::{Config, Core, Progress, serve};
use copytaster::pipeline::Settings;
use copytaster::story::Timestamp;
use copytaster::tag::{Lexicon, Tagger};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::stories::{Desk, Dice, MORNING};

fn core(max_outcomes: usize) -> Core {
    let (_, tagger) = watch::channel(Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))));
    let settings = Settings {
        max_outcomes,
        ..Settings::default()
    };
    Core { settings, tagger }
}

fn config(instance: &str) -> Config {
    Config {
        instance: instance.to_owned(),
        batch_messages: 40,
        heartbeat: Duration::from_millis(20),
        takeover_after: Duration::from_millis(120),
        block_bytes: 5000,
        volume_bytes: 20_000,
        ..Config::default()
    }
}

struct Running {
    task: JoinHandle<Result<(), copytaster::daemon::bus::Fault>>,
    stop: CancellationToken,
}

fn start(bus: &InMemory, instance: &str, core: &Core) -> Running {
    let stop = CancellationToken::new();
    let progress = Arc::new(Progress::default());
    let task = tokio::spawn(serve(
        bus.clone(),
        config(instance),
        core.clone(),
        progress,
        stop.clone(),
    ));
    Running { task, stop }
}

fn publish(bus: &InMemory, seed: u64, messages: u64) {
    publish_part(bus, seed, 0..messages);
}

/// The messages of a day that come at these places.
fn publish_part(bus: &InMemory, seed: u64, part: Range<u64>) {
    let mut desk = Desk::new(seed);
    for (place, second) in (0..part.end).zip(MORNING..) {
        desk.set_clock(second);
        let copy = desk.next();
        if place < part.start {
            continue;
        }
        let at = Timestamp::from_second(second).unwrap();
        bus.publish(&copy.subject, at, copy.body);
    }
}

async fn done(bus: &InMemory, messages: u64) {
    let waiting = async {
        loop {
            let stored = bus.checkpoint().await.unwrap();
            if stored.is_some_and(|stored| stored.checkpoint.sequence >= messages) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect("the source is worked off");
}

async fn quiet_day(seed: u64, messages: u64, core: &Core) -> Vec<Record> {
    let bus = InMemory::default();
    publish(&bus, seed, messages);
    let running = start(&bus, "quiet", core);
    done(&bus, messages).await;
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
    bus.outcomes()
}

/// Outcomes in order. A record that takes a held story back may be sent again, so its place tells nothing.
fn equal(found: &[Record], expected: &[Record], seed: u64) {
    let is_cancel = |record: &&Record| record.body.is_empty();
    let cancels = |records: &[Record]| -> BTreeSet<String> {
        let cancels = records.iter().filter(is_cancel);
        cancels.map(|record| record.subject.clone()).collect()
    };
    assert_eq!(cancels(found), cancels(expected), "seed {seed}");
    let outcomes = |records: &[Record]| -> Vec<Record> {
        let outcomes = records.iter().filter(|record| !is_cancel(record));
        outcomes.cloned().collect()
    };
    let (found, expected) = (outcomes(found), outcomes(expected));
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "outcome {at} of seed {seed}");
    }
    assert_eq!(found.len(), expected.len(), "seed {seed}");
}

fn mishap(dice: &mut Dice) -> Mishap {
    match dice.below(8) {
        0 => Mishap::RequestLost,
        1 => Mishap::AnswerLost,
        2 => Mishap::Refused,
        3 | 4 => Mishap::Torn(dice.below(45) as usize),
        _ => Mishap::None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_requests_lost_answers_and_a_full_disk_change_no_outcome() {
    let core = core(30);
    for seed in 1..=8 {
        let expected = quiet_day(seed, 300, &core).await;
        let bus = InMemory::default();
        let mut dice = Dice::new(seed);
        bus.mishaps((0..60).map(|_| mishap(&mut dice)));
        publish(&bus, seed, 300);
        let running = start(&bus, "a", &core);
        done(&bus, 300).await;
        running.stop.cancel();
        running.task.await.unwrap().unwrap();
        equal(&bus.outcomes(), &expected, seed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_die_and_fence_each_other_change_no_outcome() {
    let core = core(7);
    for seed in 1..=6 {
        let expected = quiet_day(seed, 400, &core).await;
        let bus = InMemory::default();
        let mut dice = Dice::new(seed);
        bus.mishaps((0..60).map(|_| mishap(&mut dice)));
        publish(&bus, seed, 400);
        let mut running = Vec::new();
        for _ in 0..25 {
            running.push(start(&bus, ["a", "b"][dice.below(2) as usize], &core));
            tokio::time::sleep(Duration::from_millis(dice.below(30))).await;
            if running.len() > 2 {
                let Running { task, stop } = running.remove(dice.below(3) as usize);
                match dice.below(3) {
                    0 => stop.cancel(),
                    _ => task.abort(),
                }
            }
        }
        done(&bus, 400).await;
        running.iter().for_each(|running| running.stop.cancel());
        equal(&bus.outcomes(), &expected, seed);
    }
}

/// Imprints are in the log twice, but for the newest: whichever is lost, the other says the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_remembers_from_volumes_or_without_them() {
    let core = core(30);
    let expected = quiet_day(11, 600, &core).await;
    for lost in ["imprint", "volume", "catalogue", "nothing"] {
        let bus = InMemory::default();
        for life in 1..=4 {
            publish_part(&bus, 11, 150 * (life - 1)..150 * life);
            let running = start(&bus, "a", &core);
            done(&bus, 150 * life).await;
            running.stop.cancel();
            running.task.await.unwrap().unwrap();
            let catalogue = bus.catalogue().await.unwrap();
            assert!(catalogue.is_some(), "a volume was bound");
            bus.lose(lost);
        }
        equal(&bus.outcomes(), &expected, 11);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_a_dead_letter_that_names_the_range() {
    let core = core(900);
    let bus = InMemory::default();
    publish(&bus, 5, 20);
    let first = start(&bus, "a", &core);
    done(&bus, 20).await;
    first.stop.cancel();
    first.task.await.unwrap().unwrap();
    publish(&bus, 6, 20);
    bus.expire(31);
    let before = bus.outcomes().len();
    let second = start(&bus, "a", &core);
    done(&bus, 40).await;
    second.stop.cancel();
    let gap = &bus.outcomes()[before];
    assert_eq!(gap.subject, "wire.dead.gap.any");
    let body = std::str::from_utf8(&gap.body).unwrap();
    assert!(body.contains("21") && body.contains("30"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_in_good_order_is_followed_at_once() {
    let core = core(900);
    let bus = InMemory::default();
    publish(&bus, 7, 50);
    let patient = Config {
        takeover_after: Duration::from_secs(3600),
        ..config("b")
    };
    let first = start(&bus, "a", &core);
    done(&bus, 50).await;
    let stop = CancellationToken::new();
    let progress = Arc::new(Progress::default());
    let second = tokio::spawn(serve(
        bus.clone(),
        patient,
        core.clone(),
        progress.clone(),
        stop.clone(),
    ));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(progress.role(), copytaster::daemon::Role::Standby);
    first.stop.cancel();
    first.task.await.unwrap().unwrap();
    publish(&bus, 8, 50);
    done(&bus, 100).await;
    assert_eq!(progress.role(), copytaster::daemon::Role::Writer);
    stop.cancel();
    second.await.unwrap().unwrap();
}

/// A process that ends as soon as it has got hold of one message, or sleeps at the worst moment.
#[derive(Clone)]
struct Deadly {
    bus: InMemory,
    poison: u64,
    armed: Arc<AtomicBool>,
    /// The process is no more, and what it had not sent is not sent.
    ended: Arc<AtomicBool>,
    /// So long it sleeps between its claim and a look at what others left behind.
    sleeps: Duration,
}

impl Bus for Deadly {
    fn source(&self) -> &str {
        self.bus.source()
    }

    async fn pull(&self, after: u64, room: Room) -> Result<Pulled, Fault> {
        let pulled = self.bus.pull(after, room).await?;
        let mut messages = pulled.messages.iter();
        let got_it = messages.any(|message| message.origin.sequence == self.poison);
        if got_it && self.armed.load(Relaxed) {
            self.ended.store(true, Relaxed);
            panic!("the process ends here");
        }
        Ok(pulled)
    }

    async fn stage(&self, batch: &mut Batch) -> Result<(), Fault> {
        self.bus.stage(batch).await
    }

    async fn commit(
        &self,
        batch: &mut Batch,
        checkpoint: &Checkpoint,
        fence: u64,
    ) -> Result<u64, Unstored> {
        // a commit takes its time, and the end of the process would overtake it
        tokio::time::sleep(Duration::from_millis(2)).await;
        if self.ended.load(Relaxed) {
            return Err(Unstored::NoAnswer("nobody is there to ask".to_owned()));
        }
        // the message that is given up is not worked on
        if checkpoint.begun >= 12 {
            self.armed.store(false, Relaxed);
        }
        self.bus.commit(batch, checkpoint, fence).await
    }

    async fn checkpoint(&self) -> Result<Option<Stored>, Fault> {
        self.bus.checkpoint().await
    }

    async fn recall(&self, after: u64) -> Result<Vec<Memory>, Fault> {
        self.bus.recall(after).await
    }

    async fn catalogue(&self) -> Result<Option<(u64, Bytes)>, Fault> {
        self.bus.catalogue().await
    }

    async fn volume(&self, sequence: u64) -> Result<Option<Bytes>, Fault> {
        self.bus.volume(sequence).await
    }

    async fn strays(&self, after: u64) -> Result<Vec<Stray>, Fault> {
        tokio::time::sleep(self.sleeps).await;
        self.bus.strays(after).await
    }

    async fn remove(&self, sequence: u64) -> Result<(), Fault> {
        self.bus.remove(sequence).await
    }

    async fn forget(&self, before: u64) -> Result<(), Fault> {
        self.bus.forget(before).await
    }

    async fn reach(&self) -> Result<u64, Fault> {
        self.bus.reach().await
    }

    async fn extent(&self) -> Result<Extent, Fault> {
        self.bus.extent().await
    }

    async fn log_begins(&self) -> Result<u64, Fault> {
        self.bus.log_begins().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_the_process_dies_on_is_found_and_given_up_and_no_other() {
    let core = core(900);
    let expected = quiet_day(9, 300, &core).await;
    let deadly = Deadly {
        bus: InMemory::default(),
        poison: 217,
        armed: Arc::new(AtomicBool::new(true)),
        ended: Arc::default(),
        sleeps: Duration::ZERO,
    };
    publish(&deadly.bus, 9, 300);
    let large = Config {
        batch_messages: 900,
        ..config("a")
    };
    for life in 1.. {
        assert!(life < 40, "it does not end");
        let deadly = Deadly {
            ended: Arc::default(),
            ..deadly.clone()
        };
        let (stop, progress) = (CancellationToken::new(), Arc::new(Progress::default()));
        let serving = serve(
            deadly.clone(),
            large.clone(),
            core.clone(),
            progress,
            stop.clone(),
        );
        let running = tokio::spawn(serving);
        tokio::select! {
            () = done(&deadly.bus, 300) => stop.cancel(),
            () = async { while !running.is_finished() { tokio::task::yield_now().await } } => {}
        }
        if running.await.is_ok() {
            break;
        }
    }
    let outcomes = deadly.bus.outcomes();
    let of_the_poison = |record: &&Record| {
        let id = record.headers.iter().find(|(name, _)| *name == "ce-id");
        id.is_some_and(|(_, id)| id.starts_with("WIRE_RAW:217:"))
    };
    let letters: Vec<_> = outcomes.iter().filter(of_the_poison).collect();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].subject.starts_with("wire.dead.crash."));
    let before = outcomes
        .iter()
        .position(|record| of_the_poison(&record))
        .unwrap();
    assert_eq!(outcomes[..before], expected[..before]);
    let crashes = outcomes
        .iter()
        .filter(|r| r.subject.starts_with("wire.dead.crash."));
    assert_eq!(crashes.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_sleeps_after_its_claim_touches_nothing_of_the_next_one() {
    let core = core(30);
    let bursts = [(5, 20), (6, 100), (6, 100)];
    let quiet = InMemory::default();
    bursts
        .iter()
        .for_each(|(seed, messages)| publish(&quiet, *seed, *messages));
    let running = start(&quiet, "quiet", &core);
    done(&quiet, 220).await;
    running.stop.cancel();
    running.task.await.unwrap().unwrap();

    let bus = InMemory::default();
    publish(&bus, 5, 20);
    let first = start(&bus, "first", &core);
    done(&bus, 20).await;
    first.stop.cancel();
    first.task.await.unwrap().unwrap();
    let sleepy = Deadly {
        bus: bus.clone(),
        poison: u64::MAX,
        armed: Arc::default(),
        ended: Arc::default(),
        sleeps: Duration::from_millis(600),
    };
    let (stop, progress) = (CancellationToken::new(), Arc::new(Progress::default()));
    let serving = serve(sleepy, config("a"), core.clone(), progress, stop.clone());
    let sleeping = tokio::spawn(serving);
    let claimed = async || {
        let stored = bus.checkpoint().await.unwrap().unwrap();
        stored.checkpoint.writer.as_deref() == Some("a")
    };
    while !claimed().await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    publish(&bus, 6, 100);
    let second = start(&bus, "b", &core);
    done(&bus, 120).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    stop.cancel();
    sleeping.await.unwrap().unwrap();
    second.stop.cancel();
    second.task.await.unwrap().unwrap();
    publish(&bus, 6, 100);
    let third = start(&bus, "third", &core);
    done(&bus, 220).await;
    third.stop.cancel();
    equal(&bus.outcomes(), &quiet.outcomes(), 6);
}
