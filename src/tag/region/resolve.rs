//! Spots → hits: which place does a name mean here, if any?
//!
//! A name with one country is evidence for it; a name with several takes the sense that its
//! neighbour (`Paris, Texas`), the evidence, the dateline and at last the population speak for.
//! A name that stands like a person's (`Jordan Smith`, `Michael Jordan`) is nobody's place, there
//! and in the rest of the story, unless something else speaks for the place.

use super::super::lexicon::{Cue, Gazetteer, Lexicon, Sense};
use super::super::mention::{Casing, Spot, Spots};
use super::evidence::{Evidence, country_of, evidence};
use crate::story::{Shape, Token, Usage, Zone};

/// A name that means a place.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    pub spot: Spot,
    pub sense: Sense,
    pub country: Option<u16>,
    pub usage: Usage,
    pub role: Role,
}

/// What a name does in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Something is said of the place: `in Myanmar`, `to Myanmar`.
    Scene,
    /// Named, and no more is known.
    Named,
    /// A government, an adjective: somebody from there.
    Actor,
    /// Part of another name.
    Part,
}

/// All hits outside the dateline, in order.
pub fn hits(spots: &Spots<'_>, lexicon: &Lexicon, dateline: Option<u16>) -> Vec<Hit> {
    let reader = Reader {
        spots,
        lexicon,
        gazetteer: lexicon.gazetteer(),
        evidence: evidence(spots, lexicon, dateline),
        people: people(spots, lexicon),
        words: Words::of(spots),
    };
    let all = spots.all();
    let mut hits = Vec::with_capacity(all.len());
    for (at, spot) in all.iter().enumerate() {
        if spots.zone(spot) != Zone::Dateline {
            hits.extend(reader.read(at));
        }
    }
    hits
}

/// Hashes of names that stand as a person's name somewhere in the story.
fn people(spots: &Spots<'_>, lexicon: &Lexicon) -> Vec<u64> {
    let mut people = Vec::new();
    for spot in spots.all() {
        let tokens = spots.tokens(spot);
        if tokens.len() == 1
            && lexicon.is(Cue::Personal, tokens[0].hash)
            && spots.section(spot).casing == Casing::Sentence
            && stands_as_person(spots, spot, lexicon)
        {
            people.push(tokens[0].hash);
        }
    }
    people
}

/// `Jordan Smith`, `Michael Jordan`, `Mr. Jordan`: a capital word that is no place beside it.
fn stands_as_person(spots: &Spots<'_>, spot: &Spot, lexicon: &Lexicon) -> bool {
    let own = spots.tokens(spot)[0];
    let named = |token: &Token| {
        token.is(Shape::CAPITAL)
            && !token.is(Shape::UPPER)
            && !lexicon.is(Cue::Surrounding, token.hash)
            && !is_large(token, lexicon)
    };
    let beside = |token: &Token| !token.is(PARTED);
    let after = spots.after(spot);
    if !spots.is_possessive(spot) && after.is_some_and(|next| beside(next) && named(next)) {
        return true;
    }
    spots.before(spot).is_some_and(|last| {
        let title = !own.is(Shape::BREAK) && lexicon.is(Cue::Courtesy, last.hash);
        let given = beside(&own) && named(last) && !last.is(Shape::SENTENCE);
        title || given || beside(&own) && lexicon.is(Cue::Given, last.hash)
    })
}

/// The words that the story writes with a small letter somewhere: a town that is one of them (`Bank`,
/// `Free`, `Much`) is the word. A bitmap, so that once in a while a town is lost, never a word read.
struct Words {
    bits: Vec<u64>,
}

impl Words {
    fn of(spots: &Spots<'_>) -> Words {
        let total: usize = spots.sections().iter().map(|s| s.tokens.len()).sum();
        let mut words = Words {
            bits: vec![0; (total / 2).next_power_of_two().max(64)],
        };
        for section in spots.sections() {
            for token in section.tokens.iter().filter(|t| !t.is(NOT_SMALL)) {
                let at = words.at(token.hash);
                words.bits[at] |= 1 << (token.hash >> 58);
            }
        }
        words
    }

    fn at(&self, hash: u64) -> usize {
        hash as usize & (self.bits.len() - 1)
    }

    fn hold(&self, hash: u64) -> bool {
        self.bits[self.at(hash)] >> (hash >> 58) & 1 != 0
    }
}

const NOT_SMALL: Shape = Shape::CAPITAL
    .with(Shape::NUMBER)
    .with(Shape::IDEOGRAPH)
    .with(Shape::ARABIC);

/// Whether a word is a country, a nationality or an area, and so no surname.
fn is_large(token: &Token, lexicon: &Lexicon) -> bool {
    let trie = lexicon.trie();
    let large = |sense| {
        matches!(
            sense,
            Sense::Country(_) | Sense::Demonym(_) | Sense::Area(_)
        )
    };
    trie.may_begin(token.hash, false)
        && trie
            .longest(std::slice::from_ref(token), token.hash, |entries, _| {
                entries.iter().any(|entry| large(entry.sense))
            })
            .is_some()
}

/// What parts a word from the one before.
const PARTED: Shape = Shape::BREAK
    .with(Shape::DOT)
    .with(Shape::HYPHEN)
    .with(Shape::APOSTROPHE);

struct Reader<'a, 's> {
    spots: &'a Spots<'s>,
    lexicon: &'a Lexicon,
    gazetteer: &'a Gazetteer,
    evidence: Evidence,
    people: Vec<u64>,
    words: Words,
}

impl Reader<'_, '_> {
    fn read(&self, at: usize) -> Option<Hit> {
        let spot = &self.spots.all()[at];
        let (sense, context) = self.choose(at)?;
        // in the name of an actor a town is a word: Ejército de Liberación Nacional
        let word = spot.embedded && matches!(sense, Sense::Place(_)) && self.is_small(sense);
        if word || !context && self.is_trap(at, sense) {
            return None;
        }
        let role = self.role(spot, sense);
        Some(Hit {
            spot: *spot,
            sense,
            country: country_of(sense, self.gazetteer),
            usage: match role {
                Role::Scene | Role::Named => Usage::Literal,
                Role::Actor | Role::Part => Usage::Associative,
            },
            role,
        })
    }

    /// The best sense, and whether its neighbour proves it.
    fn choose(&self, at: usize) -> Option<(Sense, bool)> {
        let spot = &self.spots.all()[at];
        let all = || self.spots.senses(spot).filter(|s| s.is_region());
        let state = all().any(|s| matches!(s, Sense::Country(_)));
        let mut senses = all();
        let first = senses.next()?;
        let mut senses = senses.peekable();
        if senses.peek().is_none() && !self.is_small(first) {
            return Some((first, false));
        }
        let parent = self.parent(at);
        let rate = |sense: Sense| {
            let context = parent.is_some_and(|parent| self.lies_in(sense, parent));
            // a country's name is no village: Venezuela in Cuba only as `Venezuela, Cuba`
            if state && !context && self.is_village(sense) {
                return (f32::MIN, false);
            }
            (self.score(sense) + if context { 6.0 } else { 0.0 }, context)
        };
        let (mut best, (mut score, mut context)) = (first, rate(first));
        for sense in senses {
            let (other, proven) = rate(sense);
            if other > score {
                (best, score, context) = (sense, other, proven);
            }
        }
        Some((best, context))
    }

    /// How much speaks for a sense, whatever stands beside it.
    fn score(&self, sense: Sense) -> f32 {
        let prior = match sense {
            Sense::Country(_) | Sense::Demonym(_) => 6.0,
            Sense::Area(_) => 9.0,
            Sense::Place(p) => {
                let place = self.gazetteer.place(p);
                let size = place.size * 0.6;
                match place.kind {
                    "capital" => size + 1.0,
                    "admin1" => size - 0.5,
                    _ => size,
                }
            }
            _ => 0.0,
        };
        let Some(country) = country_of(sense, self.gazetteer) else {
            return prior;
        };
        let dateline = if self.evidence.dateline == Some(country) {
            1.0
        } else {
            0.0
        };
        let division = match sense {
            Sense::Place(p) => self.evidence.division(self.gazetteer.place(p)),
            _ => 0.0,
        };
        let near = 2.0 * division / (division + 1.0);
        prior + 4.0 * self.evidence.share(country) + dateline + near
    }

    /// What stands after the name and a comma, or in brackets: `Paris, Texas`.
    fn parent(&self, at: usize) -> Option<&Spot> {
        let spot = &self.spots.all()[at];
        let next = self.spots.all()[at + 1..].iter().find(|s| !s.embedded)?;
        let beside =
            next.section == spot.section && next.first == spot.first + u32::from(spot.count);
        let gap_start = self.spots.mention(spot, None).end as usize;
        let gap_end = self.spots.mention(next, None).start as usize;
        let section = self.spots.section(spot);
        let gap = section.text.get(gap_start..gap_end)?;
        (beside && matches!(gap, ", " | " (" | "," | "، " | " [")).then_some(next)
    }

    fn lies_in(&self, sense: Sense, parent: &Spot) -> bool {
        let Sense::Place(p) = sense else {
            return false;
        };
        let place = self.gazetteer.place(p);
        self.spots.senses(parent).any(|outer| match outer {
            Sense::Country(country) => country == place.country,
            Sense::Place(q) => {
                let outer = self.gazetteer.place(q);
                outer.kind == "admin1"
                    && place.kind != "admin1"
                    && outer.country == place.country
                    && outer.admin1 == place.admin1
            }
            _ => false,
        })
    }

    /// Whether the name is more likely a person's, a company's or a word.
    fn is_trap(&self, at: usize, sense: Sense) -> bool {
        let spot = &self.spots.all()[at];
        let tokens = self.spots.tokens(spot);
        let token = tokens[0];
        let Some(country) = country_of(sense, self.gazetteer) else {
            return false;
        };
        if tokens.len() > 1 || matches!(sense, Sense::Demonym(_) | Sense::Area(_)) {
            return false;
        }
        let scene = self.is_scene(spot);
        let supported = self.evidence.any(country);
        if self.is_person(at, sense, country, scene) {
            return true;
        }
        if !self.is_small(sense) {
            return false;
        }
        self.words.hold(token.hash) && !scene || self.is_doubtful(spot, supported, scene)
    }

    fn is_village(&self, sense: Sense) -> bool {
        matches!(sense, Sense::Place(p) if {
            let place = self.gazetteer.place(p);
            place.kind == "city" && place.population < 500_000
        })
    }

    /// A place that needs somebody to speak for it.
    fn is_small(&self, sense: Sense) -> bool {
        let Sense::Place(p) = sense else {
            return false;
        };
        let place = self.gazetteer.place(p);
        place.kind != "capital" && place.population < 1_000_000
    }

    /// Whether a name that people bear stands for a person here.
    fn is_person(&self, at: usize, sense: Sense, country: u16, scene: bool) -> bool {
        let spot = &self.spots.all()[at];
        let token = self.spots.tokens(spot)[0];
        if !self.lexicon.is(Cue::Personal, token.hash) {
            let before = self.spots.before(spot).filter(|_| !token.is(PARTED));
            return before.is_some_and(|last| self.lexicon.is(Cue::Given, last.hash));
        }
        if stands_as_person(self.spots, spot, self.lexicon) {
            return true;
        }
        if self.evidence.any(country) || self.is_listed(at) {
            return false;
        }
        // nothing says place, and somebody of that name is in the story, or it lies elsewhere
        let capital = matches!(sense, Sense::Place(p) if self.gazetteer.place(p).kind == "capital");
        let elsewhere =
            self.evidence.total > 0.0 && !scene && !capital && !self.is_possessive(spot);
        self.people.contains(&token.hash) || elsewhere
    }

    /// A town needs a country that the story is in, or a word of place before it.
    fn is_doubtful(&self, spot: &Spot, supported: bool, scene: bool) -> bool {
        let own = self.spots.tokens(spot)[0];
        if supported && own.is(Shape::IDEOGRAPH.with(Shape::ARABIC)) {
            return false;
        }
        let section = self.spots.section(spot);
        if section.casing != Casing::Sentence {
            return !supported;
        }
        let name = |token: &Token| {
            token.is(Shape::CAPITAL) && !self.lexicon.is(Cue::Surrounding, token.hash)
        };
        let before = self.spots.before(spot).filter(|_| !own.is(PARTED));
        let after = self.spots.after(spot).filter(|next| !next.is(PARTED));
        let in_name = before.is_some_and(|last| name(last) && !last.is(Shape::SENTENCE))
            || after.is_some_and(name);
        !scene && (in_name || !supported)
    }

    fn is_possessive(&self, spot: &Spot) -> bool {
        self.spots.is_possessive(spot)
    }

    /// `Jordan and Israel`, `Jordan, Egypt`: beside another country.
    fn is_listed(&self, at: usize) -> bool {
        let all = self.spots.all();
        let spot = &all[at];
        let near = |other: &Spot| {
            let (one, two) = if other.first < spot.first {
                (other, spot)
            } else {
                (spot, other)
            };
            // over a comma, or one word such as `and`
            let gap = two.first.checked_sub(one.first + u32::from(one.count));
            other.section == spot.section
                && gap.is_some_and(|gap| gap <= 1)
                && !self.spots.begins_sentence(two)
                && self
                    .spots
                    .senses(other)
                    .any(|s| matches!(s, Sense::Country(_)))
        };
        at > 0 && near(&all[at - 1]) || all.get(at + 1).is_some_and(near)
    }

    /// A word of place stands before: `in`, `to`, `from`, `near`.
    fn is_scene(&self, spot: &Spot) -> bool {
        let own = self.spots.tokens(spot)[0];
        let before = self.spots.before(spot);
        !own.is(Shape::BREAK)
            && before.is_some_and(|last| self.lexicon.is(Cue::Locative, last.hash))
    }

    fn role(&self, spot: &Spot, sense: Sense) -> Role {
        if spot.embedded {
            return Role::Part;
        }
        if matches!(sense, Sense::Demonym(_)) {
            return Role::Actor;
        }
        let section = self.spots.section(spot);
        let after = self.spots.after(spot).filter(|next| !next.is(PARTED));
        let in_name = section.casing == Casing::Sentence
            && after.is_some_and(|next| next.is(Shape::CAPITAL) && !next.is(Shape::SENTENCE));
        if in_name {
            return Role::Part;
        }
        if self.is_scene(spot) && !self.is_possessive(spot) {
            return Role::Scene;
        }
        let speaks = after.is_some_and(|next| self.lexicon.is(Cue::Speech, next.hash));
        if speaks || self.is_possessive(spot) {
            return Role::Actor;
        }
        Role::Named
    }
}
