//! Story + Lexicon → Spots: where in the story stands a name the lexicon knows?
//!
//! One walk over the tokens of each zone finds the names of all tables together, leftmost and
//! longest, so that the name of an actor swallows the place inside it. Places inside the name of an
//! actor (`Bank of China`) follow it as `embedded` spots.

use xxhash_rust::xxh3::xxh3_64;

use super::lexicon::{Lexicon, Sense};
use super::trie::{Case, Entry, Found, Languages, PatternId};
use crate::story::{Mention, Shape, Story, Token, Usage, Zone, fold};

/// How a zone is written: what case can tell in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Casing {
    /// Names begin with a capital, other words mostly do not.
    Sentence,
    /// Nearly every word begins with a capital.
    Title,
    /// Nearly everything is in capitals.
    Capitals,
    /// No capitals at all: a lower-case text, or a script that has none.
    Lower,
}

/// A zone with its words.
#[derive(Clone, Copy, Debug)]
pub struct Section<'s> {
    pub zone: Zone,
    pub text: &'s str,
    pub tokens: &'s [Token],
    pub casing: Casing,
}

/// A name of the lexicon in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Index into `Spots::sections`.
    pub section: u32,
    /// Index of the first token of the name in its section.
    pub first: u32,
    /// Number of tokens.
    pub count: u16,
    /// Bytes of a clitic before the name in its first token: the و of وروسيا.
    pub clitic: u8,
    /// Stands inside the actor's name that the last spot before it that is not embedded is.
    pub embedded: bool,
    pub pattern: PatternId,
}

/// All names of a story that the lexicon knows, zone by zone, in order.
pub struct Spots<'s> {
    lexicon: &'s Lexicon,
    languages: Languages,
    sections: Vec<Section<'s>>,
    all: Vec<Spot>,
}

impl<'s> Spots<'s> {
    pub fn find(story: &'s Story, lexicon: &'s Lexicon) -> Spots<'s> {
        let sections: Vec<Section<'s>> = story
            .tokens
            .zones()
            .map(|(zone, tokens)| Section {
                zone,
                text: story.text(zone),
                tokens,
                casing: casing(tokens),
            })
            .collect();
        let mut spots = Spots {
            lexicon,
            languages: Languages::of_story(&story.language),
            all: Vec::with_capacity(story.tokens.len() / 8),
            sections,
        };
        for at in 0..spots.sections.len() {
            spots.walk(at);
        }
        spots
    }

    pub fn all(&self) -> &[Spot] {
        &self.all
    }

    pub fn sections(&self) -> &[Section<'s>] {
        &self.sections
    }

    pub fn section(&self, spot: &Spot) -> &Section<'s> {
        &self.sections[spot.section as usize]
    }

    pub fn zone(&self, spot: &Spot) -> Zone {
        self.section(spot).zone
    }

    /// What the name may mean here: only senses that its case and the story's language allow.
    pub fn senses(&self, spot: &Spot) -> impl Iterator<Item = Sense> {
        let section = self.section(spot);
        let tokens = self.tokens(spot);
        let entries = self.lexicon.trie().entries(spot.pattern).iter();
        entries
            .filter(move |e| allows(e, tokens, section, self.languages))
            .map(|e| e.sense)
    }

    /// The tokens of a name.
    pub fn tokens(&self, spot: &Spot) -> &'s [Token] {
        let first = spot.first as usize;
        &self.section(spot).tokens[first..first + usize::from(spot.count)]
    }

    /// Where the name stands, without a clitic.
    pub fn mention(&self, spot: &Spot, usage: Option<Usage>) -> Mention {
        let tokens = self.tokens(spot);
        let start = tokens.first().map_or(0, |t| t.start) + u32::from(spot.clitic);
        Mention {
            zone: self.zone(spot),
            start,
            end: tokens.last().map_or(start, Token::end),
            usage,
        }
    }

    /// The name as written, without a clitic.
    pub fn text(&self, spot: &Spot) -> &'s str {
        let mention = self.mention(spot, None);
        let range = mention.start as usize..mention.end as usize;
        self.section(spot).text.get(range).unwrap_or("")
    }

    /// A token of the same zone as written.
    pub fn word(&self, spot: &Spot, token: &Token) -> &'s str {
        self.section(spot).text.get(token.range()).unwrap_or("")
    }

    /// The token before the name; its own shape says what stands before *it*.
    pub fn before(&self, spot: &Spot) -> Option<&'s Token> {
        let at = (spot.first as usize).checked_sub(1)?;
        self.section(spot).tokens.get(at)
    }

    /// The token before the one before the name.
    pub fn second_before(&self, spot: &Spot) -> Option<&'s Token> {
        let at = (spot.first as usize).checked_sub(2)?;
        self.section(spot).tokens.get(at)
    }

    /// The token after the name; its shape says what stands between.
    pub fn after(&self, spot: &Spot) -> Option<&'s Token> {
        let at = spot.first as usize + usize::from(spot.count);
        self.section(spot).tokens.get(at)
    }

    /// Whether a possessive follows: `China's`, `the Philippines'`.
    pub fn is_possessive(&self, spot: &Spot) -> bool {
        if let Some(next) = self.after(spot).filter(|t| t.is(Shape::APOSTROPHE)) {
            return self.word(spot, next).eq_ignore_ascii_case("s");
        }
        let end = self.mention(spot, None).end as usize;
        let rest = self.section(spot).text.get(end..).unwrap_or("");
        self.text(spot).ends_with(['s', 'S']) && rest.starts_with(['\'', '’'])
    }

    /// Whether the story is in a language of the tables.
    pub fn is_in(&self, language: &str) -> bool {
        Languages::one(language) == Some(self.languages)
    }

    /// Whether the meaning is one that the tables write with a small letter, in a script that has them:
    /// `chino` is a word and no name.
    pub fn is_adjective(&self, spot: &Spot, sense: Sense) -> bool {
        let cased = |c: char| c.is_lowercase() || c.is_uppercase();
        let entries = self.lexicon.trie().entries(spot.pattern).iter();
        let mut meant = entries.filter(|e| e.sense == sense && e.languages.meets(self.languages));
        spot.count == 1 && meant.any(|e| e.case == Case::Any) && self.text(spot).starts_with(cased)
    }

    /// A code of three letters in brackets: `(ITA)`.
    pub fn is_bracketed(&self, spot: &Spot) -> bool {
        let token = self.tokens(spot)[0];
        let code = spot.count == 1 && token.is(Shape::UPPER) && token.end() - token.start == 3;
        code && is_in_bracket(self.section(spot).text, &token)
    }

    pub fn begins_sentence(&self, spot: &Spot) -> bool {
        self.tokens(spot)
            .first()
            .is_some_and(|t| t.is(Shape::SENTENCE))
    }

    fn walk(&mut self, section: usize) {
        let Section { tokens, casing, .. } = self.sections[section];
        let trie = self.lexicon.trie();
        let mut at = 0;
        let mut folded = String::new();
        while at < tokens.len() {
            let first = &tokens[at];
            // nearly every word leaves here
            if !first.is(Shape::ARABIC) && !trie.may_begin(first.hash, is_small(first, casing)) {
                at += 1;
                continue;
            }
            match self.longest(section, at, tokens.len(), &mut folded) {
                Some((found, clitic)) => {
                    self.push(section, at, found, clitic, false);
                    if found.count > 1 && self.is_owned(found.pattern) {
                        self.walk_inside(section, at, found.count, &mut folded);
                    }
                    at += found.count;
                }
                None => at += 1,
            }
        }
    }

    /// The places inside the name of an actor.
    fn walk_inside(&mut self, section: usize, first: usize, count: usize, folded: &mut String) {
        let end = first + count;
        let mut at = first;
        while at < end {
            // the whole name is known already: only what is shorter counts
            let limit = if at == first { end - 1 } else { end };
            match self.longest(section, at, limit, folded) {
                Some((found, clitic)) => {
                    let entries = self.lexicon.trie().entries(found.pattern);
                    if entries.iter().any(|e| e.sense.is_region()) {
                        self.push(section, at, found, clitic, true);
                    }
                    at += found.count;
                }
                None => at += 1,
            }
        }
    }

    /// Whether a name says whose it is, so that a place in it is named all the same: an actor of the table, or
    /// a role with its country (`u.s. marines`).
    fn is_owned(&self, pattern: PatternId) -> bool {
        let cast = self.lexicon.cast();
        let mut entries = self.lexicon.trie().entries(pattern).iter();
        entries.any(|e| match e.sense {
            Sense::Actor(_) => true,
            Sense::Agent(role) => cast.agent(role).marks.country.is_some(),
            Sense::Title(role) => cast.title(role).marks.country.is_some(),
            _ => false,
        })
    }

    fn push(&mut self, section: usize, first: usize, found: Found, clitic: u8, embedded: bool) {
        self.all.push(Spot {
            section: section as u32,
            first: first as u32,
            count: u16::try_from(found.count).unwrap_or(u16::MAX),
            clitic,
            embedded,
            pattern: found.pattern,
        });
    }

    /// The longest name that begins at a token and ends before `limit`, and the bytes of its clitic.
    fn longest(
        &self,
        section: usize,
        at: usize,
        limit: usize,
        folded: &mut String,
    ) -> Option<(Found, u8)> {
        let section = &self.sections[section];
        let tokens = &section.tokens[at..limit];
        let first = tokens.first()?;
        let trie = self.lexicon.trie();
        let search = |hash: u64| {
            if !trie.may_begin(hash, is_small(first, section.casing)) {
                return None;
            }
            trie.longest(tokens, hash, |entries, count| {
                let name = &tokens[..count];
                let mut entries = entries.iter();
                entries.any(|e| allows(e, name, section, self.languages))
            })
        };
        if let Some(found) = search(first.hash) {
            return Some((found, 0));
        }
        if !first.is(Shape::ARABIC) {
            return None;
        }
        let word = section.text.get(first.range())?;
        without_clitics(word, folded, search)
    }
}

/// Whether a meaning may be read from the tokens of a name.
fn allows(entry: &Entry, name: &[Token], section: &Section<'_>, languages: Languages) -> bool {
    let Some((first, last)) = name.first().zip(name.last()) else {
        return false;
    };
    let case = match entry.case {
        Case::Any => true,
        Case::Capital => first.is(Shape::CAPITAL) || section.casing == Casing::Lower,
        Case::Capitals => {
            let both = first.is(Shape::CAPITAL) && last.is(Shape::CAPITAL);
            let loose = section.casing != Casing::Sentence || !entry.sense.is_region();
            both || first.is(Shape::CAPITAL) && loose || section.casing == Casing::Lower
        }
        // in a text in capitals they say nothing, the dots of U.S. still do
        Case::Upper if section.casing == Casing::Capitals => first.is(Shape::ACRONYM),
        Case::Upper => first.is(Shape::UPPER),
        Case::Abbreviated => {
            let stop = section.text.as_bytes().get(last.end() as usize);
            first.is(Shape::CAPITAL) && first.is(Shape::BREAK) && stop == Some(&b'.')
        }
        Case::Bracketed => first.is(Shape::UPPER) && is_in_bracket(section.text, first),
    };
    case && entry.languages.meets(languages)
}

fn is_in_bracket(text: &str, token: &Token) -> bool {
    let before = text.as_bytes().get((token.start as usize).wrapping_sub(1));
    before == Some(&b'(')
}

/// A word that begins with a small letter, or a number, where that says something.
fn is_small(token: &Token, casing: Casing) -> bool {
    casing == Casing::Sentence
        && !token.is(Shape::CAPITAL.with(Shape::IDEOGRAPH).with(Shape::ARABIC))
}

fn casing(tokens: &[Token]) -> Casing {
    let (mut lower, mut capital, mut upper) = (0usize, 0usize, 0usize);
    for token in tokens {
        if token.is(Shape::UPPER) {
            upper += 1;
        } else if token.is(Shape::CAPITAL) {
            // `A` and `I` are capital in every text
            capital += usize::from(token.end() - token.start > 1);
        } else if !token.is(Shape::NUMBER.with(Shape::IDEOGRAPH).with(Shape::ARABIC)) {
            lower += usize::from(token.end() - token.start > 3);
        }
    }
    if capital + upper == 0 {
        Casing::Lower
    } else if upper > 3 * (lower + capital).max(1) {
        // one to three words in capitals may as well be acronyms
        Casing::Capitals
    } else if lower * 4 <= capital + upper {
        Casing::Title
    } else {
        Casing::Sentence
    }
}

/// Conjunctions, prepositions and the article that Arabic writes together with a word, the shorter
/// first; how many letters of each are not part of the name (the article is); and what stands in place.
const CLITICS: &[(&str, usize, &str)] = &[
    ("و", 1, ""),
    ("ف", 1, ""),
    ("ب", 1, ""),
    ("ل", 1, ""),
    ("ك", 1, ""),
    ("ال", 0, ""),
    ("لل", 1, "ال"),
    ("وب", 2, ""),
    ("ول", 2, ""),
    ("وال", 1, ""),
    ("بال", 1, ""),
    ("فال", 1, ""),
    ("كال", 1, ""),
    ("لل", 1, ""),
    ("ولل", 2, "ال"),
    ("وبال", 2, ""),
    ("ولل", 2, ""),
];

/// Tries an Arabic word without its clitics; the bytes of those that are not part of the name.
fn without_clitics(
    word: &str,
    folded: &mut String,
    search: impl Fn(u64) -> Option<Found>,
) -> Option<(Found, u8)> {
    if !word.starts_with(['و', 'ف', 'ب', 'ل', 'ك']) && !word.starts_with("ال") {
        return None;
    }
    folded.clear();
    fold(word, folded);
    for (clitic, outside, instead) in CLITICS {
        let Some(rest) = folded.strip_prefix(clitic).filter(|r| r.len() >= 4) else {
            continue;
        };
        let hash = if instead.is_empty() {
            xxh3_64(rest.as_bytes())
        } else {
            xxh3_64(format!("{instead}{rest}").as_bytes())
        };
        if let Some(found) = search(hash) {
            // the clitic's letters, with the marks that folding took away
            let end = word.char_indices().map(|(at, _)| at).skip(*outside);
            let start = end.take(1).next().unwrap_or(0);
            return Some((found, u8::try_from(start).unwrap_or(0)));
        }
    }
    None
}
