//! The out stream → its dead letters, and the messages that they were. What died, and what was it?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{Context, ErrorCode, Message};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::letter::Letter;
use crate::daemon::bus::jetstream::{self, Connection};
use crate::daemon::settings::Settings;

/// How long the next letter may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message as it came in.
pub struct Original {
    pub subject: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub struct Drawer {
    pub connection: Connection,
    /// Name of the out stream.
    pub name: String,
    stream: Stream,
    prefix: String,
}

impl Drawer {
    pub async fn open(settings: &Settings) -> anyhow::Result<Drawer> {
        let config = settings.jetstream().await?;
        let connection = jetstream::open(&config).await?;
        let stream = stream(&connection.context, &config.out_stream).await;
        Ok(Drawer {
            stream: connection.explain(stream)?,
            connection,
            name: config.out_stream,
            prefix: config.prefix,
        })
    }

    /// Hands every letter there is now to `each`, oldest first, until that has enough.
    pub async fn scan(
        &self,
        mut each: impl FnMut(Letter) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        let last = self.stream.cached_info().state.last_sequence;
        let config = OrderedConfig {
            filter_subject: format!("{}.dead.>", self.prefix),
            ..OrderedConfig::default()
        };
        read(&self.stream, config, last, |sequence, message| {
            each(Letter::read(sequence, &message.payload)?)
        })
        .await
        .with_context(|| format!("cannot read stream {}", self.name))
    }

    /// The letter that a message was before it was requeued, from what its header `FROM` says.
    pub fn earlier(&self, from: Option<&str>) -> Option<u64> {
        let (stream, sequence) = from?.rsplit_once(':')?;
        sequence.parse().ok().filter(|_| stream == self.name)
    }

    /// Which of `letters` are on the raw stream again. It is read from the first of them on, on their
    /// subjects alone and without bodies.
    pub async fn requeued(&self, letters: &[Letter]) -> anyhow::Result<BTreeSet<u64>> {
        let mut requeued = BTreeSet::new();
        let mut streams: BTreeMap<&str, (u64, BTreeSet<String>)> = BTreeMap::new();
        for Letter { raw, .. } in letters {
            // a gap has no subject, and nothing to requeue
            let Some(subject) = &raw.subject else {
                continue;
            };
            let first = (raw.sequence, BTreeSet::new());
            let (first, subjects) = streams.entry(&raw.stream).or_insert(first);
            *first = raw.sequence.min(*first);
            subjects.insert(self.outward(subject));
        }
        for (name, (first, subjects)) in streams {
            let stream = stream(&self.connection.context, name).await?;
            let last = stream.cached_info().state.last_sequence;
            let config = OrderedConfig {
                deliver_policy: DeliverPolicy::ByStartSequence {
                    start_sequence: first + 1,
                },
                filter_subjects: subjects.into_iter().collect(),
                headers_only: true,
                ..OrderedConfig::default()
            };
            read(&stream, config, last, |_, message| {
                let headers = message.headers.as_ref();
                let from = headers.and_then(|headers| headers.get(super::FROM));
                requeued.extend(self.earlier(from.map(HeaderValue::as_str)));
                Ok(ControlFlow::Continue(()))
            })
            .await
            .with_context(|| format!("cannot read stream {name}"))?;
        }
        Ok(requeued)
    }

    /// The letter at `sequence` of the out stream.
    pub async fn letter(&self, sequence: u64) -> anyhow::Result<Letter> {
        let message = match self.stream.get_raw_message(sequence).await {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                anyhow::bail!("stream {} has nothing at {sequence}", self.name)
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read stream {}", self.name));
            }
        };
        anyhow::ensure!(
            message
                .subject
                .strip_prefix(self.prefix.as_str())
                .is_some_and(|rest| rest.starts_with(".dead.")),
            "what is stored at {sequence} is on {}, and no dead letter",
            message.subject
        );
        Letter::read(sequence, &message.payload)
    }

    /// The whole message, from the letter, or from the raw stream where the letter holds a part.
    pub async fn original(&self, letter: &Letter) -> anyhow::Result<Original> {
        let kept = letter.kept()?;
        if letter.raw.partial {
            return self.fetched(letter, kept.len()).await;
        }
        let subject = letter.raw.subject.as_deref();
        let subject = subject.context("it does not say on which subject the message came")?;
        let mut headers = HeaderMap::new();
        for (name, values) in &letter.raw.headers {
            for value in values {
                let fault = || format!("its header {name:?} cannot be sent");
                let name: HeaderName = name.parse().with_context(fault)?;
                let value: HeaderValue = value.parse().with_context(fault)?;
                headers.append(name, value);
            }
        }
        Ok(Original {
            subject: self.outward(subject),
            headers,
            body: kept,
        })
    }

    async fn fetched(&self, letter: &Letter, kept: usize) -> anyhow::Result<Original> {
        let raw = &letter.raw;
        let missing = || {
            format!(
                "the letter holds {kept} of {} bytes, and message {} of stream {} has the rest",
                raw.bytes, raw.sequence, raw.stream
            )
        };
        let stream = stream(&self.connection.context, &raw.stream).await;
        let stream = stream.with_context(missing)?;
        let message = stream.get_raw_message(raw.sequence).await;
        let message = message.with_context(missing)?;
        letter.verify(&message.payload).with_context(missing)?;
        Ok(Original {
            subject: message.subject.to_string(),
            headers: message.headers,
            body: message.payload,
        })
    }

    /// `wire.…` as this installation calls it.
    fn outward(&self, subject: &str) -> String {
        match subject.strip_prefix("wire.") {
            Some(rest) => format!("{}.{rest}", self.prefix),
            None => subject.to_owned(),
        }
    }
}

/// Hands what `config` chooses of a stream, up to `last`, to `each` until that has enough.
async fn read(
    stream: &Stream,
    config: OrderedConfig,
    last: u64,
    mut each: impl FnMut(u64, &Message) -> anyhow::Result<ControlFlow<()>>,
) -> anyhow::Result<()> {
    let consumer = stream.create_consumer(config).await?;
    if consumer.cached_info().num_pending == 0 {
        return Ok(());
    }
    let mut messages = consumer.messages().await?;
    loop {
        let Some(message) = tokio::time::timeout(PATIENCE, messages.next()).await? else {
            return Ok(());
        };
        let message = message?;
        let place = message.info().map_err(|error| anyhow::anyhow!(error))?;
        let (sequence, pending) = (place.stream_sequence, place.pending);
        if sequence > last {
            return Ok(());
        }
        let enough = each(sequence, &message)?.is_break();
        if enough || pending == 0 || sequence == last {
            return Ok(());
        }
    }
}

async fn stream(context: &Context, name: &str) -> anyhow::Result<Stream> {
    context.get_stream(name).await.map_err(|error| {
        match error.kind() {
            GetStreamErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                anyhow::anyhow!("stream {name} does not exist; `copytaster run` creates it, or set streams.out to the one there is")
            }
            _ => anyhow::Error::new(error).context(format!("no answer about stream {name}")),
        }
    })
}
