//! Things in order: the newest is appended, the oldest dropped, the rest found by number.

use std::collections::VecDeque;

const CHUNK: usize = 1 << 12;

/// A queue in chunks: nothing is moved or copied when it grows, and memory goes back as the oldest go.
pub(super) struct Queue<T> {
    chunks: VecDeque<Vec<T>>,
    /// Number of the first of the first chunk, of the oldest, of the next. They wrap.
    base: u32,
    oldest: u32,
    next: u32,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            chunks: VecDeque::new(),
            base: 0,
            oldest: 0,
            next: 0,
        }
    }
}

impl<T> Queue<T> {
    pub fn len(&self) -> usize {
        self.next.wrapping_sub(self.oldest) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.next == self.oldest
    }

    /// The number of the oldest; of the next where there is none.
    pub fn oldest(&self) -> u32 {
        self.oldest
    }

    /// The number that the next one will have.
    pub fn next(&self) -> u32 {
        self.next
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        let (chunk, at) = self.place(number)?;
        self.chunks.get(chunk)?.get(at)
    }

    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let (chunk, at) = self.place(number)?;
        self.chunks.get_mut(chunk)?.get_mut(at)
    }

    /// The chunk of a number that is there, and its place in it.
    fn place(&self, number: u32) -> Option<(usize, usize)> {
        let is_there = (number.wrapping_sub(self.oldest) as usize) < self.len();
        let at = number.wrapping_sub(self.base) as usize;
        is_there.then_some((at / CHUNK, at % CHUNK))
    }

    /// Appends one and gives its number.
    pub fn push(&mut self, one: T) -> u32 {
        if self.chunks.back().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push_back(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.push(one);
        }
        self.next = self.next.wrapping_add(1);
        self.next.wrapping_sub(1)
    }

    /// Drops the oldest.
    pub fn pop(&mut self) {
        if self.is_empty() {
            return;
        }
        self.oldest = self.oldest.wrapping_add(1);
        if self.oldest.wrapping_sub(self.base) as usize >= CHUNK {
            self.chunks.pop_front();
            self.base = self.base.wrapping_add(CHUNK as u32);
        }
    }
}
