//! Dispatch → Story. The same words, with promises.

use crate::story::{Dispatch, FeedProfile, Fingerprint, RawMessage, Reason, Story, Timestamp};

/// Why a dispatch is no story.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub reason: Reason,
    /// One sentence for a person: what, where, what to do.
    pub message: String,
}

/// An instant in one of the spellings that wires use; UTC where no zone is given.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// The story that a dispatch of `message` tells. `raw` is the fingerprint of the whole payload.
pub fn story(
    dispatch: Dispatch,
    message: &RawMessage,
    raw: &Fingerprint,
    profile: &FeedProfile,
) -> Result<Story, Error> {
    let _ = (dispatch, message, raw, profile);
    Err(Error {
        reason: Reason::Empty,
        message: "no text".to_owned(),
    })
}
