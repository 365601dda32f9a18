//! Agent, title and actor tables → the Cast: who the lexicon knows, and what a role is worth.

use std::sync::Arc;

use hashbrown::HashMap;
use xxhash_rust::xxh3::Xxh3Builder;

use super::super::lexicon::{Gazetteer, Row, Sense, Tables};
use super::super::trie::{Builder, Languages};
use crate::story::{Date, fold, slug, tokenize};

/// PLOVER sectors, with the codes of its predecessors that desks still ask for.
const SECTORS: [&str; 21] = [
    "BUS", "COP", "CRM", "CVL", "EDU", "ELI", "GOV", "HLH", "IGO", "JUD", "LAB", "LEG", "MED",
    "MIL", "NGO", "OPP", "PTY", "REB", "REF", "REL", "SPY",
];
/// Unidentified armed forces: the sector of those whose side nobody names.
const UNIDENTIFIED: &str = "UAF";

/// Of a phrase that holds a role and names nobody: `press conference`.
const NOBODY: &str = "nobody";

const AGENT_KINDS: [&str; 13] = [
    "armed-group",
    "company",
    "court",
    "criminal",
    "government",
    "group",
    "intelligence",
    "military",
    NOBODY,
    "parliament",
    "party",
    "police",
    "population",
];
const ACTOR_KINDS: [&str; 13] = [
    "armed-group",
    "company",
    "criminal",
    "government",
    "igo",
    "intelligence",
    "media",
    "military",
    "ngo",
    "party",
    "person",
    "police",
    "population",
];

/// What an agent or a title is in every language.
#[derive(Clone, Debug)]
pub struct Role {
    /// Canonical English name.
    pub name: Arc<str>,
    pub slug: Arc<str>,
    pub kind: Arc<str>,
    pub sector: Arc<str>,
    /// A country has one of them, and it is named by its office: a ministry, an army, a president.
    pub institution: bool,
    /// The plain role of which this is a phrase with a mark; itself where it has none.
    pub base: u16,
    pub marks: Marks,
}

/// What the marks of a phrase say of a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `bundesregierung@DE`: the phrase says whose.
    pub country: Option<u16>,
    /// `major?`: means the role only beside a name or an owner.
    pub weak: bool,
    /// `helicopters??`: means the role only with an owner.
    pub bound: bool,
}

/// A term of office.
#[derive(Clone, Debug)]
pub struct Term {
    pub from: Date,
    /// `None` while nothing else is known.
    pub to: Option<Date>,
    pub sector: Arc<str>,
    pub role: Arc<str>,
}

/// An actor of the table.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: Arc<str>,
    pub kind: Arc<str>,
    pub country: Option<u16>,
    pub sector: Arc<str>,
    pub name: Arc<str>,
    /// Acronyms among its aliases, for display.
    pub acronyms: Vec<Arc<str>>,
    /// Terms of office, in order; empty for all but persons.
    pub terms: Vec<Term>,
}

impl Role {
    /// Whether its phrases name nobody: `press conference`.
    pub fn is_nobody(&self) -> bool {
        &*self.kind == NOBODY
    }
}

impl Known {
    /// Whether an office of theirs is held on a day.
    pub fn serves_on(&self, day: Date) -> bool {
        let holds = |term: &Term| term.from <= day && term.to.is_none_or(|to| day <= to);
        self.terms.iter().any(holds)
    }
}

/// One name of an actor: what `Sense::Actor` is an index of.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    pub actor: u32,
    /// Binds only by the actor's country or by a definition in the story.
    pub weak: bool,
}

/// Everybody the lexicon knows.
#[derive(Default)]
pub struct Cast {
    agents: Vec<Role>,
    titles: Vec<Role>,
    known: Vec<Known>,
    names: Vec<Name>,
    /// The role that a capital stands for where it acts.
    government: Option<u16>,
    /// Hash of the last word of a person's name → persons, in table order.
    surnames: HashMap<u64, Vec<u32>, Xxh3Builder>,
}

impl Cast {
    pub fn agent(&self, index: u16) -> &Role {
        &self.agents[usize::from(index)]
    }

    pub fn title(&self, index: u16) -> &Role {
        &self.titles[usize::from(index)]
    }

    pub fn known(&self, index: u32) -> &Known {
        &self.known[index as usize]
    }

    pub fn name(&self, index: u32) -> Name {
        self.names[index as usize]
    }

    /// The plain role `government`, where the table has one.
    pub fn government(&self) -> Option<u16> {
        self.government
    }

    /// Persons whose name ends in the word with this hash.
    pub fn surnamed(&self, hash: u64) -> &[u32] {
        self.surnames.get(&hash).map_or(&[], Vec::as_slice)
    }

    /// Reads the tables of actors; their names go into `builder`, their faults into `tables`.
    pub fn read(tables: &mut Tables<'_>, gazetteer: &Gazetteer, builder: &mut Builder) -> Cast {
        let mut cast = Cast::default();
        cast.read_agents(tables, gazetteer, builder);
        let government = cast.agents.iter().position(|r| &*r.name == "government");
        cast.government = government.map(|index| index as u16);
        cast.read_titles(tables, gazetteer, builder);
        cast.read_actors(tables, gazetteer, builder);
        cast
    }

    fn read_agents(&mut self, tables: &mut Tables<'_>, gaz: &Gazetteer, builder: &mut Builder) {
        let columns = ["role", "language", "kind", "sector", "phrases"];
        let mut phrases = Phrases::default();
        for row in tables.rows("agents.tsv", &columns, 2) {
            let kind = row.cells[2];
            if !AGENT_KINDS.contains(&kind) {
                tables.fault(&row, format!("unknown kind \"{kind}\""));
                continue;
            }
            let Some(index) = role(&mut self.agents, &row, kind, 3, tables) else {
                continue;
            };
            for phrase in phrases.of(&row, 4, gaz, tables) {
                let sense = Sense::Agent(variant(&mut self.agents, index, &phrase));
                phrase.add(&row, sense, tables, builder);
            }
        }
    }

    fn read_titles(&mut self, tables: &mut Tables<'_>, gaz: &Gazetteer, builder: &mut Builder) {
        let columns = ["role", "language", "sector", "phrases"];
        let mut phrases = Phrases::default();
        for row in tables.rows("titles.tsv", &columns, 2) {
            let Some(index) = role(&mut self.titles, &row, "person", 2, tables) else {
                continue;
            };
            for phrase in phrases.of(&row, 3, gaz, tables) {
                let sense = Sense::Title(variant(&mut self.titles, index, &phrase));
                phrase.add(&row, sense, tables, builder);
            }
        }
    }

    fn read_actors(&mut self, tables: &mut Tables<'_>, gaz: &Gazetteer, builder: &mut Builder) {
        let columns = [
            "id", "kind", "country", "sector", "second", "name", "aliases", "terms", "source",
        ];
        let mut owners: HashMap<String, (u32, bool), Xxh3Builder> = HashMap::default();
        for row in tables.rows("actors.tsv", &columns, 1) {
            let Some(known) = actor(&row, gaz, tables) else {
                continue;
            };
            let index = self.known.len() as u32;
            if &*known.kind == "person" {
                let mut last = None;
                tokenize(&known.name, |t| last = Some(t.hash));
                if let Some(hash) = last {
                    self.surnames.entry(hash).or_default().push(index);
                }
            }
            self.known.push(known);
            for name in row.names(5).chain(row.names(6)) {
                if name != "-" {
                    self.add_name(&row, name, index, &mut owners, tables, builder);
                }
            }
        }
    }

    fn add_name(
        &mut self,
        row: &Row<'_>,
        name: &str,
        actor: u32,
        owners: &mut HashMap<String, (u32, bool), Xxh3Builder>,
        tables: &mut Tables<'_>,
        builder: &mut Builder,
    ) {
        let (name, weak) = match name.strip_suffix('?') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let key = key(name);
        match owners.get(&key) {
            // the same in another case: NATO, Nato
            Some((owner, _)) if *owner == actor => {}
            Some((owner, false)) if !weak => {
                let other = self.known[*owner as usize].id.clone();
                return tables.fault(row, format!("\"{name}\" is a name of {other} already"));
            }
            _ => {}
        }
        owners.insert(key, (actor, weak));
        let sense = Sense::Actor(self.names.len() as u32);
        self.names.push(Name { actor, weak });
        if !builder.add(name, Languages::ALL, sense) {
            tables.fault(row, format!("\"{name}\" has no letters"));
        }
    }
}

/// The phrases of a table, to find one that stands twice in a language.
#[derive(Default)]
struct Phrases {
    seen: HashMap<(String, String), usize, Xxh3Builder>,
}

/// A phrase of a role without its marks.
struct Phrase<'t> {
    text: &'t str,
    language: Languages,
    marks: Marks,
}

impl Phrases {
    /// The phrases of a row; those with a fault are reported and left out.
    fn of<'t>(
        &mut self,
        row: &Row<'t>,
        column: usize,
        gazetteer: &Gazetteer,
        tables: &mut Tables<'_>,
    ) -> Vec<Phrase<'t>> {
        let code = row.cells[1];
        let Some(language) = Languages::one(code) else {
            tables.fault(row, format!("unknown language \"{code}\""));
            return Vec::new();
        };
        let mut phrases = Vec::new();
        for cell in row.names(column) {
            let (cell, owner) = match cell.split_once('@') {
                Some((cell, owner)) => (cell, Some(owner)),
                None => (cell, None),
            };
            let country = owner.and_then(|owner| gazetteer.country_of(row, owner, tables));
            if owner.is_some() && country.is_none() {
                continue;
            }
            let text = cell.trim_end_matches('?');
            if let Some(line) = self.seen.insert((code.to_owned(), key(text)), row.line) {
                tables.fault(row, format!("\"{text}\" stands in line {line} already"));
                continue;
            }
            phrases.push(Phrase {
                text,
                language,
                marks: Marks {
                    country,
                    weak: text != cell,
                    bound: cell.ends_with("??"),
                },
            });
        }
        phrases
    }
}

impl Phrase<'_> {
    fn add(&self, row: &Row<'_>, sense: Sense, tables: &mut Tables<'_>, builder: &mut Builder) {
        if !builder.add(&self.text.to_lowercase(), self.language, sense) {
            tables.fault(row, format!("\"{}\" has no letters", self.text));
        }
    }
}

/// The index of a role with the marks of a phrase.
fn variant(roles: &mut Vec<Role>, base: u16, phrase: &Phrase<'_>) -> u16 {
    let plain = usize::from(base);
    let same = |role: &Role| role.base == base && role.marks == phrase.marks;
    // the marked ones stand behind the plain one
    if let Some(at) = roles[plain..].iter().position(same) {
        return (plain + at) as u16;
    }
    roles.push(Role {
        marks: phrase.marks,
        ..roles[plain].clone()
    });
    roles.len() as u16 - 1
}

/// The folded words of a name: two names with the same are one to the matcher.
fn key(name: &str) -> String {
    let mut folded = String::new();
    fold(name, &mut folded);
    let words = folded.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_sector(code: &str) -> bool {
    SECTORS.contains(&code) || code == UNIDENTIFIED
}

/// The role of a row: rows of one role in several languages stand together.
fn role(
    roles: &mut Vec<Role>,
    row: &Row<'_>,
    kind: &str,
    sector: usize,
    tables: &mut Tables<'_>,
) -> Option<u16> {
    let (name, sector) = (row.cells[0], row.cells[sector]);
    if !is_sector(sector) && (kind, sector) != (NOBODY, "-") {
        tables.fault(row, format!("unknown sector \"{sector}\""));
        return None;
    }
    if let Some(last) = roles.last().filter(|last| &*last.name == name) {
        if &*last.kind != kind || &*last.sector != sector {
            tables.fault(
                row,
                format!("kind or sector of \"{name}\" differs by language"),
            );
            return None;
        }
        return Some(last.base);
    }
    let Some(slug) = slug(name) else {
        tables.fault(row, format!("\"{name}\" has no letters"));
        return None;
    };
    let index = roles.len() as u16;
    let groups = ["armed-group", "company", "criminal", "group", "population"];
    let loose =
        groups.contains(&kind) && name != "officials" || ["troops", "peacekeepers"].contains(&name);
    roles.push(Role {
        name: name.into(),
        slug: slug.into(),
        kind: kind.into(),
        sector: sector.into(),
        institution: !loose,
        base: index,
        marks: Marks::default(),
    });
    Some(index)
}

/// The actor of a row, `None` where a fault was reported.
fn actor(row: &Row<'_>, gazetteer: &Gazetteer, tables: &mut Tables<'_>) -> Option<Known> {
    let before = tables.faults.len();
    let (id, kind, sector) = (row.cells[0], row.cells[1], row.cells[3]);
    if slug(id).as_deref() != Some(id) {
        tables.fault(row, format!("\"{id}\" is no slug"));
    }
    if !ACTOR_KINDS.contains(&kind) {
        tables.fault(row, format!("unknown kind \"{kind}\""));
    }
    for code in [Some(sector), row.optional(4)].into_iter().flatten() {
        if !is_sector(code) {
            tables.fault(row, format!("unknown sector \"{code}\""));
        }
    }
    let country = row
        .optional(2)
        .and_then(|code| gazetteer.country_of(row, code, tables));
    if row.names(5).next().is_none() {
        tables.fault(row, "name is empty");
    }
    let terms = terms(row, tables);
    let acronym = |a: &&str| {
        let upper = a.chars().all(|c| c.is_uppercase() || !c.is_alphabetic());
        a.len() <= 12 && !a.contains(' ') && upper
    };
    let acronyms = row
        .names(6)
        .map(|a| a.trim_end_matches('?'))
        .filter(acronym);
    (tables.faults.len() == before).then(|| Known {
        id: id.into(),
        kind: kind.into(),
        country,
        sector: sector.into(),
        name: row.cells[5].into(),
        acronyms: acronyms.filter(|a| *a != "-").map(Arc::from).collect(),
        terms,
    })
}

/// `2017-01-20..2021-01-20 GOV president|2025-01-20.. GOV president`
fn terms(row: &Row<'_>, tables: &mut Tables<'_>) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for cell in row.names(7).filter(|cell| *cell != "-") {
        let Some(term) = term(cell) else {
            tables.fault(row, format!("\"{cell}\" is no term: from..to sector role"));
            continue;
        };
        if term.to.is_some_and(|to| to < term.from) {
            tables.fault(row, format!("the term \"{cell}\" ends before it begins"));
        }
        if terms
            .last()
            .is_some_and(|last| last.to.is_none_or(|to| to > term.from))
        {
            tables.fault(row, format!("the term \"{cell}\" overlaps the one before"));
        }
        terms.push(term);
    }
    terms
}

fn term(cell: &str) -> Option<Term> {
    let (dates, rest) = cell.split_once(' ')?;
    let (from, to) = dates.split_once("..")?;
    let (sector, role) = rest.split_once(' ')?;
    let to = match to {
        "" => None,
        date => Some(date.parse().ok()?),
    };
    is_sector(sector).then_some(())?;
    Some(Term {
        from: from.parse().ok()?,
        to,
        sector: sector.into(),
        role: role.into(),
    })
}
