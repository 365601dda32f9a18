//! Restarts beside a log of many stories. How long until it is ready, and what does a remembered story weigh?

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::Bench;
use super::report::{Memory, Usage};
use crate::daemon::{Progress, Role};

/// Fills the log through the whole pipeline, and starts a process of its own before and after.
pub async fn measure(bench: &Bench<'_>) -> anyhow::Result<Memory> {
    bench.stream("RAW", "raw.>").await?;
    let (_, bare) = start(bench).await?;
    let stories = bench.args.remember;
    let progress = Arc::new(Progress::default());
    let stop = CancellationToken::new();
    let daemon = bench.daemon(progress.clone(), stop.clone()).await?;
    let filled = tokio::try_join!(
        bench.publish(stories),
        bench.committed(&daemon, &progress, stories)
    );
    stop.cancel();
    daemon.await??;
    filled?;
    let (took, full) = start(bench).await?;
    Ok(Memory {
        remembered: stories,
        ready: took,
        bytes_a_story: full.saturating_sub(bare) as f64 / stories as f64,
    })
}

/// This program again, from its first instruction until it would write; and its bytes in memory then.
async fn start(bench: &Bench<'_>) -> anyhow::Result<(Duration, u64)> {
    let prefix = bench.prefix.clone();
    let started = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let own = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(own)
            .args(std::env::args_os().skip(1))
            .args(["--recall", &prefix])
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start this program again")?;
        let out = child.stdout.take().context("a child without output")?;
        let mut said = String::new();
        BufReader::new(out).read_line(&mut said)?;
        let took = began.elapsed();
        child.wait()?;
        let resident = said.trim().parse().context("the start failed")?;
        Ok((took, resident))
    });
    started.await?
}

/// What the child does: becomes the writer, says so, and ends.
pub async fn recall(bench: &Bench<'_>) -> anyhow::Result<()> {
    let progress = Arc::new(Progress::default());
    let stop = CancellationToken::new();
    let daemon = bench.daemon(progress.clone(), stop.clone()).await?;
    while progress.role() != Role::Writer {
        anyhow::ensure!(!daemon.is_finished(), "the daemon ended before it wrote");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("{}", Usage::now().resident);
    stop.cancel();
    daemon.await??;
    Ok(())
}
