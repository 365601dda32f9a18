//! What stands like a place and is none: a person, a word, an acronym, money; and which small towns are proven.

use super::super::super::lexicon::{Cue, Proof, Sense};
use super::super::super::mention::{Casing, Spot};
use super::super::super::trie::PatternId;
use super::super::dateline::folded;
use super::super::evidence::country_of;
use super::{Reader, stands_as_person};
use crate::story::{Shape, Token};

/// From so many inhabitants on `in Nice` is the town where nothing speaks for another country.
const LARGE: u32 = 250_000;

impl Reader<'_, '_> {
    /// Whether the name is more likely a person's, a company's or a word.
    pub(super) fn is_trap(&self, at: usize, sense: Sense) -> bool {
        let spot = &self.spots.all()[at];
        let tokens = self.spots.tokens(spot);
        let token = tokens[0];
        let Some(country) = country_of(sense, self.gazetteer) else {
            return false;
        };
        if self.proof(sense) != Proof::None {
            return !self.proven.contains(&spot.pattern) || self.is_in_name(spot);
        }
        if matches!(sense, Sense::Demonym(_)) {
            return self.follows_given_name(spot);
        }
        if matches!(sense, Sense::Area(_)) {
            return false;
        }
        let scene = self.is_scene(spot);
        if tokens.len() > 1 {
            let small = self.is_small(sense) && self.population(sense) < 300_000;
            return small && !scene && !self.evidence.any(country);
        }
        if self.is_person(at, sense, country, scene) {
            return true;
        }
        if !self.is_small(sense) {
            return false;
        }
        let supported = self.is_supported(spot, sense, country);
        self.is_hyphened(spot)
            || !supported && self.is_acronym(spot)
            || !scene && (self.speaks(spot) || self.words.hold(token.hash))
            || self.is_doubtful(spot, supported, scene)
    }

    /// Whether the story is in the country: a village or a division says so of others, not of itself, unless
    /// no other country is named.
    fn is_supported(&self, spot: &Spot, sense: Sense, country: u16) -> bool {
        let large = matches!(sense, Sense::Place(p) if {
            let place = self.gazetteer.place(p);
            let least = if place.kind == "admin1" { 1_000_000 } else { 100_000 };
            // by its own name: `Cosco` is one of the spellings of Cusco
            place.population >= least
                && (place.kind != "admin1" || folded(&place.name).contains(&folded(self.spots.text(spot))))
        });
        if large || self.evidence.no_other(country) {
            self.evidence.any(country)
        } else {
            self.evidence.others(country, spot.pattern)
        }
    }

    fn population(&self, sense: Sense) -> u32 {
        match sense {
            Sense::Place(p) => self.gazetteer.place(p).population,
            _ => 0,
        }
    }

    /// Whether a name that people bear stands for a person here.
    fn is_person(&self, at: usize, sense: Sense, country: u16, scene: bool) -> bool {
        let spot = &self.spots.all()[at];
        let token = self.spots.tokens(spot)[0];
        if !self.lexicon.is(Cue::Personal, token.hash) {
            return self.follows_given_name(spot);
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

    /// `Michael Jordan`.
    fn follows_given_name(&self, spot: &Spot) -> bool {
        let before = self.joined_before(spot);
        before.is_some_and(|last| self.lexicon.is(Cue::Given, last.hash))
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
        !scene && (self.is_in_name(spot) || !supported)
    }

    /// A capital word that is no word of place stands beside: `Victor Cano`.
    fn is_in_name(&self, spot: &Spot) -> bool {
        if self.spots.section(spot).casing != Casing::Sentence {
            return false;
        }
        let name = |token: &Token| {
            token.is(Shape::CAPITAL) && !self.lexicon.is(Cue::Surrounding, token.hash)
        };
        let begins = |token: &Token| {
            token.is(Shape::SENTENCE)
                && (self.words.hold(token.hash)
                    || self.lexicon.is(Cue::Locative, token.hash)
                    || self.lexicon.trie().may_begin(token.hash, false))
        };
        let (before, after) = (self.joined_before(spot), self.joined_after(spot));
        before.is_some_and(|last| name(last) && !begins(last)) || after.is_some_and(name)
    }

    /// The second half of a double name: `Navarro-Valls`.
    fn is_hyphened(&self, spot: &Spot) -> bool {
        let own = self.spots.tokens(spot)[0];
        let last = self.spots.before(spot);
        own.is(Shape::HYPHEN)
            && last.is_some_and(|last| {
                last.is(Shape::CAPITAL) && !self.lexicon.trie().may_begin(last.hash, false)
            })
    }

    /// `MOCA`, `SANA`: a short word in capitals among words that are not.
    fn is_acronym(&self, spot: &Spot) -> bool {
        let own = self.spots.tokens(spot)[0];
        let section = self.spots.section(spot);
        section.casing == Casing::Sentence && own.is(Shape::UPPER) && own.end() - own.start <= 5
    }

    /// A surname speaks, a town does not: `Rangel said`.
    fn speaks(&self, spot: &Spot) -> bool {
        let after = self.joined_after(spot);
        after.is_some_and(|next| self.lexicon.is(Cue::Speech, next.hash))
    }

    /// `US$`: money is nowhere.
    pub(super) fn is_currency(&self, spot: &Spot) -> bool {
        let end = self.spots.mention(spot, None).end as usize;
        let rest = self.spots.section(spot).text.get(end..).unwrap_or("");
        let after = self
            .joined_after(spot)
            .map(|next| self.spots.word(spot, next));
        rest.starts_with('$') || matches!(after, Some("dollar" | "dollars" | "Dollar" | "Dollars"))
    }

    /// The towns that a word of place or their country speaks for at least once.
    pub(super) fn proven(&self) -> Vec<PatternId> {
        let mut proven = Vec::new();
        for (at, spot) in self.spots.all().iter().enumerate() {
            let mut senses = self.spots.senses(spot).filter(|s| s.is_region()).peekable();
            if spot.embedded
                || senses.peek().is_none()
                || senses.any(|s| self.proof(s) == Proof::None)
            {
                continue;
            }
            let Some((sense, context)) = self.choose(at) else {
                continue;
            };
            let country = country_of(sense, self.gazetteer);
            let large = self.population(sense) >= LARGE;
            let sure =
                country.is_some_and(|c| self.evidence.any(c) || large && self.evidence.no_other(c));
            let scene =
                sure && !self.spots.is_in("de") && self.is_scene(spot) && !self.is_in_name(spot);
            let marked = self.is_marked(spot, sense);
            let own = self.proof(sense) == Proof::Scene || large && scene || marked;
            let town = own && (scene || self.is_plain_town(spot, sense));
            if (context || town) && !proven.contains(&spot.pattern) {
                proven.push(spot.pattern);
            }
        }
        proven
    }

    /// `León`, in letters that the word and the given name lack.
    fn is_marked(&self, spot: &Spot, sense: Sense) -> bool {
        self.population(sense) >= 50_000
            && !self.spots.text(spot).is_ascii()
            && self.is_exact(spot, sense)
    }

    /// A town that one country has, in a story of that country.
    fn is_plain_town(&self, spot: &Spot, sense: Sense) -> bool {
        let Some(country) = country_of(sense, self.gazetteer) else {
            return false;
        };
        if self.is_in_name(spot) {
            return false;
        }
        let alone = self
            .spots
            .senses(spot)
            .all(|s| country_of(s, self.gazetteer).is_none_or(|c| c == country));
        let tokens = self.spots.tokens(spot);
        let word = tokens.len() == 1 && self.words.hold(tokens[0].hash);
        // German writes all nouns with a capital: Wellen are waves
        if self.spots.is_in("de") {
            return false;
        }
        let sentence = self.spots.section(spot).casing == Casing::Sentence
            && !self.spots.begins_sentence(spot);
        sentence
            && !word
            && (self.evidence.any(country) && self.evidence.share(country) >= 0.5
                || alone && self.evidence.no_other(country))
    }
}
