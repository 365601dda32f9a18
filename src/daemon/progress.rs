//! What the loop is doing, for whoever asks from outside: role, position, lag, last sign of life.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What an instance is to its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Starting,
    Standby,
    Writer,
    Stopping,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Starting => "starting",
            Role::Standby => "standby",
            Role::Writer => "writer",
            Role::Stopping => "stopping",
        }
    }
}

/// Written by the loop, read by the admin port and the watchdog.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    role: AtomicU8,
    /// Milliseconds since `started` of the last commit, or of the last sign that a standby keeps up; 0 for none.
    alive: AtomicU64,
    position: AtomicU64,
    source_last: AtomicU64,
    ready_after: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress {
            started: Instant::now(),
            role: AtomicU8::new(0),
            alive: AtomicU64::new(0),
            position: AtomicU64::new(0),
            source_last: AtomicU64::new(0),
            ready_after: AtomicU64::new(0),
            trouble: Mutex::new(None),
        }
    }
}

impl Progress {
    pub fn role(&self) -> Role {
        match self.role.load(Relaxed) {
            1 => Role::Standby,
            2 => Role::Writer,
            3 => Role::Stopping,
            _ => Role::Starting,
        }
    }

    pub fn enter(&self, role: Role) {
        let code = match role {
            Role::Starting => 0,
            Role::Standby => 1,
            Role::Writer => 2,
            Role::Stopping => 3,
        };
        self.role.store(code, Relaxed);
    }

    /// A commit is stored, or a standby heard from the writer.
    pub fn beat(&self, position: u64) {
        let now = (self.started.elapsed().as_millis() as u64).max(1);
        self.alive.store(now, Relaxed);
        let _ = self.ready_after.compare_exchange(0, now, Relaxed, Relaxed);
        self.position.store(position, Relaxed);
        self.source_last.fetch_max(position, Relaxed);
        *self.lock() = None;
    }

    pub fn source(&self, last: u64) {
        self.source_last.store(last, Relaxed);
    }

    pub fn trouble(&self, what: impl Into<String>) {
        *self.lock() = Some(what.into());
    }

    /// Sequence of the last source message done.
    pub fn position(&self) -> u64 {
        self.position.load(Relaxed)
    }

    /// Source messages that are not done yet.
    pub fn lag(&self) -> u64 {
        self.source_last
            .load(Relaxed)
            .saturating_sub(self.position())
    }

    /// Time since the last commit (of a standby: since it last heard from the writer).
    pub fn silence(&self) -> Option<Duration> {
        let alive = self.alive.load(Relaxed);
        (alive > 0).then(|| {
            self.started
                .elapsed()
                .saturating_sub(Duration::from_millis(alive))
        })
    }

    /// How long the start took, once there was a first commit.
    pub fn start_took(&self) -> Option<Duration> {
        let ready = self.ready_after.load(Relaxed);
        (ready > 0).then(|| Duration::from_millis(ready))
    }

    /// Why the instance does not do its work, if so: it is starting or stopping, has trouble, or has been silent for longer than `patience`.
    pub fn ready(&self, patience: Duration) -> Result<(), String> {
        if let Some(trouble) = self.lock().as_ref() {
            return Err(trouble.clone());
        }
        match (self.role(), self.silence()) {
            (Role::Stopping, _) => Err("stopping".to_owned()),
            (Role::Starting, _) | (_, None) => Err("starting".to_owned()),
            (_, Some(silence)) if silence > patience => {
                Err(format!("no commit for {:.1} s", silence.as_secs_f64()))
            }
            _ => Ok(()),
        }
    }

    /// Whether the loop is silent without a reason.
    pub fn is_stuck(&self, patience: Duration) -> bool {
        self.lock().is_none() && self.silence().is_some_and(|silence| silence > patience)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
