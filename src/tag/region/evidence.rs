//! Spots → evidence: which countries and states do the names that can mean one thing only speak for?

use std::sync::Arc;

use super::super::lexicon::{Cue, Gazetteer, Lexicon, Place, Proof, Sense};
use super::super::mention::{Spot, Spots};
use super::super::trie::PatternId;
use crate::story::Zone;

/// What speaks for a country before ambiguous names are read.
pub struct Evidence {
    by_country: Vec<f32>,
    pub total: f32,
    pub dateline: Option<u16>,
    /// States and provinces that are named, or that a city of one meaning lies in.
    divisions: Vec<(u16, Arc<str>, f32)>,
    /// Each name with the country it speaks for.
    names: Vec<(u16, PatternId)>,
    /// The country that words such as `Sheriff` speak for, where enough do.
    pub hinted: Option<u16>,
}

impl Evidence {
    pub fn share(&self, country: u16) -> f32 {
        if self.total == 0.0 {
            return 0.0;
        }
        self.by_country[usize::from(country)] / self.total
    }

    pub fn any(&self, country: u16) -> bool {
        self.by_country[usize::from(country)] > 0.0 || self.dateline == Some(country)
    }

    /// Whether another name, or the dateline, speaks for the country of a name.
    pub fn others(&self, country: u16, name: PatternId) -> bool {
        self.dateline == Some(country)
            || self.hinted == Some(country)
            || self.names.iter().any(|(c, n)| *c == country && *n != name)
    }

    /// Whether no name and no dateline speaks for another country.
    pub fn no_other(&self, country: u16) -> bool {
        self.dateline.is_none_or(|c| c == country)
            && self.hinted.is_none_or(|c| c == country)
            && self.names.iter().all(|(c, _)| *c == country)
    }

    /// Whether nothing but words such as `Sheriff` speaks for any country.
    pub fn only_hinted(&self, country: u16) -> bool {
        self.hinted == Some(country) && self.names.iter().all(|(c, _)| *c == country)
    }

    pub fn division(&self, place: &Place) -> f32 {
        let same = |(country, code, _): &&(u16, Arc<str>, f32)| {
            *country == place.country && Some(code) == place.admin1.as_ref()
        };
        self.divisions
            .iter()
            .find(same)
            .map_or(0.0, |found| found.2)
    }

    fn add_division(&mut self, place: &Place, weight: f32) {
        let Some(code) = &place.admin1 else {
            return;
        };
        let known = self.divisions.iter_mut();
        match known
            .into_iter()
            .find(|d| d.0 == place.country && d.1 == *code)
        {
            Some(division) => division.2 += weight,
            None => self.divisions.push((place.country, code.clone(), weight)),
        }
    }

    fn add(&mut self, country: u16, weight: f32) {
        self.by_country[usize::from(country)] += weight;
        self.total += weight;
    }
}

/// The country of a sense, where it has one.
pub fn country_of(sense: Sense, gazetteer: &Gazetteer) -> Option<u16> {
    match sense {
        Sense::Country(c) | Sense::Demonym(c) => Some(c),
        Sense::Area(a) => gazetteer.area(a).country,
        Sense::Place(p) => Some(gazetteer.place(p).country),
        _ => None,
    }
}

/// Counts names that can mean one country only.
pub fn evidence(spots: &Spots<'_>, lexicon: &Lexicon, dateline: Option<u16>) -> Evidence {
    let gazetteer = lexicon.gazetteer();
    let mut evidence = Evidence {
        by_country: vec![0.0; gazetteer.countries().len()],
        total: 0.0,
        dateline,
        divisions: Vec::new(),
        names: Vec::new(),
        hinted: None,
    };
    add_hints(spots, &mut evidence);
    for spot in spots.all() {
        if spots.zone(spot) == Zone::Dateline {
            continue;
        }
        add_divisions(spots, spot, gazetteer, &mut evidence);
        let mut only = None;
        let mut weight: f32 = 0.0;
        let state = spots.senses(spot).any(|s| matches!(s, Sense::Country(_)));
        let mut senses = spots.senses(spot).filter(|s| match s {
            Sense::Place(p) => {
                let place = gazetteer.place(*p);
                // a country's name is no village, and a town speaks for nothing
                place.proof == Proof::None && !(state && place.population < 500_000)
            }
            other => other.is_region(),
        });
        let alone = senses.all(|sense| {
            let country = country_of(sense, gazetteer);
            weight = weight.max(match sense {
                Sense::Place(p) => (gazetteer.place(p).population as f32 / 1e6).clamp(0.1, 0.8),
                _ => 1.0,
            });
            if only.is_none() {
                only = country;
            }
            country.is_some() && only == country
        });
        if let Some(country) = only.filter(|_| alone) {
            // a name that people bear proves nothing
            let person = spot.count == 1 && lexicon.is(Cue::Personal, spots.tokens(spot)[0].hash);
            let weight = if spot.embedded { weight / 2.0 } else { weight };
            let weight = if person { 0.0 } else { weight };
            evidence.add(country, weight);
            if weight > 0.0 && !evidence.names.contains(&(country, spot.pattern)) {
                evidence.names.push((country, spot.pattern));
            }
        }
    }
    evidence
}

/// What one word that says which country counts for.
const HINT: f32 = 0.4;

/// Counts the words that say which country a story is from, each once: only the country with most of them.
fn add_hints(spots: &Spots<'_>, evidence: &mut Evidence) {
    let mut seen: Vec<(u16, PatternId)> = Vec::new();
    for spot in spots.all() {
        for sense in spots.senses(spot) {
            if let Sense::Hint(country) = sense
                && !seen.contains(&(country, spot.pattern))
            {
                seen.push((country, spot.pattern));
            }
        }
    }
    let count = |country: u16| seen.iter().filter(|(c, _)| *c == country).count();
    let most = seen
        .iter()
        .map(|(c, _)| *c)
        .max_by_key(|c| (count(*c), std::cmp::Reverse(*c)));
    if let Some(country) = most {
        evidence.add(country, HINT * count(country).min(4) as f32);
        evidence.hinted = Some(country);
    }
}

/// Counts the state that a name means, or that the one city of the name lies in.
fn add_divisions(spots: &Spots<'_>, spot: &Spot, gazetteer: &Gazetteer, evidence: &mut Evidence) {
    let mut senses = spots.senses(spot).filter_map(|sense| match sense {
        Sense::Place(p) => Some(gazetteer.place(p)).filter(|place| place.proof == Proof::None),
        _ => None,
    });
    let Some(first) = senses.next() else {
        return;
    };
    let mut others = senses.peekable();
    if first.kind == "admin1" {
        evidence.add_division(first, 1.0);
    } else if others.peek().is_none() {
        evidence.add_division(first, 0.5);
    } else if let Some(state) = others.find(|place| place.kind == "admin1") {
        evidence.add_division(state, 0.5);
    }
}
