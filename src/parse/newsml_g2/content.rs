//! `contentSet` of a news item → body and media. Which of the renditions is the text?

use crate::story::{Association, Dispatch, ItemKind};

use super::super::nitf;
use super::super::prose::{self, kind_of_type};
use super::super::xml::Element;

pub fn fill(item: &Element<'_>, dispatch: &mut Dispatch) {
    let sets = item.all("contentSet");
    for content in sets.flat_map(Element::children) {
        match content.name {
            "inlineXML" => inline_xml(content, dispatch),
            "inlineData" => inline_data(content, dispatch),
            "remoteContent" => remote(content, dispatch),
            _ => {}
        }
    }
}

fn inline_xml(content: &Element<'_>, dispatch: &mut Dispatch) {
    if dispatch.body.is_some() {
        return;
    }
    if let Some(nitf) = content.child("nitf") {
        return nitf::fill(nitf, dispatch);
    }
    let Some(mut prose) = content.children().next().map(|page| {
        if dispatch.headline.is_none() {
            let title = page.words_at("head/title");
            super::set(&mut dispatch.labels.title, title);
        }
        prose::of(page.child("body").unwrap_or(page))
    }) else {
        return inline_data(content, dispatch);
    };
    dispatch.body = prose.marked();
    dispatch.labels.associations.append(&mut prose.media);
}

/// Text as it stands, with whatever markup it holds.
fn inline_data(content: &Element<'_>, dispatch: &mut Dispatch) {
    let encoded = content.attribute("encoding").is_some();
    let kind = content.attribute("contenttype").unwrap_or("text/plain");
    if dispatch.body.is_some() || encoded || !kind.contains("text") && !kind.contains("ml") {
        return;
    }
    dispatch.body = prose::text_of(content, &mut dispatch.labels.associations);
}

/// Media beside a text; of an item that is a picture itself, its best rendition alone.
fn remote(content: &Element<'_>, dispatch: &mut Dispatch) {
    let kind = content.attribute("contenttype").and_then(kind_of_type);
    let own = !matches!(dispatch.kind, ItemKind::Text | ItemKind::Composite);
    let known = &dispatch.labels.associations;
    if kind == Some(ItemKind::Text) || own && !known.is_empty() {
        return;
    }
    let reference = content.value("href").or_else(|| content.value("residref"));
    let name = match own {
        true => "main".to_owned(),
        false => format!("media-{}", known.len() + 1),
    };
    dispatch
        .labels
        .associations
        .extend(reference.map(|uri| Association {
            name,
            uri: Some(uri),
            kind,
            headline: content.words_at("title"),
            caption: None,
            credit: None,
        }));
}
