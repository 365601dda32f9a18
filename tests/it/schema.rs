//! The documents of the contract: the copies that are shipped, what they say, and whether it is true.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use copytaster::daemon::bus::INPUT;
use copytaster::pipeline::{Pipeline, Settings};
use copytaster::publish::{asyncapi, gap};
use copytaster::story::{Outbound, Outcome, Reason, Timestamp};
use copytaster::tag::{Lexicon, Tagger};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::golden;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn printed(what: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copytaster"));
    // it needs no settings: faulty ones are no reason to say nothing
    let command = command.arg("schema").args(what);
    let output = command
        .env("COPYTASTER__NATS__SERVRES", "x")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_shipped_copies_are_what_the_command_prints() {
    for (what, copy) in [
        ("json-schema", "deploy/contract/copytaster-1.schema.json"),
        ("asyncapi", "deploy/contract/copytaster-1.asyncapi.json"),
    ] {
        let now = printed(&[what]);
        let shipped = std::fs::read_to_string(root().join(copy)).unwrap_or_default();
        assert!(
            now == shipped,
            "{copy} is not what `copytaster schema {what}` prints; changes within version 1 only add"
        );
    }
    assert_eq!(printed(&[]), printed(&["json-schema"]));
    assert!(read(&root().join("README.md")).contains(&printed(&["metrics"])));
}

#[test]
fn the_asyncapi_document_holds_to_asyncapi() {
    let path = super::support::corpus().join("contract/schema/asyncapi-3.0.0.schema.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        // past the harness, which keeps what a passing test prints
        let _ = writeln!(
            std::io::stderr(),
            "not checked against the schema of AsyncAPI 3.0, which is not at {}",
            path.display()
        );
        return;
    };
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::options().build(&schema).unwrap();
    let faults = |document: &Value| -> Vec<String> {
        let told = |e: jsonschema::ValidationError<'_>| format!("{e} at {}", e.instance_path());
        validator.iter_errors(document).map(told).collect()
    };
    assert_eq!(faults(&asyncapi()), Vec::<String>::new());
    let mut spoilt = asyncapi();
    spoilt["channels"]["story"]["adress"] = json!("wire.story");
    assert!(!faults(&spoilt).is_empty(), "the validator can fail");
}

/// The text of every `$ref` below `value`.
fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref") {
                found.push(to);
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_message_is_described() {
    let document = asyncapi();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for to in found {
        let pointer = to
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{to} leads outside"));
        assert!(document.pointer(pointer).is_some(), "{to}");
    }
    let channels = document["channels"].as_object().unwrap();
    for (name, channel) in channels {
        let address = channel["address"].as_str().unwrap();
        let in_address: BTreeSet<&str> = address
            .split('.')
            .filter_map(|token| token.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = channel["parameters"].as_object().unwrap();
        let described: BTreeSet<&str> = parameters.keys().map(String::as_str).collect();
        assert_eq!(in_address, described, "{address}");
        let operation = &document["operations"][name];
        assert_eq!(operation["channel"]["$ref"], format!("#/channels/{name}"));
        let action = if name == "raw" { "receive" } else { "send" };
        assert_eq!(operation["action"], action, "{name}");
        assert_eq!(operation["bindings"]["nats"]["bindingVersion"], "0.1.0");
        let message = &document["components"]["messages"][name];
        assert!(
            message["headers"].is_object() && message["payload"].is_object(),
            "{name}"
        );
    }
    let reasons = &document["channels"]["dead"]["parameters"]["reason"]["enum"];
    assert_eq!(*reasons, json!(Reason::ALL.map(Reason::name)));
    let headers = &document["components"]["messages"]["raw"]["headers"]["properties"];
    assert!(headers[INPUT].is_object(), "{headers}");
}

#[test]
fn readme_and_document_know_the_same_subjects() {
    let document = asyncapi();
    let channels = document["channels"].as_object().unwrap();
    let addresses: BTreeSet<String> = channels
        .values()
        .map(|channel| channel["address"].as_str().unwrap().to_owned())
        .collect();
    let readme = read(&root().join("README.md"));
    let (_, rest) = readme.split_once("## Subjects\n").unwrap();
    let rows = rest
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let subjects = rows.skip(2).flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap();
        let quoted = cell.split('`').skip(1).step_by(2);
        quoted.map(str::to_owned).collect::<Vec<_>>()
    });
    let mut told = BTreeSet::new();
    for subject in subjects {
        match subject.strip_suffix('…') {
            // the daemon's own: named, not described
            Some(own) => {
                let about = document["info"]["description"].as_str().unwrap();
                assert!(about.contains(&format!("{own}>")), "{subject}");
            }
            None => {
                let address = subject.trim_end_matches("[.…]");
                told.insert(address.replace('<', "{").replace('>', "}"));
            }
        }
    }
    assert_eq!(told, addresses);
}

/// What Copytaster publishes of all golden cases, a repeat, an empty message and a gap.
fn published() -> Vec<Outbound> {
    let mut messages = Vec::new();
    let mut put = |case: &Path, subject: Option<&str>| {
        let mut message = golden::message(case, messages.len() as u64 + 1);
        if let Some(subject) = subject {
            subject.clone_into(&mut message.subject.0);
        }
        messages.push(message);
    };
    let cases = golden::cases();
    for case in &cases {
        put(case, None);
    }
    let plain = cases
        .iter()
        .find(|case| case.ends_with("plain-text/efe-es.in"));
    put(plain.unwrap(), Some("wire.raw.member.es"));
    put(plain.unwrap(), Some("wire.raw.efe.es"));
    messages.last_mut().unwrap().body = bytes::Bytes::new();
    let tagger = Tagger::new(Arc::new(Lexicon::embedded()));
    let mut pipeline = Pipeline::new(Settings::default(), Arc::new(tagger));
    let commits = pipeline.process(&messages);
    let mut outbound: Vec<Outbound> = commits.into_iter().flat_map(|c| c.outbound).collect();
    let stream = Arc::from("WIRE_RAW");
    outbound.push(gap(&stream, &(5..=9), Timestamp::UNIX_EPOCH, "main"));
    outbound.retain(|record| record.outcome != Outcome::Held);
    outbound
}

/// The channel whose address a subject has.
fn channel_of<'d>(document: &'d Value, subject: &str) -> Option<&'d str> {
    let channels = document["channels"].as_object()?;
    let fits = |channel: &Value| {
        let address: Vec<&str> = channel["address"]
            .as_str()
            .unwrap_or("")
            .split('.')
            .collect();
        let tokens: Vec<&str> = subject.split('.').collect();
        let takes = |(wanted, token): (&&str, &&str)| {
            let Some(name) = wanted.strip_prefix('{').and_then(|w| w.strip_suffix('}')) else {
                return wanted == token;
            };
            let values = channel["parameters"][name]["enum"].as_array();
            !token.is_empty() && values.is_none_or(|values| values.contains(&json!(token)))
        };
        address.len() == tokens.len() && address.iter().zip(&tokens).all(takes)
    };
    let mut found = channels.iter().filter(|(_, channel)| fits(channel));
    let (name, _) = found.next()?;
    assert!(found.next().is_none(), "{subject} is on two channels");
    Some(name)
}

fn validator(document: &Value, part: &Value) -> Validator {
    let mut schema = part.clone();
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    if let Some(to) = schema.as_object_mut().unwrap().remove("$ref") {
        // in this draft a reference stands alone
        schema["allOf"] = json!([{"$ref": to}]);
    }
    schema["components"] = json!({"schemas": document["components"]["schemas"]});
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

#[test]
fn what_is_published_is_what_the_document_says() {
    let document = asyncapi();
    let mut seen = BTreeSet::new();
    for record in published() {
        let name = channel_of(&document, &record.subject)
            .unwrap_or_else(|| panic!("{} is on no channel", record.subject));
        let message = &document["components"]["messages"][name];
        let headers: Map<String, Value> = record
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let known = message["headers"]["properties"].as_object().unwrap();
        for header in headers.keys() {
            assert!(known.contains_key(header), "{header} of {}", record.subject);
        }
        let body: Value = serde_json::from_slice(&record.body).unwrap();
        for (part, instance) in [("headers", &Value::Object(headers)), ("payload", &body)] {
            let validator = validator(&document, &message[part]);
            let faults: Vec<String> = validator
                .iter_errors(instance)
                .map(|e| format!("{e} at {}", e.instance_path()))
                .collect();
            assert!(
                faults.is_empty(),
                "{part} of {}: {faults:#?}",
                record.subject
            );
        }
        seen.insert(name.to_owned());
    }
    assert_eq!(
        seen,
        ["dead", "dup", "kill", "story"].map(str::to_owned).into()
    );
    // and the validators can fail
    let kill = &document["components"]["messages"]["kill"];
    assert!(!validator(&document, &kill["payload"]).is_valid(&json!({"uri": 7})));
    assert!(!validator(&document, &kill["headers"]).is_valid(&json!({"ce-id": "x"})));
}
