//! Spots → the scene of a story: its names in order, each with the one meaning that its neighbours leave it.

use super::super::lexicon::{Cue, Lexicon, Sense};
use super::super::mention::{Section, Spot, Spots};
use super::super::region::Located;
use super::cast::{Cast, Marks};
use super::words::Small;
use crate::story::{Date, Mention, Shape, Token, Zone};

/// What a name is, as far as acting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    State(u16),
    /// The capital of a state: a place, or its government.
    Capital(u16),
    /// Any other place of a country.
    Place(u16),
    Demonym(u16),
    Agent(u16),
    Title(u16),
    /// An actor of the table.
    Known(u32),
    /// Nothing that acts.
    Nobody,
}

/// A name of the story with its place in it.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Index into `Scene::sections`.
    pub section: usize,
    /// First token, and the one after the last.
    pub first: usize,
    pub end: usize,
    /// Bytes of a clitic before the name.
    pub clitic: u8,
    pub possessive: bool,
    pub what: What,
    /// Part of something that was tagged already.
    pub used: bool,
    /// The country that was found for it, where it is an agent or a title.
    pub country: Option<u16>,
    /// A title that means one only beside a name or an owner.
    pub weak: bool,
    /// A word that means a role only with an owner.
    pub bound: bool,
}

/// The names of a story that may act, zone by zone, in order.
pub struct Scene<'s> {
    pub lexicon: &'s Lexicon,
    pub cast: &'s Cast,
    pub sections: &'s [Section<'s>],
    pub items: Vec<Item>,
    /// Where the story happened, and where it was written.
    pub located: &'s Located,
    /// Countries that the story names outside its dateline, sorted.
    pub countries: Vec<u16>,
    /// The day the story speaks from.
    pub date: Date,
    /// Languages that put the nationality behind the noun.
    pub adjective_follows: bool,
    /// Languages where a bare name behind a noun owns it.
    pub bare_genitive: bool,
}

impl<'s> Scene<'s> {
    pub fn of(
        spots: &'s Spots<'s>,
        located: &'s Located,
        lexicon: &'s Lexicon,
        language: &str,
        date: Date,
    ) -> Scene<'s> {
        let primary = language.split('-').next().unwrap_or(language);
        let mut scene = Scene {
            lexicon,
            cast: lexicon.cast(),
            sections: spots.sections(),
            items: Vec::with_capacity(spots.all().len()),
            located,
            countries: Vec::new(),
            date,
            adjective_follows: !matches!(primary, "en" | "de" | "ru"),
            bare_genitive: matches!(primary, "ru" | "ar"),
        };
        scene.countries = located.countries(scene.lexicon.gazetteer());
        for spot in spots.all().iter().filter(|s| !s.embedded) {
            // where a story was written says nothing of who acts in it
            if spots.zone(spot) == Zone::Dateline {
                continue;
            }
            let first = spot.first as usize;
            let (mut what, marks) = scene.marks(scene.meaning(spots, spot));
            // pro-Russia rebels are nobody's, and Russia does nothing
            let region = matches!(what, What::State(_) | What::Capital(_) | What::Demonym(_));
            if region && scene.is_behind(Cue::Stance, spot.section as usize, first) {
                what = What::Nobody;
            }
            let item = Item {
                section: spot.section as usize,
                first,
                end: first + usize::from(spot.count),
                clitic: spot.clitic,
                possessive: spots.is_possessive(spot),
                what,
                used: false,
                country: marks.country,
                weak: marks.weak,
                bound: marks.bound,
            };
            scene.items.push(item);
        }
        scene
    }

    /// Whether a name stands directly behind a cue.
    pub fn is_behind(&self, cue: Cue, section: usize, first: usize) -> bool {
        let tokens = self.tokens(section);
        let before = first.checked_sub(1).map(|at| tokens[at].hash);
        let joined = !tokens[first].is(Shape::BREAK.with(Shape::SENTENCE));
        joined && before.is_some_and(|hash| self.lexicon.is(cue, hash))
    }

    /// The plain role of a role with marks, and the marks.
    pub fn marks(&self, what: What) -> (What, Marks) {
        match what {
            What::Agent(a) => {
                let role = self.cast.agent(a);
                (What::Agent(role.base), role.marks)
            }
            What::Title(t) => {
                let role = self.cast.title(t);
                (What::Title(role.base), role.marks)
            }
            other => (other, Marks::default()),
        }
    }

    /// The one meaning of a name: actors before roles before regions, and as a region what it was read as.
    fn meaning(&self, spots: &Spots<'_>, spot: &Spot) -> What {
        let gazetteer = self.lexicon.gazetteer();
        let (mut best, mut rank) = (What::Nobody, 0);
        for sense in spots.senses(spot) {
            let (what, worth) = match sense {
                Sense::Actor(n) => match self.bound(n) {
                    Some(actor) => (What::Known(actor), 9),
                    None => continue,
                },
                Sense::Title(t) => (What::Title(t), 8),
                Sense::Agent(a) if self.cast.agent(a).is_nobody() => (What::Nobody, 7),
                Sense::Agent(a) => (What::Agent(a), 7),
                _ => continue,
            };
            if worth > rank {
                (best, rank) = (what, worth);
            }
        }
        if rank > 0 {
            return best;
        }
        match self.located.sense(spot) {
            Some(Sense::Demonym(c)) => What::Demonym(c),
            Some(Sense::Country(c)) => What::State(c),
            Some(Sense::Place(p)) if gazetteer.place(p).kind == "capital" => {
                What::Capital(gazetteer.place(p).country)
            }
            Some(Sense::Place(p)) => What::Place(gazetteer.place(p).country),
            _ => What::Nobody,
        }
    }

    /// The actor of a name, when the name alone or the story's countries are enough.
    fn bound(&self, name: u32) -> Option<u32> {
        let name = self.cast.name(name);
        let country = self.cast.known(name.actor).country;
        let near = country.is_some_and(|c| self.countries.binary_search(&c).is_ok());
        (!name.weak || near).then_some(name.actor)
    }

    pub fn tokens(&self, section: usize) -> &'s [Token] {
        self.sections[section].tokens
    }

    pub fn word(&self, section: usize, at: usize) -> &'s str {
        let section = &self.sections[section];
        section
            .text
            .get(section.tokens[at].range())
            .unwrap_or_default()
    }

    /// The text of some tokens of a section, with what stands between them.
    pub fn text(&self, section: usize, first: usize, end: usize) -> &'s str {
        let mention = self.mention(section, first, end);
        let range = mention.start as usize..mention.end as usize;
        self.sections[section].text.get(range).unwrap_or_default()
    }

    pub fn mention(&self, section: usize, first: usize, end: usize) -> Mention {
        let tokens = self.tokens(section);
        Mention {
            zone: self.sections[section].zone,
            start: tokens[first].start,
            end: tokens[end - 1].end(),
            usage: None,
        }
    }

    /// Where an item stands, without its clitic.
    pub fn place(&self, item: &Item) -> Mention {
        let mut mention = self.mention(item.section, item.first, item.end);
        mention.start += u32::from(item.clitic);
        mention
    }

    /// The items before and after `at` in the same zone.
    pub fn before(&self, at: usize) -> Option<&Item> {
        let item = self.items.get(at.checked_sub(1)?)?;
        (item.section == self.items[at].section).then_some(item)
    }

    pub fn after(&self, at: usize) -> Option<&Item> {
        let item = self.items.get(at + 1)?;
        (item.section == self.items[at].section).then_some(item)
    }

    /// The first token after an item and its possessive mark.
    pub fn behind(&self, item: &Item) -> usize {
        let tokens = self.tokens(item.section);
        let marked = tokens
            .get(item.end)
            .is_some_and(|t| t.is(Shape::APOSTROPHE) && t.end() - t.start == 1);
        item.end + usize::from(item.possessive && marked)
    }

    /// Whether nothing but words stands between token `first` and token `end`, `end` included.
    pub fn runs(&self, section: usize, first: usize, end: usize) -> bool {
        // a role that was read on over its neighbour ends behind it
        let between = self
            .tokens(section)
            .get(first..=end)
            .filter(|_| first <= end);
        between.is_some_and(|tokens| {
            let parted = Shape::BREAK.with(Shape::SENTENCE);
            tokens.iter().all(|t| !t.is(parted))
        })
    }

    /// Whether no small word stands in `first..end`: what stands there may be an adjective.
    pub fn adjectives(&self, section: usize, first: usize, end: usize) -> bool {
        self.tokens(section)[first..end]
            .iter()
            .all(|t| !Small::of(t).any())
    }

    /// The country that a name stands for, or was found to belong to.
    pub fn country_of(&self, item: &Item) -> Option<u16> {
        match item.what {
            What::State(c) | What::Capital(c) | What::Demonym(c) => Some(c),
            What::Known(actor) => self.cast.known(actor).country,
            What::Agent(_) | What::Title(_) => item.country,
            What::Place(_) | What::Nobody => None,
        }
    }
}
