//! Every event holds to the contract: our schema, and without `wire` the untouched IPTC ninjs 3.1.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

/// `tests/contract/ninjs-schema_3.1.json`: IPTC, MIT licence, as published.
const NINJS: &str = include_str!("../contract/ninjs-schema_3.1.json");

fn ours() -> &'static Validator {
    static OURS: OnceLock<Validator> = OnceLock::new();
    OURS.get_or_init(|| {
        let options = jsonschema::options().should_validate_formats(true);
        options
            .build(&copytaster::publish::schema())
            .expect("our schema is a schema")
    })
}

fn ninjs() -> &'static Validator {
    static NINJS_31: OnceLock<Validator> = OnceLock::new();
    NINJS_31.get_or_init(|| {
        // ninjs refers to GeoJSON for geometries, which our events do not carry
        let geometry = json!({"$schema": "https://json-schema.org/draft/2020-12/schema"});
        let registry = Registry::new()
            .add("https://geojson.org/schema/GeoJSON.json", geometry)
            .and_then(|registry| registry.prepare())
            .expect("a registry of one schema");
        jsonschema::options()
            .with_registry(&registry)
            .should_validate_formats(true)
            .build(&serde_json::from_str(NINJS).expect("JSON"))
            .expect("ninjs 3.1 is a schema")
    })
}

/// Every breach of the contract by one event, each with its place; none for a sound one.
pub fn breaches(event: &Value) -> Vec<String> {
    let told = |schema: &str, error: &jsonschema::ValidationError<'_>| {
        format!("{schema}: {} at {}", error, error.instance_path())
    };
    let mut found: Vec<String> = ours()
        .iter_errors(event)
        .map(|e| told("ours", &e))
        .collect();
    if event["wire"].get("dead").is_none() {
        let mut bare = event.clone();
        bare.as_object_mut().expect("an object").remove("wire");
        found.extend(ninjs().iter_errors(&bare).map(|e| told("ninjs 3.1", &e)));
    }
    found.extend(slice_faults(event));
    found
}

/// Mentions whose text is not the slice that they name.
fn slice_faults(event: &Value) -> Vec<String> {
    let wire = &event["wire"];
    let mut texts: BTreeMap<String, Vec<char>> = BTreeMap::new();
    let mut put = |name: String, value: &Value| {
        texts.insert(name, value.as_str().unwrap_or("").chars().collect());
    };
    for headline in list(&event["headlines"])
        .iter()
        .filter(|h| h["role"] == "main")
    {
        put("headline".to_owned(), &headline["value"]);
    }
    put("dateline".to_owned(), &wire["dateline"]["text"]);
    put("body".to_owned(), &event["bodies"][0]["value"]);
    for (n, caption) in list(&wire["captions"]).iter().enumerate() {
        put(format!("caption:{n}"), &caption["text"]);
    }
    let tags = ["regions", "places", "actors"]
        .into_iter()
        .flat_map(|group| list(&wire[group]));
    let mentions = tags.flat_map(|tag| list(&tag["mentions"]));
    mentions
        .filter(|mention| {
            let text = texts.get(mention["in"].as_str().unwrap_or(""));
            let at = |key: &str| mention[key].as_u64().unwrap_or(u64::MAX) as usize;
            let slice = text.and_then(|text| text.get(at("start")..at("end")));
            slice
                .map(|slice| slice.iter().collect::<String>())
                .as_deref()
                != mention["text"].as_str()
        })
        .map(|mention| format!("not the slice it names: {mention}"))
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn the_validators_can_fail() {
    let event = json!({"uri": "not a uri", "wire": {"schema": "copytaster/1", "action": "dance"}});
    let found = breaches(&event);
    assert!(
        found.iter().any(|breach| breach.starts_with("ours")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|breach| breach.starts_with("ninjs")),
        "{found:?}"
    );
}
