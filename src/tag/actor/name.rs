//! Title or comma + capital words → the name beside it: where does it begin and end, and is it one of the table?

use super::bill::Bill;
use super::scene::{Item, Scene, What};
use super::words::Small;
use crate::story::{Shape, Token};

/// Most words in the name of a person.
const LONGEST: usize = 5;

/// The name beside a title.
pub enum Named {
    /// An item that is a person of the table.
    Item(usize),
    /// A person of the table by a surname at this token.
    Known(u32, usize),
    /// The words from … to …
    Words(usize, usize),
}

impl Scene<'_> {
    /// Where somebody serves, before a comma and the name: `secretary-general of the OAS, …`, `ambassador to Kosovo, …`.
    /// The item, and the token behind it.
    pub fn post_behind(&self, next: usize, behind: usize) -> Option<(usize, usize)> {
        let item = self.items.get(next)?;
        let (tokens, before) = (self.tokens(item.section), &self.items[next - 1]);
        let gap = tokens
            .get(behind..item.first)
            .filter(|gap| !gap.is_empty())?;
        let small = |t: &Token| Small::of(t).any() && !Small::of(t).has(Small::JOIN);
        let near = item.section == before.section
            && gap.iter().all(small)
            && self.runs(item.section, behind, item.first);
        let fits = match item.what {
            What::State(_) | What::Capital(_) => true,
            What::Known(actor) => &*self.cast.known(actor).kind != "person",
            _ => false,
        };
        let named = || {
            let words = self.name_end(item.section, item.end);
            self.person_at(item.section, item.end).is_some()
                || words.is_some_and(|end| end - item.end > 1)
        };
        let told = near && fits && self.after_comma(item.section, item.end) && named();
        told.then_some((next, item.end))
    }

    /// The country that stands behind the name of a holder: `Hassan of Morocco`.
    pub fn realm(&self, section: usize, at: usize) -> Option<u16> {
        let of = self.tokens(section).get(at)?;
        let parted = Shape::BREAK.with(Shape::SENTENCE);
        if of.is(parted) || !Small::of(of).has(Small::OF) {
            return None;
        }
        let item = &self.items[self.item_at(section, at + 1)?];
        let state = matches!(item.what, What::State(_)) && item.first == at + 1;
        state.then(|| self.country_of(item)).flatten()
    }

    /// The one person of the table with the first and the last of these words in their name, of this country
    /// where one is said: another spelling of what stands between.
    pub fn known_as(&self, words: &[Token], country: Option<u16>) -> Option<u32> {
        let [first, .., last] = words else {
            return None;
        };
        let mut fits = self.cast.surnamed(last.hash).iter().filter(|index| {
            let known = self.cast.known(**index);
            let mut begins = None;
            crate::story::tokenize(&known.name, |t| {
                begins.get_or_insert(t.hash);
            });
            begins == Some(first.hash) && (country.is_none() || known.country == country)
        });
        match (fits.next(), fits.next()) {
            (Some(actor), None) => Some(*actor),
            _ => None,
        }
    }

    /// The name that stands behind a chain, over a comma at most.
    pub fn name_behind(
        &self,
        (section, _, behind): (usize, usize, usize),
        country: Option<u16>,
        bill: &Bill,
    ) -> Option<Named> {
        let tokens = self.tokens(section);
        let first = tokens.get(behind)?;
        let comma = first.is(Shape::BREAK);
        if first.is(Shape::SENTENCE) || comma && !self.after_comma(section, behind) {
            return None;
        }
        if let Some(index) = self.person_at(section, behind) {
            return Some(Named::Item(index));
        }
        let end = self.name_end(section, behind)?;
        if end - behind > 1 {
            return Some(Named::Words(behind, end));
        }
        if comma {
            return None;
        }
        if self.item_at(section, behind).is_some() {
            // King Hassan of Morocco, though a town is called Hassan
            let realm = self.realm(section, end).is_some();
            return realm.then_some(Named::Words(behind, end));
        }
        if bill
            .locals
            .iter()
            .any(|l| l.words.last() == Some(&first.hash))
        {
            return Some(Named::Words(behind, end));
        }
        match self.holder(first.hash, country) {
            Some(person) => Some(Named::Known(person, behind)),
            None => Some(Named::Words(behind, end)),
        }
    }

    /// The one person of the table with a surname, of a country where one is said; of several of one name the
    /// one who is in office on the day of the story.
    fn holder(&self, surname: u64, country: Option<u16>) -> Option<u32> {
        let persons = self.cast.surnamed(surname).iter().copied();
        let own = persons.filter(|p| country.is_none() || self.cast.known(*p).country == country);
        let mut serving = own
            .clone()
            .filter(|p| self.cast.known(*p).serves_on(self.date));
        let mut all = own.clone();
        match (all.next(), all.next(), serving.next(), serving.next()) {
            (Some(only), None, ..) => Some(only),
            (_, _, Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// `Tan Swe, the foreign minister`: a name of two words or more before a comma and an article.
    pub fn name_before(&self, at: usize) -> Option<Named> {
        let item = &self.items[at];
        let tokens = self.tokens(item.section);
        let mut first = item.first;
        // back over the owner, adjectives and the article, to the comma
        for _ in 0..5 {
            if tokens.get(first)?.is(Shape::BREAK) {
                break;
            }
            first = first.checked_sub(1)?;
        }
        if !tokens[first].is(Shape::BREAK) || tokens[first].is(Shape::SENTENCE) {
            return None;
        }
        if !self.after_comma(item.section, first) {
            return None;
        }
        let mut begin = first;
        while begin > 0 && first - begin < LONGEST {
            let token = &tokens[begin - 1];
            let inside = is_name(token) || Small::of(token).has(Small::PARTICLE);
            if !inside {
                break;
            }
            begin -= 1;
            if token.is(Shape::BREAK.with(Shape::SENTENCE)) {
                break;
            }
        }
        while begin < first && !is_name(&tokens[begin]) {
            begin += 1;
        }
        if let Some(index) = (begin..first).find_map(|t| self.person_at(item.section, t)) {
            return Some(Named::Item(index));
        }
        let taken = (begin..first).any(|t| self.is_role_or_state(item.section, t));
        let two =
            first - begin >= 2 && tokens[begin..first].iter().filter(|t| is_name(t)).count() >= 2;
        (two && !taken).then_some(Named::Words(begin, first))
    }

    fn after_comma(&self, section: usize, at: usize) -> bool {
        let tokens = self.tokens(section);
        let (Some(before), Some(here)) = (at.checked_sub(1), tokens.get(at)) else {
            return false;
        };
        let gap = tokens[before].end() as usize..here.start as usize;
        let text = self.sections[section].text;
        text.get(gap).is_some_and(|gap| gap == ", " || gap == "، ")
    }

    /// Where a name that begins at `first` ends.
    fn name_end(&self, section: usize, first: usize) -> Option<usize> {
        let tokens = self.tokens(section);
        let mut end = first;
        while let Some(token) = tokens.get(end).filter(|_| end - first < LONGEST) {
            let fresh = end == first;
            if !fresh && token.is(Shape::BREAK.with(Shape::SENTENCE)) {
                break;
            }
            if is_name(token) && !self.is_role_or_state(section, end) {
                end += 1;
                continue;
            }
            let next = tokens.get(end + 1).is_some_and(|t| {
                is_name(t) && !t.is(Shape::BREAK) && !self.is_role_or_state(section, end + 1)
            });
            if !fresh && next && Small::of(token).has(Small::PARTICLE) {
                end += 2;
                continue;
            }
            break;
        }
        (end > first).then_some(end)
    }

    pub fn item_at(&self, section: usize, token: usize) -> Option<usize> {
        let key = (section, token);
        let at = self.items.partition_point(|i| (i.section, i.end) <= key);
        let item = self.items.get(at)?;
        (item.section == section && item.first <= token).then_some(at)
    }

    fn person_at(&self, section: usize, token: usize) -> Option<usize> {
        let index = self.item_at(section, token)?;
        match self.items[index].what {
            What::Known(actor) if &*self.cast.known(actor).kind == "person" => Some(index),
            _ => None,
        }
    }

    /// A word that is a name of another kind, and ends the name of a person.
    fn is_role_or_state(&self, section: usize, token: usize) -> bool {
        let Some(index) = self.item_at(section, token) else {
            return false;
        };
        let item: &Item = &self.items[index];
        match item.what {
            What::Agent(_) | What::Title(_) | What::State(_) | What::Demonym(_) => true,
            What::Known(_) => item.end - item.first > 1,
            What::Capital(_) | What::Place(_) | What::Nobody => false,
        }
    }
}

/// A word that may be part of a person's name.
pub fn is_name(token: &Token) -> bool {
    let long_acronym = token.is(Shape::UPPER) && token.is(Shape::ACRONYM);
    token.is(Shape::CAPITAL) && !long_acronym
}
