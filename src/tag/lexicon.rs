//! Tables → Lexicon: the names that the tagger knows, and what they mean.
//!
//! A new table is a line in `TABLES`, a variant of `Sense`, and a reader that asks `Tables` for rows,
//! adds their names to the trie and reports what is wrong with them.

mod cues;
mod gazetteer;
mod table;

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

pub use cues::{Cue, Cues};
pub use gazetteer::{Gazetteer, Place, Proof};
pub use table::{Row, Tables};

use super::actor::Cast;
use super::trie::{Builder, Trie};
use crate::story::Date;

/// What a name means: an index into the table that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sense {
    Country(u16),
    /// An inhabitant or an adjective of a country.
    Demonym(u16),
    /// A cross-border or disputed region, or a sea.
    Area(u16),
    Place(u32),
    /// A kind of actor that a nationality composes with (`foreign ministry`).
    Agent(u16),
    /// What stands before a person's name (`President`).
    Title(u16),
    /// A named actor.
    Actor(u32),
    /// A word that says which country a story of few names is from (`Sheriff`): no name.
    Hint(u16),
}

impl Sense {
    /// Whether the name says where.
    pub fn is_region(self) -> bool {
        use Sense::*;
        matches!(self, Country(_) | Demonym(_) | Area(_) | Place(_))
    }
}

/// A fault of a table, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The tables compiled into the binary.
const TABLES: &[(&str, &str)] = &[
    ("VERSION", include_str!("../../config/lexicon/VERSION")),
    (
        "actors.tsv",
        include_str!("../../config/lexicon/actors.tsv"),
    ),
    (
        "agents.tsv",
        include_str!("../../config/lexicon/agents.tsv"),
    ),
    (
        "aliases.tsv",
        include_str!("../../config/lexicon/aliases.tsv"),
    ),
    ("areas.tsv", include_str!("../../config/lexicon/areas.tsv")),
    (
        "countries.tsv",
        include_str!("../../config/lexicon/countries.tsv"),
    ),
    ("cues.tsv", include_str!("../../config/lexicon/cues.tsv")),
    (
        "demonyms.tsv",
        include_str!("../../config/lexicon/demonyms.tsv"),
    ),
    (
        "divisions.tsv",
        include_str!("../../config/lexicon/divisions.tsv"),
    ),
    ("hints.tsv", include_str!("../../config/lexicon/hints.tsv")),
    (
        "places.tsv",
        include_str!("../../config/lexicon/places.tsv"),
    ),
    (
        "states.tsv",
        include_str!("../../config/lexicon/states.tsv"),
    ),
    (
        "titles.tsv",
        include_str!("../../config/lexicon/titles.tsv"),
    ),
    ("towns.tsv", include_str!("../../config/lexicon/towns.tsv")),
];

/// All names, ready for matching.
pub struct Lexicon {
    version: String,
    trie: Trie,
    gazetteer: Gazetteer,
    cues: Cues,
    cast: Cast,
}

impl Lexicon {
    /// The tables compiled into the binary.
    pub fn embedded() -> Lexicon {
        Lexicon::load(&[]).expect("the tables compiled in are loaded by a test")
    }

    /// The embedded tables, each replaced by the one of the same file name in `files` (name, text).
    /// Reports every fault of every table, by table and line.
    pub fn load(files: &[(String, String)]) -> Result<Lexicon, Vec<Fault>> {
        let mut tables = Tables::new(TABLES, files);
        let mut names = Builder::default();
        let gazetteer = Gazetteer::read(&mut tables, &mut names);
        let cues = Cues::read(&mut tables);
        let cast = Cast::read(&mut tables, &gazetteer, &mut names);
        let version = version(&mut tables);
        let mut faults = tables.faults;
        if !faults.is_empty() {
            faults.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            return Err(faults);
        }
        Ok(Lexicon {
            version,
            trie: names.build(),
            gazetteer,
            cues,
            cast,
        })
    }

    /// Names the content, `<date>.<hash>`: changes when any table changes.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The names of the files that `load` takes.
    pub fn files() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|(name, _)| *name)
    }

    pub fn trie(&self) -> &Trie {
        &self.trie
    }

    /// Whether the word with this token hash is a cue of this kind.
    pub fn is(&self, cue: Cue, hash: u64) -> bool {
        self.cues.is(cue, hash)
    }

    /// Countries, areas and places.
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// Actors, their roles and titles.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }
}

/// The date in `VERSION`, and a hash of all tables.
fn version(tables: &mut Tables<'_>) -> String {
    let mut hash = Xxh3::new();
    for (name, text) in tables.files() {
        hash.update(name.as_bytes());
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    let (file, text) = tables.text("VERSION");
    let date = text.trim();
    if date.len() != "2026-11-24".len() || date.parse::<Date>().is_err() {
        tables.report(file, 1, format!("{date:?} is no date such as 2026-11-24"));
    }
    format!("{date}.{:08x}", hash.digest() >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_table_loads_without_fault() {
        assert_eq!(Lexicon::load(&[]).err(), None);
    }

    #[test]
    fn the_version_names_the_content() {
        let own = "# country\tlanguage\tforms\nCN\ten\tSinic\n".to_owned();
        let (a, b) = (
            Lexicon::embedded(),
            Lexicon::load(&[("demonyms.tsv".to_owned(), own)]).expect("a sound table"),
        );
        assert_eq!(a.version().len(), "2026-11-24.".len() + 8);
        assert_eq!(a.version(), Lexicon::embedded().version());
        assert_ne!(a.version(), b.version());
    }
}
