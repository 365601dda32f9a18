//! What was pulled → commits: the pipeline on one batch, each stage timed. Runs where it may block.

use tokio::time::Instant;
use tracing::warn;

use super::bus::Pulled;
use super::telemetry;
use crate::pipeline::{Commit, Pipeline};
use crate::story::{RawMessage, Timestamp};

/// What the loop knows about a batch, beside its messages.
pub(super) struct Hand {
    /// The name of the source, for the letter about a gap.
    pub source: String,
    /// The time of the last message known.
    pub at: Timestamp,
    /// The first message is the one that the process ended on, again and again.
    pub give_up: bool,
}

/// The commits of one batch, in source order.
pub(super) fn commits(pipeline: &mut Pipeline, pulled: Pulled, hand: Hand) -> Vec<Commit> {
    let mut commits = Vec::new();
    if let Some(lost) = pulled.lost {
        warn!(
            first = lost.start(),
            last = lost.end(),
            "messages were lost before they were read: retention was shorter than the absence"
        );
        telemetry::gap(1 + lost.end().saturating_sub(*lost.start()));
        commits.push(pipeline.gap(&hand.source, lost, hand.at));
    }
    if !pulled.messages.is_empty() {
        let bytes = pulled.messages.iter().map(|message| message.body.len());
        telemetry::received(pulled.messages.len(), bytes.sum());
    }
    match pulled.messages.first() {
        Some(message) if hand.give_up => {
            warn!(
                sequence = message.origin.sequence,
                "giving up a message that the process ended on again and again"
            );
            commits.push(pipeline.give_up(message));
        }
        Some(_) => commits.extend(process(pipeline, &pulled.messages)),
        None => {}
    }
    telemetry::remembers(pipeline.window().stats());
    commits
}

/// `Pipeline::process`, with a look at the clock after each stage.
fn process(pipeline: &mut Pipeline, messages: &[RawMessage]) -> Vec<Commit> {
    let arrivals = timed("prepare", || pipeline.prepare(messages));
    let judged = timed("judge", || pipeline.judge(arrivals));
    timed("render", || pipeline.render(judged))
}

fn timed<T>(stage: &'static str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    telemetry::worked(stage, began.elapsed().as_secs_f64());
    done
}
