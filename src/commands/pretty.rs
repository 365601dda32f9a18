//! Outbound → a few lines for a person.

use std::fmt::Write as _;

use serde_json::Value;

use crate::story::Outbound;

/// One event as a person would want to see it: what it is, what it says, where and who.
pub fn event(record: &Outbound) -> String {
    let event: Value = serde_json::from_slice(&record.body).unwrap_or(Value::Null);
    let wire = &event["wire"];
    let mut out = format!(
        "\n{:9} {}\n",
        record.outcome.name().to_uppercase(),
        record.subject
    );
    if let Some(dead) = wire.get("dead") {
        let _ = writeln!(
            out,
            "          {}: {}",
            text(&dead["stage"]),
            text(&dead["message"])
        );
        return out;
    }
    if let Some(headline) = event["headlines"].get(0) {
        let _ = writeln!(out, "          {}", text(&headline["value"]));
    }
    line(&mut out, "from", &source(&event));
    line(&mut out, "cluster", &cluster(&wire["cluster"]));
    line(
        &mut out,
        "signals",
        &joined(&wire["signals"], |s| text(s).to_owned()),
    );
    line(&mut out, "regions", &joined(&wire["regions"], region));
    line(&mut out, "actors", &joined(&wire["actors"], actor));
    line(
        &mut out,
        "captions",
        &joined(&wire["captions"], |c| text(&c["credit"]).to_owned()),
    );
    line(
        &mut out,
        "repairs",
        &joined(&wire["repairs"], |r| text(r).to_owned()),
    );
    if let Some(body) = event["bodies"].get(0) {
        let lead: String = text(&body["value"]).chars().take(160).collect();
        line(&mut out, "lead", &lead.replace('\n', " "));
    }
    out
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn line(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(out, "  {name:>8}  {value}");
    }
}

fn joined(list: &Value, one: impl Fn(&Value) -> String) -> String {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .map(one)
        .filter(|item| !item.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn source(event: &Value) -> String {
    let source = &event["wire"]["source"];
    let parts = [
        text(&source["agency"]),
        text(&event["wire"]["dateline"]["text"]),
        text(&event["language"]),
        text(&source["format"]),
    ];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn cluster(cluster: &Value) -> String {
    let id = text(&cluster["id"]);
    let mut out = format!(
        "{} {}",
        id.get(..8).unwrap_or(id),
        text(&cluster["relation"])
    );
    if let Some(of) = cluster["of"].as_str() {
        let _ = write!(out, " of {of}");
    }
    if let Some(similarity) = cluster["similarity"].as_f64() {
        let _ = write!(out, " ({:.0} % shared)", similarity * 100.0);
    }
    out
}

fn region(region: &Value) -> String {
    let (name, role) = (text(&region["name"]), text(&region["role"]));
    format!("{name} ({} {role})", text(&region["code"]))
}

fn actor(actor: &Value) -> String {
    let code = text(&actor["code"]);
    let aside = if actor["from"] == "caption" {
        ", caption"
    } else {
        ""
    };
    format!("{} [{code}{aside}]", text(&actor["name"]))
}
