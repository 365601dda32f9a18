//! Any bytes through the whole pipeline, twice: tags, verdicts and events, and the same outcome from the same bytes.

#![no_main]

use std::sync::{Arc, OnceLock};

use copytaster::pipeline::{Pipeline, Settings};
use copytaster::tag::{Lexicon, Tagger};
use libfuzzer_sys::fuzz_target;

fn outcome(body: &[u8]) -> Vec<(String, bytes::Bytes)> {
    static TAGGER: OnceLock<Arc<Tagger>> = OnceLock::new();
    let tagger = TAGGER.get_or_init(|| Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))));
    let mut pipeline = Pipeline::new(Settings::default(), tagger.clone());
    let commits = pipeline.process(&[copytaster_fuzz::message(body)]);
    let records = commits.into_iter().flat_map(|commit| commit.outbound);
    records
        .map(|record| (record.subject, record.body))
        .collect()
}

fuzz_target!(|body: &[u8]| {
    let first = outcome(body);
    assert!(!first.is_empty(), "every input has an outcome");
    assert_eq!(first, outcome(body), "the same bytes, the same outcome");
});
