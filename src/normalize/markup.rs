//! Text with tags or entities → plain text, blocks parted by line ends. Scripts, styles and frames carry no words.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::story::{Marked, Markup};

/// What a marked text says.
pub struct Read<'t> {
    pub text: Cow<'t, str>,
    /// Captions of figures.
    pub captions: Vec<String>,
    /// Whether line ends were told by tags: then they were not made by wrapping.
    pub blocks: bool,
}

/// The words of `marked`. Text that is escaped twice is read twice, never more often.
pub fn read(marked: &Marked) -> Read<'_> {
    let mut read = Read {
        text: Cow::Borrowed(marked.text.as_str()),
        captions: Vec::new(),
        blocks: false,
    };
    let mut html = marked.markup == Markup::Html;
    for _ in 0..2 {
        let tags = has_tags(&read.text);
        if !(html && memchr::memchr2(b'<', b'&', read.text.as_bytes()).is_some()
            || tags
            || has_entities(&read.text))
        {
            break;
        }
        let source: Cow<str> = if html || tags {
            Cow::Borrowed(&read.text)
        } else {
            // entities alone: a "<" in the text is no tag
            Cow::Owned(read.text.replace('<', "&lt;"))
        };
        let blocks = has_blocks(&source);
        let (text, captions) = strip(&source, blocks);
        read.blocks |= blocks;
        read.text = Cow::Owned(text);
        read.captions.extend(captions);
        html = false;
    }
    read
}

/// Elements that begin and end a line.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "br"
            | "li"
            | "ul"
            | "ol"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hl1"
            | "hl2"
            | "table"
            | "tr"
            | "blockquote"
            | "pre"
            | "hr"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "aside"
            | "figure"
            | "figcaption"
            | "figcatpion"
            | "dl"
            | "dt"
            | "dd"
            | "block"
            | "main"
            | "nav"
            | "address"
            | "body"
            | "html"
            | "caption"
            | "media"
    )
}

/// Elements whose content is no text of the story.
fn is_silent(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "iframe"
            | "noscript"
            | "svg"
            | "template"
            | "head"
            | "title"
            | "math"
            | "video"
            | "audio"
            | "select"
            | "button"
            | "textarea"
            | "noframes"
            | "noembed"
            | "xmp"
    )
}

fn is_caption(name: &str) -> bool {
    matches!(name, "figcaption" | "figcatpion")
}

/// Whether text that was sent as plain holds a tag. Tickers (`<AXP>`) and addresses (`<a@b.example>`) are none.
fn has_tags(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let rest = &bytes[at + 1..];
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        if rest.starts_with(b"!--") {
            return true;
        }
        let length = rest
            .iter()
            .take(12)
            .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            .count();
        let Ok(name) = std::str::from_utf8(&rest[..length]) else {
            return false;
        };
        let inline = matches!(
            name,
            "a" | "b"
                | "i"
                | "em"
                | "strong"
                | "span"
                | "img"
                | "u"
                | "sub"
                | "sup"
                | "q"
                | "td"
                | "th"
        );
        (inline || is_block(name) || is_silent(name))
            && matches!(rest.get(length), Some(b'>' | b' ' | b'/' | b'\n'))
    })
}

/// Whether an entity stands in text that was sent as plain: `&amp;`, `&nbsp;`, `&#8217;`.
fn has_entities(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'&', bytes).any(|at| {
        let name = bytes[at + 1..].iter().take(10);
        let length = name
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'#')
            .count();
        length >= 2 && bytes.get(at + 1 + length) == Some(&b';')
    })
}

/// Whether tags tell where lines end.
fn has_blocks(html: &str) -> bool {
    memchr::memchr_iter(b'<', html.as_bytes()).any(|at| {
        let rest = &html.as_bytes()[at + 1..];
        let length = rest
            .iter()
            .take(12)
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let mut name = [0u8; 12];
        name[..length].copy_from_slice(&rest[..length]);
        name.make_ascii_lowercase();
        std::str::from_utf8(&name[..length]).is_ok_and(is_block)
    })
}

fn strip(html: &str, blocks: bool) -> (String, Vec<String>) {
    let sink = Sink {
        state: RefCell::new(State {
            text: String::with_capacity(html.len()),
            captions: Vec::new(),
            silent: None,
            depth: 0,
            in_caption: false,
            blocks,
        }),
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let state = tokenizer.sink.state.into_inner();
    (state.text, state.captions)
}

struct Sink {
    state: RefCell<State>,
}

struct State {
    text: String,
    captions: Vec<String>,
    /// The silent element that we are in, and how deep it nests in itself.
    silent: Option<String>,
    depth: u32,
    in_caption: bool,
    blocks: bool,
}

impl State {
    fn characters(&mut self, characters: &str) {
        if self.silent.is_some() {
            return;
        }
        let out = match self.captions.last_mut() {
            Some(caption) if self.in_caption => caption,
            _ => &mut self.text,
        };
        if !self.blocks {
            return out.push_str(characters);
        }
        // where tags tell the lines, a line end of the source is a space
        let mut from = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', characters.as_bytes()) {
            out.push_str(&characters[from..at]);
            out.push(' ');
            from = at + 1;
        }
        out.push_str(&characters[from..]);
    }

    fn tag(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if let Some(silent) = &self.silent {
            if name == silent {
                self.depth = if opens {
                    self.depth + 1
                } else {
                    self.depth - 1
                };
                if self.depth == 0 {
                    self.silent = None;
                }
            }
            return;
        }
        if opens && is_silent(name) && !tag.self_closing {
            self.silent = Some(name.to_owned());
            self.depth = 1;
        } else if is_caption(name) {
            if opens {
                self.captions.push(String::new());
            }
            self.in_caption = opens;
        } else if is_block(name) {
            if name == "figure" && !opens {
                self.in_caption = false;
            }
            if !self.in_caption {
                self.text.push('\n');
            }
        } else if matches!(name, "td" | "th") {
            self.text.push(' ');
        }
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(characters) => self.state.borrow_mut().characters(&characters),
            Token::TagToken(tag) => {
                self.state.borrow_mut().tag(&tag);
                if tag.kind == TagKind::StartTag {
                    return raw(&tag.name);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// The tokenizer state that an element asks for, as the HTML standard has it.
fn raw(name: &str) -> TokenSinkResult<()> {
    match name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "iframe" | "xmp" | "noembed" | "noframes" => {
            TokenSinkResult::RawData(RawKind::Rawtext)
        }
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        _ => TokenSinkResult::Continue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        words(text, Markup::Plain)
    }

    fn html(text: &str) -> String {
        words(text, Markup::Html)
    }

    fn words(text: &str, markup: Markup) -> String {
        let marked = Marked {
            text: text.to_owned(),
            markup,
        };
        let read = read(&marked);
        let lines: Vec<&str> = read
            .text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        lines.join("|")
    }

    #[test]
    fn blocks_become_lines_and_scripts_nothing() {
        assert_eq!(
            html("<p>One<p>Two<br>Three<ul><li>a<li>b"),
            "One|Two|Three|a|b"
        );
        assert_eq!(
            html(
                "<p onclick='x()'>A<script>if (a < b) {}</script><svg onload=x><p>z</p></svg><iframe src=e></iframe>B"
            ),
            "AB"
        );
        assert_eq!(html("<p>a\nb &eacute; &#8217;</p>"), "a b é ’");
    }

    #[test]
    fn plain_text_keeps_its_tickers_and_loses_its_escapes() {
        assert_eq!(
            plain("Great Harbour <GHB> and <F> at 5 < 6"),
            "Great Harbour <GHB> and <F> at 5 < 6"
        );
        assert_eq!(plain("R&amp;amp;D &lt;b&gt;wins&lt;/b&gt;"), "R&D wins");
        assert_eq!(plain("R&D; <GHB> &amp; more"), "R&D; <GHB> & more");
        assert_eq!(plain("a<br/>b"), "a|b");
        assert_eq!(plain("<desk@agency.example>"), "<desk@agency.example>");
    }

    #[test]
    fn captions_of_figures_are_kept_apart() {
        let marked = Marked {
            text: "<p>x</p><figure><img><figcaption>A boat. </figcaption></figure><p>y</p>"
                .to_owned(),
            markup: Markup::Html,
        };
        let read = read(&marked);
        assert_eq!(read.captions, ["A boat. "]);
        assert!(!read.text.contains("boat"));
    }
}
