//! Story → Verdict. Have we said this already?
//!
//! An [`Imprint`] is all that is kept of a story's words; the [`Window`] finds remembered stories
//! that share rare phrases with it, a verifier decides whether they are the same copy, and the
//! lineage says what the story is to the one found.

mod bits;
mod changes;
mod hits;
mod imprint;
mod index;
mod lineage;
mod queue;
mod record;
mod sketch;
mod store;
mod verify;
mod window;

pub use imprint::Imprint;
pub use verify::{FEATURES, Likeness, NAMES};
pub use window::{Stats, Window};

/// Format of packed imprints. It stands for everything they depend on: layout, hashes, seeds, the way
/// words are chosen. Any change of those takes the next number.
pub const FORMAT: u8 = 4;

/// How long, and how much, the window remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Seconds of message time.
    pub window_seconds: u64,
    /// Bytes of memory after which the oldest go first.
    pub budget_bytes: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            window_seconds: 72 * 3600,
            budget_bytes: 4 << 30,
        }
    }
}

/// Why packed imprints could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    #[error("imprints of format {0} are not known to this version, which reads format {1}")]
    Version(u8, u8),
    #[error("packed imprints are damaged at byte {0}")]
    Damaged(usize),
}
