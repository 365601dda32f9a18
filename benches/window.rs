//! The memory by itself, at the size of a busy week: `cargo bench --bench window -- 10000000`. How long does a verdict
//! take when so many stories are remembered, what does each of them weigh, and how soon are they all back?
//!
//! Stories are invented: eighty words of a vocabulary of thousands, names and figures among them, one in seven a
//! reprint. Then floods: a paragraph that all have in common, one alert over and over, versions of one identifier.

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
    let asked = std::env::args().find_map(|argument| argument.parse().ok());
    let stories = asked.unwrap_or(FEW);
    wire(stories);
    let flood = stories.min(1_000_000);
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

fn wire(stories: u64) {
    let before = resident();
    let mut window = Window::new(settings());
    let mut log = Vec::new();
    for n in 0..stories {
        log.clear();
        judge(&mut window, &invented(n), &mut log);
    }
    let weight = resident().saturating_sub(before) as f64 / stories as f64;
    let mut took: Vec<Duration> = (stories..stories + TIMED)
        .map(|n| {
            log.clear();
            judge(&mut window, &invented(n), &mut log)
        })
        .collect();
    took.sort_unstable();
    drop(window);
    let blocks = logged(stories);
    let began = Instant::now();
    let mut window = Window::new(settings());
    for block in &blocks {
        window.replay(block).expect("own records");
    }
    window.link();
    let back = began.elapsed();
    assert_eq!(window.stats().stories, stories);
    let at = |share: f64| took[(took.len() as f64 * share) as usize];
    let (median, p99, most) = (at(0.5), at(0.99), took[took.len() - 1]);
    println!(
        "{stories} remembered: a verdict takes {median:.2?}, p99 {p99:.2?}, at most {most:.2?}; {weight:.0} bytes a story; \
         all back in {back:.2?}"
    );
}

/// The log that lets another window remember these stories.
fn logged(stories: u64) -> Vec<Vec<u8>> {
    let mut window = Window::new(settings());
    let (mut blocks, mut log) = (Vec::new(), Vec::new());
    for n in 0..stories {
        judge(&mut window, &invented(n), &mut log);
        if log.len() > 200_000 {
            blocks.push(std::mem::take(&mut log));
        }
    }
    blocks.push(log);
    blocks
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

/// One in seven repeats one of the thousand before.
fn invented(n: u64) -> Story {
    let told = match mix(n) {
        hash if hash % 7 == 0 && n > 1_000 => n - 1 - hash / 7 % 1_000,
        _ => n,
    };
    let body = words(told, 80);
    let title: String = body.chars().take(50).collect();
    story(n, Some(n), &title, body)
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
    let (headline, body) = (Text::new(title), Text::new(body));
    let tokens = Tokens::of([
        (Zone::Headline, headline.as_deref().unwrap_or("")),
        (Zone::Body, body.as_deref().unwrap_or("")),
    ]);
    // a week's stories within the window
    let received = Timestamp::from_millisecond(BEGIN + n as i64 / 50).expect("in range");
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
