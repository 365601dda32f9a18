//! Key → the stories remembered under it, newest first.

use super::imprint::{KEYS_KEPT, Keys};
use super::queue::Queue;

/// No key stands for more remembered stories than this: what more have in common is boilerplate and
/// tells nothing, and a flood of it must cost no more than a trickle.
pub(super) const MOST_PER_KEY: usize = 16;

/// Slots at first.
const FEW: usize = 1 << 12;
/// Numbers of postings that a story takes, used or not: a power of two, so that a number says its story.
const STRIDE: u32 = 8;
const _: () = assert!(KEYS_KEPT < STRIDE as usize);
/// Where a chain ends, and a place of a row that is not used: the last of a stride never is.
const NONE: u32 = u32::MAX;
const UNUSED: u32 = u32::MAX - STRIDE;

/// The postings of one story: its keys, and the number of the posting of the same slot before each.
struct Row {
    keys: [u32; KEYS_KEPT],
    before: [u32; KEYS_KEPT],
}

/// Chains of postings in the order of their stories. The oldest are dropped from the front and never
/// searched for: a chain ends where it reaches one that is gone.
pub(super) struct Index {
    /// Number of the newest posting of every slot; the length is a power of two.
    heads: Vec<u32>,
    rows: Queue<Row>,
    postings: usize,
}

impl Index {
    pub fn new() -> Index {
        Index {
            heads: vec![NONE; FEW],
            rows: Queue::default(),
            postings: 0,
        }
    }

    fn slot(&self, key: u32) -> usize {
        key as usize & (self.heads.len() - 1)
    }

    /// Story, key and link of a posting, where it is alive.
    fn get(&self, number: u32) -> Option<(u32, u32, u32)> {
        // the number holds all bits of its story but the highest
        let oldest = self.rows.oldest();
        let later = (number / STRIDE).wrapping_sub(oldest) & (u32::MAX / STRIDE);
        let story = oldest.wrapping_add(later);
        let (row, at) = (self.rows.get(story)?, (number % STRIDE) as usize);
        Some((story, *row.keys.get(at)?, row.before[at]))
    }

    /// The stories remembered under `key`, newest first.
    pub fn stories(&self, key: u32) -> impl Iterator<Item = u32> {
        let next = self.rows.next().wrapping_mul(STRIDE);
        let mut at = self.heads[self.slot(key)];
        let mut left = next;
        std::iter::from_fn(move || {
            loop {
                let (story, own, before) = self.get(at)?;
                // numbers fall along a chain: a stale head that wrapped around cannot lead in circles
                if next.wrapping_sub(at) <= next.wrapping_sub(left) {
                    return None;
                }
                left = at;
                at = before;
                if own == key {
                    return Some(story);
                }
            }
        })
    }

    /// Remembers the next story under its keys.
    pub fn push(&mut self, keys: &[u32]) {
        if self.postings >= 2 * self.heads.len() {
            self.grow();
        }
        let first = self.rows.next().wrapping_mul(STRIDE);
        let mut row = Row {
            keys: [0; KEYS_KEPT],
            before: [UNUSED; KEYS_KEPT],
        };
        for ((at, key), number) in keys.iter().take(KEYS_KEPT).enumerate().zip(0..) {
            let slot = self.slot(*key);
            row.keys[at] = *key;
            row.before[at] = std::mem::replace(&mut self.heads[slot], first.wrapping_add(number));
            self.postings += 1;
        }
        self.rows.push(row);
    }

    fn grow(&mut self) {
        self.heads = vec![NONE; 2 * self.heads.len()];
        let mask = self.heads.len() - 1;
        for (story, row) in self.rows.iter_mut() {
            let places = row.keys.iter().zip(&mut row.before).zip(0..);
            for ((key, before), at) in places.filter(|((_, before), _)| **before != UNUSED) {
                let number = story.wrapping_mul(STRIDE).wrapping_add(at);
                *before = std::mem::replace(&mut self.heads[*key as usize & mask], number);
            }
        }
    }

    /// Forgets the oldest story and gives its keys.
    pub fn pop(&mut self) -> Keys {
        let mut keys = Keys::default();
        if let Some(row) = self.rows.get(self.rows.oldest()) {
            let used = row.keys.iter().zip(&row.before);
            let used = used.filter(|(_, before)| **before != UNUSED);
            used.for_each(|(key, _)| keys.push(*key));
        }
        self.postings -= keys.values().len();
        self.rows.pop();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_its_stories_newest_first_until_they_are_forgotten() {
        let mut index = Index::new();
        for story in 0..50_000u32 {
            index.push(&[story % 7, 1_000_000 + story]);
        }
        assert_eq!(
            index.stories(3).take(3).collect::<Vec<_>>(),
            [49_997, 49_990, 49_983]
        );
        for story in 0..49_990 {
            assert_eq!(index.pop().values(), [story % 7, 1_000_000 + story]);
        }
        assert_eq!(index.stories(3).collect::<Vec<_>>(), [49_997, 49_990]);
        assert_eq!(index.stories(1_000_003).count(), 0);
        assert_eq!(index.stories(1_049_999).collect::<Vec<_>>(), [49_999]);
    }

    #[test]
    fn an_empty_index_gives_nothing() {
        let mut index = Index::new();
        assert_eq!(index.stories(0).count(), 0);
        assert!(index.pop().values().is_empty());
    }
}
