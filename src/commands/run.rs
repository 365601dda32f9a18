//! `copytaster run`: the daemon, from the first connection to the last commit.

mod reload;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::daemon::admin::{self, Admin};
use crate::daemon::bus::Fault;
use crate::daemon::bus::jetstream::{self, JetStream};
use crate::daemon::settings::Settings;
use crate::daemon::{Config, Core, Progress, serve, telemetry};
use reload::Reload;

/// The daemon: raw copy from JetStream in, one event per story out, exactly once
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When somebody has to change something: a setting, a stream, a server that is too old.
pub fn run(_: &Args, settings: &Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let end = runtime.block_on(daemon(settings));
    // a batch that is still worked on was never begun, as far as the log knows
    runtime.shutdown_timeout(Duration::from_millis(200));
    end
}

async fn daemon(settings: &Settings) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let progress = Arc::new(Progress::default());
    let listening = Signals::listen()?;
    let (reload, tagger) = Reload::begin(settings)?;
    let config = settings.daemon();
    admin_port(settings, &config, &progress).await?;
    telemetry::settings(&config.settings);
    telemetry::lexicon(tagger.borrow().lexicon().version());
    tokio::spawn(listening.heed(reload, stop.clone()));
    tokio::spawn(system_manager(
        config.clone(),
        progress.clone(),
        stop.clone(),
    ));

    let Some(bus) = connect(settings.jetstream().await?, &progress, &stop).await? else {
        return Ok(());
    };
    let core = Core {
        settings: settings.pipeline(),
        tagger,
    };
    let client = bus.client().clone();
    serve(bus, config, core, progress, stop).await?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    // what was handed to the client is on its way; a server that is gone need not be waited for
    let _ = tokio::time::timeout(Duration::from_secs(1), client.flush()).await;
    Ok(())
}

/// Answers from the start, so that a probe learns why it waits. Nowhere, and nothing is counted,
/// where `admin.listen` is blank.
async fn admin_port(
    settings: &Settings,
    config: &Config,
    progress: &Arc<Progress>,
) -> anyhow::Result<()> {
    let Some(address) = settings.admin.listen else {
        return Ok(());
    };
    let desk = Admin {
        progress: progress.clone(),
        recorder: telemetry::Recorder::start(&settings.partition.name)?,
        patience: config.patience(),
        stuck_after: config.stuck_after(),
    };
    let listener = admin::bind(address).await?;
    tokio::spawn(admin::answer(listener, desk));
    Ok(())
}

/// Connects as soon as there is a server. `None` when the wish to stop came first.
async fn connect(
    config: jetstream::Config,
    progress: &Progress,
    stop: &CancellationToken,
) -> anyhow::Result<Option<JetStream>> {
    let mut said_before = String::new();
    loop {
        let connected = tokio::select! {
            connected = JetStream::connect(config.clone()) => connected,
            () = stop.cancelled() => return Ok(None),
        };
        match connected {
            Ok(bus) => return Ok(Some(bus)),
            Err(Fault::Surroundings(said)) => {
                if said != said_before {
                    warn!("{said}; trying again until it works");
                }
                telemetry::troubled();
                progress.trouble(said.clone());
                said_before = said;
            }
            Err(refused) => return Err(refused.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            () = stop.cancelled() => return Ok(None),
        }
    }
}

/// SIGTERM and SIGINT stop; SIGHUP, or a table that changed, reads the lexicon again.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Signals> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn heed(mut self, mut reload: Reload, stop: CancellationToken) {
        let mut look = tokio::time::interval(reload::EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hang_up.recv() => reload.again().await,
                _ = look.tick() => reload.look().await,
            }
        }
        info!("stopping");
        stop.cancel();
    }
}

/// Tells systemd when there is work being done, and barks no more when there is none.
async fn system_manager(config: Config, progress: Arc<Progress>, stop: CancellationToken) {
    let every = sd_notify::watchdog_enabled().map_or(Duration::from_secs(1), |limit| limit / 3);
    let mut told = false;
    while !stop.is_cancelled() {
        if !told && progress.ready(config.patience()).is_ok() {
            told = sd_notify::notify(&[sd_notify::NotifyState::Ready]).is_ok();
        }
        // waiting for a server is no reason to be killed; a silent loop is
        if !progress.is_stuck(config.stuck_after()) {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
        tokio::time::sleep(every.min(Duration::from_secs(1))).await;
    }
}
