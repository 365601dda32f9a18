//! The whole flow on one screen: raw messages in, commits of accounted outcomes out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::dedup::{self, Imprint, UnpackError, Window};
use crate::normalize;
use crate::parse;
use crate::publish::{self, Stamp};
use crate::story::{
    FeedProfile, Fingerprint, Outbound, Position, RawMessage, Reason, Rejection, Stage, Story,
    Tags, Timestamp, Verdict,
};
use crate::tag::Tagger;

/// What decisions depend on beside the messages.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Slug of the partition: part of the subjects of held stories.
    pub partition: String,
    pub dedup: dedup::Settings,
    /// By agency slug, or `<agency>.<feed>` where a feed differs from its agency.
    pub feeds: BTreeMap<String, FeedProfile>,
    /// Bytes of the largest record, headers included.
    pub max_event_bytes: usize,
    /// Most outcomes in one commit.
    pub max_outcomes: usize,
    /// Most bytes of payload behind one commit; a single larger item is a commit of its own.
    pub max_commit_bytes: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            partition: "main".to_owned(),
            dedup: dedup::Settings::default(),
            feeds: BTreeMap::new(),
            max_event_bytes: 1_000_000,
            max_outcomes: 900,
            max_commit_bytes: 16 << 20,
        }
    }
}

/// All that one atomic batch will tell the world.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// In source order.
    pub outbound: Vec<Outbound>,
    /// Packed imprints of the stories judged, in order, for `Pipeline::replay`; empty when none was.
    pub imprints: Vec<u8>,
    /// How far the source is done once this is committed.
    pub position: Position,
    /// The timestamp of the last message of the commit.
    pub received: Option<Timestamp>,
    /// Digest of the window after this commit.
    pub digest: u64,
    /// The message time before which imprints are no longer needed.
    pub horizon: Option<Timestamp>,
}

/// The five rooms and the one memory.
pub struct Pipeline {
    settings: Settings,
    tagger: Arc<Tagger>,
    window: Window,
    position: Position,
}

/// One item on its way: a story with its imprint, or the reason why it is none.
type Prepared = Result<Box<(Story, Imprint)>, Box<Refused>>;

struct Refused {
    rejection: Rejection,
    ids: Vec<(String, String)>,
}

/// The items of one message, in order.
pub struct Arrival<'m> {
    message: &'m RawMessage,
    items: Vec<Prepared>,
}

/// The items of one commit with their verdicts, not yet rendered.
#[derive(Default)]
pub struct Judged<'m> {
    items: Vec<(&'m RawMessage, u32, Decided)>,
    commit: Commit,
}

enum Decided {
    Story(Box<(Story, Verdict)>),
    Refused(Box<Refused>),
}

impl Pipeline {
    pub fn new(mut settings: Settings, tagger: Arc<Tagger>) -> Pipeline {
        settings.feeds = completed(settings.feeds);
        let window = Window::new(settings.dedup.clone());
        Pipeline {
            settings,
            tagger,
            window,
            position: Position::default(),
        }
    }

    /// Total: bad input is an outcome, not an error. Messages at or before the position are passed
    /// over; of the next one, as many items as the position says are done already. Returns one commit,
    /// or several where the outcomes are more than one batch may hold; none for no messages.
    pub fn process(&mut self, batch: &[RawMessage]) -> Vec<Commit> {
        let arrivals = self.prepare(batch);
        let judged = self.judge(arrivals);
        self.render(judged)
    }

    /// Parse, normalize, imprint: without memory, on all cores, results in source order.
    pub fn prepare<'m>(&self, batch: &'m [RawMessage]) -> Vec<Arrival<'m>> {
        batch
            .par_iter()
            .filter(|message| message.origin.sequence > self.position.sequence)
            .map(|message| Arrival {
                message,
                items: self.items(message),
            })
            .collect()
    }

    /// Verdicts, one after the other: the only step with a memory. Cuts the work into commits.
    pub fn judge<'m>(&mut self, arrivals: Vec<Arrival<'m>>) -> Vec<Judged<'m>> {
        let mut cuts = Cuts::default();
        for Arrival { message, items } in arrivals {
            let (count, done) = (items.len() as u32, self.position.items);
            for (index, item) in (0..).zip(items).skip(done as usize) {
                let bytes = message.body.len() / count.max(1) as usize;
                if cuts.is_full(bytes, &self.settings) {
                    cuts.close(self.position, &self.window);
                }
                let decided = self.decide(item, &mut cuts.open.commit.imprints);
                cuts.push(message, index, decided, bytes);
                self.position.items = index + 1;
            }
            self.position = Position {
                sequence: message.origin.sequence,
                items: 0,
            };
            cuts.open.commit.received = Some(message.received);
        }
        cuts.finish(self.position, &self.window)
    }

    /// Tag, publish: without memory, on all cores, results in source order.
    pub fn render(&self, judged: Vec<Judged<'_>>) -> Vec<Commit> {
        let render = |Judged { items, mut commit }: Judged<'_>| {
            let records: Vec<_> = items
                .par_iter()
                .map(|(message, index, decided)| self.outbound(message, *index, decided))
                .collect();
            commit.outbound = records.into_iter().flatten().collect();
            commit
        };
        judged.into_iter().map(render).collect()
    }

    /// The dead letter for messages that the stream lost before they were read. `at` is the time of the
    /// last message known, so that the outcome is the same in every run.
    pub fn gap(&mut self, stream: &str, lost: RangeInclusive<u64>, at: Timestamp) -> Commit {
        self.position = Position {
            sequence: *lost.end(),
            items: 0,
        };
        let letter = publish::gap(&Arc::from(stream), &lost, at, &self.settings.partition);
        self.commit_of(letter, at)
    }

    /// The dead letter for a message that the process died on, again and again.
    pub fn give_up(&mut self, message: &RawMessage) -> Commit {
        self.position = Position {
            sequence: message.origin.sequence,
            items: 0,
        };
        let rejection = Rejection {
            reason: Reason::Crash,
            stage: Stage::Receive,
            message: "the process ended each time this message was begun; keep it, and report it"
                .to_owned(),
        };
        let refused = Refused {
            rejection,
            ids: input_id(message, None),
        };
        self.commit_of(self.letter(message, None, &refused), message.received)
    }

    /// Remembers what another run, or another writer, committed.
    pub fn replay(&mut self, packed: &[u8]) -> Result<(), UnpackError> {
        self.window.replay(packed)
    }

    /// Goes on after `position`.
    pub fn resume(&mut self, position: Position) {
        self.position = position;
        self.window.link();
    }

    /// Takes another lexicon from the next batch on.
    pub fn reload(&mut self, tagger: Arc<Tagger>) {
        self.tagger = tagger;
    }

    pub fn position(&self) -> Position {
        self.position
    }

    pub fn window(&self) -> &Window {
        &self.window
    }

    pub fn tagger(&self) -> &Tagger {
        &self.tagger
    }

    /// The items of a message, each a story or a refusal. A panic refuses the message.
    fn items(&self, message: &RawMessage) -> Vec<Prepared> {
        let profile = self.profile(message);
        let parsed = guarded(Stage::Parse, || {
            well_addressed(message)?;
            parse::dispatches(message, profile)
                .map_err(|e| rejected(e.reason, Stage::Parse, e.message))
        });
        let dispatches = match parsed {
            Ok(dispatches) if dispatches.is_empty() => vec![Err(parse::Error {
                reason: Reason::Empty,
                message: "the payload holds no item".to_owned(),
            })],
            Ok(dispatches) => dispatches,
            Err(rejection) => return vec![refuse(rejection, input_id(message, None))],
        };
        let raw = Fingerprint {
            sha256: Sha256::digest(&message.body).into(),
            bytes: message.body.len() as u64,
        };
        let several = dispatches.len() > 1;
        let prepare = |(index, item): (u32, parse::Item)| {
            let ids = input_id(message, several.then_some(index));
            let story = guarded(Stage::Normalize, || {
                let dispatch = item.map_err(|e| rejected(e.reason, Stage::Parse, e.message))?;
                let mut story = normalize::story(dispatch, message, &raw, profile)
                    .map_err(|e| rejected(e.reason, Stage::Normalize, e.message))?;
                story.alt_ids.extend(ids.iter().cloned());
                self.fits(&story)?;
                let imprint = Imprint::of(&story);
                Ok(Box::new((story, imprint)))
            });
            story.or_else(|rejection| refuse(rejection, ids))
        };
        (0..).zip(dispatches).map(prepare).collect()
    }

    /// A feed's profile, else its agency's, else what is known of the agency.
    fn profile(&self, message: &RawMessage) -> &FeedProfile {
        static NONE: FeedProfile = FeedProfile {
            agency: None,
            language: None,
            zone: None,
            charset: None,
            urgency: Vec::new(),
        };
        let Some(agency) = message.subject.agency() else {
            return &NONE;
        };
        let feeds = Some(&self.settings.feeds).filter(|feeds| !feeds.is_empty());
        let feed = feeds
            .zip(message.subject.feed())
            .and_then(|(feeds, feed)| feeds.get(&format!("{agency}.{feed}")));
        feed.or_else(|| feeds?.get(agency))
            .or_else(|| normalize::profile(agency))
            .unwrap_or(&NONE)
    }

    /// Refuses a story whose words alone are more than a record may hold.
    fn fits(&self, story: &Story) -> Result<(), Rejection> {
        let most = self
            .settings
            .max_event_bytes
            .saturating_sub(publish::RESERVE);
        // escapes at most double a text that was cleaned of control characters
        if story.raw.bytes as usize <= most / 8 {
            return Ok(());
        }
        let bytes = publish::words_bytes(story, self.stamp());
        if bytes <= most {
            return Ok(());
        }
        let message = format!(
            "the event would need {bytes} bytes and a record may have {most}; raise limits.max_event_bytes and the server's max_payload"
        );
        Err(rejected(Reason::TooLarge, Stage::Publish, message))
    }

    fn decide(&mut self, item: Prepared, log: &mut Vec<u8>) -> Decided {
        match item {
            Ok(prepared) => {
                let (story, imprint) = *prepared;
                let verdict = self.window.judge(&story, &imprint, log);
                Decided::Story(Box::new((story, verdict)))
            }
            Err(refused) => Decided::Refused(refused),
        }
    }

    fn outbound(&self, message: &RawMessage, index: u32, decided: &Decided) -> Vec<Outbound> {
        let (story, verdict) = match decided {
            Decided::Story(judged) => &**judged,
            Decided::Refused(refused) => return vec![self.letter(message, Some(index), refused)],
        };
        let rendered = guarded(Stage::Tag, || {
            let tags = match verdict.relation.is_duplicate() {
                true => Tags::default(),
                false => self.tagger.tag(story),
            };
            Ok(publish::outbound(story, verdict, &tags, self.stamp()))
        });
        let record = rendered.unwrap_or_else(|rejection| {
            let ids = story.alt_ids.clone();
            self.letter(message, Some(index), &Refused { rejection, ids })
        });
        let cancel = verdict
            .takes_back
            .map(|held| publish::cancel(story, held, &self.settings.partition));
        std::iter::once(record).chain(cancel).collect()
    }

    fn letter(&self, message: &RawMessage, item: Option<u32>, refused: &Refused) -> Outbound {
        let Settings {
            partition,
            max_event_bytes,
            ..
        } = &self.settings;
        let Refused { rejection, ids } = refused;
        publish::dead_letter(message, item, rejection, ids, partition, *max_event_bytes)
    }

    fn commit_of(&self, record: Outbound, received: Timestamp) -> Commit {
        Commit {
            outbound: vec![record],
            imprints: Vec::new(),
            position: self.position,
            received: Some(received),
            digest: self.window.digest(),
            horizon: self.window.horizon(),
        }
    }

    fn stamp(&self) -> Stamp<'_> {
        Stamp {
            partition: &self.settings.partition,
            lexicon: self.tagger.lexicon().version(),
            max_bytes: self.settings.max_event_bytes,
        }
    }
}

impl Decided {
    /// Records that it takes: one more where a held story is taken back.
    fn records(&self) -> usize {
        match self {
            Decided::Story(judged) => 1 + usize::from(judged.1.takes_back.is_some()),
            Decided::Refused(_) => 1,
        }
    }
}

/// Commits being filled, one after the other.
#[derive(Default)]
struct Cuts<'m> {
    closed: Vec<Judged<'m>>,
    open: Judged<'m>,
    bytes: usize,
    records: usize,
}

impl<'m> Cuts<'m> {
    fn is_full(&self, more: usize, settings: &Settings) -> bool {
        // one record is kept free: what takes a held story back needs a second one
        self.records > 0
            && (self.records + 2 > settings.max_outcomes.max(2)
                || self.bytes + more > settings.max_commit_bytes)
    }

    fn push(&mut self, message: &'m RawMessage, index: u32, decided: Decided, bytes: usize) {
        self.records += decided.records();
        self.open.items.push((message, index, decided));
        self.open.commit.received = Some(message.received);
        self.bytes += bytes;
    }

    fn close(&mut self, position: Position, window: &Window) {
        let mut judged = std::mem::take(&mut self.open);
        judged.commit.position = position;
        judged.commit.digest = window.digest();
        judged.commit.horizon = window.horizon();
        self.closed.push(judged);
        (self.bytes, self.records) = (0, 0);
    }

    fn finish(mut self, position: Position, window: &Window) -> Vec<Judged<'m>> {
        if self.open.commit.received.is_some() {
            self.close(position, window);
        }
        self.closed
    }
}

/// Profiles in which a feed says what differs from its agency, and an agency what differs from what is known of it.
fn completed(mut feeds: BTreeMap<String, FeedProfile>) -> BTreeMap<String, FeedProfile> {
    let fill = |profile: &mut FeedProfile, from: &FeedProfile| {
        let fill = |to: &mut Option<String>, from: &Option<String>| {
            *to = to.take().or_else(|| from.clone());
        };
        fill(&mut profile.agency, &from.agency);
        fill(&mut profile.language, &from.language);
        fill(&mut profile.zone, &from.zone);
        fill(&mut profile.charset, &from.charset);
        if profile.urgency.is_empty() {
            profile.urgency.clone_from(&from.urgency);
        }
    };
    let said = feeds.clone();
    for (name, profile) in &mut feeds {
        let (agency, feed) = name.split_once('.').unwrap_or((name, ""));
        if let Some(own) = said.get(agency).filter(|_| !feed.is_empty()) {
            fill(profile, own);
        }
        if let Some(known) = normalize::profile(agency) {
            fill(profile, known);
        }
    }
    feeds
}

/// Runs `work` on one message; a panic is a rejection of that message.
fn guarded<T>(stage: Stage, work: impl FnOnce() -> Result<T, Rejection>) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|said| (*said).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Err(rejected(
            Reason::Panic,
            stage,
            format!("the code panicked: {said}; keep the message, and report it"),
        ))
    })
}

fn rejected(reason: Reason, stage: Stage, message: String) -> Rejection {
    Rejection {
        reason,
        stage,
        message,
    }
}

fn refuse(rejection: Rejection, ids: Vec<(String, String)>) -> Prepared {
    Err(Box::new(Refused { rejection, ids }))
}

/// `wire.raw.<agency>.<feed>` at least, whatever the first two tokens are mapped to.
fn well_addressed(message: &RawMessage) -> Result<(), Rejection> {
    if message.subject.feed().is_some() && message.subject.0.split('.').nth(2) != Some("") {
        return Ok(());
    }
    let subject = &message.subject.0;
    let message =
        format!("the subject {subject} has too few tokens; publish on wire.raw.<agency>.<feed>");
    Err(rejected(Reason::Subject, Stage::Receive, message))
}

/// The name that a person gave the input, as an alternative id.
fn input_id(message: &RawMessage, item: Option<u32>) -> Vec<(String, String)> {
    let name = |input: &String| match item {
        Some(item) => format!("{input}#{item}"),
        None => input.clone(),
    };
    message
        .input
        .iter()
        .map(|input| ("input".to_owned(), name(input)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_rejection_that_says_what_the_code_said() {
        let broken = || -> Result<(), Rejection> { panic!("index 7 of 3") };
        let rejection = guarded(Stage::Tag, broken).expect_err("a panic");
        assert_eq!(
            (rejection.reason, rejection.stage),
            (Reason::Panic, Stage::Tag)
        );
        assert!(rejection.message.contains("index 7 of 3"), "{rejection:?}");
        assert_eq!(guarded(Stage::Tag, || Ok(1)), Ok(1));
    }
}
