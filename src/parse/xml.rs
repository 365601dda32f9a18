//! Text → a tree of elements. What does this XML say, where a strict reader would give up?
//!
//! One pass of quick-xml over decoded text; nothing is fetched, nothing is expanded beyond the five
//! entities of XML, character references and HTML's names. Tags that do not match are closed where
//! their parent ends, an end without a beginning is passed over, and both are named as repairs.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_html5_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::story::{Marked, Markup, Reason};

use super::Error;

/// Deepest nesting that is read; real items stay below 40.
const MAX_DEPTH: usize = 128;
/// Attributes of one element that are kept; real items stay below 20.
const MAX_ATTRIBUTES: usize = 64;
/// Elements of one document; a feed of 500 entries has some 20,000.
const MAX_ELEMENTS: usize = 500_000;

/// An element. Names are local: prefixes say nothing that the wires agree on.
#[derive(Debug, Default)]
pub struct Element<'t> {
    pub name: &'t str,
    /// The name with its prefix, for the few formats that mix vocabularies (`media:title`).
    pub full_name: &'t str,
    attributes: Vec<(&'t str, Cow<'t, str>)>,
    nodes: Vec<Node<'t>>,
    /// The source between its tags, markup and all.
    pub source: &'t str,
    /// The text ended before this element did.
    pub cut: bool,
}

#[derive(Debug)]
pub enum Node<'t> {
    Element(Element<'t>),
    Text(Cow<'t, str>),
}

impl<'t> Element<'t> {
    /// The value of the attribute with this local name; `None` where it is blank.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(n, _)| *n == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// The value of an attribute, to keep.
    pub fn value(&self, name: &str) -> Option<String> {
        self.attribute(name).map(str::to_owned)
    }

    /// Most elements hold one text and nothing else.
    fn push(&mut self, node: Node<'t>) {
        if self.nodes.capacity() == 0 {
            self.nodes.reserve_exact(1);
        }
        self.nodes.push(node);
    }

    /// Texts and child elements in order.
    pub fn nodes(&self) -> &[Node<'t>] {
        &self.nodes
    }

    /// Child elements in order.
    pub fn children(&self) -> impl Iterator<Item = &Element<'t>> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Child elements with this local name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element<'t>> {
        self.children().filter(move |child| child.name == name)
    }

    /// The first child with this local name.
    pub fn child(&self, name: &str) -> Option<&Element<'t>> {
        self.children().find(|child| child.name == name)
    }

    /// The first element at the end of a path of child names: `at("head/docdata/date.issue")`.
    pub fn at(&self, path: &str) -> Option<&Element<'t>> {
        path.split('/')
            .try_fold(self, |element, name| element.child(name))
    }

    /// All elements below this one with this local name, in the order of the document.
    pub fn descendants<'e>(&'e self, name: &'e str) -> Descendants<'e, 't> {
        let mut open: Vec<&Element<'t>> = self.children().collect();
        open.reverse();
        Descendants { name, open }
    }

    /// The first element below this one with this local name.
    pub fn find<'e>(&'e self, name: &'e str) -> Option<&'e Element<'t>> {
        self.descendants(name).next()
    }

    /// All text inside, tags left out, white space as written.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.collect(&mut text);
        text
    }

    fn collect(&self, into: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Text(text) => into.push_str(text),
                Node::Element(element) => element.collect(into),
            }
        }
    }

    /// The text inside with white space folded; `None` where there is none.
    pub fn words(&self) -> Option<String> {
        let mut words = String::new();
        let mut parted = false;
        self.fold(&mut words, &mut parted);
        (!words.is_empty()).then_some(words)
    }

    /// Appends the words inside; `parted` is set where white space came after the last one.
    fn fold(&self, into: &mut String, parted: &mut bool) {
        for node in &self.nodes {
            let text = match node {
                Node::Text(text) => text,
                Node::Element(element) => {
                    element.fold(into, parted);
                    continue;
                }
            };
            *parted |= text.starts_with(char::is_whitespace);
            for word in text.split_whitespace() {
                if *parted && !into.is_empty() {
                    into.push(' ');
                }
                into.push_str(word);
                *parted = true;
            }
            *parted = text.ends_with(char::is_whitespace) || *parted && text.is_empty();
        }
    }

    /// The words of the element at the end of a path.
    pub fn words_at(&self, path: &str) -> Option<String> {
        self.at(path)?.words()
    }

    /// Whether there is nothing at all inside, and nothing said by attributes.
    pub fn is_blank(&self) -> bool {
        self.nodes.is_empty() && self.attributes.is_empty()
    }

    /// Whether there is no element inside.
    pub fn is_leaf(&self) -> bool {
        self.children().next().is_none()
    }

    /// What is inside as a marked text: the source where elements are inside, else the text, whose own
    /// escaped or CDATA markup is told by its tags. `None` where it is blank.
    pub fn marked(&self) -> Option<Marked> {
        let marked = match self.is_leaf() {
            true => Marked {
                text: self.text(),
                markup: Markup::Plain,
            },
            false => Marked {
                text: self.html(),
                markup: Markup::Html,
            },
        };
        (!marked.text.trim().is_empty()).then_some(marked)
    }

    /// What is inside as a reader of HTML understands it: names without prefixes, no CDATA.
    fn html(&self) -> String {
        let foreign = memchr::memmem::find(self.source.as_bytes(), b"<![CDATA[").is_some()
            || self
                .children()
                .any(|child| child.name.len() < child.full_name.len());
        if !foreign {
            return self.source.to_owned();
        }
        let mut html = String::with_capacity(self.source.len());
        self.write_html(&mut html);
        html
    }

    fn write_html(&self, into: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Text(text) => {
                    for c in text.chars() {
                        match c {
                            '<' => into.push_str("&lt;"),
                            '&' => into.push_str("&amp;"),
                            c => into.push(c),
                        }
                    }
                }
                Node::Element(element) => {
                    into.extend(["<", element.name, ">"]);
                    element.write_html(into);
                    if !element.nodes.is_empty() {
                        into.extend(["</", element.name, ">"]);
                    }
                }
            }
        }
    }
}

/// Elements in the order of the document.
pub struct Descendants<'e, 't> {
    name: &'e str,
    open: Vec<&'e Element<'t>>,
}

impl<'e, 't> Iterator for Descendants<'e, 't> {
    type Item = &'e Element<'t>;

    fn next(&mut self) -> Option<&'e Element<'t>> {
        while let Some(element) = self.open.pop() {
            let before = self.open.len();
            self.open.extend(element.children());
            self.open[before..].reverse();
            if element.name == self.name {
                return Some(element);
            }
        }
        None
    }
}

/// A document that was read.
#[derive(Debug)]
pub struct Document<'t> {
    pub root: Element<'t>,
    /// The text ended before the root did.
    pub truncated: bool,
    /// What was mended, as `xml:<what>`, each once.
    pub repairs: Vec<&'static str>,
}

/// Reads a document, whole or cut: a format decides what a cut one is worth.
///
/// # Errors
/// `Depth` for nesting beyond 128, `Unsupported` for a document that uses entities it declares itself,
/// `Truncated` where the text ends before the root begins, `Syntax` for the rest.
pub fn read(text: &str) -> Result<Document<'_>, Error> {
    match read_part(text)? {
        (document, None) => Ok(document),
        (_, Some(fault)) => Err(fault),
    }
}

/// Like [`read`], and what stands before a fault is kept: a document that is cut there, and the fault.
pub fn read_part(text: &str) -> Result<(Document<'_>, Option<Error>), Error> {
    let mut builder = Builder {
        text,
        open: Vec::new(),
        root: None,
        truncated: false,
        repairs: Vec::new(),
        declared: Vec::new(),
        elements: 0,
    };
    match builder.run() {
        Ok(()) => Ok((builder.finish()?, None)),
        Err(fault) if builder.open.is_empty() => Err(fault),
        Err(fault) => Ok((builder.finish()?, Some(fault))),
    }
}

/// Like [`read`], and a document that ends before its root does is an error.
pub fn read_whole(text: &str) -> Result<Document<'_>, Error> {
    let document = read(text)?;
    match document.truncated {
        true => Err(document.cut(&document.root)),
        false => Ok(document),
    }
}

impl<'t> Document<'t> {
    /// Whether the text ended before `element` did.
    pub fn is_cut(&self, element: &Element<'t>) -> bool {
        element.cut
    }

    /// The error for an element that was cut, with the headline that it still held in full.
    pub fn cut(&self, element: &Element<'t>) -> Error {
        const HEADLINES: &[&str] = &["hl1", "HeadLine", "headline", "title"];
        let headline = HEADLINES.iter().find_map(|name| {
            let found = element.find(name).filter(|found| !self.is_cut(found))?;
            found.words()
        });
        let held = headline.map_or(String::new(), |headline| {
            format!(" after the headline “{headline}”")
        });
        let what = format!(
            "the XML was cut inside <{}>{held}: ask the sender for the whole item",
            element.full_name
        );
        Error::new(Reason::Truncated, what)
    }
}

struct Builder<'t> {
    text: &'t str,
    /// Elements that are open, each with the byte after its start tag.
    open: Vec<(Element<'t>, usize)>,
    root: Option<Element<'t>>,
    truncated: bool,
    repairs: Vec<&'static str>,
    /// Entities that the document declares.
    declared: Vec<String>,
    elements: usize,
}

impl<'t> Builder<'t> {
    /// Reads events up to the end of the root, the end of the text or a fault.
    fn run(&mut self) -> Result<(), Error> {
        let text = self.text;
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        loop {
            let before = reader.buffer_position() as usize;
            match reader.read_event() {
                Ok(Event::Eof) => return Ok(()),
                Ok(event) => self.take(event, before, reader.buffer_position() as usize)?,
                // quick-xml reports what a cut leaves open as a syntax error at the end
                Err(_) if self.is_at_end(reader.error_position() as usize) => {
                    self.truncated = true;
                    return Ok(());
                }
                Err(error) => {
                    let at = reader.error_position();
                    let line =
                        1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at as usize]).count();
                    let what = format!(
                        "the XML breaks off at line {line}, byte {at}: {error}; ask the sender for well-formed XML"
                    );
                    return Err(Error::new(Reason::Syntax, what));
                }
            }
            if self.root.is_some() && self.open.is_empty() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, event: Event<'t>, before: usize, after: usize) -> Result<(), Error> {
        match event {
            Event::Start(start) => self.start(&start, before, after)?,
            Event::Empty(start) => {
                self.start(&start, before, after)?;
                self.close(after, after);
            }
            Event::End(end) => self.end(end.name().0, before, after),
            Event::Text(text) => self.characters(text.into_inner()),
            Event::CData(data) => self.characters(data.into_inner()),
            Event::GeneralRef(reference) => self.reference(&reference)?,
            Event::DocType(_) => self.declare(&self.text[before..after]),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'t>, before: usize, after: usize) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            let what = format!(
                "the XML is nested deeper than {MAX_DEPTH} elements at byte {before}: no wire does that"
            );
            return Err(Error::new(Reason::Depth, what));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            let what = format!("the XML has more than {MAX_ELEMENTS} elements: split the payload");
            return Err(Error::new(Reason::TooLarge, what));
        }
        // names and values borrow from the document, which outlives the event
        let text = self.text;
        let tag = &text[before..after];
        let name = &tag[1..(1 + start.name().0.len()).min(tag.len())];
        let mut element = Element {
            name: local(name),
            full_name: name,
            ..Element::default()
        };
        let inside = tag[1 + name.len()..].trim_end_matches('>');
        self.attributes(inside.strip_suffix('/').unwrap_or(inside), &mut element);
        self.open.push((element, after));
        Ok(())
    }

    /// The attributes of a start tag: `k="v" l='w' m=x`. The first of a name counts.
    fn attributes(&mut self, tag: &'t str, element: &mut Element<'t>) {
        let mut rest = tag.trim_ascii_start();
        while !rest.is_empty() {
            if element.attributes.len() == MAX_ATTRIBUTES {
                return self.mend("xml:attributes");
            }
            let bytes = rest.as_bytes();
            let end = bytes
                .iter()
                .position(|b| *b == b'=' || b.is_ascii_whitespace());
            let (key, after) = rest.split_at(end.unwrap_or(rest.len()));
            let Some(value) = after.trim_ascii_start().strip_prefix('=') else {
                self.mend("xml:attributes");
                rest = after.trim_ascii_start();
                continue;
            };
            let value = value.trim_ascii_start();
            let (value, after) = match value.as_bytes() {
                [quote @ (b'"' | b'\''), inside @ ..] => match memchr::memchr(*quote, inside) {
                    Some(end) => (&value[1..1 + end], &value[end + 2..]),
                    None => (&value[1..], ""),
                },
                bare => {
                    let end = bare.iter().position(u8::is_ascii_whitespace);
                    value.split_at(end.unwrap_or(value.len()))
                }
            };
            rest = after.trim_ascii_start();
            let key = local(key);
            if element.attributes.iter().any(|(known, _)| *known == key) {
                self.mend("xml:attributes");
                continue;
            }
            let value = match memchr::memchr(b'&', value.as_bytes()) {
                None => Cow::Borrowed(value),
                Some(_) => Cow::Owned(unescaped(value)),
            };
            if element.attributes.capacity() == 0 {
                element.attributes.reserve_exact(1);
            }
            element.attributes.push((key, value));
        }
    }

    /// Closes the nearest open element of this name, and what is open inside it.
    fn end(&mut self, name: &str, before: usize, after: usize) {
        let Some(depth) = self.open.iter().rposition(|(e, _)| e.full_name == name) else {
            return self.mend("xml:end-tags");
        };
        while self.open.len() > depth + 1 {
            self.mend("xml:end-tags");
            self.close(before, before);
        }
        self.close(before, after);
    }

    fn close(&mut self, before: usize, _after: usize) {
        let Some((mut element, from)) = self.open.pop() else {
            return;
        };
        element.source = self.text.get(from..before).unwrap_or("");
        match self.open.last_mut() {
            Some((parent, _)) => parent.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn characters(&mut self, text: Cow<'t, str>) {
        if let Some((element, _)) = self.open.last_mut() {
            element.push(Node::Text(text));
        }
    }

    fn reference(&mut self, reference: &BytesRef<'t>) -> Result<(), Error> {
        let name: &str = reference;
        if self.declared.iter().any(|declared| declared == name) {
            let what = format!(
                "the XML uses &{name};, which it declares itself; such entities are never expanded: send the text in full"
            );
            return Err(Error::new(Reason::Unsupported, what));
        }
        let text = match named(name) {
            Some(text) => text,
            None => {
                self.mend("xml:references");
                Cow::Borrowed("")
            }
        };
        self.characters(Cow::Owned(text.into_owned()));
        Ok(())
    }

    fn declare(&mut self, doctype: &str) {
        for declaration in doctype.split("<!ENTITY").skip(1) {
            let mut words = declaration.split_whitespace();
            if let Some(name) = words.find(|word| *word != "%") {
                self.declared.push(name.to_owned());
            }
        }
    }

    fn mend(&mut self, what: &'static str) {
        if !self.repairs.contains(&what) {
            self.repairs.push(what);
        }
    }

    /// Whether an error at byte `at` is only that the text ended there.
    fn is_at_end(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or("");
        !rest.contains('>')
            || rest.starts_with("<![CDATA[") && !rest.contains("]]>")
            || rest.starts_with("<!--") && !rest.contains("-->")
    }

    fn finish(mut self) -> Result<Document<'t>, Error> {
        let end = self.text.len();
        if !self.open.is_empty() {
            self.truncated = true;
        }
        while let Some((element, _)) = self.open.last_mut() {
            element.cut = true;
            self.close(end, end);
        }
        let Some(root) = self.root else {
            let what = "the XML ends before its first element: ask the sender for the whole item";
            return Err(Error::new(Reason::Truncated, what));
        };
        Ok(Document {
            root,
            truncated: self.truncated,
            repairs: self.repairs,
        })
    }
}

/// Attribute values may hold references; what is none stands for itself.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let end = rest[at..].bytes().take(40).position(|b| b == b';');
        match end.and_then(|end| Some((named(&rest[at + 1..at + end])?, end))) {
            Some((text, end)) => {
                out.push_str(&text);
                rest = &rest[at + end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn local(name: &str) -> &str {
    match name.bytes().rposition(|b| b == b':') {
        Some(at) => &name[at + 1..],
        None => name,
    }
}

/// The characters that a reference stands for; `None` where it stands for nothing that may be in a text.
fn named(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(Cow::Borrowed);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // 128..=159 are meant as Windows-1252, as browsers read them
    let character = match code {
        0x80..=0x9F => encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(&[code as u8])
            .0
            .chars()
            .next()?,
        _ => char::from_u32(code)?,
    };
    let sound = matches!(character, '\t' | '\n' | '\r')
        || !character.is_control() && !matches!(character, '\u{FFFE}' | '\u{FFFF}');
    sound.then(|| Cow::Owned(character.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Element<'_> {
        read(text).expect(text).root
    }

    #[test]
    fn paths_attributes_and_text_are_read() {
        let text = "<?xml version=\"1.0\"?><!-- c --><!DOCTYPE a SYSTEM \"x.dtd\"><x:a k='1 &amp; 2' n:m=\"3\"><b>one <i>two</i> &eacute;&#8217;</b><b/><c><![CDATA[<p>3 & 4</p>]]></c></x:a>";
        let root = root(text);
        assert_eq!((root.name, root.full_name), ("a", "x:a"));
        assert_eq!(
            (root.attribute("k"), root.attribute("m")),
            (Some("1 & 2"), Some("3"))
        );
        assert_eq!(root.words_at("b").as_deref(), Some("one two é’"));
        assert_eq!(root.at("b/i").map(|i| i.source), Some("two"));
        assert_eq!(root.all("b").count(), 2);
        assert_eq!(
            root.child("b").map(|b| b.source),
            Some("one <i>two</i> &eacute;&#8217;")
        );
        assert_eq!(
            root.child("c").map(Element::text).as_deref(),
            Some("<p>3 & 4</p>")
        );
        assert_eq!(root.descendants("i").count(), 1);
    }

    #[test]
    fn what_is_broken_is_mended_and_named() {
        for (text, words, repairs, truncated) in [
            (
                "<a><b>1<c>2</b>3</a>",
                "1 2 3",
                &["xml:end-tags"][..],
                false,
            ),
            ("<a>1</x>2</a>", "1 2", &["xml:end-tags"], false),
            (
                "<a>Q&A & more &nosuch; end</a>",
                "Q&A & more end",
                &["xml:references"],
                false,
            ),
            ("<a k=1 k=2 z>t</a>", "t", &["xml:attributes"], false),
            ("<a>1<b>2", "1 2", &[], true),
            ("<a>1<b>2</b", "1 2", &[], true),
            (
                "<a>x&#1;&#xD800;&#x92;</a> trailing",
                "x’",
                &["xml:references"],
                false,
            ),
        ] {
            let document = read(text).expect(text);
            let spaced: Vec<String> = document
                .root
                .text()
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            let digits = spaced.join(" ");
            assert_eq!(digits.replace(' ', ""), words.replace(' ', ""), "{text}");
            assert_eq!(
                (&document.repairs[..], document.truncated),
                (repairs, truncated),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_has_its_reason() {
        let deep = "<a>".repeat(50_000);
        let bomb = "<!DOCTYPE n [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><n>&b;</n>";
        let file = "<!DOCTYPE n [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><n>&x;</n>";
        for (text, reason) in [
            (deep.as_str(), Reason::Depth),
            (bomb, Reason::Unsupported),
            (file, Reason::Unsupported),
            ("<?xml version=\"1.0\"?>", Reason::Truncated),
            ("<?xml version=", Reason::Truncated),
        ] {
            assert_eq!(
                read(text).expect_err("refused").reason,
                reason,
                "{}",
                &text[..14]
            );
        }
        assert_eq!(
            read_whole("<nitf><hl1>Head</hl1><p>t")
                .expect_err("cut")
                .reason,
            Reason::Truncated
        );
    }
}
