//! Measurements → a table for people, or JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::Args;

/// What a stretch of work cost.
#[derive(Clone, Copy)]
pub struct Rate {
    pub messages: u64,
    pub wall: Duration,
    /// CPU seconds of this process; the server's are its own.
    pub cpu: f64,
    /// Resident bytes at its end.
    pub resident: u64,
}

/// CPU seconds and resident bytes of this process.
#[derive(Clone, Copy)]
pub struct Usage {
    cpu: f64,
    pub resident: u64,
}

impl Usage {
    /// From /proc/self, as Linux has it; zero elsewhere.
    pub fn now() -> Usage {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let stat = read("/proc/self/stat");
        // utime and stime in ticks of a hundredth, counted after the name in brackets
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        let ticks = |at: usize| {
            fields
                .get(at)
                .and_then(|f| f.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        let status = read("/proc/self/status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|r| r.trim().trim_end_matches("kB").trim().parse().ok());
        Usage {
            cpu: (ticks(11) + ticks(12)) / 100.0,
            resident: kilobytes.unwrap_or(0_u64) * 1024,
        }
    }
}

impl Rate {
    pub fn of(messages: u64, wall: Duration, before: Usage) -> Rate {
        let now = Usage::now();
        Rate {
            messages,
            wall,
            cpu: now.cpu - before.cpu,
            resident: now.resident,
        }
    }

    pub fn per_second(&self) -> f64 {
        self.messages as f64 / self.wall.as_secs_f64().max(1e-9)
    }

    fn json(&self) -> Value {
        json!({
            "messages_per_second": self.per_second().round(),
            "cpu_microseconds_per_message": (self.cpu * 1e6 / self.messages as f64).round(),
            "resident_bytes": self.resident,
        })
    }
}

/// Pass-through and the pipeline on the same messages.
pub struct Round {
    pub pass: Rate,
    pub pipeline: Rate,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.pipeline.per_second() / self.pass.per_second()
    }
}

/// Ages of events at a steady rate.
pub struct Latency {
    rate: u64,
    p50: Duration,
    p99: Duration,
    worst: Duration,
}

impl Latency {
    pub fn of(rate: u64, mut ages: Vec<Duration>) -> Latency {
        ages.sort_unstable();
        let at = |share: f64| {
            let index = (ages.len() as f64 * share) as usize;
            ages.get(index.min(ages.len().saturating_sub(1)))
                .copied()
                .unwrap_or_default()
        };
        Latency {
            rate,
            p50: at(0.5),
            p99: at(0.99),
            worst: at(1.0),
        }
    }
}

/// A restart beside a full log.
pub struct Memory {
    pub remembered: u64,
    /// From the start of the process until it would write.
    pub ready: Duration,
    /// What it takes more than one without memories.
    pub bytes_a_story: f64,
}

/// All that one call measured.
pub struct Report {
    pub rounds: Vec<Round>,
    pub latency: Option<Latency>,
    pub memory: Option<Memory>,
    messages: u64,
    server: String,
}

impl Report {
    pub fn new(args: &Args, server: &str) -> Report {
        Report {
            rounds: Vec::new(),
            latency: None,
            memory: None,
            messages: args.messages,
            server: server.to_owned(),
        }
    }

    fn median_ratio(&self) -> f64 {
        let mut ratios: Vec<f64> = self.rounds.iter().map(Round::ratio).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub fn json(&self) -> Value {
        let rounds = self.rounds.iter().map(|round| {
            json!({"pass": round.pass.json(), "pipeline": round.pipeline.json(), "ratio": round.ratio()})
        });
        json!({
            "server": self.server,
            "messages": self.messages,
            "rounds": rounds.collect::<Vec<_>>(),
            "median_ratio": self.median_ratio(),
            "latency": self.latency.as_ref().map(|latency| json!({
                "rate": latency.rate,
                "p50_ms": millis(latency.p50),
                "p99_ms": millis(latency.p99),
                "max_ms": millis(latency.worst),
            })),
            "memory": self.memory.as_ref().map(|memory| json!({
                "remembered": memory.remembered,
                "ready_seconds": memory.ready.as_secs_f64(),
                "bytes_a_story": memory.bytes_a_story.round(),
            })),
        })
    }

    pub fn table(&self) -> String {
        let mut out = format!("nats-server {}\n", self.server);
        if !self.rounds.is_empty() {
            let _ = writeln!(
                out,
                "{} messages of 3 KB a round\n{:>6} {:>10} {:>10} {:>7} {:>12} {:>12}",
                self.messages, "round", "PASS/s", "pipeline/s", "ratio", "CPU µs/msg", "RSS MB"
            );
        }
        for (number, round) in self.rounds.iter().enumerate() {
            let pipeline = &round.pipeline;
            let _ = writeln!(
                out,
                "{:>6} {:>10.0} {:>10.0} {:>7.3} {:>12.1} {:>12.1}",
                number + 1,
                round.pass.per_second(),
                pipeline.per_second(),
                round.ratio(),
                pipeline.cpu * 1e6 / pipeline.messages as f64,
                pipeline.resident as f64 / 1e6,
            );
        }
        if !self.rounds.is_empty() {
            let _ = writeln!(out, "median ratio {:.3}", self.median_ratio());
        }
        if let Some(Latency {
            rate,
            p50,
            p99,
            worst,
        }) = &self.latency
        {
            let _ = writeln!(
                out,
                "end to end at {rate}/s: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
                millis(*p50),
                millis(*p99),
                millis(*worst)
            );
        }
        if let Some(Memory {
            remembered,
            ready,
            bytes_a_story,
        }) = &self.memory
        {
            let _ = writeln!(
                out,
                "start to ready with {remembered} remembered stories: {:.2} s, {bytes_a_story:.0} bytes a story",
                ready.as_secs_f64()
            );
        }
        out
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
