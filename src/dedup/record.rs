//! What is remembered of a story ↔ its packed bytes: one layout in memory and in the stream.
//!
//! A block of the stream is the format version and then records, each `length (4) · body · agencies · uri · entry ·
//! checksum (4)`, body and texts with their lengths. The window keeps body and texts, and the entry in its index.
//! Integers are little-endian.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

use super::bits::{Reader, Writer};
use super::imprint::{
    HASH_BITS, Imprint, KEYS_KEPT, LEAD, LIST_BITS, NAMES, NUMBERS, TITLE, WORDING,
};
use super::index::Entry;
use super::sketch::Sketch;
use crate::story::{Held, HeldId, Timestamp};

use super::{FORMAT, UnpackError};

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
    pub uri: Uri<'a>,
    /// The highest revision of this identity so far.
    pub revision: Revision<'a>,
    /// Names of the agencies of the cluster, joined by line feeds, in order of arrival.
    pub agencies: &'a str,
    /// Which of them sent this story.
    pub agency: u8,
}

/// An identifier in two parts: what many have in common, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uri<'a> {
    pub head: &'a str,
    pub tail: &'a str,
}

impl<'a> Uri<'a> {
    /// Parts an identifier after the last mark that leaves enough to tell it from others.
    pub fn new(uri: &'a str) -> Uri<'a> {
        const TAIL: usize = 8;
        const HEAD: usize = 64;
        let most = uri.len().saturating_sub(TAIL).min(HEAD);
        let is_mark = |byte: &u8| matches!(byte, b':' | b'/' | b'#' | b'=');
        let at = uri.as_bytes()[..most].iter().rposition(is_mark);
        let (head, tail) = uri.split_at(at.map_or(0, |at| at + 1));
        Uri { head, tail }
    }

    pub fn joined(&self) -> String {
        [self.head, self.tail].concat()
    }
}

/// The age of a version among those of one identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Revision<'a> {
    /// As sent; empty for none.
    pub version: &'a str,
    /// Milliseconds.
    pub created: Option<i64>,
}

/// A record as the window keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed<'a> {
    pub body: &'a [u8],
    pub agencies: &'a str,
    pub uri: Uri<'a>,
}

impl Packed<'_> {
    pub fn digest(&self, entry: &Entry) -> u64 {
        let texts = [self.agencies, self.uri.head, self.uri.tail];
        let hash = xxh3_64(self.body);
        let hash = texts
            .into_iter()
            .fold(hash, |hash, text| xxh3_64_with_seed(text.as_bytes(), hash));
        let names = [entry.exact, entry.identity];
        let keys = names.iter().chain(entry.phrases.values());
        keys.fold(hash, |hash, key| {
            xxh3_64_with_seed(&key.to_le_bytes(), hash)
        })
    }

    /// Bytes, but for what is shared.
    pub fn len(&self) -> usize {
        self.body.len() + self.uri.tail.len()
    }
}

/// What stands at the beginning of a body: flags, time, then what is there of cluster and names.
const KILLED: u16 = 1;
const CREATED: u16 = 1 << 1;
const WHOLE: u16 = 1 << 2;
const LEAD_WHOLE: u16 = 1 << 3;
const FOLLOWS: u16 = 1 << 4;
const HELD: u16 = 1 << 5;
const CLUSTER: u16 = 1 << 6;
const EXACT: u16 = 1 << 7;
const IDENTITY: u16 = 1 << 8;
const VERSIONS: u16 = 1 << 9;
const VERSION: u16 = 1 << 10;
const AGENCY: u16 = 1 << 11;
/// The number of phrases stands above.
const PHRASES: u32 = 12;
const _: () = assert!(KEYS_KEPT < 16);

/// Bits of the hashes by which a story is named: the lower half stands in the entry, the rest in the body.
const NAME_BITS: u32 = 56;

/// The name that a hash stands for; 0 stays none.
pub(super) fn name(hash: u64) -> u64 {
    let cut = hash & ((1 << NAME_BITS) - 1);
    // no name is none, and no half of one
    match hash {
        0 => 0,
        _ if cut as u32 == 0 => cut | 1,
        _ => cut,
    }
}

fn flags(body: &[u8]) -> u16 {
    let flags = body.first_chunk::<2>();
    flags.map_or(0, |flags| u16::from_le_bytes(*flags))
}

/// The time of a packed body.
pub(super) fn time_of(body: &[u8]) -> i64 {
    let mut time = [0; 8];
    if let Some(low) = body.get(2..8) {
        time[2..].copy_from_slice(low);
    }
    // six bytes are enough for ten thousand years
    i64::from_le_bytes(time) >> 16
}

/// Half of the cluster id of a packed body that follows another; 0 for the others.
pub(super) fn cluster_of(body: &[u8]) -> u64 {
    let cluster = body.get(8..16).and_then(|half| half.first_chunk());
    let cluster = cluster.filter(|_| flags(body) & FOLLOWS != 0);
    cluster.map_or(0, |half| u64::from_le_bytes(*half))
}

/// The upper part of the exact hash and of the identity of a packed body.
pub(super) fn upper_of(body: &[u8]) -> [u32; 2] {
    let flags = flags(body);
    let mut rest = Rest(body.get(8..).unwrap_or_default());
    if flags & CLUSTER != 0 {
        rest.take(16);
    }
    [EXACT, IDENTITY].map(|flag| match flags & flag {
        0 => 0,
        _ => rest.upper().unwrap_or(0),
    })
}

/// The name of the cluster that a story begins: of its identifier, words and time, so that no other has it.
pub(super) fn cluster_begun(uri: Uri, time: i64, exact: u64, identity: u64) -> u128 {
    let mut origin = [0; 24];
    for (place, word) in origin
        .chunks_exact_mut(8)
        .zip([time as u64, exact, identity])
    {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let seed = xxh3_64_with_seed(uri.head.as_bytes(), xxh3_64(&origin));
    xxh3_128_with_seed(uri.tail.as_bytes(), seed)
}

impl<'a> Record<'a> {
    /// The newest version of the cluster, where it is still kept back at `now`, in milliseconds.
    pub fn held(&self, now: i64) -> Option<Held> {
        self.held.filter(|held| held.until.as_millisecond() > now)
    }

    /// Appends the body. `phrases`: how many the story is remembered under.
    pub fn pack(&self, phrases: usize, out: &mut Vec<u8>) {
        let imprint = &self.imprint;
        let begun = || cluster_begun(self.uri, self.time, imprint.exact, self.identity);
        let cluster = self.follows || self.cluster != begun();
        let flag = |set, flag| if set { flag } else { 0 };
        let flags = flag(self.killed, KILLED)
            | flag(self.revision.created.is_some(), CREATED)
            | flag(imprint.wording.whole, WHOLE)
            | flag(imprint.lead.whole, LEAD_WHOLE)
            | flag(self.follows, FOLLOWS)
            | flag(self.held.is_some(), HELD)
            | flag(cluster, CLUSTER)
            | flag(imprint.exact != 0, EXACT)
            | flag(self.identity != 0, IDENTITY)
            | flag(self.versions != 1, VERSIONS)
            | flag(!self.revision.version.is_empty(), VERSION)
            | flag(self.agency != 0, AGENCY)
            | (phrases as u16) << PHRASES;
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes()[..6]);
        if cluster {
            out.extend_from_slice(&self.cluster.to_le_bytes());
        }
        for name in [imprint.exact, self.identity] {
            if name != 0 {
                out.extend_from_slice(&name.to_le_bytes()[4..7]);
            }
        }
        put_number(imprint.words, out);
        if self.versions != 1 {
            put_number(self.versions, out);
        }
        if self.agency != 0 {
            out.push(self.agency);
        }
        if let Some(created) = self.revision.created {
            put_created(self.time, created, out);
        }
        if let Some(held) = self.held {
            out.extend_from_slice(&held.id.0.to_le_bytes());
            out.extend_from_slice(&held.until.as_second().to_le_bytes());
        }
        if !self.revision.version.is_empty() {
            put_text(self.revision.version, out);
        }
        put_sketches(imprint, out);
    }

    /// Reads a record back; `None` when it is none.
    pub fn unpack(packed: Packed<'a>, entry: &Entry) -> Option<Record<'a>> {
        let (mut record, bytes) = Record::read(packed, entry)?;
        sketches(bytes, &mut record.imprint)?;
        Some(record)
    }

    /// The same without the sketches, which take longest.
    pub fn unpack_lineage(packed: Packed<'a>, entry: &Entry) -> Option<Record<'a>> {
        Some(Record::read(packed, entry)?.0)
    }

    /// All but the sketches, and the bytes of those.
    fn read(packed: Packed<'a>, entry: &Entry) -> Option<(Record<'a>, &'a [u8])> {
        let mut rest = Rest(packed.body);
        let flags = u16::from_le_bytes(rest.array()?);
        let has = |flag| flags & flag != 0;
        rest.take(6)?;
        let time = time_of(packed.body);
        let cluster = match has(CLUSTER) {
            true => Some(u128::from_le_bytes(rest.array()?)),
            false => None,
        };
        let mut name = |flag, lower: u32| match has(flag) {
            true => Some(u64::from(rest.upper()?) << 32 | u64::from(lower)),
            false => Some(0),
        };
        let (exact, identity) = (name(EXACT, entry.exact)?, name(IDENTITY, entry.identity)?);
        let words = rest.number()?;
        let versions = if has(VERSIONS) { rest.number()? } else { 1 };
        let agency = if has(AGENCY) {
            rest.array::<1>()?[0]
        } else {
            0
        };
        let created = match has(CREATED) {
            true => Some(rest.created(time)?),
            false => None,
        };
        let held = match has(HELD) {
            true => Some(Held {
                id: HeldId(u128::from_le_bytes(rest.array()?)),
                until: Timestamp::from_second(i64::from_le_bytes(rest.array()?)).ok()?,
            }),
            false => None,
        };
        let version = if has(VERSION) { rest.text()? } else { "" };
        let mut imprint = Imprint::blank();
        (imprint.exact, imprint.words) = (exact, words);
        (imprint.wording.whole, imprint.lead.whole) = (has(WHOLE), has(LEAD_WHOLE));
        let record = Record {
            time,
            identity,
            cluster: cluster.unwrap_or_else(|| cluster_begun(packed.uri, time, exact, identity)),
            versions,
            killed: has(KILLED),
            follows: has(FOLLOWS),
            held,
            imprint,
            uri: packed.uri,
            revision: Revision { version, created },
            agencies: packed.agencies,
            agency,
        };
        Some((record, rest.0))
    }

    /// What the story is remembered under, with these phrases.
    pub fn entry(&self, phrases: super::imprint::Keys) -> Entry {
        Entry {
            exact: self.imprint.exact as u32,
            identity: self.identity as u32,
            phrases,
        }
    }
}

/// How many values a list has, by bits that hold the most there can be.
const COUNT_BITS: u32 = 6;
const _: () = assert!(WORDING < 64 && LEAD < 64 && NAMES < 64 && NUMBERS < 64 && TITLE < 64);
/// Bits of the two low parts that depend on the values.
const LOW_BITS: u32 = 4;

fn put_sketches(imprint: &Imprint, out: &mut Vec<u8>) {
    let mut bits = Writer::new(out);
    let bottoms = [imprint.wording.values(), imprint.lead.values()];
    for values in bottoms {
        bits.put(values.len() as u32, COUNT_BITS);
        let spread = values.last().map_or(0, |last| u32::from(*last) + 1);
        let gap = spread / values.len().max(1) as u32;
        let low = (gap * 7 / 10).checked_ilog2().unwrap_or(0).min(15);
        bits.put(low, LOW_BITS);
        bits.rising(values, low);
    }
    let lists = [
        imprint.names.values(),
        imprint.numbers.values(),
        imprint.title.values(),
    ];
    for values in lists {
        bits.put(values.len() as u32, COUNT_BITS);
        bits.rising(values, low_of_list(values.len()));
    }
    bits.finish();
}

/// The best for so many values spread evenly.
fn low_of_list(len: usize) -> u32 {
    LIST_BITS - len.next_power_of_two().ilog2().min(LIST_BITS)
}

fn sketches(bytes: &[u8], imprint: &mut Imprint) -> Option<()> {
    let mut bits = Reader::new(bytes);
    imprint.wording = bottom(&mut bits, imprint.wording.whole)?;
    imprint.lead = bottom(&mut bits, imprint.lead.whole)?;
    imprint.names = list(&mut bits)?;
    imprint.numbers = list(&mut bits)?;
    imprint.title = list(&mut bits)?;
    Some(())
}

fn bottom<const N: usize>(bits: &mut Reader, whole: bool) -> Option<Sketch<N>> {
    let len = bits.take(COUNT_BITS) as usize;
    let low = bits.take(LOW_BITS);
    Sketch::read(len, whole, |values| bits.rising(values, low))
}

fn list<const N: usize>(bits: &mut Reader) -> Option<Sketch<N>> {
    let len = bits.take(COUNT_BITS) as usize;
    Sketch::read(len, true, |values| bits.rising(values, low_of_list(len)))
}

const _: () = assert!(HASH_BITS <= 16 && LIST_BITS <= 16);

/// Appends a record of the stream; the version byte first where `log` is empty.
pub(super) fn append(packed: &Packed, entry: &Entry, log: &mut Vec<u8>) {
    if log.is_empty() {
        log.push(FORMAT);
    }
    let begin = log.len();
    log.extend_from_slice(&[0; 4]);
    put_number(packed.body.len() as u32, log);
    log.extend_from_slice(packed.body);
    put_text(packed.agencies, log);
    let Uri { head, tail } = packed.uri;
    put_number((head.len() + tail.len()) as u32, log);
    log.extend_from_slice(head.as_bytes());
    log.extend_from_slice(tail.as_bytes());
    let names = [entry.exact, entry.identity]
        .into_iter()
        .filter(|half| *half != 0);
    for key in names.chain(entry.phrases.values().iter().copied()) {
        log.extend_from_slice(&key.to_le_bytes());
    }
    let len = (log.len() - begin - 4) as u32;
    log[begin..begin + 4].copy_from_slice(&len.to_le_bytes());
    let sum = checksum(&log[begin + 4..]);
    log.extend_from_slice(&sum.to_le_bytes());
}

fn checksum(record: &[u8]) -> u32 {
    xxh3_64(record) as u32
}

/// The records of a block, one by one. The first fault ends it.
pub(super) fn records(block: &[u8]) -> Result<Records<'_>, UnpackError> {
    match block.split_first() {
        None => Ok(Records { block, at: 0 }),
        Some((&FORMAT, _)) => Ok(Records { block, at: 1 }),
        Some((version, _)) => Err(UnpackError::Version(*version, FORMAT)),
    }
}

pub(super) struct Records<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    fn read(&mut self) -> Option<(Packed<'a>, Entry)> {
        let mut rest = Rest(self.block.get(self.at..)?);
        let len = u32::from_le_bytes(rest.array()?) as usize;
        let whole = rest.take(len)?;
        let sum = u32::from_le_bytes(rest.array()?);
        if checksum(whole) != sum {
            return None;
        }
        let mut rest = Rest(whole);
        let len = rest.number()? as usize;
        let body = rest.take(len)?;
        let agencies = rest.text()?;
        let uri = Uri::new(rest.text()?);
        let flags = flags(body);
        let mut entry = Entry::default();
        if flags & EXACT != 0 {
            entry.exact = u32::from_le_bytes(rest.array()?);
        }
        if flags & IDENTITY != 0 {
            entry.identity = u32::from_le_bytes(rest.array()?);
        }
        for _ in 0..flags >> PHRASES {
            entry.phrases.push(u32::from_le_bytes(rest.array()?));
        }
        let honest = rest.0.is_empty() && entry.phrases.values().len() <= KEYS_KEPT;
        self.at += whole.len() + 8;
        honest.then_some((
            Packed {
                body,
                agencies,
                uri,
            },
            entry,
        ))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(Packed<'a>, Entry), UnpackError>;

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
pub(super) fn put_number(n: u32, out: &mut Vec<u8>) {
    put_long(u64::from(n), out);
}

fn put_long(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_number(text.len() as u32, out);
    out.extend_from_slice(text.as_bytes());
}

/// A time of creation by its distance from the record's, in seconds where it is a whole one.
fn put_created(time: i64, created: i64, out: &mut Vec<u8>) {
    let (distance, is_fine) = match created.rem_euclid(1000) {
        0 => (time.div_euclid(1000).wrapping_sub(created / 1000), 0),
        _ => (time.wrapping_sub(created), 1),
    };
    let zigzag = (distance << 1 ^ distance >> 63) as u64;
    put_long(zigzag << 1 | is_fine, out);
}

/// Bytes that are not read yet.
pub(super) struct Rest<'a>(pub &'a [u8]);

impl<'a> Rest<'a> {
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// The upper part of a name.
    fn upper(&mut self) -> Option<u32> {
        let [a, b, c] = self.array()?;
        Some(u32::from_le_bytes([a, b, c, 0]))
    }

    pub fn number(&mut self) -> Option<u32> {
        u32::try_from(self.long()?).ok()
    }

    fn long(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            n |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    fn created(&mut self, time: i64) -> Option<i64> {
        let packed = self.long()?;
        let zigzag = packed >> 1;
        let distance = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        match packed & 1 {
            0 => time
                .div_euclid(1000)
                .checked_sub(distance)?
                .checked_mul(1000),
            _ => time.checked_sub(distance),
        }
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let len = self.number()? as usize;
        std::str::from_utf8(self.take(len)?).ok()
    }
}
