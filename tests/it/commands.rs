//! The commands that speak to a server, as a person runs them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::stream::{self, DiscardPolicy, LastRawMessageErrorKind};
use async_nats::jetstream::{self, message::StreamMessage};
use bytes::Bytes;
use copytaster::daemon::bus::jetstream::{Config, JetStream};
use copytaster::publish::{dead_letter, gap};
use copytaster::story::{Origin, RawMessage, Reason, Rejection, Stage, Subject, Timestamp};

use crate::support::server::{Scratch, Server, free_port};

fn command(server: &Server, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    command
        .env("COPYTASTER__NATS__SERVERS", server.url())
        .env("COPYTASTER__NATS__REQUEST_TIMEOUT", "2s")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(server: &Server, args: &[&str]) -> Output {
    command(server, args).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

async fn context(server: &Server) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

/// All messages of a stream, in order.
async fn messages(server: &Server, stream: &str) -> Vec<StreamMessage> {
    let stream = context(server).await.get_stream(stream).await.unwrap();
    let last = stream.cached_info().state.last_sequence;
    let mut messages = Vec::new();
    for sequence in 1..=last {
        match stream.get_raw_message(sequence).await {
            Ok(message) => messages.push(message),
            // a checkpoint that a later one replaced
            Err(error) => assert_eq!(error.kind(), LastRawMessageErrorKind::NoMessageFound),
        }
    }
    messages
}

fn input(message: &StreamMessage) -> &str {
    message.headers.get("Wire-Input").map_or("", |v| v.as_str())
}

/// Subject, name and body of all raw messages.
async fn raw(server: &Server) -> Vec<(String, String, String)> {
    let messages = messages(server, "WIRE_RAW").await;
    let tell = |message: &StreamMessage| {
        let body = String::from_utf8_lossy(&message.payload).into_owned();
        (message.subject.to_string(), input(message).to_owned(), body)
    };
    messages.iter().map(tell).collect()
}

fn row(subject: &str, name: &str, body: &str) -> (String, String, String) {
    (subject.to_owned(), name.to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_fed_in_order_each_message_on_the_subject_of_its_feed() {
    let (server, folder) = (Server::start(""), Scratch::new("feed"));
    write(
        &folder.0,
        &[
            ("efe/en/2.txt", "two"),
            ("efe/en/1.txt", "one"),
            ("Agencia Ñ/Deportes/x.txt", "three"),
            ("07.dpa.world.json", "{}"),
            ("story.txt", "five"),
            (".hidden/efe/no.txt", "no"),
        ],
    );
    let output = run(&server, &["feed", folder.0.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("5 messages stored"),
        "{}",
        said(&output)
    );
    assert_eq!(
        raw(&server).await,
        [
            row("wire.raw.dpa.world", "07.dpa.world.json", "{}"),
            row(
                "wire.raw.agencia-n.deportes",
                "Agencia Ñ/Deportes/x.txt",
                "three"
            ),
            row("wire.raw.efe.en", "efe/en/1.txt", "one"),
            row("wire.raw.efe.en", "efe/en/2.txt", "two"),
            row("wire.raw.any.file", "story.txt", "five"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_inside_the_tree_is_fed_as_the_whole_tree_is() {
    let (server, folder) = (Server::start(""), Scratch::new("feed"));
    write(&folder.0, &[("copy/efe/en/1.txt", "one")]);
    for path in ["copy", "copy/efe", "copy/efe/en", "copy/efe/en/1.txt"] {
        let output = run(&server, &["feed", folder.0.join(path).to_str().unwrap()]);
        assert!(output.status.success(), "{path}: {}", said(&output));
    }
    let subjects: Vec<String> = raw(&server).await.into_iter().map(|(s, ..)| s).collect();
    assert_eq!(subjects, ["wire.raw.efe.en"; 4]);

    let output = command(&server, &["feed", "1.txt"])
        .current_dir(folder.0.join("copy/efe/en"))
        .output()
        .unwrap();
    let told = "1 file to wire.raw.any.file: no agency in the path";
    assert!(said(&output).contains(told), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lacks_a_permission_is_told_which() {
    let server = Server::start(
        r#"accounts { DESK { jetstream: enabled, users: [
            { user: feeder, password: right, permissions {
                publish: ["wire.raw.efe.>", "$JS.API.INFO", "$JS.API.STREAM.INFO.WIRE_RAW"], subscribe: ["_INBOX.>"] } }
        ] } }"#,
    );
    let folder = Scratch::new("feed");
    write(&folder.0, &[("efe/en/1.txt", "one")]);
    let login = ["--set", "nats.user=feeder", "--set", "nats.password=right"];
    let path = folder.0.to_str().unwrap();
    refusal(
        &server,
        &[&["feed", path], &login[..]].concat(),
        &[
            "cannot create stream WIRE_RAW",
            "Permissions Violation for Publish to \"$JS.API.STREAM.CREATE.WIRE_RAW\"",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lacks_a_permission_is_told_which_by_every_command() {
    let server = Server::start(
        r#"accounts { DESK { jetstream: enabled, users: [
            { user: mute, password: HUNTER2, permissions { publish: ["x"], subscribe: ["_INBOX.>"] } },
            { user: asking, password: HUNTER2, permissions { publish: ["$JS.API.INFO"], subscribe: ["_INBOX.>"] } }
        ] } }"#,
    );
    for (user, args, subject) in [
        (
            "mute",
            &["run", "--set", "admin.listen="][..],
            "$JS.API.INFO",
        ),
        ("mute", &["dead", "list"], "$JS.API.INFO"),
        ("asking", &["dead", "list"], "$JS.API.STREAM.INFO.WIRE"),
        ("asking", &["bench"], "$JS.API.STREAM.CREATE.BENCH"),
    ] {
        let url = server
            .url()
            .replace("nats://", &format!("nats://{user}:HUNTER2@"));
        let output = command(&server, args)
            .env("COPYTASTER__NATS__SERVERS", format!("{url},{url}"))
            .env("COPYTASTER__LOG__LEVEL", "trace")
            .output()
            .unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        let last = said.lines().last().unwrap();
        let violation = format!("Permissions Violation for Publish to \"{subject}");
        assert!(last.contains(&violation), "{args:?}: {last}");
        assert!(last.matches("timed out").count() <= 1, "{args:?}: {last}");
        assert!(
            said.contains("attempting connection") && !said.contains("HUNTER2"),
            "{said}"
        );
    }
}

#[test]
fn a_bench_that_would_measure_nothing_says_so() {
    for (args, part) in [
        (&["--rounds", "0", "--rate", "0"][..], "nothing to measure"),
        (&["--messages", "0"], "0 is not in 1.."),
        (&["--seconds", "0"], "0 is not in 1.."),
        (
            &[],
            "cannot connect to nats://127.0.0.1:1, nats://127.0.0.1:2",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
        let nowhere = "nats.servers=nats://127.0.0.1:1,nats://127.0.0.1:2";
        let output = command
            .args(["bench", "--set", nowhere])
            .args(args)
            .output();
        let output = output.unwrap();
        assert!(
            !output.status.success() && said(&output).contains(part),
            "{}",
            said(&output)
        );
    }
}

fn taste(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    command.arg("taste").args(args).output().unwrap()
}

#[test]
fn taste_says_what_it_does_not_show() {
    let folder = Scratch::new("taste-quiet");
    let cut = folder.0.join("cut.json");
    fs::write(&cut, "{\"a").unwrap();
    let output = taste(&[cut.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("1 dead letters") && said.contains("--all"),
        "{said}"
    );
}

#[test]
fn taste_tells_what_it_read_before_it_names_a_fault() {
    let folder = Scratch::new("taste");
    let story = "The port of Callao reopened on Wednesday after a strong swell, its operator said.";
    write(&folder.0, &[("good.txt", story)]);
    let good = folder.0.join("good.txt");
    let output = taste(&[good.to_str().unwrap(), "missing.txt"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let missing = "cannot read missing.txt";
    assert!(said(&output).contains(missing), "{}", said(&output));

    let output = taste(&[folder.0.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = "is a folder: taste takes files";
    assert!(said(&output).contains(told), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_standard_input_are_a_message_each() {
    let server = Server::start("");
    let args = ["feed", "--jsonl", "--agency", "EFE", "--feed", "en", "-"];
    let mut child = command(&server, &args)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    for number in 0..2000 {
        text.push_str(&format!("{{\"id\":\"s{number}\",\"text\":\"x\"}}\n\n"));
    }
    text.push_str("no json, no line end");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let raw = raw(&server).await;
    assert_eq!(raw.len(), 2001);
    for (number, message) in raw[..2000].iter().enumerate() {
        let name = format!("s{number}");
        let body = format!("{{\"id\":\"s{number}\",\"text\":\"x\"}}");
        assert_eq!(*message, row("wire.raw.efe.en", &name, &body));
    }
    let last = row("wire.raw.efe.en", "-:4001", "no json, no line end");
    assert_eq!(raw[2000], last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_stored_is_named_and_the_end_is_an_error() {
    let (server, folder) = (Server::start("max_payload: 1MB"), Scratch::new("feed"));
    let full = stream::Config {
        name: "WIRE_RAW".to_owned(),
        subjects: vec!["wire.raw.>".to_owned()],
        max_bytes: 20_000,
        discard: DiscardPolicy::New,
        ..stream::Config::default()
    };
    context(&server).await.create_stream(full).await.unwrap();
    let (long, longest) = ("x".repeat(30_000), "x".repeat(1_100_000));
    write(
        &folder.0,
        &[
            ("01.efe.en.txt", "fits"),
            ("02.efe.en.txt", &long),
            ("03.efe.en.txt", &longest),
            ("04.efe.en.txt", "fits too"),
        ],
    );
    let output = run(&server, &["feed", folder.0.to_str().unwrap()]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "not stored: 02.efe.en.txt: maximum bytes exceeded",
        "not stored: 03.efe.en.txt: it is longer than",
        "2 of 4 messages were not stored",
    ] {
        assert!(said.contains(part), "{part:?} is missing in {said}");
    }
    let stored: Vec<String> = raw(&server).await.into_iter().map(|(_, n, _)| n).collect();
    assert_eq!(stored, ["01.efe.en.txt", "04.efe.en.txt"]);
}

#[test]
fn no_more_messages_a_second_than_asked_for() {
    let server = Server::start("");
    let args = ["feed", "--jsonl", "--rate", "40", "-"];
    let began = Instant::now();
    let mut child = command(&server, &args)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all("line\n".repeat(41).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        began.elapsed() >= Duration::from_millis(950),
        "{:?}",
        began.elapsed()
    );
}

/// Ends with the test.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_file_is_fed_once_it_grows_no_more_and_moved_aside() {
    let (server, folder) = (Server::start(""), Scratch::new("feed"));
    write(&folder.0, &[("efe/en/.fed/a.txt", "yesterday's")]);
    let args = ["feed", "--watch", folder.0.to_str().unwrap()];
    let mut watching = Watching(command(&server, &args).spawn().unwrap());
    let dropped = folder.0.join("efe/en/a.txt");
    let fed = folder.0.join("efe/en/.fed/a.txt.1");
    let mut text = String::new();
    for part in ["first, ", "second, ", "last"] {
        text.push_str(part);
        fs::write(&dropped, &text).unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let until = Instant::now() + Duration::from_secs(20);
    while !fed.exists() {
        assert!(Instant::now() < until, "not fed within 20 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!dropped.exists());
    assert_eq!(
        raw(&server).await,
        [row(
            "wire.raw.efe.en",
            "efe/en/a.txt",
            "first, second, last"
        )]
    );
    let pid = watching.0.id().to_string();
    Command::new("kill").arg(&pid).status().unwrap();
    assert!(watching.0.wait().unwrap().success());
}

/// The daemon until the test ends.
fn daemon(server: &Server) -> Watching {
    let listen = format!("admin.listen=127.0.0.1:{}", free_port());
    let mut command = command(server, &["run", "--set", &listen]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Watching(command.spawn().unwrap())
}

/// Events of the out stream on subjects that begin with `prefix`, once there are `count`.
async fn events(server: &Server, prefix: &str, count: usize) -> Vec<StreamMessage> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let mut found = match context(server).await.get_stream("WIRE").await {
            Ok(_) => messages(server, "WIRE").await,
            Err(_) => Vec::new(),
        };
        found.retain(|message| message.subject.starts_with(prefix));
        if found.len() >= count {
            return found;
        }
        assert!(
            Instant::now() < until,
            "{} of {count} on {prefix}",
            found.len()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn listed(server: &Server, more: &[&str]) -> Vec<serde_json::Value> {
    let output = run(server, &[&["dead", "list", "--json"], more].concat());
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

const CUT_SHORT: &[u8] = b"{\"uri\": \"urn:x:1\", \"body_text\": \"Off the coa";
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xfe\0\x01\x02\x03\0\0\0";

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_listed_shown_and_requeued_byte_for_byte() {
    let (server, folder) = (Server::start(""), Scratch::new("dead"));
    let _daemon = daemon(&server);
    write(
        &folder.0,
        &[(
            "efe/en/good.txt",
            "Lima, Nov 18 (EFE).- The port of Callao reopened on Wednesday after a strong swell, its operator said.",
        )],
    );
    fs::create_dir_all(folder.0.join("dpa/world")).unwrap();
    fs::write(folder.0.join("dpa/world/cut.json"), CUT_SHORT).unwrap();
    fs::write(folder.0.join("efe/en/picture.png"), PICTURE).unwrap();
    let output = run(&server, &["feed", folder.0.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    events(&server, "wire.dead.", 2).await;
    let story = &events(&server, "wire.story.", 1).await[0];
    let story: serde_json::Value = serde_json::from_slice(&story.payload).unwrap();
    let ids = story["altIds"].as_array().unwrap();
    let is_input = |id: &&serde_json::Value| id["role"] == "input";
    assert_eq!(
        ids.iter().find(is_input).unwrap()["value"],
        "efe/en/good.txt"
    );

    let all = listed(&server, &[]);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(listed(&server, &["--limit", "1"]), all[1..]);
    assert_eq!(listed(&server, &["--reason", "binary"]), all[1..]);
    assert_eq!(listed(&server, &["--agency", "dpa"]), all[..1]);
    assert_eq!(all[0]["reason"], "truncated");
    assert_eq!(all[0]["input"], "dpa/world/cut.json");
    assert_eq!(all[0]["bytes"], CUT_SHORT.len());
    let plain = run(&server, &["dead", "list"]);
    assert_eq!(String::from_utf8_lossy(&plain.stdout).lines().count(), 2);

    let sequences: Vec<String> = all.iter().map(|one| one["sequence"].to_string()).collect();
    for (sequence, bytes) in sequences.iter().zip([CUT_SHORT, PICTURE]) {
        let output = run(&server, &["dead", "show", "--raw", sequence]);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(output.stdout, bytes);
    }
    let output = run(&server, &["dead", "show", &sequences[0]]);
    let shown = String::from_utf8(output.stdout).unwrap();
    for part in [
        "truncated (parse)",
        "Wire-Input: dpa/world/cut.json",
        "Off the coa",
    ] {
        assert!(shown.contains(part), "{part:?} is missing in {shown}");
    }

    let output = run(&server, &["dead", "requeue", &sequences[1], &sequences[0]]);
    assert!(output.status.success(), "{}", said(&output));
    let again = messages(&server, "WIRE_RAW").await.split_off(3);
    assert_eq!(again.len(), 2);
    for (message, sequence, subject, name, bytes) in [
        (
            &again[0],
            &sequences[1],
            "wire.raw.efe.en",
            "efe/en/picture.png",
            PICTURE,
        ),
        (
            &again[1],
            &sequences[0],
            "wire.raw.dpa.world",
            "dpa/world/cut.json",
            CUT_SHORT,
        ),
    ] {
        assert_eq!(message.subject.as_str(), subject);
        assert_eq!(&message.payload[..], bytes);
        assert_eq!(input(message), name);
        let from = message.headers.get("Wire-Requeued-From").unwrap();
        assert_eq!(from.as_str(), format!("WIRE:{sequence}"));
    }

    // what died again is one message, not two
    events(&server, "wire.dead.", 4).await;
    let marks: Vec<bool> = listed(&server, &[])
        .iter()
        .map(|one| one["requeued"] == true)
        .collect();
    assert_eq!(marks, [true, true, false, false]);
    let output = run(&server, &["dead", "list", "--reason", "nonsense"]);
    assert!(!output.status.success());
    let told = "possible values: empty, truncated";
    assert!(said(&output).contains(told), "{}", said(&output));
    let output = run(&server, &["dead", "requeue", "--all"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(messages(&server, "WIRE_RAW").await.len(), 7);
}

fn refusal(server: &Server, args: &[&str], parts: &[&str]) {
    let output = run(server, args);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for part in parts {
        assert!(
            said(&output).contains(part),
            "{part:?} is missing in {}",
            said(&output)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_made_whole_from_the_raw_stream_and_what_is_gone_is_refused() {
    let server = Server::start("");
    let config = Config {
        servers: vec![server.url()],
        ..Config::default()
    };
    JetStream::connect(config).await.unwrap();
    let context = context(&server).await;
    let body = Bytes::from("A long message. ".repeat(4000));
    let stored = context
        .publish("wire.raw.efe.en", body.clone())
        .await
        .unwrap();
    let message = RawMessage {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence: stored.await.unwrap().sequence,
        },
        received: Timestamp::UNIX_EPOCH,
        subject: Subject("wire.raw.efe.en".to_owned()),
        headers: Vec::new(),
        body: body.clone(),
        input: None,
    };
    let rejection = Rejection {
        reason: Reason::TooLarge,
        stage: Stage::Publish,
        message: "more than an event may hold".to_owned(),
    };
    let part = dead_letter(&message, None, &rejection, &[], "main", 40_000);
    let gap = gap(
        &Arc::from("WIRE_RAW"),
        &(5..=9),
        Timestamp::UNIX_EPOCH,
        "main",
    );
    for letter in [part, gap] {
        let stored = context.publish(letter.subject, letter.body).await.unwrap();
        stored.await.unwrap();
    }
    let whole = run(&server, &["dead", "show", "--raw", "1"]);
    assert_eq!(whole.stdout, body, "{}", said(&whole));
    let again = run(&server, &["dead", "requeue", "1"]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(messages(&server, "WIRE_RAW").await[1].payload, body);

    let lost = [
        "5 to 9 of stream WIRE_RAW",
        "no bytes",
        "1 were not requeued",
    ];
    refusal(&server, &["dead", "requeue", "2"], &lost);
    refusal(&server, &["dead", "show", "7"], &["nothing at 7"]);
    let raw = context.get_stream("WIRE_RAW").await.unwrap();
    raw.purge().await.unwrap();
    let gone = [
        "not requeued: 1: the letter holds",
        "of 64000 bytes",
        "message 1 of stream WIRE_RAW",
    ];
    refusal(&server, &["dead", "requeue", "--all"], &gone);
}
