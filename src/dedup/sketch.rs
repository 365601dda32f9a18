//! A stream of hashes → the few that stand for it.

/// A set of at most `N` 16-bit values that stands for a larger one.
///
/// Made by [`Lowest`] it holds the smallest values of the set in rising order, a *bottom-k sketch*
/// (Cohen 1997): below the largest value kept, the set is known entirely, so shares of two sets are
/// counted over the part that both know. Made by [`Sketch::push`] it holds the first values met.
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

    /// Reads back what [`Sketch::values`] gave; `None` when there are too many.
    pub fn read(bytes: &[u8], whole: bool) -> Option<Sketch<N>> {
        let mut sketch = Sketch::EMPTY;
        sketch.whole = whole;
        if bytes.len() > 2 * N {
            return None;
        }
        for (place, pair) in sketch.values.iter_mut().zip(bytes.chunks_exact(2)) {
            *place = u16::from_le_bytes([pair[0], pair[1]]);
        }
        sketch.len = (bytes.len() / 2) as u8;
        Some(sketch)
    }

    /// The share of two bottom-k sketches.
    pub fn share(&self, other: &Sketch<N>) -> Share {
        let limit = self.limit().min(other.limit());
        let (mut a, mut b) = (self.values(), other.values());
        let mut share = Share::default();
        // a merge of two rising lists, up to the limit
        loop {
            let x = a.first().map_or(u32::MAX, |v| u32::from(*v));
            let y = b.first().map_or(u32::MAX, |v| u32::from(*v));
            if x.min(y) > limit {
                return share;
            }
            if x <= y {
                share.left += 1;
                a = &a[1..];
            }
            if y <= x {
                share.right += 1;
                b = &b[1..];
            }
            share.both += u32::from(x == y);
        }
    }

    fn limit(&self) -> u32 {
        match self.values().last() {
            Some(last) if !self.whole => u32::from(*last),
            _ => u32::from(u16::MAX),
        }
    }

    /// The share of two lists of first values.
    pub fn share_of_lists(&self, other: &Sketch<N>) -> Share {
        let theirs = other.values();
        Share {
            both: self.values().iter().filter(|v| theirs.contains(v)).count() as u32,
            left: u32::from(self.len),
            right: u32::from(other.len),
        }
    }
}

/// Collects the smallest distinct values of a stream; `ROOM` is twice the number kept.
pub(super) struct Lowest<T, const ROOM: usize> {
    values: [T; ROOM],
    len: usize,
    limit: Option<T>,
    whole: bool,
}

impl<T: Copy + Default + Ord, const ROOM: usize> Lowest<T, ROOM> {
    pub fn new() -> Self {
        Lowest {
            values: [T::default(); ROOM],
            len: 0,
            limit: None,
            whole: true,
        }
    }

    pub fn push(&mut self, value: T) {
        if let Some(limit) = self.limit.filter(|limit| value >= *limit) {
            self.whole &= value == limit;
            return;
        }
        self.values[self.len] = value;
        self.len += 1;
        if self.len == ROOM {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.values[..self.len].sort_unstable();
        let mut kept = 0;
        for i in 0..self.len {
            let value = self.values[i];
            if kept == 0 || self.values[kept - 1] != value {
                self.values[kept] = value;
                kept += 1;
            }
        }
        self.len = kept;
        if kept > ROOM / 2 {
            self.len = ROOM / 2;
            self.whole = false;
            self.limit = Some(self.values[ROOM / 2 - 1]);
        }
    }

    /// The values kept, in rising order.
    pub fn finish(&mut self) -> &[T] {
        self.settle();
        &self.values[..self.len]
    }
}

impl<const ROOM: usize> Lowest<u16, ROOM> {
    pub fn sketch<const N: usize>(&mut self) -> Sketch<N> {
        let mut sketch = Sketch::EMPTY;
        let len = self.finish().len().min(N);
        sketch.values[..len].copy_from_slice(&self.values[..len]);
        sketch.len = len as u8;
        sketch.whole = self.whole && self.len == len;
        sketch
    }
}
