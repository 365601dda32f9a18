//! Two imprints → are they the same copy? Not only how much is shared, but what differs.

use super::imprint::Imprint;
use super::sketch::Share;

/// Number of features that the verifier weighs.
pub const FEATURES: usize = 25;

/// What the features are, in order: shares in thousandths, logarithms in thousandths of a doubling, counts in
/// eighths of a thousand.
pub const NAMES: [&str; FEATURES] = [
    "wording of smaller",
    "wording of larger",
    "lead of smaller",
    "lead of larger",
    "names of smaller",
    "names of larger",
    "no names",
    "numbers of smaller",
    "numbers of larger",
    "no numbers",
    "title of smaller",
    "title of larger",
    "no title",
    "length ratio",
    "length of smaller",
    "wording x numbers",
    "title x numbers",
    "time between",
    "numbers changed",
    "names changed",
    "time between x numbers missing",
    "wording squared",
    "wording x names",
    "time between x wording of larger",
    "wording x title",
];

/// How two imprints compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    features: [i64; FEATURES],
    /// Words of the older and the newer.
    words: (u32, u32),
    /// Numbers that only the older, and only the newer lists.
    changed: (u32, u32),
}

/// Weights of a logistic regression, in thousandths, with the intercept last: `tools/dedup/fit.py --caution 1.5 --weight 20
/// --invented 0.5` on the pairs that the index brings up among reprints, and on pairs read by hand.
const WEIGHTS: [i64; FEATURES + 1] = [
    2503, 1164, 1032, -1914, -110, -716, 711, 1458, 1039, 1991, 2982, 5144, 2383, -1577, 818, 519,
    412, -112, -4572, -645, 22, 1478, 1076, -521, 1353, -11697,
];

/// Minutes within which the time between two stories says nothing: results and dividends of two companies, filled
/// into one form, come in the same minute, and a backlog is read in one.
const AT_ONCE: u32 = 360;

impl Likeness {
    /// Compares a remembered imprint with a new one that came so many milliseconds later.
    pub fn of(older: &Imprint, newer: &Imprint, later: i64) -> Likeness {
        let wording = older.wording.share(&newer.wording);
        let lead = older.lead.share(&newer.lead);
        let names = older.names.share_of_lists(&newer.names);
        let numbers = older.numbers.share_of_lists(&newer.numbers);
        let title = older.title.share_of_lists(&newer.title);
        let absent = |share: Share| i64::from(share.left.min(share.right) == 0) * 1000;
        let smaller = older.words.min(newer.words);
        let larger = older.words.max(newer.words).max(1);
        let minutes = u32::try_from(later / 60_000).unwrap_or(0);
        let between = doublings(minutes.max(AT_ONCE));
        let contained = wording.of_smaller().max(lead.of_smaller());
        let missing = match absent(numbers) {
            0 => 1000 - numbers.of_smaller(),
            _ => 0,
        };
        let features = [
            wording.of_smaller(),
            wording.of_larger(),
            lead.of_smaller(),
            lead.of_larger(),
            names.of_smaller(),
            names.of_larger(),
            absent(names),
            numbers.of_smaller(),
            numbers.of_larger(),
            absent(numbers),
            title.of_smaller(),
            title.of_larger(),
            absent(title),
            i64::from(smaller) * 1000 / i64::from(larger),
            doublings(smaller),
            contained * numbers.of_smaller() / 1000,
            title.of_smaller() * numbers.of_smaller() / 1000,
            between,
            changed(numbers),
            changed(names),
            between * missing / 1000,
            contained * contained / 1000,
            contained * names.of_smaller() / 1000,
            between * wording.of_larger() / 1000,
            title.of_smaller() * contained / 1000,
        ];
        Likeness {
            features,
            words: (older.words, newer.words),
            changed: (numbers.left - numbers.both, numbers.right - numbers.both),
        }
    }

    pub fn features(&self) -> &[i64; FEATURES] {
        &self.features
    }

    /// Log-odds, in millionths, that the two are the same copy: positive means that they are.
    pub fn score(&self) -> i64 {
        let weighed = self.features.iter().zip(WEIGHTS).map(|(f, w)| f * w);
        weighed.sum::<i64>() + WEIGHTS[FEATURES] * 1000
    }

    /// Thousandths of the shorter text, or of its lead, that the other holds.
    pub fn similarity(&self) -> u16 {
        self.features[0].max(self.features[2]).clamp(0, 1000) as u16
    }

    /// The newer holds most of the older and much beside it.
    pub fn carries_on(&self) -> bool {
        self.similarity() >= 700 && u64::from(self.words.1) * 5 >= u64::from(self.words.0) * 6
    }

    /// The same wording about as long, with other figures in some places.
    pub fn changes_figures(&self) -> bool {
        self.features[1] >= 800
            && self.features[13] >= 850
            && self.changed.0 > 0
            && self.changed.1 > 0
    }

    /// Nothing at all in common between two texts long enough to tell.
    pub fn is_of_strangers(&self) -> bool {
        let long = self.words.0.min(self.words.1) >= 40;
        long && [0, 2, 4, 10].iter().all(|f| self.features[*f] < 100)
    }
}

/// What either story says and the other does not: changed, and not merely left out.
fn changed(share: Share) -> i64 {
    i64::from(share.left.min(share.right) - share.both).min(8) * 125
}

/// Base-2 logarithm in thousandths, linear between powers of two: no floating point, no platform.
fn doublings(n: u32) -> i64 {
    let n = n.max(1);
    let power = n.ilog2();
    i64::from(power) * 1000 + ((i64::from(n) * 1000) >> power) - 1000
}
