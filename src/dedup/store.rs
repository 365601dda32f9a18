//! Records in order: the newest is appended, the oldest dropped, the rest found by number.

use std::collections::VecDeque;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::queue::Queue;
use super::record::{Packed, Rest, Uri, put_number};

const CHUNK: usize = 1 << 20;
/// Records begin at multiples of this.
const GRAIN: usize = 4;
/// Chunks that places can tell apart.
const CHUNKS: u32 = 1 << 14;
/// Grains of a chunk.
const GRAINS: u32 = (CHUNK / GRAIN) as u32;

/// A queue of packed records in large chunks: nothing is moved when it grows, and memory goes back when
/// the oldest are dropped. What many records have in common is kept once.
#[derive(Default)]
pub(super) struct Store {
    chunks: VecDeque<Vec<u8>>,
    /// Number of the first chunk.
    first_chunk: u32,
    /// Chunk number, modulo `CHUNKS`, and grain of every record.
    places: Queue<u32>,
    names: Names,
}

impl Store {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no room for another chunk.
    pub fn is_full(&self) -> bool {
        self.chunks.len() as u32 >= CHUNKS - 1
    }

    /// The number of the oldest record, if there is one.
    pub fn oldest(&self) -> Option<u32> {
        (!self.places.is_empty()).then_some(self.places.oldest())
    }

    fn bytes(&self, number: u32) -> Option<&[u8]> {
        let place = *self.places.get(number)?;
        let chunk = (place / GRAINS).wrapping_sub(self.first_chunk) % CHUNKS;
        let chunk = self.chunks.get(chunk as usize)?;
        chunk.get((place % GRAINS) as usize * GRAIN..)
    }

    /// The body alone.
    pub fn body(&self, number: u32) -> Option<&[u8]> {
        let mut rest = Rest(self.bytes(number)?);
        let len = rest.number()? as usize;
        rest.take(len)
    }

    pub fn get(&self, number: u32) -> Option<Packed<'_>> {
        let mut rest = Rest(self.bytes(number)?);
        let len = rest.number()? as usize;
        let body = rest.take(len)?;
        let agencies = self.names.get(rest.number()?);
        let head = self.names.get(rest.number()?);
        let tail = rest.text()?;
        Some(Packed {
            body,
            agencies,
            uri: Uri { head, tail },
        })
    }

    /// Appends a record and gives its number.
    pub fn push(&mut self, record: &Packed) -> u32 {
        let Uri { head, tail } = record.uri;
        let need = record.body.len() + tail.len() + 20 + GRAIN;
        let full = |chunk: &Vec<u8>| !chunk.is_empty() && chunk.len() + need > CHUNK;
        if self.chunks.back().is_none_or(full) {
            self.chunks.push_back(Vec::with_capacity(CHUNK.max(need)));
        }
        let newest = self.first_chunk.wrapping_add(self.chunks.len() as u32 - 1);
        let names = [record.agencies, head].map(|name| self.names.take(name));
        let mut grain = 0;
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.resize(chunk.len().next_multiple_of(GRAIN), 0);
            grain = (chunk.len() / GRAIN) as u32;
            put_number(record.body.len() as u32, chunk);
            chunk.extend_from_slice(record.body);
            names.into_iter().for_each(|name| put_number(name, chunk));
            put_number(tail.len() as u32, chunk);
            chunk.extend_from_slice(tail.as_bytes());
        }
        self.places.push(newest % CHUNKS * GRAINS + grain)
    }

    /// Drops the oldest record.
    pub fn pop(&mut self) {
        if let Some(names) = self.oldest().and_then(|oldest| self.names_of(oldest)) {
            names.into_iter().for_each(|name| self.names.release(name));
        }
        self.places.pop();
        let oldest = self.places.get(self.places.oldest());
        let needed = oldest.map(|place| place / GRAINS);
        while needed.is_some_and(|needed| self.first_chunk % CHUNKS != needed) {
            self.chunks.pop_front();
            self.first_chunk = self.first_chunk.wrapping_add(1);
        }
    }

    fn names_of(&self, number: u32) -> Option<[u32; 2]> {
        let mut rest = Rest(self.bytes(number)?);
        let len = rest.number()? as usize;
        rest.take(len)?;
        Some([rest.number()?, rest.number()?])
    }
}

/// Texts that many records share, each once, for as long as a record has it.
#[derive(Default)]
struct Names {
    /// With the number of records that have it.
    texts: Vec<(Box<str>, u32)>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
}

impl Names {
    fn get(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |(text, _)| text)
    }

    /// The number of a text, for one record more.
    fn take(&mut self, text: &str) -> u32 {
        let hash = xxh3_64(text.as_bytes());
        let is_it = |number: &u32| self.get(*number) == text;
        let number = match self.numbers.find(hash, is_it) {
            Some(number) => *number,
            None => {
                let new = (Box::from(text), 0);
                let number = self.free.pop().unwrap_or(self.texts.len() as u32);
                match self.texts.get_mut(number as usize) {
                    Some(place) => *place = new,
                    None => self.texts.push(new),
                }
                let texts = &self.texts;
                let read = |number: &u32| xxh3_64(texts[*number as usize].0.as_bytes());
                self.numbers.insert_unique(hash, number, read);
                number
            }
        };
        self.texts[number as usize].1 += 1;
        number
    }

    /// One record less has it.
    fn release(&mut self, number: u32) {
        let Some((text, records)) = self.texts.get_mut(number as usize) else {
            return;
        };
        *records -= 1;
        if *records > 0 {
            return;
        }
        let hash = xxh3_64(text.as_bytes());
        *text = Box::from("");
        if let Ok(entry) = self.numbers.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
        self.free.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_numbers_while_the_oldest_go() {
        let mut store = Store::default();
        let body = |n: u32| vec![n as u8; 100 + n as usize % 50];
        let push = |store: &mut Store, n: u32, body: &[u8]| {
            let (head, tail) = (format!("urn:{}:", n / 1000), format!("{n}"));
            store.push(&Packed {
                body,
                agencies: ["EFE", "TASS"][n as usize % 2],
                uri: Uri {
                    head: &head,
                    tail: &tail,
                },
            })
        };
        for n in 0..20_000 {
            assert_eq!(push(&mut store, n, &body(n)), n);
        }
        push(&mut store, 20_000, &vec![7; 3 << 20]);
        for n in 0..15_000 {
            assert_eq!(store.oldest(), Some(n));
            store.pop();
        }
        assert!(store.get(14_999).is_none());
        let oldest = store.get(15_000).expect("it is there");
        assert_eq!(oldest.body, body(15_000));
        assert_eq!((oldest.agencies, oldest.uri.head), ("EFE", "urn:15:"));
        assert_eq!(oldest.uri.tail, "15000");
        assert_eq!(store.body(20_000).map(<[u8]>::len), Some(3 << 20));
        assert!(store.get(20_001).is_none());
        assert_eq!(store.names.numbers.len(), 2 + 6, "what nobody has is gone");
    }
}
