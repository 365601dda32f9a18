//! Latency end to end, at a steady rate. How old is an event when a desk has it?

use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::report::Latency;
use super::{Bench, IN_FLIGHT, Wire};

/// Publishes at the rate wanted; a subscriber to all outcomes notes when each first arrives.
pub async fn latency(bench: &Bench<'_>) -> anyhow::Result<Latency> {
    // through the stream: a plain subscriber would see records before their batch is committed
    let out = bench.context.get_stream(bench.stream_name("OUT")).await?;
    let kinds = ["story", "dup", "kill", "dead"];
    let consumer = out
        .create_consumer(OrderedConfig {
            filter_subjects: kinds
                .iter()
                .map(|k| format!("{}.{k}.>", bench.prefix))
                .collect(),
            ..OrderedConfig::default()
        })
        .await?;
    let mut outcomes = consumer.messages().await?;
    let total = bench.args.rate * bench.args.seconds;
    let (told, mut tell) = tokio::sync::mpsc::unbounded_channel::<(u64, Instant)>();
    let stream = bench.stream_name("RAW");
    let listening = tokio::spawn(async move {
        let mut arrived = vec![None; total as usize];
        let mut left = total;
        while left > 0 {
            let Some(Ok(message)) = outcomes.next().await else {
                break;
            };
            let id = message
                .headers
                .as_ref()
                .and_then(|headers| headers.get("ce-id"));
            let number = id.and_then(|id| number(id.as_str(), &stream));
            let slot = number.and_then(|n| arrived.get_mut(n as usize - 1));
            if let Some(slot @ None) = slot {
                *slot = Some(Instant::now());
                left -= 1;
            }
        }
        arrived
    });
    publish(bench, total, &told).await?;
    drop(told);
    let arrived = tokio::time::timeout(Duration::from_secs(60), listening)
        .await
        .context("not every outcome came within a minute")??;
    let mut ages: Vec<Duration> = Vec::with_capacity(total as usize);
    while let Some((number, sent)) = tell.recv().await {
        let at = arrived.get(number as usize).copied().flatten();
        ages.push(
            at.context("an outcome is missing")?
                .saturating_duration_since(sent),
        );
    }
    Ok(Latency::of(bench.args.rate, ages))
}

/// The sequence that `<stream>:<sequence>:<item>` names.
fn number(id: &str, stream: &str) -> Option<u64> {
    let rest = id.strip_prefix(stream)?.strip_prefix(':')?;
    rest.split(':').next()?.parse().ok().filter(|n| *n > 0)
}

async fn publish(
    bench: &Bench<'_>,
    total: u64,
    told: &tokio::sync::mpsc::UnboundedSender<(u64, Instant)>,
) -> anyhow::Result<()> {
    let wire = Wire::new(bench.args.seed + 1);
    let subject = format!("{}.raw.reuters.en", bench.prefix);
    let mut acks = FuturesUnordered::new();
    let begin = Instant::now();
    let mut number = 0;
    while number < total {
        let due = (begin.elapsed().as_secs_f64() * bench.args.rate as f64) as u64;
        while number < due.min(total) {
            let _ = told.send((number, Instant::now()));
            let sent = bench
                .context
                .publish(subject.clone(), wire.story(number))
                .await?;
            acks.push(async move { sent.await });
            number += 1;
            while acks.len() >= IN_FLIGHT {
                acks.next().await.transpose()?;
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while let Some(ack) = acks.next().await {
        ack?;
    }
    Ok(())
}
