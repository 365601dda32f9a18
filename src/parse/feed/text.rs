//! Elements of a feed → texts, persons, categories. What is written there, and in which dress?

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::parse::xml::Element;
use crate::story::{Concept, Marked, Markup};

/// A text construct: escaped, in CDATA, as elements, or in base64 as Atom allows; `None` where it is blank.
pub fn of(element: &Element) -> Option<Marked> {
    let kind = element.attribute("type").unwrap_or("");
    if kind.starts_with("multipart/") {
        return element.children().find_map(of);
    }
    let is_text = kind.is_empty()
        || ["text", "html", "xml"]
            .iter()
            .any(|word| kind.contains(word));
    let is_base64 = match element.attribute("mode") {
        Some(mode) => mode == "base64",
        None => !is_text,
    };
    let mut marked = element.marked()?;
    if element.is_leaf() {
        if let Some(text) = Some(&marked.text)
            .filter(|_| is_base64)
            .and_then(|t| decoded(t))
        {
            marked.text = text;
        }
        if kind.contains("html") || has_tags(&marked.text) {
            marked.markup = Markup::Html;
        }
    }
    (!marked.text.trim().is_empty()).then_some(marked)
}

fn has_tags(text: &str) -> bool {
    text.contains("</") || text.contains("/>") || text.contains("<br>")
}

fn decoded(text: &str) -> Option<String> {
    let packed: String = text.split_whitespace().collect();
    String::from_utf8(BASE64_STANDARD.decode(packed).ok()?).ok()
}

/// The name of an author, or the address where there is no name.
pub fn person(element: &Element) -> Option<String> {
    if !element.is_leaf() {
        let named = element.words_at("name").or_else(|| element.words_at("n"));
        return named.or_else(|| element.words_at("email"));
    }
    element.words().map(|written| name(&written).to_owned())
}

/// `desk@agency.example (A. Name)`, `A. Name (desk@agency.example)`, `A. Name <desk@agency.example>`
fn name(written: &str) -> &str {
    let split = |open: char, close: char| {
        let (before, rest) = written.split_once(open)?;
        Some((before.trim(), rest.split(close).next()?.trim()))
    };
    let name = match split('(', ')').or_else(|| split('<', '>')) {
        Some((before, inside)) if inside.contains('@') => before,
        Some((before, inside)) if before.contains('@') => inside,
        _ => written,
    };
    match name.is_empty() {
        true => written,
        false => name,
    }
}

/// A category by its label or its code, with its scheme where there is one.
pub fn category(element: &Element) -> Option<Concept> {
    let term = element.attribute("term").map(str::to_owned);
    let term = term.or_else(|| element.attribute("text").map(str::to_owned));
    let label = element.attribute("label").map(str::to_owned);
    let written = label.or_else(|| element.words()).or_else(|| term.clone())?;
    let scheme = element.attribute("scheme").or(element.attribute("domain"));
    let code = term.as_deref().unwrap_or(&written);
    let joined = |scheme: &str| {
        (scheme.contains("://") && scheme.ends_with(['/', '#'])).then(|| format!("{scheme}{code}"))
    };
    Some(Concept {
        uri: scheme.and_then(joined),
        literal: term.filter(|term| *term != written),
        name: Some(written),
        rel: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::xml;

    #[test]
    fn a_text_is_read_in_every_dress() {
        for (source, text, markup) in [
            ("<t>Plain &amp; short</t>", "Plain & short", Markup::Plain),
            (
                "<t>&lt;b&gt;Bold&lt;/b&gt;</t>",
                "<b>Bold</b>",
                Markup::Html,
            ),
            ("<t><![CDATA[<p>A</p>]]></t>", "<p>A</p>", Markup::Html),
            ("<t type='text'>a &lt; b</t>", "a < b", Markup::Plain),
            (
                "<t type='html'>a &amp;amp; b</t>",
                "a &amp; b",
                Markup::Html,
            ),
            (
                "<t type='xhtml'><div>A <b>b</b></div></t>",
                "<div>A <b>b</b></div>",
                Markup::Html,
            ),
            (
                "<t><x:p>A <![CDATA[<]]> b</x:p></t>",
                "<p>A &lt; b</p>",
                Markup::Html,
            ),
            (
                "<t mode='base64'>\nUGFu\namltCg==\n</t>",
                "Panjim\n",
                Markup::Plain,
            ),
            (
                "<t type='application/octet-stream'>PHA+QTwvcD4=</t>",
                "<p>A</p>",
                Markup::Html,
            ),
            (
                "<t mode='base64'>no base64!</t>",
                "no base64!",
                Markup::Plain,
            ),
            (
                "<t type='multipart/alternative'><t type='text/plain'>One</t><t>Two</t></t>",
                "One",
                Markup::Plain,
            ),
        ] {
            let root = xml::read(source).expect(source).root;
            let want = Some(Marked {
                text: text.to_owned(),
                markup,
            });
            assert_eq!(of(&root), want, "{source}");
        }
    }

    #[test]
    fn an_author_is_a_name_before_it_is_an_address() {
        for (source, want) in [
            ("<a>desk@agency.example (Aung Min)</a>", "Aung Min"),
            ("<a>Aung Min (desk@agency.example)</a>", "Aung Min"),
            ("<a>Aung Min &lt;desk@agency.example&gt;</a>", "Aung Min"),
            ("<a>desk@agency.example</a>", "desk@agency.example"),
            ("<a>Aung Min (Yangon)</a>", "Aung Min (Yangon)"),
            (
                "<a><name>Aung Min</name><email>x@agency.example</email></a>",
                "Aung Min",
            ),
            ("<a><email>x@agency.example</email></a>", "x@agency.example"),
        ] {
            let root = xml::read(source).expect(source).root;
            assert_eq!(person(&root).as_deref(), Some(want), "{source}");
        }
    }
}
