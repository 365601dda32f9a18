//! The types of the contract → its AsyncAPI 3.0 document: which subjects there are, and what is on each.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{event_type, schema};
use crate::story::Reason;

/// Actions in the subject of a story.
const ACTIONS: [&str; 5] = ["new", "update", "correction", "refile", "advisory"];

/// A family of subjects, and the one kind of message on it.
struct Channel {
    name: &'static str,
    address: &'static str,
    title: &'static str,
    summary: &'static str,
    /// Name, explanation, and the values where they are fixed.
    parameters: Vec<(&'static str, &'static str, Vec<&'static str>)>,
    /// What Copytaster does there: `receive` or `send`.
    action: &'static str,
    content_type: &'static str,
    headers: Value,
    payload: Value,
}

/// AsyncAPI 3.0 document of all subjects that are for others than Copytaster itself. Whole in itself: the
/// payloads are those of `schema()`, in the draft that AsyncAPI reads.
pub fn asyncapi() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    let (payloads, definitions) = schema::events(settings);
    let channels = channels(payloads);
    let each = |make: fn(&Channel) -> Value| -> Map<String, Value> {
        let named = channels.iter().map(|c| (c.name.to_owned(), make(c)));
        named.collect()
    };
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:copytaster:contract:1",
        "info": {
            "title": "Copytaster",
            "version": "1.0.0",
            "description": "Raw wire copy in, one clean event per story out. Read events through a JetStream consumer on the stream WIRE, not by plain subscription: a batch is known to the world when its commit is stored. Events are CloudEvents 1.0 in the binary mode of the NATS binding. Changes within version 1 only add. Subjects wire.held.> and wire.state.> are the daemon's own and not for consumers.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"nats": {
            "host": "{host}:{port}",
            "protocol": "nats",
            "description": "NATS 2.15.1 or later with JetStream. The stream WIRE_RAW holds the input, WIRE the output.",
            "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "4222"}},
        }},
        "channels": each(channel),
        "operations": each(operation),
        "components": {"messages": each(message), "schemas": definitions},
    })
}

fn channel(channel: &Channel) -> Value {
    let parameter = |(name, description, values): &(&str, &str, Vec<&str>)| {
        let mut parameter = json!({"description": description});
        if !values.is_empty() {
            parameter["enum"] = json!(values);
        }
        ((*name).to_owned(), parameter)
    };
    let parameters: Map<String, Value> = channel.parameters.iter().map(parameter).collect();
    json!({
        "address": channel.address,
        "title": channel.title,
        "summary": channel.summary,
        "servers": [{"$ref": "#/servers/nats"}],
        "parameters": parameters,
        "messages": {channel.name: {"$ref": format!("#/components/messages/{}", channel.name)}},
    })
}

fn operation(channel: &Channel) -> Value {
    let at = format!("#/channels/{}", channel.name);
    json!({
        "action": channel.action,
        "title": channel.title,
        "channel": {"$ref": at},
        "messages": [{"$ref": format!("{at}/messages/{}", channel.name)}],
        "bindings": {"nats": {"bindingVersion": "0.1.0"}},
    })
}

fn message(channel: &Channel) -> Value {
    json!({
        "name": channel.name,
        "title": channel.title,
        "contentType": channel.content_type,
        "headers": channel.headers,
        "payload": channel.payload,
    })
}

fn channels([event, duplicate, dead_letter]: [Value; 3]) -> Vec<Channel> {
    const AGENCY: &str = "slug of the agency; any where it is not known";
    let story_types: Vec<String> = ACTIONS.iter().map(|action| event_type(action)).collect();
    let published = |name, address, title, summary, headers, payload| Channel {
        name,
        address,
        title,
        summary,
        parameters: vec![("agency", AGENCY, Vec::new())],
        action: "send",
        content_type: "application/json",
        headers,
        payload,
    };
    let mut story = published(
        "story",
        "wire.story.{action}.{subregion}.{country}.{agency}.{lang}",
        "Story",
        "one clean event per story, tagged with regions and actors",
        tagged(headers(&story_types)),
        event.clone(),
    );
    story.parameters = vec![
        (
            "action",
            "what it is to what was said before; of a story of which no earlier version is known, what the wire calls it: a correction of something never seen is a correction with the relation first",
            ACTIONS.to_vec(),
        ),
        (
            "subregion",
            "slug of the UN M49 sub-region of the focus country (south-eastern-asia); none without one",
            Vec::new(),
        ),
        (
            "country",
            "ISO 3166-1 alpha-2 of the focus country in lower case; xx without one",
            Vec::new(),
        ),
        ("agency", AGENCY, Vec::new()),
        (
            "lang",
            "slug of the language; und where it cannot be told",
            Vec::new(),
        ),
    ];
    let kill = published(
        "kill",
        "wire.kill.{agency}",
        "Kill",
        "published at once, also for a story never seen; wins for ever over other versions",
        tagged(headers(&[event_type("kill")])),
        event,
    );
    let dup = published(
        "dup",
        "wire.dup.{agency}",
        "Duplicate",
        "a compact event that names the story it repeats",
        headers(&[event_type("duplicate")]),
        duplicate,
    );
    let mut dead = published(
        "dead",
        "wire.dead.{reason}.{agency}",
        "Dead letter",
        "reason, stage, message, original bytes and headers of what became no story",
        headers(&[super::dead::TYPE.to_owned()]),
        dead_letter,
    );
    let reasons = Reason::ALL.map(Reason::name).to_vec();
    dead.parameters
        .insert(0, ("reason", "why it became no story", reasons));
    vec![raw(), story, kill, dup, dead]
}

fn raw() -> Channel {
    Channel {
        name: "raw",
        address: "wire.raw.{agency}.{feed}",
        title: "Raw copy",
        summary: "any bytes that an agency sends; the format is told from the bytes. Further tokens may follow: the stream takes wire.raw.>",
        parameters: vec![
            (
                "agency",
                "slug of the agency; any where it is not known",
                Vec::new(),
            ),
            ("feed", "slug of the feed", Vec::new()),
        ],
        action: "receive",
        content_type: "application/octet-stream",
        headers: json!({"type": "object", "properties": {
            "traceparent": {"type": "string", "description": "W3C Trace Context, carried over into the event"},
            "Wire-Input": {"type": "string", "description": "the name that a person gave the message: it comes back among altIds"},
        }}),
        payload: json!({"type": "string", "format": "binary"}),
    }
}

/// The headers of every record that is published, CloudEvents 1.0 in binary mode, with these values of `ce-type`.
fn headers(types: &[String]) -> Value {
    let text = |pattern: &str, description: &str| json!({"type": "string", "pattern": pattern, "description": description});
    let mut headers = json!({"type": "object", "properties": {
        "ce-specversion": {"type": "string", "const": "1.0"},
        "ce-id": text("^.+:[0-9]+:[0-9]+$", "raw stream, sequence, position in the payload: the same in every run"),
        "ce-source": text("^/copytaster/[a-z0-9-]+$", "the partition that published it"),
        "ce-type": {"type": "string", "enum": types},
        "ce-time": {"type": "string", "format": "date-time", "description": "the raw stream's timestamp"},
        "ce-datacontenttype": {"type": "string", "const": "application/json"},
        "traceparent": {"type": "string", "description": "carried over from the raw message, or begun from its stream and sequence"},
    }});
    let names: Vec<String> = match &headers["properties"] {
        Value::Object(properties) => properties.keys().cloned().collect(),
        _ => Vec::new(),
    };
    headers["required"] = json!(names);
    headers
}

/// The same with what the story is about.
fn tagged(mut headers: Value) -> Value {
    let list = |description: &str| json!({"type": "string", "description": description});
    headers["properties"]["wire-regions"] = list(
        "codes of the regions, parted by commas; at most 2,000 bytes of whole codes, the payload has all",
    );
    headers["properties"]["wire-actors"] = list(
        "ids of the actors, parted by commas; at most 2,000 bytes of whole ids, the payload has all",
    );
    headers
}
