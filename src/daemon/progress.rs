//! What the loop is doing, for whoever asks from outside: role, position, lag, last sign of life.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
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

/// Fewer messages than these, about one batch, are no backlog.
const SMALL: u64 = 1000;
/// A backlog that did not shrink over so many readings, one a second, grows.
const READINGS: usize = 10;

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
    /// The last readings of the lag.
    lags: Mutex<VecDeque<u64>>,
    age: Mutex<Age>,
}

/// How far behind the loop is in time.
#[derive(Debug, Default)]
struct Age {
    /// Of the last message done when it was committed, while others waited.
    committed: Duration,
    /// Since when messages wait and none is done.
    waiting: Option<Instant>,
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
            lags: Mutex::new(VecDeque::with_capacity(READINGS)),
            age: Mutex::new(Age::default()),
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
        let before = self.position.swap(position, Relaxed);
        self.source_last.fetch_max(position, Relaxed);
        if before != position {
            lock(&self.age).waiting = None;
        }
        self.wait();
        *lock(&self.trouble) = None;
    }

    /// The source reaches so far: to be told once a second.
    pub fn source(&self, last: u64) {
        self.source_last.store(last, Relaxed);
        let mut lags = lock(&self.lags);
        if lags.len() == READINGS {
            lags.pop_front();
        }
        lags.push_back(self.lag());
        self.wait();
    }

    /// The last message done was so old when it was committed.
    pub fn committed(&self, age: Duration) {
        lock(&self.age).committed = age;
    }

    fn wait(&self) {
        let mut age = lock(&self.age);
        match self.lag() {
            0 => *age = Age::default(),
            _ => _ = age.waiting.get_or_insert_with(Instant::now),
        }
    }

    pub fn trouble(&self, what: impl Into<String>) {
        *lock(&self.trouble) = Some(what.into());
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

    /// How old copy is when it is done: 0 when all is, and more with every second in which nothing is.
    pub fn lag_time(&self) -> Duration {
        let age = lock(&self.age);
        match age.waiting {
            Some(since) => age.committed + since.elapsed(),
            None => Duration::ZERO,
        }
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

    /// Why the instance does not do its work, if so: it is starting or stopping, has trouble, was
    /// silent for longer than `patience`, or writes more slowly than copy comes in.
    pub fn ready(&self, patience: Duration) -> Result<(), String> {
        let role = self.role();
        if role == Role::Stopping {
            return Err("stopping".to_owned());
        }
        if let Some(trouble) = lock(&self.trouble).as_ref() {
            return Err(trouble.clone());
        }
        let (Some(silence), Role::Writer | Role::Standby) = (self.silence(), role) else {
            return Err("starting: the memory is not read back yet".to_owned());
        };
        if silence > patience {
            let what = match role {
                Role::Writer => "no commit",
                _ => "nothing heard from the writer",
            };
            return Err(format!("{what} for {:.1} s", silence.as_secs_f64()));
        }
        match self.growing() {
            Some(lag) if role == Role::Writer => Err(format!(
                "{lag} messages wait, and they become no fewer: copy comes in faster than it is done"
            )),
            _ => Ok(()),
        }
    }

    /// The backlog, if it is large and did not shrink.
    fn growing(&self) -> Option<u64> {
        let lags = lock(&self.lags);
        let (first, last) = (*lags.front()?, *lags.back()?);
        (lags.len() == READINGS && last > SMALL && last >= first).then_some(last)
    }

    /// Whether the loop is silent without a reason.
    pub fn is_stuck(&self, patience: Duration) -> bool {
        lock(&self.trouble).is_none() && self.silence().is_some_and(|silence| silence > patience)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_writer_is_ready_from_its_first_commit_until_it_has_trouble() {
        let progress = Progress::default();
        assert!(progress.ready(PATIENCE).is_err());
        progress.enter(Role::Writer);
        assert!(progress.ready(PATIENCE).is_err());
        progress.beat(1);
        assert_eq!(progress.ready(PATIENCE), Ok(()));
        progress.trouble("the server is gone");
        assert_eq!(
            progress.ready(PATIENCE),
            Err("the server is gone".to_owned())
        );
        progress.beat(2);
        assert_eq!(progress.ready(PATIENCE), Ok(()));
        progress.enter(Role::Stopping);
        assert_eq!(progress.ready(PATIENCE), Err("stopping".to_owned()));
    }

    #[test]
    fn a_backlog_is_no_fault_while_it_shrinks_and_one_while_it_grows() {
        let progress = Progress::default();
        progress.enter(Role::Writer);
        progress.beat(0);
        for second in 0..20 {
            progress.source(1_000_000 - second);
            assert_eq!(progress.ready(PATIENCE), Ok(()), "after {second} s");
        }
        for second in 0..20 {
            progress.source(1_000_000 + second);
        }
        let why = progress.ready(PATIENCE).expect_err("a growing backlog");
        assert!(why.starts_with("1000019 messages wait"), "{why}");
        progress.enter(Role::Standby);
        assert_eq!(progress.ready(PATIENCE), Ok(()));
    }

    #[test]
    fn silence_is_a_fault_and_trouble_explains_it() {
        let progress = Progress::default();
        progress.enter(Role::Writer);
        progress.beat(1);
        std::thread::sleep(Duration::from_millis(5));
        let why = progress.ready(Duration::ZERO).expect_err("silent");
        assert!(why.starts_with("no commit for"), "{why}");
        assert!(progress.is_stuck(Duration::ZERO));
        progress.trouble("the server is gone");
        assert!(!progress.is_stuck(Duration::ZERO));
    }

    #[test]
    fn the_lag_rises_while_messages_wait_and_none_is_done() {
        let progress = Progress::default();
        progress.beat(7);
        progress.source(7);
        assert_eq!(progress.lag_time(), Duration::ZERO);
        progress.source(9);
        std::thread::sleep(Duration::from_millis(5));
        let first = progress.lag_time();
        assert!(first >= Duration::from_millis(5), "{first:?}");
        // the writer shows that it lives, and does nothing
        progress.beat(7);
        progress.source(9);
        assert!(progress.lag_time() >= first);
        progress.committed(Duration::from_secs(60));
        progress.beat(8);
        assert!(progress.lag_time() >= Duration::from_secs(60));
        progress.beat(9);
        assert_eq!(progress.lag_time(), Duration::ZERO);
    }
}
