//! ninjs 1.x, 2.x and 3.x → one dispatch. Which member of which version says it?
//!
//! Source: the IPTC ninjs schemas 1.0 to 3.1, and the habits of agencies that send them (Fingerpost
//! and Superdesk dialects: `+`-joined keywords, lists of codes, `body_html`, `service`).

use crate::story::{Association, Concept, Dispatch, ItemKind, Marked, Markup};

use super::json::Json;
use super::members::{self, first, marked, string};
use super::prose;

/// Members that only ninjs has under these names.
const OWN: &[&str] = &[
    "uri",
    "body_text",
    "body_html",
    "body_xhtml",
    "bodies",
    "headlines",
    "renditions",
    "$standard",
    "standard",
];
/// Members that say so beside a `guid`, which others have too.
const BESIDE_GUID: &[&str] = &[
    "type",
    "headline",
    "versioncreated",
    "slugline",
    "pubstatus",
];

/// An object with a member that is ninjs's own.
pub fn recognises(item: &Json) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| item.get(key).is_some());
    has(OWN) || item.get("guid").is_some() && has(BESIDE_GUID)
}

pub fn map(item: &Json, dispatch: &mut Dispatch) {
    identity(item, dispatch);
    headlines(item, dispatch);
    bodies(item, dispatch);
    let first = |keys: &[&str]| first(item, keys);
    dispatch.kind = members::kind(first(&["type"]));
    dispatch.dateline = first(&["dateline"]);
    dispatch.language = first(&["language"]);
    dispatch.first_created = first(&["firstCreated", "firstcreated", "firstVersion"]);
    dispatch.version_created = first(&["versionCreated", "versioncreated"]);
    dispatch.embargoed_until = first(&["embargoedUntil", "embargoed"]);
    dispatch.pub_status = first(&["pubStatus", "pubstatus", "status"]);
    dispatch.urgency = first(&["urgency"]);
    labels(item, dispatch);
    let originator = |sources: &[Concept]| sources.iter().find_map(|source| source.name.clone());
    dispatch.agency = first(&["source", "provider"])
        .or_else(|| originator(&dispatch.labels.info_sources))
        .or_else(|| first(&["copyrightHolder", "copyrightholder"]));
}

fn identity(item: &Json, dispatch: &mut Dispatch) {
    let uri = string(item.get("uri"));
    let guid = string(item.get("guid"));
    if let (Some(_), Some(guid)) = (&uri, &guid) {
        dispatch.alt_ids.push(("guid".to_owned(), guid.clone()));
    }
    dispatch.guid = uri.or(guid);
    if let Some(number) = dispatch.guid.as_deref().and_then(number_in_address) {
        let number = ("item".to_owned(), number.to_owned());
        dispatch.alt_ids.push(number);
    }
    dispatch.version = match item.get("version") {
        // a version is a short word or a whole number: 1e400 says nothing
        Some(Json::Number(number)) if number.parse::<i64>().is_err() => {
            dispatch.repairs.push("json:number".to_owned());
            None
        }
        other => string(other),
    };
    match item.any(&["altIds", "altids"]) {
        Some(Json::Object(ids)) => {
            for (role, id) in ids {
                if let Some(id) = string(Some(id)) {
                    dispatch.alt_ids.push((role.to_string(), id));
                }
            }
        }
        Some(list) => {
            for id in list.each() {
                let role = string(id.get("role")).unwrap_or_else(|| "alternative".to_owned());
                if let Some(value) = string(id.get("value").or(Some(id))) {
                    dispatch.alt_ids.push((role, value));
                }
            }
        }
        None => {}
    }
    if let Some(usn) = string(item.get("usn")) {
        dispatch.alt_ids.push(("usn".to_owned(), usn));
    }
}

/// The agency's own number of an item in its web address: what the same item is called in other formats.
fn number_in_address(uri: &str) -> Option<&str> {
    let (_, path) = uri.split_once("://")?;
    let is_number = |part: &&str| part.len() >= 12 && part.bytes().all(|b| b.is_ascii_digit());
    path.split('/').skip(1).find(is_number)
}

fn headlines(item: &Json, dispatch: &mut Dispatch) {
    let mut main = string(item.get("headline")).map(marked);
    if matches!(item.get("headline"), Some(Json::List(_) | Json::Object(_))) {
        dispatch.repairs.push("json:types".to_owned());
    }
    let mut further = Vec::new();
    for headline in item.get("headlines").map_or(&[][..], Json::each) {
        let Some(value) = string(headline.get("value").or(Some(headline))) else {
            continue;
        };
        let text = Marked {
            markup: content_markup(headline),
            text: value,
        };
        let role = string(headline.get("role")).unwrap_or_default();
        let is_main = matches!(role.as_str(), "" | "main" | "headline");
        if main.is_none() && is_main {
            main = Some(text);
        } else {
            further.push((
                if is_main {
                    "alternative".to_owned()
                } else {
                    role
                },
                text,
            ));
        }
    }
    for (key, value) in item.members() {
        let Some(role) = key.strip_prefix("headline_") else {
            continue;
        };
        if let Some(text) = string(Some(value)) {
            match role {
                "main" if main.is_none() => main = Some(marked(text)),
                _ => further.push((role.to_owned(), marked(text))),
            }
        }
    }
    if let Some(subhead) = string(item.get("subheadline").or(item.get("subhead"))) {
        further.push(("subheadline".to_owned(), marked(subhead)));
    }
    if main.is_none() && !further.is_empty() {
        main = Some(further.remove(0).1);
    }
    dispatch.headline = main;
    dispatch.further_headlines = further;
}

/// A text with its content type.
fn content_markup(text: &Json) -> Markup {
    match text
        .any(&["contentType", "contenttype"])
        .and_then(Json::str)
    {
        Some(kind) if ["html", "xml", "NITF"].iter().any(|m| kind.contains(m)) => Markup::Html,
        _ => Markup::Plain,
    }
}

fn bodies(item: &Json, dispatch: &mut Dispatch) {
    let mut main: Option<(u8, Marked)> = None;
    let mut offer = |rank: u8, text: String, markup: Markup| {
        let text = match markup {
            Markup::Html => members::unwrapped(text),
            Markup::Plain => text,
        };
        let offered = Marked { text, markup };
        match &mut main {
            // texts of one role and form that differ are parts of one
            Some((best, known)) if rank == *best && rank < 4 && known.markup == markup => {
                if !known.text.contains(&*offered.text) && !offered.text.contains(&*known.text) {
                    let first = std::mem::replace(known, marked(String::new()));
                    *known = prose::joined(first, offered);
                }
            }
            Some((best, _)) if rank >= *best => {}
            _ => main = Some((rank, offered)),
        }
    };
    for body in item.get("bodies").map_or(&[][..], Json::each) {
        let role = body.get("role").and_then(Json::str).unwrap_or("main");
        let Some(value) = string(body.get("value")) else {
            continue;
        };
        let markup = content_markup(body);
        // in practice the role of the text names its format as often as its part
        let whole = ["main", "", "body", "text", "html", "xhtml", "nitf"].contains(&role);
        offer(
            u8::from(markup == Markup::Html) + 4 * u8::from(!whole),
            value,
            markup,
        );
    }
    for (rank, key, markup) in [
        (0, "body_text", Markup::Plain),
        (1, "body_xhtml", Markup::Html),
        (1, "body_html", Markup::Html),
        (2, "body_nitf", Markup::Html),
        (3, "body", Markup::Html),
    ] {
        if let Some(text) = string(item.get(key)) {
            offer(rank, text, markup);
        }
    }
    dispatch.body = main.map(|(_, body)| body);
    let described = item.get("descriptions").map_or(&[][..], Json::each);
    let whole = |d: &&Json| {
        let role = d.get("role").and_then(Json::str).unwrap_or("");
        ["", "main", "text", "html", "summary", "abstract", "caption"].contains(&role)
    };
    let description = described
        .iter()
        .filter(whole)
        .chain(described)
        .find_map(|d| Some((string(d.get("value"))?, content_markup(d))));
    let first = description.as_ref().map(|(text, _)| text.clone());
    for other in described {
        let text = string(other.get("value")).filter(|text| Some(text) != first.as_ref());
        let plain = text.filter(|_| content_markup(other) == Markup::Plain);
        let role = string(other.get("role")).unwrap_or_else(|| "summary".to_owned());
        let descriptions = &mut dispatch.labels.descriptions;
        descriptions.extend(plain.map(|text| (role, text)));
    }
    dispatch.description = description
        .or_else(|| Some((string(item.get("description_text"))?, Markup::Plain)))
        .or_else(|| {
            let html = ["description_html", "description_xhtml", "description"];
            let text = html.iter().find_map(|key| string(item.get(key)))?;
            Some((text, Markup::Html))
        })
        .map(|(text, markup)| Marked { text, markup });
}

fn labels(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| first(item, keys);
    let concepts = |keys: &[&str]| -> Vec<Concept> {
        let values = keys.iter().map(|key| item.get(key));
        values.flat_map(members::concepts).collect()
    };
    let labels = &mut dispatch.labels;
    labels.title = first(&["title"]);
    labels.slugline = first(&["slugline", "slug"]);
    labels.by = first(&["by", "byline"]);
    labels.located = first(&["located", "location"]);
    labels.ed_note = first(&["edNote", "ednote"]);
    labels.usage_terms = first(&["usageTerms", "usageterms", "usage"]);
    labels.copyright_holder = first(&["copyrightHolder", "copyrightholder"]);
    labels.copyright_notice = first(&["copyrightNotice", "copyrightnotice"]);
    labels.keywords = members::keywords(item.get("keywords").or(item.get("keyword")));
    labels.category = category(item);
    labels.priority = first(&["priority"]);
    labels.info_sources = concepts(&["infoSources", "infosources", "infosource"]);
    labels.subjects = concepts(&["subjects", "subject"]);
    labels.genres = concepts(&["genres", "genre"]);
    labels.people = concepts(&["people", "person"]);
    labels.organisations = concepts(&["organisations", "organisation"]);
    labels.places = concepts(&["places", "place"]);
    labels.associations = associations(item);
}

fn category(item: &Json) -> Option<String> {
    let keys = ["category", "mediaCatCodes", "anpa_category", "service"];
    let value = keys.iter().find_map(|key| item.get(key))?.each().first()?;
    string(value.any(&["qcode", "code"])).or_else(|| string(Some(value)))
}

fn associations(item: &Json) -> Vec<Association> {
    let one = |name: String, item: &Json| {
        let first = |keys: &[&str]| keys.iter().find_map(|key| string(item.get(key)));
        let value = |key: &str| {
            let list = item.get(key).map_or(&[][..], Json::each);
            list.iter().find_map(|entry| string(entry.get("value")))
        };
        Association {
            name,
            uri: first(&["uri", "guid"]),
            kind: first(&["type"]).and_then(|name| ItemKind::from_name(&name)),
            headline: first(&["headline"]).or_else(|| value("headlines")),
            caption: first(&["description_text", "caption", "body_text"])
                .or_else(|| value("descriptions")),
            credit: first(&[
                "creditline",
                "creditLine",
                "by",
                "byline",
                "copyrightHolder",
                "copyrightholder",
            ]),
        }
    };
    match item.get("associations") {
        Some(Json::Object(named)) => named
            .iter()
            .filter(|(_, item)| matches!(item, Json::Object(_)))
            .map(|(name, item)| one(name.to_string(), item))
            .collect(),
        Some(Json::List(list)) => list
            .iter()
            .filter(|item| matches!(item, Json::Object(_)))
            .enumerate()
            .map(|(n, item)| {
                let name =
                    string(item.get("name")).unwrap_or_else(|| format!("association-{}", n + 1));
                one(name, item)
            })
            .collect(),
        _ => Vec::new(),
    }
}
