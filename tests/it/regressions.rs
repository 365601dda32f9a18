//! Payloads that broke the code once, replayed: `tests/regressions/*` as they came. Each has an outcome, and none
//! of them is a panic.

use std::fs;
use std::path::Path;

use copytaster::pipeline::Settings;
use serde_json::Value;

use super::pipeline::{message, pipeline};

#[test]
fn what_broke_once_does_not_break_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let files = fs::read_dir(&root).expect("tests/regressions");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no regression was found");
    for path in paths {
        let body = fs::read(&path).expect("a payload");
        let commits =
            pipeline(Settings::default()).process(&[message(1, "wire.raw.any.fuzz", body)]);
        let records: Vec<_> = commits.iter().flat_map(|commit| &commit.outbound).collect();
        assert!(!records.is_empty(), "{}", path.display());
        for record in records {
            let event: Value = serde_json::from_slice(&record.body).expect("JSON");
            let breaches = super::contract::breaches(&event);
            assert!(breaches.is_empty(), "{}: {breaches:#?}", path.display());
            let reason = &event["wire"]["dead"]["reason"];
            assert_ne!(reason, "panic", "{}: {event}", path.display());
        }
    }
}
