//! Story → Tags. Where, and who?

mod actor;
mod lexicon;
mod mention;
mod region;
mod trie;

pub use lexicon::{Fault, Lexicon};

use std::sync::Arc;

use crate::story::{Story, Tags};

/// Tags stories with the words of a lexicon. Immutable, shared by all threads.
pub struct Tagger {
    lexicon: Arc<Lexicon>,
}

impl Tagger {
    pub fn new(lexicon: Arc<Lexicon>) -> Tagger {
        Tagger { lexicon }
    }

    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Regions, places and actors of a story, each with the mentions that earned it.
    pub fn tag(&self, story: &Story) -> Tags {
        let spots = mention::Spots::find(story, &self.lexicon);
        let mut tags = Tags::default();
        let located = region::tag(story, &spots, &self.lexicon, &mut tags);
        actor::tag(story, &spots, &located, &self.lexicon, &mut tags);
        tags
    }
}
