//! Key → the stories remembered under it, newest first.

use super::imprint::{KEYS, KEYS_KEPT, Keys};
use super::queue::Queue;

/// No key stands for more remembered stories than this: what more have in common is boilerplate and
/// tells nothing, and a flood of it must cost no more than a trickle.
pub(super) const MOST_PER_KEY: usize = 16;

/// Slots at first, and of a chunk of them.
const FEW: usize = 1 << 12;
/// Postings a slot.
const LOAD: usize = 3;
/// Slots that are added at once.
const ADDED: usize = 16;
const _: () = assert!(FEW.is_multiple_of(ADDED));
/// Keys that are looked up at once.
pub(super) const AT_ONCE: usize = 2 + KEYS;
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
pub(super) const PHRASES: usize = 2;

/// What one story is remembered under; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub exact: u32,
    pub identity: u32,
    pub phrases: Keys,
}

/// The postings of one story: its keys, and the number of the posting of the same slot before each.
/// A line of the cache, so that none of it is waited for twice.
#[repr(align(64))]
struct Row {
    keys: [u32; PLACES],
    before: [u32; PLACES],
}

/// Chains of postings in the order of their stories. The oldest are dropped from the front and never
/// searched for: a chain ends where it reaches one that is gone. Slots are added few by few as stories
/// are, by parting the chains of as many (*linear hashing*, Litwin 1980): no story pays for all.
///
/// Where millions are remembered, memory is what a look-up waits for. So a slot tells whether a key may be in its
/// chain at all, and the keys of a story are looked up side by side: what one waits for, the others wait for too.
pub(super) struct Index {
    heads: Heads,
    rows: Queue<Row>,
    /// The first story whose postings are not in their chains yet.
    linked: u32,
    postings: usize,
    /// Room that every parting uses again: number and key of the postings that find a new place.
    parted: Vec<(u32, u32)>,
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
            parted: Vec::new(),
        }
    }

    /// The story of a posting. The number holds all bits of it but the highest.
    fn story(&self, number: u32) -> u32 {
        let oldest = self.rows.oldest();
        let later = (number / STRIDE).wrapping_sub(oldest) & (u32::MAX / STRIDE);
        oldest.wrapping_add(later)
    }

    fn is_alive(&self, number: u32) -> bool {
        let later = self.story(number).wrapping_sub(self.rows.oldest());
        (later as usize) < self.rows.len()
    }

    fn get(&self, number: u32) -> Option<Posting> {
        let story = self.story(number);
        let (row, place) = (self.rows.get(story)?, (number % STRIDE) as usize);
        Some(Posting {
            number,
            story,
            place,
            key: *row.keys.get(place)?,
            before: row.before[place],
        })
    }

    /// Where the postings of a slot begin.
    fn cursor(&self, of: usize, head: Head) -> Cursor {
        Cursor {
            of,
            at: head.newest,
            left: self.rows.next().wrapping_mul(STRIDE),
        }
    }

    /// The next live posting of a chain, newest first.
    fn step(&self, cursor: &mut Cursor) -> Option<Posting> {
        let posting = self.get(cursor.at)?;
        let next = self.rows.next().wrapping_mul(STRIDE);
        // numbers fall along a chain: a stale head that wrapped around cannot lead in circles
        if next.wrapping_sub(cursor.at) <= next.wrapping_sub(cursor.left) {
            return None;
        }
        (cursor.left, cursor.at) = (cursor.at, posting.before);
        Some(posting)
    }

    /// The live postings of a slot, newest first.
    fn chain(&self, slot: usize) -> impl Iterator<Item = Posting> {
        let mut cursor = self.cursor(0, self.heads.get(slot));
        std::iter::from_fn(move || self.step(&mut cursor))
    }

    /// The stories remembered under each of at most [`AT_ONCE`] keys: `each` gets the key's place in the list, the
    /// place under which the story is remembered, and the story; of one key the newest first, until it says false.
    pub fn stories(&self, keys: &[u32], mut each: impl FnMut(usize, usize, u32) -> bool) {
        let mut heads = [Head::EMPTY; AT_ONCE];
        for (head, key) in heads.iter_mut().zip(keys) {
            *head = self.heads.get(self.heads.slot(*key));
        }
        let mut cursors = [Cursor::default(); AT_ONCE];
        let mut open = 0;
        for (of, (head, key)) in heads.iter().zip(keys).enumerate() {
            cursors[open] = self.cursor(of, *head);
            open += usize::from(head.may_hold(*key));
        }
        self.by_turns(&mut cursors[..open], |of, posting| {
            posting.key != keys[of] || each(of, posting.place, posting.story)
        });
    }

    /// The postings of several chains, a step of each by turns; of a chain until `each` says false.
    fn by_turns(&self, cursors: &mut [Cursor], mut each: impl FnMut(usize, Posting) -> bool) {
        let mut open = cursors.len();
        while open > 0 {
            let mut kept = 0;
            for at in 0..open {
                let mut cursor = cursors[at];
                let goes_on = match self.step(&mut cursor) {
                    Some(posting) => each(cursor.of, posting),
                    None => false,
                };
                if goes_on {
                    cursors[kept] = cursor;
                    kept += 1;
                }
            }
            open = kept;
        }
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
            self.heads = Heads::new((self.postings / LOAD).next_multiple_of(ADDED));
        }
        while self.heads.len + ADDED <= self.postings / LOAD {
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
        let mut slots = [0; PLACES];
        let mut heads = [Head::EMPTY; PLACES];
        for place in 0..PLACES {
            slots[place] = self.heads.slot(keys[place]);
            heads[place] = self.heads.get(slots[place]);
        }
        for place in (0..PLACES).filter(|place| used[*place]) {
            if place < PHRASES && heads[place].may_hold(keys[place]) {
                let is_older = |older| same(place, story, older);
                self.unlink(slots[place], place, keys[place], is_older);
            }
            let number = story.wrapping_mul(STRIDE).wrapping_add(place as u32);
            self.prepend(slots[place], number, keys[place]);
        }
    }

    /// Puts a posting before the others of its slot.
    fn prepend(&mut self, slot: usize, number: u32, key: u32) {
        let before = self.heads.get(slot);
        let mut held = before.held;
        if held.count_ones() > HELD_MOST || !self.is_alive(before.newest) {
            // what is gone stays in the filter until then
            held = self.chain(slot).fold(0, |held, p| held | filter(p.key));
        }
        let head = Head {
            newest: number,
            held: held | filter(key),
        };
        self.heads.set(slot, head);
        self.set_before(number, before.newest);
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
            (Some(before), None) => {
                let held = self.heads.get(slot).held;
                let newest = before;
                self.heads.set(slot, Head { newest, held });
            }
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

    /// Adds slots, and parts the chains that held their postings.
    fn part(&mut self) {
        let new = self.heads.len;
        let old = new - (1 << new.ilog2());
        let mut parted = std::mem::take(&mut self.parted);
        parted.clear();
        let mut cursors = [Cursor::default(); ADDED];
        for (at, cursor) in cursors.iter_mut().enumerate() {
            *cursor = self.cursor(0, self.heads.get(old + at));
        }
        self.by_turns(&mut cursors, |_, posting| {
            parted.push((posting.number, posting.key));
            true
        });
        for at in 0..ADDED {
            self.heads.push();
            self.heads.set(old + at, Head::EMPTY);
        }
        for (number, key) in parted.drain(..).rev() {
            self.prepend(self.heads.slot(key), number, key);
        }
        self.parted = parted;
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

/// A place in a chain.
#[derive(Clone, Copy, Default)]
struct Cursor {
    /// The key, by its place in a list, that is looked for.
    of: usize,
    /// The next posting, and the one before it.
    at: u32,
    left: u32,
}

/// A slot: the number of its newest posting, and bits for all keys of its chain.
#[derive(Clone, Copy)]
struct Head {
    newest: u32,
    held: u32,
}

/// Bits of a filter that let through so much that it is made anew.
const HELD_MOST: u32 = 18;

/// Three bits of a key. Those that led to the slot are the same for all keys of it and count for little.
fn filter(key: u32) -> u32 {
    let mixed = key.wrapping_mul(0x9E37_79B1);
    1 << (mixed >> 27) | 1 << (mixed >> 22 & 31) | 1 << (mixed >> 17 & 31)
}

impl Head {
    const EMPTY: Head = Head {
        newest: NONE,
        held: 0,
    };

    fn may_hold(self, key: u32) -> bool {
        self.held & filter(key) == filter(key)
    }
}

struct Heads {
    chunks: Vec<Box<[Head]>>,
    len: usize,
}

impl Heads {
    fn new(len: usize) -> Heads {
        let chunk = || vec![Head::EMPTY; FEW].into_boxed_slice();
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

    fn get(&self, slot: usize) -> Head {
        self.chunks[slot / FEW][slot % FEW]
    }

    fn set(&mut self, slot: usize, head: Head) {
        self.chunks[slot / FEW][slot % FEW] = head;
    }

    fn push(&mut self) {
        if self.len == self.chunks.len() * FEW {
            self.chunks.push(vec![Head::EMPTY; FEW].into_boxed_slice());
        }
        self.len += 1;
        self.set(self.len - 1, Head::EMPTY);
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
        let stories = |index: &Index, key: u32| {
            let mut found = Vec::new();
            index.stories(&[key], |_, place, story| {
                found.extend((place >= PHRASES).then_some(story));
                true
            });
            found
        };
        let newest =
            |index: &Index, key: u32| index.newest(EXACT, key, |story| story % 5 == key - 1);
        assert_eq!(stories(&index, 3)[..3], [49_997, 49_990, 49_983]);
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
        assert_eq!(stories(&index, 3), [49_997, 49_990]);
        assert_eq!(stories(&index, 1_000_003).len(), 0);
        assert_eq!(stories(&index, 1_049_999), [49_999]);
        assert_eq!(newest(&index, 5), Some(49_999));
    }

    #[test]
    fn an_empty_index_gives_nothing() {
        let mut index = Index::new();
        index.link(|_, _, _| true);
        index.stories(&[0], |_, _, _| unreachable!("nothing is there"));
        index.pop();
        assert_eq!(index.entry(0), Entry::default());
    }
}
