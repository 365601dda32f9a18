//! Story → Verdict. Share of the budget: 8 µs a story for imprint and judgement together.

use copytaster::dedup::{Imprint, Settings, Window};
use divan::{Bencher, counter::ItemsCount};

use crate::wire::{self, Wired};

#[divan::bench(args = wire::FORMS)]
fn imprint(bencher: Bencher, form: Wired) {
    let stories = wire::stories(form);
    bencher
        .counter(ItemsCount::new(stories.len()))
        .bench(|| wire::each(&stories, Imprint::of));
}

/// Into a window that is empty at first: one story in seven has a twin.
#[divan::bench(args = wire::FORMS)]
fn judge(bencher: Bencher, form: Wired) {
    let stories = wire::stories(form);
    let imprints: Vec<Imprint> = stories.iter().map(Imprint::of).collect();
    bencher
        .counter(ItemsCount::new(stories.len()))
        .with_inputs(|| (Window::new(Settings::default()), Vec::new()))
        .bench_refs(|(window, log)| {
            for (story, imprint) in stories.iter().zip(&imprints) {
                divan::black_box(window.judge(story, imprint, log));
            }
        });
}

/// A restart: what the log kept is remembered again.
#[divan::bench]
fn replay(bencher: Bencher) {
    let stories = wire::stories(Wired::Ninjs);
    let mut log = Vec::new();
    let mut window = Window::new(Settings::default());
    for story in &stories {
        window.judge(story, &Imprint::of(story), &mut log);
    }
    bencher
        .counter(ItemsCount::new(stories.len()))
        .with_inputs(|| Window::new(Settings::default()))
        .bench_refs(|window| window.replay(&log));
}
