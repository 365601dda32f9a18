//! Story + Spots → regions, places, focus. Where did it happen?

use super::lexicon::Lexicon;
use super::mention::Spots;
use crate::story::{Story, Tags};

/// Fills the tags that say where.
pub fn tag(_story: &Story, _spots: &Spots<'_>, _lexicon: &Lexicon, _tags: &mut Tags) {}
