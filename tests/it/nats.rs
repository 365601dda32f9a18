//! The loop on a real server: good surroundings and bad ones, each with what it says.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, stream};
use copytaster::daemon::bus::jetstream::{Config, JetStream};
use copytaster::daemon::bus::{Bus as _, Fault};
use copytaster::daemon::{self, Core, Progress, Role, serve};
use copytaster::pipeline::Settings;
use copytaster::tag::{Lexicon, Tagger};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::ledger::{Ledger, Log};
use crate::support::server::{Scratch, Server, free_port};
use crate::support::stories::Desk;

fn config(server: &Server) -> Config {
    Config {
        servers: vec![server.url()],
        request_timeout: Duration::from_secs(2),
        ..Config::default()
    }
}

async fn refused(config: Config) -> String {
    match JetStream::connect(config).await {
        Err(Fault::Refused(said)) => said,
        Err(Fault::Surroundings(said)) => panic!("not refused, but to be tried again: {said}"),
        Ok(_) => panic!("connected"),
    }
}

fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is missing in {said:?}");
    }
}

/// A loop at work.
struct Running {
    bus: JetStream,
    progress: Arc<Progress>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Fault>>,
}

impl Running {
    async fn start(config: Config) -> Running {
        let bus = JetStream::connect(config).await.unwrap();
        let (progress, stop) = (Arc::new(Progress::default()), CancellationToken::new());
        let (_, tagger) = watch::channel(Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))));
        let core = Core {
            settings: Settings::default(),
            tagger,
        };
        let own = daemon::Config {
            heartbeat: Duration::from_millis(200),
            takeover_after: Duration::from_millis(800),
            ..daemon::Config::default()
        };
        let task = tokio::spawn(serve(
            bus.clone(),
            own,
            core,
            progress.clone(),
            stop.clone(),
        ));
        Running {
            bus,
            progress,
            stop,
            task,
        }
    }

    fn context(&self) -> jetstream::Context {
        jetstream::new(self.bus.client().clone())
    }

    async fn publish(&self, subject: &str, body: impl Into<bytes::Bytes>) -> u64 {
        let stored = self
            .context()
            .publish(subject.to_owned(), body.into())
            .await
            .unwrap();
        stored.await.unwrap().sequence
    }

    /// Waits until message `sequence` is done.
    async fn done(&self, sequence: u64) {
        within(20, "the source is worked off", async || {
            let stored = self.bus.checkpoint().await.ok().flatten();
            stored.is_some_and(|stored| stored.checkpoint.sequence >= sequence)
        })
        .await;
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Subjects and bodies of all outcomes.
    async fn outcomes(&self, stream: &str) -> Vec<(String, String)> {
        let stream = self.context().get_stream(stream).await.unwrap();
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
        while let Some(Ok(message)) = messages.next().await {
            if !message.subject.contains(".state.") {
                let body = String::from_utf8_lossy(&message.payload).into_owned();
                outcomes.push((message.subject.to_string(), body));
            }
            if message.info().unwrap().stream_sequence >= last {
                break;
            }
        }
        outcomes
    }
}

async fn within(seconds: u64, what: &str, mut is: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(seconds);
    while !is().await {
        assert!(Instant::now() < until, "not within {seconds} s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_with_what_to_check() {
    let server = Server::start("authorization { user: desk, password: right }");
    let right = Config {
        options: ConnectOptions::with_user_and_password("desk".to_owned(), "right".to_owned()),
        ..config(&server)
    };
    assert!(JetStream::connect(right).await.is_ok());
    let wrong = Config {
        options: ConnectOptions::with_user_and_password("desk".to_owned(), "wrong".to_owned()),
        ..config(&server)
    };
    let said = refused(wrong).await;
    says(
        &said,
        &[
            "cannot connect to nats://127.0.0.1",
            "authorization violation",
            "check user, password",
        ],
    );
    assert!(!said.contains("wrong"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_is_waited_for() {
    let config = Config {
        servers: vec![format!("nats://127.0.0.1:{}", free_port())],
        ..Config::default()
    };
    match JetStream::connect(config).await {
        Err(Fault::Surroundings(said)) => {
            says(&said, &["cannot connect", "is the server running there?"])
        }
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_jetstream_is_refused() {
    let server = Server::with(Scratch::new("nats"), "");
    says(
        &refused(config(&server)).await,
        &["without JetStream", "-js"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_jetstream_is_refused() {
    let accounts = "accounts { DESK { users: [ { user: desk, password: right } ] }, OTHER { jetstream: enabled } }";
    let server = Server::start(accounts);
    let own = Config {
        options: ConnectOptions::with_user_and_password("desk".to_owned(), "right".to_owned()),
        ..config(&server)
    };
    says(&refused(own).await, &["not enabled for this account"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old_is_refused_with_both_versions() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let old = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let info = format!(
            "INFO {{\"server_id\":\"OLD\",\"version\":\"2.14.2\",\"port\":{port},\"headers\":true,\"max_payload\":1048576,\"jetstream\":true}}\r\n"
        );
        socket.write_all(info.as_bytes()).await.unwrap();
        let mut said = [0; 4096];
        while socket.read(&mut said).await.unwrap_or(0) > 0 {
            let _ = socket.write_all(b"PONG\r\n").await;
        }
    });
    let config = Config {
        servers: vec![format!("nats://127.0.0.1:{port}")],
        ..Config::default()
    };
    says(
        &refused(config).await,
        &["version 2.14.2", "2.15.1 or later is needed"],
    );
    old.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_less_than_an_event_is_refused_with_both_values() {
    let server = Server::start("max_payload: 65536");
    says(
        &refused(config(&server)).await,
        &["65536", "1000000", "max_payload"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_verified_and_drift_is_refused_with_both_values() {
    let server = Server::start("");
    let unmanaged = Config {
        manage_streams: false,
        ..config(&server)
    };
    says(
        &refused(unmanaged).await,
        &["stream WIRE_RAW does not exist", "manage"],
    );

    let client = async_nats::connect(server.url()).await.unwrap();
    let drifted = stream::Config {
        name: "WIRE".to_owned(),
        subjects: vec!["wire.story.>".to_owned()],
        storage: stream::StorageType::Memory,
        max_age: Duration::from_secs(3600),
        ..stream::Config::default()
    };
    jetstream::new(client).create_stream(drifted).await.unwrap();
    let said = refused(config(&server)).await;
    says(
        &said,
        &[
            "storage is Memory and must be File",
            "allow_atomic is false and must be true",
            "allow_rollup_hdrs is false and must be true",
            "max_age is 1h and must be 72h or more, the window",
            "\"wire.dead.>\"",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_mends() {
    let scratch = Scratch::new("nats");
    let store = scratch.0.join("store");
    let small = format!("jetstream {{ store_dir: {store:?}, max_file_store: 4MB }}");
    let server = Server::with(scratch, &small);
    let running = Running::start(config(&server)).await;
    within(10, "writing", async || {
        running.progress.role() == Role::Writer
    })
    .await;
    let context = running.context();
    let ballast = stream::Config {
        name: "BALLAST".to_owned(),
        ..stream::Config::default()
    };
    context.create_stream(ballast).await.unwrap();
    let put = async |subject: String, body: bytes::Bytes| {
        let stored = context.publish(subject, body).await.unwrap().await;
        stored.ok().map(|stored| stored.sequence)
    };
    for _ in 0..60 {
        put("BALLAST".to_owned(), vec![0; 60_000].into()).await;
    }
    let mut desk = Desk::new(3);
    let mut last = 0;
    for _ in 0..1000 {
        let copy = desk.next();
        match put(copy.subject, copy.body.into()).await {
            Some(sequence) => last = sequence,
            None => break,
        }
    }
    within(20, "not ready", async || {
        running.progress.ready(Duration::from_secs(30)).is_err()
    })
    .await;
    let why = running.progress.ready(Duration::from_secs(30)).unwrap_err();
    says(&why, &["a commit"]);
    context.delete_stream("BALLAST").await.unwrap();
    running.done(last).await;
    within(5, "ready", async || {
        running.progress.ready(Duration::from_secs(30)).is_ok()
    })
    .await;

    let bus = JetStream::connect(config(&server)).await.unwrap();
    let ledger = Ledger::of(&bus, last).await;
    ledger.account(&Log::read(&bus, "WIRE").await, &[]).unwrap();
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_an_outcome_like_any_other() {
    let server = Server::start("max_payload: 33554432");
    let running = Running::start(config(&server)).await;
    let sentence = "The port authority announced the budget of the coming year. ";
    let sequence = running
        .publish(
            "wire.raw.efe.en",
            sentence.repeat(10_000_000 / sentence.len()),
        )
        .await;
    let after = running
        .publish("wire.raw.efe.en", Desk::new(1).plain().body)
        .await;
    running.done(after).await;
    let outcomes = running.outcomes("WIRE").await;
    let (subject, body) = &outcomes[0];
    assert_eq!(subject, "wire.dead.too-large.efe");
    assert!(body.len() < 1_000_000 && body.contains(&format!("\"sequence\":{sequence}")));
    assert_eq!(outcomes.len(), 2);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_took_is_a_dead_letter_that_names_the_range() {
    let server = Server::start("");
    let running = Running::start(config(&server)).await;
    let mut desk = Desk::new(4);
    let mut last = 0;
    for _ in 0..10 {
        last = running.publish("wire.raw.efe.en", desk.next().body).await;
    }
    running.done(last).await;
    running.end().await;

    let running = async {
        let client = async_nats::connect(server.url()).await.unwrap();
        let context = jetstream::new(client);
        for _ in 0..10 {
            context
                .publish("wire.raw.efe.en", desk.next().body.into())
                .await
                .unwrap()
                .await
                .unwrap();
        }
        let raw = context.get_stream("WIRE_RAW").await.unwrap();
        raw.purge().sequence(16).await.unwrap();
        // and one in the middle of what is left
        raw.delete_message(18).await.unwrap();
        Running::start(config(&server)).await
    }
    .await;
    running.done(20).await;
    let outcomes = running.outcomes("WIRE").await;
    let gaps: Vec<_> = outcomes
        .iter()
        .filter(|(subject, _)| subject == "wire.dead.gap.any")
        .collect();
    assert_eq!(gaps.len(), 2, "{gaps:?}");
    says(&gaps[0].1, &["11", "15"]);
    says(&gaps[1].1, &["18"]);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_partitions_read_is_no_lag_of_this_one() {
    let server = Server::start("");
    let whole = Running::start(config(&server)).await;
    whole.end().await;
    let own = Config {
        partition: "es".to_owned(),
        raw_subjects: vec!["wire.raw.*.es".to_owned()],
        ..config(&server)
    };
    let running = Running::start(own).await;
    let mut desk = Desk::new(9);
    let mut last = running.publish("wire.raw.efe.es", desk.next().body).await;
    running.done(last).await;
    for _ in 0..5 {
        last = running.publish("wire.raw.efe.en", desk.next().body).await;
    }
    assert_eq!(running.bus.reach().await.unwrap(), last - 5);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(running.progress.lag(), 0);
    assert_eq!(running.progress.lag_time(), Duration::ZERO);
    running.end().await;
}

/// At the start or in mid-stream, shorter than the one before or already longer: its messages are never passed over.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_made_anew_is_refused() {
    for (while_running, grown) in [(false, 0), (false, 3), (true, 3)] {
        let server = Server::start("");
        let mut desk = Desk::new(4);
        let running = Running::start(config(&server)).await;
        let last = running.publish("wire.raw.efe.en", desk.plain().body).await;
        running.done(last).await;
        let context = running.context();
        let mut source = context.get_stream("WIRE_RAW").await.unwrap();
        let same = source.info().await.unwrap().config.clone();
        let running = match while_running {
            true => {
                context.delete_stream("WIRE_RAW").await.unwrap();
                running
            }
            false => {
                running.end().await;
                context.delete_stream("WIRE_RAW").await.unwrap();
                Running::start(config(&server)).await
            }
        };
        context.get_or_create_stream(same).await.unwrap();
        for _ in 0..grown {
            let stored = context.publish("wire.raw.efe.en", desk.plain().body.into());
            stored.await.unwrap().await.unwrap();
        }
        let end = tokio::time::timeout(Duration::from_secs(20), running.task).await;
        match end.expect("it ends").unwrap() {
            Err(Fault::Refused(said)) => says(
                &said,
                &[
                    "WIRE_RAW was made anew",
                    "nats stream purge WIRE --subject wire.state.checkpoint.main",
                ],
            ),
            other => panic!("{while_running} {grown}: {other:?}"),
        }
        let out = context.get_stream("WIRE").await.unwrap();
        out.purge()
            .filter("wire.state.checkpoint.main")
            .await
            .unwrap();
        let running = Running::start(config(&server)).await;
        let last = running.publish("wire.raw.efe.en", desk.plain().body).await;
        running.done(last).await;
        assert_eq!(running.outcomes("WIRE").await.len(), 2 + grown);
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_prefix_and_other_streams_stay_apart() {
    let server = Server::start("");
    let own = Config {
        prefix: "try".to_owned(),
        raw_stream: "TRY_RAW".to_owned(),
        raw_subjects: vec!["try.raw.>".to_owned()],
        out_stream: "TRY".to_owned(),
        ..config(&server)
    };
    let running = Running::start(own).await;
    let last = running
        .publish("try.raw.efe.en", Desk::new(4).plain().body)
        .await;
    running.done(last).await;
    let outcomes = running.outcomes("TRY").await;
    assert_eq!(outcomes.len(), 1);
    assert!(
        outcomes[0].0.starts_with("try.story.new."),
        "{}",
        outcomes[0].0
    );
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_story_is_published_at_its_hour_by_the_server() {
    let server = Server::start("");
    let running = Running::start(config(&server)).await;
    let story = |hour: jiff::Timestamp, number: u32| {
        let body = Desk::new(u64::from(number)).plain().body;
        serde_json::json!({
            "uri": format!("tag:news.invalid,2026:held-{number}"), "version": "1", "type": "text", "language": "en", "pubStatus": "usable",
            "headline": format!("Budget of year {number}"), "body_text": body, "embargoed": hour.to_string(), "embargoedUntil": hour.to_string(),
        })
        .to_string()
    };
    let now = jiff::Timestamp::now();
    let soon = now + Duration::from_secs(3);
    let past = now - Duration::from_secs(3600);
    running.publish("wire.raw.dpa.ninjs", story(soon, 1)).await;
    let last = running.publish("wire.raw.dpa.ninjs", story(past, 2)).await;
    running.done(last).await;
    let of = async |kind: &str| {
        let outcomes = running.outcomes("WIRE").await;
        outcomes
            .into_iter()
            .filter(|(subject, _)| subject.starts_with(kind))
            .count()
    };
    assert_eq!(
        (of("wire.story.").await, of("wire.held.").await),
        (1, 1),
        "before its hour"
    );
    within(10, "its hour has come", async || {
        of("wire.story.").await == 2
    })
    .await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_a_held_story_back_keeps_it_in_and_a_duplicate_lets_nothing_out() {
    let server = Server::start("");
    let running = Running::start(config(&server)).await;
    let soon = jiff::Timestamp::now() + Duration::from_secs(4);
    let words = [3, 4, 5].map(|seed| Desk::new(seed).plain().body);
    let send = async |story: usize, version: u32, more: serde_json::Value| {
        let mut item = serde_json::json!({
            "uri": format!("tag:news.invalid,2026:held-{story}"), "version": version.to_string(), "type": "text", "language": "en",
            "headline": format!("Story number {story}"), "body_text": words[story], "pubStatus": "usable",
        });
        let all = item.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        running
            .publish("wire.raw.dpa.ninjs", item.to_string())
            .await
    };
    let until = |hour: jiff::Timestamp| serde_json::json!({"embargoed": hour.to_string()});
    let at_once = serde_json::json!({});
    for story in 0..3 {
        send(story, 1, until(soon)).await;
        send(story, 1, at_once.clone()).await;
    }
    send(0, 2, at_once.clone()).await;
    send(1, 2, serde_json::json!({"pubStatus": "canceled"})).await;
    let later = soon + Duration::from_secs(1);
    let last = send(2, 2, until(later)).await;
    running.done(last).await;
    let bus = JetStream::connect(config(&server)).await.unwrap();
    running.end().await;

    let ledger = Ledger::of(&bus, last).await;
    within(15, "all hours have come", async || {
        let counts = ledger
            .account(&Log::read(&bus, "WIRE").await, &[])
            .unwrap_or_default();
        counts.get("held: released") == Some(&1)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let log = Log::read(&bus, "WIRE").await;
    let counts = ledger.account(&log, &[]).unwrap();
    assert_eq!(counts["held: taken back"], 3);
    assert_eq!(counts["duplicate"], 3);
    let told: Vec<String> = log
        .0
        .iter()
        .filter(|entry| {
            entry.subject.starts_with("wire.story.") || entry.subject.starts_with("wire.kill.")
        })
        .map(|entry| {
            let event: serde_json::Value = serde_json::from_slice(&entry.body).unwrap();
            format!(
                "{} {} v{} {}",
                event["wire"]["action"],
                event["uri"],
                event["version"],
                event["wire"]["cluster"]["versions"]
            )
        })
        .map(|told| told.replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "new tag:news.invalid,2026:held-0 v2 1",
            "kill tag:news.invalid,2026:held-1 v2 0",
            "new tag:news.invalid,2026:held-2 v2 1",
        ]
    );
}

#[test]
fn the_daemon_waits_for_its_server_and_stops_when_told() {
    let port = free_port();
    let start = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_copytaster"))
            .args(["run", "--set", "admin.listen=", "--set"])
            .arg(format!("nats.servers=nats://127.0.0.1:{port}"))
            .args(more)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut waiting = start(&[]);
    let mut lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let said = lines.find(|line| {
        line.as_ref()
            .is_ok_and(|line| line.contains("cannot connect to"))
    });
    says(&said.unwrap().unwrap(), &["trying again until it works"]);
    assert!(waiting.try_wait().unwrap().is_none(), "it does not wait");
    Command::new("kill")
        .arg(waiting.id().to_string())
        .status()
        .unwrap();
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn the_system_manager_hears_ready_alive_and_stopping() {
    let server = Server::start("");
    let scratch = Scratch::new("notify");
    let path = scratch.0.join("socket");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_copytaster"))
        .args(["run", "--set", "admin.listen=", "--set"])
        .arg(format!("nats.servers={}", server.url()))
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "900000")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let hears = |what: &str| {
        let mut heard = [0; 256];
        loop {
            let read = socket
                .recv(&mut heard)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            if String::from_utf8_lossy(&heard[..read]).contains(what) {
                return Instant::now();
            }
        }
    };
    hears("READY=1");
    let first = hears("WATCHDOG=1");
    let third = [hears("WATCHDOG=1"), hears("WATCHDOG=1")][1];
    assert!(
        third - first < Duration::from_millis(900),
        "it barks too seldom"
    );
    Command::new("kill")
        .args(["-INT", &daemon.id().to_string()])
        .status()
        .unwrap();
    let told = Instant::now();
    hears("STOPPING=1");
    assert!(daemon.wait().unwrap().success());
    assert!(
        told.elapsed() < Duration::from_secs(12),
        "it takes too long to stop"
    );
}
