//! The whole flow and its three steps, on invented stories of three kilobytes.

use std::sync::Arc;

use copytaster::commands::bench::Wire;
use copytaster::pipeline::{Pipeline, Settings};
use copytaster::story::{Origin, RawMessage, Subject, Timestamp};
use copytaster::tag::{Lexicon, Tagger};
use divan::{Bencher, counter::ItemsCount};

fn main() {
    divan::main();
}

const BATCH: u64 = 500;

fn batch() -> Vec<RawMessage> {
    let wire = Wire::new(1);
    (0..BATCH)
        .map(|number| RawMessage {
            origin: Origin {
                stream: Arc::from("WIRE_RAW"),
                sequence: number + 1,
            },
            received: Timestamp::from_second(1_699_272_000 + number as i64 / 100)
                .expect("in range"),
            subject: Subject("wire.raw.reuters.en".to_owned()),
            headers: Vec::new(),
            body: wire.story(number),
            input: None,
        })
        .collect()
}

fn pipeline() -> Pipeline {
    Pipeline::new(
        Settings::default(),
        Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))),
    )
}

#[divan::bench]
fn prepare(bencher: Bencher) {
    let (pipeline, messages) = (pipeline(), batch());
    bencher
        .counter(ItemsCount::new(BATCH))
        .bench(|| pipeline.prepare(&messages).len());
}

#[divan::bench]
fn judge(bencher: Bencher) {
    let (tagger, messages) = (
        Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))),
        batch(),
    );
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| {
            let pipeline = Pipeline::new(Settings::default(), tagger.clone());
            let arrivals = pipeline.prepare(&messages);
            (pipeline, arrivals)
        })
        .bench_values(|(mut pipeline, arrivals)| pipeline.judge(arrivals).len());
}

#[divan::bench]
fn render(bencher: Bencher) {
    let (tagger, messages) = (
        Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))),
        batch(),
    );
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| {
            let mut pipeline = Pipeline::new(Settings::default(), tagger.clone());
            let arrivals = pipeline.prepare(&messages);
            let judged = pipeline.judge(arrivals);
            (pipeline, judged)
        })
        .bench_values(|(pipeline, judged)| pipeline.render(judged).len());
}

#[divan::bench]
fn process(bencher: Bencher) {
    let (tagger, messages) = (
        Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))),
        batch(),
    );
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| Pipeline::new(Settings::default(), tagger.clone()))
        .bench_values(|mut pipeline| pipeline.process(&messages).len());
}
