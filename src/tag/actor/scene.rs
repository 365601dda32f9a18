//! Spots → the scene of a story: its names in order, each with the one meaning that its neighbours leave it.

use super::super::lexicon::{Lexicon, Sense};
use super::super::mention::{Section, Spots};
use super::cast::Cast;
use super::words::Small;
use crate::story::{Mention, Shape, Token, Zone};

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
}

/// The names of a story that may act, zone by zone, in order.
pub struct Scene<'s> {
    pub lexicon: &'s Lexicon,
    pub cast: &'s Cast,
    pub sections: &'s [Section<'s>],
    pub items: Vec<Item>,
    /// The country the story is about.
    pub focus: Option<u16>,
    /// Countries that the story names outside its dateline, sorted.
    pub countries: Vec<u16>,
    /// Languages that put the nationality behind the noun.
    pub adjective_follows: bool,
    /// Languages where a bare name behind a noun owns it.
    pub bare_genitive: bool,
}

impl<'s> Scene<'s> {
    pub fn of(
        spots: &'s Spots<'s>,
        lexicon: &'s Lexicon,
        language: &str,
        focus: Option<u16>,
    ) -> Scene<'s> {
        let primary = language.split('-').next().unwrap_or(language);
        let mut scene = Scene {
            lexicon,
            cast: lexicon.cast(),
            sections: spots.sections(),
            items: Vec::with_capacity(spots.all().len()),
            focus,
            countries: Vec::new(),
            adjective_follows: !matches!(primary, "en" | "de" | "ru"),
            bare_genitive: matches!(primary, "ru" | "ar"),
        };
        scene.countries = scene.countries_of(spots);
        for spot in spots.all().iter().filter(|s| !s.embedded) {
            // where a story was written says nothing of who acts in it
            if spots.zone(spot) == Zone::Dateline {
                continue;
            }
            let first = spot.first as usize;
            let item = Item {
                section: spot.section as usize,
                first,
                end: first + usize::from(spot.count),
                clitic: spot.clitic,
                possessive: spots.is_possessive(spot),
                what: scene.meaning(spots.senses(spot)),
                used: false,
                country: None,
            };
            scene.items.push(item);
        }
        scene
    }

    fn countries_of(&self, spots: &Spots<'_>) -> Vec<u16> {
        let gazetteer = self.lexicon.gazetteer();
        let mut countries = Vec::new();
        for spot in spots.all().iter().filter(|s| !s.embedded) {
            if spots.zone(spot) == Zone::Dateline {
                continue;
            }
            for sense in spots.senses(spot) {
                match sense {
                    Sense::Country(c) | Sense::Demonym(c) => countries.push(c),
                    Sense::Place(p) if gazetteer.place(p).population >= 100_000 => {
                        countries.push(gazetteer.place(p).country);
                    }
                    _ => {}
                }
            }
        }
        countries.extend(self.focus);
        countries.sort_unstable();
        countries.dedup();
        countries
    }

    /// The one meaning of a name: actors before roles before regions.
    fn meaning(&self, senses: impl Iterator<Item = Sense>) -> What {
        let gazetteer = self.lexicon.gazetteer();
        let (mut best, mut rank) = (What::Nobody, 0);
        let mut most = 0;
        for sense in senses {
            let (what, worth) = match sense {
                Sense::Actor(n) => match self.bound(n) {
                    Some(actor) => (What::Known(actor), 9),
                    None => continue,
                },
                Sense::Title(t) => (What::Title(t), 8),
                Sense::Agent(a) => (What::Agent(a), 7),
                Sense::Demonym(c) => (What::Demonym(c), 6),
                Sense::Country(c) => (What::State(c), 5),
                Sense::Place(p) => {
                    let place = gazetteer.place(p);
                    if place.kind == "capital" {
                        (What::Capital(place.country), 4)
                    } else if place.population >= most {
                        most = place.population;
                        (What::Place(place.country), 3)
                    } else {
                        continue;
                    }
                }
                Sense::Area(_) => (What::Nobody, 2),
            };
            if worth > rank || worth == rank && worth == 3 {
                (best, rank) = (what, worth);
            }
        }
        best
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
        self.tokens(section)[first..=end]
            .iter()
            .all(|t| !t.is(Shape::BREAK.with(Shape::SENTENCE)))
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
