//! The whole flow: every item one outcome, whatever the batches, the restarts and the bytes.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use copytaster::pipeline::{Commit, Pipeline, Settings};
use copytaster::story::{Origin, Outbound, Outcome, RawMessage, Subject, Timestamp};
use copytaster::tag::{Lexicon, Tagger};
use proptest::prelude::*;

fn tagger() -> Arc<Tagger> {
    static TAGGER: OnceLock<Arc<Tagger>> = OnceLock::new();
    TAGGER
        .get_or_init(|| Arc::new(Tagger::new(Arc::new(Lexicon::embedded()))))
        .clone()
}

pub fn pipeline(settings: Settings) -> Pipeline {
    Pipeline::new(settings, tagger())
}

pub fn message(sequence: u64, subject: &str, body: impl Into<Bytes>) -> RawMessage {
    RawMessage {
        origin: Origin {
            stream: Arc::from("WIRE_RAW"),
            sequence,
        },
        received: Timestamp::from_second(1_699_272_000 + sequence as i64).expect("an instant"),
        subject: Subject(subject.to_owned()),
        headers: vec![("Wire-Test".to_owned(), "1".to_owned())],
        body: body.into(),
        input: None,
    }
}

fn records(commits: Vec<Commit>) -> Vec<Outbound> {
    commits
        .into_iter()
        .flat_map(|commit| commit.outbound)
        .collect()
}

/// Copy that repeats itself, comes in several items, or is none at all.
fn copy() -> impl Strategy<Value = String> {
    let lead = prop::sample::select(vec![
        "LIMA, Nov 6 (Reuters) - Peru's finance ministry said on Monday it would sell bonds worth 300 million dollars to pay for flood defences on the northern coast.\nThe sale was approved by the cabinet last week.",
        "Nairobi, 6 nov (EFE).- El Gobierno de Kenia anunció este lunes un plan para plantar quince mil millones de árboles en diez años. EFE\nabc/de",
        "URGENT: Quake of magnitude 6.1 hits off Samoa",
        "",
        "\u{0}\u{1}",
        "{\"id\":\"a\",\"text\":\"Accra, Nov 6 (AFP) - Ghana's parliament on Monday passed the budget after a debate of nine hours.\"}\n{\"id\":\"b\",\"text\":\"\"}\n{\"id\":\"c\",\"text\":\"Second item of a payload, told at some length so that it can stand alone.\"}",
        "{\"uri\":\"urn:x:1\",\"version\":\"1\",\"headline\":\"Budget passed\",\"body_text\":\"The budget was passed after a long debate in the capital, the speaker said.\"}",
        "{\"uri\":\"urn:x:1\",\"version\":\"2\",\"headline\":\"Budget passed\",\"body_text\":\"The budget was passed after a long debate in the capital, the speaker said. Markets rose.\"}",
        "{\"uri\":\"urn:x:1\",\"version\":\"3\",\"pubstatus\":\"canceled\"}",
        "{\"uri\":",
    ]);
    (lead, 0..4u8).prop_map(|(text, more)| match more {
        0 => format!("{text} Officials gave no further detail."),
        _ => text.to_owned(),
    })
}

proptest! {
    #![proptest_config(super::support::cases(64))]

    #[test]
    fn outcomes_do_not_depend_on_batches_or_restarts(
        copies in prop::collection::vec(copy(), 1..40),
        cuts in prop::collection::vec(1..7usize, 1..20),
        most in 2..9usize,
    ) {
        let messages: Vec<_> = (1..).zip(&copies)
            .map(|(n, text)| message(n, "wire.raw.any.en", text.clone()))
            .collect();
        let mut whole = pipeline(Settings::default());
        let want = records(whole.process(&messages));

        let settings = Settings { max_outcomes: most, ..Settings::default() };
        let mut running = pipeline(settings.clone());
        let (mut got, mut log, mut at) = (Vec::new(), Vec::new(), 0);
        for cut in cuts.iter().cycle() {
            if at >= messages.len() {
                break;
            }
            let end = (at + cut).min(messages.len());
            let commits = running.process(&messages[at..end]);
            // the process dies after the first commit of a batch, and another goes on from there
            for commit in commits.into_iter().take(1) {
                prop_assert!(commit.outbound.len() <= most.max(2));
                if !commit.imprints.is_empty() {
                    log.push(commit.imprints.clone());
                }
                let mut next = pipeline(settings.clone());
                for block in &log {
                    next.replay(block).expect("own imprints");
                }
                prop_assert_eq!(next.window().digest(), commit.digest);
                next.resume(commit.position);
                running = next;
                got.extend(commit.outbound);
            }
            at = running.position().sequence as usize;
        }
        prop_assert_eq!(got, want);
    }

    #[test]
    fn any_bytes_come_to_an_accounted_outcome(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let commits = pipeline(Settings::default()).process(&[message(1, "wire.raw.any.en", bytes)]);
        prop_assert_eq!(commits.len(), 1);
        prop_assert!(!commits[0].outbound.is_empty());
        prop_assert!(commits[0].outbound.iter().all(|record| record.reason != Some(copytaster::story::Reason::Panic)));
    }
}

#[test]
fn a_message_that_was_done_is_passed_over() {
    let mut pipeline = pipeline(Settings::default());
    let one = message(
        1,
        "wire.raw.any.en",
        "Told once, and told at a length that makes it a story.",
    );
    assert_eq!(
        records(pipeline.process(std::slice::from_ref(&one))).len(),
        1
    );
    assert!(pipeline.process(&[one]).is_empty());
}

#[test]
fn a_gap_is_a_dead_letter_that_names_the_range() {
    let mut pipeline = pipeline(Settings::default());
    let at = Timestamp::from_second(1_699_272_000).expect("an instant");
    let commit = pipeline.gap("WIRE_RAW", 7..=11, at);
    assert_eq!(commit.position.sequence, 11);
    assert_eq!(commit.outbound[0].subject, "wire.dead.gap.any");
    assert_eq!(commit.outbound[0].outcome, Outcome::Dead);
    let event: serde_json::Value = serde_json::from_slice(&commit.outbound[0].body).expect("JSON");
    assert_eq!(event["wire"]["raw"]["sequence"], 7);
    assert_eq!(event["wire"]["raw"]["lastSequence"], 11);
    assert!(super::contract::breaches(&event).is_empty());
}

/// Copy about one thing under a version word.
fn under(word: &str) -> String {
    format!(
        "{word}Harbour of Lima reopens\n\nLIMA, Nov 6 (Reuters) - The port of Callao reopened on Monday after a strong swell, its operator said."
    )
}

#[test]
fn a_version_of_a_story_never_seen_has_the_action_that_the_wire_names() {
    for (word, action) in [
        ("", "new"),
        ("URGENT-", "new"),
        ("UPDATE 2-", "update"),
        ("CORRECTED-", "correction"),
        ("REFILE-", "refile"),
        ("ADVISORY-", "advisory"),
    ] {
        let message = message(1, "wire.raw.reuters.world", under(word));
        let record = records(pipeline(Settings::default()).process(&[message])).remove(0);
        let start = format!("wire.story.{action}.");
        assert!(
            record.subject.starts_with(&start),
            "{word} {}",
            record.subject
        );
        let event: serde_json::Value = serde_json::from_slice(&record.body).expect("JSON");
        assert_eq!(event["wire"]["action"], action, "{word}");
        assert_eq!(event["wire"]["cluster"]["relation"], "first", "{word}");
        let kind = ("ce-type", format!("news.wire.story.{action}.v1"));
        assert!(record.headers.contains(&kind), "{word}");
    }
}

#[test]
fn what_cancels_a_held_story_is_an_event_of_its_own() {
    let item = |more: &str| {
        format!(
            "{{\"uri\":\"urn:x:1\",\"headline\":\"Budget passed\",\"body_text\":\"The budget was passed after a long debate in the capital, the speaker said.\",{more}}}"
        )
    };
    let held = message(
        1,
        "wire.raw.dpa.world",
        item("\"embargoed\":\"2023-11-07T12:00:00Z\""),
    );
    let kill = message(2, "wire.raw.dpa.world", item("\"pubstatus\":\"canceled\""));
    let records = records(pipeline(Settings::default()).process(&[held, kill]));
    let outcomes: Vec<Outcome> = records.iter().map(|record| record.outcome).collect();
    assert_eq!(outcomes, [Outcome::Held, Outcome::Kill, Outcome::Held]);
    let header = |record: &Outbound, wanted: &str| {
        let found = record.headers.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.clone()).expect("the header")
    };
    let ids: Vec<String> = records
        .iter()
        .map(|record| header(record, "ce-id"))
        .collect();
    assert_eq!(
        ids,
        ["WIRE_RAW:1:0", "WIRE_RAW:2:0", "WIRE_RAW:2:0:canceled"]
    );
    let trace = header(&records[2], "traceparent");
    assert_eq!(trace, header(&records[1], "traceparent"));
}

#[test]
fn the_trace_of_a_message_goes_on_whatever_becomes_of_it() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let story = "{\"headline\":\"Bridge opens\",\"body_text\":\"The bridge was opened on Monday by the mayor.\"}";
    for (body, outcome) in [(story, Outcome::Story), ("{\"a", Outcome::Dead)] {
        let mut sent = message(1, "wire.raw.dpa.world", body);
        sent.headers
            .push(("traceparent".to_owned(), TRACE.to_owned()));
        let records = records(pipeline(Settings::default()).process(&[sent]));
        assert_eq!(records[0].outcome, outcome);
        let trace = records[0]
            .headers
            .iter()
            .find(|(name, _)| *name == "traceparent");
        assert_eq!(
            trace.map(|(_, value)| value.as_str()),
            Some(TRACE),
            "{body}"
        );
    }
}
