//! The only room with windows: clock, network, files, environment, logs, counters.

pub mod bus;
mod progress;

use std::time::Duration;

pub use progress::{Progress, Role};

/// How the loop behaves. None of it changes what is decided about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Names this instance to its standby. A restart under the same name goes on at once.
    pub instance: String,
    /// Digest of the settings that decisions depend on, for the checkpoint.
    pub settings: String,
    /// Most messages of one batch.
    pub batch_messages: usize,
    /// Most bytes of one batch.
    pub batch_bytes: usize,
    /// An idle writer tells its standby so often that it lives.
    pub heartbeat: Duration,
    /// A standby takes over when the writer was silent for so long.
    pub takeover_after: Duration,
    /// Most time from the wish to stop to the end.
    pub stop_within: Duration,
    /// Largest imprint record in bytes.
    pub block_bytes: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            instance: "copytaster".to_owned(),
            settings: String::new(),
            batch_messages: 900,
            batch_bytes: 16 << 20,
            heartbeat: Duration::from_secs(1),
            takeover_after: Duration::from_secs(5),
            stop_within: Duration::from_secs(10),
            block_bytes: 256 << 10,
        }
    }
}
