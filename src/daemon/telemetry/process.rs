//! /proc/self → metrics of the process, by the names that every Prometheus client uses.

use std::fmt::Write as _;
use std::fs;

use super::METRICS;

pub(super) const CPU: &str = "process_cpu_seconds_total";
pub(super) const RESIDENT: &str = "process_resident_memory_bytes";
pub(super) const OPEN_FDS: &str = "process_open_fds";
pub(super) const THREADS: &str = "process_threads";
pub(super) const START_TIME: &str = "process_start_time_seconds";

/// Ticks a second in /proc: 100 on every Linux, whatever the kernel's own clock.
const TICKS: f64 = 100.0;

/// Appends the metrics of this process; none where the system has no /proc.
pub(super) fn render(text: &mut String) {
    for (name, value) in readings().unwrap_or_default() {
        let Some(metric) = METRICS.iter().find(|metric| metric.name == name) else {
            continue;
        };
        let (kind, help) = (metric.kind.name(), metric.help);
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
        );
    }
}

fn readings() -> Option<Vec<(&'static str, f64)>> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // the name of the program may hold blanks and parentheses; the rest begins with field 3
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let mut readings = vec![
        (CPU, (field(14)? + field(15)?) / TICKS),
        (THREADS, field(20)?),
    ];
    if let Some(kib) = line("/proc/self/status", "VmRSS:") {
        readings.push((RESIDENT, kib * 1024.0));
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        readings.push((OPEN_FDS, open.count() as f64));
    }
    if let Some(boot) = line("/proc/stat", "btime ") {
        readings.push((START_TIME, boot + field(22)? / TICKS));
    }
    Some(readings)
}

/// The first number of the line that begins with `head`.
fn line(path: &str, head: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(head))?;
    line.split_whitespace().next()?.parse().ok()
}
