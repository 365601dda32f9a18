//! Stories whose copies are known → the features of the pairs that the verifier is asked about, for `fit.py`.
//!
//! `cargo run --release --example likeness -- reprints STORIES.jsonl > a.tsv`: a story a line, `{"id","cluster","title","text",
//! "date","lang"?}` in order of time. Every story is compared with those that the index brings up for it.
//! `cargo run --release --example likeness -- pairs PAIRS.jsonl > b.tsv`: a pair a line, `{"label","a","b"}` with two such stories,
//! the label `P` where they are one and `N` where not; other labels are passed over.
//!
//! A line of the output is 1 or 0, the group of either story, five columns that nobody fills, and the features.

use std::io::{self, BufRead as _, BufWriter, Write};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use copytaster::dedup::{Imprint, Likeness, Settings, Window};
use copytaster::story::{FeedProfile, Fingerprint, Origin, RawMessage, Story, Subject, Timestamp};
use copytaster::{normalize, parse};
use serde_json::Value;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, path] = &arguments[..] else {
        bail!("likeness (reprints | pairs) FILE.jsonl");
    };
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut desk = Desk::default();
    for line in io::BufReader::new(file).lines() {
        let row: Value = serde_json::from_str(&line?)?;
        match mode.as_str() {
            "reprints" => desk.compare_with_remembered(&row, &mut out)?,
            "pairs" => desk.compare_pair(&row, &mut out)?,
            _ => bail!("{mode} is neither reprints nor pairs"),
        }
    }
    Ok(out.flush()?)
}

struct Desk {
    window: Window,
    /// The cluster of every story, by its place in the window.
    clusters: Vec<String>,
    pairs: usize,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk {
            window: Window::new(Settings::default()),
            clusters: Vec::new(),
            pairs: 0,
        }
    }
}

impl Desk {
    fn compare_with_remembered(&mut self, row: &Value, out: &mut impl Write) -> anyhow::Result<()> {
        let own = row["cluster"].as_str().context("a story of no cluster")?;
        let Some(story) = story(row)? else {
            return Ok(());
        };
        let imprint = Imprint::of(&story);
        for (number, likeness) in self.window.candidates(&story, &imprint) {
            let other = &self.clusters[number as usize];
            tell(own == other, [own, other], &likeness, out)?;
        }
        self.window.judge(&story, &imprint, &mut Vec::new());
        self.clusters.push(own.to_owned());
        Ok(())
    }

    fn compare_pair(&mut self, row: &Value, out: &mut impl Write) -> anyhow::Result<()> {
        let is_one = match row["label"].as_str() {
            Some("P") => true,
            Some("N") => false,
            _ => return Ok(()),
        };
        let (Some(a), Some(b)) = (story(&row["a"])?, story(&row["b"])?) else {
            return Ok(());
        };
        let apart = b.received.as_millisecond() - a.received.as_millisecond();
        let (older, newer) = if apart < 0 { (&b, &a) } else { (&a, &b) };
        let likeness = Likeness::of(&Imprint::of(older), &Imprint::of(newer), apart.abs());
        let group = format!("p{}", self.pairs);
        self.pairs += 1;
        tell(is_one, [&group, &group], &likeness, out)
    }
}

/// The story of a row as `taste --jsonl` reads it; `None` where it says nothing.
fn story(row: &Value) -> anyhow::Result<Option<Story>> {
    let mut row = row.clone();
    let date = row["date"].as_str().context("a story without a date")?;
    let date = match date.ends_with('Z') || date.contains('+') {
        true => date.to_owned(),
        false => format!("{date}Z"),
    };
    let received: Timestamp = date.parse().with_context(|| format!("{date} is no time"))?;
    row["date"] = date.into();
    let body = serde_json::to_vec(&row)?;
    let message = RawMessage {
        origin: Origin {
            stream: Arc::from("likeness"),
            sequence: 1,
        },
        received,
        subject: Subject("wire.raw.any.likeness".to_owned()),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.into(),
        input: None,
    };
    // nothing here is told by its bytes
    let raw = Fingerprint {
        sha256: [0; 32],
        bytes: message.body.len() as u64,
    };
    let profile = FeedProfile::default();
    let mut dispatches = parse::dispatches(&message, &profile)?.into_iter();
    let Some(Ok(dispatch)) = dispatches.next() else {
        return Ok(None);
    };
    Ok(normalize::story(dispatch, &message, &raw, &profile).ok())
}

fn tell(
    is_one: bool,
    groups: [&str; 2],
    likeness: &Likeness,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let features: Vec<String> = likeness.features().iter().map(i64::to_string).collect();
    let label = u8::from(is_one);
    let [own, other] = groups;
    writeln!(
        out,
        "{label}\t{own}\t{other}\t-\t-\t-\t-\t-\t{}",
        features.join(" ")
    )?;
    Ok(())
}
