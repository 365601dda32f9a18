//! The whole flow and its three steps. Share of the budget: 50 µs a story for all rooms together.

use std::sync::Arc;

use copytaster::pipeline::{Pipeline, Settings};
use copytaster::tag::{Lexicon, Tagger};
use divan::{Bencher, counter::ItemsCount};

use crate::wire::{BATCH, Wired, messages};

fn batch() -> Vec<copytaster::story::RawMessage> {
    messages(Wired::Ninjs)
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
