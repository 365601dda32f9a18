//! A coded name → the URI of its concept. Which vocabulary does the alias before the colon stand for?
//!
//! Source: NewsML-G2, "QCodes and catalogs": the URI is that of the scheme with the code behind it. A catalog that
//! an item only refers to is not fetched; the aliases of the IPTC's own catalog are known.

use super::super::xml::Element;

/// (alias, URI) of the schemes that an item declares itself.
pub type Declared = Vec<(String, String)>;

const IPTC: &[(&str, &str)] = &[
    ("genre", "http://cv.iptc.org/newscodes/genre/"),
    ("medtop", "http://cv.iptc.org/newscodes/mediatopic/"),
    ("scene", "http://cv.iptc.org/newscodes/scene/"),
    ("subj", "http://cv.iptc.org/newscodes/subjectcode/"),
];

/// More schemes than any catalog has.
const MOST: usize = 1000;

pub fn declared(item: &Element<'_>) -> Declared {
    let schemes = item
        .all("catalog")
        .flat_map(|catalog| catalog.all("scheme"));
    let named = schemes.filter_map(|scheme| Some((scheme.value("alias")?, scheme.value("uri")?)));
    named.take(MOST).collect()
}

/// `None` where the alias is unknown, or the code could not stand in a URI.
pub fn uri(code: &str, declared: &Declared) -> Option<String> {
    let (alias, code) = code.split_once(':')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+');
    if code.is_empty() || !code.bytes().all(plain) {
        return None;
    }
    let own = declared.iter().find(|(known, _)| known == alias);
    let scheme = own.map(|(_, uri)| uri.as_str()).or_else(|| {
        let known = IPTC.iter().find(|(known, _)| *known == alias)?;
        Some(known.1)
    })?;
    Some(format!("{scheme}{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_those_of_the_item_then_those_of_the_iptc() {
        let declared = vec![("port".to_owned(), "http://cv.example.com/port/".to_owned())];
        for (code, found) in [
            ("port:berth-2", Some("http://cv.example.com/port/berth-2")),
            (
                "medtop:20000634",
                Some("http://cv.iptc.org/newscodes/mediatopic/20000634"),
            ),
            ("quay:1", None),
            ("port:a b", None),
            ("port", None),
        ] {
            assert_eq!(uri(code, &declared).as_deref(), found, "{code}");
        }
    }
}
