//! The public contract as types: ninjs 3.1 plus one object `wire`. The JSON Schema is made from these.

use std::borrow::Cow;
use std::collections::BTreeMap;

#[cfg(feature = "daemon")]
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::json;
use crate::story::Timestamp;

/// The value of `wire.schema`.
pub const SCHEMA: &str = "copytaster/1";

/// A story or a kill.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    /// The agency's identifier when it is a URI, else a deterministic urn.
    #[cfg_attr(feature = "daemon", schemars(extend("format" = "uri")))]
    pub uri: &'a str,
    #[serde(rename = "type")]
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"])))]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "daemon", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub first_created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "daemon", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub version_created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "daemon", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub embargoed_until: Option<Timestamp>,
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["usable", "withheld", "canceled"])))]
    pub pub_status: &'static str,
    /// IPTC urgency, 1 most urgent … 9.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "daemon", schemars(range(min = 1, max = 9)))]
    pub urgency: Option<u8>,
    /// BCP 47; `und` when it cannot be told.
    pub language: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headlines: Vec<Worded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub descriptions: Vec<Worded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<Body<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slugline: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub located: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ed_note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_terms: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright_holder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright_notice: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub info_sources: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub genres: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Named<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<Associated<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alt_ids: Vec<AltId<'a>>,
    pub wire: Wire<'a>,
}

/// A duplicate: what is needed to name the story it repeats.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Duplicate<'a> {
    #[cfg_attr(feature = "daemon", schemars(extend("format" = "uri")))]
    pub uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alt_ids: Vec<AltId<'a>>,
    pub wire: DuplicateWire<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct DuplicateWire<'a> {
    #[cfg_attr(feature = "daemon", schemars(extend("const" = SCHEMA)))]
    pub schema: &'static str,
    #[cfg_attr(feature = "daemon", schemars(extend("const" = "duplicate")))]
    pub action: &'static str,
    #[cfg_attr(feature = "daemon", schemars(with = "String", extend("format" = "date-time")))]
    pub received: Timestamp,
    pub source: Source<'a>,
    pub cluster: Cluster<'a>,
    pub raw: Raw<'a>,
}

/// A message that became no story, with its original bytes.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alt_ids: Vec<AltId<'a>>,
    pub wire: DeadWire<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct DeadWire<'a> {
    #[cfg_attr(feature = "daemon", schemars(extend("const" = SCHEMA)))]
    pub schema: &'static str,
    pub dead: Dead<'a>,
    #[cfg_attr(feature = "daemon", schemars(with = "String", extend("format" = "date-time")))]
    pub received: Timestamp,
    pub source: DeadSource<'a>,
    pub raw: DeadRaw<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Dead<'a> {
    /// The slug that is also in the subject.
    pub reason: &'static str,
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["receive", "parse", "normalize", "dedup", "tag", "publish"])))]
    pub stage: &'static str,
    /// One sentence for a person.
    pub message: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct DeadSource<'a> {
    pub agency: Option<&'a str>,
    pub feed: Option<&'a str>,
}

/// The original message of a dead letter.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct DeadRaw<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<&'a str>,
    pub bytes: u64,
    pub stream: &'a str,
    /// Of a gap: the first sequence that was lost.
    pub sequence: u64,
    /// Of a gap: the last sequence that was lost.
    #[serde(rename = "lastSequence", skip_serializing_if = "Option::is_none")]
    pub last_sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<&'a str, Vec<&'a str>>,
    /// The original bytes in base64; the first part of them where all would be more than a record may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<&'a str>,
    /// Set when `body` is not the whole: the rest is in the raw stream, under its sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<bool>,
}

/// A text with its role.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Worded<'a> {
    pub role: &'a str,
    pub value: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Body<'a> {
    #[cfg_attr(feature = "daemon", schemars(extend("const" = "main")))]
    pub role: &'static str,
    #[cfg_attr(feature = "daemon", schemars(extend("const" = "text/plain")))]
    pub content_type: &'static str,
    /// Unicode code points.
    pub char_count: usize,
    pub word_count: usize,
    pub value: &'a str,
}

/// A concept of a vocabulary as the wire named it.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Named<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub literal: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Associated<'a> {
    pub name: &'a str,
    pub uri: Cow<'a, str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headlines: Vec<Worded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub descriptions: Vec<Worded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub info_sources: Vec<Named<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct AltId<'a> {
    pub role: &'a str,
    pub value: &'a str,
}

/// All that Copytaster adds.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Wire<'a> {
    #[cfg_attr(feature = "daemon", schemars(extend("const" = SCHEMA)))]
    pub schema: &'static str,
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["new", "update", "correction", "refile", "advisory", "kill"])))]
    pub action: &'static str,
    /// The raw stream's timestamp.
    #[cfg_attr(feature = "daemon", schemars(with = "String", extend("format" = "date-time")))]
    pub received: Timestamp,
    pub source: Source<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dateline: Option<Dateline<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_off: Option<SignOff<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<Caption<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "daemon", schemars(extend("items" = {"type": "string", "enum": ["flash", "alert", "bulletin", "urgent", "update", "correction", "refile", "kill", "advisory", "embargo"]})))]
    pub signals: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take: Option<Take>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub keywords: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<&'a str>,
    pub cluster: Cluster<'a>,
    /// ISO 3166-1 alpha-2 of the one country the story is about, or null.
    pub focus: Option<&'a str>,
    pub regions: Vec<Region<'a>>,
    pub places: Vec<Place<'a>>,
    pub actors: Vec<Actor<'a>>,
    /// What had to be mended, as `kind:detail`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub repairs: &'a [String],
    /// Version of the lexicon that the tags come from.
    pub lexicon: &'a str,
    pub raw: Raw<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Source<'a> {
    pub agency: Option<&'a str>,
    pub feed: Option<&'a str>,
    pub format: &'static str,
    pub charset: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Dateline<'a> {
    pub text: &'a str,
    pub places: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    pub country: Option<&'a str>,
    #[cfg_attr(feature = "daemon", schemars(with = "Option<String>", extend("format" = "date")))]
    pub date: Option<crate::story::Date>,
    pub agencies: &'a [String],
    pub desk: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct SignOff<'a> {
    pub agency: Option<&'a str>,
    pub initials: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Caption<'a> {
    pub text: &'a str,
    pub credit: Option<&'a str>,
    #[cfg_attr(feature = "daemon", schemars(with = "Option<String>", extend("format" = "date")))]
    pub date: Option<crate::story::Date>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Take {
    pub number: Option<u32>,
    pub of: Option<u32>,
    pub more: bool,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Cluster<'a> {
    /// For life, named after its first story.
    pub id: String,
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["first", "exact", "near", "update", "correction", "refile", "kill", "rewrite"])))]
    pub relation: &'static str,
    /// The uri of the story that this one repeats, replaces or kills.
    pub of: Option<&'a str>,
    /// 0..=1, the part of the words that is shared; null where identity told.
    #[cfg_attr(feature = "daemon", schemars(range(min = 0.0, max = 1.0)))]
    pub similarity: Option<f64>,
    /// Stories published in the cluster so far.
    pub versions: u32,
    /// Display names of the agencies that sent it, in order of arrival, as in `source`.
    pub agencies: &'a [String],
    /// What a correction says and the story it corrects did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Changes<'a> {
    /// As written, of those that come first in the body.
    pub figures: &'a [String],
    /// Capitalised words, as written, of those that come first in the body.
    pub names: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Raw<'a> {
    /// Of the whole payload, hexadecimal.
    pub sha256: String,
    pub bytes: u64,
    pub stream: &'a str,
    pub sequence: u64,
    /// Position in the payload, from 0.
    pub item: u32,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Region<'a> {
    /// ISO 3166-1 alpha-2, or an own id for cross-border areas and seas.
    pub code: &'a str,
    pub name: &'a str,
    pub m49: Option<&'a str>,
    pub subregion: Option<&'a str>,
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["event", "dateline", "mentioned"])))]
    pub role: &'static str,
    #[cfg_attr(feature = "daemon", schemars(range(min = 0.0, max = 1.0)))]
    pub score: f64,
    #[cfg_attr(feature = "daemon", schemars(with = "Vec<Mention<'a>>"))]
    pub mentions: Mentions,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Place<'a> {
    pub name: &'a str,
    pub kind: &'static str,
    /// ISO 3166-1 alpha-2.
    pub country: Option<&'a str>,
    pub admin1: Option<&'a str>,
    /// Degrees north, WGS 84.
    pub lat: Option<f64>,
    /// Degrees east, WGS 84.
    pub lon: Option<f64>,
    pub id: Option<&'a str>,
    #[cfg_attr(feature = "daemon", schemars(with = "Vec<Mention<'a>>"))]
    pub mentions: Mentions,
}

#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Actor<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub kind: &'a str,
    /// ISO 3166-1 alpha-2.
    pub country: Option<&'a str>,
    /// ISO 3166-1 alpha-3.
    pub iso3: Option<&'a str>,
    /// PLOVER sector.
    pub sector: Option<&'a str>,
    /// `iso3` and sector together.
    pub code: Option<String>,
    pub role: Option<&'a str>,
    pub aliases: Vec<&'a str>,
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["body", "caption", "metadata"])))]
    pub from: &'static str,
    #[cfg_attr(feature = "daemon", schemars(range(min = 0.0, max = 1.0)))]
    pub score: f64,
    #[cfg_attr(feature = "daemon", schemars(with = "Vec<Mention<'a>>"))]
    pub mentions: Mentions,
}

/// Where a tag was earned. Offsets are Unicode code points, half open, into the text named by `in`.
#[derive(Serialize)]
#[cfg_attr(feature = "daemon", derive(JsonSchema))]
pub struct Mention<'a> {
    #[serde(rename = "in")]
    #[cfg_attr(
        feature = "daemon",
        schemars(regex(pattern = "^(headline|body|dateline|caption:[0-9]+)$"))
    )]
    pub within: Cow<'static, str>,
    pub start: u32,
    pub end: u32,
    pub text: &'a str,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "daemon", schemars(extend("enum" = ["literal", "associative"])))]
    pub usage: Option<&'static str>,
}

/// The mentions of a tag as JSON: there are dozens in a story, so each is written at once, where its offsets are found.
pub struct Mentions {
    json: Vec<u8>,
}

impl<'m> FromIterator<Mention<'m>> for Mentions {
    fn from_iter<I: IntoIterator<Item = Mention<'m>>>(mentions: I) -> Mentions {
        let mut json = b"[".to_vec();
        for mention in mentions {
            if json.len() > 1 {
                json.push(b',');
            }
            mention.write(&mut json);
        }
        json.push(b']');
        Mentions { json }
    }
}

impl Serialize for Mentions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.json)
    }
}

impl Mention<'_> {
    /// Appends what the derived `Serialize` writes.
    fn write(&self, json: &mut Vec<u8>) {
        json.reserve(80 + self.text.len());
        json.extend_from_slice(br#"{"in":""#);
        json.extend_from_slice(self.within.as_bytes());
        json.extend_from_slice(br#"","start":"#);
        json::integer(self.start.into(), json);
        json.extend_from_slice(br#","end":"#);
        json::integer(self.end.into(), json);
        json.extend_from_slice(br#","text":"#);
        json::escaped(self.text, json);
        if let Some(usage) = self.usage {
            json.extend_from_slice(br#","use":""#);
            json.extend_from_slice(usage.as_bytes());
            json.push(b'"');
        }
        json.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_written_as_serde_json_writes_them() {
        let mention = |within: &'static str, end, text, usage| Mention {
            within: within.into(),
            start: 0,
            end,
            text,
            usage,
        };
        let all = || {
            [
                mention("headline", 7, "“Peru” \"x\"\n", Some("literal")),
                mention("caption:12", u32::MAX, "\\", None),
                mention("body", 10, "", Some("associative")),
            ]
        };
        for count in 0..=3 {
            let mentions: Mentions = all().into_iter().take(count).collect();
            let want = serde_json::to_vec(&all()[..count]).expect("JSON");
            assert_eq!(json::write(&mentions, 0), want);
        }
    }
}
