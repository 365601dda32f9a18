//! The only room with windows: clock, network, files, environment, logs, counters.

pub mod admin;
pub mod bus;
mod progress;
mod recollection;
pub mod settings;
mod standby;
pub mod telemetry;
mod volume;
mod work;
mod writer;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

pub use progress::{Progress, Role};

use crate::pipeline::{self, Pipeline};
use crate::tag::Tagger;
use bus::{Bus, Fault};

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
    /// So many bytes of imprints are repeated side by side.
    pub volume_bytes: usize,
}

impl Config {
    /// An instance that showed no progress for so long is not ready: a few heartbeats.
    pub fn patience(&self) -> Duration {
        (5 * self.heartbeat).max(Duration::from_secs(2))
    }

    /// A loop that was silent for so long, without a reason, is stuck and had better be restarted.
    pub fn stuck_after(&self) -> Duration {
        (6 * self.patience()).max(3 * self.takeover_after)
    }
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
            volume_bytes: 8 << 20,
        }
    }
}

/// What decides about messages, and may be swapped for a newer lexicon while it runs.
#[derive(Clone)]
pub struct Core {
    pub settings: pipeline::Settings,
    pub tagger: watch::Receiver<Arc<Tagger>>,
}

impl Core {
    fn pipeline(&self) -> Pipeline {
        Pipeline::new(self.settings.clone(), self.tagger.borrow().clone())
    }
}

/// All that a turn as standby or as writer needs.
pub(crate) struct House<B> {
    pub bus: B,
    pub config: Config,
    pub core: Core,
    pub progress: Arc<Progress>,
    pub stop: CancellationToken,
}

impl<B> House<B> {
    /// The surroundings do not do what they should; it will be tried again.
    fn trouble(&self, said: String) {
        telemetry::troubled();
        self.progress.trouble(said);
    }
}

/// Reads, decides and commits until `stop` is cancelled: as the writer of the partition, or as its
/// standby while another is. Ends within `Config::stop_within` of the wish to stop.
///
/// # Errors
/// When somebody has to change something before it can go on.
pub async fn serve<B: Bus>(
    bus: B,
    config: Config,
    core: Core,
    progress: Arc<Progress>,
    stop: CancellationToken,
) -> Result<(), Fault> {
    let house = House {
        bus,
        config,
        core,
        progress,
        stop,
    };
    let watching = tokio::spawn(watch_source(
        house.bus.clone(),
        house.progress.clone(),
        house.stop.clone(),
    ));
    let end = take_turns(&house).await;
    house.progress.enter(Role::Stopping);
    watching.abort();
    end
}

async fn take_turns<B: Bus>(house: &House<B>) -> Result<(), Fault> {
    let mut fenced = standby::Came::Started;
    loop {
        let Some(turn) = standby::wait(house, fenced).await? else {
            return Ok(());
        };
        match writer::write(house, turn).await? {
            writer::End::Stopped => return Ok(()),
            writer::End::Fenced => {
                warn!("another writer committed; this one is a standby from now on");
                fenced = standby::Came::Fenced;
            }
        }
    }
}

/// Keeps an eye on how far the source is ahead.
async fn watch_source<B: Bus>(bus: B, progress: Arc<Progress>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Ok(reach) = bus.reach().await {
            progress.source(reach);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Growing pauses between tries, 50 ms to 2 s.
#[derive(Default)]
pub(crate) struct Patience {
    tries: u32,
}

impl Patience {
    pub fn is_fresh(&self) -> bool {
        self.tries == 0
    }

    /// A consumer that lapsed is made anew at the first try: only what lasts longer is news.
    pub fn tell(&self, said: &str) {
        match self.tries {
            1 => warn!("{said}; trying again until it works"),
            _ => debug!("{said}"),
        }
    }

    /// It works again.
    pub fn mended(&mut self) {
        if self.tries > 1 {
            info!("reading goes on");
        }
        self.tries = 0;
    }

    /// `None` when the wish to stop came first.
    pub async fn pause(&mut self, stop: &CancellationToken) -> Option<()> {
        let pause = Duration::from_millis((50_u64 << self.tries.min(6)).min(2000));
        self.tries += 1;
        tokio::select! {
            () = stop.cancelled() => None,
            () = tokio::time::sleep(pause) => Some(()),
        }
    }
}

/// Asks until there is an answer. `None` when the wish to stop came first.
pub(crate) async fn patiently<B, T, F>(
    house: &House<B>,
    mut ask: impl FnMut() -> F,
) -> Result<Option<T>, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let mut patience = Patience::default();
    loop {
        match ask().await {
            Ok(answer) => {
                if patience.tries > 0 {
                    info!("the surroundings mended");
                }
                return Ok(Some(answer));
            }
            Err(Fault::Surroundings(said)) => {
                if patience.tries == 0 {
                    warn!("{said}; trying again until it works");
                }
                house.trouble(said);
                if patience.pause(&house.stop).await.is_none() {
                    return Ok(None);
                }
            }
            Err(refused) => return Err(refused),
        }
    }
}
