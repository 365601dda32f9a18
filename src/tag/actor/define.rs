//! Brackets → names that the story itself defines: `the Arakan Army (AA)`, `OIEA (Organismo …)`.

use std::ops::Range;
use std::sync::Arc;

use super::bill::{Bill, Key, Local};
use super::name::is_name;
use super::scene::{Item, Scene, What};
use super::words::Small;
use crate::story::{Shape, Token, Zone, fold};

/// A short name that the story defines.
struct Alias {
    key: Key,
    section: usize,
    /// The tokens of the short name, and those of the long one.
    short: Range<usize>,
    long: Range<usize>,
}

/// First words of the names of organisations (their folded beginnings), what such an organisation is, and
/// its sector. The first that fits counts.
const HEADS: &[(&str, &str, Option<&str>)] = &[
    (
        "army|ejercit|exercit|armee|арм|جيش",
        "armed-group",
        Some("REB"),
    ),
    ("front|frent", "armed-group", Some("REB")),
    ("fuerza|force|tropas", "military", Some("MIL")),
    (
        "guerrill|brigad|militi|milicia|comando|autodefensas",
        "armed-group",
        Some("REB"),
    ),
    ("part|партия|حزب", "party", Some("PTY")),
    (
        "minist|министерство|وزاره|secretaria|departament|department",
        "government",
        Some("GOV"),
    ),
    ("polic|poliz|полиц|guardia", "police", Some("COP")),
    (
        "tribunal|court|corte|audiencia|fiscal|cour",
        "government",
        Some("JUD"),
    ),
    (
        "parlament|parliament|asamblea|assembl|congreso|senad",
        "government",
        Some("LEG"),
    ),
    (
        "universi|escuela|school|facult|institut|colegio|academ",
        "group",
        Some("EDU"),
    ),
    (
        "union|sindicat|confedera|central|trabajador|syndicat|gewerkschaft|labour|workers|профсоюз|comisiones",
        "group",
        Some("LAB"),
    ),
    (
        "banc|bank|bolsa|compa|corporacion|empresa|sociedad|grupo|group|company|caja",
        "company",
        Some("BUS"),
    ),
    (
        "agenc|servic|institu|oficina|mision|mission|comissao|secretari|defensor|direccion|consejo|comision|commission|instituto|office|bureau|autoridad|authority|council|junta|gobierno|registro|administra",
        "government",
        Some("GOV"),
    ),
    ("organi|органи|منظمه", "igo", Some("IGO")),
    (
        "comite|committee|agrupacion|foro|forum|fondo|unidad|convergencia|congreso|campana|coalicion|coalition|asociacion|associa|fundacion|foundation|federacion|federation|liga|league|coordinadora|plataforma|red|network|observator|alliance|alianza|centro|center|centre|programa|movimiento|movement|mouvement",
        "ngo",
        Some("NGO"),
    ),
    ("hospital|cruz", "group", Some("HLH")),
];

/// Most words of a long name.
const FAR: usize = 14;

impl Scene<'_> {
    /// Finds the short names that the story defines, and tags them and their later mentions.
    pub fn define(&mut self, bill: &mut Bill) {
        let mut aliases: Vec<Alias> = Vec::new();
        for section in 0..self.sections.len() {
            if self.sections[section].zone == Zone::Dateline {
                continue;
            }
            for at in 1..self.tokens(section).len() {
                if self.tokens(section)[at].is(Shape::OPENED) {
                    aliases.extend(self.definition(section, at, bill));
                }
            }
        }
        if aliases.is_empty() {
            return;
        }
        // nothing else is named inside a long name
        for alias in &aliases {
            let inside = |i: &&mut Item| {
                i.section == alias.section && i.first >= alias.long.start && i.end <= alias.long.end
            };
            self.items
                .iter_mut()
                .filter(inside)
                .for_each(|i| i.used = true);
        }
        for section in 0..self.sections.len() {
            if self.sections[section].zone == Zone::Dateline {
                continue;
            }
            for (at, token) in self.tokens(section).iter().enumerate() {
                let Some(alias) = aliases.iter().find(|a| self.is_again(a, section, at)) else {
                    continue;
                };
                let end = at + alias.short.len();
                let inside = self
                    .item_at(section, at)
                    .is_some_and(|i| self.items[i].end - self.items[i].first > 1);
                if is_name_or_acronym(token) && !inside {
                    bill.add(alias.key, 0.9, self.mention(section, at, end));
                }
            }
        }
    }

    /// Whether a short name stands at a token.
    fn is_again(&self, alias: &Alias, section: usize, at: usize) -> bool {
        let short = &self.tokens(alias.section)[alias.short.clone()];
        let here = self.tokens(section)[at..].iter();
        let hashes = |t: &Token| t.hash;
        here.map(hashes)
            .take(short.len())
            .eq(short.iter().map(hashes))
    }

    /// Where a short name of several words with `&` between them ends: `S&P`.
    fn joined_end(&self, section: usize, at: usize) -> Option<usize> {
        let tokens = self.tokens(section);
        let text = self.sections[section].text;
        let parts = |t: &usize| {
            let gap = tokens[*t].end() as usize..tokens[*t + 1].start as usize;
            let short = tokens[*t + 1].end() - tokens[at].start <= 12;
            text.get(gap) == Some("&") && tokens[*t + 1].is(Shape::CAPITAL) && short
        };
        let more = (at..tokens.len() - 1).take_while(parts).count();
        (more > 0).then_some(at + more + 1)
    }

    /// What the bracket that opens before token `at` defines.
    fn definition(&self, section: usize, at: usize, bill: &mut Bill) -> Option<Alias> {
        let token = self.tokens(section)[at];
        let short = is_short(&token) || self.is_mixed(section, at) || self.is_coined(section, at);
        if short && self.closes(section, at) {
            let first = self.long_before(section, at)?;
            return Some(self.bind(section, first..at, at..at + 1, bill));
        }
        if let Some(end) = self
            .joined_end(section, at)
            .filter(|end| self.closes(section, end - 1))
        {
            let first = self.capitals_before(section, at)?;
            return Some(self.bind(section, first..at, at..end, bill));
        }
        // the other way round: AA (Arakan Army)
        let short = self.tokens(section)[at - 1];
        let end = self.bracket_end(section, at)?;
        if !is_short(&short) || end - at < 2 || !self.spells(section, at, end, at - 1) {
            return None;
        }
        Some(self.bind(section, at..end, at - 1..at, bill))
    }

    /// A short name of capitals with a small letter between: `CiU`, `URCyL`.
    fn is_mixed(&self, section: usize, at: usize) -> bool {
        let word = self.word(section, at);
        let capitals = word.chars().filter(|c| c.is_uppercase()).count();
        (2..=12).contains(&word.len()) && capitals >= 2 && capitals * 2 >= word.chars().count()
    }

    /// A short name written as a word: `Fundación Nacional del Indio (Funai)`.
    fn is_coined(&self, section: usize, at: usize) -> bool {
        let token = &self.tokens(section)[at];
        let length = token.end() - token.start;
        if !is_name(token) || !(4..=12).contains(&length) || self.item_at(section, at).is_some() {
            return false;
        }
        let first = (at.saturating_sub(FAR)..at).rev().take_while(|t| {
            !self.tokens(section)[t + 1].is(Shape::SENTENCE.with(Shape::PARAGRAPH))
        });
        let mut heads = first.filter(|t| {
            self.tokens(section)[*t].is(Shape::CAPITAL) && head(self.word(section, *t)).is_some()
        });
        heads.any(|t| self.abbreviates(section, t, at))
    }

    /// Where the capital words directly before a bracket begin, two or more of them.
    fn capitals_before(&self, section: usize, at: usize) -> Option<usize> {
        let tokens = self.tokens(section);
        let broken = |t: &Token| t.is(Shape::BREAK.with(Shape::SENTENCE));
        let mut first = at;
        while first > 0 && at - first < FAR && tokens[first - 1].is(Shape::CAPITAL) {
            first -= 1;
            if broken(&tokens[first]) {
                break;
            }
        }
        (at - first >= 2).then_some(first)
    }

    /// Whether a bracket, a comma or the like follows a token.
    fn closes(&self, section: usize, at: usize) -> bool {
        let end = self.tokens(section)[at].end() as usize;
        let rest = self.sections[section].text.get(end..).unwrap_or_default();
        rest.starts_with([')', ']', '）', ',', ';', '/', '"', '”'])
    }

    /// The token after the last one of a bracket that closes within ten words.
    fn bracket_end(&self, section: usize, at: usize) -> Option<usize> {
        let tokens = self.tokens(section);
        let text = self.sections[section].text;
        (at..tokens.len().min(at + 10)).find_map(|t| {
            let rest = text.get(tokens[t].end() as usize..)?;
            rest.starts_with([')', ']', '）']).then_some(t + 1)
        })
    }

    /// Where the long name before a bracket begins.
    fn long_before(&self, section: usize, at: usize) -> Option<usize> {
        let tokens = self.tokens(section);
        let text = self.sections[section].text;
        // quotation marks around the name are no break
        let soft = |t: usize| {
            let gap = tokens[t].end() as usize..tokens[t + 1].start as usize;
            let gap = text.get(gap).unwrap_or_default();
            // a full stop before a small word stands for a word that was lost
            let lost = !tokens[t + 1].is(Shape::CAPITAL) && Small::of(&tokens[t + 1]).any();
            let gap = gap.strip_prefix('.').filter(|_| lost).unwrap_or(gap);
            gap.chars()
                .all(|c| c.is_whitespace() || "\"“”«»'’‘-&/(".contains(c))
                && !gap.contains('\n')
        };
        let mut begin = at;
        let mut spelled = None;
        let mut capitals = 0;
        while begin > 0 && at - begin < FAR && soft(begin - 1) {
            let token = &tokens[begin - 1];
            let known = self.item_at(section, begin - 1);
            let known = known.filter(|i| self.items[*i].end == at);
            if let Some(item) = known.map(|i| &self.items[i]) {
                // a name of the lexicon directly before: the longest reading of it
                if matches!(item.what, What::Known(_)) {
                    return Some(item.first);
                }
            }
            if token.is(Shape::CAPITAL) {
                begin -= 1;
                capitals += 1;
                if self.spells(section, begin, at, at) {
                    spelled = Some(begin);
                }
            } else if Small::of(token).any() || capitals == 0 && at - begin < 2 {
                begin -= 1;
            } else {
                break;
            }
        }
        let spelled = spelled.or_else(|| self.spelled_over_stop(section, begin, at));
        if spelled.is_some() {
            return spelled;
        }
        // no initials: letters of the name in order, from a capital word that begins it
        let begins = |t: &usize| tokens[*t].is(Shape::CAPITAL);
        let loose = (begin..at)
            .filter(|_| capitals >= 2)
            .find(|t| begins(t) && self.abbreviates(section, *t, at));
        // or a head noun that says that it is an organisation, before another capital word
        let heads = |t: &usize| begins(t) && head(self.word(section, *t)).is_some();
        let headed = (begin..at).find(heads);
        let headed = headed.filter(|t| (t + 1..at).any(|word| begins(&word)));
        let far = (at.saturating_sub(FAR)..at)
            .rev()
            .take_while(|t| soft(*t))
            .find(heads);
        let far = far
            .filter(|t| self.spells_or_knows(section, *t, at) || self.is_named_on(section, *t, at));
        loose.or(headed).or(far)
    }

    /// Where a long name begins that a full stop parts, as where a letter or a line was lost on the way: the
    /// initials of all its capital words spell the short name, with or without a joining word in place of the stop.
    fn spelled_over_stop(&self, section: usize, stop: usize, at: usize) -> Option<usize> {
        let tokens = self.tokens(section);
        let length = tokens[at].end() - tokens[at].start;
        if stop == 0 || stop == at || length < 3 || !tokens[stop].is(Shape::SENTENCE) {
            return None;
        }
        let of_name = |t: &usize| tokens[*t].is(Shape::CAPITAL) || Small::of(&tokens[*t]).any();
        let mut starts = (stop.saturating_sub(8)..stop).rev().take_while(of_name);
        starts.find(|t| {
            let capital = tokens[*t].is(Shape::CAPITAL);
            capital
                && (self.spells(section, *t, at, at) || self.spells_joined(section, *t, stop, at))
        })
    }

    /// Whether a name reads on from its head over one adjective: `Empresa municipal de la Energía`.
    fn is_named_on(&self, section: usize, first: usize, at: usize) -> bool {
        let tokens = &self.tokens(section)[first + 2..at.max(first + 2)];
        let of_name = |t: &Token| t.is(Shape::CAPITAL) || Small::of(t).any();
        tokens.first().is_some_and(|t| Small::of(t).has(Small::OF))
            && tokens.last().is_some_and(|t| t.is(Shape::CAPITAL))
            && tokens.iter().all(of_name)
    }

    /// Whether a short name begins like the long one that begins far before it, or is known by itself.
    fn spells_or_knows(&self, section: usize, first: usize, short: usize) -> bool {
        let known = self.item_at(section, short).map(|i| self.items[i].what);
        matches!(known, Some(What::Known(_))) || self.abbreviates(section, first, short)
    }

    /// Whether a short name is made of beginnings of the words of the long one, most of its letters in
    /// order: `Philippine Airlines (PAL)`, `Fundación Nacional del Indio (Funai)`.
    fn abbreviates(&self, section: usize, first: usize, short: usize) -> bool {
        let mut folded = String::new();
        fold(self.word(section, short), &mut folded);
        let letters: Vec<char> = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        // by number of letters read: how many words gave some, at most
        let mut reached: Vec<Option<u8>> = vec![None; letters.len() + 1];
        reached[0] = Some(0);
        for word in first..short {
            folded.clear();
            fold(self.word(section, word), &mut folded);
            let mut next = reached.clone();
            for (from, words) in reached.iter().enumerate() {
                let Some(words) = words else { continue };
                let rest = letters[from..].iter().zip(folded.chars());
                let run = rest.take_while(|(a, b)| **a == *b).count();
                for end in &mut next[from + 1..=from + run] {
                    *end = (*end).max(Some(words + 1));
                }
            }
            if word == first {
                // the name begins with its first word
                next[0] = None;
            }
            reached = next;
        }
        let enough = (letters.len() * 3).div_ceil(5);
        let half = letters.len().div_ceil(2);
        let words = |from: usize| reached[from..].iter().flatten().copied().max();
        words(enough) >= Some(2) || words(half) >= Some(3)
    }

    /// Whether initials spell a short name with a joining word where a stop stands: `Convergència. Unió (CiU)`.
    fn spells_joined(&self, section: usize, first: usize, stop: usize, short: usize) -> bool {
        let mut letters = String::new();
        fold(self.word(section, short), &mut letters);
        let initial = |t: usize| {
            let mut folded = String::new();
            fold(self.word(section, t), &mut folded);
            folded.chars().next()
        };
        let capital = |t: &usize| self.tokens(section)[*t].is(Shape::CAPITAL);
        let before = (first..stop).filter(capital).filter_map(initial);
        let after = (stop..short).filter(capital).filter_map(initial);
        let mut spelled = before.collect::<String>();
        spelled.push('*');
        spelled.extend(after);
        let mut pairs = letters.chars().zip(spelled.chars());
        let fits =
            |(letter, want): (char, char)| letter == want || want == '*' && "eiyu".contains(letter);
        // syllables after the last initial: URCyL, CECEI
        letters.chars().count() >= spelled.chars().count() && pairs.all(fits)
    }

    /// Whether the initials of the words in `first..end` spell the short name at `short`.
    fn spells(&self, section: usize, first: usize, end: usize, short: usize) -> bool {
        let mut letters = String::new();
        fold(self.word(section, short), &mut letters);
        let letters: Vec<char> = letters.chars().filter(|c| c.is_alphanumeric()).collect();
        let mut at = 0;
        for word in first..end {
            let mut folded = String::new();
            fold(self.word(section, word), &mut folded);
            let capital = self.tokens(section)[word].is(Shape::CAPITAL);
            let mut initials = folded.chars();
            let Some(initial) = initials.next() else {
                continue;
            };
            if letters.get(at) == Some(&initial) {
                at += 1;
                // plurals are doubled: CC.OO., EE.UU.; and syllables are taken whole: Benelux
                let plural = letters.len() >= 4 && capital;
                while letters.get(at).is_some() && letters[at] == letters[at - 1] && plural {
                    at += 1;
                }
                for next in initials.take(3) {
                    if letters.len() > end - first && letters.get(at) == Some(&next) {
                        at += 1;
                    } else {
                        break;
                    }
                }
            } else if word == first || capital && at < letters.len() && letters.len() <= 2 {
                return false;
            }
        }
        at == letters.len() && at > 1
    }

    /// Tags a long name and its short one.
    fn bind(
        &self,
        section: usize,
        long: Range<usize>,
        short: Range<usize>,
        bill: &mut Bill,
    ) -> Alias {
        let known = self.item_at(section, long.start);
        let known = known
            .map(|i| self.items[i])
            .filter(|item| item.first == long.start && item.end == long.end);
        let key = match known.map(|item| item.what) {
            Some(What::Known(actor)) => Key::Known(actor),
            Some(What::State(country)) => Key::State(country),
            _ => match self.named(section, &short) {
                Some(actor) => Key::Known(actor),
                None => bill.organisation(self.organisation(section, long.clone())),
            },
        };
        bill.add(key, 0.9, self.mention(section, long.start, long.end));
        bill.add(key, 0.9, self.mention(section, short.start, short.end));
        let text = self.text(section, short.start, short.end);
        bill.alias(key, text.trim_end_matches('.'));
        Alias {
            key,
            section,
            short,
            long,
        }
    }

    /// The organisation of the table that a short name is a name of.
    fn named(&self, section: usize, short: &Range<usize>) -> Option<u32> {
        let item = &self.items[self.item_at(section, short.start)?];
        match item.what {
            What::Known(actor) if item.first == short.start && item.end == short.end => Some(actor),
            _ => None,
        }
    }

    /// An organisation that no table holds.
    fn organisation(&self, section: usize, long: Range<usize>) -> Local {
        let mut words = long.clone().map(|t| self.word(section, t));
        let (kind, sector) = words.find_map(head).unwrap_or(("group", None));
        let inside = self
            .items
            .iter()
            .filter(|i| i.section == section && i.first >= long.start && i.end <= long.end);
        let country = inside.filter_map(|i| self.country_of(i)).next();
        Local {
            name: self.text(section, long.start, long.end).replace('\n', " "),
            kind,
            country,
            sector: sector.map(Arc::from),
            role: None,
            words: self.tokens(section)[long].iter().map(|t| t.hash).collect(),
        }
    }
}

/// What the first word of an organisation's name says of it.
fn head(word: &str) -> Option<(&'static str, Option<&'static str>)> {
    let mut folded = String::new();
    fold(word, &mut folded);
    let fits = |stems: &str| stems.split('|').any(|stem| folded.starts_with(stem));
    let found = HEADS.iter().find(|(stems, _, _)| fits(stems));
    found.map(|(_, kind, sector)| (*kind, *sector))
}

/// A token that looks like a short name: `AA`, `CiU`, `M-19` begins as one.
fn is_short(token: &Token) -> bool {
    let length = token.end() - token.start;
    is_name_or_acronym(token) && (2..=12).contains(&length) && token.is(Shape::UPPER)
}

fn is_name_or_acronym(token: &Token) -> bool {
    is_name(token) || token.is(Shape::ACRONYM)
}

impl Bill {
    fn organisation(&mut self, local: Local) -> Key {
        let same = |l: &Local| l.kind != "person" && l.words == local.words;
        let at = self.locals.iter().position(same).unwrap_or_else(|| {
            self.locals.push(local);
            self.locals.len() - 1
        });
        Key::Local(at as u32)
    }
}
