//! Who acted, in whole stories? `tests/annotated/NAME.txt` as it comes over the wire, `NAME.toml` with the actors that a
//! desk wants from it.
//!
//! A tag is right where its id or name, its country and its sector agree with one annotation. No figure may fall
//! below its floor in `tools/floors.toml`; `FLOORS=raise` lifts the floors to what was measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use copytaster::pipeline::Settings;
use copytaster::story::{RawMessage, Subject, fold};
use serde::Deserialize;
use serde_json::Value;

use super::pipeline;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    received: String,
    actors: Vec<Wanted>,
}

/// An actor as a desk wants it; `or` parts what would do as well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    kind: String,
    #[serde(default = "none")]
    country: String,
    #[serde(default = "none")]
    sector: String,
    #[serde(default = "body")]
    from: String,
    text: Vec<String>,
}

fn none() -> String {
    "none".to_owned()
}

fn body() -> String {
    "body".to_owned()
}

fn one_of(choices: &str, said: &str) -> bool {
    choices == "any" || choices.split(" or ").any(|choice| choice == said)
}

fn folded(name: &str) -> String {
    let mut out = String::new();
    fold(name, &mut out);
    out
}

impl Wanted {
    fn is(&self, tag: &Value) -> bool {
        let said = |field: &str| tag[field].as_str().unwrap_or("none");
        let named = !self.name.is_empty() && folded(&self.name) == folded(said("name"));
        (named || one_of(&self.id, said("id")))
            && one_of(&self.country, said("country"))
            && one_of(&self.sector, said("sector"))
    }
}

#[derive(Clone, Copy, Default)]
struct Tally {
    right: usize,
    tagged: usize,
    wanted: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.right += other.right;
        self.tagged += other.tagged;
        self.wanted += other.wanted;
    }

    fn precision(self) -> f64 {
        self.right as f64 / self.tagged.max(1) as f64
    }

    fn recall(self) -> f64 {
        self.right as f64 / self.wanted.max(1) as f64
    }
}

fn tables() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/annotated");
    let files = fs::read_dir(folder).expect("tests/annotated");
    let files = files.map(|file| file.expect("a file").path());
    let mut tables: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|e| e == "toml"))
        .collect();
    tables.sort();
    tables
}

/// The actors of a story, as its event tells them.
fn tags(copy: &str, received: &str) -> Vec<Value> {
    let message = RawMessage {
        received: received.parse().expect("an instant"),
        subject: Subject("wire.raw.any.annotated".to_owned()),
        ..pipeline::message(1, "", copy.to_owned())
    };
    let commits = pipeline::pipeline(Settings::default()).process(&[message]);
    let mut records = commits.iter().flat_map(|commit| &commit.outbound);
    let event: Value = serde_json::from_slice(&records.next().expect("an event").body).unwrap();
    assert!(records.next().is_none(), "one story, one event");
    event["wire"]["actors"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

/// What was right of one story; into `report` what was not.
fn judge(name: &str, copy: &str, table: &Table, report: &mut String) -> Tally {
    let tags = tags(copy, &table.received);
    let mut found = vec![false; table.actors.len()];
    for tag in &tags {
        let mut open = table.actors.iter().enumerate();
        match open.find(|(at, wanted)| !found[*at] && wanted.is(tag)) {
            Some((at, wanted)) => {
                found[at] = true;
                let place = (tag["kind"].as_str(), tag["from"].as_str());
                if place != (Some(&wanted.kind), Some(&wanted.from)) {
                    writeln!(report, "{name}: {} is {place:?}", tag["id"]).unwrap();
                }
            }
            None => {
                let texts = tag["mentions"].as_array().into_iter().flatten();
                let texts: Vec<_> = texts.map(|mention| &mention["text"]).collect();
                let (id, country, sector) = (&tag["id"], &tag["country"], &tag["sector"]);
                writeln!(report, "{name}: + {id} {country} {sector} {texts:?}").unwrap();
            }
        }
    }
    let missed = table
        .actors
        .iter()
        .zip(&found)
        .filter(|(_, found)| !**found);
    for (wanted, _) in missed {
        let who = [wanted.id.as_str(), wanted.name.as_str()].join(" ");
        let (country, sector, text) = (&wanted.country, &wanted.sector, &wanted.text);
        writeln!(report, "{name}: - {who} {country} {sector} {text:?}").unwrap();
    }
    Tally {
        right: found.iter().filter(|found| **found).count(),
        tagged: tags.len(),
        wanted: table.actors.len(),
    }
}

/// Slices that the copy does not have, and tables without a meaning.
fn faults(name: &str, copy: &str, table: &Table) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let copy = words(copy);
    let slices = table.actors.iter().flat_map(|wanted| &wanted.text);
    let lost = slices.filter(|slice| !copy.contains(&words(slice)));
    let mut faults: Vec<String> = lost.map(|slice| format!("{name}: no {slice:?}")).collect();
    let nobody =
        |wanted: &&Wanted| wanted.id.is_empty() && wanted.name.is_empty() || wanted.text.is_empty();
    let nobody = table.actors.iter().filter(nobody);
    faults.extend(nobody.map(|wanted| format!("{name}: nobody earns {:?}", wanted.text)));
    faults
}

fn measure() -> (BTreeMap<String, f64>, String) {
    let (mut report, mut wrong) = (String::new(), Vec::new());
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for path in tables() {
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a name");
        let copy = fs::read_to_string(path.with_extension("txt")).expect("the story of a table");
        let text = fs::read_to_string(&path).expect("a table");
        let table: Table = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        wrong.extend(faults(name, &copy, &table));
        let tally = judge(name, &copy, &table, &mut report);
        let language = name.split('-').next().expect("split yields one part");
        for key in [language, ""] {
            tallies.entry(key.to_owned()).or_default().add(tally);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut figures = BTreeMap::new();
    for (language, tally) in tallies {
        let of = if language.is_empty() {
            String::new()
        } else {
            format!("_of.{language}")
        };
        figures.insert(format!("annotated.precision{of}"), tally.precision());
        figures.insert(format!("annotated.recall{of}"), tally.recall());
        let (right, tagged, wanted) = (tally.right, tally.tagged, tally.wanted);
        writeln!(
            report,
            "{language:2} {right} right of {tagged} tags and {wanted} wanted"
        )
        .unwrap();
    }
    (figures, report)
}

#[derive(Deserialize)]
struct Floors {
    floors: BTreeMap<String, f64>,
}

#[test]
fn the_actors_of_whole_stories_are_those_a_desk_wants() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/floors.toml");
    let text = fs::read_to_string(&path).expect("tools/floors.toml");
    let mut floors = toml::from_str::<Floors>(&text).expect("floors").floors;
    let (figures, report) = measure();
    println!("{report}{figures:#.4?}");
    if std::env::var("FLOORS").is_ok_and(|value| value == "raise") {
        for (name, figure) in &figures {
            let floor = floors.entry(name.clone()).or_default();
            *floor = floor.max((figure * 1e4).floor() / 1e4);
        }
        let (head, _) = text.split_once("[floors]\n").expect("one table of floors");
        let rows = floors
            .iter()
            .map(|(name, floor)| format!("\"{name}\" = {floor:.4}\n"));
        fs::write(
            &path,
            format!("{head}[floors]\n{}", rows.collect::<String>()),
        )
        .unwrap();
    }
    let below = |(name, figure): &(&String, &f64)| {
        **figure < floors.get(*name).copied().unwrap_or_default()
    };
    let below: Vec<_> = figures.iter().filter(below).collect();
    assert!(below.is_empty(), "below their floors: {below:?}");
}
