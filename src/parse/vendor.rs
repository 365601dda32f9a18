//! JSON of a vendor's own making → one dispatch. Which members are plainly a headline and a body?
//!
//! Names are compared without letter case and joints: `bodyHtml`, `body_html` and `BODY-HTML` are one.

use crate::story::{Dispatch, ItemKind, Marked};

use super::json::Json;
use super::members::{self, joined, marked, string, told_by_tags};

const HEADLINE: &[&str] = &["headline", "title", "heading", "head"];
const BODY: &[&str] = &[
    "body",
    "bodyhtml",
    "bodytext",
    "content",
    "contenthtml",
    "contenttext",
    "story",
    "storytext",
    "article",
    "articlebody",
    "articlehtml",
    "fulltext",
    "paragraphs",
    "text",
    "lead",
    "intro",
    "summary",
    "descriptiontext",
    "description",
    "caption",
    "comment",
];
/// What heads an item that has a text and no headline: a picture, a fixture.
const NAME: &[&str] = &["name"];
const ID: &[&str] = &[
    "uri",
    "guid",
    "uuid",
    "urn",
    "uid",
    "id",
    "itemid",
    "imageid",
    "articleid",
    "storyid",
    "documentid",
    "systemidentifier",
];
const CREATED: &[&str] = &[
    "firstcreated",
    "created",
    "createdate",
    "createddate",
    "datecreated",
];
const CHANGED: &[&str] = &[
    "versioncreated",
    "updated",
    "modified",
    "datemodified",
    "lastmodified",
    "lasteditdate",
    "publishdate",
    "publishedat",
    "datepublished",
    "published",
    "pubdate",
    "timestamp",
    "date",
];

pub fn recognises(item: &Json) -> bool {
    let has = |names: &[&str]| pick(item, names).is_some();
    match (has(HEADLINE), has(BODY)) {
        (true, true) => true,
        (true, false) => has(ID) || has(&["versioncreated", "slugline"]),
        (false, true) => has(ID) && (has(NAME) || has(CREATED) || has(CHANGED)),
        (false, false) => false,
    }
}

pub fn map(item: &Json, dispatch: &mut Dispatch) {
    let first = |names: &[&str]| pick(item, names).and_then(|value| string(Some(value)));
    dispatch.guid = first(ID);
    dispatch.version = first(&["version"]);
    dispatch.headline = first(HEADLINE).or_else(|| first(NAME)).map(marked);
    dispatch.body = pick(item, BODY).and_then(paragraphs);
    dispatch.kind = members::kind(first(&["type", "mediatype"]));
    if dispatch.kind == ItemKind::Text {
        // pictures and plans that do not say so
        if first(&["imageid"]).is_some() {
            dispatch.kind = ItemKind::Picture;
        } else if first(&["startdate"]).is_some() {
            dispatch.kind = ItemKind::Event;
        }
    }
    dispatch.language = first(&["language", "lang", "locale"]);
    dispatch.agency = first(&["source", "provider", "agency", "publisher", "credit"]);
    dispatch.version_created = first(CHANGED).or_else(|| first(CREATED));
    dispatch.first_created = first(CREATED);
    dispatch.embargoed_until = first(&["embargoed", "embargoeduntil", "embargo", "embargotime"]);
    dispatch.urgency = first(&["urgency"]);
    dispatch.pub_status = first(&["pubstatus", "status"]);
    let labels = &mut dispatch.labels;
    let by = pick(item, &["byline", "by", "authors", "author", "photographer"]);
    labels.by = joined(by, ", ");
    labels.slugline = first(&["slugline", "slug"]);
    labels.located = first(&["located", "location", "city"]);
    labels.ed_note = first(&["ednote", "editornote"]);
    labels.copyright_holder = first(&["copyrightholder"]);
    labels.copyright_notice = first(&["copyrightnotice", "copyright"]);
    labels.usage_terms = first(&["usageterms"]);
    labels.keywords = members::keywords(pick(item, &["keywords", "tags"]));
    labels.category = first(&["category", "section"]);
}

/// The first member of these names that says something, by the order of the names.
fn pick<'j, 't>(item: &'j Json<'t>, names: &[&str]) -> Option<&'j Json<'t>> {
    names.iter().find_map(|name| {
        let mut members = item.members().iter();
        let found = members.find(|(key, value)| same(key, name) && string(Some(value)).is_some());
        found.map(|(_, value)| value)
    })
}

/// `name` is in lower case and without joints.
fn same(key: &str, name: &str) -> bool {
    let letters = key.bytes().filter(|b| !matches!(b, b'_' | b'-' | b' '));
    letters.map(|b| b.to_ascii_lowercase()).eq(name.bytes())
}

/// A text, or a list of paragraphs.
fn paragraphs(value: &Json) -> Option<Marked> {
    joined(Some(value), "\n\n").map(told_by_tags)
}
