//! The memory by itself, at the size of a busy week: `cargo bench --bench window -- 10000000`, or at several sizes one
//! after another. How long does a verdict take when so many stories are remembered, what does each of them weigh, and
//! how soon are they all back? Verdicts are timed twice: while the window fills, and when it is full and forgets a story
//! for every new one.
//!
//! Stories are invented: eighty words of a vocabulary of thousands, names and figures among them, one in seven a
//! reprint. Then floods: a paragraph that all have in common, one alert over and over, versions of one identifier.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use copytaster::dedup::{Imprint, Settings, Window};
use copytaster::story::{Story, Text, Timestamp, Tokens, Zone};

#[path = "../tests/it/support/blank.rs"]
mod blank;

/// Stories where nothing else is asked for: `cargo bench` is not to take minutes.
const FEW: u64 = 200_000;
/// Verdicts that are timed one by one, when all stories are remembered.
const TIMED: u64 = 100_000;
const BEGIN: i64 = 1_699_261_200_000;

fn main() {
    let asked: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let sizes = if asked.is_empty() { &[FEW][..] } else { &asked };
    let weights: Vec<(u64, u64)> = sizes
        .iter()
        .map(|stories| (*stories, wire(*stories)))
        .collect();
    let most = weights
        .iter()
        .map(|(_, bytes)| *bytes)
        .max()
        .unwrap_or(1)
        .max(1);
    for (stories, bytes) in weights {
        let bar = "#".repeat((bytes * 60 / most) as usize);
        println!("{stories:>10} {:>6} MB {bar}", bytes >> 20);
    }
    let flood = sizes[sizes.len() - 1].min(1_000_000);
    let boilerplate = "Subscribers are reminded that the service closes at midnight and that corrections are filed \
                       on the morning desk in the order of their arrival, as agreed.";
    told("one paragraph in common", flood, |n| {
        let own = words(n, 40);
        story(n, None, &own[..40], format!("{own}\n{boilerplate}"))
    });
    told("one alert over and over", flood, |n| {
        story(n, None, "", "Markets closed early on Friday.".to_owned())
    });
    told("versions of one identifier", flood.min(100_000), |n| {
        let mut text = words(7, 60);
        text.push_str(&words(n, 6));
        story(n, Some(n), "", text)
    });
}

fn settings() -> Settings {
    Settings {
        budget_bytes: 64 << 30,
        ..Settings::default()
    }
}

/// Bytes that so many stories take.
fn wire(stories: u64) -> u64 {
    let before = resident();
    let mut window = Window::new(settings());
    let log = std::env::temp_dir().join(format!("copytaster-window-{}", std::process::id()));
    let lengths = fill(&mut window, stories, &log);
    let bytes = resident().saturating_sub(before);
    let growing = timed(&mut window, stories, stories);
    let full = timed(&mut window, stories, stories + TIMED);
    assert!(
        window.stats().stories < stories + TIMED + 1_000,
        "it forgets"
    );
    drop(window);
    let back = read_back(stories, &log, &lengths);
    let _ = std::fs::remove_file(&log);
    let weight = bytes as f64 / stories as f64;
    println!("{stories} remembered: {weight:.0} bytes a story; all back in {back:.2?}");
    println!("  a verdict while it fills takes {growing}");
    println!("  a verdict when it is full takes {full}");
    bytes
}

/// Has so many stories judged, writes the log of it, and gives the lengths of its blocks.
fn fill(window: &mut Window, stories: u64, log: &Path) -> Vec<usize> {
    let mut file = BufWriter::new(File::create(log).expect("a writable folder"));
    let (mut lengths, mut block) = (Vec::new(), Vec::new());
    for n in 0..stories {
        judge(window, &invented(n, stories), &mut block);
        if block.len() > 200_000 || n + 1 == stories {
            file.write_all(&block).expect("room on the disk");
            lengths.push(block.len());
            block.clear();
        }
    }
    lengths
}

/// What the next verdicts take.
fn timed(window: &mut Window, stories: u64, from: u64) -> String {
    let mut log = Vec::new();
    let timed = (from..from + TIMED).map(|n| {
        log.clear();
        judge(window, &invented(n, stories), &mut log)
    });
    let mut took: Vec<Duration> = timed.collect();
    took.sort_unstable();
    let at = |share: f64| took[(took.len() as f64 * share) as usize];
    let mean = took.iter().sum::<Duration>() / took.len() as u32;
    let (median, p99, most) = (at(0.5), at(0.99), took[took.len() - 1]);
    format!("{median:.2?}, p99 {p99:.2?}, mean {mean:.2?}, at most {most:.2?}")
}

/// How long it takes until another window remembers them, reading from the disk apart.
fn read_back(stories: u64, log: &Path, lengths: &[usize]) -> Duration {
    let mut file = BufReader::new(File::open(log).expect("what was written"));
    let mut window = Window::new(settings());
    let (mut block, mut took) = (Vec::new(), Duration::ZERO);
    for length in lengths {
        block.resize(*length, 0);
        file.read_exact(&mut block).expect("what was written");
        let began = Instant::now();
        window.replay(&block).expect("own records");
        took += began.elapsed();
    }
    let began = Instant::now();
    window.link();
    assert_eq!(window.stats().stories, stories);
    took + began.elapsed()
}

/// A flood: how many clusters it ends in, and whether its second half took longer than its first.
fn told(name: &str, stories: u64, story: impl Fn(u64) -> Story) {
    let mut window = Window::new(settings());
    let (mut log, mut halves, mut first) = (Vec::new(), [Duration::ZERO; 2], 0);
    for n in 0..stories {
        let story = story(n);
        let imprint = Imprint::of(&story);
        log.clear();
        let began = Instant::now();
        let verdict = window.judge(&story, &imprint, &mut log);
        halves[usize::from(n >= stories / 2)] += began.elapsed();
        first += u64::from(verdict.relation.name() == "first");
    }
    let [a, b] = halves.map(|half| half * 2 / stories as u32);
    println!(
        "{stories:>10} × {name}: {first} clusters, {a:.2?} a verdict in the first half, {b:.2?} in the second"
    );
}

fn judge(window: &mut Window, story: &Story, log: &mut Vec<u8>) -> Duration {
    let imprint = Imprint::of(story);
    let began = Instant::now();
    std::hint::black_box(window.judge(story, &imprint, log));
    began.elapsed()
}

/// One in seven repeats one of the thousand before. They are spread over the window so that it is full when those are
/// told that are timed first.
fn invented(n: u64, stories: u64) -> Story {
    let told = match mix(n) {
        hash if hash % 7 == 0 && n > 1_000 => n - 1 - hash / 7 % 1_000,
        _ => n,
    };
    let body = words(told, 80);
    let title: String = body.chars().take(50).collect();
    let window = Settings::default().window_seconds * 1000;
    let received =
        BEGIN + (u128::from(n) * u128::from(window) / u128::from(stories + TIMED)) as i64;
    told_at(received, n, Some(1 + n % 9), &title, body)
}

fn words(n: u64, count: u64) -> String {
    let mut text = String::with_capacity(8 * count as usize);
    let mut seed = mix(n ^ 0xA5A5);
    for at in 0..count {
        seed = mix(seed);
        let (a, b) = (seed % 90, seed / 90 % 70);
        let word = |n: u64| char::from(b'a' + (n % 26) as u8);
        match seed >> 60 {
            0 => text.push_str(&(seed % 90_000).to_string()),
            1 | 2 => text.extend(['K', word(a), word(b), 'o', word(a / 3), 'n']),
            _ => text.extend([word(a), 'e', word(b), 'a', word(a / 5 + b / 7), 't']),
        }
        text.push(if at % 12 == 11 { '.' } else { ' ' });
        if at % 12 == 11 {
            text.push(' ');
        }
    }
    text
}

/// splitmix64's finish.
fn mix(n: u64) -> u64 {
    let z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn story(n: u64, version: Option<u64>, title: &str, body: String) -> Story {
    told_at(BEGIN + n as i64 / 50, n, version, title, body)
}

fn told_at(received: i64, n: u64, version: Option<u64>, title: &str, body: String) -> Story {
    let (headline, body) = (Text::new(title), Text::new(body));
    let tokens = Tokens::of([
        (Zone::Headline, headline.as_deref().unwrap_or("")),
        (Zone::Body, body.as_deref().unwrap_or("")),
    ]);
    let received = Timestamp::from_millisecond(received).expect("in range");
    let mut story = Story {
        uri: match title {
            "" => "urn:newsml:wire.example:20231106:flood".to_owned(),
            _ => format!("urn:newsml:wire.example:20231106:nL8N{n}"),
        },
        identified: version.is_some(),
        version: version.map(|version| version.to_string()),
        version_created: Some(received),
        headline,
        body,
        tokens,
        ..blank::story(n, received)
    };
    story.source.agency = Some("Reuters".to_owned());
    story
}

/// Resident bytes of this process, as Linux tells them; 0 elsewhere.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
