//! AP Media API JSON → a dispatch an item. What do the members of `data.item` say?
//!
//! Source: the Media API's documentation and what members of AP receive. Reuters answers in the same
//! envelope with names of its own, which are read beside AP's.

use crate::story::{Association, Concept, Dispatch, ItemKind};

use super::json::Json;
use super::members::{self, concepts, each, first, html, joined, marked, string};

pub fn recognises(object: &Json) -> bool {
    let Some(data) = object.get("data") else {
        return false;
    };
    let holds = |item: &Json| matches!(item.get("item"), Some(Json::Object(_)));
    match data.get("items") {
        Some(Json::List(list)) => {
            object.get("api_version").is_some() || list.first().is_some_and(holds)
        }
        _ => holds(data),
    }
}

pub fn items<'j, 't>(object: &'j Json<'t>) -> Vec<&'j Json<'t>> {
    let data = object.get("data").unwrap_or(&Json::Null);
    let list = data
        .get("items")
        .map_or(std::slice::from_ref(data), Json::each);
    list.iter()
        .map(|entry| entry.get("item").unwrap_or(entry))
        .collect()
}

pub fn map(item: &Json, _: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    identity(item, dispatch);
    dispatch.kind = members::kind(first(&["type"]));
    texts(item, dispatch);
    dispatch.language = first(&["language"]);
    dispatch.first_created = first(&["firstcreated", "firstCreated"]);
    dispatch.version_created = first(&["versioncreated", "versionCreated"]);
    dispatch.embargoed_until = first(&["embargoed", "embargoedUntil"]);
    dispatch.pub_status = first(&["pubstatus", "pubStatus"]);
    dispatch.urgency = first(&["urgency"]);
    dispatch.version_text = version_text(item);
    dispatch.agency = first(&["provider", "source"]);
    labels(item, dispatch);
}

/// An item is asked for by an address whose query changes with every version and reader; what stands
/// before it names the item for ever.
fn identity(item: &Json, dispatch: &mut Dispatch) {
    let uri = string(item.get("uri"));
    let ids = item.get("altids").map_or(&[][..], Json::members);
    for (role, id) in ids {
        let id = string(Some(id)).map(|id| (role.to_string(), id));
        dispatch.alt_ids.extend(id);
    }
    let usn = string(item.get("usn"));
    dispatch
        .alt_ids
        .extend(usn.clone().map(|usn| ("usn".to_owned(), usn)));
    let own = uri.as_deref().and_then(|uri| uri.split('?').next());
    if let Some(uri) = uri.as_deref().filter(|uri| Some(*uri) != own) {
        dispatch.alt_ids.push(("uri".to_owned(), uri.to_owned()));
    }
    let itemid = item.get("altids").and_then(|ids| string(ids.get("itemid")));
    dispatch.guid = own.map(str::to_owned).or(itemid).or(usn);
    dispatch.version = string(item.get("version"));
}

fn texts(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    dispatch.headline = first(&["headline", "headLine"]).map(marked);
    let extended = first(&["headline_extended"]).map(marked);
    let extended = extended.map(|text| ("extended".to_owned(), text));
    dispatch.further_headlines.extend(extended);
    let caption = first(&["description_caption", "caption"]).map(members::told_by_tags);
    let summary = first(&["description_summary"]).map(members::told_by_tags);
    let body = body(item);
    dispatch.description = match dispatch.kind {
        ItemKind::Text | ItemKind::Composite => summary.or(caption),
        _ => caption.or(summary),
    };
    dispatch.body = body;
}

/// The text as a member, or inside the renditions where these were fetched with the item.
fn body(item: &Json) -> Option<crate::story::Marked> {
    const HTML: &[&str] = &[
        "body_nitf",
        "body_html",
        "body_xhtml",
        "bodyXhtml",
        "bodyHtml",
    ];
    let own = first(item, HTML).map(html);
    let own =
        own.or_else(|| first(item, &["body_text", "bodyText", "body"]).map(members::told_by_tags));
    own.or_else(|| {
        let renditions = item.get("renditions").map_or(&[][..], Json::members);
        let mut texts = renditions.iter().filter_map(|(_, rendition)| {
            let text = first(rendition, &["text", "content", "body", "nitf"])?;
            Some(members::told_by_tags(text))
        });
        texts.next()
    })
}

/// AP says what an item is to earlier ones in a list of words: `Lead`, `Corrective`, `Kill`. The end of
/// a slug counts the leads (`3rd Ld-Writethru`) and says more.
fn version_text(item: &Json) -> Option<String> {
    let mut words = each(item.get("editorialtypes"));
    let word = words.next().map(|word| known(&word).unwrap_or(word))?;
    let slug = string(item.get("slugline")).unwrap_or_default();
    let counted = word == "LEAD" && (slug.contains(" Ld") || slug.contains("Writethru"));
    (!counted).then_some(word)
}

fn known(word: &str) -> Option<String> {
    let known = match &*word.to_ascii_lowercase() {
        "lead" | "writethru" => "LEAD",
        "correction" | "corrective" => "CORRECTION",
        "kill" | "mandatorykill" => "KILL",
        "withdrawal" | "elimination" | "disregard" => "WITHDRAWN",
        "advisory" => "ADVISORY",
        "newsalert" | "alert" => "ALERT",
        _ => return None,
    };
    Some(known.to_owned())
}

fn labels(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    let labels = &mut dispatch.labels;
    labels.title = first(&["title"]);
    labels.slugline = first(&["slugline", "slug"]);
    labels.by = bylines(item);
    let place = item.get("datelinelocation");
    labels.located = first(&["located"]).or_else(|| string(place?.get("city")));
    labels.ed_note = first(&["ednote", "edNote"]);
    labels.usage_terms = joined(item.get("usageterms"), " ");
    labels.copyright_notice = first(&["copyrightnotice", "copyrightNotice"]);
    labels.copyright_holder = first(&["copyrightholder", "copyrightHolder"]);
    labels.keywords = members::keywords(item.any(&["keywords", "keyword"]));
    labels.priority = first(&["editorialpriority"]);
    let subjects = item.get("subject").map_or(&[][..], Json::each);
    let is_category = |subject: &&Json| each(subject.get("rels")).any(|rel| rel == "category");
    labels.category = subjects
        .iter()
        .find(is_category)
        .and_then(|s| string(s.get("code")));
    labels.subjects = related(item, &["subject"]);
    labels.people = related(item, &["person"]);
    labels.organisations = related(item, &["organisation", "organization", "company"]);
    labels.places = related(item, &["place"]);
    let profile = first(&["profile"]).map(members::named);
    labels.genres = profile.into_iter().collect();
    labels.info_sources = sources(item);
    labels.associations = associations(item);
}

/// Concepts whose relation is the first of a list.
fn related(item: &Json, keys: &[&str]) -> Vec<Concept> {
    let values = keys.iter().filter_map(|key| item.get(key));
    let elements = values.flat_map(|value| value.each());
    let with_relation = elements.flat_map(|element| {
        let rel = string(element.get("rels"));
        concepts(Some(element))
            .into_iter()
            .map(move |concept| Concept {
                rel: rel.clone().or(concept.rel),
                ..concept
            })
    });
    with_relation.collect()
}

fn sources(item: &Json) -> Vec<Concept> {
    let sources = item.get("infosource").map_or(&[][..], Json::each);
    let named = |source: &Json| {
        Some(Concept {
            name: Some(string(source.get("name"))?),
            uri: None,
            literal: None,
            rel: string(source.get("type")),
        })
    };
    sources.iter().filter_map(named).collect()
}

fn bylines(item: &Json) -> Option<String> {
    let lines = item.get("bylines").map_or(&[][..], Json::each);
    let lines = lines
        .iter()
        .filter_map(|line| first(line, &["by", "byline", "name"]));
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        return Some(lines.join(", "));
    }
    let named = |key: &str| string(item.get(key)?.get("name"));
    first(item, &["byline", "byLine", "by"]).or_else(|| named("photographer"))
}

fn associations(item: &Json) -> Vec<Association> {
    let one = |(name, item): &(std::borrow::Cow<str>, Json)| Association {
        name: name.to_string(),
        uri: string(item.get("uri")).and_then(|uri| Some(uri.split('?').next()?.to_owned())),
        kind: first(item, &["type"]).map(|name| members::kind(Some(name))),
        headline: first(item, &["headline", "title"]),
        caption: first(item, &["description_caption", "caption"]),
        credit: first(item, &["description_creditline", "creditline"]),
    };
    let named = item.get("associations").map_or(&[][..], Json::members);
    let objects = named
        .iter()
        .filter(|(_, item)| matches!(item, Json::Object(_)));
    objects.map(one).collect()
}
