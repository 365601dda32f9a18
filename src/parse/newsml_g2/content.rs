//! `contentSet` of a news item → body and media. Which of the renditions is the text?

use crate::story::{Association, Dispatch, ItemKind, Markup};

use super::super::members::marked;
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

/// Drops the headlines, and the teaser, that pages print once more above their text; what has no other text keeps them.
fn without_heads(dispatch: &mut Dispatch, teaser: Option<&str>) {
    let body = dispatch.body.as_mut();
    let Some(body) = body.filter(|body| body.markup == Markup::Plain) else {
        return;
    };
    let further = dispatch.further_headlines.iter().map(|(_, line)| line);
    let headlines = dispatch.headline.iter().chain(further);
    let heads: Vec<&str> = headlines
        .map(|line| line.text.trim())
        .chain(teaser)
        .collect();
    let mut rest = body.text.as_str();
    while let Some((first, after)) = rest.split_once("\n\n")
        && heads.contains(&first.trim())
        && !after.trim().is_empty()
    {
        rest = after;
    }
    let from = body.text.len() - rest.len();
    body.text.drain(..from);
}

fn inline_xml(content: &Element<'_>, dispatch: &mut Dispatch) {
    if dispatch.body.is_some() {
        return;
    }
    if let Some(nitf) = content.child("nitf") {
        return nitf::fill(nitf, dispatch);
    }
    let Some((teaser, mut prose)) = content.children().next().map(|page| {
        if dispatch.headline.is_none() {
            let title = page.words_at("head/title");
            super::set(&mut dispatch.labels.title, title);
        }
        (teaser(page), prose::of(page.child("body").unwrap_or(page)))
    }) else {
        return inline_data(content, dispatch);
    };
    dispatch.body = prose.marked();
    dispatch.labels.associations.append(&mut prose.media);
    without_heads(dispatch, teaser.as_deref());
    // metadata says it too, as a rule
    let description = || teaser.map(marked);
    dispatch.description = dispatch.description.take().or_else(description);
}

/// The paragraph that calls itself the teaser.
fn teaser(page: &Element<'_>) -> Option<String> {
    let mut paragraphs = page.descendants("p");
    let teaser = paragraphs.find(|paragraph| {
        let class = paragraph.attribute("class").unwrap_or("");
        class.split_whitespace().any(|word| word == "teaser")
    })?;
    Some(prose::of(teaser).text.trim().to_owned()).filter(|text| !text.is_empty())
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
