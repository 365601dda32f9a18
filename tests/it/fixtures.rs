//! The formats' corpus, where it is here: every event of every fixture holds to the contract, each file with a memory
//! of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copytaster::pipeline::{Pipeline, Settings};
use copytaster::tag::{Lexicon, Tagger};
use rayon::prelude::*;
use serde_json::Value;

use super::contract;
use super::pipeline::message;

/// Files of the corpus and of its hostile part. Scripts make a payload, they are none.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if !path
            .extension()
            .is_some_and(|e| e == "jsonl" || e == "sh" || e == "py")
        {
            found.push(path);
        }
    }
}

fn breaches(path: &Path, tagger: &Arc<Tagger>) -> Vec<String> {
    let body = fs::read(path).expect("a fixture");
    let mut pipeline = Pipeline::new(Settings::default(), tagger.clone());
    let commits = pipeline.process(&[message(1, "wire.raw.any.fixtures", body)]);
    let records: Vec<_> = commits.iter().flat_map(|commit| &commit.outbound).collect();
    if records.is_empty() {
        return vec!["no outcome".to_owned()];
    }
    let told = records.iter().flat_map(|record| {
        let event: Value = serde_json::from_slice(&record.body).expect("JSON");
        let mut found = contract::breaches(&event);
        found.extend((event["wire"]["dead"]["reason"] == "panic").then(|| "a panic".to_owned()));
        found
    });
    told.collect()
}

#[test]
fn every_event_of_every_fixture_holds_to_the_contract() {
    let corpus = std::env::var_os("COPYTASTER_CORPUS").map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = corpus.unwrap_or_else(|| root.join("../shared")); // COPYTASTER_CORPUS
    let mut paths = Vec::new();
    files(&root.join(corpus).join("data/formats"), &mut paths);
    if paths.is_empty() {
        println!("no corpus of formats (COPYTASTER_CORPUS), passed over");
        return;
    }
    let tagger = Arc::new(Tagger::new(Arc::new(Lexicon::embedded())));
    let broken: Vec<String> = paths
        .par_iter()
        .flat_map_iter(|path| {
            let found = breaches(path, &tagger).into_iter();
            found.map(move |breach| format!("{}: {breach}", path.display()))
        })
        .collect();
    assert!(broken.is_empty(), "{}: {broken:#?}", broken.len());
}
