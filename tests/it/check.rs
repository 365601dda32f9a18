//! `copytaster check`: every fault in one run, each with its place; and what it says of a server, which it leaves alone.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, stream};
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::support::server::{Scratch, Server, free_port};
use crate::support::stories::Desk;

fn check(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    let command = command.arg("check").args(args).stdin(Stdio::null());
    command.output().unwrap()
}

fn live(server: &Server, more: &[&str]) -> Output {
    let url = format!("nats.servers={}", server.url());
    let own = ["--live", "--set", &url, "--set", "nats.request_timeout=1s"];
    check(&[&own, more].concat())
}

/// Exit code, lines of standard output and lines of standard error.
fn told(output: &Output) -> (i32, Vec<String>, Vec<String>) {
    let lines = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let code = output.status.code().unwrap();
    (code, lines(&output.stdout), lines(&output.stderr))
}

fn sound(output: &Output) -> Vec<String> {
    let (code, out, faults) = told(output);
    assert_eq!((code, &faults[..]), (0, &[][..]), "{out:?}");
    out
}

fn write(folder: &Path, files: &[(&str, &[u8])]) {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn faults_of_settings_and_of_every_table_are_told_in_one_run() {
    let folder = Scratch::new("check");
    let tables = folder.0.join("lexicon");
    std::fs::create_dir_all(&tables).unwrap();
    write(
        &tables,
        &[
            ("actors.tsv", b"# id\tkind\n"),
            (
                "aliases.tsv",
                b"# code\tlanguage\tnames\nKEN\t*\tKenia\nXX\tqq\tX\n",
            ),
            ("cues.tsv", b"# cue\tlanguage\twords\nspeech\ten\tsa\xedd\n"),
            ("notes.tsv", b""),
            ("README.md", b"no table"),
        ],
    );
    let file = folder.0.join("desk.toml");
    let text =
        format!("[streams]\nreplicas = 9\n[nats]\nurll = \"x\"\n[lexicon]\nfolder = {tables:?}\n");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let output = check(&["--config", file, "--set", "run.heartbeat=soon", "--live"]);
    let (code, out, faults) = told(&output);
    assert_eq!((code, out), (64, Vec::new()));
    let tables = tables.display();
    let wanted = [
        format!("nats.urll: unknown field `urll`, …(from {file})"),
        "run.heartbeat: \"soon\" is no time …(from --set)".to_owned(),
        format!("streams.replicas: 9 is not within 1..5 (from {file})"),
        format!("cues.tsv:2: is not UTF-8 (from {tables})"),
        format!("actors.tsv:1: the first line must name the columns: …(from {tables})"),
        format!("aliases.tsv:2: unknown region \"KEN\" (from {tables})"),
        format!("aliases.tsv:3: unknown region \"XX\" (from {tables})"),
        format!("notes.tsv:1: no table of this name is known (from {tables})"),
        "the server was not asked: mend the settings first".to_owned(),
    ];
    assert_eq!(faults.len(), wanted.len(), "{faults:#?}");
    for pattern in &wanted {
        let is_told = faults.iter().any(|f| crate::support::matches(pattern, f));
        assert!(is_told, "{pattern} is missing in {faults:#?}");
    }
    let missing = format!("lexicon.folder={}", folder.0.join("nowhere").display());
    let (code, _, faults) = told(&check(&["--set", &missing]));
    assert_eq!((code, faults.len()), (64, 1), "{faults:?}");
}

#[test]
fn what_holds_is_printed_with_its_origin_and_without_secrets() {
    let sets = [
        "nats.servers=nats://host:4222,tls://other",
        "nats.token=HUNTER2",
        "feeds.efe.zone=Europe/Madrid",
    ];
    let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
    let out = sound(&check(&[&["--print"], &args[..]].concat())).join("\n");
    assert!(!out.contains("HUNTER2"), "{out}");
    for line in [
        "nats.servers = [\"nats://host:4222\", \"tls://other\"]  # --set",
        "nats.token = \"[REDACTED]\"  # --set",
        "feeds.efe.zone = \"Europe/Madrid\"  # --set",
        "dedup.window = \"72h\"  # the defaults",
        "settings are sound",
    ] {
        assert!(
            out.lines().any(|found| found == line),
            "{line} is missing in {out}"
        );
    }
    let version = copytaster::tag::Lexicon::embedded().version().to_owned();
    assert!(
        out.ends_with(&format!("lexicon {version} is sound")),
        "{out}"
    );
}

async fn context(server: &Server) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

/// All that JetStream holds: settings and state of every stream.
async fn held(server: &Server) -> String {
    let context = context(server).await;
    let streams: Vec<stream::Info> = context.streams().try_collect().await.unwrap();
    let told = |info: &stream::Info| format!("{:?} {:?}\n", info.config, info.state);
    streams.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_and_left_as_it_is() {
    let server = Server::start("");
    let out = sound(&live(&server, &[])).join("\n");
    for part in [
        "version 2.",
        "stream WIRE_RAW does not exist; `copytaster run` creates it",
        "stream WIRE does not exist; `copytaster run` creates it",
        "permissions suffice",
    ] {
        assert!(out.contains(part), "{part} is missing in {out}");
    }
    let unmanaged = live(&server, &["--set", "streams.manage=false"]);
    let (code, _, faults) = told(&unmanaged);
    assert_eq!((code, faults.len()), (64, 2), "{faults:?}");
    assert_eq!(held(&server).await, "");

    let context = context(&server).await;
    let raw = stream::Config {
        name: "WIRE_RAW".to_owned(),
        subjects: vec!["raw.>".to_owned()],
        retention: stream::RetentionPolicy::WorkQueue,
        ..stream::Config::default()
    };
    let out = stream::Config {
        name: "WIRE".to_owned(),
        subjects: vec!["wire.>".to_owned()],
        storage: stream::StorageType::Memory,
        ..stream::Config::default()
    };
    for config in [raw, out] {
        context.create_stream(config).await.unwrap();
    }
    let before = held(&server).await;
    let (code, _, faults) = told(&live(
        &server,
        &[
            "--set",
            "limits.max_event_bytes=2000000",
            "--set",
            "run.batch_bytes=3000000",
        ],
    ));
    assert_eq!(code, 64);
    for part in [
        "the server takes payloads up to 1048576 bytes and limits.max_event_bytes is 2000000",
        "stream WIRE_RAW: retention is WorkQueue and must be Limits",
        "stream WIRE_RAW: subjects is [\"raw.>\"] and must hold \"wire.raw.>\"",
        "stream WIRE: storage is Memory and must be File",
        "stream WIRE: allow_atomic is false and must be true",
    ] {
        assert!(
            faults.iter().any(|f| f.starts_with(part)),
            "{part} is missing in {faults:#?}"
        );
    }
    assert_eq!(held(&server).await, before);
}

#[test]
fn a_server_that_is_not_there_or_not_fit_is_a_fault() {
    let nowhere = format!("nats.servers=nats://desk:HUNTER2@127.0.0.1:{}", free_port());
    let (code, out, faults) = told(&check(&["--live", "--set", &nowhere]));
    assert_eq!((code, out.len(), faults.len()), (64, 2, 1), "{faults:?}");
    assert!(
        faults[0].starts_with("cannot connect to nats://127"),
        "{faults:?}"
    );
    assert!(!faults[0].contains("HUNTER2"), "{faults:?}");
    let bare = Server::with(Scratch::new("nats"), "");
    let (code, _, faults) = told(&live(&bare, &[]));
    assert_eq!((code, faults.len()), (64, 1), "{faults:?}");
    assert!(faults[0].contains("without JetStream"), "{faults:?}");
}

const AS_DESK: [&str; 4] = ["--set", "nats.user=desk", "--set", "nats.password=x"];

/// A server on the files of `store`, with a user who may publish on these subjects, and a feeder who may do everything.
fn with_user(store: &Path, publish: &[String]) -> Server {
    let config = format!(
        "jetstream {{ store_dir: {store:?} }}\nauthorization {{ users: [{{ user: desk, password: x, permissions: {{ publish: {publish:?}, subscribe: [\"_INBOX.>\"] }} }}, {{ user: feeder, password: y }}] }}"
    );
    Server::with(Scratch::new("nats"), &config)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_lacks_is_named_and_is_all_that_the_daemon_needs() {
    let store = Scratch::new("store");
    let mute = with_user(&store.0, &["x".to_owned()]);
    let (code, _, faults) = told(&live(&mute, &AS_DESK));
    assert_eq!(code, 64);
    let wanted = "the server does not say what this user may do";
    assert!(faults.iter().any(|f| f.starts_with(wanted)), "{faults:?}");
    drop(mute);

    let mut granted = vec!["$SYS.REQ.USER.INFO".to_owned()];
    for round in 0.. {
        let server = with_user(&store.0, &granted);
        let (code, _, faults) = told(&live(&server, &AS_DESK));
        let lacking = |fault: &String| {
            let subject = fault.strip_prefix("this user may not publish on ");
            let subject = subject.and_then(|rest| rest.strip_suffix("; allow it"));
            subject.unwrap_or_else(|| panic!("{fault}")).to_owned()
        };
        granted.extend(faults.iter().map(lacking));
        if code == 0 {
            break;
        }
        assert!(round < 3, "{faults:?}");
    }
    let server = with_user(&store.0, &granted);
    // and a login in an address is one as well
    let url = server.url().replace("nats://", "nats://desk:%78@");
    let login = format!("nats.servers={url}");
    sound(&check(&["--live", "--set", &login]));
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_copytaster"))
        .args(["run", "--set", "admin.listen=", "--set", &login])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let feeder = ConnectOptions::with_user_and_password("feeder".to_owned(), "y".to_owned());
    let context = jetstream::new(feeder.connect(server.url()).await.unwrap());
    let until = Instant::now() + Duration::from_secs(30);
    let mut fed = false;
    loop {
        if let Ok(stream) = context.get_stream("WIRE").await {
            if !fed {
                let copy = Desk::new(5).plain();
                let sent = context.publish(copy.subject, copy.body.into()).await;
                fed = sent.unwrap().await.is_ok();
            }
            let mut stories = stream.info_with_subjects("wire.story.>").await.unwrap();
            if stories.next().await.is_some() {
                break;
            }
        }
        assert!(Instant::now() < until, "no event within 30 s");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

#[test]
fn the_shipped_permissions_suffice() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nats/nats.conf");
    let scratch = Scratch::new("nats");
    let mut config = std::fs::read_to_string(path).unwrap();
    for (line, own) in [
        ("port: 4222\n", String::new()),
        ("http_port: 8222\n", String::new()),
        ("$NATS_SERVER_NAME", "desk".to_owned()),
        ("/data", format!("{:?}", scratch.0.join("store"))),
        ("max_file_store: 100GB", "max_file_store: 100MB".to_owned()),
        ("$COPYTASTER_PASSWORD", "x".to_owned()),
        ("$FEEDER_PASSWORD", "y".to_owned()),
        ("$DESK_PASSWORD", "z".to_owned()),
    ] {
        assert!(config.contains(line), "{line}");
        config = config.replacen(line, &own, 1);
    }
    let server = Server::with(scratch, &config);
    let login = ["--set", "nats.user=copytaster", "--set", "nats.password=x"];
    sound(&live(&server, &login));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_run_from_creating_its_streams_is_told_and_ends_it() {
    let server = Server::start("");
    let other = stream::Config {
        name: "OTHER".to_owned(),
        subjects: vec!["wire.dead.>".to_owned()],
        ..stream::Config::default()
    };
    context(&server).await.create_stream(other).await.unwrap();
    let (code, _, faults) = told(&live(&server, &["--set", "streams.replicas=3"]));
    assert_eq!((code, faults.len()), (64, 3), "{faults:#?}");
    let held = "stream WIRE cannot be created: stream OTHER has subjects in wire.dead.>; ";
    let copies = "streams.replicas is 3 and the server is no cluster";
    for part in [held, copies] {
        let is_told = faults.iter().any(|fault| fault.contains(part));
        assert!(is_told, "{part} is missing in {faults:#?}");
    }
    for (set, part) in [
        ("streams.replicas=1", held),
        ("streams.replicas=3", "streams.replicas is 3: lower it"),
    ] {
        if set == "streams.replicas=3" {
            let context = context(&server).await;
            context.delete_stream("WIRE_RAW").await.unwrap();
        }
        let url = format!("nats.servers={}", server.url());
        let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
        let args = ["run", "--set", "admin.listen=", "--set", &url, "--set", set];
        let output = command.args(args).output().unwrap();
        let (code, _, said) = told(&output);
        assert_eq!(code, 1, "{said:?}");
        assert!(said.join("\n").contains(part), "{said:#?}");
    }
}
