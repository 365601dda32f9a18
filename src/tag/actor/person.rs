//! Titles + the names beside them → persons: who holds the office, though no table knows the name?

use std::sync::Arc;

use super::super::lexicon::Cue;
use super::bill::{Bill, Key, Local, Said, former};
use super::name::{Named, is_name};
use super::owner::Rule;
use super::scene::{Item, Scene, What};
use super::words::Small;
use crate::story::{Shape, Token};

/// Roles that say how somebody serves, and leave open whom: the sector comes from the organisation before.
const SERVES: [&str; 8] = [
    "chief",
    "spokesperson",
    "supreme leader",
    "military commander",
    "secretary-general",
    "general",
    "ambassador",
    "sheikh",
];

impl Scene<'_> {
    /// The titles that stand in a row from `at` on, as one chain; the index after its last.
    fn chain(&self, at: usize) -> usize {
        let mut last = at;
        while let Some(next) = self.items.get(last + 1) {
            let item = &self.items[last];
            if next.section != item.section || !matches!(next.what, What::Title(_)) {
                break;
            }
            let gap = &self.tokens(item.section)[item.end..next.first];
            let joint = match gap {
                [] => true,
                [word] => Small::of(word).has(Small::JOIN),
                _ => false,
            };
            if !joint || !self.runs(item.section, item.end, next.first) {
                break;
            }
            last += 1;
        }
        last + 1
    }

    /// Tags the titles from `at` on, with the name beside them where there is one; the index after them.
    pub fn title(&mut self, at: usize, bill: &mut Bill) -> usize {
        let end = self.chain(at);
        let (mut country, mut rule, mut behind) = self.owner(at);
        if let Some(last) = (end - 1 > at).then(|| self.owner(end - 1)) {
            // the chain may say its country at its end: `presidente y canciller de Chile`
            if rule > last.1 {
                (country, rule) = (last.0, last.1);
            }
            behind = last.2;
        }
        for item in &mut self.items[at..end] {
            item.used = true;
            item.country = country;
        }
        let stated = matches!(rule, Rule::Stated);
        if stated {
            self.use_owner(at, end, behind);
        }
        if let Some((post, end)) = self.post_behind(end, behind) {
            self.items[post].used |= !matches!(self.items[post].what, What::Known(_));
            behind = end;
        }
        let chain = (self.items[at].section, self.items[at].first, behind);
        let named = self
            .name_behind(chain, country, bill)
            .or_else(|| self.name_before(at));
        let said = self.said(at..end, behind);
        match named {
            Some(Named::Item(index)) => {
                self.items[index].country = country;
                if let What::Known(actor) = self.items[index].what {
                    bill.call(Key::Known(actor), said);
                }
            }
            Some(Named::Words(first, stop)) => {
                let mention = self.mention(chain.0, first, stop);
                let words = &self.tokens(chain.0)[first..stop];
                // King Hassan of Morocco
                let (country, stated) = match self.realm(chain.0, stop).filter(|_| !stated) {
                    Some(realm) => (Some(realm), true),
                    None => (country, stated),
                };
                if let Some(actor) = self.known_as(words, country) {
                    bill.add(Key::Known(actor), 0.85, mention);
                    bill.call(Key::Known(actor), said);
                    return end;
                }
                let local = self.person(chain.0, first, stop, said, country);
                let key = bill.person(local, words);
                let score = if stated { 0.85 } else { 0.7 };
                bill.add(key, score, mention);
            }
            Some(Named::Known(actor, first)) => {
                let mention = self.mention(chain.0, first, first + 1);
                bill.add(Key::Known(actor), 0.85, mention);
                bill.call(Key::Known(actor), said);
            }
            None if self.items[at].weak && !stated => {}
            None => self.unnamed(at, country, rule, said.former, bill),
        }
        end
    }

    /// What a chain of titles says of its holder.
    fn said(&self, chain: std::ops::Range<usize>, behind: usize) -> Said {
        let mut role = String::new();
        let mut sector: Option<Arc<str>> = None;
        for item in &self.items[chain.clone()] {
            let What::Title(title) = item.what else {
                continue;
            };
            let title = self.cast.title(title);
            sector.get_or_insert_with(|| title.sector.clone());
            if role.split(", ").all(|known| known != &*title.name) {
                role.push_str(if role.is_empty() { "" } else { ", " });
                role.push_str(&title.name);
            }
        }
        if SERVES.iter().any(|r| role == *r) {
            sector = self.sector_before(chain.start).or(sector);
        } else if role == "president" {
            sector = self.chamber_behind(chain.end - 1).or(sector);
        }
        Said {
            vague: SERVES.iter().any(|r| role == *r),
            sector: sector.unwrap_or_else(|| "GOV".into()),
            role,
            former: self.is_former(&self.items[chain.start], behind),
        }
    }

    /// `former Colombian president`, `الرئيس السابق`: within three words before, or directly behind.
    fn is_former(&self, item: &Item, behind: usize) -> bool {
        let tokens = self.tokens(item.section);
        let former = |t: &Token| self.lexicon.is(Cue::Former, t.hash);
        let before = (item.first.saturating_sub(3)..item.first)
            .rev()
            .take_while(|t| !tokens[t + 1].is(Shape::BREAK.with(Shape::SENTENCE)));
        let next = tokens.get(behind).filter(|t| !t.is(Shape::BREAK));
        before.into_iter().any(|t| former(&tokens[t])) || next.is_some_and(former)
    }

    /// The holder of an office, without a name.
    fn unnamed(&self, at: usize, country: Option<u16>, rule: Rule, former: bool, bill: &mut Bill) {
        let What::Title(role) = self.items[at].what else {
            return;
        };
        let key = if former {
            Key::Former(role, country)
        } else {
            Key::Title(role, country)
        };
        let score = if bill.has(key) {
            0.8
        } else {
            rule.score() - 0.05
        };
        bill.add(key, score, self.place(&self.items[at]));
    }

    /// The nationality that a role took belongs to it: it is no state of its own any more.
    pub fn use_owner(&mut self, at: usize, end: usize, behind: usize) {
        let (section, first) = (self.items[at].section, self.items[at].first);
        if let Some(before) = at.checked_sub(1) {
            let item = &mut self.items[before];
            let owns = matches!(
                item.what,
                What::State(_) | What::Capital(_) | What::Demonym(_)
            );
            if item.section == section && item.end <= first && owns {
                item.used |= first - item.end <= 3;
            }
        }
        for item in &mut self.items[end..] {
            if item.section != section || item.first >= behind {
                break;
            }
            item.used = true;
        }
    }

    fn person(
        &self,
        section: usize,
        first: usize,
        end: usize,
        said: Said,
        country: Option<u16>,
    ) -> Local {
        let (sector, role) = if said.former {
            (former(&said.sector), format!("former {}", said.role))
        } else {
            (said.sector, said.role)
        };
        Local {
            name: self.text(section, first, end).replace('\n', " "),
            kind: "person",
            country,
            sector: Some(sector),
            role: Some(role),
            words: self.tokens(section)[first..end]
                .iter()
                .map(|t| t.hash)
                .collect(),
        }
    }

    /// The sector of the parliament or the court that somebody presides: `president of the Senate`.
    fn chamber_behind(&self, at: usize) -> Option<Arc<str>> {
        let (item, after) = (&self.items[at], self.after(at)?);
        let What::Agent(role) = after.what else {
            return None;
        };
        let role = self.cast.agent(role);
        let gap = self.tokens(item.section).get(item.end..after.first)?;
        let of = gap.first().is_some_and(|t| Small::of(t).has(Small::OF));
        let near = gap.len() <= 2 && self.runs(item.section, item.end, after.first);
        let chamber = matches!(&*role.kind, "parliament" | "court");
        (of && near && chamber).then(|| role.sector.clone())
    }

    /// The sector of the organisation that stands directly before a title.
    fn sector_before(&self, at: usize) -> Option<Arc<str>> {
        let (item, before) = (&self.items[at], self.before(at)?);
        if item.first - self.behind(before).min(item.first) > 0 {
            return None;
        }
        match before.what {
            What::Known(actor) => Some(self.cast.known(actor).sector.clone()),
            What::Agent(role) => Some(self.cast.agent(role).sector.clone()),
            _ => None,
        }
    }

    /// Later mentions of persons by one word of their names.
    pub fn refer(&self, bill: &mut Bill) {
        let mut words: Vec<(u64, Key)> = Vec::new();
        let push = |hash: u64, key: Key, words: &mut Vec<(u64, Key)>| {
            match words.iter_mut().find(|(known, _)| *known == hash) {
                // two persons of one name: neither is meant for certain
                Some(found) if found.1 != key => found.0 = 0,
                Some(_) => {}
                None => words.push((hash, key)),
            }
        };
        for key in bill.keys() {
            match key {
                Key::Local(index) if bill.locals[index as usize].kind == "person" => {
                    let local = &bill.locals[index as usize];
                    let first = usize::from(!self.surname_first(local.country));
                    let names =
                        local
                            .words
                            .iter()
                            .skip(if local.words.len() > 1 { first } else { 0 });
                    names.for_each(|hash| push(*hash, key, &mut words));
                }
                Key::Known(actor) if &*self.cast.known(actor).kind == "person" => {
                    let known = self.cast.known(actor);
                    let mut hashes = Vec::new();
                    crate::story::tokenize(&known.name, |t| hashes.push(t.hash));
                    let first = usize::from(!self.surname_first(known.country) && hashes.len() > 1);
                    hashes[first..]
                        .iter()
                        .for_each(|hash| push(*hash, key, &mut words));
                }
                _ => {}
            }
        }
        if words.is_empty() {
            return;
        }
        for section in 0..self.sections.len() {
            if self.sections[section].zone != crate::story::Zone::Dateline {
                self.refer_in(section, &words, bill);
            }
        }
    }

    fn refer_in(&self, section: usize, words: &[(u64, Key)], bill: &mut Bill) {
        let tokens = self.tokens(section);
        for (at, token) in tokens.iter().enumerate() {
            if !is_name(token) || token.end() - token.start < 3 {
                continue;
            }
            let Some((_, key)) = words.iter().find(|(hash, _)| *hash == token.hash) else {
                continue;
            };
            let joined = |t: Option<&Token>, by: &Token| {
                t.is_some_and(|t| is_name(t) && !by.is(Shape::BREAK.with(Shape::SENTENCE)))
            };
            // a word of a longer name is somebody else, or was read as that name
            let before = at.checked_sub(1).and_then(|b| tokens.get(b));
            let after = tokens.get(at + 1);
            let alone = !joined(before, token) && !after.is_some_and(|a| joined(Some(a), a));
            let free = self.item_at(section, at).is_none_or(|i| {
                !self.items[i].used && matches!(self.items[i].what, What::Place(_) | What::Nobody)
            });
            if alone && free {
                bill.add(*key, 0.6, self.mention(section, at, at + 1));
            }
        }
    }

    /// Countries where the name of the family stands first, or where there is none.
    fn surname_first(&self, country: Option<u16>) -> bool {
        let code = country.map(|c| &self.lexicon.gazetteer().country(c).code);
        code.is_some_and(|code| {
            matches!(
                &**code,
                "CN" | "HK" | "ID" | "KH" | "KP" | "KR" | "MM" | "TW" | "VN"
            )
        })
    }
}

impl Bill {
    /// The key of a person whom the story names: the one already found, where its words are those of the
    /// new one or end in them.
    fn person(&mut self, person: Local, words: &[Token]) -> Key {
        let same = |l: &Local| {
            l.kind == "person"
                && (l.words == person.words
                    || words.len() == 1 && l.words.contains(&words[0].hash)
                    || l.words.len() == 1 && person.words.contains(&l.words[0]))
        };
        if let Some(at) = self.locals.iter().position(same) {
            if person.words.len() > self.locals[at].words.len() {
                self.locals[at].words = person.words;
                self.locals[at].name = person.name;
            }
            return Key::Local(at as u32);
        }
        self.locals.push(person);
        Key::Local(self.locals.len() as u32 - 1)
    }
}
