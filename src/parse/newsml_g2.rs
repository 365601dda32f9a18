//! NewsML-G2 → dispatches, one an item. Which element of rights, item and content metadata says it?
//!
//! Source: the NewsML-G2 specification of the IPTC up to 2.33 and the profiles of agencies. A concept
//! or planning item that holds words is an advisory; one of codes alone is refused with its reason.

mod content;
mod notice;
mod scheme;

use crate::story::{Concept, Dispatch, Format, ItemKind, Reason};

use super::code::{agency_of_domain, local, version_word};
use super::members::marked;
use super::prose::kind_of_type;
use super::xml::{self, Document, Element};
use super::{Error, Item, Payload, set};

/// Item elements of NewsML-G2.
const ITEMS: &[&str] = &[
    "newsItem",
    "packageItem",
    "conceptItem",
    "planningItem",
    "knowledgeItem",
    "catalogItem",
];

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let document = xml::read(payload.text)?;
    items(&document.root, &document, payload)
}

/// The items of a message, or the one that `root` is.
pub fn items(
    root: &Element<'_>,
    document: &Document<'_>,
    payload: &Payload,
) -> Result<Vec<Item>, Error> {
    if ITEMS.contains(&root.name) {
        return match document.truncated {
            true => Err(document.cut(root)),
            false => item(root, None, 0, document, payload).map(|dispatch| vec![Ok(dispatch)]),
        };
    }
    let header = root
        .children()
        .find(|child| child.name.eq_ignore_ascii_case("header"));
    let sets = root.children().filter(|child| child.name == "itemSet");
    let elements: Vec<&Element<'_>> = sets.flat_map(Element::children).collect();
    let mut items: Vec<Item> = Vec::with_capacity(elements.len());
    for element in elements
        .iter()
        .filter(|element| ITEMS.contains(&element.name))
    {
        if document.is_cut(element) {
            items.push(Err(document.cut(element)));
            continue;
        }
        let number = items.len();
        let read = item(element, header, number, document, payload);
        // a package that only names the other items of its message adds nothing to them
        let adds = element.name != "packageItem" || elements.len() == 1;
        if adds || read.is_ok() {
            items.push(read);
        }
    }
    match items.len() {
        0 if document.truncated => Err(document.cut(root)),
        0 => {
            let what = format!("a <{}> without items: nothing to publish", root.name);
            Err(Error::new(Reason::Empty, what))
        }
        _ => Ok(items),
    }
}

fn item(
    element: &Element<'_>,
    header: Option<&Element<'_>>,
    number: usize,
    document: &Document<'_>,
    payload: &Payload,
) -> Result<Dispatch, Error> {
    if matches!(element.name, "knowledgeItem" | "catalogItem") {
        let what = format!(
            "a {} holds a vocabulary and no story: route it elsewhere than to a text feed",
            element.name
        );
        return Err(Error::new(Reason::Unsupported, what));
    }
    let mut dispatch = payload.dispatch(number, Format::NewsmlG2);
    let repairs = document.repairs.iter().map(|repair| (*repair).to_owned());
    dispatch.repairs.extend(repairs);
    identity(element, &mut dispatch);
    let empty = Element::default();
    let item_meta = element.child("itemMeta").unwrap_or(&empty);
    let content_meta = element.child("contentMeta").unwrap_or(&empty);
    let language = dispatch.language.clone();
    administration(item_meta, &mut dispatch);
    rights(element, &mut dispatch, language.as_deref());
    description(content_meta, &mut dispatch, language.as_deref());
    concepts(content_meta, &scheme::declared(element), &mut dispatch);
    signals(item_meta, content_meta, &mut dispatch);
    match element.name {
        "newsItem" => content::fill(element, &mut dispatch),
        _ => notice::fill(element, &mut dispatch)?,
    }
    agency(item_meta, content_meta, header, &mut dispatch);
    if let Some(header) = header {
        let priority = header
            .children()
            .find(|c| c.name.eq_ignore_ascii_case("priority"));
        set(
            &mut dispatch.labels.priority,
            priority.and_then(Element::words),
        );
    }
    Ok(dispatch)
}

fn identity(element: &Element<'_>, dispatch: &mut Dispatch) {
    dispatch.guid = element.value("guid");
    dispatch.version = element.value("version");
    dispatch.language = element.value("lang");
    if let (Some(guid), Some(version)) = (&dispatch.guid, &dispatch.version) {
        let both = format!("{guid}:{version}");
        dispatch.alt_ids.push(("versioned".to_owned(), both));
    }
    dispatch.kind = match element.name {
        "packageItem" => ItemKind::Composite,
        "planningItem" => ItemKind::Planning,
        "conceptItem" => ItemKind::Component,
        _ => ItemKind::Text,
    };
}

/// `itemMeta`: dates, status, class, title and notes.
fn administration(meta: &Element<'_>, dispatch: &mut Dispatch) {
    let mut notes = Vec::new();
    for child in meta.children() {
        match child.name {
            "itemClass" => {
                let kind = code(child).as_deref().and_then(kind_of_type);
                dispatch.kind = kind.unwrap_or(dispatch.kind);
            }
            "versionCreated" => set(&mut dispatch.version_created, child.words()),
            "firstCreated" => set(&mut dispatch.first_created, child.words()),
            "embargoed" => set(&mut dispatch.embargoed_until, child.words()),
            "pubStatus" => set(&mut dispatch.pub_status, code(child)),
            "title" => set(&mut dispatch.labels.title, child.words()),
            "edNote" | "ednote" => notes.push(child),
            _ => {}
        }
    }
    dispatch.labels.ed_note = ed_note(&notes);
}

/// The notes that a desk may read, each once: contacts never; private notes, the sign-off and the notepad that
/// repeats the others only where nothing else is said.
fn ed_note(notes: &[&Element<'_>]) -> Option<String> {
    const RANKS: &[(&str, u8)] = &[("private", 1), ("closing", 2), ("notepad", 3), ("short", 4)];
    let mut best = (u8::MAX, Vec::new());
    for note in notes {
        let role = note.attribute("role").unwrap_or("").to_ascii_lowercase();
        if role.contains("contact") {
            continue;
        }
        let rank = RANKS.iter().find(|(word, _)| role.contains(word));
        let rank = rank.map_or(0, |(_, rank)| *rank);
        let line = match role.contains("notepad") {
            true => notepad(note),
            false => note.words(),
        };
        let Some(line) = line.filter(|_| rank <= best.0) else {
            continue;
        };
        if rank < best.0 {
            best = (rank, Vec::new());
        }
        if !best.1.contains(&line) {
            best.1.push(line);
        }
    }
    (!best.1.is_empty()).then(|| best.1.join("\n"))
}

/// The public part of a notepad.
fn notepad(note: &Element<'_>) -> Option<String> {
    let public = note.descendants("section").find(|section| {
        let class = section.attribute("class");
        class.is_some_and(|class| class.contains("np-public"))
    })?;
    let text = super::prose::of(public).text.replace("\n\n", "\n");
    (!text.is_empty()).then_some(text)
}

fn rights(element: &Element<'_>, dispatch: &mut Dispatch, language: Option<&str>) {
    for info in element.all("rightsInfo") {
        let labels = &mut dispatch.labels;
        set(
            &mut labels.copyright_holder,
            info.child("copyrightHolder").and_then(name),
        );
        let notice = best(info, "copyrightNotice", language).and_then(Element::words);
        set(&mut labels.copyright_notice, notice);
        let terms = best(info, "usageTerms", language).and_then(Element::words);
        set(&mut labels.usage_terms, terms);
    }
}

/// `contentMeta`: the words about the content.
fn description(meta: &Element<'_>, dispatch: &mut Dispatch, language: Option<&str>) {
    headlines(meta, dispatch, language);
    let mut by = Vec::new();
    let mut located: Vec<String> = Vec::new();
    let mut captions = Vec::new();
    for child in meta.children() {
        let labels = &mut dispatch.labels;
        match child.name {
            "urgency" => set(&mut dispatch.urgency, child.words()),
            "contentCreated" => set(&mut dispatch.first_created, child.words()),
            "slugline" => set(&mut labels.slugline, child.words()),
            "dateline" => set(&mut dispatch.dateline, child.words()),
            "by" => by.extend(child.words()),
            "keyword" => labels.keywords.extend(child.words()),
            "located" => located.extend(name(child)),
            "description" => captions.push(child),
            "altId" => {
                let role = local(child.attribute("type").unwrap_or("alternative"));
                // `guid` is the identity itself
                let role = if role == "guid" { "alternative" } else { role };
                let id = child.words().map(|id| (role.to_owned(), id));
                dispatch.alt_ids.extend(id);
            }
            _ => {}
        }
    }
    let tag = meta
        .all("language")
        .find_map(|language| language.value("tag"));
    dispatch.language = tag.or(dispatch.language.take());
    let labels = &mut dispatch.labels;
    set(&mut labels.by, Some(by.join(", ")));
    if dispatch.kind != ItemKind::Text {
        // who made a picture is its byline
        let makers = meta
            .all("creator")
            .filter_map(|maker| maker.words_at("name"));
        set(&mut labels.by, { makers }.next());
    }
    located.dedup();
    set(&mut labels.located, Some(located.join(", ")));
    // a caption before a summary before anything else
    captions.sort_by_key(|d| match d.attribute("role").unwrap_or("") {
        role if role.ends_with("caption") && dispatch.kind != ItemKind::Text => 0,
        role if role.ends_with("summary") || role.ends_with("abstract") => 1,
        _ => 2,
    });
    dispatch.description = captions.iter().find_map(|d| super::prose::of(d).marked());
}

/// The first headline without a lesser role is the main one; one in the language of the item goes before others.
fn headlines(meta: &Element<'_>, dispatch: &mut Dispatch, language: Option<&str>) {
    let mut main: Option<(bool, String)> = None;
    for headline in meta.all("headline") {
        let Some(words) = headline.words() else {
            continue;
        };
        let role = headline.attribute("role").map(local);
        let lesser = headline.attribute("rank").is_some_and(|rank| rank != "1");
        let is_main = matches!(role, None | Some("main" | "hl1" | "headline")) && !lesser;
        let own = speaks(headline, language);
        match &main {
            None if is_main => main = Some((own, words)),
            Some((false, _)) if is_main && own => {
                let (_, before) = main.replace((own, words)).unwrap_or_default();
                let line = ("alternative".to_owned(), marked(before));
                dispatch.further_headlines.push(line);
            }
            _ => {
                let role = match role.unwrap_or("") {
                    "subHeadline" | "subheadline" | "subHead" | "hl2" => "subheadline",
                    "" => "alternative",
                    role => role,
                };
                let line = (role.to_owned(), marked(words));
                dispatch.further_headlines.push(line);
            }
        }
    }
    dispatch.headline = match main {
        Some((_, words)) => Some(marked(words)),
        None if dispatch.further_headlines.is_empty() => None,
        None => Some(dispatch.further_headlines.remove(0).1),
    };
}

/// Whether an element is written in `language`, or does not say in which.
fn speaks(element: &Element<'_>, language: Option<&str>) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or("").to_ascii_lowercase();
    match (element.attribute("lang"), language) {
        (Some(own), Some(language)) => primary(own) == primary(language),
        _ => true,
    }
}

/// The child of this name in `language`, else the first.
fn best<'e, 't>(
    parent: &'e Element<'t>,
    name: &'e str,
    language: Option<&str>,
) -> Option<&'e Element<'t>> {
    parent
        .all(name)
        .find(|child| speaks(child, language))
        .or_else(|| parent.child(name))
}

/// Subjects, genres and sources; a subject that is a person, an organisation or a place stands there too.
fn concepts(meta: &Element<'_>, declared: &scheme::Declared, dispatch: &mut Dispatch) {
    let labels = &mut dispatch.labels;
    for child in meta.children() {
        let Some(mut concept) = concept(child) else {
            continue;
        };
        if concept.uri.is_none() {
            let code = child.attribute("qcode");
            concept.uri = code.and_then(|code| scheme::uri(code, declared));
        }
        match child.name {
            "subject" => {
                let list = match local(child.attribute("type").unwrap_or("")) {
                    "person" => Some(&mut labels.people),
                    "organisation" | "organization" => Some(&mut labels.organisations),
                    "geoArea" | "poi" | "POI" => Some(&mut labels.places),
                    _ => None,
                };
                if let Some(list) = list.filter(|_| concept.name.is_some()) {
                    list.push(concept.clone());
                }
                labels.subjects.push(concept);
            }
            "genre" => labels.genres.push(concept),
            "infoSource" => labels.info_sources.push(concept),
            _ => {}
        }
    }
}

fn concept(element: &Element<'_>) -> Option<Concept> {
    let literal = element.attribute("qcode").or(element.attribute("literal"));
    let concept = Concept {
        name: element.words_at("name"),
        uri: element.value("uri").filter(|uri| uri.contains(':')),
        literal: literal.map(str::to_owned),
        rel: None,
    };
    (concept.name.is_some() || concept.uri.is_some() || concept.literal.is_some())
        .then_some(concept)
}

/// What `signal` and `genre` say of version and haste, in the words that version words are read from.
fn signals(item_meta: &Element<'_>, content_meta: &Element<'_>, dispatch: &mut Dispatch) {
    let signals = item_meta.all("signal").chain(item_meta.all("role"));
    let told = signals.chain(content_meta.all("genre"));
    // a note of one word says it too: `dpa-Eilmeldung`
    let notes = item_meta.all("edNote").filter_map(|note| {
        let note = note.words()?;
        version_word(note.rsplit('-').next().unwrap_or(&note))
    });
    let words = told.filter_map(|signal| {
        let code = code(signal).unwrap_or_default();
        version_word(local(&code)).or_else(|| version_word(&signal.words_at("name")?))
    });
    let mut said: Vec<&str> = Vec::new();
    for word in words.chain(notes) {
        if !said.contains(&word) {
            said.push(word);
        }
    }
    if !said.is_empty() {
        set(&mut dispatch.version_text, Some(said.join(": ")));
    }
}

/// The provider, else the source or the credit, else who sent the message.
fn agency(
    item_meta: &Element<'_>,
    content_meta: &Element<'_>,
    header: Option<&Element<'_>>,
    dispatch: &mut Dispatch,
) {
    let provider = item_meta.child("provider").and_then(name);
    let source = content_meta.all("infoSource").find_map(name);
    let credit = content_meta.words_at("creditline");
    let sender = header.and_then(|header| header.words_at("sender"));
    let holder = dispatch.labels.copyright_holder.clone();
    let told = [provider, source, credit, holder, sender];
    dispatch.agency = told
        .into_iter()
        .flatten()
        .next()
        .map(|name| agency_of_domain(&name));
}

/// The name of a concept, else its literal, else what its code says.
fn name(element: &Element<'_>) -> Option<String> {
    let after_scheme = |code: &str| {
        code.split_once(':')
            .map_or(code, |(_, code)| code)
            .to_owned()
    };
    element
        .words_at("name")
        .or_else(|| element.value("literal"))
        .or_else(|| element.attribute("qcode").map(after_scheme))
        .or_else(|| element.words().filter(|_| element.is_leaf()))
}

/// The code of a concept.
fn code(element: &Element<'_>) -> Option<String> {
    let keys = ["qcode", "uri", "literal"];
    keys.iter().find_map(|key| element.value(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch(item: &str) -> Dispatch {
        let payload = Payload::of(item);
        let mut items = read(&payload).expect(item);
        items.remove(0).expect(item)
    }

    fn of_meta(item_meta: &str, content_meta: &str) -> Dispatch {
        dispatch(&format!(
            "<newsItem guid='g' version='2' xml:lang='de'><itemMeta>{item_meta}</itemMeta>\
             <contentMeta>{content_meta}</contentMeta></newsItem>"
        ))
    }

    #[test]
    fn notes_for_the_desk_go_before_notes_that_repeat_them() {
        let notepad = "<edNote role='x:notepad'><section><section class='np-public'><p>From the pad.</p></section>\
                       <section class='np-nonpublic'><p>+49 30 0</p></section></section></edNote>";
        let sign_off = "<edNote role='x:closingline'>dpa ab xy</edNote>";
        let private = "<edNote role='x:private'>For the desk alone.</edNote>";
        let contacts = "<edNote role='x:dpacontacts'>+49 30 0</edNote>";
        for (notes, told) in [
            (
                "<edNote>One.</edNote><edNote>Two.</edNote><edNote>One.</edNote>",
                Some("One.\nTwo."),
            ),
            (
                &format!("{notepad}{sign_off}{private}<edNote>One.</edNote>{contacts}"),
                Some("One."),
            ),
            (
                &format!("{notepad}{sign_off}{private}"),
                Some("For the desk alone."),
            ),
            (&format!("{notepad}{sign_off}"), Some("dpa ab xy")),
            (notepad, Some("From the pad.")),
            (contacts, None),
        ] {
            assert_eq!(
                of_meta(notes, "").labels.ed_note.as_deref(),
                told,
                "{notes}"
            );
        }
    }

    #[test]
    fn the_main_headline_is_the_first_in_the_items_language() {
        for (headlines, main, further) in [
            (
                "<headline>A</headline><headline role='hld:subHeadline'>B</headline>",
                "A",
                &[("subheadline", "B")][..],
            ),
            (
                "<headline role='hld:subHeadline'>B</headline><headline>A</headline>",
                "A",
                &[("subheadline", "B")],
            ),
            (
                "<headline xml:lang='en'>E</headline><headline xml:lang='de-AT'>D</headline>",
                "D",
                &[("alternative", "E")],
            ),
            (
                "<headline rank='3'>K</headline><headline rank='1'>A</headline><headline/>",
                "A",
                &[("alternative", "K")],
            ),
            ("<headline role='hld:short'>S</headline>", "S", &[]),
        ] {
            let dispatch = of_meta("", headlines);
            let told = dispatch.headline.as_ref().map(|h| h.text.as_str());
            assert_eq!(told, Some(main), "{headlines}");
            let lines = dispatch.further_headlines.iter();
            let lines: Vec<_> = lines.map(|(r, h)| (r.as_str(), h.text.as_str())).collect();
            assert_eq!(lines, further, "{headlines}");
        }
    }

    #[test]
    fn signals_genres_and_notes_of_one_word_say_the_version() {
        for (item_meta, content_meta, words) in [
            ("<signal qcode='sig:update'/>", "", Some("UPDATE")),
            (
                "<signal qcode='sig:correction'/><signal qcode='sig:update'/>",
                "",
                Some("CORRECTION: UPDATE"),
            ),
            ("<edNote>dpa-Eilmeldung</edNote>", "", Some("ALERT")),
            (
                "",
                "<genre qcode='g:9'><name>Terminvorschau</name></genre>",
                Some("ADVISORY"),
            ),
            ("<signal qcode='sig:routing'/>", "", None),
        ] {
            let told = of_meta(item_meta, content_meta).version_text;
            assert_eq!(told.as_deref(), words, "{item_meta}{content_meta}");
        }
    }
}
