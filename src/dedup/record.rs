//! What is remembered of a story ↔ its packed bytes: one layout in memory and in the stream.
//!
//! A block of the stream is the format version and then records, each `length (4) · body · keys · checksum (4)`;
//! the body alone is what the window keeps. Integers are little-endian.

use xxhash_rust::xxh3::xxh3_64;

use super::imprint::{Imprint, KEYS_KEPT, Keys, LEAD, LISTED, TITLE, WORDING};
use super::sketch::Sketch;
use crate::story::{Held, HeldId, Timestamp};

use super::{FORMAT, OLDEST_FORMAT, UnpackError};

/// A remembered story. It holds all that later verdicts need of its cluster and of its identity, so
/// that what the window knows is a function of the records still alive, wherever a replay began.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record<'a> {
    /// Milliseconds of message time, never less than that of the record before.
    pub time: i64,
    /// Hash of the agency's identifier; 0 for none.
    pub identity: u64,
    pub cluster: u128,
    /// Stories published in the cluster, up to this one.
    pub versions: u32,
    /// The cluster was killed.
    pub killed: bool,
    /// It joined the cluster of an earlier story.
    pub follows: bool,
    /// The newest version of the cluster is kept back.
    pub held: Option<Held>,
    pub imprint: Imprint,
    /// The published story that this one is, or repeats.
    pub uri: &'a str,
    /// The highest revision of this identity so far.
    pub revision: Revision<'a>,
    /// Names of the agencies of the cluster, joined by line feeds, in order of arrival.
    pub agencies: &'a str,
    /// Which of them sent this story.
    pub agency: u8,
}

/// The age of a version among those of one identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Revision<'a> {
    /// As sent; empty for none.
    pub version: &'a str,
    /// Milliseconds.
    pub created: Option<i64>,
}

const KILLED: u8 = 1;
const CREATED: u8 = 1 << 1;
const WHOLE: u8 = 1 << 2;
const LEAD_WHOLE: u8 = 1 << 3;
const FOLLOWS: u8 = 1 << 4;
const HELD: u8 = 1 << 5;

/// Bytes before the first field that may be left out; the keys of the tables stand first.
const TIME: usize = 0;
const EXACT: usize = 8;
const IDENTITY: usize = 16;
const CLUSTER: usize = 24;

/// The exact hash of a packed body, without reading the rest.
pub(super) fn exact_of(body: &[u8]) -> u64 {
    word(body, EXACT)
}

/// The identity of a packed body, 0 for none.
pub(super) fn identity_of(body: &[u8]) -> u64 {
    word(body, IDENTITY)
}

/// Half of the cluster id of a packed body.
pub(super) fn cluster_of(body: &[u8]) -> u64 {
    word(body, CLUSTER)
}

/// The time of a packed body.
pub(super) fn time_of(body: &[u8]) -> i64 {
    word(body, TIME) as i64
}

/// How many keys a packed body is remembered under.
pub(super) fn keys_of(body: &[u8]) -> usize {
    body.get(CLUSTER + 16).copied().map_or(0, usize::from)
}

/// Whether the story of a packed body joined the cluster of an earlier one.
pub(super) fn follows(body: &[u8]) -> bool {
    let flags = body.get(CLUSTER + 17).copied().unwrap_or(0);
    flags & FOLLOWS != 0
}

fn word(body: &[u8], at: usize) -> u64 {
    let bytes = body.get(at..at + 8).and_then(|b| b.first_chunk::<8>());
    bytes.map_or(0, |b| u64::from_le_bytes(*b))
}

impl<'a> Record<'a> {
    /// The newest version of the cluster, where it is still kept back at `now`, in milliseconds.
    pub fn held(&self, now: i64) -> Option<Held> {
        self.held.filter(|held| held.until.as_millisecond() > now)
    }

    /// Appends the body.
    pub fn pack(&self, keys: usize, out: &mut Vec<u8>) {
        let imprint = &self.imprint;
        out.extend_from_slice(&self.time.to_le_bytes());
        out.extend_from_slice(&imprint.exact.to_le_bytes());
        out.extend_from_slice(&self.identity.to_le_bytes());
        out.extend_from_slice(&self.cluster.to_le_bytes());
        let flag = |set, flag| if set { flag } else { 0 };
        out.extend_from_slice(&[
            keys as u8,
            flag(self.killed, KILLED)
                | flag(self.follows, FOLLOWS)
                | flag(self.held.is_some(), HELD)
                | flag(self.revision.created.is_some(), CREATED)
                | flag(imprint.wording.whole, WHOLE)
                | flag(imprint.lead.whole, LEAD_WHOLE),
            self.agency,
            imprint.wording.values().len() as u8,
            imprint.lead.values().len() as u8,
            imprint.names.values().len() as u8,
            imprint.numbers.values().len() as u8,
            imprint.title.values().len() as u8,
        ]);
        for values in [
            imprint.wording.values(),
            imprint.lead.values(),
            imprint.names.values(),
            imprint.numbers.values(),
            imprint.title.values(),
        ] {
            values.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
        put_number(imprint.words, out);
        put_number(self.versions, out);
        if let Some(created) = self.revision.created {
            out.extend_from_slice(&created.to_le_bytes());
        }
        if let Some(held) = self.held {
            out.extend_from_slice(&held.id.0.to_le_bytes());
            out.extend_from_slice(&held.until.as_second().to_le_bytes());
        }
        for text in [self.revision.version, self.agencies, self.uri] {
            put_number(text.len() as u32, out);
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// Reads a body back, without its keys; `None` when it is none.
    pub fn unpack(body: &'a [u8]) -> Option<Record<'a>> {
        let mut rest = Rest(body);
        let time = i64::from_le_bytes(rest.array()?);
        let mut imprint = Imprint::blank();
        imprint.exact = u64::from_le_bytes(rest.array()?);
        let identity = u64::from_le_bytes(rest.array()?);
        let cluster = u128::from_le_bytes(rest.array()?);
        let [_, flags, agency, wording, lead, names, numbers, title] = rest.array()?;
        let take = |rest: &mut Rest<'a>, n: u8| rest.take(2 * usize::from(n));
        imprint.wording = Sketch::<WORDING>::read(take(&mut rest, wording)?, flags & WHOLE != 0)?;
        imprint.lead = Sketch::<LEAD>::read(take(&mut rest, lead)?, flags & LEAD_WHOLE != 0)?;
        imprint.names = Sketch::<LISTED>::read(take(&mut rest, names)?, true)?;
        imprint.numbers = Sketch::<LISTED>::read(take(&mut rest, numbers)?, true)?;
        imprint.title = Sketch::<TITLE>::read(take(&mut rest, title)?, true)?;
        imprint.words = rest.number()?;
        let versions = rest.number()?;
        let created = match flags & CREATED {
            0 => None,
            _ => Some(i64::from_le_bytes(rest.array()?)),
        };
        let held = match flags & HELD {
            0 => None,
            _ => Some(Held {
                id: HeldId(u128::from_le_bytes(rest.array()?)),
                until: Timestamp::from_second(i64::from_le_bytes(rest.array()?)).ok()?,
            }),
        };
        let version = rest.text()?;
        let agencies = rest.text()?;
        let uri = rest.text()?;
        rest.0.is_empty().then_some(Record {
            time,
            identity,
            cluster,
            versions,
            killed: flags & KILLED != 0,
            follows: flags & FOLLOWS != 0,
            held,
            imprint,
            uri,
            revision: Revision { version, created },
            agencies,
            agency,
        })
    }
}

/// Appends a body with its keys as one record of the stream; the version byte first where `log` is empty.
pub(super) fn append(body: &[u8], keys: &[u32], log: &mut Vec<u8>) {
    if log.is_empty() {
        log.push(FORMAT);
    }
    let len = body.len() + 4 * keys.len();
    log.extend_from_slice(&(len as u32).to_le_bytes());
    let start = log.len();
    log.extend_from_slice(body);
    keys.iter().for_each(|key| log.extend(key.to_le_bytes()));
    let sum = checksum(&log[start..]);
    log.extend_from_slice(&sum.to_le_bytes());
}

fn checksum(record: &[u8]) -> u32 {
    xxh3_64(record) as u32
}

/// The records of a block: body and keys. The first fault ends it.
pub(super) fn records(block: &[u8]) -> Result<Records<'_>, UnpackError> {
    match block.split_first() {
        None => Ok(Records { block, at: 0 }),
        Some((OLDEST_FORMAT..=FORMAT, _)) => Ok(Records { block, at: 1 }),
        Some((version, _)) => Err(UnpackError::Version(*version, FORMAT)),
    }
}

/// The same of a block in which no record is damaged: bodies and keys are cut, and not read.
pub(super) fn sound_records(block: &[u8]) -> impl Iterator<Item = (&[u8], Keys)> {
    let mut rest = Rest(block.get(1..).unwrap_or_default());
    std::iter::from_fn(move || {
        let len = u32::from_le_bytes(rest.array()?) as usize;
        let whole = rest.take(len)?;
        rest.take(4)?;
        body_and_keys(whole)
    })
}

fn body_and_keys(whole: &[u8]) -> Option<(&[u8], Keys)> {
    let at = whole.len().checked_sub(4 * keys_of(whole))?;
    let (body, packed) = whole.split_at_checked(at)?;
    let mut keys = Keys::default();
    for key in packed.chunks_exact(4) {
        keys.push(u32::from_le_bytes([key[0], key[1], key[2], key[3]]));
    }
    Some((body, keys))
}

pub(super) struct Records<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    fn read(&mut self) -> Option<(Record<'a>, &'a [u8], Keys)> {
        let mut rest = Rest(self.block.get(self.at..)?);
        let len = u32::from_le_bytes(rest.array()?) as usize;
        let whole = rest.take(len)?;
        let sum = u32::from_le_bytes(rest.array()?);
        if checksum(whole) != sum {
            return None;
        }
        let (body, keys) = body_and_keys(whole)?;
        let honest = keys.values().len() == keys_of(whole) && keys_of(whole) <= KEYS_KEPT;
        let record = Record::unpack(body).filter(|_| honest)?;
        self.at += len + 8;
        Some((record, body, keys))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(Record<'a>, &'a [u8], Keys), UnpackError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.block.len() {
            return None;
        }
        let at = self.at;
        let read = self.read();
        if read.is_none() {
            self.at = self.block.len();
        }
        Some(read.ok_or(UnpackError::Damaged(at)))
    }
}

/// Seven bits a byte, the low ones first.
fn put_number(mut n: u32, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u32> {
        let mut n = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.take(1)?[0];
            n |= u32::from(byte & 0x7F).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = self.number()? as usize;
        std::str::from_utf8(self.take(len)?).ok()
    }
}
