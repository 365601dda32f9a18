//! The one memory of the core: imprints of the last hours, and the verdicts they lead to.

use std::cmp::Reverse;

use hashbrown::HashTable;
use hashbrown::hash_table;

use super::changes::changes;
use super::hits::{Hits, is_named};
use super::imprint::Imprint;
use super::index::{EXACT, Entry, IDENTITY, Index};
use super::lineage::{Claim, Decision, Found, UNKNOWN, decide, held, same_agency};
use super::record::{self, Packed, Record, Uri};
use super::store::Store;
use super::verify::Likeness;
use super::{Settings, UnpackError};
use crate::story::{ClusterId, Relation, Story, Timestamp, Verdict};

/// Log-odds, in millionths, by which one version may be more alike than another without being meant.
const NEARLY: i64 = 1_500_000;
/// Bytes that a record costs beside what is packed: places, rows, slots, tables, and its share of names.
const RECORD_BYTES: u64 = 88;
/// Most agencies listed for a cluster; more is no news.
const AGENCIES: usize = 255;

/// Imprints inside the window of message time. Single-threaded; the same stories in the same order
/// give the same verdicts, whatever batches they came in and however often it was rebuilt.
///
/// What the window knows is a function of the records alive and of nothing else: records say what
/// came of a story and under which keys it is remembered, so a replay may begin at the horizon.
pub struct Window {
    settings: Settings,
    store: Store,
    index: Index,
    /// Of clusters with more than one story.
    clusters: Clusters,
    /// Milliseconds of message time; it never runs backwards.
    now: i64,
    digest: u64,
    stats: Stats,
    /// Room that every judgement uses again.
    packed: Vec<u8>,
    hits: Hits,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub stories: u64,
    pub bytes: u64,
    /// Stories that went before their time because of the budget.
    pub evicted: u64,
}

impl Window {
    pub fn new(settings: Settings) -> Window {
        Window {
            settings,
            store: Store::default(),
            index: Index::new(),
            clusters: Clusters::default(),
            now: i64::MIN,
            digest: 0,
            stats: Stats::default(),
            packed: Vec::new(),
            hits: Hits::default(),
        }
    }

    /// Decides, and remembers the story. Forgets first what has left the window at `story.received`.
    /// Appends the packed record that lets another window remember the same to `log`; an empty `log`
    /// begins a block and gets the format version first.
    pub fn judge(&mut self, story: &Story, imprint: &Imprint, log: &mut Vec<u8>) -> Verdict {
        // what leaves the window asks for what is newer, and may be remembered anew
        self.link();
        self.advance_keeping_held(story.received.as_millisecond(), log);
        self.link();
        let mut hits = std::mem::take(&mut self.hits);
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        let claim = Claim::of(story);
        hits.gather(&self.index, &self.store, imprint, claim.identity);
        let keys = hits.keys_kept(imprint);
        let found = self.find(imprint, &mut hits);
        let mut decision = decide(&claim, &found);
        let takes_back = decision.takes_back(self.now);
        if takes_back.is_some() {
            decision.forget_the_unpublished();
        }
        let agencies = Agencies::of(decision.base, &claim.agency);
        let record = self.remembered(story, imprint, &claim, &decision, &agencies);
        record.pack(keys.values().len(), &mut packed);
        let entry = record.entry(keys);
        let (cluster, versions) = (ClusterId(record.cluster), record.versions);
        let follows = record.follows;
        let is_told = decision.is_told();
        let corrects = matches!(decision.relation, Relation::Correction { .. });
        let corrected = decision.base.filter(|_| corrects);
        let verdict = Verdict {
            changes: corrected.map(|base| changes(&base.imprint, imprint, story)),
            relation: decision.relation,
            cluster,
            versions,
            agencies: agencies.known(),
            reason: decision.reason,
            held: held(story).filter(|_| is_told),
            takes_back,
        };
        let whole = Packed {
            body: &packed,
            agencies: &agencies.joined,
            uri: uri_of(story, &verdict.relation),
        };
        record::append(&whole, &entry, log);
        self.remember(&whole, &entry, follows);
        // now, while what was read of the index is near
        self.link();
        (self.packed, self.hits) = (packed, hits);
        verdict
    }

    /// The remembered stories that a story would be compared with by its words, each by its place among all that were
    /// ever remembered, and how they compare.
    pub fn candidates(&self, story: &Story, imprint: &Imprint) -> Vec<(u32, Likeness)> {
        let mut hits = Hits::default();
        let now = self.now.max(story.received.as_millisecond());
        hits.gather(&self.index, &self.store, imprint, 0);
        let compared = hits.most_telling().filter_map(|number| {
            let record = self.record(number)?;
            Some((
                number,
                Likeness::of(&record.imprint, imprint, now - record.time),
            ))
        });
        compared.collect()
    }

    /// Remembers what one block of packed records says, in order: a restart, or a standby. A block
    /// that cannot be read entirely changes nothing.
    pub fn replay(&mut self, packed: &[u8]) -> Result<(), UnpackError> {
        let records = record::records(packed)?.collect::<Result<Vec<_>, _>>()?;
        for (packed, entry) in records {
            self.advance(record::time_of(packed.body));
            self.remember(&packed, &entry, record::cluster_of(packed.body) != 0);
        }
        Ok(())
    }

    /// Makes all that was replayed ready to be found. It is done before the next verdict at the latest.
    pub fn link(&mut self) {
        let store = &self.store;
        let upper =
            |story, place: usize| store.body(story).map(|body| record::upper_of(body)[place]);
        self.index
            .link(|place, newer, older| upper(newer, place) == upper(older, place));
    }

    /// A digest of all that is remembered: equal windows have equal digests.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The message time before which nothing is remembered any more; `None` when empty.
    pub fn horizon(&self) -> Option<Timestamp> {
        let body = self.store.body(self.store.oldest()?)?;
        Timestamp::from_millisecond(record::time_of(body)).ok()
    }

    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn record(&self, number: u32) -> Option<Record<'_>> {
        Record::unpack(self.store.get(number)?, &self.index.entry(number))
    }

    /// The same without its sketches: all that bears on its cluster.
    fn lineage(&self, number: u32) -> Option<Record<'_>> {
        Record::unpack_lineage(self.store.get(number)?, &self.index.entry(number))
    }

    /// The newest story that is named so.
    fn named(&self, place: usize, name: u64) -> Option<u32> {
        let same = |story| is_named(&self.store, story, place, name);
        match name {
            0 => None,
            _ => self.index.newest(place, name as u32, same),
        }
    }

    fn find(&self, imprint: &Imprint, hits: &mut Hits) -> Found<'_> {
        let mut known = hits.named[IDENTITY].and_then(|number| self.record(number));
        known
            .iter_mut()
            .for_each(|record| self.bring_up_to_date(record));
        // an identifier may be used again for another story; that of a killed one stays killed,
        // and that of a held one is safer taken for its new version
        known.take_if(|known| {
            !known.killed
                && known.held(self.now).is_none()
                && Likeness::of(&known.imprint, imprint, self.now - known.time).is_of_strangers()
        });
        let mut same = hits.named[EXACT].and_then(|number| self.lineage(number));
        let mut alike = match known.is_some() || same.is_some() {
            true => None,
            false => self.alike(imprint, hits),
        };
        let like = alike.as_mut().map(|(record, _)| record);
        for record in same.iter_mut().chain(like) {
            self.bring_up_to_date(record);
        }
        Found { known, same, alike }
    }

    /// The remembered story of which this one is a copy. Of several versions that are about as much alike, the
    /// latest: that is what an update replaces.
    fn alike(&self, imprint: &Imprint, hits: &mut Hits) -> Option<(Record<'_>, Likeness)> {
        let compared = hits.most_telling().filter_map(|number| {
            let record = self.record(number)?;
            let likeness = Likeness::of(&record.imprint, imprint, self.now - record.time);
            Some((likeness.score(), record, likeness))
        });
        let mut copies = compared.filter(|(score, ..)| *score > 0);
        let mut best = copies.next()?;
        let mut most = best.0;
        for copy in copies {
            let is_version = copy.1.cluster == best.1.cluster;
            let is_better = match copy.0 - most {
                // of those that came after a version and before the next, the first is the version itself
                more if is_version && more.abs() <= NEARLY => {
                    let age = |record: &Record| (record.versions, Reverse(record.time));
                    age(&copy.1) > age(&best.1)
                }
                more => more > 0,
            };
            most = most.max(copy.0);
            if is_better {
                best = copy;
            }
        }
        Some((best.1, best.2))
    }

    /// What is known of a cluster, its newest record knows.
    fn bring_up_to_date<'a>(&'a self, record: &mut Record<'a>) {
        let newest = self.clusters.get(record.cluster as u64, &self.store);
        if let Some(newest) = newest.and_then(|number| self.lineage(number)) {
            let own = record.agencies.split('\n').nth(usize::from(record.agency));
            let place = newest.agencies.split('\n').position(|a| Some(a) == own);
            record.agency = place.and_then(|p| u8::try_from(p).ok()).unwrap_or(u8::MAX);
            record.agencies = newest.agencies;
            record.versions = newest.versions;
            record.killed = newest.killed;
            record.held = newest.held;
        }
    }

    /// The record of a story about which `decision` was taken.
    fn remembered<'s>(
        &self,
        story: &'s Story,
        imprint: &Imprint,
        claim: &Claim<'s>,
        decision: &'s Decision,
        agencies: &'s Agencies,
    ) -> Record<'s> {
        let relation = &decision.relation;
        let uri = uri_of(story, relation);
        let base = decision.base;
        let killed = base.is_some_and(|base| base.killed);
        let held = match relation {
            Relation::Kill { .. } => None,
            _ if relation.is_duplicate() => base.and_then(|base| base.held(self.now)),
            _ => held(story),
        };
        let revision = match base {
            Some(base) if decision.reason.is_some() && base.identity == claim.identity => {
                base.revision
            }
            _ => claim.revision,
        };
        Record {
            time: self.now,
            identity: claim.identity,
            cluster: base.map_or_else(
                || record::cluster_begun(uri, self.now, imprint.exact, claim.identity),
                |base| base.cluster,
            ),
            versions: decision
                .published_before(self.now)
                .saturating_add(u32::from(decision.is_told())),
            killed: killed || matches!(relation, Relation::Kill { .. }),
            follows: base.is_some(),
            held,
            imprint: imprint.clone(),
            uri,
            revision,
            agencies: &agencies.joined,
            agency: agencies.own,
        }
    }

    fn remember(&mut self, packed: &Packed, entry: &Entry, follows: bool) {
        let number = self.store.push(packed);
        self.index.push(entry);
        if follows {
            self.clusters.put(packed.body, number, &self.store);
        }
        self.digest = self.digest.wrapping_add(packed.digest(entry));
        self.stats.stories += 1;
        self.stats.bytes += cost(packed);
        while (self.stats.bytes > self.settings.budget_bytes || self.store.is_full())
            && self.store.len() > 1
        {
            self.forget();
            self.stats.evicted += 1;
        }
    }

    /// Moves the clock on, and forgets what has left the window.
    fn advance(&mut self, time: i64) {
        self.now = self.now.max(time);
        while self.left_the_window().is_some() {
            self.forget();
        }
    }

    /// The same, but what leaves the window while the server still holds it is remembered anew: it can be
    /// taken back, and is not told twice, however long its embargo is. So is what was killed, for a kill
    /// wins for ever. A replay reads that in the log.
    fn advance_keeping_held(&mut self, time: i64, log: &mut Vec<u8>) {
        self.now = self.now.max(time);
        let mut held = Vec::new();
        while let Some(number) = self.left_the_window() {
            held.extend(self.renewed(number));
            self.forget();
        }
        for renewed in held {
            let packed = Packed {
                body: &renewed.body,
                agencies: &renewed.agencies,
                uri: Uri::new(&renewed.uri),
            };
            record::append(&packed, &renewed.entry, log);
            self.remember(&packed, &renewed.entry, renewed.follows);
        }
    }

    /// The oldest record, where its time is over.
    fn left_the_window(&self) -> Option<u32> {
        let window = i64::try_from(self.settings.window_seconds.saturating_mul(1000));
        let first = self.now.saturating_sub(window.unwrap_or(i64::MAX));
        let oldest = self.store.oldest()?;
        (record::time_of(self.store.body(oldest)?) < first).then_some(oldest)
    }

    /// The record of a held or a killed story as of now, unless a newer one stands for it.
    fn renewed(&self, number: u32) -> Option<Renewed> {
        let mut lineage = self.lineage(number)?;
        self.bring_up_to_date(&mut lineage);
        if !lineage.killed && lineage.held(self.now).is_none() {
            return None;
        }
        let mut record = self.record(number)?;
        self.bring_up_to_date(&mut record);
        let newest = match record.identity {
            0 => self.named(EXACT, record.imprint.exact),
            identity => self.named(IDENTITY, identity),
        };
        if newest != Some(number) {
            return None;
        }
        record.time = self.now;
        let mut body = Vec::new();
        let entry = self.index.entry(number);
        record.pack(entry.phrases.values().len(), &mut body);
        Some(Renewed {
            body,
            agencies: record.agencies.to_owned(),
            uri: record.uri.joined(),
            entry,
            follows: record.follows,
        })
    }

    /// Drops the oldest record.
    fn forget(&mut self) {
        let Some(number) = self.store.oldest() else {
            return;
        };
        if let Some(packed) = self.store.get(number) {
            let entry = self.index.entry(number);
            self.clusters.remove(packed.body, number);
            self.digest = self.digest.wrapping_sub(packed.digest(&entry));
            self.stats.bytes -= cost(&packed);
        }
        self.stats.stories -= 1;
        self.index.pop();
        self.store.pop();
    }
}

/// The record of a story that is remembered anew.
struct Renewed {
    body: Vec<u8>,
    agencies: String,
    uri: String,
    entry: Entry,
    follows: bool,
}

/// The published story that a story is, or repeats.
fn uri_of<'s>(story: &'s Story, relation: &'s Relation) -> Uri<'s> {
    Uri::new(match relation.of() {
        Some(twin) if relation.is_duplicate() => &twin.uri,
        _ => &story.uri,
    })
}

fn cost(packed: &Packed) -> u64 {
    packed.len() as u64 + RECORD_BYTES
}

/// The agencies of a cluster after a story joined it.
struct Agencies {
    joined: String,
    own: u8,
}

impl Agencies {
    fn of(base: Option<&Record>, own: &str) -> Agencies {
        let before = base.map_or("", |base| base.agencies);
        let mut joined = before.to_owned();
        let place = before
            .split('\n')
            .position(|agency| same_agency(agency, own));
        let place = place.unwrap_or_else(|| {
            let count = if before.is_empty() {
                0
            } else {
                before.split('\n').count()
            };
            if count < AGENCIES {
                let gap = if count == 0 { "" } else { "\n" };
                joined.extend([gap, own]);
            }
            count
        });
        Agencies {
            joined,
            own: u8::try_from(place).unwrap_or(u8::MAX),
        }
    }

    fn known(&self) -> Vec<String> {
        let known = self.joined.split('\n').filter(|name| *name != UNKNOWN);
        known.map(str::to_owned).collect()
    }
}

/// Cluster → its newest record, of those that follow another. The key is read from the record, not kept twice.
#[derive(Default)]
struct Clusters {
    numbers: HashTable<u32>,
}

impl Clusters {
    fn get(&self, key: u64, store: &Store) -> Option<u32> {
        let same = |number: &u32| cluster_of(*number, store) == key;
        self.numbers.find(key, same).copied()
    }

    fn put(&mut self, body: &[u8], number: u32, store: &Store) {
        let read = |number: &u32| cluster_of(*number, store);
        let key = record::cluster_of(body);
        match self.numbers.entry(key, |other| read(other) == key, read) {
            hash_table::Entry::Occupied(mut entry) => *entry.get_mut() = number,
            hash_table::Entry::Vacant(entry) => {
                entry.insert(number);
            }
        }
    }

    /// Takes the record out, unless a newer one has its place.
    fn remove(&mut self, body: &[u8], number: u32) {
        let key = record::cluster_of(body);
        if let Ok(entry) = self.numbers.find_entry(key, |other| *other == number) {
            entry.remove();
        }
    }
}

fn cluster_of(number: u32, store: &Store) -> u64 {
    store.body(number).map_or(0, record::cluster_of)
}
