//! Dispatch → Story, tokens included. Share of the budget: 18 µs a story, together with parse.

use copytaster::normalize;
use copytaster::story::{FeedProfile, Tokens, Zone};
use divan::{Bencher, counter::ItemsCount};

use crate::wire::{self, Wired};

#[divan::bench(args = wire::FORMS)]
fn story(bencher: Bencher, form: Wired) {
    let (messages, profile) = (wire::messages(form), FeedProfile::default());
    let dispatches = wire::dispatches(&messages);
    let raw = wire::fingerprint(&messages[0]);
    bencher
        .counter(ItemsCount::new(messages.len()))
        .with_inputs(|| dispatches.clone())
        .bench_values(|dispatches| {
            for (dispatch, message) in dispatches.into_iter().zip(&messages) {
                divan::black_box(normalize::story(dispatch, message, &raw, &profile).is_ok());
            }
        });
}

/// The part of it that cuts and folds the words.
#[divan::bench(args = wire::FORMS)]
fn tokens(bencher: Bencher, form: Wired) {
    let stories = wire::stories(form);
    let zones = [Zone::Headline, Zone::Dateline, Zone::Body];
    bencher.counter(ItemsCount::new(stories.len())).bench(|| {
        wire::each(&stories, |story| {
            Tokens::of(zones.map(|zone| (zone, story.text(zone))))
        });
    });
}
