//! Words → dates. Which day does `6 nov`, `Nov. 6`, `6. November`, `11月6日` or `٦ نوفمبر` name?
//!
//! Months as datelines write them in en es pt fr de it nl ca ru uk pl tr ar; only stems where a language
//! shortens. Both Arabic systems and the Maghreb's.

use std::sync::OnceLock;

use crate::story::Date;
use jiff::civil::Weekday;

/// Month names by number; a stem with `*` takes any ending.
const MONTHS: [&str; 12] = [
    "jan* ene* gen gennaio gener янв* січ* stycznia oca ocak يناير جانفي",
    "feb* fev fevereiro fevr* fév* févr* фев* лют* lutego şub* شباط فبراير فيفري",
    "mar march marzo março mars märz mrz maart març marca мар* берез* mart آذار مارس",
    "apr* abr* avr* апр* квіт* kwietnia nis nisan نيسان أبريل ابريل أفريل",
    "may mayo mai maio mag maggio mei maig мая май трав* maja mayıs أيار مايو ماي",
    "jun* juin giu* июн* черв* czerwca haz* حزيران يونيو جوان",
    "jul* juil* lug* июл* лип* lipca tem temmuz تموز يوليو جويلية",
    "aug* ago agosto agost août aout авг* серп* sierpnia ağu* آب أغسطس اغسطس أوت",
    "sep* set setembro setembre sett* сен* верес* września eyl* أيلول سبتمبر",
    "oct* out outubro ott* okt* окт* жовт* października eki ekim أكتوبر اكتوبر",
    "nov* ноя* листопада listopada kas kasım نوفمبر",
    "dec* dic* dez* déc* des desembre дек* груд* grudnia ara aralık ديسمبر",
];

/// Month 1..=12 named by `word`; a full stop after a short form is taken off.
pub fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches(['.', ',']);
    if word.len() < 3 || word.len() > 24 {
        return None;
    }
    let mut lower = [0u8; 32];
    let lower: &str = if word.is_ascii() {
        let buffer = &mut lower[..word.len()];
        buffer.copy_from_slice(word.as_bytes());
        buffer.make_ascii_lowercase();
        std::str::from_utf8(buffer).ok()?
    } else {
        &word.to_lowercase()
    };
    let first = lower.as_bytes().first();
    let named = |form: &&Form| {
        form.stem.as_bytes().first() == first
            && match form.open {
                true => lower.starts_with(form.stem) && is_month_ending(lower, form.stem.len()),
                false => lower == form.stem,
            }
    };
    forms().iter().find(named).map(|form| form.month)
}

/// A month's name, or the stem of several.
struct Form {
    stem: &'static str,
    /// Any ending of a month's name may follow.
    open: bool,
    month: i8,
}

/// `MONTHS`, cut once.
fn forms() -> &'static [Form] {
    static FORMS: OnceLock<Vec<Form>> = OnceLock::new();
    FORMS.get_or_init(|| {
        let named = MONTHS.iter().zip(1..);
        let forms = named.flat_map(|(forms, month)| {
            forms.split(' ').map(move |form| Form {
                stem: form.trim_end_matches('*'),
                open: form.ends_with('*'),
                month,
            })
        });
        forms.collect()
    })
}

/// The rest of a month's name after its stem: letters, and no more than the longest name has.
fn is_month_ending(word: &str, stem: usize) -> bool {
    const ENDINGS: &str = "t e y ch i n uary ruary il ust tember ober ember ero rero embre iembre tiembre ubre eiro \
        ereiro embro tembro ubro ho lho nho io lio nio vier ier rier r let l uar ruar uari ruari \
        li ni us ustus tembre obre icembre bre aio braio raio naio gno glio ile aro aio ustos ül \
        eze ezembro eptiembre";
    let rest = &word[stem..];
    rest.is_empty()
        || ENDINGS.split(' ').any(|ending| ending == rest)
        || (!rest.is_ascii() && rest.chars().count() <= 7 && rest.chars().all(char::is_alphabetic))
}

/// Arabic month names of two words, the Levant's: (first, second, month).
const TWO_WORD_MONTHS: &[(&str, &str, i8)] = &[
    ("كانون", "الثاني", 1),
    ("تشرين", "الأول", 10),
    ("تشرين", "الاول", 10),
    ("تشرين", "الثاني", 11),
    ("كانون", "الأول", 12),
    ("كانون", "الاول", 12),
];

/// Day of the month written in Latin or Arabic digits, with an ordinal's ending or full stop.
pub fn day(word: &str) -> Option<i8> {
    let word = word.trim_end_matches([',', '.']);
    let word = ["st", "nd", "rd", "th", "er", "º", "°"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending))
        .unwrap_or(word);
    number(word, 2)
        .filter(|day| (1..=31).contains(day))
        .map(|day| day as i8)
}

/// A year of four digits that news may speak of.
pub fn year(word: &str) -> Option<i16> {
    let word = word.trim_end_matches([',', '.']);
    if word.chars().count() != 4 {
        return None;
    }
    number(word, 4)
        .filter(|year| (1900..=2100).contains(year))
        .map(|year| year as i16)
}

/// An unsigned number of at most `digits` digits, Latin or Arabic.
pub fn number(word: &str, digits: usize) -> Option<i32> {
    let mut value = 0;
    let mut count = 0;
    for c in word.chars() {
        let digit = match c {
            '0'..='9' => c as i32 - '0' as i32,
            '٠'..='٩' => c as i32 - '٠' as i32,
            '۰'..='۹' => c as i32 - '۰' as i32,
            _ => return None,
        };
        value = value * 10 + digit;
        count += 1;
        if count > digits {
            return None;
        }
    }
    (count > 0).then_some(value)
}

/// The weekday named by `word`, in the languages of wires that date by weekday.
pub fn weekday(word: &str) -> Option<Weekday> {
    const DAYS: [&[&str]; 7] = [
        &["monday", "lunes", "lundi", "montag", "segunda-feira"],
        &["tuesday", "martes", "mardi", "dienstag", "terça-feira"],
        &[
            "wednesday",
            "miércoles",
            "mercredi",
            "mittwoch",
            "quarta-feira",
        ],
        &["thursday", "jueves", "jeudi", "donnerstag", "quinta-feira"],
        &["friday", "viernes", "vendredi", "freitag", "sexta-feira"],
        &["saturday", "sábado", "samedi", "samstag"],
        &["sunday", "domingo", "dimanche", "sonntag"],
    ];
    let word = word.trim_end_matches(['.', ',']);
    if word.len() < 5 || word.len() > 16 {
        return None;
    }
    let lower = word.to_lowercase();
    let at = DAYS
        .iter()
        .position(|names| names.contains(&lower.as_str()))?;
    Weekday::from_monday_one_offset(at as i8 + 1).ok()
}

/// The date at the end of `text`, and the byte where it begins.
pub fn date_at_end(text: &str) -> Option<(Written, usize)> {
    // the last words, joints left out: (start, word)
    let mut words: [(usize, &str); 6] = [(0, ""); 6];
    let mut count = 0;
    for word in text
        .split([' ', '\u{A0}'])
        .rev()
        .filter(|word| !word.is_empty())
    {
        if matches!(word, "de" | "del" | "of" | "," | "of,") {
            continue;
        }
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        words[count] = (start, word.trim_end_matches([',', '.']));
        count += 1;
        if count == words.len() {
            break;
        }
    }
    let words = &words[..count]; // last word first
    let word = |n: usize| words.get(n).map(|(_, word)| *word);
    let start = |n: usize| words[n].0;
    let last = word(0)?;
    if let Some(weekday) = weekday(last) {
        return (count > 1).then_some((Written::Weekday(weekday), start(0)));
    }
    if let Some(date) = numeric_date(last) {
        return Some((date, start(0)));
    }
    let year = year(last);
    let base = usize::from(year.is_some());
    let pair = |month: Option<i8>, day: Option<i8>, first: usize| {
        Some((Written::new(year, month?, day?)?, start(first)))
    };
    let (near, far) = (word(base)?, word(base + 1));
    for (first, second, number) in TWO_WORD_MONTHS {
        if near == *second && far == Some(*first) {
            let doubled = usize::from(word(base + 2).and_then(month).is_some());
            let day_at = base + 2 + doubled;
            return pair(Some(*number), word(day_at).and_then(day), day_at);
        }
    }
    let far = far?;
    pair(month(near), day(far), base + 1).or_else(|| pair(month(far), day(near), base + 1))
}

/// `6-11-2023`, `06/11`, `6.11.2023`, `2023-11-06`
fn numeric_date(word: &str) -> Option<Written> {
    let mut parts = [0i32; 3];
    let mut count = 0;
    for part in word.split(['-', '/', '.']) {
        *parts.get_mut(count)? = number(part, 4)?;
        count += 1;
    }
    let small = |n: i32| i8::try_from(n).ok();
    match (count, parts) {
        (2, [day, month, _]) if word.contains('/') => {
            Written::new(None, small(month)?, small(day)?)
        }
        (3, [year, month, day]) if year > 1900 => {
            Written::new(i16::try_from(year).ok(), small(month)?, small(day)?)
        }
        (3, [day, month, year]) if year > 1900 => {
            Written::new(i16::try_from(year).ok(), small(month)?, small(day)?)
        }
        _ => None,
    }
}

/// A date as far as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Full(Date),
    /// Month and day.
    Day(i8, i8),
    Weekday(Weekday),
}

impl Written {
    pub fn new(year: Option<i16>, month: i8, day: i8) -> Option<Written> {
        match year {
            Some(year) => Date::new(year, month, day).ok().map(Written::Full),
            // 2024 is a leap year: 29 February may be meant
            None => Date::new(2024, month, day)
                .ok()
                .map(|_| Written::Day(month, day)),
        }
    }

    /// The date meant by a story of `reference`: the nearest one 330 days before to 35 days after it; of a weekday
    /// the last one.
    pub fn resolve(self, reference: Date) -> Option<Date> {
        match self {
            Written::Full(date) => Some(date),
            Written::Weekday(weekday) => {
                let back = reference.weekday().since(weekday);
                reference
                    .checked_sub(jiff::Span::new().days(i64::from(back)))
                    .ok()
            }
            Written::Day(month, day) => (-1..=1)
                .filter_map(|years| {
                    Date::new(reference.year().checked_add(years)?, month, day).ok()
                })
                .map(|date| (days(reference, date), date))
                .filter(|(distance, _)| (-330..=35).contains(distance))
                .min_by_key(|(distance, _)| distance.abs())
                .map(|(_, date)| date),
        }
    }
}

/// Days from `a` to `b`.
fn days(a: Date, b: Date) -> i64 {
    let ordinal = |d: Date| {
        let date = d.to_datetime(jiff::civil::Time::midnight());
        jiff::tz::Offset::UTC
            .to_timestamp(date)
            .map_or(0, |t| t.as_second() / 86_400)
    };
    ordinal(b) - ordinal(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_of_many_languages_are_known_and_words_are_not() {
        for (word, want) in [
            ("Nov", Some(11)),
            ("Nov.", Some(11)),
            ("NOVEMBER", Some(11)),
            ("noviembre", Some(11)),
            ("sept.", Some(9)),
            ("Sept", Some(9)),
            ("ene", Some(1)),
            ("août", Some(8)),
            ("févr.", Some(2)),
            ("März", Some(3)),
            ("ноября", Some(11)),
            ("мая", Some(5)),
            ("SET", Some(9)),
            ("dez", Some(12)),
            ("LUG", Some(7)),
            ("نوفمبر", Some(11)),
            ("Ağu", Some(8)),
            ("January", Some(1)),
            ("December", Some(12)),
            ("février", Some(2)),
            ("juillet", Some(7)),
            ("décembre", Some(12)),
            ("Marathon", None),
            ("Mayor", None),
            ("Deck", None),
            ("Junta", None),
            ("Decision", None),
            ("Nova", None),
        ] {
            assert_eq!(month(word), want, "{word}");
        }
    }

    #[test]
    fn a_year_is_the_nearest_one_that_a_wire_can_mean() {
        let date = |text: &str| text.parse::<Date>().expect("a date");
        for (written, reference, want) in [
            (Written::Day(12, 31), "2024-01-01", Some("2023-12-31")),
            (Written::Day(1, 1), "2023-12-31", Some("2024-01-01")),
            (Written::Day(11, 6), "2023-11-06", Some("2023-11-06")),
            (Written::Day(2, 29), "2023-03-01", None),
            (Written::Day(2, 29), "2024-03-01", Some("2024-02-29")),
            (
                Written::Weekday(Weekday::Monday),
                "2023-11-06",
                Some("2023-11-06"),
            ),
            (
                Written::Weekday(Weekday::Tuesday),
                "2023-11-06",
                Some("2023-10-31"),
            ),
        ] {
            assert_eq!(
                written.resolve(date(reference)),
                want.map(date),
                "{written:?}"
            );
        }
    }
}
