//! Country, area and place tables → what a name of a region means.

use std::sync::Arc;

use super::super::trie::{Builder, LANGUAGES, Languages};
use super::Sense;
use super::table::{Row, Tables};
use crate::story::slug;

/// A country or territory of ISO 3166-1.
#[derive(Clone, Debug)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: Arc<str>,
    /// ISO 3166-1 alpha-3.
    pub iso3: Arc<str>,
    /// UN M49.
    pub m49: Arc<str>,
    /// UN M49 code of the sub-region.
    pub subregion: Arc<str>,
    /// Slug of the sub-region (`south-eastern-asia`).
    pub slug: Arc<str>,
    /// English name.
    pub name: Arc<str>,
    /// Degrees, WGS 84: the middle of the country.
    pub coordinates: (f32, f32),
}

/// A cross-border or disputed region, or a sea.
#[derive(Clone, Debug)]
pub struct Area {
    /// Own id (`south-china-sea`).
    pub id: Arc<str>,
    /// `region`, `sea`.
    pub kind: &'static str,
    /// The one country it counts for, where there is one.
    pub country: Option<u16>,
    pub name: Arc<str>,
    /// Degrees, WGS 84.
    pub coordinates: (f32, f32),
}

/// What must speak for a place before its name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The name is read as the context says.
    None,
    /// A small town: a country that is certain, and a word of place before the name.
    Scene,
    /// The name is a word or a person's as well: its country or state beside it.
    Neighbour,
}

/// A place below a country.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: Arc<str>,
    /// `capital`, `city`, `admin1`, `admin2`.
    pub kind: &'static str,
    pub country: u16,
    /// GeoNames code of the first-order division, and its name.
    pub admin1: Option<Arc<str>>,
    pub division: Option<Arc<str>>,
    /// Degrees, WGS 84.
    pub coordinates: (f32, f32),
    pub population: u32,
    pub proof: Proof,
    /// The decimal logarithm of the population: what size says when senses are weighed.
    pub size: f32,
    /// `geonames:…` where known.
    pub id: Option<Arc<str>>,
}

/// Everything that lies somewhere.
#[derive(Default)]
pub struct Gazetteer {
    countries: Vec<Country>,
    areas: Vec<Area>,
    places: Vec<Place>,
}

/// Kinds in the tables, kinds for readers, and what must speak for them.
const PLACE_KINDS: [(&str, &str, Proof); 6] = [
    ("admin1", "admin1", Proof::None),
    ("admin2", "admin2", Proof::None),
    ("capital", "capital", Proof::None),
    ("city", "city", Proof::None),
    ("namesake", "city", Proof::Neighbour),
    ("town", "city", Proof::Scene),
];
const AREA_KINDS: [&str; 2] = ["region", "sea"];
const PLACE_COLUMNS: [&str; 9] = [
    "id",
    "kind",
    "country",
    "admin1",
    "lat",
    "lon",
    "population",
    "name",
    "names",
];

impl Gazetteer {
    pub fn country(&self, index: u16) -> &Country {
        &self.countries[usize::from(index)]
    }

    pub fn area(&self, index: u16) -> &Area {
        &self.areas[usize::from(index)]
    }

    pub fn place(&self, index: u32) -> &Place {
        &self.places[index as usize]
    }

    pub fn countries(&self) -> &[Country] {
        &self.countries
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The country of an ISO 3166-1 alpha-2 code.
    pub fn find(&self, code: &str) -> Option<u16> {
        let at = self.countries.binary_search_by(|c| (*c.code).cmp(code));
        at.ok().map(|at| at as u16)
    }

    /// The country of a code in a row; reports one that is not known. Where no country is known at all,
    /// the fault is that table's and not every other's.
    pub fn country_of(&self, row: &Row<'_>, code: &str, tables: &mut Tables<'_>) -> Option<u16> {
        let found = self.find(code);
        if found.is_none() && !self.countries.is_empty() {
            tables.fault(row, format!("unknown country \"{code}\""));
        }
        found
    }

    /// Reads the tables of regions; their names go into `builder`, their faults into `tables`.
    pub(super) fn read(tables: &mut Tables<'_>, builder: &mut Builder) -> Gazetteer {
        let mut gazetteer = Gazetteer::default();
        gazetteer.read_countries(tables, builder);
        gazetteer.read_areas(tables, builder);
        gazetteer.read_demonyms(tables, builder);
        gazetteer.read_places("places.tsv", tables, builder);
        gazetteer.read_places("states.tsv", tables, builder);
        gazetteer.read_aliases(tables, builder);
        gazetteer.read_places("towns.tsv", tables, builder);
        gazetteer.read_divisions(tables);
        gazetteer.read_hints(tables, builder);
        gazetteer
    }

    fn read_countries(&mut self, tables: &mut Tables<'_>, builder: &mut Builder) {
        let mut columns = vec!["code", "iso3", "m49", "subregion", "slug", "lat", "lon"];
        let fixed = columns.len();
        columns.extend(LANGUAGES);
        for row in tables.rows("countries.tsv", &columns, 1) {
            codes(&row, tables);
            // known all the same: what names it is no fault of other tables
            let name = row.names(fixed).next().unwrap_or_else(|| {
                tables.fault(&row, "a country needs an English name");
                row.cells[0]
            });
            let index = self.countries.len() as u16;
            self.countries.push(Country {
                code: row.cells[0].into(),
                iso3: row.cells[1].into(),
                m49: row.cells[2].into(),
                subregion: row.cells[3].into(),
                slug: row.cells[4].into(),
                name: name.into(),
                coordinates: coordinates(&row, 5, tables),
            });
            // (PRI) and (PSE) are parties
            if !matches!(row.cells[1], "PRI" | "PSE") {
                let code = format!("({})", row.cells[1]);
                builder.add(&code, Languages::ALL, Sense::Country(index));
            }
            for (column, code) in LANGUAGES.iter().enumerate() {
                let own = Languages::one(code).unwrap_or(Languages::ALL);
                for name in row.names(fixed + column) {
                    if !builder.add(name, readers(name, own), Sense::Country(index)) {
                        tables.fault(&row, format!("\"{name}\" has no letters"));
                    }
                }
            }
        }
    }

    fn read_areas(&mut self, tables: &mut Tables<'_>, builder: &mut Builder) {
        let columns = ["id", "kind", "country", "lat", "lon", "name", "names"];
        for row in tables.rows("areas.tsv", &columns, 1) {
            let Some(kind) = AREA_KINDS.into_iter().find(|kind| *kind == row.cells[1]) else {
                tables.fault(&row, format!("unknown kind \"{}\"", row.cells[1]));
                continue;
            };
            let country = row
                .optional(2)
                .and_then(|code| self.country_of(&row, code, tables));
            let index = self.areas.len() as u16;
            self.areas.push(Area {
                id: row.cells[0].into(),
                kind,
                country,
                name: row.cells[5].into(),
                coordinates: coordinates(&row, 3, tables),
            });
            add_all(&row, &[5, 6], Sense::Area(index), tables, builder);
        }
    }

    /// Names of first-order divisions, for display.
    fn read_divisions(&mut self, tables: &mut Tables<'_>) {
        let rows = tables.rows("divisions.tsv", &["division", "name"], 1);
        let names: Vec<Arc<str>> = rows.iter().map(|row| row.cells[1].into()).collect();
        let mut key = String::new();
        for place in &mut self.places {
            let Some(code) = &place.admin1 else {
                continue;
            };
            key.clear();
            key.push_str(&self.countries[usize::from(place.country)].code);
            key.push('.');
            key.push_str(code);
            let at = rows.binary_search_by(|row| row.cells[0].cmp(&key));
            place.division = at.ok().map(|at| names[at].clone());
        }
    }

    /// The most populous place of a name: `AT.Vienna`.
    fn place_named(&self, code: &str) -> Option<u32> {
        let (country, name) = code.split_once('.')?;
        let country = self.find(country)?;
        let places = self.places.iter().enumerate();
        let named = places.filter(|(_, p)| p.country == country && *p.name == *name);
        let best = named.max_by_key(|(_, p)| (p.kind != "admin1", p.population))?;
        Some(best.0 as u32)
    }

    /// Further names of countries, areas and places.
    fn read_aliases(&mut self, tables: &mut Tables<'_>, builder: &mut Builder) {
        for row in tables.rows("aliases.tsv", &["code", "language", "names"], 2) {
            let code = row.cells[0];
            let area = || self.areas.iter().position(|area| *area.id == *code);
            let country = self.find(code).map(Sense::Country);
            let sense = country
                .or_else(|| area().map(|area| Sense::Area(area as u16)))
                .or_else(|| self.place_named(code).map(Sense::Place));
            match sense {
                Some(sense) => self.add_gated(&row, sense, tables, builder),
                None if self.countries.is_empty() => {}
                None => tables.fault(&row, format!("unknown region \"{code}\"")),
            }
        }
    }

    /// Words that say which country a story is from.
    fn read_hints(&mut self, tables: &mut Tables<'_>, builder: &mut Builder) {
        for row in tables.rows("hints.tsv", &["country", "language", "words"], 2) {
            if let Some(country) = self.country_of(&row, row.cells[0], tables) {
                self.add_gated(&row, Sense::Hint(country), tables, builder);
            }
        }
    }

    fn read_demonyms(&mut self, tables: &mut Tables<'_>, builder: &mut Builder) {
        for row in tables.rows("demonyms.tsv", &["country", "language", "forms"], 2) {
            if let Some(country) = self.country_of(&row, row.cells[0], tables) {
                self.add_gated(&row, Sense::Demonym(country), tables, builder);
            }
        }
    }

    /// Adds the names in the third column for the language in the second, `*` for all.
    fn add_gated(&self, row: &Row<'_>, sense: Sense, tables: &mut Tables<'_>, to: &mut Builder) {
        let languages = match row.cells[1] {
            "*" => Some(Languages::ALL),
            code => Languages::one(code),
        };
        let Some(languages) = languages else {
            return tables.fault(row, format!("unknown language \"{}\"", row.cells[1]));
        };
        let mut any = false;
        for name in row.names(2) {
            any = true;
            if !to.add(name, languages, sense) {
                tables.fault(row, format!("\"{name}\" has no letters"));
            }
        }
        if !any {
            tables.fault(row, "no names");
        }
    }

    fn read_places(&mut self, file: &str, tables: &mut Tables<'_>, builder: &mut Builder) {
        for row in tables.rows(file, &PLACE_COLUMNS, 1) {
            let known = PLACE_KINDS
                .into_iter()
                .find(|known| known.0 == row.cells[1]);
            let Some((_, kind, proof)) = known else {
                tables.fault(&row, format!("unknown kind \"{}\"", row.cells[1]));
                continue;
            };
            let country = self.country_of(&row, row.cells[2], tables);
            let Ok(population) = row.cells[6].parse::<u32>() else {
                tables.fault(
                    &row,
                    format!("population \"{}\" is no number", row.cells[6]),
                );
                continue;
            };
            let coordinates = coordinates(&row, 4, tables);
            let Some(country) = country else { continue };
            let index = self.places.len() as u32;
            self.places.push(Place {
                name: row.cells[7].into(),
                kind,
                country,
                admin1: row.optional(3).map(Arc::from),
                division: None,
                coordinates,
                population,
                proof,
                size: (population.max(1) as f32).log10(),
                // divisions without a number of their own are keyed by code
                id: (row.cells[0].bytes().all(|b| b.is_ascii_digit()))
                    .then(|| format!("geonames:{}", row.cells[0]).into()),
            });
            add_all(&row, &[7, 8], Sense::Place(index), tables, builder);
        }
    }
}

/// The codes of a country, which go into subjects and events.
fn codes(row: &Row<'_>, tables: &mut Tables<'_>) {
    let letters = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|b| b.is_ascii_uppercase())
    };
    let digits = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    let cells = &row.cells;
    for (cell, is_good, what) in [
        (cells[0], letters(cells[0], 2), "two capital letters"),
        (cells[1], letters(cells[1], 3), "three capital letters"),
        (cells[2], digits(cells[2]), "three digits"),
        (cells[3], digits(cells[3]), "three digits"),
        (
            cells[4],
            slug(cells[4]).as_deref() == Some(cells[4]),
            "a slug",
        ),
    ] {
        if !is_good {
            tables.fault(row, format!("\"{cell}\" is not {what}"));
        }
    }
}

fn add_all(
    row: &Row<'_>,
    columns: &[usize],
    sense: Sense,
    tables: &mut Tables<'_>,
    builder: &mut Builder,
) {
    if row.names(columns[0]).next().is_none() {
        tables.fault(row, "name is empty");
    }
    for column in columns {
        for name in row.names(*column) {
            if !builder.add(name, Languages::ALL, sense) {
                tables.fault(row, format!("\"{name}\" has no letters"));
            }
        }
    }
}

/// Short names in Latin letters are words elsewhere (Portuguese `Irã` folds to `Ira`, German `Island` is
/// Iceland): they are read in their own language alone. Others are known to everybody, English ones from
/// five letters on.
fn readers(name: &str, own: Languages) -> Languages {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let latin = name.chars().all(|c| c < '\u{250}');
    let most = if Languages::one("en") == Some(own) {
        4
    } else {
        6
    };
    if latin && letters <= most {
        own
    } else {
        Languages::ALL
    }
}

fn coordinates(row: &Row<'_>, column: usize, tables: &mut Tables<'_>) -> (f32, f32) {
    let mut degrees = |at: usize, limit: f32| match row.cells[at].parse::<f32>() {
        Ok(value) if value.abs() <= limit => value,
        _ => {
            tables.fault(row, format!("\"{}\" is no coordinate", row.cells[at]));
            0.0
        }
    };
    (degrees(column, 90.0), degrees(column + 1, 180.0))
}
