//! Token → what a small word says about its neighbours: of, in, and, the.

use std::sync::OnceLock;

use hashbrown::HashMap;
use xxhash_rust::xxh3::{Xxh3Builder, xxh3_64};

use crate::story::{Token, fold};

/// What a small word is; several may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Small(u8);

impl Small {
    /// Makes the name that follows an owner: `of`, `de`, `von`.
    pub const OF: Small = Small(1);
    /// Makes the name that follows a place: `in`, `en`, `nach`.
    pub const PLACE: Small = Small(1 << 1);
    /// Joins two of a kind: `and`, `y`, `und`.
    pub const JOIN: Small = Small(1 << 2);
    /// An article.
    pub const ARTICLE: Small = Small(1 << 3);
    /// A word inside names of persons: `bin`, `von`, `da`.
    pub const PARTICLE: Small = Small(1 << 4);
    /// Any other word that is no noun, adjective or verb.
    pub const OTHER: Small = Small(1 << 5);
    /// Points at somebody: `to`, `on`, `against`. A place after a word of motion, else whom it concerns.
    pub const TOWARD: Small = Small(1 << 6);
    /// Belongs to whoever the sentence is about: `its`, `su`.
    pub const POSSESSIVE: Small = Small(1 << 7);

    pub fn of(token: &Token) -> Small {
        let known = SMALL.get_or_init(table);
        known.get(&token.hash).copied().unwrap_or_default()
    }

    pub fn has(self, other: Small) -> bool {
        self.0 & other.0 != 0
    }

    pub fn with(self, other: Small) -> Small {
        Small(self.0 | other.0)
    }

    /// Whether it is a small word at all.
    pub fn any(self) -> bool {
        self.0 != 0
    }
}

type Table = HashMap<u64, Small, Xxh3Builder>;

static SMALL: OnceLock<Table> = OnceLock::new();

/// By kind, in en es pt fr de ru ar.
const WORDS: [(Small, &str); 8] = [
    (Small::OF, "of de del do da dos das du des d von der vom"),
    (
        Small::PLACE,
        "in near into across throughout inside outside from through around over \
         en desde hasta sobre em no na nos nas desde \
         dans au aux vers depuis chez sur nach aus im am bei durch zu zur \
         в во из на около через في من داخل عبر قرب",
    ),
    (Small::JOIN, "and y e et und и و ni or o ou oder или"),
    (
        Small::ARTICLE,
        "the el la los las o os as le les l die das den dem der a an un una ein eine",
    ),
    (
        Small::PARTICLE,
        "al el bin bint ben ibn von van der den de la da dos das di du le abu zu ul ur e y",
    ),
    (
        Small::OTHER,
        "with against between by for but who which that as is are was were has have had will would \
         after before during while when where since until because although if than then not also \
         its his her their our this these those some other many all both said says \
         con contra entre para por pero que quien como es son fue han ha tras ante bajo sin su sus se \
         com mas pelo pela avec contre par pour mais qui que est sont ses leur leurs \
         mit gegen zwischen fur aber dass als ist sind wurde hat seine ihre \
         с против между для но что как не по от до о у على مع ضد بين ان التي الذي عن قال",
    ),
    (
        Small::TOWARD,
        "to toward towards on at against hacia a ao contra an gegen contre к против إلى الى نحو ضد على",
    ),
    (
        Small::POSSESSIVE,
        "its his her their su sus seu sua seus suas son sa ses leur leurs sein seine seinen seiner \
         ihr ihre ihren ihrer его ее их свои своих",
    ),
];

fn table() -> Table {
    let mut table = Table::default();
    let mut folded = String::new();
    for (kind, words) in WORDS {
        for word in words.split_whitespace() {
            folded.clear();
            fold(word, &mut folded);
            let small = table.entry(xxh3_64(folded.as_bytes())).or_default();
            *small = Small(small.0 | kind.0);
        }
    }
    table
}
