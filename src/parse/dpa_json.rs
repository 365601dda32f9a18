//! dpa digital wires JSON → one dispatch. Which of it may be published?
//!
//! Source: dpa's documentation of digital wires, versions 0.9 and 1. What dpa marks as not publishable, in
//! notes and in the notepad, is left out here and nowhere later.

use crate::story::{Association, Concept, Dispatch};

use super::json::Json;
use super::members::{self, each, first, html, marked, string};

pub fn recognises(object: &Json) -> bool {
    let format = object.get("format").and_then(Json::str);
    let by_name = format.is_some_and(|format| format.starts_with("digitalwires"));
    by_name || object.get("article_html").is_some() && object.get("urn").is_some()
}

pub fn map(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    dispatch.guid = first(&["urn", "entry_id"]);
    dispatch.version = first(&["version"]);
    dispatch.kind = members::kind(first(&["type"]));
    dispatch.version_created = first(&["version_created", "updated"]);
    dispatch.first_created = first(&["first_created", "content_created"]);
    dispatch.embargoed_until = first(&["embargoed"]);
    dispatch.pub_status = first(&["pubstatus"]);
    dispatch.urgency = first(&["urgency"]);
    dispatch.language = first(&["language"]);
    dispatch.dateline = first(&["dateline"]);
    let credit = first(&["creditline"]);
    // the credit of a picture ends with the agency: `A. Name/AP/dpa`
    let credited = credit.and_then(|credit| Some(credit.rsplit('/').next()?.trim().to_owned()));
    // dpa carries partners: the credit names them, the provider is dpa
    dispatch.agency = credited.or_else(|| named(item, "provider"));
    dispatch.version_text = version_text(item);
    texts(item, dispatch);
    labels(item, dispatch);
}

fn texts(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    dispatch.headline = first(&["headline"]).map(marked);
    for (key, role) in [("kicker", "kicker"), ("subhead", "subheadline")] {
        let text = string(item.get(key)).map(|text| (role.to_owned(), marked(text)));
        dispatch.further_headlines.extend(text);
    }
    let article = first(&["article_html"]);
    let body = match (article, first(&["infobox_html"])) {
        (Some(article), Some(infobox)) => Some(format!("{article}\n{infobox}")),
        (article, infobox) => article.or(infobox),
    };
    dispatch.body = body.map(html);
    let teaser = first(&["teaser"]).map(members::told_by_tags);
    dispatch.description = teaser.or_else(|| described(item).map(members::told_by_tags));
}

/// The caption, and not its extended form with place and date, of which normalize would have to be told.
fn described(item: &Json) -> Option<String> {
    let all = item.get("descriptions").map_or(&[][..], Json::each);
    let short = all
        .iter()
        .find(|d| string(d.get("role")).is_some_and(|r| r == "drol:caption"));
    short
        .or(all.first())
        .and_then(|d| first(d, &["description", "value"]))
}

/// dpa's signals, and the mark of an urgent note (`Eilmeldung`), which is only among the notes.
fn version_text(item: &Json) -> Option<String> {
    let told = first(item, &["signal"]).or_else(|| {
        let mut signals = categories(item, "signal").filter_map(|s| string(s.get("qcode")));
        signals.find(|code| code.starts_with("sig:"))
    });
    let urgent = || {
        let mut notes = notes(item).filter(|note| note.text.contains("Eilmeldung"));
        notes.next().map(|_| "Eilmeldung".to_owned())
    };
    told.or_else(urgent)
}

/// A note to editors.
struct Note {
    role: String,
    text: String,
}

/// The notes that may be published.
fn notes(item: &Json) -> impl Iterator<Item = Note> {
    let all = item.get("ednotes").map_or(&[][..], Json::each);
    let public = all
        .iter()
        .filter(|note| note.get("is_publishable") == Some(&Json::Bool(true)));
    public.filter_map(|note| {
        let role = string(note.get("role")).unwrap_or_default();
        let role = role.rsplit(':').next().unwrap_or("").to_owned();
        let text = string(note.get("ednote"))?;
        Some(Note { role, text })
    })
}

fn labels(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    let labels = &mut dispatch.labels;
    labels.by = first(&["byline"]);
    labels.located = named(item, "located").or_else(|| named(item, "locationcreated"));
    labels.copyright_notice = first(&["copyrightnotice"]);
    labels.usage_terms = first(&["usageterms"]);
    let public = notes(item)
        .filter(|note| note.role != "closingline")
        .map(|note| note.text);
    let mut public: Vec<String> = public.collect();
    public.dedup();
    public.extend(string(item.get("ednote")));
    labels.ed_note = (!public.is_empty()).then(|| public.join("\n"));
    labels.category = categories(item, "desk").find_map(|desk| {
        let code = string(desk.get("qcode"))?;
        Some(code.rsplit(':').next()?.to_owned())
    });
    labels.category = labels
        .category
        .take()
        .or_else(|| each(item.get("desk_names")).next());
    labels.keywords = names(item, &["keyword"], "keyword_names");
    labels.subjects = concepts(item, &["dpasubject", "subject"], "dpasubject_names");
    labels.places = concepts(item, &["geosubject"], "geosubject_names");
    labels.genres = concepts(item, &["genre"], "genre_names");
    labels.people = concepts(item, &["person"], "");
    labels.organisations = concepts(item, &["organisation", "organization"], "");
    labels.info_sources = concepts(item, &["infosource"], "");
    labels.associations = associations(item);
}

/// The categories of a type: `dnltype:desk`.
fn categories<'j, 't>(item: &'j Json<'t>, kind: &'j str) -> impl Iterator<Item = &'j Json<'t>> {
    let all = item.get("categories").map_or(&[][..], Json::each);
    all.iter().filter(move |category| {
        let of = category.get("type").and_then(Json::str);
        of.is_some_and(|of| of.rsplit(':').next() == Some(kind))
    })
}

fn named(item: &Json, kind: &str) -> Option<String> {
    categories(item, kind).find_map(|category| string(category.get("name")))
}

fn names(item: &Json, kinds: &[&str], list: &str) -> Vec<String> {
    let concepts = concepts(item, kinds, list).into_iter();
    concepts.filter_map(|concept| concept.name).collect()
}

/// The categories of some types, or the bare names where there are none.
fn concepts(item: &Json, kinds: &[&str], list: &str) -> Vec<Concept> {
    let mut found = Vec::new();
    for kind in kinds {
        for category in categories(item, kind) {
            let mut concepts = members::concepts(Some(category));
            for concept in &mut concepts {
                concept.rel = concept.rel.take().filter(|_| *kind == "infosource");
            }
            found.append(&mut concepts);
        }
    }
    if found.is_empty() {
        found.extend(each(item.get(list)).map(members::named));
    }
    found
}

fn associations(item: &Json) -> Vec<Association> {
    let all = item.get("associations").map_or(&[][..], Json::each);
    let one = |(n, item): (usize, &Json)| Association {
        name: match item.get("is_featureimage") {
            Some(Json::Bool(true)) => "featureimage".to_owned(),
            _ => format!("association-{}", n + 1),
        },
        uri: string(item.get("urn")),
        kind: first(item, &["type"]).map(|name| members::kind(Some(name))),
        headline: string(item.get("headline")),
        caption: string(item.get("caption")),
        credit: string(item.get("creditline")),
    };
    all.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::json;
    use crate::story::Format;

    #[test]
    fn nothing_private_leaves_the_parser() {
        let text = r#"{"format":"digitalwires@1.0","urn":"urn:a:1","headline":"H","article_html":"<p>B</p>",
            "notepad":{"public_html":"<p>open</p>","nonpublic_html":"<p>secret</p>"},
            "ednotes":[{"role":"r:contacts","ednote":"secret","is_publishable":false},
                       {"role":"r:editorialnote","ednote":"open","is_publishable":true},
                       {"role":"r:dpacontacts","ednote":"secret"}],
            "categories":[{"type":"dnltype:creator","name":"secret"}]}"#;
        let (item, ..) = json::read(text, 0).expect("JSON");
        let mut dispatch = Dispatch::new(0, Format::DpaJson, "utf-8");
        map(&item, &mut dispatch);
        assert_eq!(dispatch.labels.ed_note.as_deref(), Some("open"));
        assert!(!format!("{dispatch:?}").contains("secret"));
    }
}
