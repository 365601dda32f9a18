//! What was found → the bill of actors: one line for each, with its mentions and its score.

use std::sync::Arc;

use super::super::lexicon::Lexicon;
use super::cast::{Cast, Known};
use crate::story::{ActorTag, Date, Mention, Provenance, Zone, slug};

/// Who was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Of the table.
    Known(u32),
    /// A role of a country, or of one that is not known: `cn-foreign-ministry`.
    Agent(u16, Option<u16>),
    /// The holder of an office whom the story does not name.
    Title(u16, Option<u16>),
    /// One who held it.
    Former(u16, Option<u16>),
    State(u16),
    /// The people of a country.
    People(u16),
    /// Somebody the story alone names.
    Local(u32),
}

/// The office by which the story calls a person of the table.
#[derive(Clone, Debug)]
pub struct Said {
    pub sector: Arc<str>,
    pub role: String,
    pub former: bool,
    /// A word such as `leader`, which leaves open what office it is.
    pub vague: bool,
}

/// A person or an organisation that no table holds.
#[derive(Clone, Debug)]
pub struct Local {
    pub name: String,
    pub kind: &'static str,
    pub country: Option<u16>,
    pub sector: Option<Arc<str>>,
    pub role: Option<String>,
    /// The hash of each word of the name.
    pub words: Vec<u64>,
}

struct Line {
    key: Key,
    score: f32,
    mentions: Vec<Mention>,
    aliases: Vec<Arc<str>>,
    said: Option<Said>,
    /// Where the story places somebody who is of no country.
    home: Option<u16>,
}

/// The actors of one story, in the order in which they were found.
#[derive(Default)]
pub struct Bill {
    lines: Vec<Line>,
    pub locals: Vec<Local>,
}

/// What a name that stands in nothing but a caption keeps of its score.
const CAPTION: f32 = 0.6;

impl Bill {
    pub fn add(&mut self, key: Key, score: f32, mention: Mention) {
        let line = self.line(key);
        line.score = line.score.max(score);
        let overlaps =
            |m: &Mention| m.zone == mention.zone && m.start < mention.end && mention.start < m.end;
        if !line.mentions.iter().any(overlaps) {
            line.mentions.push(mention);
        }
    }

    /// A short name that the story gives.
    pub fn alias(&mut self, key: Key, alias: &str) {
        let line = self.line(key);
        if line.aliases.iter().all(|a| **a != *alias) {
            line.aliases.push(alias.into());
        }
    }

    /// The office that the story gives somebody; the first one counts.
    pub fn call(&mut self, key: Key, said: Said) {
        self.line(key).said.get_or_insert(said);
    }

    /// Where a people lives; the first country that the story says counts.
    pub fn settle(&mut self, key: Key, country: u16) {
        self.line(key).home.get_or_insert(country);
    }

    pub fn has(&self, key: Key) -> bool {
        self.lines.iter().any(|line| line.key == key)
    }

    /// The keys found so far, in order.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.lines.iter().map(|line| line.key)
    }

    fn line(&mut self, key: Key) -> &mut Line {
        let at = self.lines.iter().position(|line| line.key == key);
        let at = at.unwrap_or_else(|| {
            self.lines.push(Line {
                key,
                score: 0.0,
                mentions: Vec::new(),
                aliases: Vec::new(),
                said: None,
                home: None,
            });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }

    /// The tags, the strongest first.
    pub fn tags(mut self, lexicon: &Lexicon, date: Date, language: &str) -> Vec<ActorTag> {
        let lines = std::mem::take(&mut self.lines);
        let mut tags: Vec<ActorTag> = lines
            .into_iter()
            .filter(|line| !line.mentions.is_empty())
            .map(|line| self.tag(line, lexicon, date, script(language)))
            .collect();
        let first = |tag: &ActorTag| tag.mentions.first().copied();
        tags.sort_by(|a, b| {
            let order = b.score.total_cmp(&a.score);
            order
                .then_with(|| first(a).cmp(&first(b)))
                .then_with(|| a.id.cmp(&b.id))
        });
        // two roads to one id are one actor: the stronger has the word
        let mut unique: Vec<ActorTag> = Vec::with_capacity(tags.len());
        for tag in tags {
            match unique.iter_mut().find(|known| known.id == tag.id) {
                Some(known) => {
                    known.mentions.extend(tag.mentions);
                    known.mentions.sort_unstable();
                    known.mentions.dedup();
                }
                None => unique.push(tag),
            }
        }
        unique
    }

    fn tag(&self, mut line: Line, lexicon: &Lexicon, date: Date, own: Script) -> ActorTag {
        line.mentions.sort_unstable();
        let caption = line
            .mentions
            .iter()
            .all(|m| matches!(m.zone, Zone::Caption(_)));
        let more = 1.0 - 0.85_f32.powi(line.mentions.len() as i32 - 1);
        let mut score = line.score + (1.0 - line.score) * 0.5 * more;
        if caption {
            score *= CAPTION;
        }
        let mut face = Face::of(line.key, &self.locals, lexicon, date);
        if let Some(said) = &line.said {
            face.call(said);
        }
        let country = face
            .country
            .or(line.home)
            .map(|c| lexicon.gazetteer().country(c));
        let mut aliases = line.aliases;
        // those of the story first, then those that its readers can read
        for acronym in face.aliases {
            if !aliases.contains(acronym)
                && acronym.chars().all(|c| !c.is_alphabetic() || own.has(c))
            {
                aliases.push(acronym.clone());
            }
        }
        ActorTag {
            id: face.id,
            name: face.name,
            kind: face.kind,
            country: country.map(|c| c.code.clone()),
            iso3: country.map(|c| c.iso3.clone()),
            sector: face.sector,
            role: face.role,
            aliases,
            from: if caption {
                Provenance::Caption
            } else {
                Provenance::Body
            },
            score: (score * face.trust).clamp(0.0, 1.0),
            mentions: line.mentions,
        }
    }
}

/// What a key looks like to the world.
struct Face<'l> {
    id: Arc<str>,
    name: Arc<str>,
    kind: Arc<str>,
    country: Option<u16>,
    sector: Option<Arc<str>>,
    role: Option<Arc<str>>,
    aliases: &'l [Arc<str>],
    trust: f32,
    /// The sector of the office that a person held last.
    held: Option<Arc<str>>,
}

impl<'l> Face<'l> {
    fn of(key: Key, locals: &[Local], lexicon: &'l Lexicon, date: Date) -> Face<'l> {
        let cast: &'l Cast = lexicon.cast();
        match key {
            Key::Known(index) => Face::known(cast.known(index), date),
            Key::Agent(role, country) => {
                let role = cast.agent(role);
                let mut face = Face::composed(&role.slug, &role.name, country, lexicon);
                face.kind = match (&*role.name, &*role.kind) {
                    ("junta", _) => "military".into(),
                    _ => role.kind.clone(),
                };
                face.sector = Some(role.sector.clone());
                face
            }
            Key::Title(role, country) => {
                let role = cast.title(role);
                let mut face = Face::composed(&role.slug, &role.name, country, lexicon);
                face.kind = "person".into();
                face.sector = Some(role.sector.clone());
                face.role = Some(role.name.clone());
                face
            }
            Key::Former(role, country) => {
                let role = cast.title(role);
                let (slug, name) = (
                    format!("former-{}", role.slug),
                    format!("former {}", role.name),
                );
                let mut face = Face::composed(&slug, &name, country, lexicon);
                face.kind = "person".into();
                face.sector = Some(former(&role.sector));
                face.role = Some(name.into());
                face
            }
            Key::State(country) => {
                let state = lexicon.gazetteer().country(country);
                Face {
                    id: state.code.to_lowercase().into(),
                    name: state.name.clone(),
                    kind: "state".into(),
                    country: Some(country),
                    // event data codes a state by its country alone, and reads GOV in it
                    sector: None,
                    role: None,
                    aliases: &[],
                    trust: 1.0,
                    held: None,
                }
            }
            Key::People(country) => {
                let mut face = Face::composed("population", "population", Some(country), lexicon);
                face.kind = "population".into();
                face.sector = Some("CVL".into());
                face
            }
            Key::Local(index) => Face::local(&locals[index as usize], lexicon),
        }
    }

    fn composed(slug: &str, name: &str, country: Option<u16>, lexicon: &Lexicon) -> Face<'l> {
        let state = country.map(|c| lexicon.gazetteer().country(c));
        let (id, name) = match state {
            Some(s) => {
                let id = format!("{}-{slug}", s.code.to_lowercase());
                (id.into(), format!("{} {name}", s.name).into())
            }
            None => (slug.into(), name.into()),
        };
        Face {
            id,
            name,
            kind: "group".into(),
            country,
            sector: None,
            role: None,
            aliases: &[],
            trust: 1.0,
            held: None,
        }
    }

    fn known(known: &'l Known, date: Date) -> Face<'l> {
        let mut face = Face {
            id: known.id.clone(),
            name: known.name.clone(),
            kind: known.kind.clone(),
            country: known.country,
            sector: Some(known.sector.clone()),
            role: None,
            aliases: &known.acronyms,
            trust: 1.0,
            held: None,
        };
        // the term that holds on the story's date, else the last one that ended before it
        let begun = known.terms.iter().rev().find(|term| term.from <= date);
        match begun {
            Some(term) if term.to.is_none_or(|to| date <= to) => {
                face.sector = Some(term.sector.clone());
                face.role = Some(term.role.clone());
                // an open term that began long ago may have ended unseen
                if term.to.is_none() && date.year() - term.from.year() > 10 {
                    face.trust = 0.95;
                }
            }
            Some(term) => {
                face.held = Some(term.sector.clone());
                face.sector = Some(former(&term.sector));
                face.role = Some(format!("former {}", term.role).into());
            }
            None => {}
        }
        face
    }

    /// The story's word for an office beats the table, which may be older or younger than the story.
    fn call(&mut self, said: &Said) {
        // whom the story calls a leader is in office, whatever the table knows
        let was = self.role.as_deref().and_then(|r| r.strip_prefix("former "));
        if said.vague && !said.former {
            if let (Some(role), Some(held)) = (was, &self.held) {
                (self.role, self.sector) = (Some(role.into()), Some(held.clone()));
            }
            return;
        }
        let role = if said.former {
            format!("former {}", said.role)
        } else {
            said.role.clone()
        };
        if self.role.as_deref() != Some(&role) {
            self.sector = Some(if said.former {
                former(&said.sector)
            } else {
                said.sector.clone()
            });
            self.role = Some(role.into());
        }
    }

    fn local(local: &Local, lexicon: &Lexicon) -> Face<'l> {
        // a name in other letters is told in Latin ones: two persons are never one
        let latin = || slug(&any_ascii::any_ascii(&local.name));
        let name = slug(&local.name).or_else(latin);
        let name = name.unwrap_or_else(|| "unnamed".to_owned());
        let code = local
            .country
            .map(|c| lexicon.gazetteer().country(c).code.to_lowercase());
        let id = code.map_or_else(|| name.clone(), |code| format!("{code}-{name}"));
        Face {
            id: id.into(),
            name: local.name.as_str().into(),
            kind: local.kind.into(),
            country: local.country,
            sector: local.sector.clone(),
            role: local.role.as_deref().map(Arc::from),
            aliases: &[],
            trust: 1.0,
            held: None,
        }
    }
}

/// The sector of one who held an office.
pub fn former(sector: &Arc<str>) -> Arc<str> {
    match &**sector {
        "GOV" | "MIL" | "LEG" | "JUD" => "ELI".into(),
        _ => sector.clone(),
    }
}

/// The letters that a language is written in, as far as names of actors come in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Ideographic,
}

impl Script {
    fn has(self, letter: char) -> bool {
        let own = match letter {
            '\u{400}'..='\u{52f}' => Script::Cyrillic,
            '\u{600}'..='\u{6ff}' => Script::Arabic,
            '\u{2e80}'.. => Script::Ideographic,
            _ => Script::Latin,
        };
        own == self
    }
}

fn script(language: &str) -> Script {
    match language.split('-').next().unwrap_or(language) {
        "be" | "bg" | "kk" | "mk" | "ru" | "sr" | "uk" => Script::Cyrillic,
        "ar" | "fa" | "ur" => Script::Arabic,
        "ja" | "zh" => Script::Ideographic,
        _ => Script::Latin,
    }
}
