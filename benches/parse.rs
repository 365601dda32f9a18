//! RawMessage → Dispatch. Share of the budget: 18 µs a story, together with normalize.

use copytaster::parse;
use copytaster::story::FeedProfile;
use divan::{Bencher, counter::ItemsCount};

use crate::wire::{self, Wired};

#[divan::bench(args = wire::FORMS)]
fn dispatches(bencher: Bencher, form: Wired) {
    let (messages, profile) = (wire::messages(form), FeedProfile::default());
    bencher.counter(ItemsCount::new(messages.len())).bench(|| {
        wire::each(&messages, |message| {
            parse::dispatches(message, &profile).map(|items| items.len())
        });
    });
}

/// What an event names the original by; counted with parse.
#[divan::bench(args = wire::FORMS)]
fn fingerprint(bencher: Bencher, form: Wired) {
    let messages = wire::messages(form);
    bencher
        .counter(ItemsCount::new(messages.len()))
        .bench(|| wire::each(&messages, wire::fingerprint));
}
