//! The components of a NewsItem → words, metadata and media. Which one is which?

use crate::story::{Association, Concept, Dispatch, ItemKind, Marked};

use super::super::code::version_word;
use super::super::members::marked;
use super::super::prose::{self, kind_of_type};
use super::super::xml::Element;
use super::super::{nitf, set};
use super::formal;

/// What a component is to the story, from its role and content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The story, or a frame around its parts.
    Story,
    Headline,
    SubHeadline,
    /// The first paragraphs, sent apart from the rest.
    Lead,
    Body,
    Summary,
    Caption,
    /// Picture, clip or sound.
    Media,
    /// Style sheets, contacts, social posts: nothing to print.
    Other,
}

/// Texts by part, in the order of the document.
#[derive(Default)]
struct Texts {
    lead: Option<Marked>,
    body: Option<Marked>,
    /// The `Duid` of the component that holds the body, else of one around it.
    duid: Option<String>,
    caption: Option<Marked>,
    /// The headline of the component nearest around the body.
    headline: Option<String>,
}

pub fn fill(item: &Element<'_>, dispatch: &mut Dispatch) {
    let mut texts = Texts::default();
    for component in item.all("NewsComponent") {
        component_of(component, Part::Story, None, dispatch, &mut texts);
    }
    head(texts.headline.take(), dispatch);
    dispatch.body = match (texts.lead, texts.body) {
        (Some(lead), Some(body)) if !body.text.starts_with(lead.text.trim()) => {
            Some(prose::joined(lead, body))
        }
        (lead, body) => body.or(lead),
    };
    if dispatch.body.is_none() && texts.caption.is_some() {
        dispatch.body = texts.caption.take();
        if dispatch.kind == ItemKind::Text {
            dispatch.kind = ItemKind::Picture;
        }
    }
    if let Some(duid) = texts.duid {
        // where nothing else names the item, the long name of its component does
        let long = duid.len() >= 12 && duid.bytes().filter(u8::is_ascii_digit).count() >= 6;
        match dispatch.guid {
            None if long => dispatch.guid = Some(duid),
            _ => dispatch.alt_ids.push(("component".to_owned(), duid)),
        }
    }
}

/// The headline nearest to the body is the story's; what stands over the whole package is another one.
fn head(nearest: Option<String>, dispatch: &mut Dispatch) {
    let Some(nearest) = nearest else {
        return;
    };
    let same = |headline: &Marked| headline.text.trim() == nearest.trim();
    if let Some(outer) = dispatch.headline.take_if(|headline| !same(headline)) {
        let outer = ("alternative".to_owned(), outer);
        dispatch.further_headlines.push(outer);
        dispatch.headline = Some(marked(nearest));
    }
}

/// The headline of a component's own news lines.
fn own_headline(component: &Element<'_>) -> Option<String> {
    let lines = component.all("NewsLines");
    let mut written = lines
        .flat_map(Element::children)
        .filter(|line| matches!(line.name, "HeadLine" | "Headline"));
    written.find_map(Element::words)
}

fn component_of(
    component: &Element<'_>,
    around: Part,
    over: Option<&str>,
    dispatch: &mut Dispatch,
    texts: &mut Texts,
) {
    let role = component.child("Role").and_then(formal).unwrap_or_default();
    let part = part_of(&role).unwrap_or(around);
    match part {
        Part::Other => return,
        Part::Media if has_story(dispatch, texts) || media_beside(component) => {
            return media(component, &role, dispatch);
        }
        Part::Media => {
            let kind = kind_of_type(&role).or_else(|| kind_of_type(&media_type(component)?));
            dispatch.kind = kind.unwrap_or(dispatch.kind);
            media(component, &role, dispatch);
        }
        _ => {}
    }
    let own = own_headline(component);
    let over = own.as_deref().or(over);
    describe(component, dispatch);
    for content in component.all("ContentItem") {
        let before = texts.body.is_some();
        contents(content, part, dispatch, texts);
        if !before && texts.body.is_some() {
            let duid = component.value("Duid");
            texts.duid = duid.or(texts.duid.take());
            texts.headline = over.map(str::to_owned);
        }
    }
    if texts.duid.is_none() {
        texts.duid = component.value("Duid");
    }
    for inner in component.all("NewsComponent") {
        component_of(inner, part, over, dispatch, texts);
    }
}

fn has_story(dispatch: &Dispatch, texts: &Texts) -> bool {
    texts.body.is_some() || texts.lead.is_some() || dispatch.body.is_some()
}

/// Whether a media component is told to be one beside a text: a logo, a thumbnail.
fn media_beside(component: &Element<'_>) -> bool {
    component.find("DataContent").is_none()
}

fn part_of(role: &str) -> Option<Part> {
    Some(match role.to_ascii_lowercase().as_str() {
        "title" | "headline" => Part::Headline,
        "subheadline" | "subtitle" | "subhead" => Part::SubHeadline,
        "lead" | "leadin" | "intro" | "ingress" => Part::Lead,
        "body" | "text" => Part::Body,
        "abstract" | "summary" | "teaser" => Part::Summary,
        "caption" => Part::Caption,
        "picture" | "photo" | "image" | "graphic" | "video" | "clip" | "audio" | "sound"
        | "thumbnail" | "preview" | "quicklook" | "logo" | "multimedia" => Part::Media,
        "stylesheet" | "contact" | "tweettext" | "tweet" | "script" => Part::Other,
        _ => return None,
    })
}

fn media_type(component: &Element<'_>) -> Option<String> {
    component.find("MediaType").and_then(formal)
}

/// News lines and metadata of a component; what an outer one said stays.
fn describe(component: &Element<'_>, dispatch: &mut Dispatch) {
    set(&mut dispatch.language, component.value("lang"));
    for lines in component.all("NewsLines") {
        news_lines(lines, dispatch);
    }
    if let Some(rights) = component.child("RightsMetadata") {
        let terms = rights.find("UsageType").and_then(Element::words);
        set(&mut dispatch.labels.usage_terms, terms);
        let holder = rights.find("CopyrightHolder").and_then(Element::words);
        set(&mut dispatch.labels.copyright_holder, holder);
    }
    if let Some(metadata) = component.child("AdministrativeMetadata") {
        administrative(metadata, dispatch);
    }
    if let Some(metadata) = component.child("DescriptiveMetadata") {
        descriptive(metadata, dispatch);
    }
}

fn news_lines(lines: &Element<'_>, dispatch: &mut Dispatch) {
    for line in lines.children() {
        let labels = &mut dispatch.labels;
        let Some(words) = line.words() else {
            continue;
        };
        match line.name {
            "HeadLine" | "Headline" => {
                dispatch.headline.get_or_insert_with(|| marked(words));
            }
            "SubHeadLine" => {
                let line = ("subheadline".to_owned(), marked(words));
                if !dispatch.further_headlines.contains(&line) {
                    dispatch.further_headlines.push(line);
                }
            }
            "ByLine" => set(&mut labels.by, Some(words)),
            "DateLine" => {
                let worded = words.chars().any(char::is_alphabetic);
                set(&mut dispatch.dateline, Some(words).filter(|_| worded));
            }
            "CreditLine" => set(&mut dispatch.agency, Some(words)),
            "CopyrightLine" => {
                let bare = !words.contains(['©', '(']) && !words.contains(char::is_numeric);
                set(
                    &mut labels.copyright_holder,
                    Some(words.clone()).filter(|_| bare),
                );
                set(&mut labels.copyright_notice, Some(words));
            }
            "RightsLine" => set(&mut labels.usage_terms, Some(words)),
            "SlugLine" => {
                set(
                    &mut dispatch.version_text,
                    version_word(&words).map(str::to_owned),
                );
                set(&mut labels.slugline, Some(words));
            }
            "KeywordLine" => labels.keywords.push(words),
            "SeriesLine" => labels.category = labels.category.take().or(Some(words)),
            "NewsLine" => news_line(line, dispatch),
            _ => {}
        }
    }
}

/// A line of the agency's own type.
fn news_line(line: &Element<'_>, dispatch: &mut Dispatch) {
    let kind = line
        .child("NewsLineType")
        .and_then(formal)
        .unwrap_or_default();
    let text = line.words_at("NewsLineText");
    match kind.to_ascii_lowercase().as_str() {
        "advisoryline" | "editorsnote" | "ednote" | "updateline" | "noteline" | "advisory" => {
            set(&mut dispatch.labels.ed_note, text);
        }
        "takeline" | "versionline" => set(&mut dispatch.version_text, text),
        _ => {}
    }
}

fn administrative(metadata: &Element<'_>, dispatch: &mut Dispatch) {
    for name in ["Provider", "Source"] {
        let parties = metadata.all(name).filter_map(|role| role.child("Party"));
        for party in parties {
            let Some(name) = party.value("FormalName") else {
                continue;
            };
            set(&mut dispatch.agency, Some(name.clone()));
            let known = &mut dispatch.labels.info_sources;
            if !known
                .iter()
                .any(|source| source.name.as_ref() == Some(&name))
            {
                known.push(Concept {
                    name: Some(name),
                    ..Concept::default()
                });
            }
        }
    }
    for property in metadata.all("Property") {
        let value = property.value("Value");
        match property.attribute("FormalName").unwrap_or("") {
            "Priority" => set(&mut dispatch.labels.priority, value),
            "EditorialInfo" | "EditorialNote" => set(&mut dispatch.labels.ed_note, value),
            "Topic" => set(&mut dispatch.labels.slugline, value),
            _ => {}
        }
    }
}

fn descriptive(metadata: &Element<'_>, dispatch: &mut Dispatch) {
    let labels = &mut dispatch.labels;
    for child in metadata.children() {
        match child.name {
            "Language" => set(&mut dispatch.language, formal(child)),
            "Genre" => labels.genres.extend(child.value("FormalName").map(named)),
            "SubjectCode" => {
                let codes = child.children().filter_map(|code| code.value("FormalName"));
                labels.subjects.extend(codes.map(|code| Concept {
                    literal: Some(code),
                    ..Concept::default()
                }));
            }
            "Location" => set(&mut labels.located, place(child)),
            "Property" => {
                let value = child.value("Value");
                match child.attribute("FormalName").unwrap_or("") {
                    "Keyword" | "Keywords" => labels.keywords.extend(value),
                    "City" => set(&mut labels.located, value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    labels.subjects.dedup();
}

fn named(name: String) -> Concept {
    Concept {
        name: Some(name),
        ..Concept::default()
    }
}

/// City, area and country of a location, the smaller first.
fn place(location: &Element<'_>) -> Option<String> {
    let value = |name: &str| {
        let mut properties = location.all("Property");
        properties
            .find(|property| property.attribute("FormalName") == Some(name))?
            .value("Value")
    };
    ["City", "SubLocation", "CountryArea", "Area", "Country"]
        .iter()
        .find_map(|name| value(name))
}

/// The content of a component, to where its part belongs.
fn contents(content: &Element<'_>, part: Part, dispatch: &mut Dispatch, texts: &mut Texts) {
    let medium = content.child("MediaType").and_then(formal);
    let kind = medium.as_deref().and_then(kind_of_type);
    let Some(data) = content.child("DataContent").or_else(|| encoded(content)) else {
        if let (Some(kind), Some(uri)) = (kind, content.value("Href")) {
            push_media(kind, uri, None, dispatch);
        }
        return;
    };
    if let Some(nitf) = data.find("nitf").filter(|_| texts.body.is_none()) {
        nitf::fill(nitf, dispatch);
        texts.body = dispatch.body.take();
        return;
    }
    let page = data.find("body").unwrap_or(data);
    let Some(mut text) = prose::text_of(page, &mut dispatch.labels.associations) else {
        return;
    };
    without_references(&mut text.text);
    match part {
        Part::Headline => {
            dispatch.headline.get_or_insert(text);
        }
        Part::SubHeadline => {
            dispatch
                .further_headlines
                .push(("subheadline".to_owned(), text));
        }
        Part::Lead if texts.lead.is_none() => texts.lead = Some(text),
        Part::Summary if dispatch.description.is_none() => dispatch.description = Some(text),
        Part::Caption | Part::Media => {
            texts.caption.get_or_insert(text);
        }
        Part::Story | Part::Body if texts.body.is_none() => texts.body = Some(text),
        _ => {}
    }
}

/// Drops lines where an exporter printed the name of an element in place of what it refers to.
fn without_references(text: &mut String) {
    const NAME: &str = "NewsComponentRef";
    if text.contains(NAME) {
        let lines = text.lines().filter(|line| line.trim() != NAME);
        *text = lines.collect::<Vec<_>>().join("\n");
    }
}

/// Text inside an `Encoding` that encodes nothing.
fn encoded<'e, 't>(content: &'e Element<'t>) -> Option<&'e Element<'t>> {
    let encoding = content.child("Encoding")?;
    let notation = encoding.attribute("Notation").unwrap_or("");
    (!notation.to_ascii_lowercase().contains("base64")).then(|| encoding.child("DataContent"))?
}

/// The pictures and clips of a component, the first rendition of each, with its caption.
fn media(component: &Element<'_>, role: &str, dispatch: &mut Dispatch) {
    let words = |name: &str| component.find(name).and_then(Element::words);
    let caption = component
        .descendants("NewsComponent")
        .find(|inner| {
            let role = inner.child("Role").and_then(formal).unwrap_or_default();
            matches!(part_of(&role), Some(Part::Caption | Part::Body))
        })
        .and_then(|inner| inner.find("DataContent")?.words());
    let Some(content) = component
        .descendants("ContentItem")
        .find(|c| c.attribute("Href").is_some())
    else {
        return;
    };
    let uri = content.value("Href");
    let mut known = dispatch.labels.associations.iter();
    if known.any(|association| association.uri == uri) {
        return;
    }
    let medium = content.child("MediaType").and_then(formal);
    let kind = kind_of_type(role).or_else(|| kind_of_type(&medium?));
    let name = format!("media-{}", dispatch.labels.associations.len() + 1);
    dispatch.labels.associations.push(Association {
        name,
        uri,
        kind: kind.or(Some(ItemKind::Picture)),
        headline: words("HeadLine"),
        caption,
        credit: words("CreditLine"),
    });
}

fn push_media(kind: ItemKind, uri: String, caption: Option<String>, dispatch: &mut Dispatch) {
    if kind == ItemKind::Text {
        return;
    }
    let name = format!("media-{}", dispatch.labels.associations.len() + 1);
    dispatch.labels.associations.push(Association {
        name,
        uri: Some(uri),
        kind: Some(kind),
        headline: None,
        caption,
        credit: None,
    });
}
