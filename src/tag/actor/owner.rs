//! Role + neighbours → country: whose ministry, whose army, whose president?

use super::super::lexicon::Sense;
use super::scene::{Item, Scene, What};
use super::words::Small;
use crate::story::{Shape, Token};

/// Which rule gave the country, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `China's foreign ministry`, `ejército colombiano`, `Ministry of Defence of France`.
    Stated,
    /// `gunmen in Nigeria`.
    Located,
    /// The country named last in the sentence.
    Antecedent,
    /// The country the story is about.
    Focus,
    Unknown,
}

impl Rule {
    pub fn score(self) -> f32 {
        match self {
            Rule::Stated => 0.9,
            Rule::Located => 0.7,
            Rule::Antecedent => 0.6,
            Rule::Focus => 0.5,
            Rule::Unknown => 0.4,
        }
    }
}

/// Most words between a nationality and its noun: `China's powerful foreign ministry`.
const REACH: usize = 2;

impl Scene<'_> {
    /// Joins `ministerio chino de Exteriores` to one role: the noun is read on behind the nationality.
    pub fn join_parted_roles(&mut self) {
        for at in 0..self.items.len() {
            let Some((role, end, over)) = self.parted(at) else {
                continue;
            };
            let section = self.items[at].section;
            self.items[at].what = role;
            self.items[at].country = self.country_of(&self.items[at + 1]);
            self.items[at].end = end;
            for later in at + 1..self.items.len() {
                let item = &mut self.items[later];
                if item.section != section || item.first >= end {
                    break;
                }
                item.used = true;
            }
            debug_assert!(over > 0);
        }
    }

    /// The longer role of a role that a demonym parts, and where it ends.
    fn parted(&self, at: usize) -> Option<(What, usize, usize)> {
        let item = &self.items[at];
        let next = self.after(at)?;
        let (What::Agent(_) | What::Title(_), What::Demonym(_)) = (item.what, next.what) else {
            return None;
        };
        let tokens = self.tokens(item.section);
        let of = tokens.get(next.end)?;
        if next.first != item.end || of.is(Shape::BREAK) || !Small::of(of).has(Small::OF) {
            return None;
        }
        let mut words = [*of; 12];
        let mut count = 0;
        let behind = tokens[next.end..].iter().take(5);
        for token in tokens[item.first..item.end].iter().chain(behind) {
            *words.get_mut(count)? = *token;
            count += 1;
        }
        let own = item.end - item.first;
        let (found, what) = self.role_of(&words[..count])?;
        (found > own).then(|| (what, next.end + found - own, found))
    }

    fn role_of(&self, words: &[Token]) -> Option<(usize, What)> {
        let trie = self.lexicon.trie();
        let role = |s: Sense| match s {
            Sense::Agent(a) => Some(What::Agent(a)),
            Sense::Title(t) => Some(What::Title(t)),
            _ => None,
        };
        let found = trie.longest(words, words.first()?.hash, |entries, _| {
            entries.iter().any(|e| role(e.sense).is_some())
        })?;
        let mut senses = trie.entries(found.pattern).iter();
        Some((found.count, senses.find_map(|e| role(e.sense))?))
    }

    /// The country of the role at `at`, the rule that gave it, and the end of what was read behind it.
    pub fn owner(&self, at: usize) -> (Option<u16>, Rule, usize) {
        let item = &self.items[at];
        if let Some(country) = item.country {
            return (Some(country), Rule::Stated, item.end);
        }
        if let Some(country) = self.owner_before(at) {
            return (Some(country), Rule::Stated, item.end);
        }
        if let Some((country, rule, end)) = self.owner_behind(at) {
            return (Some(country), rule, end);
        }
        let (what, group) = (item.what, !self.is_institution(item));
        if let Some(country) = self.antecedent(at).filter(|_| !group) {
            return (Some(country), Rule::Antecedent, item.end);
        }
        let foreign = matches!(what, What::Agent(a) if &*self.cast.agent(a).kind == "population");
        match self.focus.filter(|_| !foreign) {
            Some(country) => (Some(country), Rule::Focus, item.end),
            None => (None, Rule::Unknown, item.end),
        }
    }

    pub fn is_institution(&self, item: &Item) -> bool {
        match item.what {
            What::Agent(a) => self.cast.agent(a).institution,
            What::Title(t) => self.cast.title(t).institution,
            _ => false,
        }
    }

    fn owner_before(&self, at: usize) -> Option<u16> {
        let item = &self.items[at];
        let before = self.before(at)?;
        let from = self.behind(before);
        if from > item.first || !self.runs(item.section, before.end, item.first) {
            return self.owner_in_apposition(at, before);
        }
        let gap = item.first - from;
        let joined = gap == 1 && Small::of(&self.tokens(item.section)[from]).has(Small::JOIN);
        let near = gap <= REACH && self.adjectives(item.section, from, item.first);
        match before.what {
            What::Demonym(_) if near => self.country_of(before),
            What::State(_) | What::Capital(_) if before.possessive && near => {
                self.country_of(before)
            }
            What::State(_) | What::Known(_) if gap == 0 => self.country_of(before),
            What::Known(_) if before.possessive && near => self.country_of(before),
            What::Agent(_) if before.possessive && near || gap == 0 => self.country_of(before),
            What::Agent(_) | What::Title(_) if joined || gap == 0 => self.country_of(before),
            // Israeli and Palestinian police: the nearer one is read first
            _ => None,
        }
    }

    /// `foreign minister, …` after another title of the same person.
    fn owner_in_apposition(&self, at: usize, before: &Item) -> Option<u16> {
        let item = &self.items[at];
        let titles = matches!((before.what, item.what), (What::Title(_), What::Title(_)));
        (titles && before.end == item.first).then(|| self.country_of(before))?
    }

    fn owner_behind(&self, at: usize) -> Option<(u16, Rule, usize)> {
        let item = &self.items[at];
        let next = self.after(at)?;
        if !self.runs(item.section, item.end, next.first) {
            return None;
        }
        let country = self.country_of(next)?;
        let gap = &self.tokens(item.section)[item.end..next.first];
        match next.what {
            What::Demonym(_) if self.adjective_follows && gap.len() <= 1 => {
                let near = self.adjectives(item.section, item.end, next.first);
                near.then_some((country, Rule::Stated, next.end))
            }
            What::State(_) | What::Capital(_) if gap.is_empty() && self.bare_genitive => {
                Some((country, Rule::Stated, next.end))
            }
            What::State(_) | What::Capital(_) => {
                let small = |kind: Small| {
                    gap.first().is_some_and(|t| Small::of(t).has(kind))
                        && gap.iter().skip(1).all(|t| Small::of(t).has(Small::ARTICLE))
                };
                if small(Small::OF) {
                    Some((country, Rule::Stated, next.end))
                } else if small(Small::PLACE) {
                    Some((country, Rule::Located, item.end))
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// The country named last before an item, in its sentence.
    fn antecedent(&self, at: usize) -> Option<u16> {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let begins = (0..=item.first)
            .rev()
            .find(|t| tokens[*t].is(Shape::SENTENCE));
        let begins = begins.unwrap_or(0);
        let mut earlier = self.items[..at].iter().rev();
        earlier
            .by_ref()
            .take_while(|i| i.section == item.section && i.first >= begins)
            .find_map(|i| self.country_of(i))
    }
}
