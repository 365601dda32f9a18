//! RawMessage → Dispatches. What did the wire say?
//!
//! The format is told from the bytes alone, for each message anew; a file per format, a row per
//! format in `FORMATS` (told from the text) or `JSON_FORMATS` (told from an item's members).

mod anpa_1312;
mod ap_json;
mod atom;
mod charset;
mod code;
mod dpa_json;
mod email;
mod feed;
mod headed;
mod iptc_7901;
mod json;
mod json_feed;
mod jsonl;
mod members;
mod newsml_1_2;
mod newsml_g2;
mod ninjs;
mod nitf;
mod prose;
mod rss;
mod sniff;
mod telex;
mod text;
mod vendor;
mod xml;
mod xml_vendor;
mod zczc;

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
    /// As they came, for formats whose parts have charsets of their own.
    bytes: &'t [u8],
    charset: &'static str,
    repairs: Vec<String>,
}

impl Payload<'_> {
    /// Whether the bytes are of a charset in which ASCII is not ASCII.
    fn is_wide(&self) -> bool {
        self.charset.starts_with("utf-16") || self.charset.starts_with("utf-32")
    }

    /// A dispatch of which nothing is known but its place, its format and what reading it needed.
    fn dispatch(&self, item: usize, format: Format) -> Dispatch {
        let mut dispatch = Dispatch::new(item as u32, format, self.charset);
        dispatch.repairs.extend_from_slice(&self.repairs);
        dispatch
    }
}

#[cfg(test)]
impl<'t> Payload<'t> {
    /// A payload in UTF-8.
    fn of(text: &'t str) -> Payload<'t> {
        Payload {
            text,
            bytes: text.as_bytes(),
            charset: "utf-8",
            repairs: Vec::new(),
        }
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
    (Format::Anpa1312, sniff::anpa, Some(anpa_1312::read)),
    (Format::Iptc7901, sniff::iptc_7901, Some(iptc_7901::read)),
    (Format::Zczc, sniff::zczc, Some(zczc::read)),
    (Format::NewsmlG2, sniff::newsml_g2, Some(newsml_g2::read)),
    (Format::Newsml12, sniff::newsml_1_2, Some(newsml_1_2::read)),
    (Format::Nitf, sniff::nitf, Some(nitf::read)),
    (Format::Rss, sniff::rss, Some(rss::read)),
    (Format::Atom, sniff::atom, Some(atom::read)),
    (Format::VendorXml, sniff::xml, Some(xml_vendor::read)),
    (Format::Email, sniff::email, Some(email::read)),
    (Format::Ninjs, sniff::json, Some(jsonl::documents)),
    (Format::PlainText, headed::recognises, Some(headed::read)),
    (Format::PlainText, |_| true, Some(text::read)),
];

/// Maps one JSON object to a dispatch that knows its place and format already.
type Map = fn(&Json, &mut Dispatch);

/// What an object of a JSON format is.
enum Reads {
    /// An item.
    Item(Map),
    /// A list of items, and what it says of all of them; items are mapped with the whole beside them.
    List(
        for<'j, 't> fn(&'j Json<'t>) -> Vec<&'j Json<'t>>,
        fn(&Json, &Json, &mut Dispatch),
    ),
}

/// JSON formats told from the members of an object, first match first.
const JSON_FORMATS: &[(Format, OfObject, Reads)] = &[
    (
        Format::ApJson,
        ap_json::recognises,
        Reads::List(ap_json::items, ap_json::map),
    ),
    (
        Format::DpaJson,
        dpa_json::recognises,
        Reads::Item(dpa_json::map),
    ),
    (
        Format::JsonFeed,
        json_feed::recognises,
        Reads::List(json_feed::items, json_feed::map),
    ),
    (Format::Ninjs, ninjs::recognises, Reads::Item(ninjs::map)),
    (Format::Jsonl, jsonl::recognises, Reads::Item(jsonl::map)),
    (
        Format::VendorJson,
        vendor::recognises,
        Reads::Item(vendor::map),
    ),
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
        bytes,
        charset: decoded.charset,
        repairs: decoded.repairs,
    };
    let (format, _, read) = FORMATS
        .iter()
        .find(|(_, recognises, _)| recognises(payload.text))
        .expect("the last row takes any text");
    if *format == Format::PlainText && declares_json(message) {
        let what = "declared as JSON and is no object: send one JSON object a line";
        return Err(Error::new(Reason::Syntax, what));
    }
    let Some(read) = read else {
        return Err(Error::unsupported(*format));
    };
    let mut items = read(&payload)?;
    items.iter_mut().flatten().for_each(unmark);
    Ok(items)
}

/// Takes what only the printed page has, or the wire's own desk, out of short texts of any format.
fn unmark(dispatch: &mut Dispatch) {
    fn mend(text: &mut String, mended: fn(&str) -> &str) {
        let length = mended(text).len();
        if length < text.len() {
            *text = mended(text).to_owned();
        }
    }
    let further = dispatch.further_headlines.iter_mut();
    let headlines = dispatch.headline.iter_mut();
    for headline in headlines.chain(further.map(|(_, text)| text)) {
        mend(&mut headline.text, code::unmarked);
    }
    let labels = &mut dispatch.labels;
    let titles = labels.title.iter_mut().chain(labels.slugline.iter_mut());
    titles
        .chain(&mut labels.keywords)
        .for_each(|text| mend(text, code::unmarked));
    labels
        .by
        .iter_mut()
        .for_each(|text| mend(text, code::author));
}

/// The header `content-type`.
fn content_type(message: &RawMessage) -> Option<&str> {
    let mut headers = message.headers.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    Some(value)
}

/// Whether the sender says that this is JSON. That makes no text a story, and no other format JSON.
fn declares_json(message: &RawMessage) -> bool {
    const KINDS: &[&str] = &["json", "jsonl", "json-seq", "jsonlines"];
    let kind = content_type(message).and_then(|value| value.split(';').next());
    let kind = kind.unwrap_or("").trim_end().to_ascii_lowercase();
    KINDS.iter().any(|ending| kind.ends_with(ending))
}

/// Keeps what is known already; what is blank is nothing.
fn set(known: &mut Option<String>, told: Option<String>) {
    if known.is_none() {
        *known = told.filter(|value| !value.trim().is_empty());
    }
}

/// The charset of the header `content-type`.
fn declared_charset(message: &RawMessage) -> Option<&str> {
    content_type(message)?
        .split(';')
        .skip(1)
        .find_map(|parameter| {
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
        ];
        for (body, reason) in cases {
            let error = read(body).map(|items| items.len()).expect_err("refused");
            assert_eq!(error.reason, *reason, "{}", error.message);
        }
    }

    #[test]
    fn what_is_declared_as_json_and_is_none_is_no_text() {
        let mut message = message(b"null");
        let profile = FeedProfile::default();
        assert!(dispatches(&message, &profile).is_ok());
        let declared = ("Content-Type", "application/json; charset=utf-8");
        message.headers = vec![(declared.0.to_owned(), declared.1.to_owned())];
        let error = dispatches(&message, &profile).map(|items| items.len());
        assert_eq!(error.expect_err("refused").reason, Reason::Syntax);
    }

    #[test]
    fn telex_and_mail_are_told_from_their_first_bytes() {
        for (body, format) in [
            (
                "\u{1}abc0003 3 i 380  dpa 0045\r\n\u{2}Head =\r\nText",
                Format::Iptc7901,
            ),
            ("abc0003 3 i 380  dpa 0045\r\n\r\nText", Format::Iptc7901),
            (
                "\u{7F}\u{7F}\r\n\u{7F}\u{1}abc025 3 ec 1 etf 9\r\n\u{2}Text",
                Format::Iptc7901,
            ),
            (
                "\u{16}\u{16}\u{1}a0001\u{1F}x\nr i\n\u{2}Text",
                Format::Anpa1312,
            ),
            (
                "\u{1}a0105KYODO\u{1F}x\r\nu s\r\n\u{2}Text",
                Format::Anpa1312,
            ),
            ("ZCZC ABC123\nText", Format::Zczc),
            ("  zczc\nText", Format::Zczc),
            (
                "MIME-Version: 1.0\nFrom: a@b.example\nSubject: c\n\nText",
                Format::Email,
            ),
            ("\u{1}NORTH\u{1F}6\u{1F}N\r\n\r\nText", Format::PlainText),
            ("Zczcs are signals.", Format::PlainText),
            ("From: the coast\n\nText", Format::PlainText),
        ] {
            let items = read(body.as_bytes()).expect(body);
            let dispatch = items[0].as_ref().expect(body);
            assert_eq!(dispatch.format, format, "{body:?}");
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
}
