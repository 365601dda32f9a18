//! What was found → what the story is to it: an update, a correction, a kill, a late version, a twin.

use std::cmp::Ordering;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::record::{Record, Revision, name};
use super::verify::Likeness;
use crate::story::{Held, HeldId, PubStatus, Relation, Signal, Story, Timestamp, Twin, slug};

/// What a story says about itself.
pub(super) struct Claim<'a> {
    /// Hash of the agency's identifier; 0 for none.
    pub identity: u64,
    pub revision: Revision<'a>,
    /// Display name, `any` where it is not known.
    pub agency: String,
    pub signal: Option<Said>,
}

/// Stands for the agency that is not known.
pub(super) const UNKNOWN: &str = "any";

/// The signals that bear on lineage, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Kill,
    Correction,
    Refile,
    Update,
}

/// The remembered stories that bear on a new one.
pub(super) struct Found<'a> {
    /// Of the same identity, the newest.
    pub known: Option<Record<'a>>,
    /// With the same words, the newest.
    pub same: Option<Record<'a>>,
    /// Most alike of those that the verifier takes for the same copy.
    pub alike: Option<(Record<'a>, Likeness)>,
}

/// What was decided.
pub(super) struct Decision<'a, 'r> {
    pub relation: Relation,
    /// The record whose cluster the story joins; `None` begins one.
    pub base: Option<&'r Record<'a>>,
    pub reason: Option<&'static str>,
}

impl<'a> Claim<'a> {
    pub fn of(story: &'a Story) -> Claim<'a> {
        let slug = story.source.agency_slug();
        // a line feed parts the names in a record
        let agency = match &story.source.agency {
            Some(name) => name.replace('\n', " "),
            None => UNKNOWN.to_owned(),
        };
        let guid = story.alt_ids.iter().find(|(role, _)| role == "guid");
        let (identity, version) = match guid {
            _ if !story.identified => (0, None),
            // a bare number means something within its agency alone
            Some((_, guid)) => (hash(&[&slug, guid]), None),
            None => {
                let (uri, version) = split_revision(&story.uri);
                (hash(&["", uri]), version)
            }
        };
        let version = story.version.as_deref().or(version).unwrap_or("");
        Claim {
            identity: name(identity),
            revision: Revision {
                version: cut(version.trim(), 32),
                created: story.version_created.map(|t| t.as_millisecond()),
            },
            agency: cut(&agency, 64).to_owned(),
            signal: said(story),
        }
    }
}

/// Whether a story is kept back: until a whole second, never before its hour.
pub(super) fn held(story: &Story) -> Option<Held> {
    let hour = story
        .embargoed_until
        .filter(|hour| *hour > story.received)?;
    let second = hour.as_second() + i64::from(hour.subsec_nanosecond() > 0);
    Some(Held {
        id: HeldId(held_name(story)),
        until: Timestamp::from_second(second).ok()?,
    })
}

/// A name for life of a story that is kept back: its bytes and their place, so that no other run's story has it.
fn held_name(story: &Story) -> u128 {
    let mut origin = Vec::with_capacity(96);
    origin.extend_from_slice(story.origin.stream.as_bytes());
    origin.push(0);
    origin.extend_from_slice(&story.origin.sequence.to_le_bytes());
    origin.extend_from_slice(&story.item.to_le_bytes());
    origin.extend_from_slice(&story.raw.sha256);
    xxh3_128(&origin)
}

fn said(story: &Story) -> Option<Said> {
    if story.has(Signal::Kill) || story.status == PubStatus::Canceled {
        Some(Said::Kill)
    } else if story.has(Signal::Correction) {
        Some(Said::Correction)
    } else if story.has(Signal::Refile) {
        Some(Said::Refile)
    } else if story.has(Signal::Update) {
        Some(Said::Update)
    } else {
        None
    }
}

fn hash(parts: &[&str]) -> u64 {
    let joined = parts.join("\0");
    xxh3_64(joined.as_bytes()).max(1)
}

/// Whether two display names are of one agency: feeds write them in more than one way.
pub(super) fn same_agency(a: &str, b: &str) -> bool {
    a == b || slug(a).is_some_and(|a| Some(a) == slug(b))
}

/// A NewsML URN ends in its revision (RFC 3085): `urn:newsml:example.com:20231106:kc-17:3U`.
fn split_revision(uri: &str) -> (&str, Option<&str>) {
    let newsml = uri
        .get(..11)
        .is_some_and(|s| s.eq_ignore_ascii_case("urn:newsml:"));
    match uri.rsplit_once(':') {
        Some((head, revision)) if newsml && head.matches(':').count() == 4 => {
            let number = revision.trim_end_matches(['N', 'U', 'A']);
            let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            if is_number {
                (head, Some(number))
            } else {
                (uri, None)
            }
        }
        _ => (uri, None),
    }
}

/// At most `most` bytes of a text.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

impl Revision<'_> {
    /// How this revision stands to `other`; `None` when they do not tell.
    pub fn age(&self, other: &Revision) -> Option<Ordering> {
        let known = !self.version.is_empty() && !other.version.is_empty();
        let by_version = known.then(|| natural(self.version, other.version));
        match (by_version, self.created.zip(other.created)) {
            (Some(Ordering::Equal), Some((own, others))) => Some(own.cmp(&others)),
            (Some(order), _) => Some(order),
            (None, Some((own, others))) => Some(own.cmp(&others)),
            (None, None) => None,
        }
    }
}

/// Text order in which runs of digits count as numbers: `9` before `10`, `1.9` before `1.10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let digits = |s: &[u8]| s.iter().take_while(|c| c.is_ascii_digit()).count();
        let (n, m) = (digits(a), digits(b));
        let order = if n > 0 && m > 0 {
            let (x, y) = (trim_zeros(&a[..n]), trim_zeros(&b[..m]));
            (a, b) = (&a[n..], &b[m..]);
            x.len().cmp(&y.len()).then(x.cmp(y))
        } else {
            match (a.split_first(), b.split_first()) {
                (Some((x, rest)), Some((y, others))) => {
                    (a, b) = (rest, others);
                    x.cmp(y)
                }
                (x, y) => return x.is_some().cmp(&y.is_some()),
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    &digits[zeros..]
}

impl Decision<'_, '_> {
    /// Whether the story itself goes out, now or at its hour.
    pub fn is_told(&self) -> bool {
        !matches!(self.relation, Relation::Kill { .. }) && !self.relation.is_duplicate()
    }

    /// The story that is still held at `now` and must not come out any more.
    pub fn takes_back(&self, now: i64) -> Option<HeldId> {
        let held = self.base.and_then(|base| base.held(now))?;
        (!self.relation.is_duplicate()).then_some(held.id)
    }

    /// Stories of the cluster that came out before this one, or will.
    pub fn published_before(&self, now: i64) -> u32 {
        let versions = self.base.map_or(0, |base| base.versions);
        versions.saturating_sub(u32::from(self.takes_back(now).is_some()))
    }

    /// To the world, the next version of a story that never came out is a new story.
    pub fn forget_the_unpublished(&mut self) {
        if self.is_told() && self.base.is_some_and(|base| base.versions <= 1) {
            self.relation = Relation::First;
        }
    }
}

/// Decides. Identity is asked first, then the same words, then like words.
pub(super) fn decide<'a, 'r>(claim: &Claim, found: &'r Found<'a>) -> Decision<'a, 'r> {
    if claim.signal == Some(Said::Kill) {
        return kill(found);
    }
    if let Some(known) = &found.known {
        return version(claim, known, found);
    }
    if let Some(same) = &found.same {
        return twin(
            same,
            Relation::Exact {
                of: told(same, 1000),
            },
        );
    }
    match &found.alike {
        Some((alike, likeness)) => like(claim, alike, likeness),
        None => Decision {
            relation: Relation::First,
            base: None,
            reason: None,
        },
    }
}

fn kill<'a, 'r>(found: &'r Found<'a>) -> Decision<'a, 'r> {
    let alike = found.alike.as_ref().map(|(record, _)| record);
    let base = found.known.as_ref().or(found.same.as_ref()).or(alike);
    Decision {
        relation: Relation::Kill {
            of: base.map(named),
        },
        base,
        reason: None,
    }
}

/// A story whose identity is remembered.
fn version<'a, 'r>(claim: &Claim, known: &'r Record<'a>, found: &'r Found<'a>) -> Decision<'a, 'r> {
    let repeats = found
        .same
        .as_ref()
        .is_some_and(|same| same.identity == claim.identity);
    let of = named(known);
    if known.killed {
        return twin(known, Relation::Near { of });
    }
    let relation = match claim.revision.age(&known.revision) {
        Some(Ordering::Less) => {
            return Decision {
                relation: Relation::Near { of },
                base: Some(known),
                reason: Some("late-version"),
            };
        }
        Some(Ordering::Equal) | None if repeats => Relation::Exact {
            of: told(known, 1000),
        },
        age => match claim.signal {
            Some(Said::Correction) => Relation::Correction { of },
            Some(Said::Refile) => Relation::Refile { of },
            // the same version with other words
            _ if age == Some(Ordering::Equal) => Relation::Refile { of },
            _ => Relation::Update { of },
        },
    };
    twin(known, relation)
}

/// A story that is known by its words alone.
fn like<'a, 'r>(claim: &Claim, alike: &'r Record<'a>, likeness: &Likeness) -> Decision<'a, 'r> {
    let of = told(alike, likeness.similarity());
    let agency = alike.agencies.split('\n').nth(usize::from(alike.agency));
    let is_own = agency.is_some_and(|agency| same_agency(agency, &claim.agency));
    let relation = match claim.signal {
        Some(Said::Correction) => Relation::Correction { of },
        Some(Said::Refile) => Relation::Refile { of },
        Some(Said::Update) => Relation::Update { of },
        _ if alike.killed => Relation::Near { of },
        // an agency does not reprint itself: what it sends again, it has changed for a reason
        _ if is_own && likeness.carries_on() => Relation::Update { of },
        _ if is_own && likeness.changes_figures() => Relation::Correction { of },
        _ => Relation::Near { of },
    };
    if alike.killed && !relation.is_duplicate() {
        // the substitute for a killed story lives on under a name of its own
        return Decision {
            relation,
            base: None,
            reason: None,
        };
    }
    twin(alike, relation)
}

fn twin<'a, 'r>(base: &'r Record<'a>, relation: Relation) -> Decision<'a, 'r> {
    Decision {
        reason: (base.killed && relation.is_duplicate()).then_some("killed"),
        base: Some(base),
        relation,
    }
}

/// A twin told by identity.
fn named(record: &Record) -> Twin {
    Twin {
        uri: record.uri.joined(),
        similarity: None,
    }
}

/// A twin told by its words.
fn told(record: &Record, similarity: u16) -> Twin {
    Twin {
        uri: record.uri.joined(),
        similarity: Some(similarity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_an_editor_counts() {
        for (old, new) in [
            ("9", "10"),
            ("1.9", "1.10"),
            ("2023-11-06T09:00:00Z", "2023-11-06T10:00:00Z"),
            ("v2", "v11"),
            ("1", "1a"),
        ] {
            assert_eq!(natural(old, new), Ordering::Less, "{old} {new}");
            assert_eq!(natural(new, old), Ordering::Greater, "{old} {new}");
        }
        assert_eq!(natural("007", "7"), Ordering::Equal);
    }

    #[test]
    fn a_newsml_urn_tells_its_revision() {
        let cases = [
            (
                "urn:newsml:example.com:20231106:kc-17:3U",
                "urn:newsml:example.com:20231106:kc-17",
                Some("3"),
            ),
            (
                "urn:newsml:example.com:20231106:kc-17",
                "urn:newsml:example.com:20231106:kc-17",
                None,
            ),
            (
                "tag:example.com,2023:a:b:c:d:3",
                "tag:example.com,2023:a:b:c:d:3",
                None,
            ),
        ];
        for (uri, identity, revision) in cases {
            assert_eq!(split_revision(uri), (identity, revision));
        }
    }
}
