//! The one memory of the core: imprints of the last hours, and the verdicts they lead to.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::imprint::{Imprint, KEYS_KEPT, Keys};
use super::index::{Index, MOST_PER_KEY};
use super::lineage::{Claim, Decision, Found, UNKNOWN, decide, held, same_agency};
use super::record::{self, Record};
use super::store::Store;
use super::verify::Likeness;
use super::{Settings, UnpackError};
use crate::story::{ClusterId, Relation, Story, Timestamp, Verdict};

/// Candidates that are looked at closely.
const CANDIDATES: usize = 8;
/// Bytes that a record, and a key of it, cost beside the packed body: places, rows, tables, chains.
const RECORD_BYTES: u64 = 88;
const KEY_BYTES: u64 = 4;
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
    exact: Table,
    identity: Table,
    /// Of clusters with more than one story.
    cluster: Table,
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
            exact: Table::new(record::exact_of),
            identity: Table::new(record::identity_of),
            cluster: Table::new(record::cluster_of),
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
        self.advance_keeping_held(story.received.as_millisecond(), log);
        let mut hits = std::mem::take(&mut self.hits);
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        hits.gather(&self.index, &self.store, imprint);
        let keys = hits.keys_kept(imprint);
        let claim = Claim::of(story);
        let found = self.find(&claim, imprint, &mut hits);
        let mut decision = decide(&claim, &found);
        let takes_back = decision.takes_back(self.now);
        if takes_back.is_some() {
            decision.forget_the_unpublished();
        }
        let agencies = Agencies::of(decision.base, &claim.agency);
        let record = self.remembered(story, imprint, &claim, &decision, &agencies);
        record.pack(keys.values().len(), &mut packed);
        let (cluster, versions) = (ClusterId(record.cluster), record.versions);
        let follows = record.follows;
        let is_told = decision.is_told();
        let verdict = Verdict {
            relation: decision.relation,
            cluster,
            versions,
            agencies: agencies.known(),
            reason: decision.reason,
            held: held(story).filter(|_| is_told),
            takes_back,
        };
        record::append(&packed, keys.values(), log);
        self.remember(&packed, keys.values(), follows);
        (self.packed, self.hits) = (packed, hits);
        verdict
    }

    /// Remembers what one block of packed records says, in order: a restart, or a standby. A block
    /// that cannot be read entirely changes nothing.
    pub fn replay(&mut self, packed: &[u8]) -> Result<(), UnpackError> {
        for record in record::records(packed)? {
            record?;
        }
        for (body, keys) in record::sound_records(packed) {
            self.advance(record::time_of(body));
            self.remember(body, keys.values(), record::follows(body));
        }
        Ok(())
    }

    /// A digest of all that is remembered: equal windows have equal digests.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The message time before which nothing is remembered any more; `None` when empty.
    pub fn horizon(&self) -> Option<Timestamp> {
        let body = self.store.get(self.store.oldest()?)?;
        Timestamp::from_millisecond(record::time_of(body)).ok()
    }

    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn record(&self, number: u32) -> Option<Record<'_>> {
        Record::unpack(self.store.get(number)?)
    }

    fn find(&self, claim: &Claim, imprint: &Imprint, hits: &mut Hits) -> Found<'_> {
        let get = |table: &Table, key| self.record(table.get(key, &self.store)?);
        let mut known = get(&self.identity, claim.identity);
        known
            .iter_mut()
            .for_each(|record| self.bring_up_to_date(record));
        // an identifier may be used again for another story; that of a killed one stays killed,
        // and that of a held one is safer taken for its new version
        known.take_if(|known| {
            !known.killed
                && known.held(self.now).is_none()
                && Likeness::of(&known.imprint, imprint).is_of_strangers()
        });
        let mut same = get(&self.exact, imprint.exact);
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

    fn alike(&self, imprint: &Imprint, hits: &mut Hits) -> Option<(Record<'_>, Likeness)> {
        let mut best: Option<(Record, Likeness)> = None;
        for number in hits.most_telling() {
            let Some(record) = self.record(number) else {
                continue;
            };
            let likeness = Likeness::of(&record.imprint, imprint);
            let least = best.as_ref().map_or(0, |(_, best)| best.score());
            if likeness.score() > least {
                best = Some((record, likeness));
            }
        }
        best
    }

    /// What is known of a cluster, its newest record knows.
    fn bring_up_to_date<'a>(&'a self, record: &mut Record<'a>) {
        let newest = self.cluster.get(record.cluster as u64, &self.store);
        if let Some(newest) = newest.and_then(|number| self.record(number)) {
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
        let uri = match relation.of() {
            Some(twin) if relation.is_duplicate() => &twin.uri,
            _ => &story.uri,
        };
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
            cluster: base.map_or(claim.cluster, |base| base.cluster),
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

    fn remember(&mut self, body: &[u8], keys: &[u32], follows: bool) {
        let number = self.store.push(body);
        self.index.push(keys);
        self.exact.put(body, number, &self.store);
        self.identity.put(body, number, &self.store);
        if follows {
            self.cluster.put(body, number, &self.store);
        }
        self.digest = self.digest.wrapping_add(digest(body, keys));
        self.stats.stories += 1;
        self.stats.bytes += cost(body, keys);
        while self.stats.bytes > self.settings.budget_bytes && self.store.len() > 1 {
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
            let renewed = self.renewed(number);
            let keys = self.forget();
            held.extend(renewed.map(|(body, follows)| (body, follows, keys)));
        }
        for (body, follows, keys) in held {
            record::append(&body, keys.values(), log);
            self.remember(&body, keys.values(), follows);
        }
    }

    /// The oldest record, where its time is over.
    fn left_the_window(&self) -> Option<u32> {
        let window = i64::try_from(self.settings.window_seconds.saturating_mul(1000));
        let first = self.now.saturating_sub(window.unwrap_or(i64::MAX));
        let oldest = self.store.oldest()?;
        (record::time_of(self.store.get(oldest)?) < first).then_some(oldest)
    }

    /// The record of a held or a killed story as of now, unless a newer one stands for it.
    fn renewed(&self, number: u32) -> Option<(Vec<u8>, bool)> {
        let mut record = self.record(number)?;
        self.bring_up_to_date(&mut record);
        let newest = match record.identity {
            0 => self.exact.get(record.imprint.exact, &self.store),
            identity => self.identity.get(identity, &self.store),
        };
        let lasts = record.killed || record.held(self.now).is_some();
        if !lasts || newest != Some(number) {
            return None;
        }
        record.time = self.now;
        let mut body = Vec::new();
        record.pack(record::keys_of(self.store.get(number)?), &mut body);
        Some((body, record.follows))
    }

    /// Drops the oldest record, and gives the keys that it was remembered under.
    fn forget(&mut self) -> Keys {
        let Some(number) = self.store.oldest() else {
            return Keys::default();
        };
        let Some(body) = self.store.get(number) else {
            return Keys::default();
        };
        let keys = self.index.pop();
        self.exact.remove(body, number);
        self.identity.remove(body, number);
        self.cluster.remove(body, number);
        self.digest = self.digest.wrapping_sub(digest(body, keys.values()));
        self.stats.stories -= 1;
        self.stats.bytes -= cost(body, keys.values());
        self.store.pop();
        keys
    }
}

fn digest(body: &[u8], keys: &[u32]) -> u64 {
    let fold = |hash, key: &u32| xxh3_64_with_seed(&key.to_le_bytes(), hash);
    keys.iter().fold(xxh3_64(body), fold)
}

fn cost(body: &[u8], keys: &[u32]) -> u64 {
    body.len() as u64 + RECORD_BYTES + KEY_BYTES * keys.len() as u64
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

/// Stories that share keys with a new one.
#[derive(Default)]
struct Hits {
    /// Counted from the oldest story, sorted; a story as often as it shares a key.
    stories: Vec<u32>,
    /// (shared keys, story), the best first
    ranked: Vec<(u32, u32)>,
    oldest: u32,
    /// A bit for every key that stands for too many stories already.
    crowded: u32,
}

impl Hits {
    fn gather(&mut self, index: &Index, store: &Store, imprint: &Imprint) {
        self.stories.clear();
        self.crowded = 0;
        self.oldest = store.oldest().unwrap_or(0);
        for (bit, key) in imprint.keys.values().iter().enumerate() {
            let before = self.stories.len();
            let stories = index.stories(*key).take(MOST_PER_KEY);
            self.stories
                .extend(stories.map(|story| story.wrapping_sub(self.oldest)));
            let crowded = self.stories.len() - before == MOST_PER_KEY;
            self.crowded |= u32::from(crowded) << bit;
        }
    }

    /// Those that share most keys, the newer first.
    fn most_telling(&mut self) -> impl Iterator<Item = u32> {
        self.stories.sort_unstable();
        self.ranked.clear();
        for run in self.stories.chunk_by(|a, b| a == b) {
            let own = (run.len() as u32, run[0]);
            let place = self.ranked.partition_point(|other| *other > own);
            if place < CANDIDATES {
                self.ranked.truncate(CANDIDATES - 1);
                self.ranked.insert(place, own);
            }
        }
        let best = self.ranked.iter();
        best.map(|(_, story)| story.wrapping_add(self.oldest))
    }

    /// The keys to remember the story under: the most telling that are not crowded.
    fn keys_kept(&self, imprint: &Imprint) -> Keys {
        let mut kept = Keys::default();
        let all = imprint.keys.values().iter().enumerate();
        let telling = all.filter(|(bit, _)| self.crowded >> bit & 1 == 0);
        telling.take(KEYS_KEPT).for_each(|(_, key)| kept.push(*key));
        kept
    }
}

/// Key → the newest record with it. The key is read from the record, not kept twice.
struct Table {
    numbers: HashTable<u32>,
    key_of: fn(&[u8]) -> u64,
}

impl Table {
    fn new(key_of: fn(&[u8]) -> u64) -> Table {
        Table {
            numbers: HashTable::new(),
            key_of,
        }
    }

    fn key(&self, number: u32, store: &Store) -> u64 {
        store.get(number).map_or(0, self.key_of)
    }

    fn get(&self, key: u64, store: &Store) -> Option<u32> {
        let same = |number: &u32| self.key(*number, store) == key;
        self.numbers.find(key, same).copied().filter(|_| key != 0)
    }

    fn put(&mut self, body: &[u8], number: u32, store: &Store) {
        let key = (self.key_of)(body);
        if key == 0 {
            return;
        }
        let key_of = self.key_of;
        let read = |number: &u32| store.get(*number).map_or(0, key_of);
        match self.numbers.entry(key, |other| read(other) == key, read) {
            Entry::Occupied(mut entry) => *entry.get_mut() = number,
            Entry::Vacant(entry) => {
                entry.insert(number);
            }
        }
    }

    /// Takes the record out, unless a newer one has its place.
    fn remove(&mut self, body: &[u8], number: u32) {
        let key = (self.key_of)(body);
        if let Ok(entry) = self.numbers.find_entry(key, |other| *other == number) {
            entry.remove();
        }
    }
}
