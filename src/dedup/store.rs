//! Records of bytes in order: the newest is appended, the oldest dropped, the rest found by number.

use std::collections::VecDeque;

use super::queue::Queue;

const CHUNK: usize = 1 << 20;

/// A queue of byte strings in large chunks: nothing is moved when it grows, and memory goes back when
/// the oldest are dropped.
#[derive(Default)]
pub(super) struct Store {
    chunks: VecDeque<Vec<u8>>,
    /// Number of the first chunk.
    first_chunk: u64,
    /// Chunk number and offset of every record, 40 and 24 bits.
    places: Queue<u64>,
}

impl Store {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The number of the oldest record, if there is one.
    pub fn oldest(&self) -> Option<u32> {
        (!self.places.is_empty()).then_some(self.places.oldest())
    }

    pub fn get(&self, number: u32) -> Option<&[u8]> {
        let place = *self.places.get(number)?;
        let chunk = self
            .chunks
            .get(((place >> 24) - self.first_chunk) as usize)?;
        let rest = chunk.get((place & 0xFF_FFFF) as usize..)?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        rest.get(..u32::from_le_bytes(*len) as usize)
    }

    /// Appends a record and gives its number.
    pub fn push(&mut self, record: &[u8]) -> u32 {
        let need = record.len() + 4;
        let full = |chunk: &Vec<u8>| chunk.capacity() - chunk.len() < need;
        if self.chunks.back().is_none_or(full) {
            self.chunks.push_back(Vec::with_capacity(CHUNK.max(need)));
        }
        let newest = self.first_chunk + self.chunks.len() as u64 - 1;
        let mut at = 0;
        if let Some(chunk) = self.chunks.back_mut() {
            at = chunk.len() as u64;
            chunk.extend_from_slice(&(record.len() as u32).to_le_bytes());
            chunk.extend_from_slice(record);
        }
        self.places.push(newest << 24 | at)
    }

    /// Drops the oldest record.
    pub fn pop(&mut self) {
        self.places.pop();
        let oldest = self.places.get(self.places.oldest());
        let needed = oldest.map(|place| place >> 24);
        while needed.is_some_and(|needed| self.first_chunk < needed) {
            self.chunks.pop_front();
            self.first_chunk += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_numbers_while_the_oldest_go() {
        let mut store = Store::default();
        let record = |n: u32| vec![n as u8; 300 + n as usize % 50];
        for n in 0..20_000 {
            assert_eq!(store.push(&record(n)), n);
        }
        store.push(&vec![7; 3 << 20]);
        for n in 0..15_000 {
            assert_eq!(store.oldest(), Some(n));
            store.pop();
        }
        assert_eq!(store.get(14_999), None);
        assert_eq!(store.get(15_000), Some(record(15_000).as_slice()));
        assert_eq!(store.get(20_000).map(<[u8]>::len), Some(3 << 20));
        assert_eq!(store.get(20_001), None);
    }
}
