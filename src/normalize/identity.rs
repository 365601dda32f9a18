//! An agency's identifier → a URI. By which name does the world know this story?

use xxhash_rust::xxh3::xxh3_64;

use crate::story::{Fingerprint, Origin};

/// The identifier of a story.
pub struct Identity {
    /// RFC 3986, absolute.
    pub uri: String,
    /// The agency's identifier as written, where `uri` is not the same text.
    pub guid: Option<String>,
    /// Whether the agency gave one.
    pub identified: bool,
}

/// The agency's own URI, else an urn from its identifier, else one from the bytes and their place in the
/// stream: the same payload at the same place has one name for ever, and no other payload has it.
pub fn of(
    guid: Option<String>,
    agency: &str,
    origin: &Origin,
    raw: &Fingerprint,
    item: u32,
) -> Identity {
    match guid
        .map(|guid| guid.trim().to_owned())
        .filter(|guid| !guid.is_empty())
    {
        Some(guid) if is_absolute(&guid) => {
            let uri = encoded(&guid);
            Identity {
                guid: (uri != guid).then_some(guid),
                uri,
                identified: true,
            }
        }
        Some(guid) => Identity {
            uri: format!("urn:copytaster:{agency}:{:016x}", xxh3_64(guid.as_bytes())),
            guid: Some(guid),
            identified: true,
        },
        None => {
            let mut place =
                format!("{}\0{}\0{item}\0", origin.stream, origin.sequence).into_bytes();
            place.extend_from_slice(&raw.sha256);
            Identity {
                uri: format!("urn:copytaster:{agency}:{:016x}", xxh3_64(&place)),
                guid: None,
                identified: false,
            }
        }
    }
}

/// A scheme of two letters or more, a colon, and something after it.
fn is_absolute(guid: &str) -> bool {
    let Some((scheme, rest)) = guid.split_once(':') else {
        return false;
    };
    let of_scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let rest_ok = match rest.strip_prefix("//") {
        Some(path) => names_a_host(path),
        None => !rest.trim().is_empty(),
    };
    scheme.len() >= 2
        && scheme.len() <= 32
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(of_scheme)
        && rest_ok
}

/// Whether what stands after `//` begins with a host: a name, or an address in brackets; and a port in digits.
fn names_a_host(path: &str) -> bool {
    let authority = path.split(['/', '?', '#']).next().unwrap_or("");
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let of_address = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    let parts = match host.strip_prefix('[') {
        Some(literal) => literal
            .split_once(']')
            .filter(|(address, _)| address.contains(':') && address.bytes().all(of_address))
            .map(|(address, after)| (address, after.strip_prefix(':').unwrap_or(after))),
        None => Some(host.split_once(':').unwrap_or((host, ""))),
    };
    parts.is_some_and(|(name, port)| {
        !name.is_empty()
            && ![user, name].iter().any(|part| part.contains(['[', ']']))
            && port.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Percent-encodes what RFC 3986 does not allow; escapes that are there stay.
fn encoded(uri: &str) -> String {
    const ALLOWED: &[u8] = b"-._~:/?@!$&'()*+,;=";
    let mut out = String::with_capacity(uri.len());
    let bytes = uri.as_bytes();
    let mut fragment = false;
    let host = uri.find("://").map_or(0, |at| at + 3);
    for (at, &byte) in bytes.iter().enumerate() {
        let hex = |n: usize| bytes.get(at + n).is_some_and(u8::is_ascii_hexdigit);
        let bracket = matches!(byte, b'[' | b']')
            && host > 0
            && at >= host
            && !uri[host..at].contains(['/', '?', '#']);
        let hash = byte == b'#' && !fragment;
        fragment |= hash;
        if byte.is_ascii_alphanumeric()
            || ALLOWED.contains(&byte)
            || bracket
            || hash
            || byte == b'%' && hex(1) && hex(2)
        {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_stays_and_anything_else_becomes_an_urn() {
        let origin = Origin {
            stream: "WIRE_RAW".into(),
            sequence: 7,
        };
        let raw = Fingerprint {
            sha256: [1; 32],
            bytes: 9,
        };
        let of = |guid: &str| of(Some(guid.to_owned()), "efe", &origin, &raw, 0);
        for (guid, uri) in [
            (
                "urn:newsml:efe.example:20231106:1",
                "urn:newsml:efe.example:20231106:1",
            ),
            (
                "http://efe.example/a b?c=«d»",
                "http://efe.example/a%20b?c=%C2%ABd%C2%BB",
            ),
            ("tag:efe.example,2023:x*.>", "tag:efe.example,2023:x*.%3E"),
            ("http://efe.example/%41%zz", "http://efe.example/%41%25zz"),
            (
                "http://[2001:db8::1]:80/a[1]",
                "http://[2001:db8::1]:80/a%5B1%5D",
            ),
        ] {
            let identity = of(guid);
            assert_eq!(identity.uri, uri);
            assert_eq!(identity.guid.is_some(), uri != guid, "{guid}");
        }
        for guid in [
            "20170825001315282180",
            "a:b",
            "id 12",
            ":x",
            "http://",
            "http://quay[2.example/a",
            "http://quay.example:x/",
        ] {
            let identity = of(guid);
            assert!(identity.uri.starts_with("urn:copytaster:efe:"), "{guid}");
            assert_eq!(identity.guid.as_deref(), Some(guid));
        }
    }

    #[test]
    fn without_an_identifier_the_bytes_and_their_place_are_one() {
        let uri = |stream: &str, sequence, byte, item| {
            let origin = Origin {
                stream: stream.into(),
                sequence,
            };
            let raw = Fingerprint {
                sha256: [byte; 32],
                bytes: 9,
            };
            of(None, "efe", &origin, &raw, item).uri
        };
        let one = uri("WIRE_RAW", 7, 1, 0);
        assert_eq!(one, uri("WIRE_RAW", 7, 1, 0));
        for other in [
            uri("WIRE_RAW", 7, 2, 0),
            uri("WIRE_RAW", 8, 1, 0),
            uri("WIRE_RAW", 7, 1, 1),
            uri("OTHER", 7, 1, 0),
        ] {
            assert_ne!(one, other);
        }
    }
}
