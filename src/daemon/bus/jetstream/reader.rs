//! An ordered reader without acks: the messages of a stream after a sequence, each once, none left out in silence.
//!
//! The consumer is a throwaway on the server. Whatever goes wrong with it (a restart, a lost connection,
//! a message that was sent and did not arrive), it is left behind and another begins after the last
//! message that was handed on.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use async_nats::{HeaderMap, Message};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::coop::unconstrained;

use crate::daemon::bus::{Fault, INPUT, Room, made_anew};
use crate::story::Timestamp;

/// A message with its place in the stream.
pub(super) struct Delivered {
    pub sequence: u64,
    pub published: Timestamp,
    pub message: Message,
}

pub(super) struct Reader {
    context: Context,
    pub stream: Arc<str>,
    /// Empty: all subjects.
    filters: Vec<String>,
    /// Bytes that may be on their way to us.
    window_bytes: usize,
    live: Option<Live>,
    /// When the stream was made, as far as it was read before.
    created: Option<Timestamp>,
}

struct Live {
    messages: pull::Stream,
    /// The consumer's own count: a jump is a message that did not arrive.
    count: u64,
    /// Stream sequence of the last message handed on.
    last: u64,
    /// A message that did not fit into the last pull.
    kept: Option<Delivered>,
    /// The stream's first sequence when the consumer was made.
    first: u64,
}

impl Reader {
    pub fn new(
        context: &Context,
        stream: &str,
        filters: Vec<String>,
        window_bytes: usize,
    ) -> Reader {
        Reader {
            context: context.clone(),
            stream: Arc::from(stream),
            filters,
            window_bytes,
            live: None,
            created: None,
        }
    }

    pub fn reads_all(&self) -> bool {
        self.filters.is_empty()
    }

    /// What retention took between `after` and the stream's first message.
    pub async fn lost(&mut self, after: u64) -> Result<Option<RangeInclusive<u64>>, Fault> {
        let first = self.live(after).await?.first;
        Ok((first > after + 1).then(|| after + 1..=first - 1))
    }

    /// The messages after `after`: waits for the first, then takes what is there.
    pub async fn next(&mut self, after: u64, room: Room) -> Result<Vec<Delivered>, Fault> {
        let read = self.live(after).await?.read(room).await;
        if !matches!(&read, Ok(messages) if !messages.is_empty()) {
            self.live = None;
        }
        read
    }

    /// Lets go of the consumer.
    pub fn rest(&mut self) {
        self.live = None;
    }

    /// A consumer that goes on after `after`.
    async fn live(&mut self, after: u64) -> Result<&mut Live, Fault> {
        if self.live.as_ref().is_none_or(|live| live.last != after) {
            self.live = None;
            self.live = Some(self.begin(after).await?);
        }
        Ok(self.live.as_mut().expect("made just now"))
    }

    async fn begin(&mut self, after: u64) -> Result<Live, Fault> {
        let fault = |error: &dyn std::fmt::Display| {
            Fault::Surroundings(format!("cannot read stream {}: {error}", self.stream))
        };
        let stream = self.context.get_stream(&*self.stream).await;
        let stream = stream.map_err(|error| fault(&error))?;
        let state = &stream.cached_info().state;
        let created = created(&stream)?;
        if state.last_sequence < after || *self.created.get_or_insert(created) != created {
            return Err(made_anew(&self.stream));
        }
        let first = state.first_sequence;
        let consumer: Consumer<pull::Config> = stream
            .create_consumer(pull::Config {
                filter_subjects: self.filters.clone(),
                ..throwaway(after)
            })
            .await
            .map_err(|error| fault(&error))?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(2000)
            .max_bytes_per_batch(self.window_bytes)
            .expires(Duration::from_secs(20))
            .heartbeat(Duration::from_secs(2))
            .messages()
            .await
            .map_err(|error| fault(&error))?;
        Ok(Live {
            messages,
            count: 0,
            last: after,
            kept: None,
            first,
        })
    }
}

impl Live {
    async fn read(&mut self, room: Room) -> Result<Vec<Delivered>, Fault> {
        let mut messages = Vec::new();
        let mut bytes = 0;
        loop {
            let next = match self.kept.take() {
                Some(kept) => Some(kept),
                None if messages.is_empty() => self.one().await?,
                // unconstrained: else the runtime's fairness says "nothing there" after 128 messages
                None => match unconstrained(self.one()).now_or_never() {
                    // nothing there now, or trouble that the next pull meets again
                    None | Some(Err(_)) => break,
                    Some(Ok(next)) => next,
                },
            };
            let Some(next) = next else { break };
            bytes += next.message.length;
            if !messages.is_empty() && bytes > room.bytes {
                self.kept = Some(next);
                break;
            }
            self.last = next.sequence;
            messages.push(next);
            if messages.len() >= room.messages {
                break;
            }
        }
        Ok(messages)
    }

    /// The next message; `None` when one on the way was lost and the consumer is of no more use.
    async fn one(&mut self) -> Result<Option<Delivered>, Fault> {
        let message = match self.messages.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                return Err(Fault::Surroundings(format!(
                    "reading was interrupted: {error}"
                )));
            }
            None => return Ok(None),
        };
        let info = message.info().map_err(|error| {
            Fault::Surroundings(format!("a message without its place: {error}"))
        })?;
        if info.consumer_sequence != self.count + 1 {
            return Ok(None);
        }
        self.count += 1;
        let published = Timestamp::from_nanosecond(info.published.unix_timestamp_nanos())
            .map_err(|error| Fault::Surroundings(format!("a message without its time: {error}")))?;
        let sequence = info.stream_sequence;
        let (message, _) = message.split();
        Ok(Some(Delivered {
            sequence,
            published,
            message,
        }))
    }
}

/// A consumer without acks of what comes after a sequence, which the server forgets when nobody asks.
pub(super) fn throwaway(after: u64) -> pull::Config {
    pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: after + 1,
        },
        ack_policy: AckPolicy::None,
        inactive_threshold: Duration::from_secs(30),
        memory_storage: true,
        num_replicas: 1,
        ..pull::Config::default()
    }
}

/// When a stream was made.
pub(super) fn created(stream: &Stream) -> Result<Timestamp, Fault> {
    let nanoseconds = stream.cached_info().created.unix_timestamp_nanos();
    Timestamp::from_nanosecond(nanoseconds)
        .map_err(|error| Fault::Surroundings(format!("a stream without its time: {error}")))
}

/// Headers in an order that does not depend on the run.
pub(super) fn headers(headers: Option<&HeaderMap>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = headers
        .into_iter()
        .flat_map(HeaderMap::iter)
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(|value| (name.to_string(), value.as_str().to_owned()))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// The name that whoever fed the message gave it, as much of it as a name should have.
pub(super) fn input(headers: Option<&HeaderMap>) -> Option<String> {
    let name: String = headers?.get(INPUT)?.as_str().chars().take(250).collect();
    (!name.is_empty()).then_some(name)
}
