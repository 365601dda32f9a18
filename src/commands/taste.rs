//! `copytaster taste`: the pipeline on files or standard input, without a broker; one event a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use serde::Deserialize;

use crate::normalize;
use crate::pipeline::{Pipeline, Settings};
use crate::story::{Origin, Outbound, Outcome, RawMessage, Subject, Timestamp};
use crate::tag::Tagger;

/// Runs the pipeline on files, no broker: prints one event a line
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files to read, a message each; `-` or none for standard input
    files: Vec<PathBuf>,
    /// A message a line: {"id","text","title"?,"date"?,"lang"?} records, or items of a wire in JSON
    #[arg(long)]
    jsonl: bool,
    /// Print duplicates and dead letters too
    #[arg(long)]
    all: bool,
    /// Print for people instead of machines
    #[arg(long)]
    pretty: bool,
    /// The time at which messages without a date count as received [default: now]
    #[arg(long, value_name = "RFC 3339")]
    received: Option<Timestamp>,
    /// Subject the messages count as published on
    #[arg(long, default_value = "wire.raw.any.taste")]
    subject: String,
}

/// Messages between two looks at the output.
const BATCH: usize = 256;
/// Bytes between two looks at the output.
const BATCH_BYTES: usize = 8 << 20;

/// Reads all inputs in order and writes their events to standard output.
pub fn run(args: &Args, settings: Settings, tagger: Arc<Tagger>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut table = Table::new(args, Pipeline::new(settings, tagger));
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() {
        &stdin[..]
    } else {
        &args.files
    };
    let outcome = files.iter().try_for_each(|file| table.read(file, &mut out));
    // what was read before a fault is told before the fault is
    let written = table.flush(&mut out).and_then(|()| Ok(out.flush()?));
    table.sum_up();
    unless_pipe_is_closed(outcome.and(written))
}

/// The reader of a pipe that has seen enough is no failure.
pub(super) fn unless_pipe_is_closed(written: anyhow::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(broken)
}

/// The copytaster's table: what came in and was not yet looked at.
struct Table<'a> {
    args: &'a Args,
    pipeline: Pipeline,
    stream: Arc<str>,
    sequence: u64,
    received: Timestamp,
    pile: Vec<RawMessage>,
    bytes: usize,
    /// Outcomes that were not printed, by kind.
    duplicates: u64,
    dead: u64,
}

impl<'a> Table<'a> {
    fn new(args: &'a Args, pipeline: Pipeline) -> Table<'a> {
        Table {
            args,
            pipeline,
            stream: Arc::from("taste"),
            sequence: 0,
            received: args.received.unwrap_or_else(Timestamp::now),
            pile: Vec::new(),
            bytes: 0,
            duplicates: 0,
            dead: 0,
        }
    }

    /// One line about what was left out, for people: nothing goes without a word.
    fn sum_up(&self) {
        if self.duplicates + self.dead > 0 {
            eprintln!(
                "not shown: {} duplicates and {} dead letters; --all prints them with their reasons",
                self.duplicates, self.dead
            );
        }
    }

    fn read(&mut self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let name = path.to_string_lossy();
        let mut reader: Box<dyn BufRead> = match &*name {
            "-" => Box::new(BufReader::new(io::stdin())),
            _ => {
                anyhow::ensure!(
                    !path.is_dir(),
                    "{name} is a folder: taste takes files, as in `taste {}/*`, and feed takes folders",
                    name.trim_end_matches('/')
                );
                let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
                Box::new(BufReader::new(file))
            }
        };
        if !self.args.jsonl {
            let mut body = Vec::new();
            reader
                .read_to_end(&mut body)
                .with_context(|| format!("cannot read {name}"))?;
            return self.put(body, Some(name.into_owned()), self.received, out);
        }
        loop {
            let mut line = Vec::new();
            let read = reader.read_until(b'\n', &mut line);
            if read.with_context(|| format!("cannot read {name}"))? == 0 {
                return Ok(());
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let head: Head = serde_json::from_slice(&line).unwrap_or_default();
            let received = head.date.as_deref().and_then(normalize::instant);
            self.put(line, head.id(), received.unwrap_or(self.received), out)?;
        }
    }

    fn put(
        &mut self,
        body: Vec<u8>,
        input: Option<String>,
        received: Timestamp,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        self.sequence += 1;
        self.bytes += body.len();
        self.pile.push(RawMessage {
            origin: Origin {
                stream: self.stream.clone(),
                sequence: self.sequence,
            },
            received,
            subject: Subject(self.args.subject.clone()),
            headers: self.headers(),
            body: Bytes::from(body),
            input,
        });
        if self.pile.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush(out)?;
        }
        Ok(())
    }

    /// A line of JSON Lines says what it is: what is no object then is no text either.
    fn headers(&self) -> Vec<(String, String)> {
        let declared = ("content-type".to_owned(), "application/json".to_owned());
        self.args.jsonl.then_some(declared).into_iter().collect()
    }

    fn flush(&mut self, out: &mut impl Write) -> anyhow::Result<()> {
        let pile = std::mem::take(&mut self.pile);
        self.bytes = 0;
        for commit in self.pipeline.process(&pile) {
            for record in &commit.outbound {
                self.show(record, out)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, record: &Outbound, out: &mut impl Write) -> anyhow::Result<()> {
        if !self.args.all {
            let left_out = match record.outcome {
                Outcome::Duplicate => Some(&mut self.duplicates),
                Outcome::Dead => Some(&mut self.dead),
                _ => None,
            };
            if let Some(count) = left_out {
                *count += 1;
                return Ok(());
            }
        }
        if record.body.is_empty() {
            return Ok(());
        }
        if self.args.pretty {
            out.write_all(super::pretty::event(record).as_bytes())?;
        } else {
            out.write_all(&record.body)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// What `taste` and `feed` themselves read of a line: its name and its time.
#[derive(Deserialize, Default)]
pub(super) struct Head {
    id: Option<serde_json::Value>,
    date: Option<String>,
}

impl Head {
    pub(super) fn id(self) -> Option<String> {
        match self.id? {
            serde_json::Value::String(id) => Some(id),
            serde_json::Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }
}
