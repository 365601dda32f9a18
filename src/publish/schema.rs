//! The types of the contract → its JSON Schema.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::event::{DeadLetter, Duplicate, Event};

/// JSON Schema (draft 2020-12) of everything that is published for consumers: an event is a story
/// or a kill, a duplicate, or a dead letter.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let event = generator.subschema_for::<Event<'static>>();
    let duplicate = generator.subschema_for::<Duplicate<'static>>();
    let dead_letter = generator.subschema_for::<DeadLetter<'static>>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:copytaster:schema:1",
        "title": "Copytaster events, version 1",
        "description": "ninjs 3.1 plus one object `wire`. Changes within version 1 only add.",
        "anyOf": [event, duplicate, dead_letter],
        "$defs": generator.take_definitions(true),
    })
}
