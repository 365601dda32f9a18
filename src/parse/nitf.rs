//! NITF → one dispatch, alone or inside NewsML. Which element of head and body says it?
//!
//! Source: the NITF 3.x documentation of the IPTC, and the `meta` names that agencies add. What is
//! known already, from the NewsML around it, stays.

use crate::story::{Concept, Dispatch, Format};

use super::members::marked;
use super::prose;
use super::xml::{self, Element, Node};
use super::{Error, Item, Payload, set};

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let document = xml::read_whole(payload.text)?;
    let mut dispatch = payload.dispatch(0, Format::Nitf);
    let repairs = document.repairs.iter().map(|repair| (*repair).to_owned());
    dispatch.repairs.extend(repairs);
    fill(&document.root, &mut dispatch);
    Ok(vec![Ok(dispatch)])
}

/// Adds what a `nitf` element says and `dispatch` does not know yet.
pub fn fill(nitf: &Element<'_>, dispatch: &mut Dispatch) {
    if let Some(head) = nitf.child("head") {
        if let Some(docdata) = head.child("docdata") {
            management(docdata, dispatch);
            keys(docdata, dispatch);
            rights(docdata, dispatch);
        }
        // some set it beside `docdata`
        let urgency = head.find("urgency").and_then(|u| u.value("ed-urg"));
        set(&mut dispatch.urgency, urgency);
        let pubdata = head.find("pubdata");
        let published = pubdata.and_then(|data| data.value("date.publication"));
        set(&mut dispatch.version_created, published);
        topics(head, dispatch);
        meta(head, dispatch);
        let labels = &mut dispatch.labels;
        set(&mut labels.title, head.words_at("title"));
        if let [only] = &labels.keywords[..] {
            set(&mut labels.slugline, Some(only.clone()));
        }
    }
    let Some(body) = nitf.child("body") else {
        return;
    };
    for language in [
        nitf.value("baselang"),
        body.value("lang"),
        nitf.value("lang"),
    ] {
        set(&mut dispatch.language, language);
    }
    if let Some(head) = body.child("body.head") {
        body_head(head, dispatch);
    }
    content(body, dispatch);
}

/// Identity, dates, status and urgency.
fn management(docdata: &Element<'_>, dispatch: &mut Dispatch) {
    let value = |name: &str, key: &str| docdata.child(name)?.value(key);
    set(&mut dispatch.guid, value("doc-id", "id-string"));
    set(&mut dispatch.version, value("du-key", "version"));
    if let Some(key) = value("du-key", "key") {
        dispatch.alt_ids.push(("du-key".to_owned(), key));
    }
    set(&mut dispatch.pub_status, docdata.value("management-status"));
    let issued = value("date.issue", "norm");
    let released = value("date.release", "norm");
    // a release after the issue is an embargo; both are written alike
    if let (Some(issued), Some(released)) = (&issued, &released)
        && issued.len() == released.len()
        && released > issued
        && released.starts_with(|c: char| c.is_ascii_digit())
    {
        set(&mut dispatch.embargoed_until, Some(released.clone()));
    }
    set(&mut dispatch.version_created, issued.or(released));
    let notes: Vec<&str> = ["ed-msg", "correction"]
        .iter()
        .flat_map(|name| docdata.all(name))
        .filter_map(|note| note.attribute("info"))
        .collect();
    if !notes.is_empty() {
        set(&mut dispatch.labels.ed_note, Some(notes.join("\n")));
    }
    let word = match docdata
        .child("ed-msg")
        .and_then(|m| m.attribute("msg-type"))
    {
        _ if docdata.child("correction").is_some() => Some("CORRECTION"),
        Some(word) if word.eq_ignore_ascii_case("kill") => Some("KILL"),
        Some(word) if word.eq_ignore_ascii_case("correction") => Some("CORRECTION"),
        Some(word) if word.eq_ignore_ascii_case("advisory") => Some("ADVISORY"),
        _ => None,
    };
    set(&mut dispatch.version_text, word.map(str::to_owned));
}

/// Keywords, series, and what the content is about.
fn keys(docdata: &Element<'_>, dispatch: &mut Dispatch) {
    let labels = &mut dispatch.labels;
    if labels.keywords.is_empty() {
        let listed = docdata.all("key-list").flat_map(|list| list.all("keyword"));
        let words = listed.filter_map(|word| word.value("key").or_else(|| word.words()));
        labels.keywords.extend(words);
        let series = docdata.child("series");
        labels
            .keywords
            .extend(series.and_then(|series| series.value("series.name")));
    }
    for content in docdata.all("identified-content") {
        for named in content.children() {
            let list = match named.name {
                "person" => &mut labels.people,
                "org" => &mut labels.organisations,
                "location" | "city" | "country" | "state" | "region" => &mut labels.places,
                "classifier" => &mut labels.subjects,
                _ => continue,
            };
            list.extend(concept(named));
        }
    }
    let event = docdata.child("evloc");
    let city = event.and_then(|event| event.value("city").or_else(|| event.value("county-dist")));
    labels.places.extend(city.map(|city| Concept {
        name: Some(city),
        literal: event.and_then(|event| event.value("iso-cc")),
        ..Concept::default()
    }));
}

fn concept(named: &Element<'_>) -> Option<Concept> {
    let code = ["value", "code", "location-code", "city-code", "iso-cc"];
    let concept = Concept {
        name: named.words().or_else(|| named.value("type")),
        literal: code.iter().find_map(|key| named.value(key)),
        ..Concept::default()
    };
    (concept.name.is_some() || concept.literal.is_some()).then_some(concept)
}

fn rights(docdata: &Element<'_>, dispatch: &mut Dispatch) {
    let labels = &mut dispatch.labels;
    let copyright = docdata.child("doc.copyright");
    let holder = copyright.and_then(|c| c.value("holder"));
    let rights = docdata.child("doc.rights");
    set(&mut labels.copyright_holder, holder);
    set(
        &mut labels.copyright_holder,
        rights.and_then(|rights| rights.value("owner")),
    );
    set(
        &mut labels.usage_terms,
        rights.and_then(|rights| rights.value("limitations")),
    );
    let source = docdata.find("from-src");
    set(
        &mut dispatch.agency,
        source.and_then(|source| source.value("src-name")),
    );
}

/// `tobject`: what kind of text it is, and about what.
fn topics(head: &Element<'_>, dispatch: &mut Dispatch) {
    let Some(tobject) = head.child("tobject") else {
        return;
    };
    let labels = &mut dispatch.labels;
    if labels.genres.is_empty() {
        let kinds = tobject.all("tobject.property");
        labels.genres.extend(kinds.filter_map(|kind| {
            Some(Concept {
                name: Some(kind.attribute("tobject.property.type")?.to_owned()),
                ..Concept::default()
            })
        }));
    }
    for subject in tobject.all("tobject.subject") {
        let value = |key: &str| subject.value(key);
        let name = ["detail", "matter", "type"]
            .iter()
            .find_map(|level| value(&format!("tobject.subject.{level}")));
        let literal = value("tobject.subject.refnum").or_else(|| value("tobject.subject.code"));
        if name.is_some() || literal.is_some() {
            labels.subjects.push(Concept {
                name,
                literal,
                ..Concept::default()
            });
        }
    }
    set(&mut labels.category, tobject.value("tobject.type"));
}

/// `meta` elements, told by what their names end in.
fn meta(head: &Element<'_>, dispatch: &mut Dispatch) {
    for meta in head.all("meta") {
        let (Some(name), Some(content)) = (meta.attribute("name"), meta.attribute("content"))
        else {
            continue;
        };
        let labels = &mut dispatch.labels;
        let content = Some(content.to_owned());
        match name.to_ascii_lowercase().as_str() {
            "anpa-category" | "category" | "categoria" => labels.category = content,
            "anpa-keyword" | "slug" | "slugline" | "ntbstikkord" => {
                set(&mut labels.slugline, content);
            }
            "anpa-takekey" | "takekey" => set(&mut dispatch.version_text, content),
            "anpa-sequence" | "ntbiptcsequence" => {
                dispatch
                    .alt_ids
                    .extend(content.map(|n| ("sequence".to_owned(), n)));
            }
            "aap-source" | "ntbkilde" | "source" | "provider" => {
                set(&mut dispatch.agency, content);
            }
            "ap-language" | "language" => set(&mut dispatch.language, content),
            word if ["priority", "prioritet", "prioridad"]
                .iter()
                .any(|w| word.ends_with(w)) =>
            {
                // ANPA's letters stand for the urgency itself
                let letter = content.as_deref().map(str::to_ascii_lowercase);
                let letter = letter.filter(|letter| letter.len() == 1 && "fburda".contains(letter));
                set(&mut dispatch.urgency, letter);
                set(&mut labels.priority, content);
            }
            "keyword" | "keywords" => labels.keywords.extend(content),
            _ => {}
        }
    }
}

/// Headlines, byline, dateline, abstract and who distributes it.
fn body_head(head: &Element<'_>, dispatch: &mut Dispatch) {
    let lines = head.child("hedline").or(head.child("headline"));
    if let Some(lines) = lines.filter(|_| dispatch.headline.is_none()) {
        let mut written = lines.all("hl1").filter_map(Element::words);
        dispatch.headline = written
            .next()
            .or_else(|| lines.words().filter(|_| lines.is_leaf()))
            .map(marked);
        let below = lines.all("hl2").filter_map(Element::words);
        let role = "subheadline";
        let further = written
            .chain(below)
            .map(|line| (role.to_owned(), marked(line)));
        dispatch.further_headlines.extend(further);
    }
    let labels = &mut dispatch.labels;
    let bylines: Vec<String> = head.all("byline").filter_map(byline).collect();
    if !bylines.is_empty() {
        set(&mut labels.by, Some(bylines.join(", ")));
    }
    set(
        &mut labels.copyright_holder,
        head.words_at("rights/rights.owner"),
    );
    set(
        &mut labels.usage_terms,
        head.words_at("rights/rights.limitations"),
    );
    set(
        &mut labels.ed_note,
        head.child("note").and_then(Element::words),
    );
    if let Some(dateline) = head.child("dateline") {
        let place = dateline.child("location").and_then(Element::words);
        let date = dateline.child("story.date");
        if dispatch.version_created.is_none() {
            dispatch.version_created = date.and_then(|date| date.value("norm"));
        }
        // a date in digits is for machines
        let date = date
            .and_then(Element::words)
            .filter(|date| date.starts_with(char::is_alphabetic));
        let written = match (&place, date) {
            (Some(place), Some(date)) => Some(format!("{place}, {date}")),
            (Some(place), None) if has_elements_alone(dateline) => Some(place.clone()),
            _ => dateline
                .words()
                .filter(|words| words.contains(char::is_alphabetic)),
        };
        let written = written.filter(|words| !words.starts_with(|c: char| c.is_ascii_digit()));
        set(&mut labels.located, place);
        set(&mut dispatch.dateline, written);
    }
    set(&mut dispatch.agency, head.words_at("distributor"));
    if let Some(summary) = head.child("abstract")
        && dispatch.description.is_none()
    {
        dispatch.description = prose::of(summary).marked();
    }
}

fn has_elements_alone(element: &Element<'_>) -> bool {
    element.nodes().iter().all(|node| match node {
        Node::Text(text) => text.trim().is_empty(),
        Node::Element(_) => true,
    })
}

/// The names of a byline, without titles unless there is nothing else.
fn byline(element: &Element<'_>) -> Option<String> {
    let mut names = String::new();
    let mut add = |text: &str| {
        for word in text.split_whitespace() {
            if !names.is_empty() && !word.starts_with([',', '.', ';']) {
                names.push(' ');
            }
            names.push_str(word);
        }
    };
    for node in element.nodes() {
        match node {
            Node::Text(text) => add(text),
            Node::Element(child) if child.name == "byttl" => {}
            Node::Element(child) => add(&child.text()),
        }
    }
    Some(names)
        .filter(|n| !n.is_empty())
        .or_else(|| element.words())
}

/// Text and media of `body.content`, with the tag line that follows it.
fn content(body: &Element<'_>, dispatch: &mut Dispatch) {
    let content = body.child("body.content").or_else(|| {
        let bare = body.child("body.head").is_none();
        bare.then_some(body)
    });
    let Some(content) = content else {
        return;
    };
    let mut prose = prose::of(content);
    if let Some(line) = body.words_at("body.end/tagline") {
        if !prose.text.is_empty() {
            prose.text.push_str("\n\n");
        }
        prose.text.push_str(&line);
    }
    if dispatch.body.is_none() {
        dispatch.body = prose.marked();
    }
    dispatch.labels.associations.append(&mut prose.media);
}
