//! Story + Spots → actors. Who acted?
//!
//! Names of the lexicon become a scene, zone by zone; the dateline, credits and sign-off are provenance
//! and not part of it. Then, in order: names that the story defines in brackets, named actors, roles with
//! their countries, titles with their names, states that act, and later mentions by surname.

mod bill;
mod cast;
mod define;
mod owner;
mod person;
mod scene;
mod words;

pub use cast::Cast;

use bill::{Bill, Key};
use scene::{Scene, What};
use words::Small;

use super::lexicon::Lexicon;
use super::mention::Spots;
use crate::story::{Date, Shape, Story, Tags};

/// Fills the tags that say who. The focus of the story must be known.
pub fn tag(story: &Story, spots: &Spots<'_>, lexicon: &Lexicon, tags: &mut Tags) {
    let focus = tags.focus.as_ref();
    let focus = focus.and_then(|f| lexicon.gazetteer().find(&f.country));
    let mut scene = Scene::of(spots, lexicon, &story.language, focus);
    let mut bill = Bill::default();
    scene.join_parted_roles();
    scene.define(&mut bill);
    scene.cast_roles(story, &mut bill);
    scene.cast_states(&mut bill);
    scene.refer(&mut bill);
    tags.actors = bill.tags(lexicon, date_of(story));
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
                What::Known(actor) => {
                    let known = self.cast.known(actor);
                    let sender = known.name.eq_ignore_ascii_case(own)
                        || known.acronyms.iter().any(|a| a.eq_ignore_ascii_case(own));
                    // the agency that sends the story is its source and not its subject
                    if !sender {
                        bill.add(Key::Known(actor), 0.9, self.place(&item));
                    }
                    at + 1
                }
                What::Agent(role) => {
                    self.agent(at, role, bill);
                    at + 1
                }
                What::Title(_) => self.title(at, bill),
                _ => at + 1,
            };
        }
    }

    /// A role that is no person: an institution, a group.
    fn agent(&mut self, at: usize, role: u16, bill: &mut Bill) {
        let (mut country, rule, behind) = self.owner(at);
        let stated = rule == owner::Rule::Stated;
        if stated {
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
        if population && !stated && rule > owner::Rule::Located {
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
                What::State(country) if self.acts(at) => {
                    bill.add(Key::State(country), 0.75, self.place(&item));
                }
                What::Capital(country) if self.speaks(at) => {
                    bill.add(Key::State(country), 0.65, self.place(&item));
                }
                What::Demonym(country) if self.is_people(at) => {
                    bill.add(Key::People(country), 0.6, self.place(&item));
                }
                _ => {}
            }
        }
    }

    /// The small word before a name, over an article.
    fn preposition(&self, at: usize) -> Small {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let mut first = item.first;
        loop {
            let Some(before) = first.checked_sub(1) else {
                return Small::default();
            };
            if tokens[first].is(Shape::BREAK.with(Shape::SENTENCE)) {
                return Small::default();
            }
            let small = Small::of(&tokens[before]);
            if !small.has(Small::ARTICLE) || small.has(Small::PLACE) {
                return small;
            }
            first = before;
        }
    }

    /// Whether a country is an actor here and not a place.
    fn acts(&self, at: usize) -> bool {
        let item = &self.items[at];
        if item.possessive {
            return true;
        }
        let small = self.preposition(at);
        if small.has(Small::PLACE.with(Small::OF)) || item.clitic > 0 {
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
        if item.possessive || self.preposition(at).has(Small::OTHER) {
            return true;
        }
        let tokens = self.tokens(item.section);
        let next = tokens.get(item.end);
        let verb = next.is_some_and(|t| {
            !t.is(Shape::CAPITAL
                .with(Shape::BREAK)
                .with(Shape::SENTENCE)
                .with(Shape::NUMBER))
                && !t.is(Shape::ARABIC)
                && !Small::of(t).has(Small::PLACE.with(Small::OF).with(Small::JOIN))
        });
        let begins = tokens[item.first].is(Shape::SENTENCE.with(Shape::BREAK));
        verb && (begins || self.preposition(at).any())
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
        let article = item.first > 0 && Small::of(&tokens[item.first - 1]).has(Small::ARTICLE);
        plural && noun && (article || tokens[item.first].is(Shape::CAPITAL) || word.len() > 12)
    }
}
