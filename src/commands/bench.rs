//! `copytaster bench`: pass-through and the whole pipeline side by side on the user's own server.

mod copy;
mod memory;
mod pass;
mod report;
mod track;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::Client;
use async_nats::jetstream::{self, Context, context::ContextBuilder, stream};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio_util::sync::CancellationToken;

use crate::daemon::bus::jetstream::{self as bus, Connection, JetStream};
use crate::daemon::settings::Settings;
use crate::daemon::{Core, Progress, serve};
use crate::tag::Tagger;

pub use copy::Wire;
use report::{Report, Round};

/// Measures this machine and its server: pass-through beside the whole pipeline
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Messages of each round
    #[arg(long, default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,
    /// Rounds; each measures pass-through, then the pipeline, on the same messages; 0 leaves them out
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Messages a second while latency is measured; 0 leaves latency out
    #[arg(long, default_value_t = 5_000)]
    rate: u64,
    /// Seconds for which latency is measured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Stories that a restart has to remember; 0 leaves it out. A million takes some 8 GB of the server's disk
    #[arg(long, default_value_t = 0)]
    remember: u64,
    /// Prefix of the streams of another process that wants to know how a start goes
    #[arg(long, hide = true)]
    recall: Option<String>,
    /// Seed of the invented stories
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Most publishes that wait for their acknowledgement.
const IN_FLIGHT: usize = 2_000;

/// Measures on streams of its own, which it deletes afterwards.
///
/// # Errors
/// When the server cannot be reached, refuses a stream, or stops in between.
pub fn run(args: &Args, settings: &Settings, tagger: Arc<Tagger>) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.rounds > 0 || args.rate > 0 || args.remember > 0,
        "nothing to measure: at least one of --rounds, --rate and --remember must be 1 or more"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let bench = Bench::connect(args, settings, tagger).await?;
        if args.recall.is_some() {
            return memory::recall(&bench).await;
        }
        let report = bench.connection.explain(bench.measure().await);
        bench.clean_up().await;
        let report = report?;
        match args.json {
            true => println!("{}", report.json()),
            false => print!("{}", report.table()),
        }
        Ok(())
    })
}

type Daemon = tokio::task::JoinHandle<Result<(), crate::daemon::bus::Fault>>;

struct Bench<'a> {
    args: &'a Args,
    settings: &'a Settings,
    tagger: Arc<Tagger>,
    connection: Connection,
    client: Client,
    context: Context,
    /// First token of every subject and, in capitals, of every stream: nobody else's.
    prefix: String,
}

impl<'a> Bench<'a> {
    async fn connect(
        args: &'a Args,
        settings: &'a Settings,
        tagger: Arc<Tagger>,
    ) -> anyhow::Result<Bench<'a>> {
        let config = settings.jetstream().await?;
        let connection = bus::open(&config).await?;
        let client = connection.client.clone();
        let context = ContextBuilder::new()
            .timeout(Duration::from_secs(10))
            .max_ack_inflight(2 * IN_FLIGHT)
            .build(client.clone());
        let own = || format!("bench{}", std::process::id());
        let prefix = args.recall.clone().unwrap_or_else(own);
        Ok(Bench {
            args,
            settings,
            tagger,
            connection,
            client,
            context,
            prefix,
        })
    }

    fn stream_name(&self, role: &str) -> String {
        format!("{}_{role}", self.prefix.to_uppercase())
    }

    async fn measure(&self) -> anyhow::Result<Report> {
        let mut report = Report::new(self.args, &self.client.server_info().version);
        for _ in 0..self.args.rounds {
            self.fill().await?;
            let pass = pass::through(self).await?;
            let pipeline = self.pipeline(self.args.messages).await?;
            report.rounds.push(Round { pass, pipeline });
            self.clean_up().await;
        }
        if self.args.rate > 0 {
            self.stream("RAW", "raw.>").await?;
            report.latency = Some(self.latency().await?);
            self.clean_up().await;
        }
        if self.args.remember > 0 {
            report.memory = Some(memory::measure(self).await?);
        }
        Ok(report)
    }

    /// A stream as the daemon would make its own: limits, storage and replicas of the settings.
    async fn stream(&self, role: &str, subjects: &str) -> anyhow::Result<stream::Stream> {
        let config = self.settings.jetstream().await?;
        let memory = config.storage == bus::Storage::Memory;
        let made = self.context.create_stream(stream::Config {
            name: self.stream_name(role),
            subjects: vec![format!("{}.{subjects}", self.prefix)],
            num_replicas: config.replicas,
            storage: if memory {
                stream::StorageType::Memory
            } else {
                stream::StorageType::File
            },
            allow_direct: true,
            ..stream::Config::default()
        });
        made.await
            .with_context(|| format!("cannot create the stream {}", self.stream_name(role)))
    }

    /// Puts the messages of a round into the raw stream.
    async fn fill(&self) -> anyhow::Result<()> {
        self.stream("RAW", "raw.>").await?;
        self.publish(self.args.messages).await
    }

    async fn publish(&self, messages: u64) -> anyhow::Result<()> {
        let wire = Wire::new(self.args.seed);
        let subject = format!("{}.raw.reuters.en", self.prefix);
        let mut acks = FuturesUnordered::new();
        for number in 0..messages {
            let sent = self
                .context
                .publish(subject.clone(), wire.story(number))
                .await?;
            acks.push(async move { sent.await });
            if acks.len() >= IN_FLIGHT {
                acks.next().await.transpose()?;
            }
        }
        while let Some(ack) = acks.next().await {
            ack?;
        }
        Ok(())
    }

    /// The daemon's own loop over the raw stream, until `messages` are committed.
    async fn pipeline(&self, messages: u64) -> anyhow::Result<report::Rate> {
        let progress = Arc::new(Progress::default());
        let stop = CancellationToken::new();
        let before = report::Usage::now();
        let started = std::time::Instant::now();
        let daemon = self.daemon(progress.clone(), stop.clone()).await?;
        self.committed(&daemon, &progress, messages).await?;
        let rate = report::Rate::of(messages, started.elapsed(), before);
        stop.cancel();
        daemon.await??;
        Ok(rate)
    }

    /// Waits until so many messages are committed.
    async fn committed(
        &self,
        daemon: &Daemon,
        progress: &Progress,
        messages: u64,
    ) -> anyhow::Result<()> {
        while progress.position() < messages {
            anyhow::ensure!(
                !daemon.is_finished(),
                "the pipeline ended before its messages did"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn daemon(
        &self,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> anyhow::Result<Daemon> {
        let mut config = self.settings.jetstream().await?;
        config.prefix = self.prefix.clone();
        config.raw_stream = self.stream_name("RAW");
        config.raw_subjects = vec![format!("{}.raw.>", self.prefix)];
        config.out_stream = self.stream_name("OUT");
        config.manage_streams = true;
        let bus = JetStream::connect(config).await?;
        let core = Core {
            settings: self.settings.pipeline(),
            tagger: tokio::sync::watch::channel(self.tagger.clone()).1,
        };
        Ok(tokio::spawn(serve(
            bus,
            self.settings.daemon(),
            core,
            progress,
            stop,
        )))
    }

    /// End to end: from the publish of a raw message until a subscriber has its event.
    async fn latency(&self) -> anyhow::Result<report::Latency> {
        let progress = Arc::new(Progress::default());
        let stop = CancellationToken::new();
        let daemon = self.daemon(progress.clone(), stop.clone()).await?;
        let measured = track::latency(self).await;
        stop.cancel();
        daemon.await??;
        measured
    }

    async fn clean_up(&self) {
        for role in ["RAW", "OUT", "PASS"] {
            // what was not made need not go
            let _ = self.context.delete_stream(self.stream_name(role)).await;
        }
    }
}

/// The consumer that pass-through reads with: explicit acks, as a user would have it.
fn consumer() -> jetstream::consumer::pull::Config {
    jetstream::consumer::pull::Config {
        durable_name: Some("pass".to_owned()),
        ack_policy: jetstream::consumer::AckPolicy::Explicit,
        max_ack_pending: 20_000,
        ..Default::default()
    }
}
