//! Tables that changed → another lexicon for the daemon at work. Built and checked aside; a faulty one changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use crate::commands::lexicon::{Marks, tagger};
use crate::daemon::settings::{Faults, Settings};
use crate::daemon::telemetry;
use crate::tag::Tagger;

/// How often the folder is looked at.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// Faults of one reading that are logged; `copytaster check` tells all.
const MOST_FAULTS: usize = 20;

/// The tables on disk, and the way to the loop that works with them.
pub(super) struct Reload {
    settings: Settings,
    swap: watch::Sender<Arc<Tagger>>,
    /// The tables that were read last, sound or not.
    read: Marks,
    /// Tables that changed, and may change still.
    moving: Option<Marks>,
}

impl Reload {
    /// Reads the tables for the first time.
    ///
    /// # Errors
    /// When a table has a fault.
    pub fn begin(settings: &Settings) -> anyhow::Result<(Reload, watch::Receiver<Arc<Tagger>>)> {
        // looked at before they are read: what changes in between is read again
        let read = marks(settings.lexicon.folder.clone());
        let tagger = tagger(settings)?;
        let (swap, tagger) = watch::channel(tagger);
        let reload = Reload {
            settings: settings.clone(),
            swap,
            read,
            moving: None,
        };
        Ok((reload, tagger))
    }

    /// Reads again what changed, once it changes no more: an editor may be at work.
    pub async fn look(&mut self) {
        let folder = self.settings.lexicon.folder.clone();
        if folder.is_none() {
            return;
        }
        let Ok(found) = spawn_blocking(move || marks(folder)).await else {
            return;
        };
        if found == self.read {
            self.moving = None;
        } else if self.moving.as_ref() == Some(&found) {
            info!("tables of the lexicon changed");
            self.again().await;
        } else {
            self.moving = Some(found);
        }
    }

    /// Reads the tables again.
    pub async fn again(&mut self) {
        let settings = self.settings.clone();
        let reading = spawn_blocking(move || {
            let read = marks(settings.lexicon.folder.clone());
            (read, tagger(&settings))
        });
        let tagger = match reading.await {
            Ok((read, tagger)) => {
                (self.read, self.moving) = (read, None);
                tagger
            }
            Err(error) => Err(error.into()),
        };
        match tagger {
            Ok(tagger) => {
                let version = tagger.lexicon().version();
                info!(version, "the lexicon was read again");
                telemetry::lexicon(version);
                self.swap.send_replace(tagger);
            }
            Err(error) => stays(&error),
        }
    }
}

fn marks(folder: Option<PathBuf>) -> Marks {
    folder.map_or_else(Marks::default, |folder| Marks::of(&folder))
}

fn stays(error: &anyhow::Error) {
    let Some(Faults(faults)) = error.downcast_ref() else {
        return warn!("the lexicon stays as it was: {error:#}");
    };
    for fault in faults.iter().take(MOST_FAULTS) {
        warn!("{fault}");
    }
    warn!(
        faults = faults.len(),
        "the lexicon stays as it was; `copytaster check` tells every fault"
    );
}
