//! Letters → the bus, in order, many on their way at once. Which were stored, and which were not?

use std::error::Error as _;
use std::fmt::Display;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context, ErrorCode};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;

/// Letters that wait for the server's word at one time.
const WINDOW: usize = 512;
/// Bytes of them, but for the first.
const WINDOW_BYTES: usize = 64 << 20;
/// How often a letter is sent before it is given up.
const ATTEMPTS: u32 = 5;
/// The pause after the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// The server's noes that may be a yes a moment later: a leader is being elected.
const PASSING: [ErrorCode; 1] = [ErrorCode::CLUSTER_NOT_AVAILABLE];

/// What is to be stored. `mark` comes back with its fate.
#[derive(Clone, Debug)]
pub struct Letter<M> {
    pub mark: M,
    pub subject: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why a letter was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unstored {
    /// The server said no to this letter.
    #[error("{0}")]
    Refused(String),
    /// The server said nothing, again and again.
    #[error("{0}")]
    Unanswered(String),
}

/// What became of a letter.
#[derive(Debug)]
pub struct Settled<M> {
    pub mark: M,
    /// Bytes of its body.
    pub bytes: usize,
    pub outcome: Result<(), Unstored>,
}

/// The post: takes letters as long as it has room, and tells what became of each.
pub struct Post<M> {
    context: Context,
    /// Names this run in the ids by which the server knows a letter that was sent again.
    run: String,
    count: u64,
    bytes: usize,
    flying: FuturesUnordered<BoxFuture<'static, Settled<M>>>,
}

impl<M: Send + 'static> Post<M> {
    pub fn new(context: Context, run: String) -> Post<M> {
        Post {
            context,
            run,
            count: 0,
            bytes: 0,
            flying: FuturesUnordered::new(),
        }
    }

    /// Whether another letter may go now.
    pub fn has_room(&self) -> bool {
        self.flying.len() < WINDOW && (self.flying.is_empty() || self.bytes < WINDOW_BYTES)
    }

    pub fn is_idle(&self) -> bool {
        self.flying.is_empty()
    }

    /// Sends a letter after those before it. One that has to be sent again arrives after letters
    /// that were stored meanwhile, and is stored once.
    pub async fn send(&mut self, letter: Letter<M>) {
        let Letter {
            mark,
            subject,
            headers,
            body,
        } = letter;
        self.count += 1;
        self.bytes += body.len();
        let bytes = body.len();
        let message = Message {
            context: self.context.clone(),
            id: format!("{}-{}", self.run, self.count),
            subject,
            headers,
            body,
        };
        // handed to the connection here, so that the order is ours
        let first = message.publish().await;
        let fate = async move {
            let outcome = match first {
                Ok(ack) => ack.await.map(|_| ()),
                Err(error) => Err(error),
            };
            let outcome = message.again_after(outcome).await;
            Settled {
                mark,
                bytes,
                outcome,
            }
        };
        self.flying.push(fate.boxed());
    }

    /// The next letter of which the fate is known; `None` when none is on its way.
    pub async fn settled(&mut self) -> Option<Settled<M>> {
        let settled = self.flying.next().await?;
        self.bytes -= settled.bytes;
        Some(settled)
    }
}

struct Message {
    context: Context,
    id: String,
    subject: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    async fn publish(&self) -> Result<PublishAckFuture, PublishError> {
        let message = PublishMessage::build()
            .headers(self.headers.clone())
            .payload(self.body.clone())
            .message_id(&self.id);
        self.context
            .send_publish(self.subject.clone(), message)
            .await
    }

    /// Sends again what was not answered, a few times.
    async fn again_after(&self, first: Result<(), PublishError>) -> Result<(), Unstored> {
        let mut outcome = first;
        for attempt in 1..=ATTEMPTS {
            let error = match outcome {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let said = said(&error);
            if !passes(&error) {
                return Err(Unstored::Refused(said));
            }
            if attempt == ATTEMPTS {
                return Err(Unstored::Unanswered(said));
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
            outcome = match self.publish().await {
                Ok(ack) => ack.await.map(|_| ()),
                Err(error) => Err(error),
            };
        }
        outcome.map_err(|error| Unstored::Unanswered(said(&error)))
    }
}

/// Whether the same letter may be stored a moment later.
fn passes(error: &PublishError) -> bool {
    use PublishErrorKind::{BrokenPipe, StreamNotFound, TimedOut};
    match error.kind() {
        TimedOut | BrokenPipe | StreamNotFound => true,
        _ => server_error(error).is_some_and(|said| PASSING.contains(&said.error_code())),
    }
}

fn server_error(error: &PublishError) -> Option<&jetstream::Error> {
    error.source()?.downcast_ref()
}

/// The server's own words where there are some.
fn said(error: &PublishError) -> String {
    let shown: &dyn Display = match server_error(error) {
        Some(said) => said,
        None => error,
    };
    shown.to_string()
}
