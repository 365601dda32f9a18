//! Detect, parse and normalize by format: every golden case as it came, in bytes a second.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use copytaster::story::{FeedProfile, Origin, RawMessage, Subject, Timestamp};
use copytaster::{normalize, parse};
use divan::{Bencher, counter::BytesCount};

use crate::wire;

const FORMATS: [&str; 6] = [
    "newsml-g2",
    "newsml-1.2",
    "nitf",
    "ninjs",
    "iptc-7901",
    "plain-text",
];

/// The cases of a format.
fn cases(format: &str) -> Vec<RawMessage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format);
    let files = fs::read_dir(folder).expect("a folder a format");
    let paths = files.map(|file| file.expect("a file").path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "in"))
        .collect();
    paths.sort();
    let message = |path: &std::path::PathBuf| RawMessage {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence: 1,
        },
        received: Timestamp::from_second(1_699_272_000).expect("in range"),
        subject: Subject("wire.raw.any.golden".to_owned()),
        headers: Vec::new(),
        body: Bytes::from(fs::read(path).expect("a case")),
        input: None,
    };
    paths.iter().map(message).collect()
}

fn read(message: &RawMessage) -> usize {
    let profile = FeedProfile::default();
    let raw = wire::fingerprint_of(&[]);
    let items = parse::dispatches(message, &profile).unwrap_or_default();
    let stories = items
        .into_iter()
        .flatten()
        .map(|dispatch| normalize::story(dispatch, message, &raw, &profile).is_ok());
    stories.filter(|story| *story).count()
}

#[divan::bench(args = FORMATS)]
fn golden(bencher: Bencher, format: &str) {
    let cases = cases(format);
    let bytes: usize = cases.iter().map(|case| case.body.len()).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| wire::each(&cases, read));
}

/// NewsML-G2 as agencies send it: a long body in paragraphs, and much said around it.
#[divan::bench(args = [20, 60])]
fn long_newsml_g2(bencher: Bencher, kilobytes: usize) {
    let mut item = cases("newsml-g2").swap_remove(0);
    let whole = std::str::from_utf8(&item.body).expect("UTF-8");
    let (before, after) = whole.split_once("<h2>").expect("a body with headings");
    let mut xml = before.to_owned();
    for story in wire::messages(wire::Wired::Plain).iter().cycle() {
        let story = std::str::from_utf8(&story.body).expect("UTF-8");
        for line in story.lines().filter(|line| !line.is_empty()) {
            let line = line.replace('&', "&amp;").replace('<', "&lt;");
            xml.extend(["<p>", &line, " <a href=\"#more\">More</a></p>\n"]);
        }
        if xml.len() > kilobytes * 1000 {
            break;
        }
    }
    item.body = Bytes::from(xml + "<h2>" + after);
    bencher
        .counter(BytesCount::new(item.body.len()))
        .bench(|| read(&item));
}

/// A story of some 3 KB: share of the budget 20 µs.
#[divan::bench(args = wire::FORMS)]
fn story(bencher: Bencher, form: wire::Wired) {
    let messages = wire::messages(form);
    bencher
        .counter(divan::counter::ItemsCount::new(messages.len()))
        .bench(|| wire::each(&messages, read));
}
