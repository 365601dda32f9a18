//! Wire copy in, events out: `tests/golden/<format>/NAME.in` against `NAME.out.json`.
//!
//! `NAME.toml` beside it may hold `subject` and `received`. `GOLDEN=write` writes what came out;
//! read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use copytaster::pipeline::{Pipeline, Settings};
use copytaster::story::{Origin, RawMessage, Subject};
use copytaster::tag::{Lexicon, Tagger};
use serde::Deserialize;
use serde_json::Value;

use super::contract;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sidecar {
    subject: String,
    received: String,
}

impl Default for Sidecar {
    fn default() -> Sidecar {
        Sidecar {
            subject: "wire.raw.any.golden".to_owned(),
            received: "2023-11-06T12:00:00Z".to_owned(),
        }
    }
}

pub fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases = Vec::new();
    for format in fs::read_dir(&root).expect("tests/golden") {
        let files = fs::read_dir(format.expect("a folder").path()).expect("a folder a format");
        let files = files.map(|file| file.expect("a file").path());
        cases.extend(files.filter(|file| file.extension().is_some_and(|e| e == "in")));
    }
    cases.sort();
    cases
}

/// A case as a message of the raw stream.
pub fn message(case: &Path, sequence: u64) -> RawMessage {
    let sidecar = fs::read_to_string(case.with_extension("toml")).unwrap_or_default();
    let sidecar: Sidecar = toml::from_str(&sidecar).expect("a sidecar of subject and received");
    RawMessage {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence,
        },
        received: sidecar.received.parse().expect("an instant"),
        subject: Subject(sidecar.subject),
        headers: Vec::new(),
        body: Bytes::from(fs::read(case).expect("a case")),
        input: None,
    }
}

fn events(case: &Path, tagger: Arc<Tagger>) -> Vec<Value> {
    let message = message(case, 1);
    let mut pipeline = Pipeline::new(Settings::default(), tagger);
    let commits = pipeline.process(&[message]);
    let records = commits.iter().flat_map(|commit| &commit.outbound);
    records
        .map(|record| {
            let mut event: Value = serde_json::from_slice(&record.body).expect("JSON");
            let breaches = contract::breaches(&event);
            assert!(breaches.is_empty(), "{}: {breaches:#?}", case.display());
            // the lexicon's version moves with every table; the subject belongs to the case
            event["wire"]["lexicon"] = Value::Null;
            event["subject"] = Value::String(record.subject.clone());
            event
        })
        .collect()
}

#[test]
fn every_golden_case_gives_its_event() {
    let tagger = Arc::new(Tagger::new(Arc::new(Lexicon::embedded())));
    let write = std::env::var("GOLDEN").is_ok_and(|value| value == "write");
    let mut differing = Vec::new();
    let cases = cases();
    assert!(!cases.is_empty(), "no golden case was found");
    for case in &cases {
        let got = serde_json::to_string_pretty(&events(case, tagger.clone())).expect("JSON") + "\n";
        let path = case.with_extension("out.json");
        if write {
            fs::write(&path, &got).expect("the golden file can be written");
        } else if fs::read_to_string(&path).unwrap_or_default() != got {
            differing.push(path.display().to_string());
        }
    }
    assert!(
        differing.is_empty(),
        "{} of {} cases differ; look with GOLDEN=write and git diff: {differing:#?}",
        differing.len(),
        cases.len()
    );
}
