//! JSON of a vendor's own making → one dispatch. Which members are plainly a headline and a body?

use crate::story::{Dispatch, Marked, Markup};

use super::json::Json;
use super::ninjs::{marked, string};

const HEADLINE: &[&str] = &["headline", "title", "headLine", "Headline", "heading"];
const BODY: &[&str] = &[
    "body",
    "content",
    "body_text",
    "body_html",
    "story",
    "article",
    "articleBody",
    "lead",
    "text",
    "description_text",
    "description",
    "caption",
];

pub fn recognises(item: &Json) -> bool {
    let filled = |keys: &[&str]| keys.iter().any(|key| string(item.get(key)).is_some());
    filled(HEADLINE) && (filled(BODY) || filled(&["versioncreated", "slugline", "guid", "uuid"]))
}

pub fn map(item: &Json, dispatch: &mut Dispatch) {
    let first = |keys: &[&str]| keys.iter().find_map(|key| string(item.get(key)));
    dispatch.guid = first(&["uri", "guid", "uuid", "id", "_id"]);
    dispatch.version = first(&["version"]);
    dispatch.headline = first(HEADLINE).map(marked);
    dispatch.body = first(BODY).map(|text| Marked {
        markup: if text.contains("</") || text.contains("<br") {
            Markup::Html
        } else {
            Markup::Plain
        },
        text,
    });
    dispatch.language = first(&["language", "lang", "locale"]);
    dispatch.agency = first(&["source", "provider", "agency", "publisher"]);
    dispatch.version_created = first(&[
        "versioncreated",
        "versionCreated",
        "updated",
        "modified",
        "publishDate",
        "date",
    ]);
    dispatch.first_created = first(&["firstcreated", "firstCreated", "created", "createDate"]);
    dispatch.urgency = first(&["urgency"]);
    dispatch.pub_status = first(&["pubstatus", "pubStatus", "status"]);
    let labels = &mut dispatch.labels;
    labels.by = first(&["byline", "by", "author"]);
    labels.slugline = first(&["slugline", "slug"]);
    labels.located = first(&["located", "location", "city"]);
    labels.copyright_holder = first(&["copyrightholder", "copyrightHolder"]);
    labels.copyright_notice = first(&["copyrightnotice", "copyrightNotice", "copyright"]);
}
