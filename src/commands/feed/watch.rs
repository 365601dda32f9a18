//! A drop folder → rounds of files that grow no more, each moved aside once it is stored.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::inputs::{self, Input};
use super::{Feeder, Round};

/// Between two looks: a file that is the same in both is complete.
const LOOK: Duration = Duration::from_secs(1);
/// After a round in which something was not stored.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where files go that were fed. The dot keeps the walk out of it.
const FED: &str = ".fed";

/// Size and time of change, by path, at the last look.
type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Feeds what is dropped until SIGTERM or SIGINT.
///
/// # Errors
/// When a folder cannot be read or a file not moved, or when the last round left something behind.
pub async fn follow(feeder: &Feeder, folders: &[PathBuf]) -> anyhow::Result<()> {
    for folder in folders {
        let shown = folder.display();
        anyhow::ensure!(
            folder.is_dir(),
            "{shown} is no folder, and only folders can be watched"
        );
    }
    let stop = stopping()?;
    let mut seen = Seen::new();
    let mut last = Round::default();
    while !stop.is_cancelled() {
        let inputs = inputs::find(folders, &feeder.given)?;
        let ready = settled(&inputs, &mut seen);
        if !ready.is_empty() {
            for input in &ready {
                let fed = fed(&input.path);
                fs::create_dir_all(&fed)
                    .with_context(|| format!("cannot make {}", fed.display()))?;
            }
            last = feeder.round(&ready, &stop).await;
            for (index, input) in ready.iter().enumerate() {
                if last.read.contains(&index) && !last.faulty.contains(&index) {
                    put_aside(&input.path)?;
                }
            }
        }
        let pause = match last.verdict() {
            Ok(()) => LOOK,
            Err(_) => PATIENCE,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
    last.verdict()
}

fn stopping() -> anyhow::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen to signals")?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}

/// The inputs that are as they were at the last look.
fn settled(inputs: &[Input], seen: &mut Seen) -> Vec<Input> {
    let now: Seen = inputs
        .iter()
        .map(|input| (input.path.clone(), (input.size, input.modified)))
        .collect();
    let before = std::mem::replace(seen, now);
    let is_same = |input: &&Input| before.get(&input.path) == Some(&(input.size, input.modified));
    inputs.iter().filter(is_same).cloned().collect()
}

fn fed(path: &Path) -> PathBuf {
    path.with_file_name(FED)
}

/// Moves a file into `.fed/` beside it, over nothing that is there.
fn put_aside(path: &Path) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default();
    let mut to = fed(path).join(name);
    for number in 1_u64.. {
        if !to.exists() {
            break;
        }
        let mut numbered = name.to_owned();
        numbered.push(format!(".{number}"));
        to = fed(path).join(numbered);
    }
    fs::rename(path, &to).with_context(|| {
        format!(
            "{} is stored but cannot be moved to {}",
            path.display(),
            to.display()
        )
    })
}
