//! Have we said this already? Cases as a table, and what must hold for any stories.

use copytaster::dedup::{FORMAT, Imprint, Settings, UnpackError, Window};
use copytaster::story::{
    ItemKind, Relation, Signal, Story, Text, Timestamp, Tokens, Verdict, Zone,
};
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::blank;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    stories: Vec<Row>,
    verdicts: Vec<String>,
    versions: Option<Vec<u32>>,
    /// Of every story, the figures and then the names that are new in a correction.
    changes: Option<Vec<Vec<String>>>,
    /// Of the window; three days where nothing is said.
    hours: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    agency: Option<String>,
    guid: Option<String>,
    version: Option<String>,
    /// Minutes after the first story.
    created: Option<i64>,
    /// Hours after the first story.
    hours: i64,
    signals: Vec<String>,
    /// Text where nothing is said.
    kind: Option<String>,
    /// Hours after the first story.
    embargo: Option<i64>,
    title: String,
    body: String,
}

const BEGIN: i64 = 1_699_261_200_000;
const HOUR: i64 = 3_600_000;

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(BEGIN + milliseconds).unwrap()
}

fn signal(name: &str) -> Signal {
    use Signal::*;
    let all = [Update, Correction, Refile, Kill];
    all.into_iter().find(|s| s.name() == name).unwrap()
}

/// The story of a row; `number` is its place in the stream and its uri.
fn story(number: u64, row: &Row) -> Story {
    let headline = Text::new(row.title.as_str());
    let body = Text::new(row.body.as_str());
    let tokens = Tokens::of([
        (Zone::Headline, headline.as_deref().unwrap_or("")),
        (Zone::Body, body.as_deref().unwrap_or("")),
    ]);
    let guid = row
        .guid
        .iter()
        .map(|guid| ("guid".to_owned(), guid.clone()));
    let mut story = Story {
        uri: number.to_string(),
        identified: row.guid.is_some(),
        version: row.version.clone(),
        alt_ids: guid.collect(),
        kind: row
            .kind
            .as_deref()
            .map_or(ItemKind::Text, |name| ItemKind::from_name(name).unwrap()),
        version_created: row.created.map(|minutes| time(minutes * 60_000)),
        embargoed_until: row.embargo.map(|hours| time(hours * HOUR)),
        language: "und".to_owned(),
        headline,
        body,
        signals: row.signals.iter().map(|name| signal(name)).collect(),
        tokens,
        ..blank::story(number, time(row.hours * HOUR + number as i64))
    };
    story.source.agency.clone_from(&row.agency);
    story
}

fn judge(window: &mut Window, number: u64, row: &Row, log: &mut Vec<u8>) -> Verdict {
    let story = story(number, row);
    window.judge(&story, &Imprint::of(&story), log)
}

/// `near 2 late-version`: relation, the story it points at, the reason, and what becomes of held ones.
fn told(verdict: &Verdict) -> String {
    let of = verdict.relation.of().map(|twin| twin.uri.clone());
    let mut parts = vec![Some(verdict.relation.name().to_owned()), of];
    parts.push(verdict.reason.map(str::to_owned));
    parts.push(verdict.held.map(|_| "held".to_owned()));
    parts.push(verdict.takes_back.map(|_| "replaces".to_owned()));
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn new_words(verdict: &Verdict) -> Vec<String> {
    let changes = verdict.changes.iter();
    changes
        .flat_map(|changes| changes.figures.iter().chain(&changes.names).cloned())
        .collect()
}

#[test]
fn every_case_of_the_table_is_judged_as_it_says() {
    let table: Table = toml::from_str(include_str!("../tables/dedup.toml")).unwrap();
    let mut faults = Vec::new();
    for case in table.case {
        let mut settings = Settings::default();
        settings.window_seconds = case.hours.map_or(settings.window_seconds, |h| h * 3600);
        let mut window = Window::new(settings);
        let rows = case.stories.iter().zip(1..);
        let verdicts: Vec<Verdict> = rows
            .map(|(row, number)| judge(&mut window, number, row, &mut Vec::new()))
            .collect();
        let relations: Vec<String> = verdicts.iter().map(told).collect();
        if relations != case.verdicts {
            faults.push(format!("{}: {relations:?}", case.name));
        }
        let versions: Vec<u32> = verdicts.iter().map(|verdict| verdict.versions).collect();
        if case.versions.is_some_and(|wanted| wanted != versions) {
            faults.push(format!("{}: versions {versions:?}", case.name));
        }
        let changes: Vec<Vec<String>> = verdicts.iter().map(new_words).collect();
        if case.changes.is_some_and(|wanted| wanted != changes) {
            faults.push(format!("{}: changes {changes:?}", case.name));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_cluster_keeps_its_name_and_lists_its_agencies_in_order_of_arrival() {
    let row = |agency: &str| Row {
        agency: Some(agency.to_owned()).filter(|name| !name.is_empty()),
        title: "Bridge closed".to_owned(),
        body: "The old bridge over the Maro is closed to lorries from Monday on.".to_owned(),
        ..Row::default()
    };
    let mut window = Window::new(Settings::default());
    let verdicts: Vec<Verdict> = [
        (1, "Agencia Norte"),
        (2, ""),
        (3, "Kestrel"),
        (4, "agencia-norte"),
        (5, ""),
    ]
    .map(|(n, agency)| judge(&mut window, n, &row(agency), &mut Vec::new()))
    .into();
    assert!(verdicts.iter().all(|v| v.cluster == verdicts[0].cluster));
    // as they write themselves, whatever another feed calls them; who is not known has no name
    assert_eq!(verdicts[1].agencies, ["Agencia Norte"]);
    assert_eq!(verdicts[4].agencies, ["Agencia Norte", "Kestrel"]);
    assert_eq!(verdicts[4].versions, 1);
    // frozen: the name of a cluster is part of the contract
    assert_eq!(
        verdicts[0].cluster.to_string(),
        "d80ea26543860ceeb59fc3119120dee8"
    );
}

#[test]
fn the_oldest_go_first_when_the_budget_is_reached() {
    let settings = Settings {
        budget_bytes: 4_000,
        ..Settings::default()
    };
    let mut window = Window::new(settings);
    for n in 1..=100 {
        judge(&mut window, n, &invented(n as u32), &mut Vec::new());
    }
    let stats = window.stats();
    assert!(stats.bytes <= 4_000, "{stats:?}");
    assert_eq!(stats.stories + stats.evicted, 100);
    assert!(told(&judge(&mut window, 101, &invented(100), &mut Vec::new())) == "exact 100");
    assert!(told(&judge(&mut window, 102, &invented(1), &mut Vec::new())) == "first");
}

#[test]
fn a_flood_of_one_paragraph_swallows_no_strangers_and_takes_linear_time() {
    let boilerplate = "Subscribers are reminded that the service closes at midnight and that \
                       corrections are filed on the morning desk in the order of arrival.";
    let mut window = Window::new(Settings::default());
    for n in 1..=3_000u64 {
        let mut row = invented(n as u32);
        row.body = format!("{}\n{boilerplate}", row.body);
        let verdict = judge(&mut window, n, &row, &mut Vec::new());
        assert_eq!(told(&verdict), "first", "story {n}");
    }
    for n in 3_001..=6_000 {
        let alert = Row {
            body: "Markets closed early on Friday.".to_owned(),
            ..Row::default()
        };
        let verdict = judge(&mut window, n, &alert, &mut Vec::new());
        assert_eq!(verdict.relation.is_duplicate(), n > 3_001);
    }
}

#[test]
fn an_unknown_version_is_refused_and_damage_is_told() {
    let mut log = Vec::new();
    judge(
        &mut Window::new(Settings::default()),
        1,
        &invented(1),
        &mut log,
    );
    assert_eq!(log[0], FORMAT);
    let mut window = Window::new(Settings::default());
    let mut newer = log.clone();
    newer[0] = FORMAT + 1;
    assert_eq!(
        window.replay(&newer),
        Err(UnpackError::Version(FORMAT + 1, FORMAT))
    );
    for at in 1..log.len() {
        let mut damaged = log.clone();
        damaged[at] ^= 0x10;
        assert_eq!(
            window.replay(&damaged),
            Err(UnpackError::Damaged(1)),
            "{at}"
        );
        if at > 1 {
            assert_eq!(
                window.replay(&log[..at]),
                Err(UnpackError::Damaged(1)),
                "{at}"
            );
        }
    }
    assert_eq!(
        window.stats().stories,
        0,
        "what cannot be read changes nothing"
    );
    assert_eq!(window.replay(&[]), Ok(()));
}

/// A story of its own for every number, and like stories for none.
fn invented(number: u32) -> Row {
    let mut seed = u64::from(number) + 1;
    let mut word = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let syllables = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"];
        (0..3)
            .map(|i| syllables[(seed >> (20 + 8 * i)) as usize % 10])
            .collect::<String>()
    };
    Row {
        title: (0..5).map(|_| word()).collect::<Vec<_>>().join(" "),
        body: (0..40).map(|_| word()).collect::<Vec<_>>().join(" "),
        ..Row::default()
    }
}

/// Rows out of few words, guids and signals, so that all relations occur.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        0..12u32,
        0..3usize,
        prop::option::of(0..3u8),
        prop::option::of(1..4u8),
        prop::sample::select(vec!["", "", "", "update", "correction", "refile", "kill"]),
        prop::sample::select(vec![0, 1, 40, 75, 100, 160]),
        prop::sample::select(vec!["Kestrel", "Norte", "Adler"]),
        prop::sample::select(vec![None, None, Some(1), Some(60), Some(500)]),
    );
    let row = row.prop_map(
        |(text, cut, guid, version, signal, hours, agency, embargo)| {
            let mut row = invented(text);
            let words: Vec<&str> = row.body.split(' ').collect();
            row.body = words[..40 - 8 * cut].join(" ");
            row.guid = guid.map(|g| format!("g{g}"));
            row.version = version.map(|v| v.to_string());
            row.signals = [signal]
                .iter()
                .filter(|s| !s.is_empty())
                .map(|s| (*s).to_owned())
                .collect();
            row.hours = hours;
            row.embargo = embargo;
            row.agency = Some(agency.to_owned());
            row
        },
    );
    prop::collection::vec(row, 1..60)
}

fn settings() -> impl Strategy<Value = Settings> {
    prop::sample::select(vec![1_500u64, 9_000, 1 << 30]).prop_map(|budget_bytes| Settings {
        budget_bytes,
        ..Settings::default()
    })
}

/// What a process does before it writes.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// Reads what the other wrote.
    Tail,
    /// Writes on without having read.
    Sleepwalk,
    Restart,
    RestartAtHorizon,
}

/// Blocks with the latest time in them and before, and the rows up to the end of each.
#[derive(Default)]
struct Log {
    blocks: Vec<(Timestamp, Vec<u8>, usize)>,
}

impl Log {
    fn rows_before(&self, block: usize) -> usize {
        block.checked_sub(1).map_or(0, |last| self.blocks[last].2)
    }

    fn append(&mut self, latest: Timestamp, block: Vec<u8>, rows: usize) {
        let before = self.blocks.last();
        let latest = before.map_or(latest, |(before, ..)| latest.max(*before));
        let rows = self.rows_before(self.blocks.len()) + rows;
        self.blocks.push((latest, block, rows));
    }
}

struct Writer {
    window: Window,
    /// Blocks of the log that it knows.
    seen: usize,
}

impl Writer {
    fn new(settings: &Settings) -> Writer {
        Writer {
            window: Window::new(settings.clone()),
            seen: 0,
        }
    }

    fn read(&mut self, log: &Log, turn: Turn, settings: &Settings) {
        let horizon = self.window.horizon();
        match turn {
            Turn::Sleepwalk => return,
            Turn::Tail => {}
            Turn::Restart => *self = Writer::new(settings),
            Turn::RestartAtHorizon => {
                let needed = |(latest, ..): &(Timestamp, _, _)| Some(*latest) >= horizon;
                let from = log.blocks.iter().position(needed);
                *self = Writer::new(settings);
                self.seen = from.unwrap_or(0);
            }
        }
        for (_, block, _) in &log.blocks[self.seen..] {
            self.window.replay(block).unwrap();
        }
        self.seen = log.blocks.len();
    }
}

proptest! {
    #![proptest_config(super::support::cases(256))]

    #[test]
    fn batches_and_restarts_change_no_verdict(
        rows in rows(),
        settings in settings(),
        ends in prop::collection::vec(1usize..8, 60),
    ) {
        let mut steady = Window::new(settings.clone());
        let mut moved = Window::new(settings.clone());
        let mut blocks: Vec<(Option<Timestamp>, Vec<u8>)> = Vec::new();
        let mut ends = ends.into_iter();
        let (mut left, mut latest) = (0, None);
        for (row, n) in rows.iter().zip(1..) {
            if left == 0 {
                left = ends.next().unwrap();
                // a restart at every block: from the beginning, or from the block of the horizon
                let mut again = Window::new(settings.clone());
                let horizon = moved.horizon();
                let needed = blocks.iter().position(|(last, _)| *last >= horizon);
                let from = if left % 2 == 0 { 0 } else { needed.unwrap_or(blocks.len()) };
                for (_, block) in &blocks[from..] {
                    again.replay(block).unwrap();
                }
                prop_assert_eq!(again.digest(), moved.digest());
                prop_assert_eq!(again.horizon(), horizon);
                moved = again;
                blocks.push((None, Vec::new()));
            }
            left -= 1;
            let want = judge(&mut steady, n, row, &mut Vec::new());
            latest = latest.max(Some(time(row.hours * HOUR + n as i64)));
            let (last, block) = blocks.last_mut().unwrap();
            *last = latest;
            let got = judge(&mut moved, n, row, block);
            prop_assert_eq!(got, want);
            prop_assert_eq!(moved.digest(), steady.digest());
        }
    }

    /// Two processes on one log behind a fence, each now active, now a standby that tails, now asleep: whoever writes
    /// without having read all loses its batch and begins anew.
    #[test]
    fn two_writers_in_any_order_change_no_verdict(
        rows in rows(),
        settings in settings(),
        turns in prop::collection::vec((0..2usize, 1usize..8, prop::sample::select(vec![
            Turn::Tail, Turn::Tail, Turn::Sleepwalk, Turn::Restart, Turn::RestartAtHorizon,
        ])), 1..40),
    ) {
        let mut steady = Window::new(settings.clone());
        let wanted: Vec<(Verdict, u64)> = rows.iter().zip(1..).map(|(row, n)| {
            let verdict = judge(&mut steady, n, row, &mut Vec::new());
            (verdict, steady.digest())
        }).collect();
        let mut log = Log::default();
        let mut writers = [Writer::new(&settings), Writer::new(&settings)];
        let mut turns = turns.iter().cycle();
        // one who sleepwalks may be alone with turns: both tail in the end
        for _ in 0..400 {
            let (who, len, turn) = turns.next().copied().unwrap();
            let writer = &mut writers[who];
            writer.read(&log, turn, &settings);
            let done = log.rows_before(writer.seen);
            let mut block = Vec::new();
            let batch: Vec<_> = rows.iter().zip(1..).skip(done).take(len).collect();
            let verdicts: Vec<Verdict> =
                batch.iter().map(|(row, n)| judge(&mut writer.window, *n, row, &mut block)).collect();
            if writer.seen < log.blocks.len() {
                // the fence: nothing of it is known to the world
                *writer = Writer::new(&settings);
                continue;
            }
            let latest = batch.iter().map(|(row, n)| time(row.hours * HOUR + *n as i64)).max();
            if let Some(((_, last), latest)) = batch.last().zip(latest) {
                let told = &wanted[done..*last as usize];
                let told: Vec<&Verdict> = told.iter().map(|(verdict, _)| verdict).collect();
                prop_assert_eq!(verdicts.iter().collect::<Vec<_>>(), told);
                prop_assert_eq!(writer.window.digest(), wanted[*last as usize - 1].1);
                log.append(latest, block, batch.len());
                writer.seen += 1;
            }
        }
        for writer in &mut writers {
            writer.read(&log, Turn::Tail, &settings);
            let rows = log.rows_before(log.blocks.len());
            let digest = rows.checked_sub(1).map_or(0, |last| wanted[last].1);
            prop_assert_eq!(writer.window.digest(), digest);
        }
    }

    #[test]
    fn a_story_is_never_its_own_twin(rows in rows()) {
        let mut window = Window::new(Settings::default());
        for (row, n) in rows.iter().zip(1u64..) {
            let verdict = judge(&mut window, n, row, &mut Vec::new());
            let of = verdict.relation.of().map(|twin| twin.uri.parse::<u64>().unwrap());
            prop_assert!(of.is_none_or(|of| of < n));
            let first = matches!(verdict.relation, Relation::First);
            prop_assert!(!first || verdict.versions == 1);
        }
    }

    #[test]
    fn no_bytes_make_replay_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..300) {
        let mut window = Window::new(Settings::default());
        let _ = window.replay(&bytes);
        let mut block = Vec::new();
        judge(&mut Window::new(Settings::default()), 1, &invented(7), &mut block);
        block.splice(cut.min(block.len()).., bytes);
        let _ = window.replay(&block);
    }
}
