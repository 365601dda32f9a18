//! The real binary on a real server, through seeded schedules of trouble: nothing lost, nothing twice, nothing
//! out of order, and every outcome byte for byte that of a quiet day.
//!
//! `COPYTASTER_FAULT_SCHEDULES`, `COPYTASTER_FAULT_STORIES` (of one schedule) and `COPYTASTER_FAULT_SEED`
//! make it longer or repeat it; a schedule depends on its own seed alone, so `SCHEDULES=1 SEED=<its seed>` repeats one.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use copytaster::daemon::bus::Bus as _;
use copytaster::daemon::bus::jetstream::{Config, JetStream};
use futures_util::StreamExt as _;

use crate::support::server::{Scratch, Server};
use crate::support::stories::{Desk, Dice};

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

#[test]
fn no_schedule_of_faults_changes_an_outcome() {
    let schedules = number("COPYTASTER_FAULT_SCHEDULES", 8);
    let stories = number("COPYTASTER_FAULT_STORIES", 600);
    let seed = number("COPYTASTER_FAULT_SEED", 1);
    println!("seed {seed}: {schedules} schedules of {stories} stories");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut total = Tally::default();
    for schedule in 0..schedules {
        let own = seed + schedule;
        let tally = runtime.block_on(Schedule::new(own, stories).run());
        println!("seed {own}: {tally:?}");
        total.add(&tally);
    }
    println!("all: {total:?}; 0 lost, 0 twice, 0 out of order, all as on a quiet day");
}

/// What happened in a schedule.
#[derive(Clone, Debug, Default)]
struct Tally {
    stories: u64,
    outcomes: u64,
    faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn note(&mut self, fault: &'static str) {
        *self.faults.entry(fault).or_default() += 1;
    }

    fn add(&mut self, other: &Tally) {
        self.stories += other.stories;
        self.outcomes += other.outcomes;
        for (fault, count) in &other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
    }
}

/// One instance of the daemon, gone with the test.
struct Daemon {
    child: Child,
    instance: &'static str,
    frozen_until: Option<Instant>,
}

impl Daemon {
    fn start(server: &Server, scratch: &Scratch, instance: &'static str, batch: u64) -> Daemon {
        let log = File::options()
            .create(true)
            .append(true)
            .open(scratch.0.join(format!("{instance}.log")))
            .unwrap();
        let set = [
            format!("nats.servers={}", server.url()),
            format!("run.instance={instance}"),
            format!("run.batch_messages={batch}"),
            "run.heartbeat=200ms".to_owned(),
            "run.takeover_after=1s".to_owned(),
            "admin.listen=".to_owned(),
        ];
        let child = Command::new(env!("CARGO_BIN_EXE_copytaster"))
            .arg("run")
            .args(set.iter().flat_map(|set| ["--set", set]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("copytaster starts");
        Daemon {
            child,
            instance,
            frozen_until: None,
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(name)
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {name}");
    }

    fn freeze(&mut self, time: Duration) {
        self.signal("-STOP");
        self.frozen_until = Some(Instant::now() + time);
    }

    fn thaw(&mut self) {
        if self.frozen_until.take().is_some() {
            self.signal("-CONT");
        }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks for an end in good order, and holds it to the promised time.
    fn stop(mut self) {
        self.thaw();
        self.signal("-TERM");
        let until = Instant::now() + Duration::from_secs(15);
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => {
                    // told to stop before it could listen, it is just gone
                    let unheard = status.signal() == Some(15);
                    assert!(
                        status.success() || unheard,
                        "{} ended with {status}",
                        self.instance
                    );
                    return;
                }
                None => assert!(Instant::now() < until, "{} does not stop", self.instance),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Schedule {
    seed: u64,
    dice: Dice,
    stories: u64,
    batch: u64,
    server: Server,
    scratch: Scratch,
    daemons: Vec<Daemon>,
    tally: Tally,
}

/// An outcome as it is stored, without what names the batch.
type Outcome = (String, Vec<(String, String)>, Vec<u8>);

impl Schedule {
    fn new(seed: u64, stories: u64) -> Schedule {
        let mut dice = Dice::new(seed);
        Schedule {
            seed,
            stories,
            batch: [900, 200, 50, 7][dice.below(4) as usize],
            dice,
            server: Server::start(""),
            scratch: Scratch::new("faults"),
            daemons: Vec::new(),
            tally: Tally::default(),
        }
    }

    async fn run(mut self) -> Tally {
        let bus = self.bus().await;
        let publishing = tokio::spawn(publish(self.server.url(), self.seed, self.stories));
        self.start("a");
        while !publishing.is_finished() {
            self.trouble();
            self.sleep(400).await;
            self.thaw_those_due();
        }
        publishing.await.unwrap();
        for _ in 0..3 {
            self.trouble();
            self.sleep(300).await;
        }
        let last = bus.extent().await.unwrap().last;
        self.calm_down();
        self.wait(&bus, last).await;
        let found = self.outcomes(&bus).await;
        self.verify(&found, last);
        let expected = self.quiet_day(&bus, last).await;
        self.compare(&found, &expected);
        self.tally.stories = last;
        self.tally.outcomes = found.len() as u64;
        self.tally
    }

    async fn bus(&self) -> JetStream {
        let config = Config {
            servers: vec![self.server.url()],
            ..Config::default()
        };
        JetStream::connect(config).await.unwrap()
    }

    fn start(&mut self, instance: &'static str) {
        let daemon = Daemon::start(&self.server, &self.scratch, instance, self.batch);
        self.daemons.push(daemon);
    }

    async fn sleep(&mut self, most: u64) {
        let time = self.dice.below(most);
        tokio::time::sleep(Duration::from_millis(time)).await;
    }

    /// One fault, at random.
    fn trouble(&mut self) {
        let victim = self.dice.below(self.daemons.len() as u64) as usize;
        match self.dice.below(10) {
            0..=2 => {
                let mut daemon = self.daemons.swap_remove(victim);
                daemon.kill();
                self.start(daemon.instance);
                self.tally.note("kill -9 daemon");
            }
            3..=4 => {
                let time = Duration::from_millis(50 + self.dice.below(2500));
                self.daemons[victim].freeze(time);
                self.tally.note("pause");
            }
            5 => {
                let daemon = self.daemons.swap_remove(victim);
                let instance = daemon.instance;
                daemon.stop();
                self.start(instance);
                self.tally.note("SIGTERM");
            }
            6..=7 => {
                if self.daemons.len() < 2 {
                    let other = if self.daemons[0].instance == "a" {
                        "b"
                    } else {
                        "a"
                    };
                    self.start(other);
                    self.tally.note("second writer");
                }
            }
            8 => {
                self.server.restart();
                self.tally.note("kill -9 server");
            }
            _ => {
                self.server.kill();
                std::thread::sleep(Duration::from_millis(self.dice.below(700)));
                self.server.restart();
                self.tally.note("server away");
            }
        }
    }

    fn thaw_those_due(&mut self) {
        let now = Instant::now();
        for daemon in &mut self.daemons {
            if daemon.frozen_until.is_some_and(|until| until <= now) {
                daemon.thaw();
            }
        }
    }

    /// Everybody lives and may work.
    fn calm_down(&mut self) {
        for daemon in &mut self.daemons {
            daemon.thaw();
        }
    }

    async fn wait(&mut self, bus: &JetStream, last: u64) {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(Some(stored)) = bus.checkpoint().await
                && stored.checkpoint.sequence >= last
            {
                return;
            }
            if Instant::now() >= until {
                let stored = bus.checkpoint().await;
                panic!(
                    "seed {}: no end, {last} wanted, {stored:?}\n{}",
                    self.seed,
                    self.logs()
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn logs(&self) -> String {
        let tail = |instance: &str| {
            let log = std::fs::read_to_string(self.scratch.0.join(format!("{instance}.log")))
                .unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(30).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("--- {instance}\n{}\n", lines.join("\n"))
        };
        tail("a") + &tail("b") + &tail("quiet")
    }

    /// All that consumers may have seen, in order.
    async fn outcomes(&self, bus: &JetStream) -> Vec<Outcome> {
        let context = jetstream::new(bus.client().clone());
        let stream = context.get_stream("WIRE").await.unwrap();
        let last = stream.cached_info().state.last_sequence;
        let config = jetstream::consumer::pull::OrderedConfig::default();
        let mut messages = stream
            .create_consumer(config)
            .await
            .unwrap()
            .messages()
            .await
            .unwrap();
        let mut outcomes = Vec::new();
        while let Some(message) = messages.next().await {
            let message = message.unwrap();
            let sequence = message.info().unwrap().stream_sequence;
            if !message.subject.starts_with("wire.state.") {
                outcomes.push(outcome(&message));
            }
            if sequence >= last {
                break;
            }
        }
        outcomes
    }

    /// Each item of each message has one outcome, in the order of the source.
    fn verify(&self, outcomes: &[Outcome], last: u64) {
        let mut before = (0, -1);
        for (subject, _, body) in outcomes
            .iter()
            .filter(|(subject, ..)| !subject.starts_with("wire.held."))
        {
            let event: serde_json::Value = serde_json::from_slice(body).unwrap();
            let raw = &event["wire"]["raw"];
            let place = (
                raw["sequence"].as_u64().unwrap(),
                raw["item"].as_i64().unwrap_or(0),
            );
            let next_item = place == (before.0, before.1 + 1);
            let next_message = place == (before.0 + 1, 0);
            assert!(
                next_item || next_message,
                "seed {}: {subject} of {place:?} follows {before:?}\n{}",
                self.seed,
                self.logs()
            );
            before = place;
        }
        assert_eq!(
            before.0,
            last,
            "seed {}: the last outcome\n{}",
            self.seed,
            self.logs()
        );
    }

    /// The same source once more, from the beginning, and nothing happens.
    async fn quiet_day(&mut self, bus: &JetStream, last: u64) -> Vec<Outcome> {
        for daemon in std::mem::take(&mut self.daemons) {
            daemon.stop();
        }
        let context = jetstream::new(bus.client().clone());
        context.delete_stream("WIRE").await.unwrap();
        self.batch = 900;
        self.start("quiet");
        let bus = self.bus().await;
        self.wait(&bus, last).await;
        let outcomes = self.outcomes(&bus).await;
        self.daemons.clear();
        outcomes
    }

    fn compare(&self, found: &[Outcome], expected: &[Outcome]) {
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            let text = |outcome: &Outcome| {
                format!(
                    "{} {:?}\n{}",
                    outcome.0,
                    outcome.1,
                    String::from_utf8_lossy(&outcome.2)
                )
            };
            assert!(
                found == expected,
                "seed {}: outcome {at}\n{}\n{}",
                self.seed,
                text(found),
                text(expected)
            );
        }
        assert_eq!(found.len(), expected.len(), "seed {}", self.seed);
    }
}

fn outcome(message: &jetstream::Message) -> Outcome {
    let mut headers: Vec<(String, String)> = message
        .headers
        .iter()
        .flat_map(|headers| headers.iter())
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(|value| (name.to_string(), value.as_str().to_owned()))
        })
        .filter(|(name, _)| !name.starts_with("Nats-Batch-") && !name.starts_with("Nats-Expected-"))
        .collect();
    headers.sort();
    (
        message.subject.to_string(),
        headers,
        message.payload.to_vec(),
    )
}

/// A wire that sends in bursts, and again what was not acknowledged.
async fn publish(url: String, seed: u64, stories: u64) {
    let client = async_nats::ConnectOptions::new()
        .retry_on_initial_connect()
        .reconnect_delay_callback(|_| Duration::from_millis(20))
        .connect(url)
        .await
        .unwrap();
    let context = jetstream::context::ContextBuilder::new()
        .timeout(Duration::from_millis(500))
        .build(client);
    let (mut desk, mut dice) = (Desk::new(seed), Dice::new(!seed));
    let mut sent = 0;
    while sent < stories {
        for _ in 0..(1 + dice.below(60)).min(stories - sent) {
            let copy = desk.next();
            loop {
                let stored = context
                    .publish(copy.subject.clone(), copy.body.clone().into())
                    .await;
                if let Ok(answer) = stored
                    && answer.await.is_ok()
                {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            sent += 1;
        }
        tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
    }
}
