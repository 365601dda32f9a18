//! Story + Spots → actors. Who acted?
//!
//! Names of the lexicon become a scene, zone by zone; the dateline, credits and sign-off are provenance
//! and not part of it. Then, in order: names that the story defines in brackets, named actors, roles with
//! their countries, titles with their names, states that act, and later mentions by surname.

mod bill;
mod cast;
mod define;
mod name;
mod owner;
mod person;
mod scene;
mod words;

pub use cast::Cast;

use bill::{Bill, Key};
use scene::{Item, Scene, What};
use words::Small;

use super::lexicon::{Cue, Lexicon};
use super::mention::Spots;
use super::region::Located;
use crate::story::{Date, Shape, Story, Tags, Token};

/// Fills the tags that say who. The focus of the story must be known.
pub fn tag(
    story: &Story,
    spots: &Spots<'_>,
    located: &Located,
    lexicon: &Lexicon,
    tags: &mut Tags,
) {
    let date = date_of(story);
    let mut scene = Scene::of(spots, located, lexicon, &story.language, date);
    let mut bill = Bill::default();
    scene.join_parted_roles();
    scene.define(&mut bill);
    scene.cast_roles(story, &mut bill);
    scene.cast_states(&mut bill);
    scene.refer(&mut bill);
    tags.actors = bill.tags(lexicon, date, &story.language);
}

/// The day the story speaks from: that of its version, of its dateline, or of its arrival.
fn date_of(story: &Story) -> Date {
    let day = |at: crate::story::Timestamp| jiff::tz::Offset::UTC.to_datetime(at).date();
    let version = story.version_created.map(day);
    let dateline = story.dateline.as_ref().and_then(|d| d.date);
    version.or(dateline).unwrap_or_else(|| day(story.received))
}

impl Scene<'_> {
    /// Named actors, agents and titles, in order.
    fn cast_roles(&mut self, story: &Story, bill: &mut Bill) {
        let own = story.source.agency.as_deref().unwrap_or_default();
        let mut at = 0;
        while at < self.items.len() {
            let item = self.items[at];
            at = match item.what {
                _ if item.used => at + 1,
                What::Known(actor) if self.is_source(&item, &self.cast.known(actor).sector) => {
                    at + 1
                }
                What::Known(actor) => {
                    let known = self.cast.known(actor);
                    let sender = known.name.eq_ignore_ascii_case(own)
                        || known.acronyms.iter().any(|a| a.eq_ignore_ascii_case(own));
                    // the agency that sends the story is its source and not its subject
                    if !sender {
                        bill.add(Key::Known(actor), 0.9, self.place(&item));
                        if let Some(country) = self.nation_of(at, actor) {
                            bill.settle(Key::Known(actor), country);
                        }
                        let text = self.text(item.section, item.first, item.end);
                        if known.acronyms.iter().any(|a| **a == *text) {
                            bill.alias(Key::Known(actor), text);
                        }
                    }
                    at + 1
                }
                What::Agent(role) if self.is_source(&item, &self.cast.agent(role).sector) => at + 1,
                What::Agent(role) => {
                    self.agent(at, role, bill);
                    at + 1
                }
                What::Title(_) => self.title(at, bill),
                _ => at + 1,
            };
        }
    }

    /// The country in which the story places a people without one: `Iraqi Kurds`.
    fn nation_of(&mut self, at: usize, actor: u32) -> Option<u16> {
        let known = self.cast.known(actor);
        if known.country.is_some() || &*known.kind != "population" {
            return None;
        }
        let (country, rule, behind) = self.owner(at);
        let stated = rule == owner::Rule::Stated;
        if stated {
            self.use_owner(at, at + 1, behind);
        }
        country.filter(|_| stated)
    }

    /// Whether a medium is no more than where the story has it from: `the agency reported`, `told Reuters`.
    fn is_source(&self, item: &Item, sector: &str) -> bool {
        if sector != "MED" {
            return false;
        }
        let tokens = self.tokens(item.section);
        let cited = |t: &Token| self.lexicon.is(Cue::Report, t.hash);
        let behind = tokens[item.end..].iter().take(2);
        let behind = behind.take_while(|t| !t.is(Shape::SENTENCE));
        let before = tokens[item.first.saturating_sub(3)..item.first].iter();
        behind.into_iter().any(cited) || before.into_iter().any(cited)
    }

    /// A role that is no person: an institution, a group.
    fn agent(&mut self, at: usize, role: u16, bill: &mut Bill) {
        if let Some(whole) = self.member_of(at) {
            bill.add(Key::Known(whole), 0.85, self.place(&self.items[at]));
            self.items[at].used = true;
            return;
        }
        let (mut country, rule, behind) = self.owner(at);
        let stated = rule == owner::Rule::Stated;
        // military exercises, a rebel stronghold: said of a thing
        if self.items[at].bound && !stated || self.items[at].weak && !stated && !self.is_noun(at) {
            return;
        }
        if stated {
            if let Some(partner) = self.partner(at) {
                bill.add(
                    Key::Agent(role, Some(partner)),
                    rule.score(),
                    self.place(&self.items[at]),
                );
            }
            self.use_owner(at, at + 1, behind);
        } else if let Some(key) = self.described(role, bill) {
            // the ministry, the junta: the only one of its kind so far
            bill.add(key, 0.6, self.place(&self.items[at]));
            if let Key::Agent(_, owner) = key {
                self.items[at].country = owner;
            }
            self.items[at].used = true;
            return;
        }
        let population = &*self.cast.agent(role).kind == "population";
        let guessed = matches!(rule, owner::Rule::Antecedent | owner::Rule::Focus);
        if population && guessed {
            country = None;
        }
        let item = &mut self.items[at];
        item.country = country;
        item.used = true;
        let score = if self.cast.agent(role).institution {
            rule.score()
        } else {
            rule.score() - 0.1
        };
        let mention = self.place(&self.items[at]);
        bill.add(Key::Agent(role, country), score, mention);
    }

    /// The organisation that people serve in: `Hamas militants`, `guerrilleros de las FARC`, `UN troops`.
    fn member_of(&self, at: usize) -> Option<u32> {
        let item = &self.items[at];
        let What::Agent(role) = item.what else {
            return None;
        };
        let role = self.cast.agent(role);
        let people = !role.institution || &*role.name == "officials";
        let whole = |other: &Item| match other.what {
            What::Known(actor) if &*self.cast.known(actor).kind != "person" => Some(actor),
            _ => None,
        };
        let before = self.before(at).filter(|b| self.behind(b) == item.first);
        let before = before.filter(|b| self.runs(b.section, b.end, item.first));
        if let Some(actor) = before.and_then(whole) {
            return people.then_some(actor);
        }
        let after = self
            .after(at)
            .filter(|a| self.runs(a.section, item.end, a.first))?;
        let gap = &self.tokens(item.section)[item.end..after.first];
        let of = gap.first().is_some_and(|t| Small::of(t).has(Small::OF));
        let near = gap.iter().skip(1).all(|t| Small::of(t).has(Small::ARTICLE));
        whole(after).filter(|_| people && of && near)
    }

    /// Whether a word that is an adjective as well is a noun here: no other word leans on it.
    fn is_noun(&self, at: usize) -> bool {
        let item = &self.items[at];
        let Some(next) = self.tokens(item.section).get(item.end) else {
            return true;
        };
        let word = self.word(item.section, item.end);
        next.is(Shape::BREAK.with(Shape::SENTENCE).with(Shape::NUMBER))
            || item.possessive
            || Small::of(next).any()
            || self.lexicon.is(Cue::Speech, next.hash)
            || word.ends_with("ed")
    }

    /// The first of two owners: `US and British forces`.
    fn partner(&mut self, at: usize) -> Option<u16> {
        let second = self.before(at)?;
        let first = self.before(at - 1)?;
        let gap = self.tokens(first.section).get(first.end..second.first)?;
        let joined = matches!(gap, [word] if Small::of(word).has(Small::JOIN));
        let owns = |item: &Item| {
            let near = !item.possessive && !item.used;
            near && matches!(item.what, What::State(_) | What::Demonym(_))
        };
        if !joined || second.end != self.items[at].first || !owns(first) || !owns(second) {
            return None;
        }
        let country = self.country_of(first);
        self.items[at - 2].used = true;
        country
    }

    /// The one actor found so far that a description fits.
    fn described(&self, role: u16, bill: &Bill) -> Option<Key> {
        let wanted = self.cast.agent(role);
        let fits = |key: &Key| match key {
            Key::Agent(other, Some(_)) if *other == role => true,
            Key::Agent(other, Some(_)) => {
                let other = self.cast.agent(*other);
                // the ministry → the foreign ministry
                &*wanted.name == "ministry" && other.name.ends_with(&*wanted.name)
            }
            _ => false,
        };
        let mut keys = bill.keys().filter(fits);
        match (keys.next(), keys.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }

    /// States and capitals that are left, where they act and are no place.
    fn cast_states(&mut self, bill: &mut Bill) {
        for at in 0..self.items.len() {
            let item = self.items[at];
            if item.used {
                continue;
            }
            match item.what {
                What::State(country) if self.acts(at) && !self.is_of_a_thing(at) => {
                    bill.add(Key::State(country), 0.75, self.place(&item));
                }
                What::Capital(country) if self.speaks(at) => {
                    let government = self.cast.government();
                    let key = government.map(|role| Key::Agent(role, Some(country)));
                    let key = key.unwrap_or(Key::State(country));
                    bill.add(key, 0.65, self.place(&item));
                }
                What::Demonym(country) if self.is_deed(at) => {
                    bill.add(Key::State(country), 0.6, self.place(&item));
                }
                What::Demonym(country) if self.is_people(at) => {
                    let home = self.home_of(at, country);
                    bill.add(Key::People(home), 0.6, self.place(&item));
                }
                _ => {}
            }
        }
    }

    /// Whether a country says no more than whose money or match it is: `20 Swiss francs`, `the Japan Cup`.
    fn is_of_a_thing(&self, at: usize) -> bool {
        let item = &self.items[at];
        let behind = self.tokens(item.section).get(item.end);
        behind.is_some_and(|t| {
            !item.possessive
                && !t.is(Shape::BREAK.with(Shape::SENTENCE))
                && self.lexicon.is(Cue::Thing, t.hash)
        })
    }

    /// The small word before a name, over an article, and its token.
    fn preposition(&self, at: usize) -> (Small, usize) {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let mut first = item.first;
        loop {
            let Some(before) = first.checked_sub(1) else {
                return (Small::default(), 0);
            };
            if tokens[first].is(Shape::BREAK.with(Shape::SENTENCE)) {
                return (Small::default(), 0);
            }
            let small = Small::of(&tokens[before]);
            if !small.has(Small::ARTICLE) || small.has(Small::PLACE.with(Small::TOWARD)) {
                return (small, before);
            }
            first = before;
        }
    }

    /// Whether a country is an actor here and not a place.
    pub fn acts(&self, at: usize) -> bool {
        let item = &self.items[at];
        if item.possessive {
            return true;
        }
        let (small, before) = self.preposition(at);
        if small.has(Small::PLACE.with(Small::OF)) || item.clitic > 0 {
            return false;
        }
        // travelled to Cuba, and aid to Cuba
        let moves = |t: usize| {
            self.lexicon
                .is(Cue::Motion, self.tokens(item.section)[t].hash)
        };
        if small.has(Small::TOWARD) && before.checked_sub(1).is_some_and(moves) {
            return false;
        }
        // Naypyitaw, Myanmar
        let comma = self.before(at).is_some_and(|before| {
            before.end == item.first && matches!(before.what, What::Place(_) | What::Capital(_))
        });
        !comma
    }

    /// Whether a capital stands for its government: it speaks, decides, owns, or is dealt with.
    fn speaks(&self, at: usize) -> bool {
        let item = &self.items[at];
        if !self.acts(at) || item.clitic > 0 {
            return false;
        }
        let (small, _) = self.preposition(at);
        if item.possessive || small.has(Small::OTHER) {
            return true;
        }
        let tokens = self.tokens(item.section);
        if tokens.len() == item.end - item.first {
            return true;
        }
        let next = tokens.get(item.end);
        // Moscow and Beijing welcomed it: they speak together
        let joined = next.is_some_and(|t| {
            Small::of(t).has(Small::JOIN) && !t.is(Shape::BREAK.with(Shape::SENTENCE))
        });
        let partner = self.after(at).is_some_and(|i| {
            i.first == item.end + 1 && matches!(i.what, What::Capital(_) | What::State(_))
        });
        if joined && partner {
            return match self.items[at + 1].what {
                What::Capital(_) => self.speaks(at + 1),
                _ => self.acts(at + 1),
            };
        }
        let verb = next.is_some_and(|t| {
            let gap = tokens[item.end - 1].end() as usize..t.start as usize;
            let gap = self.sections[item.section]
                .text
                .get(gap)
                .unwrap_or_default();
            // London "regrets" the decision
            let quoted = gap.trim_start().starts_with(['"', '“', '«', '\'', '‘']);
            (!t.is(Shape::BREAK) || quoted)
                && !t.is(Shape::SENTENCE.with(Shape::NUMBER).with(Shape::ARABIC))
                && (!t.is(Shape::CAPITAL) || quoted)
                && !Small::of(t).has(Small::PLACE.with(Small::OF).with(Small::JOIN))
        });
        let begins = tokens[item.first].is(Shape::SENTENCE.with(Shape::BREAK));
        verb && (begins || small.any())
    }

    /// Whether a nationality says whose deed something is: `the Indian proposal`, `la decisión británica`.
    fn is_deed(&self, at: usize) -> bool {
        let item = &self.items[at];
        if self.adjective_follows {
            return self.is_behind(Cue::Deed, item.section, item.first);
        }
        let near = self.tokens(item.section)[item.end..].iter().take(3);
        let mut near =
            near.take_while(|t| !t.is(Shape::BREAK.with(Shape::SENTENCE)) && !Small::of(t).any());
        near.any(|t| self.lexicon.is(Cue::Deed, t.hash))
    }

    /// The country of a people: of an ethnic one that which the sentence names beside theirs.
    fn home_of(&self, at: usize, country: u16) -> u16 {
        let item = &self.items[at];
        if !self.is_behind(Cue::Ethnic, item.section, item.first) {
            return country;
        }
        let (begins, ends) = self.sentence_of(item.section, item.first);
        let within = |i: &&Item| i.section == item.section && i.first >= begins && i.first < ends;
        let other = |i: &Item| self.country_of(i).filter(|c| *c != country);
        let before = self.items[..at].iter().rev().filter(within).find_map(other);
        let mut behind = self.items[at..].iter().filter(within);
        before.or_else(|| behind.find_map(other)).unwrap_or(country)
    }

    /// Whether a demonym is a noun: `Palestinians`, `los palestinos`.
    fn is_people(&self, at: usize) -> bool {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let word = self.word(item.section, item.end - 1);
        let plural =
            word.ends_with(['s', 'ы', 'е']) || word.ends_with("ين") || word.ends_with("ون");
        let next = tokens.get(item.end);
        let noun = next.is_none_or(|t| {
            t.is(Shape::BREAK.with(Shape::SENTENCE)) || Small::of(t).any() || item.possessive
        });
        let joined = item.first > 0 && !tokens[item.first].is(Shape::BREAK.with(Shape::SENTENCE));
        // los palestinos, cientos de palestinos, 150 palestinos
        let counted = joined && {
            let before = &tokens[item.first - 1];
            Small::of(before).has(Small::ARTICLE.with(Small::OF)) || before.is(Shape::NUMBER)
        };
        plural && noun && (counted || tokens[item.first].is(Shape::CAPITAL) || word.len() > 12)
    }
}
