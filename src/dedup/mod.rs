//! Story → Verdict. Have we said this already?

mod imprint;
mod window;

pub use imprint::Imprint;
pub use window::{Stats, Window};

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
    #[error("imprints of format {0} are not known to this version, which reads up to format {1}")]
    Version(u8, u8),
    #[error("packed imprints are damaged at byte {0}")]
    Damaged(usize),
}
