//! Messages as they are stored → a bar for a person, plain lines for a file. How far is it, how fast?

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(5);

/// What was stored, shown on standard error.
pub struct Progress {
    bar: ProgressBar,
    began: Instant,
    spoke: Instant,
    /// Bytes of all inputs, where they are known.
    total: Option<u64>,
    bytes: u64,
    stored: u64,
}

impl Progress {
    pub fn new(total: Option<u64>) -> Progress {
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{bar:30} {percent:>3} %  {msg}, {eta} to go",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
        };
        let style = ProgressStyle::with_template(template).expect("the template is well formed");
        bar.set_style(style);
        let now = Instant::now();
        Progress {
            bar,
            began: now,
            spoke: now,
            total,
            bytes: 0,
            stored: 0,
        }
    }

    /// A message that took up `bytes` of its input is stored.
    pub fn stored(&mut self, bytes: u64) {
        self.stored += 1;
        self.bytes += bytes;
        if !self.bar.is_hidden() {
            self.bar.set_message(self.rate());
            self.bar.set_position(self.bytes);
        } else if self.spoke.elapsed() >= EVERY {
            self.spoke = Instant::now();
            eprintln!("{}{}", self.rate(), self.to_go());
        }
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// The last word.
    pub fn finish(self) {
        self.bar.finish_and_clear();
        let seconds = self.began.elapsed().as_secs_f64();
        eprintln!("{} in {seconds:.1} s", self.rate());
    }

    fn rate(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let noun = if self.stored == 1 {
            "message"
        } else {
            "messages"
        };
        let rate = self.stored as f64 / seconds;
        format!("{} {noun} stored, {rate:.0} a second", self.stored)
    }

    fn to_go(&self) -> String {
        let Some(total) = self.total.filter(|_| self.bytes > 0) else {
            return String::new();
        };
        let left = total.saturating_sub(self.bytes) as f64 / self.bytes as f64;
        let left = self.began.elapsed().as_secs_f64() * left;
        format!(", {left:.0} s to go")
    }
}
