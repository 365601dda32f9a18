//! What happened → logs and counters. The only file that knows a metric's name.
//!
//! The functions are named after what happened and take plain values. Nothing is recorded, and
//! nothing fails, where no recorder was started.

mod process;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use metrics::{Unit, counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use super::settings::{Log, LogFormat};
use super::{Progress, Role};
use crate::dedup::Stats;
use crate::story::{Outbound, Outcome, Reason};

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from, where the build says so.
const REVISION: Option<&str> = option_env!("COPYTASTER_REVISION");

/// How a metric behaves, as Prometheus has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// A metric as people read about it.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub unit: &'static str,
    /// Labels, with commas.
    pub labels: &'static str,
    pub help: &'static str,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    labels: &'static str,
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        labels,
        help,
    }
}

const INPUT_MESSAGES: &str = "copytaster_input_messages_total";
const INPUT_BYTES: &str = "copytaster_input_bytes_total";
const LAG_MESSAGES: &str = "copytaster_input_lag_messages";
const LAG_SECONDS: &str = "copytaster_input_lag_seconds";
const OUTCOMES: &str = "copytaster_outcomes_total";
const DEAD_LETTERS: &str = "copytaster_dead_letters_total";
const STAGE_SECONDS: &str = "copytaster_stage_seconds";
const BATCH_MESSAGES: &str = "copytaster_batch_messages";
const COMMIT_SECONDS: &str = "copytaster_commit_seconds";
const COMMIT_RECORDS: &str = "copytaster_commit_records";
const COMMIT_BYTES: &str = "copytaster_commit_bytes";
const LAST_COMMIT: &str = "copytaster_last_commit_timestamp_seconds";
const FENCE_LOSSES: &str = "copytaster_fence_losses_total";
const BUS_ERRORS: &str = "copytaster_bus_errors_total";
const GAPS: &str = "copytaster_gaps_total";
const LOST_MESSAGES: &str = "copytaster_lost_messages_total";
const WINDOW_STORIES: &str = "copytaster_window_stories";
const WINDOW_BYTES: &str = "copytaster_window_bytes";
const WINDOW_EVICTED: &str = "copytaster_window_evicted_total";
const REPLAYED: &str = "copytaster_replayed_imprint_bytes_total";
const MISSING: &str = "copytaster_missing_imprint_records_total";
const WRITER: &str = "copytaster_writer";
const READY: &str = "copytaster_ready";
const LEXICON: &str = "copytaster_lexicon_info";
const SETTINGS: &str = "copytaster_settings_info";
const BUILD: &str = "copytaster_build_info";

use Kind::{Counter, Gauge, Histogram};

/// Every metric, in the order in which people look at them.
pub const METRICS: [Metric; 31] = [
    metric(
        INPUT_MESSAGES,
        Counter,
        "messages",
        "",
        "Raw messages read.",
    ),
    metric(
        INPUT_BYTES,
        Counter,
        "bytes",
        "",
        "Bytes of raw messages read.",
    ),
    metric(
        LAG_MESSAGES,
        Gauge,
        "messages",
        "",
        "Raw messages of the stream that are not done yet.",
    ),
    metric(
        LAG_SECONDS,
        Gauge,
        "seconds",
        "",
        "Age of the last message done when it was committed, and the time since while others wait; 0 when all are done.",
    ),
    metric(
        OUTCOMES,
        Counter,
        "records",
        "outcome",
        "Outcomes committed: story, kill, duplicate, held, dead.",
    ),
    metric(
        DEAD_LETTERS,
        Counter,
        "records",
        "reason",
        "Dead letters committed, by reason.",
    ),
    metric(
        STAGE_SECONDS,
        Histogram,
        "seconds",
        "stage",
        "Time that one batch took in each stage: prepare, judge, render.",
    ),
    metric(
        BATCH_MESSAGES,
        Histogram,
        "messages",
        "",
        "Raw messages of one batch.",
    ),
    metric(
        COMMIT_SECONDS,
        Histogram,
        "seconds",
        "",
        "From the commit record to the server's answer.",
    ),
    metric(
        COMMIT_RECORDS,
        Histogram,
        "records",
        "",
        "Records of one commit.",
    ),
    metric(COMMIT_BYTES, Histogram, "bytes", "", "Bytes of one commit."),
    metric(
        LAST_COMMIT,
        Gauge,
        "seconds",
        "",
        "When the last commit was stored, Unix time.",
    ),
    metric(
        FENCE_LOSSES,
        Counter,
        "commits",
        "",
        "Commits refused because another writer was first.",
    ),
    metric(
        BUS_ERRORS,
        Counter,
        "errors",
        "",
        "Requests to the server that failed and were tried again.",
    ),
    metric(
        GAPS,
        Counter,
        "gaps",
        "",
        "Times that the raw stream had lost messages before they were read.",
    ),
    metric(
        LOST_MESSAGES,
        Counter,
        "messages",
        "",
        "Raw messages lost in those gaps.",
    ),
    metric(
        WINDOW_STORIES,
        Gauge,
        "stories",
        "",
        "Stories remembered, repeats among them.",
    ),
    metric(
        WINDOW_BYTES,
        Gauge,
        "bytes",
        "",
        "Memory of the stories remembered.",
    ),
    metric(
        WINDOW_EVICTED,
        Counter,
        "stories",
        "",
        "Stories forgotten before their time, because of dedup.budget_mb.",
    ),
    metric(
        REPLAYED,
        Counter,
        "bytes",
        "",
        "Packed imprints read back from the log.",
    ),
    metric(
        MISSING,
        Counter,
        "records",
        "",
        "Records of the log that retention took while the memory still needed them.",
    ),
    metric(
        WRITER,
        Gauge,
        "",
        "partition",
        "1 for the writer of the partition, 0 for a standby.",
    ),
    metric(READY, Gauge, "", "", "1 when /readyz says so."),
    metric(LEXICON, Gauge, "", "version", "The lexicon in use."),
    metric(
        SETTINGS,
        Gauge,
        "",
        "digest",
        "Digest of the settings that decisions depend on.",
    ),
    metric(BUILD, Gauge, "", "version, revision", "The program itself."),
    metric(
        process::CPU,
        Counter,
        "seconds",
        "",
        "Processor time, user and system.",
    ),
    metric(process::RESIDENT, Gauge, "bytes", "", "Resident memory."),
    metric(
        process::OPEN_FDS,
        Gauge,
        "descriptors",
        "",
        "Open file descriptors.",
    ),
    metric(process::THREADS, Gauge, "threads", "", "Threads."),
    metric(
        process::START_TIME,
        Gauge,
        "seconds",
        "",
        "When the process started, Unix time.",
    ),
];

const OUTCOME: [Outcome; 5] = [
    Outcome::Story,
    Outcome::Kill,
    Outcome::Duplicate,
    Outcome::Held,
    Outcome::Dead,
];

/// The table of README between `<!-- metrics -->` and `<!-- /metrics -->`, line ends included.
pub fn table() -> String {
    let mut table =
        String::from("| metric | type | unit | labels | what |\n|---|---|---|---|---|\n");
    for m in METRICS {
        let (name, kind) = (m.name, m.kind.name());
        let _ = writeln!(
            table,
            "| `{name}` | {kind} | {} | {} | {} |",
            m.unit, m.labels, m.help
        );
    }
    table
}

// ---------------------------------------------------------------------------------------------
// logs

/// Starts logging to standard error. `louder` counts -v less -q, and 0 leaves `log.level` as it is.
/// Does nothing when logging was started before.
pub fn log(log: &Log, louder: i8) {
    let directives = match louder {
        0 => log.level.as_str(),
        1 => "debug,async_nats=info",
        2.. => "trace",
        -1 => "warn",
        _ => "error",
    };
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let _ = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

// ---------------------------------------------------------------------------------------------
// the recorder

/// Keeps what was counted.
#[derive(Clone)]
pub struct Recorder {
    handle: PrometheusHandle,
    partition: String,
}

impl Recorder {
    /// Starts counting, for the whole process: a writer of `partition`.
    ///
    /// # Errors
    /// When counting was started before.
    pub fn start(partition: &str) -> anyhow::Result<Recorder> {
        let recorder = builder()?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)
            .ok()
            .context("metrics are recorded already")?;
        describe();
        begin();
        Ok(Recorder {
            handle,
            partition: partition.to_owned(),
        })
    }

    /// Everything in the text format of Prometheus, the process itself included.
    pub fn render(&self, progress: &Progress, ready: bool) -> String {
        gauge!(READY).set(f64::from(u8::from(ready)));
        gauge!(LAG_MESSAGES).set(progress.lag() as f64);
        gauge!(LAG_SECONDS).set(progress.lag_time().as_secs_f64());
        let writes = f64::from(u8::from(progress.role() == Role::Writer));
        gauge!(WRITER, "partition" => self.partition.clone()).set(writes);
        let mut text = self.handle.render();
        process::render(&mut text);
        text
    }

    /// Must be called every few seconds, or histograms that nobody reads grow.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn builder() -> anyhow::Result<PrometheusBuilder> {
    const SECONDS: [f64; 15] = [
        0.000_5, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 5.0,
        10.0,
    ];
    const COUNT: [f64; 11] = [
        1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 750.0, 1000.0,
    ];
    const BYTES: [f64; 9] = [1e3, 1e4, 5e4, 1e5, 5e5, 1e6, 4e6, 16e6, 64e6];
    let mut builder = PrometheusBuilder::new();
    for m in METRICS.iter().filter(|m| m.kind == Histogram) {
        let buckets: &[f64] = match m.unit {
            "seconds" => &SECONDS,
            "bytes" => &BYTES,
            _ => &COUNT,
        };
        builder = builder
            .set_buckets_for_metric(Matcher::Full(m.name.to_owned()), buckets)
            .context("no buckets")?;
    }
    Ok(builder)
}

fn describe() {
    for m in METRICS.iter().filter(|m| !m.name.starts_with("process_")) {
        let unit = match m.unit {
            "seconds" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            _ => Unit::Count,
        };
        match m.kind {
            Counter => metrics::describe_counter!(m.name, unit, m.help),
            Gauge => metrics::describe_gauge!(m.name, unit, m.help),
            Histogram => metrics::describe_histogram!(m.name, unit, m.help),
        }
    }
}

/// Shows every counter from the start, so that its first increase is one.
fn begin() {
    for m in METRICS
        .iter()
        .filter(|m| m.kind == Counter && m.labels.is_empty())
    {
        if !m.name.starts_with("process_") {
            counter!(m.name).absolute(0);
        }
    }
    for outcome in OUTCOME {
        counter!(OUTCOMES, "outcome" => outcome.name()).absolute(0);
    }
    for reason in Reason::ALL {
        counter!(DEAD_LETTERS, "reason" => reason.name()).absolute(0);
    }
    let revision = REVISION.unwrap_or("unknown");
    gauge!(BUILD, "version" => VERSION, "revision" => revision).set(1.0);
}

// ---------------------------------------------------------------------------------------------
// what happened

/// A batch was read.
pub fn received(messages: usize, bytes: usize) {
    counter!(INPUT_MESSAGES).increment(messages as u64);
    counter!(INPUT_BYTES).increment(bytes as u64);
    histogram!(BATCH_MESSAGES).record(messages as f64);
}

/// A stage of the flow (`prepare`, `judge`, `render`) was done with a batch.
pub fn worked(stage: &'static str, seconds: f64) {
    histogram!(STAGE_SECONDS, "stage" => stage).record(seconds);
}

/// What a commit tells the world, by kind, kept until it is known to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    outcomes: [u64; OUTCOME.len()],
    reasons: [u64; Reason::ALL.len()],
}

impl Told {
    pub fn count(&mut self, outbound: &[Outbound]) {
        for record in outbound.iter().filter(|record| !record.is_cancel()) {
            if let Some(at) = OUTCOME.iter().position(|o| *o == record.outcome) {
                self.outcomes[at] += 1;
            }
            if let Some(at) = Reason::ALL.iter().position(|r| Some(*r) == record.reason) {
                self.reasons[at] += 1;
            }
        }
    }
}

/// Outcomes are stored.
pub fn told(told: &Told) {
    for (outcome, count) in OUTCOME.iter().zip(told.outcomes) {
        if count > 0 {
            counter!(OUTCOMES, "outcome" => outcome.name()).increment(count);
        }
    }
    for (reason, count) in Reason::ALL.iter().zip(told.reasons) {
        if count > 0 {
            counter!(DEAD_LETTERS, "reason" => reason.name()).increment(count);
        }
    }
}

/// A commit is stored.
pub fn committed(seconds: f64, records: usize, bytes: usize) {
    histogram!(COMMIT_SECONDS).record(seconds);
    histogram!(COMMIT_RECORDS).record(records as f64);
    histogram!(COMMIT_BYTES).record(bytes as f64);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    gauge!(LAST_COMMIT).set(now.map_or(0.0, |now| now.as_secs_f64()));
}

/// Another writer committed first.
pub fn fenced() {
    counter!(FENCE_LOSSES).increment(1);
}

/// A request to the server failed, and will be tried again.
pub fn troubled() {
    counter!(BUS_ERRORS).increment(1);
}

/// The stream had lost so many messages before they were read.
pub fn gap(lost: u64) {
    counter!(GAPS).increment(1);
    counter!(LOST_MESSAGES).increment(lost);
}

/// What the memory holds now.
pub fn remembers(window: Stats) {
    gauge!(WINDOW_STORIES).set(window.stories as f64);
    gauge!(WINDOW_BYTES).set(window.bytes as f64);
    counter!(WINDOW_EVICTED).absolute(window.evicted);
}

/// Packed imprints were read back.
pub fn replayed(bytes: usize) {
    counter!(REPLAYED).increment(bytes as u64);
}

/// Retention took so many records of the memory that were still needed.
pub fn forgotten(records: u64) {
    counter!(MISSING).increment(records);
}

/// A lexicon came into use.
pub fn lexicon(version: &str) {
    static BEFORE: Mutex<Option<String>> = Mutex::new(None);
    let mut before = BEFORE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(old) = before.replace(version.to_owned()) {
        gauge!(LEXICON, "version" => old).set(0.0);
    }
    gauge!(LEXICON, "version" => version.to_owned()).set(1.0);
}

/// The settings that decisions depend on.
pub fn settings(digest: &str) {
    gauge!(SETTINGS, "digest" => digest.to_owned()).set(1.0);
}
