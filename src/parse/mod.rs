//! RawMessage → Dispatches. What did the wire say?
//!
//! The format is told from the bytes alone, for each message anew; a file per format, a row per
//! format in `FORMATS` (told from the text) or `JSON_FORMATS` (told from an item's members).

mod charset;
mod code;
mod json;
mod jsonl;
mod newsml_1_2;
mod newsml_g2;
mod ninjs;
mod nitf;
mod prose;
mod sniff;
mod text;
mod vendor;
mod xml;
mod xml_vendor;

use crate::story::{Dispatch, FeedProfile, Format, RawMessage, Reason};

use json::Json;

/// Why a payload is no dispatch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub reason: Reason,
    /// One sentence for a person: what, where, what to do.
    pub message: String,
}

impl Error {
    fn new(reason: Reason, message: impl Into<String>) -> Error {
        Error {
            reason,
            message: message.into(),
        }
    }

    /// A format that is known by its looks and not read.
    fn unsupported(format: Format) -> Error {
        let name = format.name();
        Error::new(
            Reason::Unsupported,
            format!("recognised as {name}, which is not read yet: send plain text or ninjs"),
        )
    }
}

/// What became of one item of a payload.
pub type Item = Result<Dispatch, Error>;

/// A payload whose characters are known.
struct Payload<'t> {
    text: &'t str,
    charset: &'static str,
    repairs: Vec<String>,
}

impl Payload<'_> {
    /// A dispatch of which nothing is known but its place, its format and what reading it needed.
    fn dispatch(&self, item: usize, format: Format) -> Dispatch {
        let mut dispatch = Dispatch::new(item as u32, format, self.charset);
        dispatch.repairs.extend_from_slice(&self.repairs);
        dispatch
    }
}

/// Reads the items of a payload, at least one.
type Read = fn(&Payload) -> Result<Vec<Item>, Error>;

/// A format, how it is told, and how it is read; without a reader it is known and not read yet.
type Row<Recognises, Reads> = (Format, Recognises, Option<Reads>);

type OfText = fn(&str) -> bool;
type OfObject = fn(&Json) -> bool;

/// Formats told from the text, first match first.
const FORMATS: &[Row<OfText, Read>] = &[
    (Format::Anpa1312, sniff::anpa, None),
    (Format::Iptc7901, sniff::iptc_7901, None),
    (Format::Zczc, sniff::zczc, None),
    (Format::NewsmlG2, sniff::newsml_g2, Some(newsml_g2::read)),
    (Format::Newsml12, sniff::newsml_1_2, Some(newsml_1_2::read)),
    (Format::Nitf, sniff::nitf, Some(nitf::read)),
    (Format::Rss, sniff::rss, None),
    (Format::Atom, sniff::atom, None),
    (Format::VendorXml, sniff::xml, Some(xml_vendor::read)),
    (Format::Email, sniff::email, None),
    (Format::Ninjs, sniff::json, Some(jsonl::documents)),
    (Format::PlainText, |_| true, Some(text::read)),
];

/// Maps one JSON object to a dispatch that knows its place and format already.
type Map = fn(&Json, &mut Dispatch);

/// JSON formats told from the members of an object, first match first.
const JSON_FORMATS: &[Row<OfObject, Map>] = &[
    (Format::ApJson, sniff::ap_json, None),
    (Format::DpaJson, sniff::dpa_json, None),
    (Format::JsonFeed, sniff::json_feed, None),
    (Format::Ninjs, ninjs::recognises, Some(ninjs::map)),
    (Format::Jsonl, jsonl::recognises, Some(jsonl::map)),
    (Format::VendorJson, vendor::recognises, Some(vendor::map)),
];

/// All items of a payload in order, at least one. `Err` when the payload as a whole is none;
/// an item that is broken by itself is an `Err` at its place.
pub fn dispatches(message: &RawMessage, profile: &FeedProfile) -> Result<Vec<Item>, Error> {
    let bytes: &[u8] = &message.body;
    if bytes.iter().all(|b| b.is_ascii_whitespace()) {
        let length = bytes.len();
        let what =
            format!("nothing but white space in {length} bytes: look at what the feed sends");
        return Err(Error::new(Reason::Empty, what));
    }
    if let Some(kind) = sniff::binary(bytes) {
        let what = format!("{kind} and no text: route media elsewhere than to a text feed");
        return Err(Error::new(Reason::Binary, what));
    }
    let decoded = charset::decode(bytes, declared_charset(message), profile.charset.as_deref());
    let payload = Payload {
        text: &decoded.text,
        charset: decoded.charset,
        repairs: decoded.repairs,
    };
    let (format, _, read) = FORMATS
        .iter()
        .find(|(_, recognises, _)| recognises(payload.text))
        .expect("the last row takes any text");
    match read {
        Some(read) => read(&payload),
        None => Err(Error::unsupported(*format)),
    }
}

/// Keeps what is known already; what is blank is nothing.
fn set(known: &mut Option<String>, told: Option<String>) {
    if known.is_none() {
        *known = told.filter(|value| !value.trim().is_empty());
    }
}

/// The charset of the header `content-type`.
fn declared_charset(message: &RawMessage) -> Option<&str> {
    let (_, value) = message
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    value.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::{Origin, Subject};

    fn message(body: &[u8]) -> RawMessage {
        RawMessage {
            origin: Origin {
                stream: "WIRE_RAW".into(),
                sequence: 1,
            },
            received: "2023-11-06T12:00:00Z".parse().expect("a time"),
            subject: Subject("wire.raw.any.test".to_owned()),
            headers: Vec::new(),
            body: bytes::Bytes::copy_from_slice(body),
            input: None,
        }
    }

    fn read(body: &[u8]) -> Result<Vec<Item>, Error> {
        dispatches(&message(body), &FeedProfile::default())
    }

    #[test]
    fn bad_payloads_are_refused_with_a_reason() {
        let deep = "[".repeat(100_000);
        let deep_object = "{\"a\":".repeat(100_000);
        let cases: &[(&[u8], Reason)] = &[
            (b"", Reason::Empty),
            (b" \r\n\t ", Reason::Empty),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Reason::Binary),
            (b"PK\x03\x04rest", Reason::Binary),
            (b"\x01\x02\x03\x05\x06\x07\x0e\x0f\x10", Reason::Binary),
            (
                b"{\"uri\": \"urn:a:b\", \"headline\": \"He",
                Reason::Truncated,
            ),
            (b"[{\"uri\": \"urn:a:b\"}", Reason::Truncated),
            (deep.as_bytes(), Reason::Depth),
            (deep_object.as_bytes(), Reason::Depth),
            (b"{\"uri\": }", Reason::Syntax),
            (b"<?xml version='1.0'?><feed/>", Reason::Unsupported),
            (
                b"<results><result><id>7</id></result></results>",
                Reason::Unsupported,
            ),
            (b"<newsMessage><itemSet/></newsMessage>", Reason::Empty),
            (
                b"<NewsML Version='1.2'><NewsEnvelope/></NewsML>",
                Reason::Empty,
            ),
            (b"<knowledgeItem guid='a'/>", Reason::Unsupported),
            (
                b"<packageItem guid='a'><groupSet/></packageItem>",
                Reason::Unsupported,
            ),
            (
                b"<nitf><body><body.head><hedline><hl1>He",
                Reason::Truncated,
            ),
            (b"\x16\x16\x01a0001\nr i", Reason::Unsupported),
        ];
        for (body, reason) in cases {
            let error = read(body).map(|items| items.len()).expect_err("refused");
            assert_eq!(error.reason, *reason, "{}", error.message);
        }
    }

    #[test]
    fn a_cut_payload_names_its_headline_and_keeps_its_whole_items() {
        let item = "<NewsItem><NewsComponent><NewsLines><HeadLine>One</HeadLine></NewsLines></NewsComponent></NewsItem>";
        let cut = "<NewsItem><NewsComponent><NewsLines><HeadLine>Two</HeadLine></NewsLines><Conte";
        let items = read(format!("<NewsML>{item}{cut}").as_bytes()).expect("a whole item");
        assert_eq!(items.len(), 2);
        assert!(items[0].is_ok());
        let error = items[1].clone().expect_err("cut");
        assert_eq!(error.reason, Reason::Truncated);
        assert!(error.message.contains("“Two”"), "{}", error.message);
        let error = read(b"<nitf><body><body.head><hedline><hl1>Whole</hl1></hedline></body.head><body.content><p>Th")
            .map(|items| items.len())
            .expect_err("cut");
        assert!(error.message.contains("“Whole”"), "{}", error.message);
        let error = read(b"<nitf><body><body.head><hedline><hl1>Hal")
            .map(|items| items.len())
            .expect_err("cut");
        assert!(!error.message.contains("Hal"), "{}", error.message);
    }

    #[test]
    fn the_message_names_the_format_that_is_not_read() {
        for (body, name) in [
            ("<rss version=\"2.0\"><channel/></rss>", "rss"),
            ("\u{1}abc0003 3 i 380  dpa 0045\r\n", "iptc-7901"),
            ("ZCZC ABC123\nText", "zczc"),
            (
                "MIME-Version: 1.0\nFrom: a@b.example\nSubject: c\n\nText",
                "email",
            ),
            (
                r#"{"version": "https://jsonfeed.org/version/1", "items": []}"#,
                "jsonfeed",
            ),
        ] {
            let error = match read(body.as_bytes()) {
                Err(error) => error,
                Ok(items) => items[0].clone().expect_err(body),
            };
            assert_eq!(error.reason, Reason::Unsupported, "{body}");
            assert!(error.message.contains(name), "{}", error.message);
        }
    }
}
