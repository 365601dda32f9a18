//! Entries of RSS, RDF, CDF and Atom → dispatches. Which element of which vocabulary says it?
//!
//! Feeds mix their vocabularies freely: Dublin Core in Atom, Atom in RSS, media and podcast modules in
//! both, prefixes declared or not. So there is one reader of entries; `rss` and `atom` know what a
//! channel tells all its entries.

pub mod link;
mod media;
mod text;

use std::borrow::Cow;

use crate::story::{Concept, Dispatch, Format, Marked, Reason};

use super::xml::{self, Element};
use super::{Error, Item, Payload};

use media::Media;

pub use text::person;

/// Authors of one entry that are read: more is a list of subscribers.
const MOST_AUTHORS: usize = 64;

/// What a channel says of all its entries.
#[derive(Debug, Default)]
pub struct Channel {
    pub language: Option<String>,
    /// The author of entries that name none.
    pub by: Option<String>,
    pub agency: Option<String>,
    pub copyright: Option<String>,
    /// What relative links are relative to.
    pub base: Option<String>,
}

/// What an element's name is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// RSS, Atom, CDF: their names never mean two things.
    Own,
    DublinCore,
    Content,
    Media,
    Itunes,
    Xhtml,
    Other,
}

impl Vocabulary {
    fn of_prefix(prefix: &str) -> Option<Vocabulary> {
        Some(match prefix {
            "atom" | "atom10" | "atom03" | "rss" | "rss1" | "rss2" => Vocabulary::Own,
            "dc" | "dcterms" | "dct" => Vocabulary::DublinCore,
            "content" => Vocabulary::Content,
            "media" => Vocabulary::Media,
            "itunes" => Vocabulary::Itunes,
            "xhtml" | "html" => Vocabulary::Xhtml,
            _ => return None,
        })
    }

    fn of_namespace(uri: &str) -> Vocabulary {
        const NAMESPACES: &[(&str, Vocabulary)] = &[
            ("purl.org/dc/", Vocabulary::DublinCore),
            ("search.yahoo.com/mrss", Vocabulary::Media),
            ("itunes", Vocabulary::Itunes),
            ("modules/content", Vocabulary::Content),
            ("w3.org/1999/xhtml", Vocabulary::Xhtml),
            ("/Atom", Vocabulary::Own),
            ("purl.org/atom/ns", Vocabulary::Own),
            ("purl.org/rss/1.0/modules", Vocabulary::Other),
            ("purl.org/rss/1.0", Vocabulary::Own),
            ("purl.org/net/rss1.1", Vocabulary::Own),
            ("my.netscape.com/rdf/simple", Vocabulary::Own),
            ("rss2", Vocabulary::Own),
        ];
        NAMESPACES
            .iter()
            .find(|(part, _)| uri.contains(part))
            .map_or(Vocabulary::Other, |(_, vocabulary)| *vocabulary)
    }
}

/// The prefixes of a document.
#[derive(Clone, Copy)]
pub struct Names<'e, 't> {
    root: &'e Element<'t>,
}

impl Names<'_, '_> {
    pub fn vocabulary(&self, element: &Element) -> Vocabulary {
        let Some((prefix, _)) = element.full_name.split_once(':') else {
            return match element.attribute("xmlns") {
                Some(uri) => Vocabulary::of_namespace(uri),
                None => Vocabulary::Own,
            };
        };
        let of_root = self.root.full_name.split_once(':');
        let declared = element.attribute(prefix).or(self.root.attribute(prefix));
        match declared {
            Some(uri) if uri.contains("://") => Vocabulary::of_namespace(uri),
            _ => Vocabulary::of_prefix(prefix).unwrap_or(match of_root {
                Some((own, _)) if own == prefix => Vocabulary::Own,
                _ => Vocabulary::Other,
            }),
        }
    }
}

/// A name in lower case: CDF shouts, and `pubDate` is spelled in many ways.
pub fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// The whole entries of a feed, and one error for what was cut or broken after them.
pub fn read(
    payload: &Payload,
    format: Format,
    channel: fn(&Element, Names) -> Channel,
) -> Result<Vec<Item>, Error> {
    let (document, fault) = xml::read_part(payload.text)?;
    let root = &document.root;
    let names = Names { root };
    let channel = channel(root, names);
    let mut entries = Vec::new();
    if is_entry(root) {
        entries.push(root);
    } else {
        collect(root, &mut entries);
    }
    let mut items: Vec<Item> = Vec::with_capacity(entries.len() + 1);
    for entry in entries.iter().filter(|entry| !entry.cut) {
        if entry.is_blank() {
            let what = "an entry with nothing in it: look at what the feed sends";
            items.push(Err(Error::new(Reason::Empty, what)));
            continue;
        }
        let mut dispatch = payload.dispatch(items.len(), format);
        let repairs = document.repairs.iter();
        dispatch.repairs.extend(repairs.map(|r| (*r).to_owned()));
        Draft::of(entry, names, &channel).finish(&channel, &mut dispatch);
        items.push(Ok(dispatch));
    }
    let cut = entries.iter().find(|entry| entry.cut);
    let lost = document.truncated && (cut.is_some() || !closes(payload.text));
    let fault = fault.or_else(|| lost.then(|| document.cut(cut.unwrap_or(&root))));
    match fault {
        Some(fault) if items.is_empty() => Err(fault),
        Some(fault) => {
            items.push(Err(fault));
            Ok(items)
        }
        None if items.is_empty() => {
            let name = format.name();
            let what = format!("a feed ({name}) without an entry: nothing new was sent");
            Err(Error::new(Reason::Empty, what))
        }
        None => Ok(items),
    }
}

fn is_entry(element: &Element) -> bool {
    is_entry_name(element.name)
}

fn is_entry_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("item") || name.eq_ignore_ascii_case("entry")
}

/// Whether the text ends in an end tag of the feed, perhaps half of it: then no entry was cut away.
fn closes(text: &str) -> bool {
    let last = memchr::memrchr(b'<', text.as_bytes()).map_or("", |at| &text[at..]);
    let name = last
        .strip_prefix("</")
        .and_then(|tag| tag.split('>').next());
    name.is_some_and(|name| !is_entry_name(name.rsplit(':').next().unwrap_or(name).trim()))
}

/// Entries in the order of the document: below the root, its channel, and the list of RSS 1.1.
fn collect<'e, 't>(element: &'e Element<'t>, into: &mut Vec<&'e Element<'t>>) {
    for child in element.children() {
        if is_entry(child) {
            into.push(child);
        } else if matches!(&*lower(child.name), "channel" | "items" | "feed") {
            collect(child, into);
        }
    }
}

/// How near a text of an entry is to its body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Content,
    Description,
    Summary,
    Podcast,
    Media,
}

/// An entry as far as it was read.
#[derive(Default)]
struct Draft {
    title: Option<Marked>,
    further_title: Option<Marked>,
    texts: Vec<(Rank, Marked)>,
    id: Option<String>,
    permalink: Option<String>,
    /// With whether it is no page to read.
    link: Option<(bool, String)>,
    base: Option<String>,
    published: Option<String>,
    created: Option<String>,
    updated: Option<String>,
    dated: Option<String>,
    /// With how little they are the entry's own: authors of modules count where there is no other.
    authors: Vec<(u8, String)>,
    language: Option<String>,
    agency: Option<String>,
    copyright: Option<String>,
    sources: Vec<Concept>,
    subjects: Vec<Concept>,
    keywords: Vec<String>,
    media: Media,
}

/// The first that is said counts.
fn keep<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

impl Draft {
    fn of(entry: &Element, names: Names, channel: &Channel) -> Draft {
        let mut draft = Draft {
            base: link::base(entry, channel.base.as_deref()),
            language: entry.attribute("lang").map(str::to_owned),
            ..Draft::default()
        };
        let attribute = |name: &str| {
            let found = entry.attribute(name);
            found.or_else(|| entry.attribute(&name.to_ascii_uppercase()))
        };
        for child in entry.children() {
            draft.take(child, names);
        }
        if let Some(href) = attribute("href") {
            let link = draft.resolved(href);
            keep(&mut draft.link, Some((false, link)));
        }
        keep(&mut draft.updated, attribute("lastmod").map(str::to_owned));
        keep(&mut draft.id, entry.attribute("about").map(str::to_owned));
        draft
    }

    fn resolved(&self, reference: &str) -> String {
        link::resolve(self.base.as_deref(), reference)
    }

    fn take(&mut self, child: &Element, names: Names) {
        use Vocabulary::{Content, DublinCore, Itunes, Media, Own, Xhtml};
        let vocabulary = names.vocabulary(child);
        match (vocabulary, &*lower(child.name)) {
            (Own, "title") => keep(&mut self.title, text::of(child)),
            (DublinCore | Media | Itunes, "title") => {
                keep(&mut self.further_title, text::of(child));
                self.media.told(child);
            }
            (Own, "content" | "fullitem" | "body") | (Xhtml, "body" | "div") => {
                self.text(Rank::Content, child);
            }
            (Content, "encoded") => self.text(Rank::Content, child),
            (Own, "description") => self.text(Rank::Description, child),
            (Own, "summary" | "abstract" | "excerpt") => self.text(Rank::Summary, child),
            (DublinCore, "description" | "abstract") | (_, "encoded") => {
                self.text(Rank::Summary, child);
            }
            (Itunes, "summary" | "subtitle") => self.text(Rank::Podcast, child),
            (Media, "description" | "text") => {
                self.text(Rank::Media, child);
                self.media.told(child);
            }
            (Media, "group") => self.group(child, names),
            (Own, "enclosure") | (Media, "content" | "thumbnail") | (Itunes, "image") => {
                self.media.add(child, self.base.as_deref());
            }
            (Media, "credit") => self.media.told(child),
            (Own, "link") => self.link(child),
            (vocabulary, name) => self.label(vocabulary, name, child),
        }
    }

    fn text(&mut self, rank: Rank, element: &Element) {
        self.texts
            .extend(text::of(element).map(|marked| (rank, marked)));
    }

    fn group(&mut self, group: &Element, names: Names) {
        self.media.group(group, self.base.as_deref());
        for child in group.children() {
            if names.vocabulary(child) == Vocabulary::Media {
                match child.name {
                    "title" => keep(&mut self.further_title, text::of(child)),
                    "description" => self.text(Rank::Media, child),
                    _ => {}
                }
            }
        }
    }

    fn link(&mut self, element: &Element) {
        let base = link::base(element, self.base.as_deref());
        let words = || element.words();
        let Some(href) = element.attribute("href").map(str::to_owned).or_else(words) else {
            return;
        };
        let href = link::resolve(base.as_deref(), &href);
        let kind = element.attribute("type").unwrap_or("text/html");
        match element.attribute("rel").unwrap_or("alternate") {
            "alternate" => {
                let other = !kind.contains("html");
                if self.link.as_ref().is_none_or(|(worse, _)| *worse && !other) {
                    self.link = Some((other, href));
                }
            }
            "enclosure" => self.media.add(element, base.as_deref()),
            _ => {}
        }
    }

    fn label(&mut self, vocabulary: Vocabulary, name: &str, child: &Element) {
        use Vocabulary::{DublinCore, Itunes, Media, Own};
        match (vocabulary, name) {
            (Own, "id") => keep(&mut self.id, child.words()),
            (Own, "guid") => {
                let id = child.words();
                if child.attribute("isPermaLink") != Some("false") {
                    let page = id.as_deref().filter(|id| id.starts_with("http"));
                    keep(&mut self.permalink, page.map(str::to_owned));
                }
                keep(&mut self.id, id);
            }
            (Own, "pubdate" | "published") => keep(&mut self.published, child.words()),
            (Own, "issued") | (DublinCore, "issued" | "available" | "date") => {
                keep(&mut self.dated, child.words());
            }
            (Own | DublinCore, "created") => keep(&mut self.created, child.words()),
            (Own | DublinCore, "updated" | "modified") => keep(&mut self.updated, child.words()),
            (Own, "author") => self.authors.extend(text::person(child).map(|by| (0, by))),
            (DublinCore, "creator" | "author") => {
                self.authors.extend(text::person(child).map(|by| (1, by)));
            }
            (Itunes, "author") => self.authors.extend(text::person(child).map(|by| (2, by))),
            (Own | Itunes | Media, "category") | (DublinCore, "subject") => {
                self.subjects.extend(text::category(child));
            }
            (Itunes | Media, "keywords") => {
                let words = child.words().unwrap_or_default();
                let words = words.split([',', ';']).map(str::trim);
                let words = words.filter(|word| !word.is_empty());
                self.keywords.extend(words.map(str::to_owned));
            }
            (Own, "source") => self.source(child),
            (DublinCore, "publisher") => keep(&mut self.agency, child.words()),
            (Own, "rights" | "copyright") | (DublinCore, "rights") | (Media, "copyright") => {
                keep(&mut self.copyright, child.words());
            }
            (Own | DublinCore, "language") => keep(&mut self.language, child.words()),
            _ => {}
        }
    }

    /// The feed that an entry was taken over from.
    fn source(&mut self, element: &Element) {
        let name = match element.is_leaf() {
            true => element.words(),
            false => element.words_at("title"),
        };
        let uri = element.attribute("url").map(str::to_owned);
        let uri = uri.or_else(|| element.words_at("id"));
        if name.is_some() || uri.is_some() {
            self.sources.push(Concept {
                name: name.clone(),
                uri,
                ..Concept::default()
            });
        }
        keep(&mut self.agency, name);
    }

    fn finish(mut self, channel: &Channel, dispatch: &mut Dispatch) {
        self.texts.sort_by_key(|(rank, _)| *rank);
        let mut texts = self.texts.into_iter();
        let body = texts.next();
        let best = body.as_ref().map(|(rank, _)| *rank);
        dispatch.body = body.map(|(_, text)| text);
        let further = texts.find(|(rank, _)| Some(*rank) > best && *rank < Rank::Media);
        dispatch.description = further.map(|(_, text)| text);
        dispatch.headline = self.title.or(self.further_title);

        let link = self.link.map(|(_, link)| link).or(self.permalink);
        if let Some(link) = link.filter(|link| Some(link) != self.id.as_ref()) {
            match self.id {
                Some(_) => dispatch.alt_ids.push(("link".to_owned(), link)),
                None => self.id = Some(link),
            }
        }
        dispatch.guid = self.id;
        let published = self.published.or(self.dated);
        dispatch.first_created = published.clone().or(self.created.clone());
        dispatch.version_created = self.updated.or(published).or(self.created);
        dispatch.language = self.language.or_else(|| channel.language.clone());
        dispatch.agency = self.agency.or_else(|| channel.agency.clone());

        let labels = &mut dispatch.labels;
        let nearest = self.authors.iter().map(|(far, _)| *far).min();
        let mut authors: Vec<String> = Vec::new();
        for (far, author) in self.authors.into_iter().take(MOST_AUTHORS) {
            if Some(far) == nearest && !authors.contains(&author) {
                authors.push(author);
            }
        }
        labels.by = match authors.is_empty() {
            true => channel.by.clone(),
            false => Some(authors.join(", ")),
        };
        labels.copyright_notice = self.copyright.or_else(|| channel.copyright.clone());
        labels.info_sources = self.sources;
        labels.category = self
            .subjects
            .first()
            .and_then(|subject| subject.name.clone());
        labels.subjects = self.subjects;
        labels.keywords = self.keywords;
        labels.associations = self.media.associations();
    }
}

/// The name of an agency in the title of its channel: `Agency: World news` names one, a sentence none.
pub fn agency(title: &str) -> Option<String> {
    const LONGEST: usize = 40;
    let short = |name: &str| {
        let name = name.trim();
        (!name.is_empty() && name.chars().count() <= LONGEST).then(|| name.to_owned())
    };
    let parts = [": ", " - ", " – ", " — ", " | "];
    let head = parts.iter().filter_map(|part| title.find(part)).min();
    short(&title[..head.unwrap_or(title.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::rss;

    fn read(text: &str) -> Result<Vec<Item>, Error> {
        rss::read(&Payload::of(text))
    }

    fn one(inside: &str) -> Dispatch {
        let text = format!("<rss><channel><item>{inside}</item></channel></rss>");
        let mut items = read(&text).expect("a feed");
        assert_eq!(items.len(), 1, "{inside}");
        items.remove(0).expect("a story")
    }

    #[test]
    fn elements_are_known_by_their_vocabulary() {
        let headline = |inside: &str| one(inside).headline.map(|marked| marked.text);
        for (inside, want) in [
            ("<media:title>M</media:title><title>T</title>", "T"),
            ("<media:title>M</media:title>", "M"),
            ("<x:title>X</x:title><title>T</title>", "T"),
            (
                "<a:title xmlns:a='http://www.w3.org/2005/Atom'>A</a:title>",
                "A",
            ),
            (
                "<z:title xmlns:z='http://purl.org/dc/elements/1.1/'>D</z:title>",
                "D",
            ),
            ("<TITLE>T</TITLE>", "T"),
        ] {
            assert_eq!(headline(inside).as_deref(), Some(want), "{inside}");
        }
        assert_eq!(headline("<x:title>X</x:title>"), None);
    }

    #[test]
    fn the_longest_text_is_the_body_and_the_next_its_summary() {
        for (inside, body, description) in [
            ("<description>D</description>", Some("D"), None),
            (
                "<summary>S</summary><description>D</description>",
                Some("D"),
                Some("S"),
            ),
            (
                "<description>D</description><content:encoded>C</content:encoded>",
                Some("C"),
                Some("D"),
            ),
            ("<itunes:summary>I</itunes:summary>", Some("I"), None),
            (
                "<xhtml:body><xhtml:p>P</xhtml:p></xhtml:body>",
                Some("<p>P</p>"),
                None,
            ),
            ("<description> </description>", None, None),
        ] {
            let dispatch = one(inside);
            let text = |marked: &Option<Marked>| marked.as_ref().map(|m| m.text.clone());
            assert_eq!(text(&dispatch.body).as_deref(), body, "{inside}");
            assert_eq!(
                text(&dispatch.description).as_deref(),
                description,
                "{inside}"
            );
        }
    }

    #[test]
    fn an_entry_is_named_by_its_id_and_its_link() {
        for (inside, guid, link) in [
            (
                "<guid>7</guid><link>http://a.example/7</link>",
                "7",
                Some("http://a.example/7"),
            ),
            (
                "<link>http://a.example/7?a=1&b=2</link>",
                "http://a.example/7?a=1&b=2",
                None,
            ),
            (
                "<guid>http://a.example/7</guid>",
                "http://a.example/7",
                None,
            ),
            (
                "<guid isPermaLink='false'>x</guid><atom:link rel='self' href='http://a.example/s'/><atom:link href='/7' xml:base='http://a.example/'/>",
                "x",
                Some("http://a.example/7"),
            ),
        ] {
            let dispatch = one(inside);
            assert_eq!(dispatch.guid.as_deref(), Some(guid), "{inside}");
            let ids: Vec<&str> = dispatch.alt_ids.iter().map(|(_, id)| id.as_str()).collect();
            assert_eq!(ids, link.into_iter().collect::<Vec<_>>(), "{inside}");
        }
    }

    #[test]
    fn authors_of_modules_stand_in_for_the_own() {
        let by = |inside: &str| one(inside).labels.by;
        for (inside, want) in [
            (
                "<author>x@a.example (Ana Sol)</author><dc:creator>Eva</dc:creator>",
                "Ana Sol",
            ),
            (
                "<dc:creator>Eva</dc:creator><dc:creator>Iria</dc:creator>",
                "Eva, Iria",
            ),
            ("<itunes:author>Luz</itunes:author>", "Luz"),
        ] {
            assert_eq!(by(inside).as_deref(), Some(want), "{inside}");
        }
    }

    #[test]
    fn whole_entries_outlive_a_cut_or_a_fault() {
        let whole = "<item><title>One</title></item>";
        for (tail, kept, reason) in [
            ("<item><title>Tw", 1, Some(Reason::Truncated)),
            ("<item><title>Two</title></item", 1, Some(Reason::Truncated)),
            (
                "<item><title>Two</title></item>",
                2,
                Some(Reason::Truncated),
            ),
            ("<item><title>Two</title></item></chan", 2, None),
            ("</channel>", 1, None),
            (
                "<item><description><![CDATA[<p>open",
                1,
                Some(Reason::Truncated),
            ),
        ] {
            let items = read(&format!("<rss><channel>{whole}{tail}")).expect(tail);
            let stories = items.iter().filter(|item| item.is_ok()).count();
            let fault = items.last().and_then(|item| item.as_ref().err());
            assert_eq!((stories, fault.map(|f| f.reason)), (kept, reason), "{tail}");
            assert_eq!(items.len(), kept + usize::from(reason.is_some()), "{tail}");
        }
        let deep = format!("<rss><channel>{whole}<item>{}", "<b>".repeat(1000));
        let items = read(&deep).expect("one whole entry");
        assert_eq!(items[1].as_ref().expect_err("deep").reason, Reason::Depth);
        let none = read("<rss><channel><title>T</title></channel></rss>");
        assert_eq!(
            none.map(|items| items.len()).expect_err("none").reason,
            Reason::Empty
        );
    }

    #[test]
    fn an_agency_is_named_at_the_head_of_a_title() {
        for (title, want) in [
            ("EFE - Mundo", Some("EFE")),
            ("Reuters: World News", Some("Reuters")),
            ("Harbour Wire", Some("Harbour Wire")),
            (
                "All that the fishermen of the northern coast said to one another this week",
                None,
            ),
            (" ", None),
        ] {
            assert_eq!(agency(title).as_deref(), want, "{title}");
        }
    }
}
