//! Dateline → its country, and the places it names. Where was the story written?

use super::super::lexicon::{Cue, Gazetteer, Lexicon, Proof, Sense};
use super::super::mention::{Spot, Spots};
use super::evidence::country_of;
use crate::story::{Story, Zone, fold};

/// Where a story was written.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub country: Option<u16>,
    /// The names in the dateline with what they mean: agencies are left out.
    pub places: Vec<(Spot, Sense)>,
    /// A press seat: what is written there happened elsewhere.
    pub seat: bool,
}

impl Origin {
    /// All countries of the dateline: `BEIJING/HONG KONG`.
    pub fn countries(&self, gazetteer: &Gazetteer) -> Vec<u16> {
        let mut countries: Vec<u16> = Vec::new();
        for (_, sense) in &self.places {
            let country = country_of(*sense, gazetteer);
            countries.extend(country.filter(|c| !countries.contains(c)));
        }
        countries
    }
}

/// Reads the dateline zone of a story.
pub fn origin(story: &Story, spots: &Spots<'_>, lexicon: &Lexicon) -> Origin {
    let mut origin = Origin::default();
    let Some(dateline) = &story.dateline else {
        return origin;
    };
    let gazetteer = lexicon.gazetteer();
    // the zone has the wire's capitals, the places have an editor's
    let region = dateline.region.as_deref().map(folded);
    let places: Vec<String> = dateline.places.iter().map(|name| folded(name)).collect();
    let in_region = |spot: &Spot| {
        region
            .as_ref()
            .is_some_and(|name| name.contains(&folded(spots.text(spot))))
    };
    let named = |spot: &Spot| {
        let text = folded(spots.text(spot));
        places.iter().any(|name| name.contains(&text)) || in_region(spot)
    };
    let spots_here: Vec<&Spot> = spots
        .all()
        .iter()
        .filter(|spot| spots.zone(spot) == Zone::Dateline && !spot.embedded && named(spot))
        .collect();
    // a region that stands alone after its place says which one is meant
    let outer = spots_here
        .iter()
        .find(|spot| in_region(spot))
        .map(|spot| best(spots, spot, gazetteer, None));
    let outer = outer.flatten();
    for spot in spots_here {
        if let Some(sense) = best(spots, spot, gazetteer, outer) {
            origin.country = origin.country.or(country_of(sense, gazetteer));
            let token = spots.tokens(spot)[0];
            origin.seat |= lexicon.is(Cue::Seat, token.hash);
            origin.places.push((*spot, sense));
        }
    }
    origin
}

pub fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    fold(name, &mut out);
    out
}

/// The sense of a name in a dateline: inside the region named with it, else the largest.
fn best(
    spots: &Spots<'_>,
    spot: &Spot,
    gazetteer: &Gazetteer,
    outer: Option<Sense>,
) -> Option<Sense> {
    let within = outer.and_then(|sense| country_of(sense, gazetteer));
    let division = match outer {
        Some(Sense::Place(p)) => gazetteer.place(p).admin1.clone(),
        _ => None,
    };
    let rate = |sense: &Sense| {
        let size = match sense {
            Sense::Country(_) | Sense::Area(_) => 100,
            Sense::Place(p) => {
                let place = gazetteer.place(*p);
                let near = within == Some(place.country);
                let nearer = near && division.is_some() && division == place.admin1;
                let capital = u32::from(place.kind == "capital") * 10;
                let size = place.population.max(1).ilog2() + capital + 4;
                // a city and its province: the city
                let size = size
                    - if place.kind.starts_with("admin") {
                        4
                    } else {
                        0
                    };
                size + u32::from(near) * 200 + u32::from(nearer) * 200
            }
            _ => 0,
        };
        (size, std::cmp::Reverse(*sense))
    };
    // a small town called like a word is the place where its country or state stands beside it: `HAVEN, Kan.`
    let told = |sense: &Sense| match sense {
        Sense::Place(p) => {
            let place = gazetteer.place(*p);
            place.proof != Proof::Neighbour
                || place.population >= 50_000
                || within == Some(place.country)
        }
        other => other.is_region(),
    };
    spots.senses(spot).filter(told).max_by_key(rate)
}
