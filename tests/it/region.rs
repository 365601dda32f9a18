//! Where did it happen? Cases as a table, and what must hold for any text.

use std::sync::{Arc, LazyLock};

use copytaster::story::{
    Caption, Dateline, RegionRole, Story, Tags, Text, Timestamp, Tokens, Zone,
};
use copytaster::tag::{Lexicon, Tagger};
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::blank;

pub static TAGGER: LazyLock<Tagger> = LazyLock::new(|| Tagger::new(Arc::new(Lexicon::embedded())));

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub lang: Option<String>,
    pub title: String,
    pub dateline: Option<Line>,
    pub body: String,
    pub captions: Vec<String>,
    pub regions: Vec<String>,
    pub events: Option<Vec<String>>,
    pub focus: Option<String>,
    pub from: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Line {
    pub text: String,
    pub places: Vec<String>,
    pub region: Option<String>,
}

pub fn story(case: &Case) -> Story {
    let headline = Text::new(case.title.as_str());
    let body = Text::new(case.body.as_str());
    let dateline = case.dateline.as_ref().map(|line| Dateline {
        text: line.text.clone(),
        places: line.places.clone(),
        region: line.region.clone(),
        ..Dateline::default()
    });
    let captions: Vec<Caption> = case
        .captions
        .iter()
        .map(|text| Caption {
            text: Text::new(text.as_str()).unwrap(),
            credit: None,
            date: None,
        })
        .collect();
    let mut story = Story {
        language: case.lang.clone().unwrap_or_else(|| "en".to_owned()),
        headline,
        body,
        dateline,
        captions,
        ..blank::story(1, Timestamp::UNIX_EPOCH)
    };
    let captions = (0..case.captions.len()).map(|n| Zone::Caption(n as u16));
    let zones: Vec<Zone> = [Zone::Headline, Zone::Dateline, Zone::Body]
        .into_iter()
        .chain(captions)
        .collect();
    story.tokens = Tokens::of(zones.iter().map(|zone| (*zone, story.text(*zone))));
    story
}

fn codes(tags: &Tags, wanted: impl Fn(RegionRole) -> bool) -> Vec<String> {
    let regions = tags.regions.iter().filter(|region| wanted(region.role));
    let mut codes: Vec<String> = regions.map(|region| region.code.to_string()).collect();
    codes.sort();
    codes
}

fn check(case: &Case) -> Result<(), String> {
    let story = story(case);
    let tags = TAGGER.tag(&story);
    sound(&story, &tags);
    let found = codes(&tags, |role| role != RegionRole::Dateline);
    if found != case.regions {
        return Err(format!("regions {found:?}, not {:?}", case.regions));
    }
    if let Some(events) = &case.events {
        let found = codes(&tags, |role| role == RegionRole::Event);
        if found != *events {
            return Err(format!("events {found:?}, not {events:?}"));
        }
    }
    let focus = tags.focus.as_ref().map(|focus| focus.country.to_string());
    let told = case.focus.is_some() || case.regions.is_empty();
    if told && focus != case.focus {
        return Err(format!("focus {focus:?}, not {:?}", case.focus));
    }
    let from = tags.dateline_country.as_ref().map(|code| code.to_string());
    if from != case.from {
        return Err(format!("dateline {from:?}, not {:?}", case.from));
    }
    Ok(())
}

/// What holds for the tags of any story.
fn sound(story: &Story, tags: &Tags) {
    let of_regions = tags.regions.iter().flat_map(|region| &region.mentions);
    let of_places = tags.places.iter().flat_map(|place| &place.mentions);
    for mention in of_regions.chain(of_places) {
        let slice = story
            .text(mention.zone)
            .get(mention.start as usize..mention.end as usize);
        assert!(slice.is_some_and(|text| !text.is_empty()), "{mention:?}");
    }
    for region in &tags.regions {
        assert!((0.0..=1.0).contains(&region.score), "{region:?}");
        assert!(!region.mentions.is_empty(), "{region:?}");
    }
    for place in &tags.places {
        assert!(
            place.mentions.iter().all(|m| m.usage.is_some()),
            "{place:?}"
        );
    }
}

#[test]
fn every_case_of_the_table_lands_where_it_happened() {
    let table: Table = toml::from_str(include_str!("../tables/regions.toml")).unwrap();
    let faults: Vec<String> = table
        .case
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.name, check(case).err()?)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_place_is_told_by_its_use() {
    let case = Case {
        body: "Chinese officials in Nairobi met Kenya's minister.".to_owned(),
        ..Case::default()
    };
    let story = story(&case);
    let uses: Vec<(String, String)> = TAGGER
        .tag(&story)
        .places
        .iter()
        .flat_map(|place| &place.mentions)
        .map(|mention| {
            let range = mention.start as usize..mention.end as usize;
            let text = story.text(mention.zone)[range].to_owned();
            (text, format!("{:?}", mention.usage.unwrap()))
        })
        .collect();
    let want = [
        ("Chinese", "Associative"),
        ("Nairobi", "Literal"),
        ("Kenya", "Associative"),
    ];
    let want = want.map(|(text, usage)| (text.to_owned(), usage.to_owned()));
    assert_eq!(uses, want);
}

#[test]
fn a_hundred_thousand_towns_take_no_more_than_their_share() {
    // a text that is nothing but names: linear, and no name is lost
    let case = Case {
        body: "Jordan Paris Georgia London, ".repeat(25_000),
        ..Case::default()
    };
    let story = story(&case);
    sound(&story, &TAGGER.tag(&story));
}

proptest! {
    #![proptest_config(super::support::cases(256))]

    #[test]
    fn any_text_has_sound_tags_and_the_same_ones_again(
        words in prop::collection::vec(prop::sample::select(vec![
            "Paris", "Texas", "Jordan", "Georgia", "U.S.", "the", "in", "of", "Bank", "China", "'s",
            "والصين", "لبنان", "ال", "北京", "中", "Россию", "é\u{301}", ",", ".", "\n", "(", "-", "São",
            "TURKEY", "Mr.", "Tex.", "Ga.", "🇪🇸", "New", "York", "Guinea", "Bissau", "to",
            "ambassador", "minister", "United", "Nations", "gunmen",
        ]), 0..60),
        joined in prop::sample::select(vec!["", " "]),
        lang in prop::sample::select(vec!["en", "es", "ar", "zh", "und", ""]),
    ) {
        let text = words.join(joined);
        let case = Case {
            title: text.clone(),
            dateline: Some(Line { text: text.clone(), places: vec![text.clone()], region: Some("Ga.".to_owned()) }),
            body: text.clone(),
            captions: if text.trim().is_empty() { vec![] } else { vec![text] },
            lang: Some(lang.to_owned()),
            ..Case::default()
        };
        let story = story(&case);
        let tags = TAGGER.tag(&story);
        sound(&story, &tags);
        prop_assert_eq!(tags, TAGGER.tag(&story));
    }
}
