//! XML of a vendor's own making → dispatches. Which elements are plainly a headline and a text?
//!
//! A story is the outermost element with a text among its children, or a headline with a date or lead
//! beside it; several in one document are several stories. Standards inside an envelope are read as such.

use crate::story::{Association, Dispatch, Format, ItemKind, Marked, Reason};

use super::code::version_word;
use super::members::marked;
use super::prose;
use super::xml::{self, Document, Element};
use super::{Error, Item, Payload, newsml_g2, nitf, set};

/// What an element of this name says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Headline,
    Subheadline,
    Lead,
    Body,
    Caption,
    Summary,
    Guid,
    Version,
    Updated,
    Published,
    Created,
    Embargo,
    Language,
    By,
    Slug,
    Place,
    Dateline,
    Keywords,
    Category,
    Priority,
    Urgency,
    Note,
    Agency,
    Copyright,
    Usage,
    Status,
    /// A name that is a version word, said to be true.
    Flag,
    Kind,
}

/// Names in lower case without anything between their words; the first that holds words counts.
const NAMES: &[(Says, &str)] = &[
    (
        Says::Headline,
        "headline title heading hl1 titel titulo titular titre rubrik overskrift",
    ),
    (
        Says::Subheadline,
        "subheadline subtitle subhead hl2 undertitel subtitulo",
    ),
    (Says::Lead, "leadtext lead ingress intro chapeau"),
    (
        Says::Body,
        "body bodytext content contenttext text story storytext article articletext \
         articlebody fulltext maintext brodtext texto cuerpo contenido inhalt paragraphs",
    ),
    (
        Says::Caption,
        "caption englishcaption photocaption imagecaption",
    ),
    (
        Says::Summary,
        "description summary abstract contentshort teaser",
    ),
    (
        Says::Guid,
        "guid uuid uri newsid storyid articleid contentitemid documentid itemid ntbid id",
    ),
    (Says::Version, "version revision ntbversion"),
    (
        Says::Updated,
        "updateddatetime updated modified versioncreated lastmodified updatedate",
    ),
    (
        Says::Published,
        "publishdate publishdatetime publicationdate pubdate published datetime date \
         timestamp time",
    ),
    (
        Says::Created,
        "createddatetime created createdate datecreated firstcreated",
    ),
    (Says::Embargo, "embargo embargotime embargodate embargoed"),
    (Says::Language, "language lang locale"),
    (Says::By, "byline author by writer"),
    (Says::Slug, "slugline slug slugproper strapline"),
    (Says::Place, "city town located place location"),
    (Says::Dateline, "dateline"),
    (Says::Keywords, "keywords keyword tags"),
    (Says::Category, "category section service"),
    (Says::Priority, "priority"),
    (Says::Urgency, "urgency"),
    (
        Says::Note,
        "ednote editorsnote editorialnote notetoeditors tilredaktionen",
    ),
    (
        Says::Agency,
        "agency provider source credit publisher origin",
    ),
    (Says::Copyright, "copyright copyrightnotice"),
    (Says::Usage, "usageterms rights"),
    (Says::Status, "pubstatus status"),
    (
        Says::Flag,
        "annuleret korrektion correction kill withdrawn update flash urgent",
    ),
    (Says::Kind, "contenttype type mediatype"),
];

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let document = xml::read_whole(payload.text)?;
    let root = &document.root;
    if let Some(message) = ["newsMessage", "newsItem"]
        .iter()
        .find_map(|name| root.find(name))
    {
        return newsml_g2::items(message, &document, payload);
    }
    if let Some(inside) = root.find("nitf") {
        let mut dispatch = begun(payload, &document, 0, Format::Nitf);
        nitf::fill(inside, &mut dispatch);
        return Ok(vec![Ok(dispatch)]);
    }
    let mut found = Vec::new();
    stories(root, &mut found);
    if found.is_empty() {
        let what = format!(
            "XML with the root <{}> in which nothing is plainly a headline with a text: send NewsML-G2, NITF or ninjs",
            root.full_name
        );
        return Err(Error::new(Reason::Unsupported, what));
    }
    let dispatches = found.into_iter().enumerate().map(|(number, story)| {
        let mut dispatch = begun(payload, &document, number, Format::VendorXml);
        fill(story, &mut dispatch);
        Ok(dispatch)
    });
    Ok(dispatches.collect())
}

fn begun(payload: &Payload, document: &Document<'_>, number: usize, format: Format) -> Dispatch {
    let mut dispatch = payload.dispatch(number, format);
    let repairs = document.repairs.iter().map(|repair| (*repair).to_owned());
    dispatch.repairs.extend(repairs);
    dispatch
}

/// Outermost elements that hold a story among their children.
fn stories<'e, 't>(element: &'e Element<'t>, found: &mut Vec<&'e Element<'t>>) {
    let has = |says: Says| child(element, says).is_some();
    let told = has(Says::Lead) || has(Says::Summary) || has(Says::Published);
    let text = child(element, Says::Body).filter(|body| !holds_story(body));
    if text.is_some() || has(Says::Caption) && has(Says::Guid) || has(Says::Headline) && told {
        return found.push(element);
    }
    for inner in element.children() {
        stories(inner, found);
    }
}

/// Whether an element with the name of a text is a frame around a story instead.
fn holds_story(element: &Element<'_>) -> bool {
    let body = child(element, Says::Body).is_some();
    child(element, Says::Headline).is_some() && body
}

/// The first child that says this in words.
fn child<'e, 't>(element: &'e Element<'t>, says: Says) -> Option<&'e Element<'t>> {
    let (_, names) = NAMES.iter().find(|(known, _)| *known == says)?;
    names.split(' ').find_map(|name| {
        let mut children = element.children();
        children.find(|child| is_named(child, name) && child.words().is_some())
    })
}

/// Whether a name is `plain` when case, hyphens and underscores are left out.
fn is_named(element: &Element<'_>, plain: &str) -> bool {
    let letters = element.name.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|b| b.to_ascii_lowercase()).eq(plain.bytes())
}

fn fill(story: &Element<'_>, dispatch: &mut Dispatch) {
    let words = |says: Says| child(story, says).and_then(short);
    dispatch.guid = words(Says::Guid).or_else(|| story.value("id"));
    dispatch.version = words(Says::Version);
    dispatch.headline = words(Says::Headline).map(marked);
    let line = words(Says::Subheadline).map(|line| ("subheadline".to_owned(), marked(line)));
    dispatch.further_headlines.extend(line);
    dispatch.description = child(story, Says::Summary).and_then(text);
    texts(story, dispatch);
    dispatch.version_created = words(Says::Updated).or_else(|| words(Says::Published));
    dispatch.first_created = words(Says::Created);
    // a date before all dates stands for none
    dispatch.embargoed_until = words(Says::Embargo).filter(|date| !date.starts_with("0001"));
    let language = words(Says::Language).or_else(|| story.value("lang"));
    dispatch.language = language.filter(|language| language.chars().all(|c| !c.is_numeric()));
    dispatch.dateline = words(Says::Dateline);
    dispatch.urgency = words(Says::Urgency);
    dispatch.pub_status = words(Says::Status);
    dispatch.agency = words(Says::Agency).map(|name| name.trim_matches('/').to_owned());
    let flags = story.children().filter(|flag| {
        let (_, names) = NAMES
            .iter()
            .find(|(says, _)| *says == Says::Flag)
            .expect("a row");
        let truth = flag.words().unwrap_or_default().to_ascii_lowercase();
        names.split(' ').any(|name| is_named(flag, name))
            && matches!(truth.as_str(), "true" | "1" | "yes")
    });
    for flag in flags {
        let word = version_word(flag.name).map(str::to_owned);
        set(&mut dispatch.version_text, word);
    }
    let labels = &mut dispatch.labels;
    labels.by = words(Says::By);
    labels.slugline = words(Says::Slug);
    labels.located = words(Says::Place);
    labels.category = words(Says::Category);
    labels.priority = words(Says::Priority);
    labels.copyright_notice = words(Says::Copyright);
    labels.usage_terms = words(Says::Usage);
    labels.ed_note = child(story, Says::Note).and_then(note);
    let keywords = child(story, Says::Keywords).map_or(Vec::new(), keywords);
    labels.keywords.extend(keywords);
    labels.associations.extend(media(story));
}

/// Lead and text as one body; a caption where there is neither.
fn texts(story: &Element<'_>, dispatch: &mut Dispatch) {
    let kind = child(story, Says::Kind).and_then(Element::words);
    dispatch.kind = kind
        .as_deref()
        .and_then(prose::kind_of_type)
        .unwrap_or_default();
    let lead = child(story, Says::Lead).and_then(text);
    let body = child(story, Says::Body).and_then(text);
    let caption = || {
        dispatch.kind = ItemKind::Picture;
        child(story, Says::Caption).and_then(text)
    };
    dispatch.body = match (lead, body) {
        (Some(lead), Some(body)) => Some(prose::joined(lead, body)),
        (lead, body) => body.or(lead).or_else(caption),
    };
}

/// One line: of an element with parts, what is named as its value.
fn short(element: &Element<'_>) -> Option<String> {
    if element.is_leaf() {
        return element.words();
    }
    ["label", "name", "value"]
        .iter()
        .find_map(|name| element.words_at(name))
}

fn text(element: &Element<'_>) -> Option<Marked> {
    prose::text_of(element, &mut Vec::new())
}

/// A note's lines, without the markup that may be escaped in it.
fn note(element: &Element<'_>) -> Option<String> {
    let text = text(element)?.text;
    let inside = format!("<note>{text}</note>");
    let lines = match xml::read(&inside) {
        Ok(document) => prose::of(&document.root).text.replace("\n\n", "\n"),
        Err(_) => text,
    };
    (!lines.is_empty()).then_some(lines)
}

fn keywords(element: &Element<'_>) -> Vec<String> {
    if !element.is_leaf() {
        return element.children().filter_map(Element::words).collect();
    }
    let words = element.words().unwrap_or_default();
    let words = words.split([',', ';', '+']).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Elements with an address and a caption.
fn media(story: &Element<'_>) -> Vec<Association> {
    let lists = story.children().filter(|list| !list.is_leaf());
    let one = |(n, element): (usize, &Element<'_>)| {
        let uri = ["url", "href", "src"]
            .iter()
            .find_map(|name| element.words_at(name))?;
        let caption = element.words_at("caption");
        Some(Association {
            name: format!("media-{}", n + 1),
            uri: Some(uri),
            kind: Some(ItemKind::Picture),
            headline: None,
            caption,
            credit: element.words_at("credit"),
        })
    };
    let elements = lists
        .flat_map(Element::children)
        .filter(|element| element.child("caption").is_some());
    elements.enumerate().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_where_a_text_stands_among_the_children() {
        for (text, headlines) in [
            (
                "<a><Head-line>One</Head-line><body>Text.</body></a>",
                &["One"][..],
            ),
            (
                "<r><item><TITLE>One</TITLE><Body_Text>T.</Body_Text></item><item><title>Two</title><text>T.</text></item></r>",
                &["One", "Two"],
            ),
            (
                "<r><content><headline>One</headline><body><p>T.</p></body></content></r>",
                &["One"],
            ),
            (
                "<r><story><headline nil='true'/><content>Text alone.</content></story></r>",
                &[""],
            ),
            (
                "<envelope><nitf><body><body.head><hedline><hl1>One</hl1></hedline></body.head></body></nitf></envelope>",
                &["One"],
            ),
            (
                "<soap><newsItem guid='g'><contentMeta><headline>One</headline></contentMeta></newsItem></soap>",
                &["One"],
            ),
            ("<r><item><title>No text</title></item></r>", &[]),
        ] {
            let payload = Payload::of(text);
            let told: Vec<String> = match read(&payload) {
                Ok(items) => items
                    .into_iter()
                    .map(|item| item.expect(text).headline.map_or(String::new(), |h| h.text))
                    .collect(),
                Err(error) => {
                    assert_eq!(error.reason, Reason::Unsupported, "{text}");
                    Vec::new()
                }
            };
            assert_eq!(told, headlines, "{text}");
        }
    }
}
