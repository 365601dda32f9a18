//! What must have come of every message of a source, and whether a log says exactly that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use copytaster::daemon::bus::jetstream::JetStream;
use copytaster::daemon::bus::{Bus as _, Room};
use copytaster::daemon::settings::{self, Sources};
use copytaster::pipeline::Pipeline;
use copytaster::story::{Outbound, Outcome, Timestamp};
use copytaster::tag::{Lexicon, Tagger};
use futures_util::StreamExt as _;

/// A record of the log, without what names its batch.
#[derive(Clone, Debug)]
pub struct Entry {
    pub published: Timestamp,
    pub subject: String,
    /// Sorted.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The server published it at the hour of an embargo.
    pub released: bool,
}

impl Entry {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(has, _)| has == name);
        found.map_or("", |(_, value)| value)
    }
}

/// All that consumers may have seen, in order.
pub struct Log(pub Vec<Entry>);

impl Log {
    pub async fn read(bus: &JetStream, stream: &str) -> Log {
        let context = jetstream::new(bus.client().clone());
        let stream = context.get_stream(stream).await.unwrap();
        let mut log = Log(Vec::new());
        if stream.cached_info().state.messages == 0 {
            return log;
        }
        let config = jetstream::consumer::pull::OrderedConfig::default();
        let consumer = stream.create_consumer(config).await.unwrap();
        let mut messages = consumer.messages().await.unwrap();
        // the last record may be purged while we read, and its hour have come
        let patience = Duration::from_secs(2);
        while let Ok(Some(message)) = tokio::time::timeout(patience, messages.next()).await {
            let message = message.unwrap();
            let info = message.info().unwrap();
            let pending = info.pending;
            let published =
                Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).unwrap();
            if !message.subject.contains(".state.") {
                log.0.push(entry(published, &message));
            }
            if pending == 0 {
                break;
            }
        }
        log
    }
}

fn entry(published: Timestamp, message: &async_nats::Message) -> Entry {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, values) in message.headers.iter().flat_map(|headers| headers.iter()) {
        all.extend(
            values
                .iter()
                .map(|value| (name.to_string(), value.as_str().to_owned())),
        );
    }
    let released = all.iter().any(|(name, _)| name == "Nats-Scheduler");
    all.retain(|(name, _)| !is_of_the_server(name, released));
    all.sort();
    Entry {
        published,
        subject: message.subject.to_string(),
        headers: all,
        body: message.payload.to_vec(),
        released,
    }
}

fn is_of_the_server(name: &str, released: bool) -> bool {
    // the server rolls up the subject of a scheduled message, whether it is asked to or not
    let batch = name.starts_with("Nats-Batch-") || name == "Nats-Rollup";
    batch || released && name.starts_with("Nats-Schedule")
}

/// What must be in the log.
pub struct Ledger {
    expected: Vec<Expected>,
}

struct Expected {
    id: String,
    outbound: Outbound,
    /// The hour of a held story.
    hour: Option<Timestamp>,
    /// The record that takes the held story back.
    taken_back_by: Option<usize>,
}

impl Ledger {
    /// Decides on the messages 1 to `last` without any daemon.
    pub async fn of(bus: &JetStream, last: u64) -> Ledger {
        let settings = settings::load(&Sources::default()).unwrap().settings;
        let tagger = Arc::new(Tagger::new(Arc::new(Lexicon::embedded())));
        let mut pipeline = Pipeline::new(settings.pipeline(), tagger);
        let room = Room {
            messages: 500,
            bytes: 16 << 20,
        };
        let mut expected = Vec::new();
        while pipeline.position().sequence < last {
            let pulled = bus.pull(pipeline.position().sequence, room).await.unwrap();
            assert_eq!(pulled.lost, None);
            for commit in pipeline.process(&pulled.messages) {
                expected.extend(commit.outbound.into_iter().map(Expected::new));
            }
        }
        let mut cancels: BTreeMap<String, usize> = BTreeMap::new();
        for (at, record) in expected.iter_mut().enumerate().rev() {
            let subject = record.outbound.subject.clone();
            match record.outbound.is_cancel() {
                true => drop(cancels.insert(subject, at)),
                false => record.taken_back_by = cancels.get(&subject).copied(),
            }
        }
        let ledger = Ledger { expected };
        ledger.each_item_once(last);
        ledger
    }

    /// Every item of every message has one outcome, in the order of the source.
    fn each_item_once(&self, last: u64) {
        let mut before = (0, -1);
        for record in self.expected.iter().filter(|r| !r.outbound.is_cancel()) {
            let mut place = record.id.rsplit(':');
            let item: i64 = place.next().unwrap().parse().unwrap();
            let sequence: u64 = place.next().unwrap().parse().unwrap();
            let next_item = (sequence, item) == (before.0, before.1 + 1);
            let next_message = (sequence, item) == (before.0 + 1, 0);
            assert!(
                next_item || next_message,
                "{} follows {before:?}",
                record.id
            );
            before = (sequence, item);
        }
        assert_eq!(before.0, last, "the last outcome");
    }

    /// Counts the outcomes by kind, or says what is wrong. `kills`: when the server was killed.
    pub fn account(
        &self,
        log: &Log,
        kills: &[Timestamp],
    ) -> Result<BTreeMap<&'static str, u64>, String> {
        let mut counts = BTreeMap::new();
        let told = self.told_in_order(log, &mut counts)?;
        self.held(&Shelf::of(log, kills)?, &told, &mut counts)?;
        Ok(counts)
    }

    /// All but held stories: byte for byte, in order, and nothing else.
    fn told_in_order<'l>(
        &self,
        log: &'l Log,
        counts: &mut BTreeMap<&'static str, u64>,
    ) -> Result<BTreeMap<&'l str, Timestamp>, String> {
        let is_told = |entry: &&Entry| !entry.released && !entry.subject.starts_with("wire.held.");
        let mut found = log.0.iter().filter(is_told);
        let mut times = BTreeMap::new();
        for expected in &self.expected {
            let outcome = expected.outbound.outcome;
            if outcome == Outcome::Held {
                continue;
            }
            let Some(entry) = found.next() else {
                return Err(format!("lost: {expected}"));
            };
            expected.same(entry)?;
            times.insert(entry.header("ce-id"), entry.published);
            *counts.entry(outcome.name()).or_default() += 1;
        }
        match found.next() {
            Some(entry) => Err(format!(
                "one too many: {} {:?}",
                entry.subject, entry.headers
            )),
            None => Ok(times),
        }
    }

    /// Held stories: each waits for its hour, came out at it once, or was taken back before it.
    fn held(
        &self,
        shelf: &Shelf<'_>,
        told: &BTreeMap<&str, Timestamp>,
        counts: &mut BTreeMap<&'static str, u64>,
    ) -> Result<(), String> {
        let held = |record: &&Expected| record.outbound.outcome == Outcome::Held;
        let mut out_of: BTreeMap<&str, bool> = BTreeMap::new();
        for record in self.expected.iter().filter(held) {
            let subject = record.outbound.subject.as_str();
            let here = shelf.here.get(subject).copied();
            if record.outbound.is_cancel() {
                match here {
                    Some(entry) => record.same(entry)?,
                    // a server that publishes a held story purges its subject
                    None if out_of[subject] => {}
                    None => return Err(format!("lost: {record}")),
                }
                continue;
            }
            let out = shelf.out.get(record.id.as_str()).copied();
            out_of.insert(subject, out.is_some());
            if let Some(entry) = out {
                record.same_but_released(entry)?;
            }
            let fate = match (record.taken_back_by, here, out) {
                (None, Some(entry), None) => {
                    record.same(entry)?;
                    if record.hour.is_some_and(|hour| hour <= Timestamp::now()) {
                        return Err(format!("its hour has come: {record}"));
                    }
                    "held: waits"
                }
                (None, None, Some(_)) => "held: released",
                (Some(_), _, None) => "held: taken back",
                (Some(by), _, Some(_)) => {
                    let by = &self.expected[by];
                    let taken = here.map(|entry| entry.published);
                    let taken = taken.or_else(|| told.get(by.id.as_str()).copied());
                    if taken.is_some_and(|at| record.hour > Some(at) && !shelf.near_a_kill(at)) {
                        return Err(format!("came out though it was taken back: {record}"));
                    }
                    "held: released before it could be taken back"
                }
                (_, here, out) => return Err(format!("{record} is {here:?}, {out:?}")),
            };
            *counts.entry(fate).or_default() += 1;
        }
        let known = |subject: &str| out_of.contains_key(subject);
        if !shelf.here.keys().all(|subject| known(subject)) {
            return Err("more is held than should be".to_owned());
        }
        if shelf.out.len() > out_of.values().filter(|out| **out).count() {
            return Err("more was released than was held".to_owned());
        }
        if shelf.twice > 0 {
            *counts.entry("held: twice, by a killed server").or_default() += shelf.twice;
        }
        Ok(())
    }
}

/// What the log says of held stories.
struct Shelf<'l> {
    /// By subject: those that wait, and the records that took others back.
    here: BTreeMap<&'l str, &'l Entry>,
    /// By the id of the event.
    out: BTreeMap<&'l str, &'l Entry>,
    twice: u64,
    kills: &'l [Timestamp],
}

impl<'l> Shelf<'l> {
    fn of(log: &'l Log, kills: &'l [Timestamp]) -> Result<Shelf<'l>, String> {
        let mut shelf = Shelf {
            here: BTreeMap::new(),
            out: BTreeMap::new(),
            twice: 0,
            kills,
        };
        for entry in &log.0 {
            let before = match entry.released {
                true => shelf.out.insert(entry.header("ce-id"), entry),
                false if entry.subject.starts_with("wire.held.") => {
                    shelf.here.insert(&entry.subject, entry)
                }
                false => None,
            };
            // publishing and purging, storing and purging are two steps of the server, and it may be killed between
            match before {
                Some(before) if entry.released && shelf.near_a_kill(before.published) => {
                    shelf.twice += 1;
                }
                Some(_) if !entry.released && shelf.near_a_kill(entry.published) => {}
                Some(_) => return Err(format!("twice: {} {:?}", entry.subject, entry.headers)),
                None => {}
            }
        }
        Ok(shelf)
    }

    fn near_a_kill(&self, at: Timestamp) -> bool {
        let near = |kill: &Timestamp| {
            let before = kill.duration_since(at).as_millis();
            (-50..1000).contains(&before)
        };
        self.kills.iter().any(near)
    }
}

impl Expected {
    fn new(outbound: Outbound) -> Expected {
        let header = |name: &str| {
            let found = outbound.headers.iter().find(|(has, _)| *has == name);
            found.map(|(_, value)| value.as_str())
        };
        Expected {
            id: header("ce-id").unwrap().to_owned(),
            hour: header("Nats-Schedule").map(|at| at.trim_start_matches("@at ").parse().unwrap()),
            taken_back_by: None,
            outbound,
        }
    }

    fn headers(&self, released: bool) -> Vec<(String, String)> {
        let own = self.outbound.headers.iter();
        let mut headers: Vec<(String, String)> = own
            .filter(|(name, _)| !is_of_the_server(name, released))
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        headers.sort();
        headers
    }

    fn same(&self, entry: &Entry) -> Result<(), String> {
        let same = entry.subject == self.outbound.subject
            && entry.headers == self.headers(false)
            && entry.body == self.outbound.body;
        self.or_differs(same, entry)
    }

    fn same_but_released(&self, entry: &Entry) -> Result<(), String> {
        let target = self.outbound.headers.iter();
        let target = target
            .filter(|(name, _)| *name == "Nats-Schedule-Target")
            .map(|(_, target)| target.as_str());
        let same = target.collect::<Vec<_>>() == [entry.subject.as_str()]
            && entry.headers == self.headers(true)
            && entry.body == self.outbound.body
            && self.hour.is_some_and(|hour| hour <= entry.published);
        self.or_differs(same, entry)
    }

    fn or_differs(&self, same: bool, entry: &Entry) -> Result<(), String> {
        match same {
            true => Ok(()),
            false => Err(format!(
                "expected {self}\nfound {} {:?} at {}\n{}",
                entry.subject,
                entry.headers,
                entry.published,
                String::from_utf8_lossy(&entry.body)
            )),
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outbound {
            subject,
            headers,
            body,
            ..
        } = &self.outbound;
        write!(
            f,
            "{subject} {headers:?}\n{}",
            String::from_utf8_lossy(body)
        )
    }
}
