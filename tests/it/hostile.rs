//! What is sent to break us: each input comes to its outcome in a second, in four times its size and 64 MB of memory,
//! and by a process that can open neither file nor socket.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::corpus;
use crate::support::server::Scratch;

/// What must come of an input.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// A dead letter with this reason.
    Dead(&'static str),
    /// A dead letter, whatever it says.
    Refused,
    /// As many stories, mended or not.
    Stories(usize),
    /// Stories, and what was mended is told.
    Mended,
    /// Anything that is accounted for.
    Any,
}

/// A desk that waits for its payload, with everything it needs already open.
fn waiting() -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_copytaster"))
        .args(["taste", "--all", "--received", "2026-11-06T12:00:00Z", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = Instant::now();
    // until it stands in its read of file 0
    while asked.elapsed() < Duration::from_secs(30) {
        let call = fs::read_to_string(format!("/proc/{}/syscall", child.id())).unwrap_or_default();
        if call.split(' ').nth(1) == Some("0x0") {
            break;
        }
        std::thread::yield_now();
    }
    child
}

/// Bytes of data that a process has.
fn data(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmData:"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

/// The events that a payload comes to, from a process that may open nothing more and has little memory.
fn taste(name: &str, payload: &[u8]) -> Vec<Value> {
    let mut child = waiting();
    let most = data(&child) + 4 * payload.len() as u64 + (64 << 20);
    let limited = Command::new("prlimit")
        .args([
            "--pid",
            &child.id().to_string(),
            "--nofile=3:3",
            &format!("--data={most}:{most}"),
        ])
        .status();
    assert!(
        limited.is_ok_and(|status| status.success()),
        "prlimit of util-linux is needed"
    );
    let started = Instant::now();
    let mut stdin = child.stdin.take().unwrap();
    let payload = payload.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&payload)));
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    let took = started.elapsed();
    writer.join().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{name}: {:?} {said}",
        output.status
    );
    assert!(took < Duration::from_secs(1), "{name} took {took:?}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn check(name: &str, payload: &[u8], want: Outcome) -> String {
    let events = taste(name, payload);
    let reasons: Vec<&str> = events
        .iter()
        .filter_map(|event| event["wire"]["dead"]["reason"].as_str())
        .collect();
    let told = format!(
        "{name}: {want:?}, got {}",
        serde_json::to_string(&events)
            .unwrap()
            .chars()
            .take(600)
            .collect::<String>()
    );
    assert!(!events.is_empty() && !reasons.contains(&"panic"), "{told}");
    let stories = events.len() - reasons.len();
    let held = match want {
        Outcome::Dead(reason) => reasons == [reason],
        Outcome::Refused => stories == 0,
        Outcome::Stories(n) => reasons.is_empty() && stories == n,
        Outcome::Mended => {
            reasons.is_empty()
                && events
                    .iter()
                    .all(|event| event["wire"]["repairs"][0].is_string())
        }
        Outcome::Any => true,
    };
    assert!(held, "{told}");
    serde_json::to_string(&events).unwrap()
}

fn nitf(declared: &str, body: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?>{declared}<nitf><body><body.head><hedline><hl1>Harbour shut</hl1></hedline></body.head>\
        <body.content><p>{body}</p></body.content></body></nitf>"
    )
    .into_bytes()
}

#[test]
fn what_an_entity_points_at_is_never_fetched() {
    let folder = Scratch::new("hostile");
    let secret = folder.0.join("secret.txt");
    fs::write(&secret, "quillfeather").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let web = format!("http://{}/x.dtd", listener.local_addr().unwrap());
    let file = format!("file://{}", secret.display());
    for (name, declared, want) in [
        (
            "a file as an entity",
            format!("<!DOCTYPE nitf [<!ENTITY x SYSTEM \"{file}\">]>"),
            Outcome::Refused,
        ),
        (
            "a socket as an entity",
            format!("<!DOCTYPE nitf [<!ENTITY x SYSTEM \"{web}\">]>"),
            Outcome::Refused,
        ),
    ] {
        let out = check(name, &nitf(&declared, "Two berths &x; are shut."), want);
        assert!(!out.contains("quillfeather"), "{out}");
    }
    for (name, declared) in [
        (
            "a definition on the web",
            format!("<!DOCTYPE nitf SYSTEM \"{web}\">"),
        ),
        (
            "a parameter entity",
            format!("<!DOCTYPE nitf [<!ENTITY % x SYSTEM \"{web}\"> %x;]>"),
        ),
    ] {
        let out = check(
            name,
            &nitf(&declared, "Two berths are shut."),
            Outcome::Stories(1),
        );
        assert!(!out.contains("quillfeather"), "{out}");
    }
    assert!(listener.accept().is_err(), "somebody knocked");
}

#[test]
fn every_hostile_input_comes_to_its_outcome() {
    let laughs: String = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    let laughs = format!("<!DOCTYPE nitf [<!ENTITY l0 \"ha\">{laughs}]>");
    let quadratic = format!("<!DOCTYPE nitf [<!ENTITY a \"{}\">]>", "x".repeat(40_000));
    let attributes: String = (0..50_000).map(|n| format!(" a{n}=\"{n}\"")).collect();
    let text = "The harbour board said on Monday that two berths would close for a month. ";
    let cases: Vec<(&str, Vec<u8>, Outcome)> = vec![
        ("a billion laughs", nitf(&laughs, "&l9;"), Outcome::Refused),
        ("quadratic entities", nitf(&quadratic, &"&a;".repeat(10_000)), Outcome::Refused),
        ("deep XML", "<a>".repeat(50_000).into_bytes(), Outcome::Refused),
        ("wide XML", nitf("", &format!("<em{attributes}>x</em>")), Outcome::Any),
        ("deep JSON", "[".repeat(200_000).into_bytes(), Outcome::Dead("depth")),
        ("deep objects", "{\"a\":".repeat(50_000).into_bytes(), Outcome::Dead("depth")),
        ("a long line", text.repeat(10_000).into_bytes(), Outcome::Stories(1)),
        ("nothing but commas", "Aaaa, ".repeat(100_000).into_bytes(), Outcome::Stories(1)),
        ("nothing but brackets", "(".repeat(300_000).into_bytes(), Outcome::Any),
        ("nothing but dashes", "A - ".repeat(100_000).into_bytes(), Outcome::Any),
        ("nothing but tags", "<b".repeat(200_000).into_bytes(), Outcome::Any),
        ("nothing but ampersands", "&amp".repeat(200_000).into_bytes(), Outcome::Any),
        ("nothing but line ends", "a\n".repeat(300_000).into_bytes(), Outcome::Any),
        ("nothing but marks", "\u{301}".repeat(200_000).into_bytes(), Outcome::Any),
        ("eight megabytes", text.repeat((8 << 20) / text.len()).into_bytes(), Outcome::Dead("too-large")),
        ("gzip", b"\x1F\x8B\x08\0\0\0\0\0".repeat(4_000), Outcome::Dead("binary")),
        ("a cut prolog", b"<?xml version=\"1.0\"?>".to_vec(), Outcome::Dead("truncated")),
        ("a wrong escape", br#"{"uri":"urn:a:1","headline":"a \q b","body_text":"Two berths are shut."}"#.to_vec(), Outcome::Mended),
        ("half a pair", br#"{"uri":"urn:a:1","headline":"a \ud83d b","body_text":"Two berths are shut."}"#.to_vec(), Outcome::Mended),
        ("a year too far", br#"{"uri":"urn:a:1","versioncreated":"99991231T235959Z","headline":"H","body_text":"Two berths are shut."}"#.to_vec(), Outcome::Mended),
        ("two documents", br#"{"uri":"urn:a:1","headline":"One","body_text":"x"}{"uri":"urn:a:2","headline":"Two","body_text":"y"}"#.to_vec(), Outcome::Stories(2)),
    ];
    for (name, payload, want) in cases {
        check(name, &payload, want);
    }
}

/// What the corpus says of a line, in its own words.
fn stated(expect: &str) -> Outcome {
    const REASONS: [&str; 4] = ["truncated", "depth", "empty", "binary"];
    let lower = expect.to_lowercase();
    let refused = lower.contains("quarantine");
    let accepted = lower.contains("accept");
    let reason = REASONS
        .iter()
        .find(|reason| lower.contains(&format!("reason={reason}")));
    match (refused, accepted, reason) {
        (true, false, Some(reason)) => Outcome::Dead(reason),
        (true, false, None) if !lower.contains("two items") => Outcome::Refused,
        (false, true, _) if lower.contains("flag") && !lower.contains("or flag") => Outcome::Mended,
        (false, true, _) => Outcome::Stories(1),
        _ if lower == "two items" => Outcome::Stories(2),
        _ => Outcome::Any,
    }
}

#[test]
fn every_line_of_the_hostile_corpus_comes_to_its_outcome() {
    let folder = corpus().join("data/formats");
    let Ok(lines) = fs::read_to_string(folder.join("HOSTILE.jsonl")) else {
        // past the harness, which keeps what a passing test prints
        let _ = writeln!(
            std::io::stderr(),
            "no hostile corpus at {}: passed over",
            folder.display()
        );
        return;
    };
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (file, expect) = (
            line["file"].as_str().unwrap(),
            line["expect"].as_str().unwrap(),
        );
        let Ok(payload) = fs::read(folder.join(file)) else {
            continue;
        };
        if Path::new(file).extension().is_some_and(|e| e == "sh") {
            continue; // makes a body that no server lets in
        }
        let out = check(file, &payload, stated(expect));
        assert!(!out.contains("root:"), "{file}");
    }
}
