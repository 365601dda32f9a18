//! JSON Feed 1.0 and 1.1 → a dispatch an item. What does the feed say of all its items?
//!
//! Source: the JSON Feed specification, versions 1 and 1.1.

use crate::story::{Association, Dispatch, ItemKind};

use super::feed;
use super::json::Json;
use super::members::{self, first, html, marked, string};

pub fn recognises(object: &Json) -> bool {
    let version = object.get("version").and_then(Json::str);
    version.is_some_and(|version| version.contains("jsonfeed.org"))
}

pub fn items<'j, 't>(feed: &'j Json<'t>) -> Vec<&'j Json<'t>> {
    let items = feed.get("items").map_or(&[][..], Json::each);
    items.iter().collect()
}

pub fn map(item: &Json, feed: &Json, dispatch: &mut Dispatch) {
    let base = first(feed, &["home_page_url", "feed_url"]);
    let link = first(item, &["url", "external_url"]);
    let link = link.map(|link| feed::link::resolve(base.as_deref(), &link));
    let id = first(item, &["id"]);
    if let Some(link) = link
        .clone()
        .filter(|link| id.is_some() && id.as_ref() != Some(link))
    {
        dispatch.alt_ids.push(("link".to_owned(), link));
    }
    dispatch.guid = id.or(link);
    dispatch.headline = first(item, &["title"]).map(marked);
    let text = first(item, &["content_text"]).map(marked);
    let body = text.or_else(|| first(item, &["content_html"]).map(html));
    let summary = first(item, &["summary"]).map(marked);
    match body {
        Some(body) => (dispatch.body, dispatch.description) = (Some(body), summary),
        None => dispatch.body = summary,
    }
    let published = first(item, &["date_published"]);
    dispatch.version_created = first(item, &["date_modified"]).or(published.clone());
    dispatch.first_created = published;
    dispatch.language = first(item, &["language"]).or_else(|| first(feed, &["language"]));
    dispatch.agency = first(feed, &["title"]).and_then(|title| feed::agency(&title));
    dispatch.labels.by = authors(item).or_else(|| authors(feed));
    dispatch.labels.keywords = members::keywords(item.get("tags"));
    dispatch.labels.associations = associations(item, base.as_deref());
}

/// 1.1 has a list, 1.0 one author.
fn authors(from: &Json) -> Option<String> {
    let list = from.any(&["authors", "author"])?;
    let names = list.each().iter();
    let names: Vec<String> = names
        .filter_map(|author| string(author.get("name")))
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn associations(item: &Json, base: Option<&str>) -> Vec<Association> {
    let resolved = |link: String| Some(feed::link::resolve(base, &link));
    let picture = |key: &str| {
        let link = string(item.get(key))?;
        Some(Association {
            name: key.replace('_', "-"),
            uri: resolved(link),
            kind: Some(ItemKind::Picture),
            ..Association::default()
        })
    };
    let pictures = ["image", "banner_image"].into_iter().filter_map(picture);
    let attached = item.get("attachments").map_or(&[][..], Json::each);
    let attached = attached.iter().enumerate().filter_map(|(n, attachment)| {
        let link = string(attachment.get("url"))?;
        let mime = string(attachment.get("mime_type")).unwrap_or_default();
        Some(Association {
            name: format!("attachment-{}", n + 1),
            uri: resolved(link),
            kind: match mime.split('/').next() {
                Some("image") => Some(ItemKind::Picture),
                Some("audio") => Some(ItemKind::Audio),
                Some("video") => Some(ItemKind::Video),
                _ => None,
            },
            headline: string(attachment.get("title")),
            ..Association::default()
        })
    });
    pictures.chain(attached).collect()
}
