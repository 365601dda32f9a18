//! A stream of hashes → the few that stand for it.

/// A set of at most `N` 16-bit values that stands for a larger one.
///
/// Made by [`Sketch::of`] it holds the smallest values of the set in rising order, a *bottom-k sketch*
/// (Cohen 1997): below the largest value kept, the set is known entirely, so shares of two sets are
/// counted over the part that both know. Made by [`Sketch::push`] it holds the first values met,
/// sorted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sketch<const N: usize> {
    values: [u16; N],
    len: u8,
    /// Nothing was left out.
    pub whole: bool,
}

/// How much two sketches share, counted over the part that both know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub both: u32,
    pub left: u32,
    pub right: u32,
}

impl Share {
    /// Thousandths of the smaller set that the larger one holds; 0 where either is empty.
    pub fn of_smaller(self) -> i64 {
        thousandths(self.both, self.left.min(self.right))
    }

    /// Thousandths of the larger set that the smaller one holds; 0 where either is empty.
    pub fn of_larger(self) -> i64 {
        thousandths(self.both, self.left.max(self.right))
    }
}

fn thousandths(part: u32, whole: u32) -> i64 {
    (i64::from(part) * 1000)
        .checked_div(i64::from(whole))
        .unwrap_or(0)
}

impl<const N: usize> Sketch<N> {
    pub const EMPTY: Sketch<N> = Sketch {
        values: [0; N],
        len: 0,
        whole: true,
    };

    pub fn values(&self) -> &[u16] {
        &self.values[..usize::from(self.len)]
    }

    /// Adds a value in order of appearance, each once.
    pub fn push(&mut self, value: u16) {
        if self.values().contains(&value) {
            return;
        }
        if let Some(place) = self.values.get_mut(usize::from(self.len)) {
            *place = value;
            self.len += 1;
        }
    }

    /// Puts the values in rising order.
    pub fn sort(&mut self) {
        self.values[..usize::from(self.len)].sort_unstable();
    }

    /// A sketch of `len` values that `fill` gives; `None` when there are too many, or none to give.
    pub fn read(
        len: usize,
        whole: bool,
        fill: impl FnOnce(&mut [u16]) -> Option<()>,
    ) -> Option<Sketch<N>> {
        let mut sketch = Sketch::EMPTY;
        (sketch.whole, sketch.len) = (whole, len as u8);
        fill(sketch.values.get_mut(..len)?)?;
        Some(sketch)
    }

    /// The share of two bottom-k sketches.
    pub fn share(&self, other: &Sketch<N>) -> Share {
        let limit = self.limit().min(other.limit());
        let (a, b) = (self.up_to(limit), other.up_to(limit));
        // a merge of two rising lists; sums instead of branches, which nobody could foresee
        let (mut i, mut j, mut both) = (0, 0, 0);
        while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
            both += u32::from(x == y);
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        Share {
            both,
            left: a.len() as u32,
            right: b.len() as u32,
        }
    }

    fn limit(&self) -> u16 {
        match self.values().last() {
            Some(last) if !self.whole => *last,
            _ => u16::MAX,
        }
    }

    fn up_to(&self, limit: u16) -> &[u16] {
        let values = self.values();
        &values[..values.iter().filter(|value| **value <= limit).count()]
    }

    /// The share of two lists of first values.
    pub fn share_of_lists(&self, other: &Sketch<N>) -> Share {
        // over all places, filled or not: a loop of fixed length costs a fraction; nothing but 0 stands in the others
        let holds = |value: &u16| {
            let met = other.values.iter().fold(false, |met, v| met | (v == value));
            met && (*value != 0 || other.values().contains(value))
        };
        Share {
            both: self.values().iter().filter(|v| holds(v)).count() as u32,
            left: u32::from(self.len),
            right: u32::from(other.len),
        }
    }
}

/// A set of 16-bit hashes, a bit for each that there may be.
pub(super) struct Bits {
    words: [u64; 1 << 10],
}

impl Bits {
    pub fn new() -> Bits {
        Bits {
            words: [0; 1 << 10],
        }
    }

    pub fn insert(&mut self, value: u16) {
        self.words[usize::from(value >> 6)] |= 1 << (value & 63);
    }

    /// The values in rising order.
    fn values(&self) -> impl Iterator<Item = u16> {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some((at as u32 * 64 + bit) as u16)
            })
        })
    }
}

impl<const N: usize> Sketch<N> {
    /// The bottom-k sketch of a set.
    pub fn of(set: &Bits) -> Sketch<N> {
        let mut sketch = Sketch::EMPTY;
        let mut values = set.values();
        for (place, value) in sketch.values.iter_mut().zip(&mut values) {
            *place = value;
            sketch.len += 1;
        }
        sketch.whole = usize::from(sketch.len) < N || values.next().is_none();
        sketch
    }
}

/// The `most` smallest distinct values of a list of hashes, in rising order.
///
/// Hashes spread evenly: a bound is guessed that lets a few more than enough of them pass, so that not
/// all need be sorted. Where the guess was too low, they are.
pub(super) fn lowest(all: &[u64], most: usize) -> Vec<u64> {
    let enough = most + most / 4 + 8;
    let mut low: Vec<u64> = Vec::with_capacity(2 * enough);
    if all.len() > enough + enough / 2 {
        let bound = u64::MAX / all.len() as u64 * enough as u64;
        low.extend(all.iter().filter(|value| **value <= bound));
        low.sort_unstable();
        low.dedup();
        if low.len() >= most {
            low.truncate(most);
            return low;
        }
        low.clear();
    }
    low.extend_from_slice(all);
    low.sort_unstable();
    low.dedup();
    low.truncate(most);
    low
}
