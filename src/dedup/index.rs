//! Key → the stories remembered under it, newest first.

use super::imprint::{KEYS_KEPT, Keys};
use super::queue::Queue;

/// No key stands for more remembered stories than this: what more have in common is boilerplate and
/// tells nothing, and a flood of it must cost no more than a trickle.
pub(super) const MOST_PER_KEY: usize = 16;

/// Slots at first, and of a chunk of them.
const FEW: usize = 1 << 12;
/// Postings a slot.
const LOAD: usize = 2;
/// Numbers of postings that a story takes, used or not: a power of two, so that a number says its story.
const STRIDE: u32 = 16;
const PLACES: usize = 2 + KEYS_KEPT;
const _: () = assert!(PLACES < STRIDE as usize);
/// Where a chain ends, and a place of a row that is not used: the last of a stride never is.
const NONE: u32 = u32::MAX;
const UNUSED: u32 = u32::MAX - STRIDE;

/// Places of a row: of the halves of two hashes that name one story, and of those that name its phrases.
pub(super) const EXACT: usize = 0;
pub(super) const IDENTITY: usize = 1;
const PHRASES: usize = 2;

/// What one story is remembered under; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub exact: u32,
    pub identity: u32,
    pub phrases: Keys,
}

/// The postings of one story: its keys, and the number of the posting of the same slot before each.
struct Row {
    keys: [u32; PLACES],
    before: [u32; PLACES],
}

/// Chains of postings in the order of their stories. The oldest are dropped from the front and never
/// searched for: a chain ends where it reaches one that is gone. Slots are added one by one as stories
/// are, by parting the chain of one (*linear hashing*, Litwin 1980): no story pays for all.
pub(super) struct Index {
    heads: Heads,
    rows: Queue<Row>,
    /// The first story whose postings are not in their chains yet.
    linked: u32,
    postings: usize,
}

/// A posting, where it is alive.
struct Posting {
    number: u32,
    story: u32,
    place: usize,
    key: u32,
    before: u32,
}

impl Index {
    pub fn new() -> Index {
        Index {
            heads: Heads::new(FEW),
            rows: Queue::default(),
            linked: 0,
            postings: 0,
        }
    }

    fn get(&self, number: u32) -> Option<Posting> {
        // the number holds all bits of its story but the highest
        let oldest = self.rows.oldest();
        let later = (number / STRIDE).wrapping_sub(oldest) & (u32::MAX / STRIDE);
        let story = oldest.wrapping_add(later);
        let (row, place) = (self.rows.get(story)?, (number % STRIDE) as usize);
        Some(Posting {
            number,
            story,
            place,
            key: *row.keys.get(place)?,
            before: row.before[place],
        })
    }

    /// The live postings of a slot, newest first.
    fn chain(&self, slot: usize) -> impl Iterator<Item = Posting> {
        let next = self.rows.next().wrapping_mul(STRIDE);
        let mut at = self.heads.get(slot);
        let mut left = next;
        std::iter::from_fn(move || {
            let posting = self.get(at)?;
            // numbers fall along a chain: a stale head that wrapped around cannot lead in circles
            if next.wrapping_sub(at) <= next.wrapping_sub(left) {
                return None;
            }
            left = at;
            at = posting.before;
            Some(posting)
        })
    }

    /// The stories remembered under the phrase `key`, newest first.
    pub fn stories(&self, key: u32) -> impl Iterator<Item = u32> {
        let chain = self.chain(self.heads.slot(key));
        chain
            .filter(move |posting| posting.key == key && posting.place >= PHRASES)
            .map(|posting| posting.story)
    }

    /// The newest story that has `key` at `place` and is the one that is meant.
    pub fn newest(&self, place: usize, key: u32, same: impl Fn(u32) -> bool) -> Option<u32> {
        let mut chain = self.chain(self.heads.slot(key));
        chain
            .find(|posting| posting.key == key && posting.place == place && same(posting.story))
            .map(|posting| posting.story)
    }

    /// Remembers the next story.
    pub fn push(&mut self, entry: &Entry) {
        let mut row = Row {
            keys: [0; PLACES],
            before: [UNUSED; PLACES],
        };
        let places = [entry.exact, entry.identity].into_iter();
        let phrases = entry.phrases.values().iter().take(KEYS_KEPT);
        for (place, key) in places.chain(phrases.copied()).enumerate() {
            if place >= PHRASES || key != 0 {
                (row.keys[place], row.before[place]) = (key, NONE);
                self.postings += 1;
            }
        }
        self.rows.push(row);
    }

    /// Puts all that was remembered into its chains. `same` tells whether two stories with one key at a place
    /// are of one name: the newer takes the place of the older then.
    pub fn link(&mut self, same: impl Fn(usize, u32, u32) -> bool) {
        let left = self.rows.next().wrapping_sub(self.linked) as usize;
        if left >= self.rows.len() && self.postings / LOAD > self.heads.len {
            self.heads = Heads::new(self.postings / LOAD);
        }
        while self.heads.len < self.postings / LOAD {
            self.part();
        }
        while self.linked != self.rows.next() {
            self.link_one(self.linked, &same);
            self.linked = self.linked.wrapping_add(1);
        }
    }

    fn link_one(&mut self, story: u32, same: impl Fn(usize, u32, u32) -> bool) {
        let Some(row) = self.rows.get(story) else {
            return;
        };
        let (keys, used) = (row.keys, row.before.map(|before| before != UNUSED));
        for place in (0..PLACES).filter(|place| used[*place]) {
            let slot = self.heads.slot(keys[place]);
            if place < PHRASES {
                self.unlink(slot, place, keys[place], |older| same(place, story, older));
            }
            let number = story.wrapping_mul(STRIDE).wrapping_add(place as u32);
            let before = self.heads.get(slot);
            self.heads.set(slot, number);
            self.set_before(number, before);
        }
    }

    /// Takes the posting that a newer one stands for out of its chain.
    fn unlink(&mut self, slot: usize, place: usize, key: u32, same: impl Fn(u32) -> bool) {
        let mut newer = None;
        let mut found = None;
        for posting in self.chain(slot) {
            if posting.place == place && posting.key == key && same(posting.story) {
                found = Some(posting.before);
                break;
            }
            newer = Some(posting.number);
        }
        match (found, newer) {
            (Some(before), Some(newer)) => self.set_before(newer, before),
            (Some(before), None) => self.heads.set(slot, before),
            (None, _) => {}
        }
    }

    fn set_before(&mut self, number: u32, before: u32) {
        let Some(Posting { story, place, .. }) = self.get(number) else {
            return;
        };
        if let Some(row) = self.rows.get_mut(story) {
            row.before[place] = before;
        }
    }

    /// Adds a slot, and parts the chain that held its postings.
    fn part(&mut self) {
        let new = self.heads.len;
        let old = new - (1 << new.ilog2());
        let numbers: Vec<(u32, u32)> = self.chain(old).map(|p| (p.number, p.key)).collect();
        self.heads.push(NONE);
        self.heads.set(old, NONE);
        for (number, key) in numbers.into_iter().rev() {
            let slot = self.heads.slot(key);
            let before = self.heads.get(slot);
            self.heads.set(slot, number);
            self.set_before(number, before);
        }
    }

    /// What the story is remembered under.
    pub fn entry(&self, story: u32) -> Entry {
        let mut entry = Entry::default();
        if let Some(row) = self.rows.get(story) {
            (entry.exact, entry.identity) = (row.keys[EXACT], row.keys[IDENTITY]);
            let phrases = row.keys.iter().zip(&row.before).skip(PHRASES);
            let used = phrases.filter(|(_, before)| **before != UNUSED);
            used.for_each(|(key, _)| entry.phrases.push(*key));
        }
        entry
    }

    /// Forgets the oldest story.
    pub fn pop(&mut self) {
        if let Some(row) = self.rows.get(self.rows.oldest()) {
            self.postings -= row.before.iter().filter(|b| **b != UNUSED).count();
        }
        if self.linked == self.rows.oldest() && !self.rows.is_empty() {
            self.linked = self.linked.wrapping_add(1);
        }
        self.rows.pop();
    }
}

/// Number of the newest posting of every slot.
struct Heads {
    chunks: Vec<Box<[u32]>>,
    len: usize,
}

impl Heads {
    fn new(len: usize) -> Heads {
        let chunk = || vec![NONE; FEW].into_boxed_slice();
        Heads {
            chunks: (0..len.div_ceil(FEW)).map(|_| chunk()).collect(),
            len,
        }
    }

    fn slot(&self, key: u32) -> usize {
        let whole = 1 << self.len.ilog2();
        let wide = key as usize & (2 * whole - 1);
        if wide < self.len {
            wide
        } else {
            wide & (whole - 1)
        }
    }

    fn get(&self, slot: usize) -> u32 {
        self.chunks[slot / FEW][slot % FEW]
    }

    fn set(&mut self, slot: usize, number: u32) {
        self.chunks[slot / FEW][slot % FEW] = number;
    }

    fn push(&mut self, number: u32) {
        if self.len == self.chunks.len() * FEW {
            self.chunks.push(vec![NONE; FEW].into_boxed_slice());
        }
        self.len += 1;
        self.set(self.len - 1, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(exact: u32, phrases: &[u32]) -> Entry {
        let mut entry = Entry {
            exact,
            ..Entry::default()
        };
        phrases.iter().for_each(|key| entry.phrases.push(*key));
        entry
    }

    #[test]
    fn a_key_gives_its_stories_newest_first_until_they_are_forgotten() {
        let mut index = Index::new();
        let all = |story: u32| entry(story % 5 + 1, &[story % 7, 1_000_000 + story]);
        for story in 0..50_000u32 {
            index.push(&all(story));
            if story % 3 == 0 || story > 40_000 {
                index.link(|_, a, b| a % 5 == b % 5);
            }
        }
        index.link(|_, a, b| a % 5 == b % 5);
        let newest =
            |index: &Index, key: u32| index.newest(EXACT, key, |story| story % 5 == key - 1);
        assert_eq!(
            index.stories(3).take(3).collect::<Vec<_>>(),
            [49_997, 49_990, 49_983]
        );
        assert_eq!(newest(&index, 1), Some(49_995));
        assert_eq!(
            index
                .chain(index.heads.slot(1))
                .filter(|p| p.place == EXACT && p.key == 1)
                .count(),
            1
        );
        for story in 0..49_990 {
            assert_eq!(index.entry(story), all(story));
            index.pop();
        }
        assert_eq!(index.stories(3).collect::<Vec<_>>(), [49_997, 49_990]);
        assert_eq!(index.stories(1_000_003).count(), 0);
        assert_eq!(index.stories(1_049_999).collect::<Vec<_>>(), [49_999]);
        assert_eq!(newest(&index, 5), Some(49_999));
    }

    #[test]
    fn an_empty_index_gives_nothing() {
        let mut index = Index::new();
        index.link(|_, _, _| true);
        assert_eq!(index.stories(0).count(), 0);
        index.pop();
        assert_eq!(index.entry(0), Entry::default());
    }
}
