//! Tables of a desk: every fault of every table, with its place.

use std::collections::BTreeMap;

use copytaster::tag::Lexicon;
use serde::Deserialize;

use crate::support::matches;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    faults: Vec<String>,
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let table: Table = toml::from_str(include_str!("../tables/lexicon.toml")).unwrap();
    for case in table.case {
        let files: Vec<(String, String)> = case.files.into_iter().collect();
        let found: Vec<String> = match Lexicon::load(&files) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(found.len(), case.faults.len(), "{}: {found:#?}", case.name);
        for (pattern, text) in case.faults.iter().zip(&found) {
            assert!(
                matches(pattern, text),
                "{}\n wanted {pattern}\n found  {text}",
                case.name
            );
        }
    }
}
