//! The commands that speak to a server, as a person runs them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream::stream::{self, DiscardPolicy};
use async_nats::jetstream::{self, message::StreamMessage};

use crate::support::server::{Scratch, Server};

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
        messages.push(stream.get_raw_message(sequence).await.unwrap());
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
