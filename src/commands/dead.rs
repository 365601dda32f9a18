//! `copytaster dead`: what died and why, as it came in, and once more onto the raw stream.

mod drawer;
mod letter;

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::Context as _;
use clap::ArgGroup;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::post::{self, Post, Settled, Unstored};
use crate::daemon::bus::INPUT;
use crate::daemon::settings::Settings;
use crate::story::Reason;
use drawer::Drawer;
use letter::Letter;

/// Header of a message that was requeued: which dead letter it was, `<stream>:<sequence>`.
const FROM: &str = "Wire-Requeued-From";

/// Lists, shows and requeues dead letters
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Requeue(Requeue),
}

/// One line a dead letter, oldest first; those that were requeued say so
#[derive(clap::Args, Debug)]
struct List {
    #[command(flatten)]
    only: Only,
    /// The newest N
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// One dead letter with the headers and bytes of the message
#[derive(clap::Args, Debug)]
struct Show {
    /// Its sequence in the out stream, as `list` has it
    #[arg(value_name = "SEQ")]
    sequence: u64,
    /// The original bytes and nothing else
    #[arg(long)]
    raw: bool,
}

/// Publishes the original bytes and headers again, on the original subject, as new messages
#[derive(clap::Args, Debug)]
#[command(group(ArgGroup::new("which").required(true).multiple(true).args(["sequences", "all", "reason", "agency"])))]
struct Requeue {
    /// Sequences in the out stream, as `list` has them
    #[arg(value_name = "SEQ", conflicts_with_all = ["all", "reason", "agency"])]
    sequences: Vec<u64>,
    /// All there are now, but for those that were requeued and died again: their last letter counts
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    only: Only,
}

#[derive(clap::Args, Debug)]
struct Only {
    /// Those with this reason
    #[arg(long, value_name = "REASON", value_parser = reasons(), ignore_case = true)]
    reason: Option<String>,
    /// Those of this agency; `any` where it is not known
    #[arg(long, value_name = "AGENCY")]
    agency: Option<String>,
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(Reason::ALL.map(Reason::name))
}

impl Only {
    fn takes(&self, letter: &Letter) -> bool {
        let agrees = |wanted: &Option<String>, found: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
        };
        agrees(&self.reason, &letter.dead.reason) && agrees(&self.agency, letter.agency())
    }
}

/// Does what was asked.
///
/// # Errors
/// When there is no such letter, or when one was not requeued.
pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let end = runtime.block_on(async {
        let drawer = Drawer::open(settings).await?;
        let end = match &args.verb {
            Verb::List(args) => list(args, &drawer).await,
            Verb::Show(args) => show(args, &drawer).await,
            Verb::Requeue(args) => requeue(args, &drawer).await,
        };
        drawer.connection.explain(end)
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    super::taste::unless_pipe_is_closed(end)
}

async fn list(args: &List, drawer: &Drawer) -> anyhow::Result<()> {
    let (mut newest, mut requeued) = (VecDeque::new(), BTreeSet::new());
    drawer
        .scan(|mut letter| {
            requeued.extend(drawer.earlier(letter.header(FROM)));
            if args.only.takes(&letter) {
                // many letters, one line each: the bytes are not for the list
                letter.raw.body = None;
                newest.push_back(letter);
            }
            if newest.len() > args.limit {
                newest.pop_front();
            }
            Ok(ControlFlow::Continue(()))
        })
        .await?;
    match drawer.requeued(newest.make_contiguous()).await {
        Ok(more) => requeued.extend(more),
        Err(error) => {
            eprintln!("copytaster: cannot tell all that were requeued: {error:#}");
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for letter in &newest {
        let is_requeued = requeued.contains(&letter.sequence);
        let line = match args.json {
            true => record(letter, is_requeued).to_string(),
            false if is_requeued => line(letter, "requeued; "),
            false => line(letter, ""),
        };
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn line(letter: &Letter, mark: &str) -> String {
    let Letter { dead, .. } = letter;
    format!(
        "{:>9}  {:.0}  {:<11} {:<9} {:<12} {:>8}  {mark}{}",
        letter.sequence,
        letter.received,
        dead.reason,
        dead.stage,
        plain(letter.agency()),
        letter.raw.bytes,
        plain(&dead.message).replace('\n', " ")
    )
}

fn record(letter: &Letter, is_requeued: bool) -> serde_json::Value {
    let Letter {
        dead, source, raw, ..
    } = letter;
    json!({
        "sequence": letter.sequence,
        "received": letter.received,
        "reason": dead.reason,
        "stage": dead.stage,
        "agency": source.agency,
        "feed": source.feed,
        "bytes": raw.bytes,
        "message": dead.message,
        "requeued": is_requeued,
        "input": letter.header(INPUT),
        "raw": {"stream": raw.stream, "sequence": raw.sequence, "subject": raw.subject, "sha256": raw.sha256},
    })
}

async fn show(args: &Show, drawer: &Drawer) -> anyhow::Result<()> {
    let letter = drawer.letter(args.sequence).await?;
    let original = drawer.original(&letter).await;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.raw {
        out.write_all(&original?.body)?;
        return Ok(out.flush()?);
    }
    let Letter { dead, raw, .. } = &letter;
    let source = [
        letter.source.agency.as_deref(),
        letter.source.feed.as_deref(),
    ];
    let source: Vec<&str> = source.into_iter().flatten().collect();
    let from = format!("message {} of {}", raw.sequence, raw.stream);
    for (name, value) in [
        ("letter", format!("{} of {}", letter.sequence, drawer.name)),
        ("reason", format!("{} ({})", dead.reason, dead.stage)),
        ("says", dead.message.clone()),
        ("received", letter.received.to_string()),
        ("source", source.join(" ")),
        ("was", from),
        ("subject", raw.subject.clone().unwrap_or_default()),
        ("bytes", raw.bytes.to_string()),
        ("sha256", raw.sha256.clone().unwrap_or_default()),
    ] {
        writeln!(out, "{name:>8}  {}", plain(&value))?;
    }
    writeln!(out)?;
    for (name, values) in &raw.headers {
        for value in values {
            writeln!(out, "{}: {}", plain(name), plain(value))?;
        }
    }
    let body = match &original {
        Ok(original) => original.body.clone(),
        Err(_) => letter.kept().unwrap_or_default(),
    };
    writeln!(out, "\n{}", plain(&String::from_utf8_lossy(&body)))?;
    out.flush()?;
    if let Err(error) = original {
        eprintln!("copytaster: not the whole message: {error:#}");
    }
    Ok(())
}

/// Text of a stranger without what would command the terminal.
fn plain(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

async fn requeue(args: &Requeue, drawer: &Drawer) -> anyhow::Result<()> {
    let sequences = match args.sequences.is_empty() {
        true => chosen(&args.only, drawer).await?,
        false => args.sequences.clone(),
    };
    let run = drawer.connection.client.new_inbox();
    let mut post = Post::new(drawer.connection.context.clone(), run);
    let (mut seen, mut tally) = (BTreeSet::new(), Tally::default());
    for sequence in sequences {
        while !post.has_room() {
            tally.note(post.settled().await);
        }
        if tally.unanswered.is_some() {
            break;
        }
        match again(sequence, drawer).await {
            // one message with several broken items has several letters
            Ok((origin, letter)) => match seen.insert(origin) {
                true => post.send(letter).await,
                false => tally.said_before += 1,
            },
            Err(error) => tally.lost(sequence, &format!("{error:#}")),
        }
    }
    while !post.is_idle() {
        tally.note(post.settled().await);
    }
    tally.verdict()
}

/// The letters that a choice means, oldest first.
async fn chosen(only: &Only, drawer: &Drawer) -> anyhow::Result<Vec<u64>> {
    let (mut sequences, mut gaps) = (BTreeSet::new(), 0_u64);
    drawer
        .scan(|letter| {
            // it died again: the later letter stands for both
            if let Some(earlier) = drawer.earlier(letter.header(FROM)) {
                sequences.remove(&earlier);
            }
            if only.takes(&letter) {
                match letter.raw.body {
                    Some(_) => _ = sequences.insert(letter.sequence),
                    None => gaps += 1,
                }
            }
            Ok(ControlFlow::Continue(()))
        })
        .await?;
    if gaps > 0 {
        eprintln!("{gaps} passed over: they tell of messages that were lost before they were read");
    }
    Ok(sequences.into_iter().collect())
}

/// The stream and sequence that a message had.
type Origin = (String, u64);

/// The message of a letter, ready to be sent, and where it was.
async fn again(sequence: u64, drawer: &Drawer) -> anyhow::Result<(Origin, post::Letter<u64>)> {
    let letter = drawer.letter(sequence).await?;
    let original = drawer.original(&letter).await?;
    let mut headers = async_nats::HeaderMap::new();
    for (name, values) in original.headers.iter() {
        let lower = name.to_string().to_ascii_lowercase();
        // the server's own words were about the first time
        if !lower.starts_with("nats-") && lower != FROM.to_ascii_lowercase() {
            for value in values {
                headers.append(name.clone(), value.clone());
            }
        }
    }
    headers.insert(FROM, format!("{}:{sequence}", drawer.name));
    let again = post::Letter {
        mark: sequence,
        subject: original.subject,
        headers,
        body: original.body,
    };
    Ok(((letter.raw.stream, letter.raw.sequence), again))
}

/// What became of the letters.
#[derive(Default)]
struct Tally {
    requeued: u64,
    said_before: u64,
    lost: u64,
    unanswered: Option<String>,
}

impl Tally {
    fn note(&mut self, settled: Option<Settled<u64>>) {
        let Some(Settled { mark, outcome, .. }) = settled else {
            return;
        };
        match outcome {
            Ok(()) => self.requeued += 1,
            Err(unstored) => {
                self.lost(mark, &unstored.to_string());
                if let Unstored::Unanswered(said) = unstored {
                    self.unanswered = Some(said);
                }
            }
        }
    }

    fn lost(&mut self, sequence: u64, why: &str) {
        self.lost += 1;
        eprintln!("not requeued: {sequence}: {why}");
    }

    fn verdict(self) -> anyhow::Result<()> {
        let Tally {
            requeued,
            said_before,
            lost,
            unanswered,
        } = self;
        eprintln!("{requeued} requeued");
        if said_before > 0 {
            eprintln!("{said_before} passed over: letters of the same messages");
        }
        if let Some(said) = unanswered {
            anyhow::bail!("{lost} were not requeued, and later ones were not sent: {said}");
        }
        anyhow::ensure!(lost == 0, "{lost} were not requeued");
        Ok(())
    }
}
