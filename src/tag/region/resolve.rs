//! Spots → hits: which place does a name mean here, if any?
//!
//! A name with one country is evidence for it; a name with several takes the sense that its
//! neighbour (`Paris, Texas`), the evidence, the dateline and at last the population speak for.
//! A name that stands like a person's (`Jordan Smith`, `Michael Jordan`) is nobody's place, there
//! and in the rest of the story, unless something else speaks for the place.

mod trap;

use super::super::lexicon::{Cue, Gazetteer, Lexicon, Proof, Sense};
use super::super::mention::{Casing, Spot, Spots};
use super::super::trie::PatternId;
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
    let mut reader = Reader {
        proven: Vec::new(),
        spots,
        lexicon,
        gazetteer: lexicon.gazetteer(),
        evidence: evidence(spots, lexicon, dateline),
        people: people(spots, lexicon),
        words: Words::of(spots),
    };
    let all = spots.all();
    reader.proven = reader.proven();
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

/// What stands between a settlement and its name.
const OF: [&str; 7] = ["of", "de", "del", "di", "do", "da", "d"];

struct Reader<'a, 's> {
    spots: &'a Spots<'s>,
    lexicon: &'a Lexicon,
    gazetteer: &'a Gazetteer,
    evidence: Evidence,
    people: Vec<u64>,
    words: Words,
    /// Names of towns that something speaks for somewhere in the story.
    proven: Vec<PatternId>,
}

impl Reader<'_, '_> {
    fn read(&self, at: usize) -> Option<Hit> {
        let spot = &self.spots.all()[at];
        if self.is_currency(spot) {
            return None;
        }
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
        let large = all().any(|s| self.proof(s) == Proof::None);
        let mut senses = all();
        let first = senses.next()?;
        let mut senses = senses.peekable();
        if senses.peek().is_none() && !self.is_small(first) {
            return Some((first, false));
        }
        let parent = self.parent(at);
        // `Athens, Georgia`: the Georgia that has an Athens
        let child = at
            .checked_sub(1)
            .filter(|before| self.parent(*before) == Some(spot));
        let child = child.map(|before| &self.spots.all()[before]);
        let rate = |sense: Sense| {
            let context = parent.is_some_and(|parent| self.lies_in(sense, parent));
            let holds = child.is_some_and(|child| self.holds(sense, child));
            // a country's name is no village: Venezuela in Cuba only as `Venezuela, Cuba`
            if state && !context && self.is_village(sense) && !self.is_local(sense) {
                return (f32::MIN, false);
            }
            let exact = self.is_exact(spot, sense);
            let bonus = if context { 6.0 } else { 0.0 }
                + if holds { 3.0 } else { 0.0 }
                + if exact { 0.5 } else { 0.0 };
            // beside a larger namesake a town needs its state
            let malus = if large && self.proof(sense) != Proof::None {
                2.0
            } else {
                0.0
            };
            (self.score(sense) + bonus - malus, context)
        };
        let (mut best, (mut score, mut context)) = (first, rate(first));
        for sense in senses {
            let (other, proven) = rate(sense);
            if other > score {
                (best, score, context) = (sense, other, proven);
            }
        }
        // `Surrey, UK` is in no other country, whatever the gazetteer lacks
        let elsewhere = !context
            && matches!(best, Sense::Place(_))
            && self.is_small(best)
            && parent.is_some_and(|parent| {
                self.spots
                    .senses(parent)
                    .all(|s| matches!(s, Sense::Country(_)))
            });
        (!elsewhere).then_some((best, context))
    }

    fn proof(&self, sense: Sense) -> Proof {
        match sense {
            Sense::Place(p) => self.gazetteer.place(p).proof,
            _ => Proof::None,
        }
    }

    /// Spelled as in its own country: `Bogotá`, not `Bogota`.
    fn is_exact(&self, spot: &Spot, sense: Sense) -> bool {
        matches!(sense, Sense::Place(p) if *self.gazetteer.place(p).name == *self.spots.text(spot))
    }

    /// A place of the country that the words of the story speak for, and no name speaks against.
    fn is_local(&self, sense: Sense) -> bool {
        country_of(sense, self.gazetteer).is_some_and(|c| self.evidence.only_hinted(c))
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
                    "admin1" | "admin2" => size - 0.5,
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

    /// Whether one of the places that `child` may mean lies in a state or country.
    fn holds(&self, sense: Sense, child: &Spot) -> bool {
        let outer = match sense {
            Sense::Country(country) => (country, None),
            Sense::Place(p) if self.gazetteer.place(p).kind == "admin1" => (
                self.gazetteer.place(p).country,
                Some(&self.gazetteer.place(p).admin1),
            ),
            _ => return false,
        };
        self.spots.senses(child).any(|inner| match inner {
            Sense::Place(p) => {
                let place = self.gazetteer.place(p);
                place.kind != "admin1"
                    && place.country == outer.0
                    && outer.1.is_none_or(|division| *division == place.admin1)
            }
            _ => false,
        })
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
        match place.kind {
            "capital" => place.population < 100_000,
            "admin1" => {
                place.population < 1_000_000 || place.population < 20_000_000 && !self.is_state(p)
            }
            _ => place.population < 1_000_000,
        }
    }

    /// A state of a country whose states papers name without the country.
    fn is_state(&self, place: u32) -> bool {
        let country = self.gazetteer.place(place).country;
        matches!(&*self.gazetteer.country(country).code, "US" | "CA" | "AU")
    }

    /// The token before a name, where nothing but a blank stands between.
    fn joined_before(&self, spot: &Spot) -> Option<&Token> {
        let own = self.spots.tokens(spot)[0];
        self.spots.before(spot).filter(|_| !own.is(PARTED))
    }

    /// The token after a name, where nothing but a blank stands between.
    fn joined_after(&self, spot: &Spot) -> Option<&Token> {
        self.spots.after(spot).filter(|next| !next.is(PARTED))
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
        let located = !own.is(Shape::BREAK)
            && before.is_some_and(|last| self.lexicon.is(Cue::Locative, last.hash));
        located || self.is_settlement(spot)
    }

    /// `the mayor of Foix`, `el municipio de Foix`, `Foix residents`.
    fn is_settlement(&self, spot: &Spot) -> bool {
        let says = |token: &Token| {
            !token.is(Shape::CAPITAL) && self.lexicon.is(Cue::Settlement, token.hash)
        };
        let after = self.joined_after(spot);
        if after.is_some_and(says) {
            return true;
        }
        let own = self.spots.tokens(spot)[0];
        let of = self.spots.before(spot).filter(|_| !own.is(Shape::BREAK));
        let of = of.filter(|of| !of.is(Shape::BREAK) && OF.contains(&self.spots.word(spot, of)));
        of.is_some() && self.spots.second_before(spot).is_some_and(says)
    }

    fn role(&self, spot: &Spot, sense: Sense) -> Role {
        if spot.embedded {
            return Role::Part;
        }
        if matches!(sense, Sense::Demonym(_)) || self.spots.is_adjective(spot, sense) {
            return Role::Actor;
        }
        let section = self.spots.section(spot);
        if self.spots.is_bracketed(spot) {
            return Role::Actor;
        }
        let after = self.joined_after(spot);
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
