//! An XHTML, NITF or vendor element → plain paragraphs. What would a reader see?
//!
//! Paragraphs are parted by blank lines, so that nothing later joins them; lines of `pre` and of copy
//! that was poured into one element as it stood are kept. Pictures and clips become associations.

use crate::story::{Association, ItemKind, Marked, Markup};

use super::xml::{Element, Node};

/// What an element says.
#[derive(Debug, Default)]
pub struct Prose {
    /// Paragraphs parted by blank lines.
    pub text: String,
    /// Pictures and clips, in order.
    pub media: Vec<Association>,
}

impl Prose {
    /// `None` where there is no text.
    pub fn marked(&mut self) -> Option<Marked> {
        let text = std::mem::take(&mut self.text);
        (!text.is_empty()).then_some(Marked {
            text,
            markup: Markup::Plain,
        })
    }
}

/// The prose of what is inside `element`.
pub fn of(element: &Element<'_>) -> Prose {
    let mut writer = Writer {
        out: String::with_capacity(element.source.len()),
        ..Writer::default()
    };
    writer.inside(element);
    writer.end_paragraph();
    writer.out.truncate(writer.start.saturating_sub(2));
    Prose {
        text: writer.out,
        media: writer.media,
    }
}

/// A text as it stands in a leaf or CDATA, with whatever markup it holds; else the prose of its elements.
pub fn text_of(element: &Element<'_>, media: &mut Vec<Association>) -> Option<Marked> {
    if !element.is_leaf() {
        let mut prose = of(element);
        media.append(&mut prose.media);
        return prose.marked();
    }
    let text = element.text();
    let markup = match text.contains("</") || text.contains("<br") || text.contains("<BR") {
        true => Markup::Html,
        false => Markup::Plain,
    };
    (!text.trim().is_empty()).then_some(Marked { text, markup })
}

/// Two texts as one.
pub fn joined(first: Marked, second: Marked) -> Marked {
    let html = [&first, &second]
        .iter()
        .any(|text| text.markup == Markup::Html);
    let (first, second) = (first.text.trim(), second.text.trim());
    match html {
        true => Marked {
            text: format!("<p>{first}</p>\n<p>{second}</p>"),
            markup: Markup::Html,
        },
        false => Marked {
            text: format!("{first}\n\n{second}"),
            markup: Markup::Plain,
        },
    }
}

/// What an element is to the flow of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Part of a line.
    Inline,
    /// Begins and ends a paragraph.
    Block,
    /// Ends a line.
    Break,
    /// Parted from its neighbours by a space.
    Cell,
    /// Its lines stand as written.
    Lines,
    /// A picture or clip with its caption.
    Media,
    /// Carries no words of the story.
    Silent,
}

/// Element names of XHTML, NITF and their kin, in lower case.
fn flow(name: &str) -> Option<Flow> {
    Some(match name {
        "a" | "abbr" | "acronym" | "alt-code" | "b" | "bdo" | "big" | "chron" | "city"
        | "classifier" | "cite" | "code" | "country" | "del" | "dfn" | "em" | "event" | "font"
        | "frac" | "frac-den" | "frac-num" | "function" | "i" | "ins" | "kbd" | "label"
        | "lang" | "location" | "mark" | "money" | "num" | "object.title" | "org" | "person"
        | "pronounce" | "q" | "region" | "s" | "samp" | "small" | "span" | "state" | "strike"
        | "strong" | "sub" | "sublocation" | "sup" | "time" | "tt" | "u" | "var" | "virtloc"
        | "wbr" | "name.given" | "name.family" => Flow::Inline,
        "br" => Flow::Break,
        "td" | "th" => Flow::Cell,
        "pre" => Flow::Lines,
        "media" | "figure" | "img" | "picture" => Flow::Media,
        "head"
        | "title"
        | "script"
        | "style"
        | "iframe"
        | "noscript"
        | "svg"
        | "template"
        | "object"
        | "math"
        | "video"
        | "audio"
        | "select"
        | "button"
        | "textarea"
        | "xmp"
        | "media-metadata"
        | "media-object"
        | "nitf-table-metadata"
        | "custom-table"
        | "embed"
        | "link"
        | "meta"
        | "col"
        | "colgroup"
        | "nav" => Flow::Silent,
        "address" | "article" | "aside" | "block" | "blockquote" | "body" | "bq" | "caption"
        | "center" | "credit" | "dd" | "div" | "dl" | "dt" | "fn" | "footer" | "h1" | "h2"
        | "h3" | "h4" | "h5" | "h6" | "header" | "hl1" | "hl2" | "hr" | "html" | "li" | "main"
        | "note" | "ol" | "p" | "section" | "table" | "tbody" | "tfoot" | "thead" | "tr" | "ul" => {
            Flow::Block
        }
        _ => return None,
    })
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Where the paragraph that is being written begins.
    start: usize,
    /// White space was read since the last word.
    space: bool,
    media: Vec<Association>,
}

impl Writer {
    fn inside(&mut self, element: &Element<'_>) {
        if poured(element) {
            return self.lines(element);
        }
        for node in element.nodes() {
            match node {
                Node::Text(text) => self.words(text),
                Node::Element(child) => self.element(element, child),
            }
        }
    }

    fn element(&mut self, parent: &Element<'_>, child: &Element<'_>) {
        match flow_of(parent, child) {
            Flow::Inline => self.inside(child),
            Flow::Break => self.end_paragraph(),
            Flow::Cell => {
                self.space = true;
                self.inside(child);
                self.space = true;
            }
            Flow::Lines => {
                self.end_paragraph();
                self.lines(child);
            }
            Flow::Block => {
                self.end_paragraph();
                self.inside(child);
                self.end_paragraph();
            }
            Flow::Media => {
                self.end_paragraph();
                let name = format!("media-{}", self.media.len() + 1);
                self.media.extend(media(child, name));
            }
            Flow::Silent => {}
        }
    }

    /// Words with the white space between them folded.
    fn words(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at].is_ascii_whitespace() {
                self.space = true;
                at += 1;
                continue;
            }
            let length = bytes[at..].iter().position(u8::is_ascii_whitespace);
            let end = length.map_or(bytes.len(), |length| at + length);
            if self.space && self.out.len() > self.start {
                self.out.push(' ');
            }
            self.space = false;
            self.out.push_str(&text[at..end]);
            at = end;
        }
    }

    /// All text of `element` with its line ends.
    fn lines(&mut self, element: &Element<'_>) {
        let text = element.text();
        let text = text.trim_matches(['\n', '\r']).trim_end();
        if !text.is_empty() {
            self.out.push_str(text);
            self.end_paragraph();
        }
    }

    fn end_paragraph(&mut self) {
        self.space = false;
        if self.out.len() > self.start {
            self.out.push_str("\n\n");
            self.start = self.out.len();
        }
    }
}

fn flow_of(parent: &Element<'_>, child: &Element<'_>) -> Flow {
    let known = flow(child.name).or_else(|| flow(&child.name.to_ascii_lowercase()));
    match known {
        // the head of a page says again what metadata said
        Some(Flow::Block) if child.name == "header" && parent.children().count() > 1 => {
            Flow::Silent
        }
        // a table, or a box of text, that a page frames as a figure
        Some(Flow::Media) if child.name == "figure" && !shows(child) => Flow::Block,
        Some(flow) => flow,
        None if has_words(parent) => Flow::Inline,
        None => Flow::Block,
    }
}

/// Whether a figure shows something that is not text.
fn shows(figure: &Element<'_>) -> bool {
    const SHOWN: &[&str] = &[
        "img",
        "picture",
        "video",
        "audio",
        "source",
        "media-reference",
        "object",
        "iframe",
        "svg",
    ];
    figure.find("table").is_none()
        && (figure.is_leaf() || SHOWN.iter().any(|name| figure.find(name).is_some()))
}

/// Whether words stand in an element itself, beside its children.
fn has_words(element: &Element<'_>) -> bool {
    element.nodes().iter().any(|node| match node {
        Node::Text(text) => !text.trim_ascii().is_empty(),
        Node::Element(_) => false,
    })
}

/// Whether copy was poured into a leaf as it stood: lines at the margin, and others that are indented or apart.
fn poured(element: &Element<'_>) -> bool {
    if element.source.len() < 200 || !element.is_leaf() {
        return false;
    }
    let (mut margin, mut indented, mut apart) = (0, 0, 0);
    for line in element.source.lines().skip(1) {
        let content = line.trim_start();
        match line.len() - content.len() {
            _ if content.is_empty() => apart += 1,
            0 => margin += 1,
            3.. => indented += 1,
            _ => {}
        }
    }
    margin > 1 && indented + apart > 0
}

/// The picture or clip of a `media`, `figure` or `img`.
fn media(element: &Element<'_>, name: String) -> Option<Association> {
    let reference = ["media-reference", "img", "source", "video", "audio"]
        .iter()
        .find_map(|name| element.find(name))
        .unwrap_or(element);
    let uri = ["source", "src", "href"]
        .iter()
        .find_map(|key| reference.attribute(key));
    let mime = reference.attribute("mime-type");
    let kind = element.attribute("media-type").or(mime).map(kind_of_type);
    let caption = ["media-caption", "figcaption", "figcatpion"]
        .iter()
        .find_map(|name| element.find(name)?.words());
    let association = Association {
        name,
        uri: uri.map(str::to_owned),
        kind: kind.flatten().or(Some(ItemKind::Picture)),
        headline: None,
        caption: caption
            .or_else(|| Some(reference.attribute("alternate-text")?.to_owned()))
            .or_else(|| Some(reference.attribute("alt")?.to_owned())),
        credit: element.find("media-producer").and_then(Element::words),
    };
    (association.uri.is_some() || association.caption.is_some()).then_some(association)
}

/// The kind that a media type, a MIME type or an item class names.
pub fn kind_of_type(name: &str) -> Option<ItemKind> {
    let after_scheme = name.rsplit(':').next().unwrap_or(name);
    let word = after_scheme.split('/').next().unwrap_or(after_scheme);
    match word.to_ascii_lowercase().as_str() {
        "image" | "photo" | "photograph" | "still" => Some(ItemKind::Picture),
        "animated" | "animation" => Some(ItemKind::Video),
        "sound" => Some(ItemKind::Audio),
        "complexdata" | "package" => Some(ItemKind::Composite),
        other => ItemKind::from_name(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::xml;

    fn paragraphs(xml: &str) -> String {
        let document = xml::read(xml).expect(xml);
        of(&document.root).text.replace("\n\n", "|")
    }

    #[test]
    fn blocks_are_paragraphs_and_words_stay_together() {
        for (xml, text) in [
            (
                "<b><p>One <em>two</em>\n  three.</p><p/><p>Four</p></b>",
                "One two three.|Four",
            ),
            (
                "<b>Bare &amp; <i>slanted</i><br/>next</b>",
                "Bare & slanted|next",
            ),
            (
                "<b><table><tr><td>1.</td><td>Oslo</td></tr><tr><td>2.</td></tr></table></b>",
                "1. Oslo|2.",
            ),
            (
                "<b><hl2>Above</hl2><block><p>x</p></block><P>y</P></b>",
                "Above|x|y",
            ),
            (
                "<b><head><title>t</title></head><script>s</script><p>x</p></b>",
                "x",
            ),
            (
                "<b><header><h1>H</h1></header><section><p>x</p></section></b>",
                "x",
            ),
            (
                "<b><RUBRIK>H</RUBRIK><TEXT><P>x <ORT>y</ORT></P></TEXT></b>",
                "H|x y",
            ),
            (
                "<b><p>x</p><figure><table><tr><td>1.</td><td>Oslo</td></tr></table></figure></b>",
                "x|1. Oslo",
            ),
            ("<b><pre>\none\n  two\n</pre></b>", "one\n  two"),
            ("<b/>", ""),
        ] {
            assert_eq!(paragraphs(xml), text, "{xml}");
        }
    }

    #[test]
    fn copy_that_was_poured_in_keeps_its_lines_and_printed_xml_does_not() {
        let copy = "HAVEN, Nov 6 (Agency) - The port authority closed two of its\n\
                    seven berths on Monday after a freighter lost its anchor.\n    \
                    Divers are to search the sea bed until Thursday, it said, and\n\
                    ships will wait in the roads until then.";
        assert!(paragraphs(&format!("<b><p>{copy}</p></b>")).contains("anchor.\n    Divers"));
        let printed = copy.replace('\n', "\n          ");
        assert!(!paragraphs(&format!("<b><p>{printed}</p></b>")).contains('\n'));
    }

    #[test]
    fn media_become_associations() {
        let xml = "<b><p>x</p><media media-type='video'><media-reference source='a.mp4'/>\
                   <media-caption><p>A quay.</p></media-caption><media-producer>Ann</media-producer></media>\
                   <figure><img src='b.jpg' alt='c'/></figure><p>y</p></b>";
        let document = xml::read(xml).expect(xml);
        let prose = of(&document.root);
        assert_eq!(prose.text, "x\n\ny");
        let [clip, picture] = &prose.media[..] else {
            panic!("{:?}", prose.media)
        };
        assert_eq!(clip.kind, Some(ItemKind::Video));
        assert_eq!(clip.uri.as_deref(), Some("a.mp4"));
        assert_eq!(clip.caption.as_deref(), Some("A quay."));
        assert_eq!(clip.credit.as_deref(), Some("Ann"));
        assert_eq!(picture.caption.as_deref(), Some("c"));
    }
}
