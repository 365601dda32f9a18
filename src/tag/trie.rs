//! Patterns → a token trie: which names begin at this token, and which of them is the longest?
//!
//! One hash map holds every step `(node, token hash) → node`; a bitmap of first tokens keeps most
//! words of a text away from it. Token hashes are xxh3-64 already, so the map hashes nothing again.
//! Two steps that collide in 64 bits would be one; with a million patterns the chance is 3e-8.

use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

use super::lexicon::Sense;
use crate::story::{Shape, Token, tokenize};

/// How a name must be written in the text to count. The spelling in the table says it: `chino` any,
/// `Turkey` capital, `US` upper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// However it is written.
    Any,
    /// With a capital first letter.
    Capital,
    /// With a capital first and last word: `La Reunión`, not `La reunión`.
    Capitals,
    /// In capitals throughout: an acronym that would else be a word (`US`, `IS`, `WHO`).
    Upper,
    /// After a comma or bracket and before a full stop, with a capital: `Tex.`, `Miss.`, `La.`.
    Abbreviated,
    /// In capitals after a bracket: the `(ITA)` of sports results.
    Bracketed,
}

/// Languages as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Languages(u16);

/// The languages that tables may name, in the order of their bits.
pub const LANGUAGES: [&str; 13] = [
    "en", "es", "pt", "fr", "de", "it", "ru", "ar", "zh", "tr", "ja", "fa", "hi",
];

impl Languages {
    pub const ALL: Languages = Languages(u16::MAX);
    const OTHER: Languages = Languages(1 << 15);

    /// The set of one language of the tables.
    pub fn one(code: &str) -> Option<Languages> {
        let bit = LANGUAGES.iter().position(|known| *known == code)?;
        Some(Languages(1 << bit))
    }

    /// What a story in `tag` (BCP 47) may be read as: everything where its language is not known.
    pub fn of_story(tag: &str) -> Languages {
        let primary = tag.split('-').next().unwrap_or(tag);
        if primary.is_empty() || primary == "und" {
            return Languages::ALL;
        }
        Languages::one(primary).unwrap_or(Languages::OTHER)
    }

    pub fn meets(self, other: Languages) -> bool {
        self.0 & other.0 != 0
    }

    pub fn with(self, other: Languages) -> Languages {
        Languages(self.0 | other.0)
    }
}

/// One meaning of a pattern, and when it may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub sense: Sense,
    pub case: Case,
    pub languages: Languages,
}

/// Index of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(u32);

/// Keys are hashes already.
#[derive(Default)]
pub struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type Steps = HashMap<u64, u32, BuildHasherDefault<Same>>;

const ROOT: u32 = 0;
const NOTHING: u32 = u32::MAX;
/// Marks the step over a full stop.
const DOTTED: u64 = 0x9e37_79b9_7f4a_7c15;

fn key(node: u32, hash: u64) -> u64 {
    hash ^ u64::from(node).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

/// A bitmap of the first tokens.
#[derive(Default)]
struct Filter {
    bits: Vec<u64>,
    mask: u64,
}

impl Filter {
    fn of(mut hashes: Vec<u64>) -> Filter {
        hashes.sort_unstable();
        hashes.dedup();
        let size = (hashes.len() * 16).next_power_of_two().max(1 << 12);
        let mut filter = Filter {
            bits: vec![0; size / 64],
            mask: size as u64 - 1,
        };
        for hash in hashes {
            let bit = hash & filter.mask;
            filter.bits[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        filter
    }

    fn may_hold(&self, hash: u64) -> bool {
        let bit = hash & self.mask;
        self.bits[(bit / 64) as usize] >> (bit % 64) & 1 != 0
    }
}

/// All patterns of all tables, ready for matching.
pub struct Trie {
    steps: Steps,
    /// By node: the pattern that ends there.
    ends: Vec<u32>,
    /// By pattern: where its entries begin; one more than there are patterns.
    bounds: Vec<u32>,
    entries: Vec<Entry>,
    /// First tokens of patterns that may be written in lower case, and of all others.
    any_case: Filter,
    capitals: Filter,
}

/// Collects patterns.
#[derive(Default)]
pub struct Builder {
    steps: Steps,
    nodes: u32,
    found: Vec<(u32, Entry)>,
    any_case: Vec<u64>,
    capitals: Vec<u64>,
    path: Vec<Token>,
}

impl Builder {
    /// Adds a name as it is spelled; the spelling says which case the text must have. False when there
    /// is no letter or digit in it.
    pub fn add(&mut self, name: &str, languages: Languages, sense: Sense) -> bool {
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        tokenize(name, |token| path.push(token));
        let Some(first) = path.first() else {
            return false;
        };
        let case = case_of(name, &path);
        let firsts = match case {
            Case::Any => &mut self.any_case,
            Case::Capital | Case::Capitals | Case::Upper | Case::Abbreviated | Case::Bracketed => {
                &mut self.capitals
            }
        };
        firsts.push(first.hash);
        let mut node = ROOT;
        for (at, token) in path.iter().enumerate() {
            let next = *self.steps.entry(key(node, token.hash)).or_insert_with(|| {
                self.nodes += 1;
                self.nodes
            });
            if at > 0 && token.is(Shape::DOT) {
                self.steps.insert(key(node, token.hash ^ DOTTED), next);
            }
            node = next;
        }
        let entry = Entry {
            sense,
            case,
            languages,
        };
        self.found.push((node, entry));
        self.path = path;
        true
    }

    pub fn build(mut self) -> Trie {
        self.found.sort_unstable();
        self.found.dedup();
        let mut trie = Trie {
            steps: self.steps,
            ends: vec![NOTHING; self.nodes as usize + 1],
            bounds: Vec::new(),
            entries: Vec::with_capacity(self.found.len()),
            any_case: Filter::of(self.any_case),
            capitals: Filter::of(self.capitals),
        };
        for (node, entry) in self.found {
            let end = &mut trie.ends[node as usize];
            let first = *end == NOTHING;
            if first {
                *end = trie.bounds.len() as u32;
                trie.bounds.push(trie.entries.len() as u32);
            }
            match trie.entries.last_mut() {
                // the same meaning in another language is one meaning
                Some(last) if !first && (last.sense, last.case) == (entry.sense, entry.case) => {
                    last.languages = last.languages.with(entry.languages);
                }
                _ => trie.entries.push(entry),
            }
        }
        trie.bounds.push(trie.entries.len() as u32);
        trie.steps.shrink_to_fit();
        trie
    }
}

/// The case that the spelling of a name asks for.
fn case_of(name: &str, path: &[Token]) -> Case {
    let Some(first) = path.first() else {
        return Case::Any;
    };
    let short = first.end() - first.start <= 6;
    if !first.is(Shape::CAPITAL) {
        Case::Any
    } else if name.starts_with('(') {
        Case::Bracketed
    } else if path.len() == 1 && name.ends_with('.') && !first.is(Shape::ACRONYM) {
        Case::Abbreviated
    } else if first.is(Shape::UPPER) && (short || first.is(Shape::ACRONYM)) {
        Case::Upper
    } else if path.len() > 1 && path.last().is_some_and(|last| last.is(Shape::CAPITAL)) {
        Case::Capitals
    } else {
        Case::Capital
    }
}

/// A match: how many tokens, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub count: usize,
    pub pattern: PatternId,
}

impl Trie {
    /// The entries of a pattern, sorted.
    pub fn entries(&self, pattern: PatternId) -> &[Entry] {
        let at = pattern.0 as usize;
        &self.entries[self.bounds[at] as usize..self.bounds[at + 1] as usize]
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a pattern may begin with this token: wrong once in a while with yes, never with no.
    pub fn may_begin(&self, hash: u64, lower: bool) -> bool {
        self.any_case.may_hold(hash) || !lower && self.capitals.may_hold(hash)
    }

    /// The longest pattern that `tokens` begin with and `accept` takes. `hash` stands for the hash of
    /// the first token. Never goes on over hard punctuation, and over a full stop only where the
    /// pattern has one too.
    pub fn longest(
        &self,
        tokens: &[Token],
        hash: u64,
        mut accept: impl FnMut(&[Entry], usize) -> bool,
    ) -> Option<Found> {
        let mut node = *self.steps.get(&key(ROOT, hash))?;
        let mut best = None;
        let mut count = 1;
        loop {
            let end = self.ends[node as usize];
            if end != NOTHING {
                let pattern = PatternId(end);
                if accept(self.entries(pattern), count) {
                    best = Some(Found { count, pattern });
                }
            }
            let Some(next) = tokens.get(count).filter(|t| !t.is(Shape::BREAK)) else {
                return best;
            };
            let mark = if next.is(Shape::DOT) { DOTTED } else { 0 };
            match self.steps.get(&key(node, next.hash ^ mark)) {
                Some(child) => node = *child,
                None => return best,
            }
            count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(names: &[&str]) -> Trie {
        let mut builder = Builder::default();
        for (at, name) in names.iter().enumerate() {
            assert!(builder.add(name, Languages::ALL, Sense::Country(at as u16)));
        }
        builder.build()
    }

    fn found(trie: &Trie, text: &str) -> Option<(usize, Sense)> {
        let mut tokens = Vec::new();
        tokenize(text, |t| tokens.push(t));
        let hit = trie.longest(&tokens, tokens[0].hash, |_, _| true)?;
        Some((hit.count, trie.entries(hit.pattern)[0].sense))
    }

    #[test]
    fn the_longest_name_wins_and_stops_at_hard_punctuation() {
        let trie = trie(&["Guinea", "Guinea-Bissau", "St. Petersburg", "New York City"]);
        for (text, want) in [
            ("Guinea Bissau voted", Some((2, Sense::Country(1)))),
            ("Guinea, Bissau", Some((1, Sense::Country(0)))),
            ("Guinea. Bissau", Some((1, Sense::Country(0)))),
            ("St. Petersburg", Some((2, Sense::Country(2)))),
            ("St Petersburg", Some((2, Sense::Country(2)))),
            ("New York", None),
            ("Petersburg", None),
        ] {
            assert_eq!(found(&trie, text), want, "{text}");
        }
    }

    #[test]
    fn the_spelling_says_the_case() {
        let trie = trie(&[
            "chino", "Turkey", "US", "U.N.", "EFTA", "MNDAAXY", "中国", "Miss.",
        ]);
        let cases: Vec<Case> = {
            let mut entries: Vec<_> = trie.entries.iter().collect();
            entries.sort();
            entries.iter().map(|e| e.case).collect()
        };
        use Case::*;
        assert_eq!(
            cases,
            [Any, Capital, Upper, Upper, Upper, Capital, Any, Abbreviated]
        );
    }

    #[test]
    fn one_meaning_in_two_languages_is_one_entry() {
        let mut builder = Builder::default();
        for code in ["en", "es"] {
            let language = Languages::one(code).expect("a language of the tables");
            builder.add("Chile", language, Sense::Country(7));
        }
        builder.add("Chile", Languages::ALL, Sense::Place(1));
        let trie = builder.build();
        assert_eq!((trie.len(), trie.entries.len()), (1, 2));
        let entry = trie.entries[0];
        assert!(entry.languages.meets(Languages::of_story("es-MX")));
        assert!(!entry.languages.meets(Languages::of_story("fr")));
        assert!(entry.languages.meets(Languages::of_story("und")));
    }
}
