//! `copytaster feed`: files, folders, lines or standard input onto the raw stream, each message acknowledged.

mod inputs;
mod progress;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::HeaderMap;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::post::{Letter, Post, Settled, Unstored};
use crate::daemon::bus::INPUT;
use crate::daemon::bus::jetstream::{self, Connection};
use crate::daemon::settings::Settings;
use inputs::{Cut, Found, Given, Input};
use progress::Progress;

/// Publishes files, folders or lines to wire.raw.<agency>.<feed>, and waits until each is stored
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files, folders, or `-` for standard input. In a folder: <agency>/<feed>/file, or NN.<agency>.<feed>.ext;
    /// else the last two folders of the path are agency and feed. Names that begin with a dot are left out
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A message a line
    #[arg(long)]
    jsonl: bool,
    /// The agency, whatever the names say [default: from the names, else any]
    #[arg(long, value_name = "NAME")]
    agency: Option<String>,
    /// The feed, whatever the names say [default: from the names, else file]
    #[arg(long, value_name = "NAME")]
    feed: Option<String>,
    /// At most so many messages a second
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Follow drop folders: a file that grows no more is fed, then moved into .fed/ beside it
    #[arg(long)]
    watch: bool,
}

/// Sends everything, names what was not stored.
///
/// # Errors
/// When one message was not stored, or a path cannot be read.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let end = runtime.block_on(async {
        let feeder = Feeder::connect(args, settings).await?;
        match args.watch {
            true => watch::follow(&feeder, &args.paths).await,
            false => feeder.once(&args.paths).await,
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    end
}

struct Feeder {
    connection: Connection,
    /// `wire.raw`, as this installation calls it.
    subject: String,
    /// Bytes of the longest message.
    most: usize,
    /// Names this run to the server.
    run: String,
    given: Given,
    cut: Cut,
    rate: Option<NonZeroU32>,
}

/// What became of one round over inputs.
#[derive(Default)]
struct Round {
    stored: u64,
    unstored: u64,
    /// Inputs that were read to their end, by their index.
    read: BTreeSet<usize>,
    /// Inputs of which something was not stored.
    faulty: BTreeSet<usize>,
    /// Why it ended before the inputs did.
    cut_short: Option<String>,
}

/// From the thread that reads to the one that sends.
enum Item {
    Found(usize, Found),
    End(usize),
}

struct Mark {
    input: usize,
    name: String,
    bytes: u64,
}

impl Feeder {
    async fn connect(args: &Args, settings: &Settings) -> anyhow::Result<Feeder> {
        let config = settings.jetstream().await?;
        let connection = jetstream::open_raw(&config).await?;
        let client = &connection.client;
        let inbox = client.new_inbox();
        Ok(Feeder {
            subject: format!("{}.raw", config.prefix),
            // room for the headers
            most: client.max_payload().saturating_sub(4096),
            run: inbox.rsplit('.').next().unwrap_or("feed").to_owned(),
            given: Given {
                agency: args.agency.clone(),
                feed: args.feed.clone(),
            },
            cut: match args.jsonl {
                true => Cut::Lines,
                false => Cut::Whole,
            },
            rate: args.rate,
            connection,
        })
    }

    async fn once(&self, paths: &[PathBuf]) -> anyhow::Result<()> {
        let inputs = inputs::find(paths, &self.given)?;
        anyhow::ensure!(!inputs.is_empty(), "there is no file to feed");
        for line in self.addresses(&inputs) {
            eprintln!("{line}");
        }
        let round = self.round(&inputs, &CancellationToken::new()).await;
        self.connection.explain(round.verdict())
    }

    /// Where the files go, a line a feed.
    fn addresses(&self, inputs: &[Input]) -> Vec<String> {
        let mut files: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for input in inputs.iter().filter(|input| input.path.as_os_str() != "-") {
            *files.entry((&input.agency, &input.feed)).or_default() += 1;
        }
        let line = |((agency, feed), count): (&(&str, &str), &u64)| {
            let hint = match *agency == "any" && self.given.agency.is_none() {
                true => ": no agency in the path, --agency and --feed name it",
                false => "",
            };
            let noun = if *count == 1 { "file" } else { "files" };
            format!("{count} {noun} to {}.{agency}.{feed}{hint}", self.subject)
        };
        files.iter().map(line).collect()
    }

    /// Sends all messages of `inputs` and waits for the fate of each.
    async fn round(&self, inputs: &[Input], stop: &CancellationToken) -> Round {
        let sizes = inputs.iter().map(|input| input.size).sum();
        let is_known = inputs.iter().all(|input| input.path.as_os_str() != "-");
        let mut progress = Progress::new(is_known.then_some(sizes));
        let mut items = self.reading(inputs);
        let mut post = Post::new(self.connection.context.clone(), self.run.clone() + &stamp());
        let mut pace = Pace::new(self.rate);
        let mut round = Round::default();
        let mut is_open = true;
        while is_open || !post.is_idle() {
            let may_send = is_open && post.has_room();
            tokio::select! {
                Some(settled) = post.settled() => {
                    round.note(settled, &mut progress);
                    is_open &= round.cut_short.is_none();
                }
                item = pace.then(&mut items), if may_send => match item {
                    Some(Item::Found(input, found)) => {
                        if let Some(letter) = self.letter(inputs, input, found, &mut round, &progress) {
                            pace.sent();
                            post.send(letter).await;
                        }
                    }
                    Some(Item::End(input)) => { round.read.insert(input); }
                    None => is_open = false,
                },
                () = stop.cancelled(), if is_open => is_open = false,
            }
        }
        progress.finish();
        round
    }

    /// Reads in a thread of its own: a disk or a pipe may be slow. It ends when nobody listens.
    fn reading(&self, inputs: &[Input]) -> mpsc::Receiver<Item> {
        let (sender, receiver) = mpsc::channel(16);
        let (inputs, cut, most) = (inputs.to_vec(), self.cut, self.most);
        std::thread::spawn(move || {
            for (index, input) in inputs.iter().enumerate() {
                let hand_on = |found| sender.blocking_send(Item::Found(index, found)).is_ok();
                let is_heard = inputs::read(input, cut, most, hand_on);
                if !is_heard || sender.blocking_send(Item::End(index)).is_err() {
                    return;
                }
            }
        });
        receiver
    }

    fn letter(
        &self,
        inputs: &[Input],
        index: usize,
        found: Found,
        round: &mut Round,
        progress: &Progress,
    ) -> Option<Letter<Mark>> {
        let input = &inputs[index];
        match found {
            Found::Message { name, body, bytes } => {
                let mut headers = HeaderMap::new();
                headers.insert(INPUT, printable(&name).as_str());
                let mark = Mark {
                    input: index,
                    name,
                    bytes,
                };
                Some(Letter {
                    mark,
                    subject: format!("{}.{}.{}", self.subject, input.agency, input.feed),
                    headers,
                    body,
                })
            }
            Found::Unreadable { name, why } => {
                round.lost(index, &name, &why, progress);
                None
            }
        }
    }
}

impl Round {
    fn note(&mut self, settled: Settled<Mark>, progress: &mut Progress) {
        let Settled { mark, outcome, .. } = settled;
        match outcome {
            Ok(()) => {
                self.stored += 1;
                progress.stored(mark.bytes);
            }
            Err(unstored) => {
                self.lost(mark.input, &mark.name, &unstored.to_string(), progress);
                if let Unstored::Unanswered(said) = unstored {
                    self.cut_short = Some(said);
                }
            }
        }
    }

    fn lost(&mut self, input: usize, name: &str, why: &str, progress: &Progress) {
        self.unstored += 1;
        self.faulty.insert(input);
        progress.say(&format!("not stored: {name}: {why}"));
    }

    /// An error unless every message was stored.
    fn verdict(&self) -> anyhow::Result<()> {
        let all = self.stored + self.unstored;
        if let Some(said) = &self.cut_short {
            anyhow::bail!(
                "{} of {all} messages were not stored, and later ones were not sent: {said}",
                self.unstored
            );
        }
        anyhow::ensure!(
            self.unstored == 0,
            "{} of {all} messages were not stored",
            self.unstored
        );
        Ok(())
    }
}

/// Not more than so many messages a second, without bursts after a pause.
struct Pace {
    gap: Duration,
    next: Instant,
}

impl Pace {
    fn new(rate: Option<NonZeroU32>) -> Pace {
        let gap = rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
        Pace {
            gap,
            next: Instant::now(),
        }
    }

    /// The next item, when it is time for one.
    async fn then(&self, items: &mut mpsc::Receiver<Item>) -> Option<Item> {
        if !self.gap.is_zero() {
            tokio::time::sleep_until(self.next).await;
        }
        items.recv().await
    }

    fn sent(&mut self) {
        // the timer is coarse: a little that was missed is made up for
        let earliest = Instant::now() - Duration::from_millis(20);
        self.next = self.next.max(earliest) + self.gap;
    }
}

/// Tells the rounds of one run apart.
fn stamp() -> String {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    format!(".{}", since.unwrap_or_default().as_micros())
}

/// A header's value is one line.
fn printable(name: &str) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    name.chars().map(blank).take(250).collect()
}
