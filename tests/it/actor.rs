//! Who acted? Traps as a table: what a story's words must make of its actors, and what they must not.

use copytaster::story::Provenance;
use serde::Deserialize;

use crate::region::{Case, Line, TAGGER, story};

#[derive(Deserialize)]
struct Table {
    case: Vec<Trap>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trap {
    rule: String,
    lang: String,
    text: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    caption: Option<String>,
    #[serde(default)]
    expected: Vec<String>,
    #[serde(default)]
    forbidden: Vec<String>,
}

/// `id`, `id CODE`, `id as ROLE`, `id from ZONE`, `id = ALIAS`: an actor as the table writes it.
fn actors(trap: &Trap) -> Vec<String> {
    let dateline = trap.from.as_ref().map(|place| Line {
        text: format!("{place} (Agency) -"),
        places: vec![place.clone()],
        ..Line::default()
    });
    let case = Case {
        lang: Some(trap.lang.clone()),
        body: trap.text.clone(),
        dateline,
        captions: trap.caption.iter().cloned().collect(),
        ..Case::default()
    };
    let mut story = story(&case);
    if let Some(date) = &trap.date {
        story.received = format!("{date}T00:00:00Z").parse().unwrap();
    }
    let tags = TAGGER.tag(&story);
    let mut seen = Vec::new();
    for actor in &tags.actors {
        let country = actor.iso3.as_deref().unwrap_or_default();
        let sector = actor.sector.as_deref().unwrap_or_default();
        seen.push(actor.id.to_string());
        seen.push(format!("{} {country}{sector}", actor.id));
        let role = actor.role.as_deref().unwrap_or_default();
        seen.push(format!("{} as {role}", actor.id));
        let from = match actor.from {
            Provenance::Caption => "caption",
            _ => "body",
        };
        seen.push(format!("{} from {from}", actor.id));
        seen.extend(actor.aliases.iter().map(|a| format!("{} = {a}", actor.id)));
    }
    seen
}

#[test]
fn every_trap_of_the_table_is_seen_through() {
    let table: Table = toml::from_str(include_str!("../tables/actors.toml")).unwrap();
    let mut faults = Vec::new();
    for trap in &table.case {
        let found = actors(trap);
        for want in trap.expected.iter().filter(|want| !found.contains(want)) {
            faults.push(format!("{}: no {want} in {found:?}", trap.rule));
        }
        for bad in trap.forbidden.iter().filter(|bad| found.contains(bad)) {
            faults.push(format!("{}: {bad} in {:?}", trap.rule, trap.text));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
