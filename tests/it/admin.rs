//! The admin port of the real binary on a real server, and the names that others rely on.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use copytaster::daemon::telemetry::{Kind, METRICS, table};
use serde_json::Value;

use crate::support::server::{Server, free_port};
use crate::support::stories::Desk;

/// A daemon with an admin port, gone with the test.
struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn start(servers: &str, instance: &str) -> Daemon {
        let port = free_port();
        let child = command(servers, port)
            .args(["--set", &format!("run.instance={instance}")])
            .stderr(Stdio::null())
            .spawn()
            .expect("copytaster starts");
        Daemon { child, port }
    }

    /// Status and body.
    fn get(&self, path: &str) -> Option<(u16, String)> {
        get(self.port, path)
    }

    fn ready(&self) -> Option<(u16, Value)> {
        let (status, body) = self.get("/readyz")?;
        Some((
            status,
            serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}")),
        ))
    }

    fn wait_for_status(&self, status: u16) -> Value {
        wait(&format!("/readyz says {status}"), || {
            self.ready()
                .filter(|(found, _)| *found == status)
                .map(|(_, answer)| answer)
        })
    }

    fn samples(&self) -> Samples {
        let (status, body) = self.get("/metrics").expect("an answer");
        assert_eq!(status, 200);
        Samples::parse(&body)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(servers: &str, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    command.arg("run");
    for set in [
        format!("nats.servers={servers}"),
        format!("admin.listen=127.0.0.1:{port}"),
        "run.heartbeat=200ms".to_owned(),
        "run.takeover_after=60s".to_owned(),
        "nats.request_timeout=1s".to_owned(),
    ] {
        command.args(["--set", &set]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

pub fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(40);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn publish(url: &str, messages: &[(&str, &str)]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(url).await.unwrap();
        let context = jetstream::new(client);
        for (subject, body) in messages {
            let stored = context
                .publish((*subject).to_owned(), (*body).to_owned().into())
                .await;
            stored.unwrap().await.unwrap();
        }
    });
}

/// What `/metrics` says: families by name, samples by `name{labels}`.
struct Samples {
    families: BTreeMap<String, String>,
    values: BTreeMap<String, f64>,
}

impl Samples {
    fn parse(text: &str) -> Samples {
        let mut found = Samples {
            families: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                let twice = found.families.insert(name.to_owned(), kind.to_owned());
                assert_eq!(twice, None, "{name} is declared twice");
            } else if !line.starts_with("# HELP ") {
                let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
                let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
                let family = name.split('{').next().unwrap();
                assert!(
                    found.families.contains_key(family) || found.kind(family) == "histogram",
                    "{line}"
                );
                assert_eq!(found.values.insert(name.to_owned(), value), None, "{line}");
            }
        }
        found
    }

    /// The type of the family that a part of a histogram belongs to.
    fn kind(&self, sample: &str) -> &str {
        ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| self.families.get(sample.strip_suffix(suffix)?))
            .map_or("", String::as_str)
    }

    fn of(&self, name: &str) -> f64 {
        let value = self.values.get(name);
        *value.unwrap_or_else(|| panic!("{name} is missing"))
    }

    /// The labels that a gauge set to 1 has.
    fn info(&self, name: &str) -> &str {
        let head = format!("{name}{{");
        let mut all = self.values.iter();
        let found = all.find(|(key, value)| key.starts_with(&head) && **value == 1.0);
        found.unwrap_or_else(|| panic!("{name} is missing")).0
    }
}

#[test]
fn a_daemon_is_ready_once_it_writes_and_counts_what_it_does() {
    let server = Server::start("");
    let daemon = Daemon::start(&server.url(), "a");
    let answer = daemon.wait_for_status(200);
    assert_eq!(answer["ready"], true);
    assert_eq!(answer["role"], "writer");
    assert_eq!(daemon.get("/livez"), Some((200, "ok\n".to_owned())));
    assert_eq!(daemon.get("/nowhere").unwrap().0, 404);
    let before = daemon.samples();
    assert_eq!(before.of("copytaster_input_messages_total"), 0.0);
    assert_eq!(
        before.of("copytaster_outcomes_total{outcome=\"story\"}"),
        0.0
    );

    let mut desk = Desk::new(7);
    let story = desk.plain();
    let repeat = ("wire.raw.member.en", story.body.as_str());
    publish(
        &server.url(),
        &[
            (&story.subject, &story.body),
            repeat,
            ("wire.raw.efe.en", ""),
        ],
    );
    let after = wait("three outcomes", || {
        let samples = daemon.samples();
        let outcomes = ["story", "duplicate", "dead"]
            .map(|kind| samples.of(&format!("copytaster_outcomes_total{{outcome=\"{kind}\"}}")));
        (outcomes == [1.0; 3]).then_some(samples)
    });
    let bytes = 2 * story.body.len();
    for (name, value) in [
        ("copytaster_input_messages_total", 3.0),
        ("copytaster_input_bytes_total", bytes as f64),
        ("copytaster_dead_letters_total{reason=\"empty\"}", 1.0),
        ("copytaster_dead_letters_total{reason=\"panic\"}", 0.0),
        ("copytaster_input_lag_messages", 0.0),
        ("copytaster_batch_messages_sum", 3.0),
        ("copytaster_window_stories", 2.0),
        ("copytaster_fence_losses_total", 0.0),
        ("copytaster_gaps_total", 0.0),
        ("copytaster_writer{partition=\"main\"}", 1.0),
        ("copytaster_ready", 1.0),
    ] {
        assert_eq!(after.of(name), value, "{name}");
    }
    for stage in ["prepare", "judge", "render"] {
        let name = format!("copytaster_stage_seconds_sum{{stage=\"{stage}\"}}");
        assert!(after.of(&name) > 0.0, "{name}");
    }
    for name in [
        "copytaster_commit_seconds_sum",
        "copytaster_commit_records_sum",
        "copytaster_commit_bytes_sum",
        "copytaster_window_bytes",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
    ] {
        assert!(after.of(name) > 0.0, "{name}");
    }
    let lexicon = copytaster::tag::Lexicon::embedded().version().to_owned();
    assert!(after.info("copytaster_lexicon_info").contains(&lexicon));
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(after.info("copytaster_build_info").contains(&version));
    for metric in METRICS {
        let kind = after.families.get(metric.name).map(String::as_str);
        assert_eq!(kind, Some(metric.kind.name()), "{}", metric.name);
    }
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    for family in after.families.keys() {
        assert!(
            known.contains(family.as_str()),
            "{family} is not in the table"
        );
    }
}

#[test]
fn a_daemon_whose_server_is_gone_is_alive_and_not_ready_and_says_why() {
    let mut server = Server::start("");
    let daemon = Daemon::start(&server.url(), "a");
    daemon.wait_for_status(200);
    server.kill();
    let answer = daemon.wait_for_status(503);
    assert_eq!(answer["ready"], false);
    assert!(answer["reason"].as_str().is_some_and(|why| !why.is_empty()));
    assert_eq!(daemon.get("/livez").unwrap().0, 200);
    assert_eq!(daemon.samples().of("copytaster_ready"), 0.0);
    wait("the failed requests are counted", || {
        (daemon.samples().of("copytaster_bus_errors_total") > 0.0).then_some(())
    });
    server.restart();
    daemon.wait_for_status(200);
}

#[test]
fn a_daemon_without_a_server_answers_from_the_start_and_keeps_the_password() {
    let servers = format!("nats://desk:HUNTER2@127.0.0.1:{}", free_port());
    let daemon = Daemon::start(&servers, "a");
    let why = wait("a reason", || {
        let (status, answer) = daemon.ready()?;
        assert_eq!(status, 503);
        let why = answer["reason"].as_str().unwrap_or_default().to_owned();
        why.contains("cannot connect").then_some(why)
    });
    assert!(!why.contains("HUNTER2"), "{why}");
    assert!(why.contains("nats://127.0.0.1"), "{why}");
}

#[test]
fn a_standby_is_ready_when_it_follows_the_writer() {
    let server = Server::start("");
    let writer = Daemon::start(&server.url(), "a");
    writer.wait_for_status(200);
    let standby = Daemon::start(&server.url(), "b");
    let answer = standby.wait_for_status(200);
    assert_eq!(answer["role"], "standby");
    let story = Desk::new(8).plain();
    publish(&server.url(), &[(&story.subject, &story.body)]);
    wait("the standby remembers the story", || {
        (standby.samples().of("copytaster_window_stories") == 1.0).then_some(())
    });
    assert_eq!(
        standby
            .samples()
            .of("copytaster_writer{partition=\"main\"}"),
        0.0
    );
    assert!(
        standby
            .samples()
            .of("copytaster_replayed_imprint_bytes_total")
            > 0.0
    );
    drop(writer);
    let answer = standby.wait_for_status(503);
    let why = answer["reason"].as_str().unwrap_or_default();
    assert!(why.starts_with("nothing heard from the writer"), "{why}");
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let nowhere = format!("nats://127.0.0.1:{}", free_port());
    let Output { status, stderr, .. } = command(&nowhere, port).output().unwrap();
    let said = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!(
            "cannot listen on 127.0.0.1:{port}; set admin.listen"
        )),
        "{said}"
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_readme_holds_the_table_of_metrics() {
    let readme = read(&root().join("README.md"));
    let (_, rest) = readme.split_once("<!-- metrics -->\n").expect("a mark");
    let (found, _) = rest.split_once("<!-- /metrics -->").expect("a mark");
    assert_eq!(
        found,
        table(),
        "put what `copytaster schema metrics` prints between the marks"
    );
}

/// Words of a text that are names of our metrics, or of the process.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("copytaster_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

fn exists(name: &str) -> bool {
    METRICS.iter().any(|metric| match metric.kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"]
            .iter()
            .any(|suffix| name.strip_suffix(suffix) == Some(metric.name)),
        _ => name == metric.name,
    })
}

#[test]
fn alerts_and_dashboard_use_metrics_that_exist() {
    for path in [
        "deploy/prometheus/alerts.yml",
        "deploy/grafana/copytaster.json",
    ] {
        let used = names(&read(&root().join(path)));
        assert!(used.len() > 5, "{path} uses {used:?}");
        let unknown: Vec<_> = used.iter().filter(|name| !exists(name)).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
    }
}
