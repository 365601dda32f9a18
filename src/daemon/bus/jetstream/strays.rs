//! The end of the log → what of it no checkpoint closed. Did the server begin to store a batch and not end it?
//!
//! An atomic batch is checked as a whole and then stored record by record. Where the disk is full in the
//! middle, the server stays with what it stored, and refuses the commit.

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{Consumer, pull};
use futures_util::StreamExt as _;

use super::{BATCH_ID, reader};
use crate::daemon::bus::{Fault, Stray, StrayKind};

/// The server itself published it.
const SCHEDULER: &str = "Nats-Scheduler";

/// How to tell our records from those of other partitions.
pub(super) struct Own {
    /// The `ce-source` of our outcomes.
    pub source: String,
    /// The subject of our imprints.
    pub imprint: String,
}

/// Our records after sequence `after`.
pub(super) async fn after(
    context: &Context,
    stream: &str,
    after: u64,
    own: &Own,
) -> Result<Vec<Stray>, Fault> {
    let fault = |error: &dyn std::fmt::Display| {
        Fault::Surroundings(format!("cannot read the end of stream {stream}: {error}"))
    };
    let log = context.get_stream(stream).await;
    let log = log.map_err(|error| fault(&error))?;
    let mut strays = Vec::new();
    if log.cached_info().state.last_sequence <= after {
        return Ok(strays);
    }
    let consumer: Consumer<pull::Config> = log
        .create_consumer(pull::Config {
            headers_only: true,
            ..reader::throwaway(after)
        })
        .await
        .map_err(|error| fault(&error))?;
    if consumer.cached_info().num_pending == 0 {
        return Ok(strays);
    }
    let messages = consumer.messages().await;
    let mut messages = messages.map_err(|error| fault(&error))?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| fault(&error))?;
        let info = message.info().map_err(|error| fault(&error))?;
        let headers = message.headers.as_ref();
        strays.extend(stray(info.stream_sequence, &message.subject, headers, own));
        if info.pending == 0 {
            break;
        }
    }
    Ok(strays)
}

fn stray(sequence: u64, subject: &str, headers: Option<&HeaderMap>, own: &Own) -> Option<Stray> {
    let header = |name: &str| Some(headers?.get(name)?.as_str());
    let ours = header("ce-source") == Some(&own.source) || subject == own.imprint;
    let batch = header(BATCH_ID).filter(|_| ours && header(SCHEDULER).is_none())?;
    Some(Stray {
        sequence,
        batch: batch.to_owned(),
        kind: StrayKind::of(subject, header),
    })
}
