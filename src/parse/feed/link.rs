//! A link and what it is relative to → a link. RFC 3986, section 5, as far as feeds need it.

use crate::parse::xml::Element;

/// What links inside `element` are relative to.
pub fn base(element: &Element, outer: Option<&str>) -> Option<String> {
    let own = element.attribute("base").or(element.attribute("BASE"));
    match own {
        Some(own) => Some(resolve(outer, own)),
        None => outer.map(str::to_owned),
    }
}

/// `reference` as an absolute link; as written where there is nothing to make it so.
pub fn resolve(base: Option<&str>, reference: &str) -> String {
    let reference = reference.trim();
    let Some((scheme, after)) = base.and_then(|base| base.split_once("://")) else {
        return reference.to_owned();
    };
    if has_scheme(reference) {
        return reference.to_owned();
    }
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let (authority, path) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let whole = path.split('#').next().unwrap_or("");
    let path = whole.split('?').next().unwrap_or("");
    let joined = match reference.as_bytes().first() {
        None => whole.to_owned(),
        Some(b'#') => format!("{whole}{reference}"),
        Some(b'?') => format!("{path}{reference}"),
        Some(b'/') => without_dots(reference),
        Some(_) => {
            let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
            without_dots(&format!("{folder}{reference}"))
        }
    };
    format!("{scheme}://{authority}{joined}")
}

fn has_scheme(reference: &str) -> bool {
    let scheme = reference.split([':', '/', '?', '#']).next().unwrap_or("");
    reference[scheme.len()..].starts_with(':')
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (path, rest) = path.split_at(end);
    if !path.contains("/.") {
        return format!("{path}{rest}");
    }
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    let folder = path.ends_with("/.") || path.ends_with("/..");
    let end = if folder { "/" } else { "" };
    format!("/{}{end}{rest}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_as_a_browser_does() {
        let base = Some("http://wire.example/news/today/index.html?x=1#top");
        for (reference, want) in [
            ("http://other.example/a", "http://other.example/a"),
            ("mailto:desk@wire.example", "mailto:desk@wire.example"),
            ("//other.example/a", "http://other.example/a"),
            ("/a/b", "http://wire.example/a/b"),
            ("a.html", "http://wire.example/news/today/a.html"),
            ("../a.html?y=../z", "http://wire.example/news/a.html?y=../z"),
            ("../../../a", "http://wire.example/a"),
            ("./", "http://wire.example/news/today/"),
            ("?y=2", "http://wire.example/news/today/index.html?y=2"),
            ("#b", "http://wire.example/news/today/index.html?x=1#b"),
            ("", "http://wire.example/news/today/index.html?x=1"),
        ] {
            assert_eq!(resolve(base, reference), want, "{reference}");
        }
        assert_eq!(
            resolve(Some("http://wire.example"), "a"),
            "http://wire.example/a"
        );
        assert_eq!(resolve(None, "a/b"), "a/b");
        assert_eq!(resolve(Some("nonsense"), "a/b"), "a/b");
    }
}
