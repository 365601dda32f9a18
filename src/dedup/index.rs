//! Key → the stories remembered under it, newest first.

use std::collections::VecDeque;

/// No key stands for more remembered stories than this: what more have in common is boilerplate and
/// tells nothing, and a flood of it must cost no more than a trickle.
pub(super) const MOST_PER_KEY: usize = 16;

const CHUNK: usize = 1 << 12;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Posting {
    key: u32,
    story: u32,
    /// The posting of the same slot before this one.
    before: u32,
}

/// Chains of postings in the order of their stories. The oldest are dropped from the front and never
/// searched for: a chain ends where it reaches one that is gone.
pub(super) struct Index {
    /// Number of the newest posting of every slot; the length is a power of two.
    heads: Vec<u32>,
    chunks: VecDeque<Vec<Posting>>,
    /// Number of the first posting of the first chunk, of the oldest alive, of the next. They wrap.
    base: u32,
    oldest: u32,
    next: u32,
}

impl Index {
    pub fn new() -> Index {
        Index {
            heads: vec![NONE; CHUNK],
            chunks: VecDeque::new(),
            base: 0,
            oldest: 0,
            next: 0,
        }
    }

    fn alive(&self) -> u32 {
        self.next.wrapping_sub(self.oldest)
    }

    fn get(&self, number: u32) -> Option<&Posting> {
        if number.wrapping_sub(self.oldest) >= self.alive() {
            return None;
        }
        let at = number.wrapping_sub(self.base) as usize;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    fn slot(&self, key: u32) -> usize {
        key as usize & (self.heads.len() - 1)
    }

    /// The stories remembered under `key`, newest first.
    pub fn stories(&self, key: u32) -> impl Iterator<Item = u32> {
        let mut at = self.heads[self.slot(key)];
        let mut left = self.next;
        std::iter::from_fn(move || {
            loop {
                let posting = self.get(at)?;
                // numbers fall along a chain: a stale head that wrapped around cannot lead in circles
                if self.next.wrapping_sub(at) <= self.next.wrapping_sub(left) {
                    return None;
                }
                left = at;
                at = posting.before;
                if posting.key == key {
                    return Some(posting.story);
                }
            }
        })
    }

    /// Remembers `story` under `key`. Stories come in order.
    pub fn push(&mut self, key: u32, story: u32) {
        if self.alive() as usize >= 2 * self.heads.len() {
            self.grow();
        }
        let slot = self.slot(key);
        let before = self.heads[slot];
        self.heads[slot] = self.next;
        if self.chunks.back().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push_back(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(Posting { key, story, before });
        }
        self.next = self.next.wrapping_add(1);
    }

    fn grow(&mut self) {
        self.heads = vec![NONE; 2 * self.heads.len()];
        let mask = self.heads.len() - 1;
        let mut number = self.base;
        for posting in self.chunks.iter_mut().flatten() {
            let slot = posting.key as usize & mask;
            posting.before = self.heads[slot];
            self.heads[slot] = number;
            number = number.wrapping_add(1);
        }
    }

    /// Forgets the oldest posting and gives its key.
    pub fn pop(&mut self) -> Option<u32> {
        let key = self.get(self.oldest)?.key;
        self.oldest = self.oldest.wrapping_add(1);
        if self.oldest.wrapping_sub(self.base) as usize >= CHUNK {
            self.chunks.pop_front();
            self.base = self.base.wrapping_add(CHUNK as u32);
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_its_stories_newest_first_until_they_are_forgotten() {
        let mut index = Index::new();
        for story in 0..50_000u32 {
            index.push(story % 7, story);
            index.push(1_000_000 + story, story);
        }
        assert_eq!(
            index.stories(3).take(3).collect::<Vec<_>>(),
            [49_997, 49_990, 49_983]
        );
        for _ in 0..2 * 49_990 {
            index.pop();
        }
        assert_eq!(index.stories(3).collect::<Vec<_>>(), [49_997, 49_990]);
        assert_eq!(index.stories(1_000_003).count(), 0);
        assert_eq!(index.stories(1_049_999).collect::<Vec<_>>(), [49_999]);
    }

    #[test]
    fn an_empty_index_gives_nothing() {
        let mut index = Index::new();
        assert_eq!(index.stories(0).count(), 0);
        assert_eq!(index.pop(), None);
    }
}
