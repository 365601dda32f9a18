//! The real binary on a real server, through seeded schedules of trouble: nothing lost, nothing twice, nothing
//! out of order, and every outcome byte for byte that of a quiet day.
//!
//! `COPYTASTER_FAULT_SCHEDULES`, `COPYTASTER_FAULT_STORIES` (of one schedule), `COPYTASTER_FAULT_SEED` and
//! `COPYTASTER_FAULT_TOGETHER` (schedules at a time) make it longer or repeat it; a schedule depends on its own
//! seed alone, so `SCHEDULES=1 SEED=<its seed>` repeats one.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use copytaster::daemon::bus::Bus as _;
use copytaster::daemon::bus::jetstream::{Config, JetStream};
use copytaster::story::Timestamp;

use crate::support::ledger::{Ledger, Log};
use crate::support::server::{Scratch, Server};
use crate::support::stories::{Copy, Desk, Dice};

/// Bursts of copy in a schedule; a fault follows each.
const BURSTS: u64 = 12;

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
    let schedules = number("COPYTASTER_FAULT_SCHEDULES", 10);
    let stories = number("COPYTASTER_FAULT_STORIES", 600);
    let seed = number("COPYTASTER_FAULT_SEED", 1);
    let together = number("COPYTASTER_FAULT_TOGETHER", 2);
    println!("seed {seed}: {schedules} schedules of {stories} stories, {together} at a time");
    let (next, total) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..together.max(1) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .unwrap();
                loop {
                    let own = seed + next.fetch_add(1, Relaxed);
                    if own >= seed + schedules {
                        return;
                    }
                    let tally = runtime.block_on(Schedule::new(own, stories).run());
                    println!("seed {own}: {tally:?}");
                    total.lock().unwrap().add(&tally);
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    println!("seed {seed}, {schedules} schedules: {total:#?}");
    println!("0 lost, 0 twice, 0 out of order, all as on a quiet day");
}

/// What happened in a schedule.
#[derive(Clone, Debug, Default)]
struct Tally {
    stories: u64,
    /// Of the log, by kind.
    outcomes: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
    /// Faults that came while copy was taken in and not yet committed.
    in_flight: BTreeMap<&'static str, u64>,
    /// Writers that found themselves fenced.
    fenced: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.stories += other.stories;
        self.fenced += other.fenced;
        let add = |own: &mut BTreeMap<&'static str, u64>, other: &BTreeMap<&'static str, u64>| {
            for (name, count) in other {
                *own.entry(name).or_default() += count;
            }
        };
        add(&mut self.outcomes, &other.outcomes);
        add(&mut self.faults, &other.faults);
        add(&mut self.in_flight, &other.in_flight);
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
            std::thread::sleep(Duration::from_millis(5));
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
    /// When the server was killed.
    kills: Vec<Timestamp>,
    tally: Tally,
}

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
            kills: Vec::new(),
            tally: Tally::default(),
        }
    }

    async fn run(mut self) -> Tally {
        let bus = self.bus().await;
        let wire = Wire::connect(self.server.url()).await;
        let mut desk = Desk::new(self.seed);
        self.start("a");
        let mut done = 0;
        for burst in 1..=BURSTS {
            desk.set_clock(Timestamp::now().as_second());
            let copies = (self.stories * (burst - 1) / BURSTS..self.stories * burst / BURSTS)
                .map(|_| desk.next())
                .collect();
            let publishing = wire.clone().publish(copies);
            let publishing = tokio::spawn(publishing);
            let in_flight = self.until_in_flight(&bus, &mut done).await;
            self.trouble(in_flight);
            publishing.await.unwrap();
            self.thaw_those_due();
        }
        for _ in 0..2 {
            self.trouble(false);
            self.sleep(300).await;
        }
        let last = bus.extent().await.unwrap().last;
        for daemon in &mut self.daemons {
            daemon.thaw();
        }
        self.wait(&bus, last).await;
        let ledger = Ledger::of(&bus, last).await;
        self.account(&ledger, &bus).await;
        self.tally.stories = last;
        self.tally.fenced = self.fenced();
        let log = self.quiet_day(&bus, last).await;
        self.check(ledger.account(&log, &[]));
        self.tally
    }

    async fn bus(&self) -> JetStream {
        let config = Config {
            servers: vec![self.server.url()],
            request_timeout: Duration::from_secs(2),
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

    /// Waits until a writer commits and there is more to do; now and then for no time at all, so
    /// that starts and replays meet their faults too.
    async fn until_in_flight(&mut self, bus: &JetStream, done: &mut u64) -> bool {
        let patience = [0, 300, 2000, 3000][self.dice.below(4) as usize];
        let until = Instant::now() + Duration::from_millis(patience);
        loop {
            let asked = Duration::from_millis(300);
            let seen = tokio::time::timeout(asked, async {
                let stored = bus.checkpoint().await.ok()??;
                Some((stored.checkpoint.sequence, bus.extent().await.ok()?.last))
            });
            if let Ok(Some((sequence, last))) = seen.await {
                let moved = sequence > *done;
                *done = sequence;
                if moved && last > sequence {
                    tokio::time::sleep(Duration::from_micros(self.dice.below(3000))).await;
                    return true;
                }
            }
            if Instant::now() >= until {
                self.sleep(60).await;
                return false;
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    }

    /// One fault, at random.
    fn trouble(&mut self, in_flight: bool) {
        let victim = self.dice.below(self.daemons.len() as u64) as usize;
        let fault = match self.dice.below(12) {
            0..=2 => {
                let mut daemon = self.daemons.swap_remove(victim);
                daemon.kill();
                self.start(daemon.instance);
                "kill -9 daemon"
            }
            3..=4 => {
                let time = Duration::from_millis(50 + self.dice.below(2500));
                self.daemons[victim].freeze(time);
                "pause"
            }
            5 => {
                let daemon = self.daemons.swap_remove(victim);
                let instance = daemon.instance;
                daemon.stop();
                self.start(instance);
                "SIGTERM"
            }
            6..=7 if self.daemons.len() < 2 => {
                let other = match self.daemons[0].instance {
                    "a" => "b",
                    _ => "a",
                };
                self.start(other);
                "second writer"
            }
            8 => {
                self.kill_server();
                std::thread::sleep(Duration::from_millis(self.dice.below(700)));
                self.server.restart();
                "server away"
            }
            9 => {
                let mut daemon = self.daemons.swap_remove(victim);
                daemon.kill();
                self.kill_server();
                self.server.restart();
                self.start(daemon.instance);
                "kill -9 both"
            }
            10 if self.daemons.len() == 2 => {
                // it wakes after the other took over, and must not get a word in
                self.daemons[victim].freeze(Duration::ZERO);
                let time = Duration::from_millis(1200 + self.dice.below(600));
                std::thread::sleep(time);
                self.daemons[victim].thaw();
                "asleep too long"
            }
            _ => {
                self.kill_server();
                self.server.restart();
                "kill -9 server"
            }
        };
        *self.tally.faults.entry(fault).or_default() += 1;
        if in_flight {
            *self.tally.in_flight.entry(fault).or_default() += 1;
        }
    }

    fn kill_server(&mut self) {
        self.server.kill();
        self.kills.push(Timestamp::now());
    }

    fn thaw_those_due(&mut self) {
        let now = Instant::now();
        for daemon in &mut self.daemons {
            if daemon.frozen_until.is_some_and(|until| until <= now) {
                daemon.thaw();
            }
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
                self.check::<()>(Err(format!("no end, {last} wanted, {stored:?}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The books must balance as soon as the hours of all held stories that are near have passed.
    async fn account(&mut self, ledger: &Ledger, bus: &JetStream) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let accounted = ledger.account(&Log::read(bus, "WIRE").await, &self.kills);
            if let Ok(outcomes) = accounted {
                self.tally.outcomes = outcomes;
                return;
            }
            if Instant::now() >= until {
                self.check(accounted);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    fn check<T>(&self, result: Result<T, String>) {
        if let Err(fault) = result {
            panic!("seed {}: {fault}\n{}", self.seed, self.logs());
        }
    }

    fn log(&self, instance: &str) -> String {
        let path = self.scratch.0.join(format!("{instance}.log"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    fn logs(&self) -> String {
        let tail = |instance: &str| {
            let log = self.log(instance);
            let lines: Vec<&str> = log.lines().rev().take(30).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("--- {instance}\n{}\n", lines.join("\n"))
        };
        tail("a") + &tail("b") + &tail("quiet")
    }

    fn fenced(&self) -> u64 {
        let of = |instance| {
            self.log(instance)
                .matches("another writer committed")
                .count()
        };
        (of("a") + of("b")) as u64
    }

    /// The same source once more, from the beginning, and nothing happens.
    async fn quiet_day(&mut self, bus: &JetStream, last: u64) -> Log {
        for daemon in std::mem::take(&mut self.daemons) {
            daemon.stop();
        }
        let context = jetstream::new(bus.client().clone());
        context.delete_stream("WIRE").await.unwrap();
        self.batch = 900;
        self.start("quiet");
        let bus = self.bus().await;
        self.wait(&bus, last).await;
        // stories whose hour was long ago come out at once, or as soon as the server gets to it
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let log = Log::read(&bus, "WIRE").await;
        self.daemons.clear();
        log
    }
}

/// A wire that sends in bursts, and again what was not acknowledged.
#[derive(Clone)]
struct Wire(jetstream::Context);

impl Wire {
    async fn connect(url: String) -> Wire {
        let client = async_nats::ConnectOptions::new()
            .retry_on_initial_connect()
            .reconnect_delay_callback(|_| Duration::from_millis(20))
            .connect(url)
            .await
            .unwrap();
        let context = jetstream::context::ContextBuilder::new()
            .timeout(Duration::from_millis(500))
            .build(client);
        Wire(context)
    }

    /// In handfuls, so that one commit follows the other.
    async fn publish(self, copies: Vec<Copy>) {
        for handful in copies.chunks(12) {
            self.insist(handful.to_vec()).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn insist(&self, mut copies: Vec<Copy>) {
        while !copies.is_empty() {
            let mut sent = Vec::new();
            for copy in copies {
                let (subject, body) = (copy.subject.clone(), copy.body.clone());
                let answer = self.0.publish(subject, body.into()).await;
                sent.push((copy, answer));
            }
            let answered = sent.into_iter().map(async |(copy, answer)| match answer {
                Ok(answer) => answer.await.is_err().then_some(copy),
                Err(_) => Some(copy),
            });
            let unanswered = futures_util::future::join_all(answered).await;
            copies = unanswered.into_iter().flatten().collect();
        }
    }
}
