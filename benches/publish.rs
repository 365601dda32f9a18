//! Story + Verdict + Tags → Outbound. Share of the budget: 6 µs a story.

use std::sync::Arc;

use copytaster::dedup::{Imprint, Settings, Window};
use copytaster::publish::{self, Stamp};
use copytaster::story::{Story, Tags, Verdict};
use copytaster::tag::{Lexicon, Tagger};
use divan::{Bencher, counter::ItemsCount};

use crate::wire::{self, Wired};

/// Stories as the pipeline hands them over: duplicates have no tags.
fn rendered(form: Wired) -> Vec<(Story, Verdict, Tags)> {
    let tagger = Tagger::new(Arc::new(Lexicon::embedded()));
    let mut window = Window::new(Settings::default());
    let stories = wire::stories(form).into_iter();
    stories
        .map(|story| {
            let verdict = window.judge(&story, &Imprint::of(&story), &mut Vec::new());
            let tags = match verdict.relation.is_duplicate() {
                true => Tags::default(),
                false => tagger.tag(&story),
            };
            (story, verdict, tags)
        })
        .collect()
}

#[divan::bench(args = wire::FORMS)]
fn outbound(bencher: Bencher, form: Wired) {
    let stories = rendered(form);
    let stamp = Stamp {
        partition: "main",
        lexicon: "2026-11-24.00000000",
        max_bytes: 1_000_000,
    };
    bencher.counter(ItemsCount::new(stories.len())).bench(|| {
        wire::each(&stories, |(story, verdict, tags)| {
            publish::outbound(story, verdict, tags, stamp)
        });
    });
}
