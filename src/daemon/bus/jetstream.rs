//! The bus on NATS JetStream: an ordered reader without acks, and fenced atomic batches.

mod answer;
mod reader;
mod refusal;
mod rights;
mod setup;
mod strays;
mod survey;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_nats::client::traits::Publisher as _;
use async_nats::header::HeaderName;
use async_nats::jetstream::Context;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, LastRawMessageErrorKind, Stream};
use async_nats::message::OutboundMessage;
use async_nats::{Client, ConnectOptions, HeaderMap, Request};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::{
    Batch, Bus, Checkpoint, Extent, Fault, IMPRINTS_MORE, IMPRINTS_RECEIVED, Memory, Pulled, Room,
    Stored, Stray, Unstored,
};
use crate::publish;
use crate::story::{Origin, RawMessage, Subject};
use reader::Reader;
use refusal::Refusals;

pub use setup::{Connection, LEAST_EVENTS, covers, open, open_raw, refuse_version};
pub use survey::{Survey, survey};

const BATCH_ID: &str = "Nats-Batch-Id";
const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";
const BATCH_COMMIT: &str = "Nats-Batch-Commit";

/// Where streams keep their messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    #[default]
    File,
    Memory,
}

/// Which server, which streams, which partition.
#[derive(Clone, Debug)]
pub struct Config {
    /// `nats://host:port`, several for a cluster.
    pub servers: Vec<String>,
    /// Name, credentials and TLS, ready made.
    pub options: ConnectOptions,
    /// First token of every subject.
    pub prefix: String,
    pub raw_stream: String,
    /// Subjects of this partition; those of the whole raw stream where it is the only one.
    pub raw_subjects: Vec<String>,
    pub out_stream: String,
    /// Slug of the partition.
    pub partition: String,
    /// Create the streams where they are missing.
    pub manage_streams: bool,
    /// Of created streams.
    pub replicas: usize,
    pub storage: Storage,
    /// How long created streams keep messages; zero for ever.
    pub raw_max_age: Duration,
    pub out_max_age: Duration,
    /// Bytes after which a created out stream drops its oldest; 0 for no bound.
    pub out_max_bytes: u64,
    /// What the memory spans: the out stream must keep as much.
    pub window: Duration,
    /// Bytes of the largest record, headers included.
    pub max_event_bytes: usize,
    /// How long one request to the server may take.
    pub request_timeout: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            servers: vec!["nats://127.0.0.1:4222".to_owned()],
            options: ConnectOptions::new(),
            prefix: "wire".to_owned(),
            raw_stream: "WIRE_RAW".to_owned(),
            raw_subjects: vec!["wire.raw.>".to_owned()],
            out_stream: "WIRE".to_owned(),
            partition: "main".to_owned(),
            manage_streams: true,
            replicas: 1,
            storage: Storage::File,
            raw_max_age: Duration::from_secs(7 * 86_400),
            out_max_age: Duration::from_secs(30 * 86_400),
            out_max_bytes: 0,
            window: Duration::from_secs(72 * 3600),
            max_event_bytes: 1_000_000,
            request_timeout: Duration::from_secs(5),
        }
    }
}

/// A connection to one partition's streams. Clones share it.
#[derive(Clone)]
pub struct JetStream {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    client: Client,
    context: Context,
    subjects: Subjects,
    /// What the partition reads of the raw stream; empty where it reads all.
    partial: Vec<String>,
    source: Mutex<Reader>,
    log: Mutex<Reader>,
    batches: AtomicU64,
    name: String,
}

/// Subjects of the daemon's own memory, and the prefix that stands in for `wire`.
#[derive(Clone, Debug)]
struct Subjects {
    prefix: Option<String>,
    checkpoint: String,
    imprint: String,
    volume: String,
    catalogue: String,
}

impl Subjects {
    fn new(config: &Config) -> Subjects {
        let Config {
            prefix, partition, ..
        } = config;
        Subjects {
            prefix: (prefix != "wire").then(|| prefix.clone()),
            checkpoint: format!("{prefix}.state.checkpoint.{partition}"),
            imprint: format!("{prefix}.state.imprint.{partition}"),
            volume: format!("{prefix}.state.volume.{partition}"),
            catalogue: format!("{prefix}.state.catalogue.{partition}"),
        }
    }

    /// `wire.…` as this installation calls it.
    fn outward(&self, subject: String) -> String {
        match (&self.prefix, subject.strip_prefix("wire.")) {
            (Some(prefix), Some(rest)) => format!("{prefix}.{rest}"),
            _ => subject,
        }
    }

    /// What this installation calls a subject, as `wire.…`.
    fn inward(&self, subject: &str) -> String {
        let rest = self.prefix.as_ref().and_then(|prefix| {
            subject
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
        });
        rest.map_or_else(|| subject.to_owned(), |rest| format!("wire.{rest}"))
    }
}

impl JetStream {
    /// Connects, and makes sure that server and streams are what the rest relies on.
    pub async fn connect(config: Config) -> Result<JetStream, Fault> {
        let refusals = Refusals::default();
        let client = setup::connect(&refusals.listen(&config)).await?;
        let connected = JetStream::with_client(config, client).await;
        connected.map_err(|fault| refusals.explain(fault))
    }

    /// The same on a connection that there is already.
    pub async fn with_client(config: Config, client: Client) -> Result<JetStream, Fault> {
        let context = setup::context(&config, &client);
        setup::server(&config, &client, &context).await?;
        let reads_all = setup::streams(&config, &context).await?;
        let subjects = Subjects::new(&config);
        let raw = match reads_all {
            true => Vec::new(),
            false => config.raw_subjects.clone(),
        };
        let own = vec![subjects.checkpoint.clone(), subjects.imprint.clone()];
        let most = config.max_event_bytes.max(client.max_payload());
        let inner = Inner {
            source: Mutex::new(Reader::new(
                &context,
                &config.raw_stream,
                raw.clone(),
                (4 * most).max(32 << 20),
            )),
            // our own records are small, and what waits here at a start stays in memory for long
            log: Mutex::new(Reader::new(
                &context,
                &config.out_stream,
                own,
                most.max(8 << 20),
            )),
            subjects,
            partial: raw,
            batches: AtomicU64::new(0),
            name: client
                .new_inbox()
                .rsplit('.')
                .next()
                .unwrap_or("batch")
                .to_owned(),
            config,
            client,
            context,
        };
        Ok(JetStream {
            inner: Arc::new(inner),
        })
    }

    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    fn message(&self, subject: String, body: Bytes, headers: HeaderMap) -> OutboundMessage {
        OutboundMessage {
            subject: self.inner.subjects.outward(subject).into(),
            reply: None,
            payload: body,
            headers: Some(headers),
        }
    }

    fn begin(&self, batch: &mut Batch) {
        if batch.id.is_empty() {
            let number = self.inner.batches.fetch_add(1, Relaxed);
            batch.id = format!("{}-{number}", self.inner.name);
            batch.staged = 0;
        }
    }

    /// The out stream, unasked.
    async fn log(&self) -> Result<Stream<()>, Fault> {
        self.unasked(&self.inner.config.out_stream).await
    }

    async fn unasked(&self, name: &str) -> Result<Stream<()>, Fault> {
        let stream = self.inner.context.get_stream_no_info(name).await;
        stream.map_err(|error| Fault::Surroundings(format!("no way to the stream: {error}")))
    }

    /// The last record of a subject of the out stream.
    async fn last(&self, subject: &str) -> Result<Option<StreamMessage>, Fault> {
        last_of(&self.log().await?, subject).await
    }

    async fn extent_of(&self, stream: &str) -> Result<Extent, Fault> {
        let stream = self.inner.context.get_stream(stream).await;
        let stream = stream
            .map_err(|error| Fault::Surroundings(format!("no answer about a stream: {error}")))?;
        let state = &stream.cached_info().state;
        Ok(Extent {
            first: state.first_sequence,
            last: state.last_sequence,
            created: reader::created(&stream)?,
        })
    }
}

/// The last record of a subject. Asked of the leader: a direct get may be answered by a replica that is behind.
async fn last_of(stream: &Stream<()>, subject: &str) -> Result<Option<StreamMessage>, Fault> {
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(Fault::Surroundings(format!(
            "cannot read the last record of {subject}: {error}"
        ))),
    }
}

fn batch_headers(batch: &str, sequence: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(BATCH_ID, batch);
    headers.insert(BATCH_SEQUENCE, sequence.to_string());
    headers
}

impl Bus for JetStream {
    fn source(&self) -> &str {
        &self.inner.config.raw_stream
    }

    async fn pull(&self, after: u64, room: Room) -> Result<Pulled, Fault> {
        // who writes does not listen to its own words
        if let Ok(mut log) = self.inner.log.try_lock() {
            log.rest();
        }
        let mut reader = self.inner.source.lock().await;
        let mut pulled = Pulled::default();
        if let Some(lost) = reader.lost(after).await? {
            pulled.lost = Some(lost);
            return Ok(pulled);
        }
        let messages = reader.next(after, room).await?;
        let mut last = after;
        for message in messages {
            if reader.reads_all() && message.sequence > last + 1 {
                // what came before the hole goes first; the next pull meets the hole again
                if pulled.messages.is_empty() {
                    pulled.lost = Some(last + 1..=message.sequence - 1);
                }
                break;
            }
            last = message.sequence;
            pulled.messages.push(RawMessage {
                origin: Origin {
                    stream: reader.stream.clone(),
                    sequence: message.sequence,
                },
                received: message.published,
                subject: Subject(self.inner.subjects.inward(&message.message.subject)),
                headers: reader::headers(message.message.headers.as_ref()),
                body: message.message.payload,
                input: reader::input(message.message.headers.as_ref()),
            });
        }
        Ok(pulled)
    }

    async fn stage(&self, batch: &mut Batch) -> Result<(), Fault> {
        self.begin(batch);
        for index in batch.staged..batch.records.len() {
            let record = &batch.records[index];
            let mut headers = batch_headers(&batch.id, index + 1);
            for (name, value) in &record.headers {
                // the one header that names a subject
                let value = match *name {
                    "Nats-Schedule-Target" => self.inner.subjects.outward(value.clone()),
                    _ => value.clone(),
                };
                headers.insert(HeaderName::from_static(name), value);
            }
            let message = self.message(record.subject.clone(), record.body.clone(), headers);
            self.inner
                .client
                .publish_message(message)
                .await
                .map_err(|error| {
                    Fault::Surroundings(format!("cannot stage {}: {error}", record.subject))
                })?;
            batch.staged = index + 1;
        }
        Ok(())
    }

    async fn commit(
        &self,
        batch: &mut Batch,
        checkpoint: &Checkpoint,
        fence: u64,
    ) -> Result<u64, Unstored> {
        self.begin(batch);
        let mut headers = batch_headers(&batch.id, batch.records.len() + 1);
        headers.insert(BATCH_COMMIT, "1");
        headers.insert("Nats-Rollup", "sub");
        headers.insert("Nats-Expected-Last-Subject-Sequence", fence.to_string());
        let request = Request::new()
            .headers(headers)
            .payload(checkpoint.to_json().into())
            .timeout(Some(self.inner.config.request_timeout));
        let subject = self.inner.subjects.checkpoint.clone();
        let answer = self.inner.client.send_request(subject, request).await;
        let answer = answer
            .map_err(|error| Unstored::NoAnswer(format!("no answer to a commit: {error}")))?;
        answer::of_commit(&answer.payload, fence)
    }

    async fn checkpoint(&self) -> Result<Option<Stored>, Fault> {
        let last = self.last(&self.inner.subjects.checkpoint).await?;
        last.map(|message| {
            let checkpoint = Checkpoint::from_json(&message.payload).map_err(Fault::Refused)?;
            Ok(Stored {
                sequence: message.sequence,
                checkpoint,
            })
        })
        .transpose()
    }

    async fn recall(&self, after: u64) -> Result<Vec<Memory>, Fault> {
        let room = Room {
            messages: 1000,
            bytes: 4 << 20,
        };
        if let Ok(mut source) = self.inner.source.try_lock() {
            source.rest();
        }
        let mut reader = self.inner.log.lock().await;
        let messages = reader.next(after, room).await?;
        messages
            .into_iter()
            .map(|message| self.memory(message))
            .collect()
    }

    async fn catalogue(&self) -> Result<Option<(u64, Bytes)>, Fault> {
        let last = self.last(&self.inner.subjects.catalogue).await?;
        Ok(last.map(|message| (message.sequence, message.payload)))
    }

    async fn volume(&self, sequence: u64) -> Result<Option<Bytes>, Fault> {
        let stream = self.log().await?;
        match stream.direct_get(sequence).await {
            Ok(message) if *message.subject == *self.inner.subjects.volume => {
                Ok(Some(message.payload))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::Surroundings(format!(
                "cannot read the volume record {sequence}: {error}"
            ))),
        }
    }

    async fn strays(&self, after: u64) -> Result<Vec<Stray>, Fault> {
        let Config {
            out_stream,
            partition,
            request_timeout,
            ..
        } = &self.inner.config;
        let own = strays::Own {
            source: publish::source(partition),
            imprint: self.inner.subjects.imprint.clone(),
        };
        let found = strays::after(&self.inner.context, out_stream, after, &own);
        let patience = *request_timeout * 2;
        match tokio::time::timeout(patience, found).await {
            Ok(found) => found,
            Err(_) => Err(Fault::Surroundings(format!(
                "the end of stream {out_stream} could not be read in time"
            ))),
        }
    }

    async fn remove(&self, sequence: u64) -> Result<(), Fault> {
        let deleted = self.log().await?.delete_message(sequence).await;
        deleted.map(|_| ()).map_err(|error| {
            Fault::Surroundings(format!("cannot remove record {sequence}: {error}"))
        })
    }

    async fn forget(&self, before: u64) -> Result<(), Fault> {
        let stream = self.log().await?;
        let Subjects {
            imprint, volume, ..
        } = &self.inner.subjects;
        for subject in [imprint, volume] {
            let purge = stream.purge().filter(subject).sequence(before);
            purge.await.map_err(|error| {
                Fault::Surroundings(format!("cannot purge old imprints: {error}"))
            })?;
        }
        Ok(())
    }

    async fn reach(&self) -> Result<u64, Fault> {
        if self.inner.partial.is_empty() {
            return Ok(self.extent().await?.last);
        }
        let stream = self.unasked(&self.inner.config.raw_stream).await?;
        let mut reach = 0;
        for subject in &self.inner.partial {
            let last = last_of(&stream, subject).await?;
            reach = reach.max(last.map_or(0, |message| message.sequence));
        }
        Ok(reach)
    }

    async fn extent(&self) -> Result<Extent, Fault> {
        self.extent_of(&self.inner.config.raw_stream).await
    }

    async fn log_begins(&self) -> Result<u64, Fault> {
        Ok(self.extent_of(&self.inner.config.out_stream).await?.first)
    }
}

impl JetStream {
    fn memory(&self, delivered: reader::Delivered) -> Result<Memory, Fault> {
        let reader::Delivered {
            sequence, message, ..
        } = delivered;
        if message.subject.as_str() == self.inner.subjects.checkpoint {
            let checkpoint = Checkpoint::from_json(&message.payload).map_err(Fault::Refused)?;
            return Ok(Memory::Checkpoint(Stored {
                sequence,
                checkpoint,
            }));
        }
        let header = |name: &str| {
            message
                .headers
                .as_ref()
                .and_then(|headers| headers.get(name))
        };
        Ok(Memory::Imprints {
            sequence,
            received: header(IMPRINTS_RECEIVED).and_then(|value| value.as_str().parse().ok()),
            more: header(IMPRINTS_MORE).is_some(),
            packed: message.payload,
        })
    }
}
