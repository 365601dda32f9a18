//! An imprint → the remembered stories that share keys with it, or a name.

use super::imprint::{Imprint, KEYS_KEPT, Keys};
use super::index::{AT_ONCE, EXACT, IDENTITY, Index, MOST_PER_KEY, PHRASES};
use super::record;
use super::store::Store;

/// Candidates that are looked at closely.
const CANDIDATES: usize = 8;

/// Stories that share keys with a new one, or a name.
#[derive(Default)]
pub(super) struct Hits {
    /// The newest story of the same words, and of the same identity.
    pub named: [Option<u32>; 2],
    /// Counted from the oldest story, sorted; a story as often as it shares a key.
    stories: Vec<u32>,
    /// (shared keys, story), the best first
    ranked: Vec<(u32, u32)>,
    oldest: u32,
    /// A bit for every key that stands for too many stories already.
    crowded: u32,
}

impl Hits {
    /// Asks for all at once. 0 names nothing.
    pub fn gather(&mut self, index: &Index, store: &Store, imprint: &Imprint, identity: u64) {
        self.stories.clear();
        (self.crowded, self.named) = (0, [None; 2]);
        self.oldest = store.oldest().unwrap_or(0);
        let names = [imprint.exact, identity];
        let phrases = imprint.keys.values();
        let mut keys = [0; AT_ONCE];
        (keys[EXACT], keys[IDENTITY]) = (imprint.exact as u32, identity as u32);
        keys[PHRASES..][..phrases.len()].copy_from_slice(phrases);
        let mut counts = [0; AT_ONCE];
        index.stories(&keys[..PHRASES + phrases.len()], |of, place, story| {
            if of < PHRASES {
                let is_it = place == of && names[of] != 0 && is_named(store, story, of, names[of]);
                self.named[of] = is_it.then_some(story);
                return !is_it;
            }
            if place < PHRASES {
                return true;
            }
            self.stories.push(story.wrapping_sub(self.oldest));
            counts[of] += 1;
            let is_crowded = counts[of] == MOST_PER_KEY;
            self.crowded |= u32::from(is_crowded) << (of - PHRASES);
            !is_crowded
        });
    }

    /// Those that share most keys, the newer first.
    pub fn most_telling(&mut self) -> impl Iterator<Item = u32> {
        self.stories.sort_unstable();
        self.ranked.clear();
        for run in self.stories.chunk_by(|a, b| a == b) {
            let own = (run.len() as u32, run[0]);
            let place = self.ranked.partition_point(|other| *other > own);
            if place < CANDIDATES {
                self.ranked.truncate(CANDIDATES - 1);
                self.ranked.insert(place, own);
            }
        }
        let best = self.ranked.iter();
        best.map(|(_, story)| story.wrapping_add(self.oldest))
    }

    /// The keys to remember the story under: the most telling that are not crowded.
    pub fn keys_kept(&self, imprint: &Imprint) -> Keys {
        let mut kept = Keys::default();
        let all = imprint.keys.values().iter().enumerate();
        let telling = all.filter(|(bit, _)| self.crowded >> bit & 1 == 0);
        telling.take(KEYS_KEPT).for_each(|(_, key)| kept.push(*key));
        kept
    }
}

/// Whether the upper part of a name is that of a remembered story too.
pub(super) fn is_named(store: &Store, story: u32, place: usize, name: u64) -> bool {
    let body = store.body(story);
    body.is_some_and(|body| record::upper_of(body)[place] == (name >> 32) as u32)
}
