//! PASS: fetch, publish, ack, a message at a time and without work. What could be had at most?

use std::time::Instant;

use anyhow::Context as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::report::{Rate, Usage};
use super::{Bench, IN_FLIGHT};

/// Hands every raw message on as it is; a message is acked when its copy was.
pub async fn through(bench: &Bench<'_>) -> anyhow::Result<Rate> {
    let raw = bench.context.get_stream(bench.stream_name("RAW")).await?;
    bench.stream("PASS", "pass.>").await?;
    let consumer = raw.create_consumer(super::consumer()).await?;
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(1_000)
        .messages()
        .await?;
    let subject = format!("{}.pass.reuters.en", bench.prefix);
    let (before, started) = (Usage::now(), Instant::now());
    let mut flying = FuturesUnordered::new();
    let total = bench.args.messages;
    let (mut taken, mut done) = (0, 0);
    while done < total {
        tokio::select! {
            biased;
            ended = flying.next(), if !flying.is_empty() => {
                let ended: Option<anyhow::Result<()>> = ended;
                ended.context("a publish is under way")??;
                done += 1;
            }
            message = messages.next(), if taken < total && flying.len() < IN_FLIGHT => {
                let message = message.context("the consumer ended")??;
                taken += 1;
                let sent = bench.context.publish(subject.clone(), message.payload.clone()).await?;
                flying.push(async move {
                    sent.await?;
                    message.ack().await.map_err(|error| anyhow::anyhow!(error))
                });
            }
        }
    }
    Ok(Rate::of(total, started.elapsed(), before))
}
