//! Story → Tags. Where, and who?

mod lexicon;

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
        let _ = story;
        Tags::default()
    }
}
