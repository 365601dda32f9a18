//! Story → Imprint: all the memory keeps of a story's words.

use super::record::name;
use super::sketch::{Bits, Sketch, lowest};
use crate::story::{HeadlineRole, ItemKind, Shape, Story, Token, Zone};

/// Sizes decide how much is remembered of a story: see `record.rs` for the bytes.
pub(super) const WORDING: usize = 20;
pub(super) const LEAD: usize = 12;
pub(super) const NAMES: usize = 8;
pub(super) const NUMBERS: usize = 10;
pub(super) const TITLE: usize = 8;
/// Bits of a hash in a sketch, and in one that holds few values however long the story is.
pub(super) const HASH_BITS: u32 = 16;
pub(super) const LIST_BITS: u32 = 12;
/// Keys that a story is looked up by, and the most of them that it is remembered under.
pub(super) const KEYS: usize = 20;
pub(super) const KEYS_KEPT: usize = 6;

/// Tokens that count as the lead.
const LEAD_TOKENS: usize = 44;
/// Tokens of a shingle, and of a key; a token of a script without spaces is a single character.
const SHINGLE: (usize, usize) = (2, 4);
const KEY: (usize, usize) = (3, 6);

/// Exact keys and a sketch of one story. Numbers are kept apart from the wording, so that stories
/// which differ in their figures alone look alike in one and not in the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Imprint {
    /// Hash of all words of headline and body in order; 0 for a story without words.
    pub(super) exact: u64,
    /// Tokens of the body.
    pub(super) words: u32,
    /// Bottom-k sketch of the shingles of the body, figures blanked.
    pub(super) wording: Sketch<WORDING>,
    /// The same of the lead alone.
    pub(super) lead: Sketch<LEAD>,
    /// Capitalised words within sentences, the first ones.
    pub(super) names: Sketch<NAMES>,
    /// Numbers, the first ones.
    pub(super) numbers: Sketch<NUMBERS>,
    /// Words of the agency's headline, the first ones.
    pub(super) title: Sketch<TITLE>,
    /// Keys for the index, the most telling first.
    pub(super) keys: Keys,
}

/// Up to [`KEYS`] hashes of phrases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    values: [u32; KEYS],
    len: u8,
}

impl Keys {
    pub fn values(&self) -> &[u32] {
        &self.values[..usize::from(self.len)]
    }

    pub fn push(&mut self, key: u32) {
        if self.values().contains(&key) {
            return;
        }
        if let Some(place) = self.values.get_mut(usize::from(self.len)) {
            *place = key;
            self.len += 1;
        }
    }
}

impl Imprint {
    /// A pure function of the story: the same on every platform and in every run.
    pub fn of(story: &Story) -> Imprint {
        let headline = story.tokens.zone(Zone::Headline);
        let body = story.tokens.zone(body(story));
        let own_title = story.headline_role == HeadlineRole::Main;
        let title = if own_title { headline } else { &[] };
        // a story that came with its pictures is a story
        let kind = match story.kind {
            ItemKind::Composite => ItemKind::Text as u64,
            kind => kind as u64,
        };
        let mut reading = Reading::new(kind);
        title.iter().for_each(|token| reading.title(token));
        reading.body(body);
        reading.finish()
    }

    /// Hashes of phrases under which like stories are looked up, the most telling first.
    pub fn keys(&self) -> &[u32] {
        self.keys.values()
    }

    /// An imprint of no words.
    pub(super) fn blank() -> Imprint {
        Imprint {
            exact: 0,
            words: 0,
            wording: Sketch::EMPTY,
            lead: Sketch::EMPTY,
            names: Sketch::EMPTY,
            numbers: Sketch::EMPTY,
            title: Sketch::EMPTY,
            keys: Keys::default(),
        }
    }
}

/// The zone that is compared: the first of body, headline and caption that says something.
pub(super) fn body(story: &Story) -> Zone {
    let zones = [Zone::Body, Zone::Headline];
    let says = |zone: &Zone| !story.tokens.zone(*zone).is_empty();
    zones.into_iter().find(says).unwrap_or(Zone::Caption(0))
}

/// What a word of the body is listed as, and its hash in the list.
pub(super) enum Listed {
    Number(u16),
    /// A capitalised word within a sentence.
    Name(u16),
}

impl Listed {
    pub fn of(token: &Token) -> Option<Listed> {
        let hash = short(token.hash, LIST_BITS);
        let is_name =
            token.is(Shape::CAPITAL) && !token.is(Shape::SENTENCE) && token.end() - token.start > 1;
        match token.is(Shape::NUMBER) {
            true => Some(Listed::Number(hash)),
            false => is_name.then_some(Listed::Name(hash)),
        }
    }
}

/// One pass over the words of a story.
struct Reading {
    imprint: Imprint,
    exact: u64,
    /// Keeps the keys of pictures, plans and texts apart.
    kind: u64,
    wording: Bits,
    lead: Bits,
    keys: Vec<u64>,
    /// How many of them are the lead's.
    lead_keys: usize,
    /// Words of title and body.
    said: usize,
}

const LEAD_KEYS: usize = 8;
/// Whoever says less than this says nothing that another could not say as well: `Weather`, `Market report`. Such
/// a story is a version of another by its identity alone.
const FEWEST_WORDS: usize = 4;

impl Reading {
    fn new(kind: u64) -> Reading {
        Reading {
            imprint: Imprint::blank(),
            exact: mix(kind, 0),
            kind,
            wording: Bits::new(),
            lead: Bits::new(),
            keys: Vec::new(),
            lead_keys: 0,
            said: 0,
        }
    }

    fn title(&mut self, token: &Token) {
        self.said += 1;
        self.exact = mix(self.exact, token.hash);
        if token.end() - token.start > 2 || token.is(Shape::NUMBER) || token.is(Shape::IDEOGRAPH) {
            self.imprint.title.push(short(token.hash, LIST_BITS));
        }
    }

    fn body(&mut self, tokens: &[Token]) {
        self.imprint.words = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        self.said += tokens.len();
        self.exact = mix(self.exact, !0);
        self.keys.reserve(tokens.len());
        for (at, token) in tokens.iter().enumerate() {
            self.exact = mix(self.exact, token.hash);
            self.list(token);
            let rest = &tokens[at..];
            if let Some(shingle) = phrase(rest, SHINGLE, at == 0) {
                let hash = shingle.iter().fold(0, |h, t| mix(h, blanked(t)));
                self.wording.insert(short(hash, HASH_BITS));
                if at < LEAD_TOKENS {
                    self.lead.insert(short(hash, LIST_BITS));
                }
            }
            if let Some(key) = phrase(rest, KEY, at == 0) {
                let hash = key.iter().fold(self.kind, |h, t| mix(h, t.hash));
                self.keys.push(hash);
            }
            if at < LEAD_TOKENS {
                self.lead_keys = self.keys.len();
            }
        }
    }

    fn list(&mut self, token: &Token) {
        match Listed::of(token) {
            Some(Listed::Number(hash)) => self.imprint.numbers.push(hash),
            Some(Listed::Name(hash)) => self.imprint.names.push(hash),
            None => {}
        }
    }

    fn finish(self) -> Imprint {
        let mut imprint = self.imprint;
        // 0 stands for "too few words": nothing is a twin of silence
        let silent = self.said < FEWEST_WORDS;
        imprint.exact = if silent { 0 } else { name(self.exact.max(1)) };
        imprint.names.sort();
        imprint.numbers.sort();
        imprint.title.sort();
        imprint.wording = Sketch::of(&self.wording);
        imprint.lead = Sketch::of(&self.lead);
        if silent {
            return imprint;
        }
        // by turns, so that the few under which a story is remembered come from lead and whole
        let lead = lowest(&self.keys[..self.lead_keys], LEAD_KEYS);
        let whole = lowest(&self.keys, KEYS - LEAD_KEYS);
        for turn in 0..KEYS {
            for source in [&lead, &whole] {
                // chosen by its upper half, which is low for that: the lower half tells one from all others
                let key = source.get(turn).map(|key| *key as u32);
                key.into_iter().for_each(|key| imprint.keys.push(key));
            }
        }
        imprint
    }
}

/// The phrase at the head of `tokens`; the whole text where it is shorter than a phrase.
fn phrase(tokens: &[Token], width: (usize, usize), first: bool) -> Option<&[Token]> {
    let unspaced = tokens.first()?.is(Shape::IDEOGRAPH);
    let width = if unspaced { width.1 } else { width.0 };
    match tokens.get(..width) {
        None if first => Some(tokens),
        phrase => phrase,
    }
}

fn blanked(token: &Token) -> u64 {
    const FIGURE: u64 = 0x9E37_79B9_7F4A_7C15;
    if token.is(Shape::NUMBER) {
        FIGURE
    } else {
        token.hash
    }
}

fn short(hash: u64, bits: u32) -> u16 {
    (hash >> (64 - bits)) as u16
}

/// Folded multiplication, the mixing step of wyhash; the constants are part of the format.
fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0xA076_1D64_78BD_642F) * u128::from(b ^ 0xE703_7ED1_A0B4_28DB);
    (wide as u64) ^ (wide >> 64) as u64
}
