//! Story → Imprint: all the memory keeps of a story.

use crate::story::Story;

/// Exact keys and a sketch of one story.
#[derive(Clone, Debug, PartialEq)]
pub struct Imprint {}

impl Imprint {
    /// A pure function of the story: the same on every platform and in every run.
    pub fn of(story: &Story) -> Imprint {
        let _ = story;
        Imprint {}
    }
}
