//! Role + neighbours → country: whose ministry, whose army, whose president?

use super::super::lexicon::{Cue, Sense};
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
    /// The country that the story plays in, for a group that nobody claims.
    Stage,
    Unknown,
}

impl Rule {
    pub fn score(self) -> f32 {
        match self {
            Rule::Stated => 0.9,
            Rule::Located => 0.7,
            Rule::Antecedent => 0.6,
            Rule::Focus => 0.5,
            Rule::Stage => 0.45,
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
            self.items[at].what = self.marks(role).0;
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
            // госсекретарь США: the word alone said it already
            let said = self.owner_behind(at).filter(|o| o.0 == country);
            let end = said.map_or(item.end, |(_, _, end)| end);
            return (Some(country), Rule::Stated, end);
        }
        if let Some(owner) = self.owner_before(at) {
            return (owner, Rule::Stated, item.end);
        }
        if let Some((country, rule, end)) = self.owner_behind(at) {
            return (Some(country), rule, end);
        }
        let (country, rule) = self.unstated(at);
        (country, rule, item.end)
    }

    /// Whose a role is that no neighbour claims. Gunmen may come from anywhere: a group is of the country that a story
    /// plays in, where the story says that, and else nobody's.
    fn unstated(&self, at: usize) -> (Option<u16>, Rule) {
        let item = &self.items[at];
        if let Some(country) = self.subject(at) {
            return (Some(country), Rule::Antecedent);
        }
        if !self.is_institution(item) {
            return match self.located.stage {
                Some(country) => (Some(country), Rule::Stage),
                None => (None, Rule::Unknown),
            };
        }
        if let Some(country) = self.antecedent(at) {
            return (Some(country), Rule::Antecedent);
        }
        let home = self
            .located
            .home
            .filter(|_| matches!(item.what, What::Title(_)));
        let focus = self.located.focus.filter(|_| self.located.sure);
        match home.or(focus) {
            Some(country) => (Some(country), Rule::Focus),
            None => (None, Rule::Unknown),
        }
    }

    /// `Syria … its troops`: the state that the sentence began with.
    fn subject(&self, at: usize) -> Option<u16> {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let near = item.first.saturating_sub(2)..item.first;
        let own = tokens[near]
            .iter()
            .any(|t| Small::of(t).has(Small::POSSESSIVE));
        let begins = self.sentence(item.section, item.first);
        let mut earlier = self.items[..at].iter().rev();
        let own = own && !tokens[item.first].is(Shape::BREAK.with(Shape::SENTENCE));
        let within = earlier
            .by_ref()
            .take_while(|i| i.section == item.section && i.first >= begins);
        let states = within.filter(|i| match i.what {
            What::State(_) | What::Demonym(_) => true,
            What::Known(actor) => &*self.cast.known(actor).kind != "person",
            _ => false,
        });
        states
            .last()
            .filter(|_| own)
            .and_then(|i| self.country_of(i))
    }

    /// Where the sentence of a token begins, and the next one.
    pub fn sentence_of(&self, section: usize, token: usize) -> (usize, usize) {
        let tokens = self.tokens(section);
        let next = (token + 1..tokens.len()).find(|t| tokens[*t].is(Shape::SENTENCE));
        (self.sentence(section, token), next.unwrap_or(tokens.len()))
    }

    /// Where the sentence of a token begins.
    fn sentence(&self, section: usize, token: usize) -> usize {
        let tokens = self.tokens(section);
        let begins = (0..=token).rev().find(|t| tokens[*t].is(Shape::SENTENCE));
        begins.unwrap_or(0)
    }

    pub fn is_institution(&self, item: &Item) -> bool {
        match item.what {
            What::Agent(a) => self.cast.agent(a).institution,
            What::Title(t) => self.cast.title(t).institution,
            _ => false,
        }
    }

    /// The owner that stands before a role: a country, or an organisation of none.
    fn owner_before(&self, at: usize) -> Option<Option<u16>> {
        if let Some(country) = self.led_by(at) {
            return Some(Some(country));
        }
        let item = &self.items[at];
        let before = self.before(at)?;
        let from = self.behind(before);
        if from > item.first || !self.runs(item.section, before.end, item.first) {
            return self.owner_in_apposition(at, before).map(Some);
        }
        let gap = item.first - from;
        let joined = gap == 1 && Small::of(&self.tokens(item.section)[from]).has(Small::JOIN);
        let near = gap <= REACH && self.adjectives(item.section, from, item.first);
        // where the nationality stands behind its noun, the one before a noun is of the noun before it
        let leans = !self.adjective_follows || gap == 0 && !before.used;
        match before.what {
            What::Demonym(_) if self.is_behind(Cue::Ethnic, before.section, before.first) => None,
            What::Demonym(_) if near && leans => Some(self.country_of(before)),
            What::State(_) | What::Capital(_) | What::Place(_) if before.possessive && near => {
                Some(self.owned(before))
            }
            What::State(_) | What::Capital(_) | What::Place(_) if gap == 0 => {
                Some(self.owned(before))
            }
            What::Known(actor) => {
                let person = &*self.cast.known(actor).kind == "person";
                let owns = before.possessive && near || gap == 0 && !person;
                owns.then(|| self.country_of(before))
            }
            What::Agent(_) if before.possessive && near || gap == 0 => {
                self.country_of(before).map(Some)
            }
            What::Agent(_) | What::Title(_) if joined || gap == 0 => {
                self.country_of(before).map(Some)
            }
            // Israeli and Palestinian police: the nearer one is read first
            _ => None,
        }
    }

    /// The country of the government of a leader: `the Bush administration`. All whom the table knows by that
    /// surname are of it.
    fn led_by(&self, at: usize) -> Option<u16> {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let name = tokens.get(item.first.checked_sub(1)?)?;
        let parted = Shape::BREAK.with(Shape::SENTENCE);
        let government =
            matches!(item.what, What::Agent(role) if self.cast.government() == Some(role));
        if !government || !name.is(Shape::CAPITAL) || tokens[item.first].is(parted) {
            return None;
        }
        let mut countries = self.cast.surnamed(name.hash).iter();
        let first = self.cast.known(*countries.next()?).country?;
        let same = countries.all(|other| self.cast.known(*other).country == Some(first));
        same.then_some(first)
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
        let country = self.owned(next)?;
        let gap = &self.tokens(item.section)[item.end..next.first];
        match next.what {
            What::Demonym(_) if self.adjective_follows && gap.len() <= 1 => {
                let near = self.adjectives(item.section, item.end, next.first);
                near.then_some((country, Rule::Stated, next.end))
            }
            What::State(_) | What::Capital(_) if gap.is_empty() && self.bare_genitive => {
                Some((country, Rule::Stated, next.end))
            }
            What::State(_) | What::Capital(_) | What::Place(_) => {
                // gunmen based in Nigeria
                let based = gap
                    .first()
                    .is_some_and(|t| self.lexicon.is(Cue::Based, t.hash));
                let gap = &gap[usize::from(based)..];
                let (first, more) = gap.split_first()?;
                let article = |t: &Token| Small::of(t).has(Small::ARTICLE);
                let first = Small::of(first);
                // in central Baghdad
                let near =
                    more.len() <= REACH && more.iter().all(|t| article(t) || !Small::of(t).any());
                if first.has(Small::OF) && more.iter().all(article) {
                    Some((country, Rule::Stated, next.end))
                } else if first.has(Small::PLACE) && near && self.is_local(item, next, based) {
                    Some((country, Rule::Located, item.end))
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// Whether those who are in a place belong there: troops may come from anywhere.
    fn is_local(&self, item: &Item, place: &Item, based: bool) -> bool {
        let foreign = match item.what {
            What::Agent(role) => {
                let role = self.cast.agent(role);
                &*role.sector == "MIL" && !role.institution
            }
            _ => false,
        };
        !foreign && (based || !matches!(place.what, What::Place(_)))
    }

    /// The country of a name that owns a role, of a town as well.
    fn owned(&self, item: &Item) -> Option<u16> {
        match item.what {
            What::Place(country) => Some(country),
            _ => self.country_of(item),
        }
    }

    /// The country named last before an item, in its sentence. Where a person's office is concerned, a
    /// place that something happens in is no owner.
    fn antecedent(&self, at: usize) -> Option<u16> {
        let item = &self.items[at];
        let begins = self.sentence(item.section, item.first);
        let title = matches!(item.what, What::Title(_));
        let within = self.items[..at]
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, i)| i.section == item.section && i.first >= begins);
        let mut named = within.filter(|(index, i)| {
            let place = matches!(i.what, What::State(_) | What::Capital(_));
            let opens = i.first <= begins + 2;
            !title || !place || opens || self.acts(*index)
        });
        named.find_map(|(_, i)| self.country_of(i))
    }
}
