//! The types of the contract → its JSON Schema.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::event::{DeadLetter, Duplicate, Event};

/// JSON Schema (draft 2020-12) of everything that is published for consumers: an event is a story
/// or a kill, a duplicate, or a dead letter.
pub fn schema() -> Value {
    let ([event, duplicate, dead_letter], definitions) = events(SchemaSettings::draft2020_12());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:copytaster:schema:1",
        "title": "Copytaster events, version 1",
        "description": "ninjs 3.1 plus one object `wire`. Changes within version 1 only add.",
        "anyOf": [event, duplicate, dead_letter],
        "$defs": definitions,
    })
}

/// Event, duplicate and dead letter as references, and all that they refer to.
pub(super) fn events(settings: SchemaSettings) -> ([Value; 3], Map<String, Value>) {
    let mut generator = settings.for_serialize().into_generator();
    let events = [
        generator.subschema_for::<Event<'static>>().to_value(),
        generator.subschema_for::<Duplicate<'static>>().to_value(),
        generator.subschema_for::<DeadLetter<'static>>().to_value(),
    ];
    (events, generator.take_definitions(true))
}
