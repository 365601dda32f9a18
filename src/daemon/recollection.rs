//! Imprint records ⇄ the window: what was committed is remembered, in order, by whoever reads the log.
//!
//! Each commit's imprints are one frame (four bytes of length, little endian, then the bytes that
//! `Pipeline::replay` takes); the frames of a batch are laid end to end and cut into records no
//! larger than a block.

use std::collections::VecDeque;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::bus::{IMPRINTS_MORE, IMPRINTS_RECEIVED, Record};
use super::volume::Shelf;
use crate::pipeline::Pipeline;
use crate::story::Timestamp;

/// The records that hold the imprints of a batch.
pub(super) fn blocks(
    frames: Bytes,
    partition: &str,
    received: Option<Timestamp>,
    block_bytes: usize,
) -> Vec<Record> {
    let mut rest = frames;
    let mut records = Vec::new();
    while !rest.is_empty() {
        let body = rest.split_to(rest.len().min(block_bytes.max(1)));
        let received = received.map(|at| (IMPRINTS_RECEIVED, at.to_string()));
        let more = (!rest.is_empty()).then(|| (IMPRINTS_MORE, "1".to_owned()));
        records.push(Record {
            subject: format!("wire.state.imprint.{partition}"),
            headers: received.into_iter().chain(more).collect(),
            body,
        });
    }
    records
}

/// Adds one commit's imprints to the frames of a batch.
pub(super) fn frame(frames: &mut BytesMut, packed: &[u8]) {
    if !packed.is_empty() {
        frames.put_u32_le(packed.len() as u32);
        frames.extend_from_slice(packed);
    }
}

/// Reads records back into a pipeline's window.
#[derive(Default)]
pub(super) struct Recollection {
    cut: BytesMut,
    pub index: Index,
    pub shelf: Shelf,
    begun_at: Option<u64>,
}

impl Recollection {
    /// Takes one record, in the order of the log. Says what is wrong with a damaged one.
    pub fn take(
        &mut self,
        pipeline: &mut Pipeline,
        sequence: u64,
        received: Option<Timestamp>,
        more: bool,
        packed: Bytes,
    ) -> Result<(), String> {
        // a copy: what came over the wire lies in larger pieces
        let own = Bytes::copy_from_slice(&packed);
        self.shelf.add(sequence, received, own);
        self.read(pipeline, sequence, received, more, packed)
    }

    /// The same of a record that needs no room on the shelf.
    pub fn read(
        &mut self,
        pipeline: &mut Pipeline,
        sequence: u64,
        received: Option<Timestamp>,
        more: bool,
        packed: Bytes,
    ) -> Result<(), String> {
        let begun_at = *self.begun_at.get_or_insert(sequence);
        if more || !self.cut.is_empty() {
            self.cut.extend_from_slice(&packed);
            if more {
                return Ok(());
            }
        }
        self.begun_at = None;
        if let Some(received) = received {
            self.index.add(begun_at, received);
        }
        let mut frames = match self.cut.is_empty() {
            true => packed,
            false => self.cut.split().freeze(),
        };
        while !frames.is_empty() {
            let damaged = || format!("the imprint record at sequence {sequence} is damaged");
            let header: [u8; 4] = frames
                .get(..4)
                .and_then(|four| four.try_into().ok())
                .ok_or_else(damaged)?;
            let end = 4 + u32::from_le_bytes(header) as usize;
            let packed = frames.get(4..end).ok_or_else(damaged)?;
            pipeline
                .replay(packed)
                .map_err(|error| format!("the imprint record at sequence {sequence}: {error}"))?;
            let _ = frames.split_to(end);
        }
        Ok(())
    }
}

/// Where in the log the imprints of which message time begin. Coarse: one entry a minute is enough to purge by.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// (sequence of the first record, message time of the last imprint)
    entries: VecDeque<(u64, Timestamp)>,
}

impl Index {
    pub fn add(&mut self, sequence: u64, received: Timestamp) {
        if let Some((_, last)) = self.entries.back_mut()
            && received.as_second() / 60 == last.as_second() / 60
        {
            *last = received.max(*last);
            return;
        }
        self.entries.push_back((sequence, received));
    }

    /// Drops what is older than `horizon`; the sequence of the first record that is still needed.
    pub fn needed(&mut self, horizon: Option<Timestamp>) -> Option<u64> {
        if let Some(horizon) = horizon {
            while self
                .entries
                .front()
                .is_some_and(|(_, last)| *last < horizon)
            {
                self.entries.pop_front();
            }
        }
        self.entries.front().map(|(sequence, _)| *sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a valid second")
    }

    #[test]
    fn frames_are_cut_into_blocks_that_say_whether_they_go_on() {
        let mut frames = BytesMut::new();
        frame(&mut frames, &[]);
        frame(&mut frames, &[7; 10]);
        frame(&mut frames, &[8; 3]);
        let records = blocks(frames.freeze(), "es", Some(at(60)), 8);
        let sizes: Vec<_> = records.iter().map(|record| record.body.len()).collect();
        assert_eq!(sizes, [8, 8, 5]);
        let goes_on = |record: &Record| {
            record
                .headers
                .iter()
                .any(|(name, _)| *name == IMPRINTS_MORE)
        };
        assert_eq!(
            records.iter().map(goes_on).collect::<Vec<_>>(),
            [true, true, false]
        );
        assert!(
            records
                .iter()
                .all(|record| record.subject == "wire.state.imprint.es")
        );
    }

    #[test]
    fn the_index_forgets_whole_minutes_and_never_one_that_is_needed() {
        let mut index = Index::default();
        for (sequence, second) in [(10, 0), (20, 59), (30, 60), (40, 125), (50, 130)] {
            index.add(sequence, at(second));
        }
        assert_eq!(index.needed(None), Some(10));
        assert_eq!(index.needed(Some(at(59))), Some(10));
        assert_eq!(index.needed(Some(at(60))), Some(30));
        assert_eq!(index.needed(Some(at(126))), Some(40));
        assert_eq!(index.needed(Some(at(1000))), None);
    }
}
