//! Imprints far apart in the log → the same ones side by side. How does a start remember a million stories without
//! reading all that was told meanwhile?
//!
//! Imprints are committed with the outcomes they belong to. When enough of them are, the writer repeats them as a
//! *volume*: records without a gap, in a batch of their own behind the fence, closed by the *catalogue* of all volumes.
//! A start reads the catalogue, the volumes, and the log from the catalogue on. A volume is a copy and never an
//! authority: whatever is wrong with one, the imprints are still where they were and are read there.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;

use super::bus::{Bus, Fault, Record};
use super::recollection::Recollection;
use super::telemetry;
use crate::pipeline::Pipeline;
use crate::story::Timestamp;

/// The version of the catalogue's own layout.
const FORMAT: u32 = 1;

/// Records of volumes that are asked for before they are needed.
const AHEAD: usize = 8;

/// A shelf that holds so many volumes' worth of unbound imprints lets go of them: no volume could be written for long.
const OVERFULL: usize = 4;

/// Records of the log that stand side by side and repeat the imprints of a stretch of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Volume {
    /// Sequence of its first record; 0 where the volume ends right before the catalogue.
    pub first: u64,
    pub records: u64,
    /// Sequence of the first imprint record that it repeats.
    pub repeats: u64,
    /// The message time of its last imprint.
    pub until: Timestamp,
}

/// All volumes, the oldest first, without a gap between the stretches they repeat. The last one ends where the catalogue stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Catalogue {
    format: u32,
    pub volumes: Vec<Volume>,
}

impl Catalogue {
    /// Reads the catalogue that stands at `sequence`; `None` when it is none that this version knows.
    pub fn read(sequence: u64, body: &[u8]) -> Option<Catalogue> {
        let mut catalogue: Catalogue = serde_json::from_slice(body).ok()?;
        for volume in &mut catalogue.volumes {
            if volume.first == 0 {
                volume.first = sequence.checked_sub(volume.records)?;
            }
        }
        (catalogue.format == FORMAT).then_some(catalogue)
    }

    /// The volumes that hold all imprints from sequence `needed` of the log on; `None` when they do not.
    pub fn from(mut self, needed: u64) -> Option<Vec<Volume>> {
        drop_unneeded(&mut self.volumes, needed);
        let first = self.volumes.first()?;
        (first.repeats <= needed).then_some(self.volumes)
    }
}

fn drop_unneeded(volumes: &mut Vec<Volume>, needed: u64) {
    let next = volumes.iter().skip(1);
    let unneeded = next.take_while(|volume| volume.repeats <= needed).count();
    volumes.drain(..unneeded);
}

/// What was committed and is not bound into a volume yet, and the volumes there are.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    volumes: Vec<Volume>,
    /// Imprint records with their sequence, or one before it.
    unbound: VecDeque<(u64, Bytes)>,
    bytes: usize,
    until: Option<Timestamp>,
    /// Sequence of the last record that there was no room for.
    lost: u64,
    /// Bytes of a volume that could not be written.
    failed: usize,
}

impl Shelf {
    /// The volumes of the catalogue at `sequence`: what they hold is bound.
    pub fn know(&mut self, sequence: u64, volumes: Vec<Volume>) {
        // between those and what is here something is missing
        let whole = sequence > self.lost;
        self.volumes = if whole { volumes } else { Vec::new() };
        while let Some((at, _)) = self.unbound.front()
            && *at < sequence
        {
            self.drop_oldest();
        }
    }

    /// Adds imprints that were committed at or after `sequence`.
    pub fn add(&mut self, sequence: u64, until: Option<Timestamp>, imprints: Bytes) {
        self.bytes += imprints.len();
        self.unbound.push_back((sequence, imprints));
        self.until = until.or(self.until);
    }

    /// Whether there is enough for a volume of `enough` bytes.
    pub fn is_full(&self, enough: usize) -> bool {
        self.bytes >= self.failed.min(2 * enough) + enough
    }

    /// Lets go of what is too much. The volumes have a gap then, so they begin anew.
    pub fn relieve(&mut self, enough: usize) {
        while self.is_overfull(enough) {
            self.volumes.clear();
            self.lost = self.unbound.front().map_or(0, |(at, _)| *at);
            self.drop_oldest();
        }
    }

    pub fn is_overfull(&self, enough: usize) -> bool {
        self.bytes > OVERFULL * enough
    }

    fn drop_oldest(&mut self) {
        if let Some((_, imprints)) = self.unbound.pop_front() {
            self.bytes -= imprints.len();
        }
    }

    /// The next volume, and the catalogue that names it. `needed`: the first imprint record that is still needed.
    pub fn bind(&mut self, partition: &str, block_bytes: usize, needed: u64) -> Vec<Record> {
        let Some((repeats, until)) = self.unbound.front().map(|(at, _)| *at).zip(self.until) else {
            return Vec::new();
        };
        let mut all = BytesMut::with_capacity(self.bytes);
        for (_, imprints) in &self.unbound {
            all.extend_from_slice(imprints);
        }
        let mut rest = all.freeze();
        let mut records = Vec::new();
        while !rest.is_empty() {
            records.push(Record {
                subject: format!("wire.state.volume.{partition}"),
                headers: Vec::new(),
                body: rest.split_to(rest.len().min(block_bytes.max(1))),
            });
        }
        drop_unneeded(&mut self.volumes, needed);
        let mut volumes = self.volumes.clone();
        volumes.push(Volume {
            first: 0,
            records: records.len() as u64,
            repeats,
            until,
        });
        let catalogue = Catalogue {
            format: FORMAT,
            volumes,
        };
        let body =
            serde_json::to_vec(&catalogue).expect("a struct of numbers and times is always JSON");
        records.push(Record {
            subject: format!("wire.state.catalogue.{partition}"),
            headers: vec![("Nats-Rollup", "sub".to_owned())],
            body: body.into(),
        });
        records
    }

    /// What `bind` made could not be committed: later, and with more.
    pub fn postpone(&mut self) {
        self.failed = self.bytes;
    }

    /// What `bind` made is committed; its catalogue stands at `sequence`.
    pub fn bound(&mut self, sequence: u64, records: &[Record]) {
        let body = records.last().map_or(&[][..], |record| &record.body);
        if let Some(catalogue) = Catalogue::read(sequence, body) {
            self.know(sequence, catalogue.volumes);
            self.failed = 0;
        }
    }
}

/// A record of a volume.
struct Place {
    volume: Volume,
    at: u64,
    /// Another one of the volume follows.
    more: bool,
}

impl Volume {
    fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let (volume, last) = (*self, self.first + self.records.saturating_sub(1));
        let all = volume.first..volume.first + volume.records;
        all.map(move |at| Place {
            volume,
            at,
            more: at < last,
        })
    }
}

async fn ask<B: Bus>(bus: &B, place: Place) -> (Place, Result<Option<Bytes>, Fault>) {
    let found = bus.volume(place.at).await;
    (place, found)
}

/// Remembers what the volumes hold, or says what is wrong with one.
pub(super) async fn open<B: Bus>(
    bus: &B,
    volumes: &[Volume],
    pipeline: &mut Pipeline,
    recollection: &mut Recollection,
) -> Result<(), String> {
    let mut places = volumes.iter().flat_map(Volume::places);
    let mut asked: FuturesOrdered<_> = places.by_ref().take(AHEAD).map(|at| ask(bus, at)).collect();
    while let Some((place, found)) = asked.next().await {
        asked.extend(places.next().map(|next| ask(bus, next)));
        let packed = found
            .map_err(|fault| fault.to_string())?
            .ok_or_else(|| format!("the volume record at sequence {} is not there", place.at))?;
        telemetry::replayed(packed.len());
        let Volume { repeats, until, .. } = place.volume;
        recollection.read(pipeline, repeats, Some(until), place.more, packed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a valid second")
    }

    #[test]
    fn a_catalogue_names_its_volumes_without_knowing_its_own_place() {
        let mut shelf = Shelf::default();
        for (sequence, bytes) in [(3, 10), (7, 5), (9, 9)] {
            shelf.add(sequence, Some(at(60)), Bytes::from(vec![7; bytes]));
        }
        assert!(shelf.is_full(24) && !shelf.is_full(25));
        let records = shelf.bind("es", 10, 0);
        let sizes: Vec<_> = records.iter().map(|record| record.body.len()).collect();
        assert_eq!(sizes[..3], [10, 10, 4]);
        assert_eq!(records[3].subject, "wire.state.catalogue.es");
        shelf.add(30, Some(at(90)), Bytes::from(vec![8; 6]));
        shelf.bound(23, &records);
        assert_eq!(shelf.bytes, 6, "what came meanwhile is not bound");
        let first = Volume {
            first: 20,
            records: 3,
            repeats: 3,
            until: at(60),
        };
        assert_eq!(shelf.volumes, [first]);
        let records = shelf.bind("es", 10, 5);
        let read = |needed| {
            let catalogue = Catalogue::read(40, &records[1].body)?;
            catalogue.from(needed)
        };
        let second = Volume {
            first: 39,
            records: 1,
            repeats: 30,
            until: at(90),
        };
        assert_eq!(read(5), Some(vec![first, second]));
        assert_eq!(read(30), Some(vec![second]));
        assert_eq!(read(2), None, "an imprint that no volume holds is needed");
    }

    #[test]
    fn a_shelf_that_cannot_be_bound_lets_go_of_the_oldest() {
        let mut shelf = Shelf::default();
        for sequence in 0..100 {
            shelf.add(sequence, None, Bytes::from(vec![7; 10]));
            shelf.relieve(50);
        }
        assert_eq!(shelf.bytes, 200);
        assert!(shelf.bind("es", 10, 0).is_empty(), "no time is known");
    }
}
