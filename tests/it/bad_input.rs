//! Bad input: each message one accounted outcome, with a reason.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use copytaster::pipeline::Settings;
use copytaster::story::{Outbound, Outcome};
use serde_json::Value;

use super::pipeline::{message, pipeline};

fn taste(subject: &str, body: Vec<u8>) -> (Outbound, Value) {
    let commits = pipeline(Settings::default()).process(&[message(9, subject, body)]);
    assert_eq!(commits.len(), 1);
    assert_eq!(commits[0].position.sequence, 9);
    let record = commits[0].outbound[0].clone();
    let event = serde_json::from_slice(&record.body).expect("JSON");
    let breaches = super::contract::breaches(&event);
    assert!(breaches.is_empty(), "{breaches:#?}");
    (record, event)
}

#[test]
fn bad_input_becomes_a_dead_letter_with_its_reason_and_its_bytes() {
    let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("an empty body", "wire.raw.efe.es", Vec::new(), "empty"),
        (
            "white space alone",
            "wire.raw.efe.es",
            b" \r\n\t ".to_vec(),
            "empty",
        ),
        ("NUL bytes alone", "wire.raw.efe.es", vec![0; 64], "binary"),
        (
            "JSON cut short",
            "wire.raw.efe.es",
            br#"{"uri":"urn:a:1","headline":"Cut sh"#.to_vec(),
            "truncated",
        ),
        (
            "JSON nested deep",
            "wire.raw.efe.es",
            nested(100_000),
            "depth",
        ),
        (
            "a picture",
            "wire.raw.efe.es",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde".to_vec(),
            "binary",
        ),
        (
            "too few tokens",
            "wire.raw",
            b"Lima, Nov 6 (EFE).- A story.".to_vec(),
            "subject",
        ),
        (
            "no feed",
            "wire.raw.efe",
            b"Lima, Nov 6 (EFE).- A story.".to_vec(),
            "subject",
        ),
    ];
    for (name, subject, body, reason) in cases {
        let (record, event) = taste(subject, body.clone());
        assert_eq!(record.outcome, Outcome::Dead, "{name}");
        assert_eq!(event["wire"]["dead"]["reason"], reason, "{name}");
        assert!(
            record.subject.starts_with(&format!("wire.dead.{reason}.")),
            "{name}: {}",
            record.subject
        );
        let raw = &event["wire"]["raw"];
        let kept = BASE64_STANDARD
            .decode(raw["body"].as_str().expect("base64"))
            .expect("base64");
        assert_eq!(kept, body, "{name}");
        assert_eq!(raw["headers"]["Wire-Test"][0], "1", "{name}");
        assert_eq!(raw["sequence"], 9, "{name}");
    }
}

#[test]
fn a_body_of_ten_megabytes_is_too_large_for_an_event_and_says_so() {
    let sentence = "The ministry said on Monday that the harvest was larger than expected. ";
    let body = sentence
        .repeat(10 * 1024 * 1024 / sentence.len())
        .into_bytes();
    let (record, event) = taste("wire.raw.efe.es", body.clone());
    assert_eq!(event["wire"]["dead"]["reason"], "too-large");
    assert_eq!(event["wire"]["raw"]["partial"], true);
    assert_eq!(event["wire"]["raw"]["bytes"], body.len());
    assert!(record.body.len() <= Settings::default().max_event_bytes);
}

#[test]
fn invalid_utf8_is_mended_and_said() {
    let (record, event) = taste(
        "wire.raw.efe.es",
        b"Bogot\xe1, 6 nov (EFE).- La econom\xeda creci\xf3 un dos por ciento, dijo el ministro."
            .to_vec(),
    );
    assert_eq!(record.outcome, Outcome::Story);
    assert!(
        event["bodies"][0]["value"]
            .as_str()
            .expect("a body")
            .contains("economía creció")
    );
    assert!(
        !event["wire"]["repairs"]
            .as_array()
            .expect("repairs")
            .is_empty()
    );
}

#[test]
fn nul_bytes_inside_a_text_are_dropped_and_said() {
    let (record, event) = taste("wire.raw.efe.es", b"Lima, 6 nov (EFE).- La econom\xc3\xada\0 creci\xc3\xb3 un dos por ciento, dijo el ministro.".to_vec());
    assert_eq!(record.outcome, Outcome::Story);
    assert!(
        !event["bodies"][0]["value"]
            .as_str()
            .expect("a body")
            .contains('\0')
    );
    assert!(
        !event["wire"]["repairs"]
            .as_array()
            .expect("repairs")
            .is_empty()
    );
}

#[test]
fn a_clock_years_off_does_not_win_the_race_of_versions() {
    let body = br#"{"uri":"urn:a:1","versioncreated":"9999-12-31T23:59:59Z","headline":"Harvest larger","body_text":"The harvest was larger than expected, the ministry said."}"#;
    let (record, event) = taste("wire.raw.efe.es", body.to_vec());
    assert_eq!(record.outcome, Outcome::Story);
    assert!(
        event["versionCreated"]
            .as_str()
            .is_none_or(|at| at.starts_with("2023-")),
        "{event}"
    );
    let repairs = event["wire"]["repairs"].as_array().expect("repairs");
    assert!(
        repairs
            .iter()
            .any(|repair| repair.as_str().is_some_and(|r| r.starts_with("date"))),
        "{repairs:?}"
    );
}
