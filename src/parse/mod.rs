//! RawMessage → Dispatches. What did the wire say?
//!
//! The format is told from the bytes alone, for each message anew; a file per format.

use crate::story::{Dispatch, FeedProfile, RawMessage, Reason};

/// Why a payload is no dispatch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub reason: Reason,
    /// One sentence for a person: what, where, what to do.
    pub message: String,
}

/// What became of one item of a payload.
pub type Item = Result<Dispatch, Error>;

/// All items of a payload in order, at least one. `Err` when the payload as a whole is none;
/// an item that is broken by itself is an `Err` at its place.
pub fn dispatches(message: &RawMessage, profile: &FeedProfile) -> Result<Vec<Item>, Error> {
    let _ = (message, profile);
    Err(Error {
        reason: Reason::Unsupported,
        message: "no format recognised".to_owned(),
    })
}
