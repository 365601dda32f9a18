//! Story + Verdict + Tags → the types of the contract.

use std::borrow::Cow;

use super::event::*;
use super::offsets::CodePoints;
use crate::story::{
    self, ActorTag, Concept, HeadlineRole, Labels, PlaceTag, Provenance, RegionRole, RegionTag,
    Story, Tags, Usage, Verdict, Zone,
};

/// The full event; at most `mentions` mentions a tag.
pub fn event<'a>(
    story: &'a Story,
    verdict: &'a Verdict,
    tags: &'a Tags,
    action: &'static str,
    lexicon: &'a str,
    mentions: usize,
) -> Event<'a> {
    let labels = &story.labels;
    let body = CodePoints::of(story.text(Zone::Body));
    Event {
        uri: &story.uri,
        kind: story.kind.name(),
        version: story.version.as_deref(),
        first_created: story.first_created,
        version_created: story.version_created,
        embargoed_until: story.embargoed_until,
        pub_status: if action == "kill" {
            "canceled"
        } else {
            story.status.name()
        },
        urgency: story.urgency,
        language: &story.language,
        headlines: headlines(story),
        descriptions: descriptions(story),
        bodies: bodies(story, body.total),
        title: labels.title.as_deref(),
        by: labels.by.as_deref(),
        slugline: labels.slugline.as_deref(),
        located: located(story),
        ed_note: labels.ed_note.as_deref(),
        usage_terms: labels.usage_terms.as_deref(),
        copyright_holder: labels.copyright_holder.as_deref(),
        copyright_notice: labels.copyright_notice.as_deref(),
        info_sources: labels
            .info_sources
            .iter()
            .map(source_of_information)
            .collect(),
        subjects: labels.subjects.iter().map(named).collect(),
        genres: labels.genres.iter().map(genre).collect(),
        people: labels.people.iter().map(named).collect(),
        organisations: labels.organisations.iter().map(named).collect(),
        places: labels.places.iter().map(named).collect(),
        associations: associations(labels, &story.uri),
        alt_ids: alt_ids(&story.alt_ids),
        wire: wire(
            story,
            verdict,
            tags,
            action,
            lexicon,
            &mut Marker::new(story, body, mentions),
        ),
    }
}

/// The compact event of a duplicate.
pub fn duplicate<'a>(story: &'a Story, verdict: &'a Verdict) -> Duplicate<'a> {
    Duplicate {
        uri: &story.uri,
        version: story.version.as_deref(),
        alt_ids: alt_ids(&story.alt_ids),
        wire: DuplicateWire {
            schema: SCHEMA,
            action: "duplicate",
            received: story.received,
            source: source(story),
            cluster: cluster(verdict),
            raw: raw(story),
        },
    }
}

fn wire<'a>(
    story: &'a Story,
    verdict: &'a Verdict,
    tags: &'a Tags,
    action: &'static str,
    lexicon: &'a str,
    marker: &mut Marker<'a>,
) -> Wire<'a> {
    Wire {
        schema: SCHEMA,
        action,
        received: story.received,
        source: source(story),
        dateline: dateline(story, tags),
        sign_off: story.sign_off.as_ref().map(|s| SignOff {
            agency: s.agency.as_deref(),
            initials: &s.initials,
        }),
        captions: captions(story),
        signals: story.signals.iter().map(|s| s.name()).collect(),
        version_text: story.version_text.as_deref(),
        take: story.take.as_ref().map(|t| Take {
            number: t.number,
            of: t.of,
            more: t.more,
        }),
        keywords: &story.labels.keywords,
        category: story.labels.category.as_deref(),
        priority: story.labels.priority.as_deref(),
        cluster: cluster(verdict),
        focus: tags.focus.as_ref().map(|f| &*f.country),
        regions: tags.regions.iter().map(|r| region(r, marker)).collect(),
        places: tags.places.iter().map(|p| place(p, marker)).collect(),
        actors: tags.actors.iter().map(|a| actor(a, marker)).collect(),
        repairs: &story.repairs,
        lexicon,
        raw: raw(story),
    }
}

fn headlines(story: &Story) -> Vec<Worded<'_>> {
    let role = match story.headline_role {
        HeadlineRole::Main => "main",
        HeadlineRole::Generated => "generated",
    };
    let main = story
        .headline
        .as_deref()
        .map(|value| Worded { role, value });
    let further = story.further_headlines.iter();
    main.into_iter()
        .chain(further.map(|(role, text)| Worded {
            role,
            value: text.as_str(),
        }))
        .collect()
}

fn descriptions(story: &Story) -> Vec<Worded<'_>> {
    let further = story.labels.descriptions.iter();
    let mut all = described(story.description.as_deref(), "summary");
    all.extend(further.map(|(role, value)| Worded { role, value }));
    all
}

fn described<'a>(value: Option<&'a str>, role: &'a str) -> Vec<Worded<'a>> {
    value
        .map(|value| Worded { role, value })
        .into_iter()
        .collect()
}

fn bodies(story: &Story, char_count: usize) -> Vec<Body<'_>> {
    let body = story.body.as_deref().map(|value| Body {
        role: "main",
        content_type: "text/plain",
        char_count,
        word_count: words(value),
        value,
    });
    body.into_iter().collect()
}

/// Words of a body: normalize left no other white space than single spaces and line feeds.
fn words(body: &str) -> usize {
    // counted in bytes, of which many are added in one step, before a byte can overflow
    let blocks = body.as_bytes().chunks(128);
    let in_block = |block: &[u8]| {
        let gaps = block
            .iter()
            .map(|b| u8::from(*b == b' ') | u8::from(*b == b'\n'));
        usize::from(gaps.sum::<u8>())
    };
    let gaps: usize = blocks.map(in_block).sum();
    let words = gaps + usize::from(!body.is_empty());
    debug_assert_eq!(words, body.split_whitespace().count());
    words
}

/// Where it was written: as the wire said, else the places of the dateline.
fn located(story: &Story) -> Option<Cow<'_, str>> {
    if let Some(located) = &story.labels.located {
        return Some(Cow::Borrowed(located));
    }
    match story.dateline.as_ref()?.places.as_slice() {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        several => Some(Cow::Owned(several.join("/"))),
    }
}

fn named(concept: &Concept) -> Named<'_> {
    let uri = concept.uri.as_deref().filter(|uri| is_uri(uri));
    // what is no URI is still a code of the wire
    let literal = concept.literal.as_deref();
    let literal = literal.or(concept.uri.as_deref().filter(|_| uri.is_none()));
    Named {
        name: concept.name.as_deref(),
        rel: concept.rel.as_deref(),
        role: None,
        uri,
        literal,
    }
}

fn source_of_information(concept: &Concept) -> Named<'_> {
    Named {
        rel: None,
        role: concept.rel.as_deref(),
        ..named(concept)
    }
}

/// Genres have no `rel` in ninjs.
fn genre(concept: &Concept) -> Named<'_> {
    Named {
        rel: None,
        ..named(concept)
    }
}

fn associations<'a>(labels: &'a Labels, uri: &str) -> Vec<Associated<'a>> {
    let own = |name: &str| {
        let slug = story::slug(name).unwrap_or_else(|| "item".to_owned());
        format!("{}#{slug}", uri.split('#').next().unwrap_or(uri))
    };
    let one = |a: &'a story::Association| Associated {
        name: &a.name,
        uri: match a.uri.as_deref().filter(|uri| is_uri(uri)) {
            Some(uri) => Cow::Borrowed(uri),
            None => Cow::Owned(own(&a.name)),
        },
        kind: a.kind.map(story::ItemKind::name),
        headlines: described(a.headline.as_deref(), "main"),
        descriptions: described(a.caption.as_deref(), "caption"),
        info_sources: a
            .credit
            .iter()
            .map(|credit| Named {
                name: Some(credit),
                rel: None,
                role: Some("credit"),
                uri: None,
                literal: None,
            })
            .collect(),
    };
    labels.associations.iter().map(one).collect()
}

pub fn alt_ids(ids: &[(String, String)]) -> Vec<AltId<'_>> {
    ids.iter()
        .map(|(role, value)| AltId { role, value })
        .collect()
}

fn source(story: &Story) -> Source<'_> {
    Source {
        agency: story.source.agency.as_deref(),
        feed: story.source.feed.as_deref(),
        format: story.source.format.name(),
        charset: story.source.charset,
    }
}

fn dateline<'a>(story: &'a Story, tags: &'a Tags) -> Option<Dateline<'a>> {
    story.dateline.as_ref().map(|d| Dateline {
        text: &d.text,
        places: &d.places,
        region: d.region.as_deref(),
        country: tags.dateline_country.as_deref(),
        date: d.date,
        agencies: &d.agencies,
        desk: d.desk.as_deref(),
    })
}

fn captions(story: &Story) -> Vec<Caption<'_>> {
    story
        .captions
        .iter()
        .map(|c| Caption {
            text: c.text.as_str(),
            credit: c.credit.as_deref(),
            date: c.date,
        })
        .collect()
}

fn cluster(verdict: &Verdict) -> Cluster<'_> {
    let of = verdict.relation.of();
    Cluster {
        id: verdict.cluster.to_string(),
        relation: verdict.relation.name(),
        of: of.map(|twin| twin.uri.as_str()),
        similarity: of
            .and_then(|twin| twin.similarity)
            .map(|s| f64::from(s) / 1000.0),
        versions: verdict.versions,
        agencies: &verdict.agencies,
        changes: verdict.changes.as_ref().map(|changes| Changes {
            figures: &changes.figures,
            names: &changes.names,
        }),
        reason: verdict.reason,
    }
}

fn raw(story: &Story) -> Raw<'_> {
    Raw {
        sha256: hex(&story.raw.sha256),
        bytes: story.raw.bytes,
        stream: &story.origin.stream,
        sequence: story.origin.sequence,
        item: story.item,
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

fn region<'a>(tag: &'a RegionTag, marker: &mut Marker<'a>) -> Region<'a> {
    Region {
        code: &tag.code,
        name: &tag.name,
        m49: tag.m49.as_deref(),
        subregion: tag.subregion.as_deref(),
        role: match tag.role {
            RegionRole::Event => "event",
            RegionRole::Dateline => "dateline",
            RegionRole::Mentioned => "mentioned",
        },
        score: hundredths(tag.score),
        mentions: marker.mark(&tag.mentions),
    }
}

fn place<'a>(tag: &'a PlaceTag, marker: &mut Marker<'a>) -> Place<'a> {
    // as they are in the table: four decimals are eleven metres
    let degrees = |d: f32| (f64::from(d) * 10_000.0).round() / 10_000.0;
    Place {
        name: &tag.name,
        kind: tag.kind,
        country: tag.country.as_deref(),
        admin1: tag.admin1.as_deref(),
        lat: tag.coordinates.map(|(lat, _)| degrees(lat)),
        lon: tag.coordinates.map(|(_, lon)| degrees(lon)),
        id: tag.id.as_deref(),
        mentions: marker.mark(&tag.mentions),
    }
}

fn actor<'a>(tag: &'a ActorTag, marker: &mut Marker<'a>) -> Actor<'a> {
    let code = match (&tag.iso3, &tag.sector) {
        (Some(iso3), Some(sector)) => Some(format!("{iso3}{sector}")),
        (one, other) => one.as_deref().or(other.as_deref()).map(str::to_owned),
    };
    Actor {
        id: &tag.id,
        name: &tag.name,
        kind: &tag.kind,
        country: tag.country.as_deref(),
        iso3: tag.iso3.as_deref(),
        sector: tag.sector.as_deref(),
        code,
        role: tag.role.as_deref(),
        aliases: tag.aliases.iter().map(|alias| &**alias).collect(),
        from: match tag.from {
            Provenance::Body => "body",
            Provenance::Caption => "caption",
            Provenance::Metadata => "metadata",
        },
        score: hundredths(tag.score),
        mentions: marker.mark(&tag.mentions),
    }
}

fn hundredths(score: f32) -> f64 {
    (f64::from(score.clamp(0.0, 1.0)) * 100.0).round() / 100.0
}

/// Turns mentions into slices with code point offsets.
struct Marker<'a> {
    story: &'a Story,
    most: usize,
    zones: Vec<(Zone, CodePoints<'a>)>,
}

impl<'a> Marker<'a> {
    fn new(story: &'a Story, body: CodePoints<'a>, most: usize) -> Marker<'a> {
        Marker {
            story,
            most,
            zones: vec![(Zone::Body, body)],
        }
    }

    fn mark(&mut self, mentions: &[story::Mention]) -> Mentions {
        mentions
            .iter()
            .take(self.most)
            .filter_map(|m| self.one(m))
            .collect()
    }

    fn one(&mut self, mention: &story::Mention) -> Option<Mention<'a>> {
        let range = mention.start as usize..mention.end as usize;
        let text = self.story.text(mention.zone).get(range)?;
        let start = self.points(mention.zone).before(mention.start);
        Some(Mention {
            within: match mention.zone {
                Zone::Headline => Cow::Borrowed("headline"),
                Zone::Body => Cow::Borrowed("body"),
                Zone::Dateline => Cow::Borrowed("dateline"),
                Zone::Caption(n) => Cow::Owned(format!("caption:{n}")),
            },
            start,
            end: start + text.chars().count() as u32,
            text,
            usage: mention.usage.map(|usage| match usage {
                Usage::Literal => "literal",
                Usage::Associative => "associative",
            }),
        })
    }

    fn points(&mut self, zone: Zone) -> &CodePoints<'a> {
        let at = match self.zones.iter().position(|(z, _)| *z == zone) {
            Some(at) => at,
            None => {
                self.zones
                    .push((zone, CodePoints::of(self.story.text(zone))));
                self.zones.len() - 1
            }
        };
        &self.zones[at].1
    }
}

/// Whether `text` is an absolute URI as RFC 3986 spells it.
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b))
        && rest.matches('#').count() <= 1
        && rest
            .split('%')
            .skip(1)
            .all(|hex| hex.len() >= 2 && hex.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}
