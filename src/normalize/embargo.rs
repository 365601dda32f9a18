//! Orders to hold a story → the hour at which it may go out. Until when must nobody read this?
//!
//! Never earlier than ordered. An hour without a zone is taken in the feed's zone, else where the story was
//! written or at the agency's home, whichever comes later, else where on earth that hour comes last. An
//! order without an hour that can be read withholds the story.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::story::{Date, Timestamp};

use super::calendar::{self, Written};
use super::private::holds_stem;
use super::zone;

/// How an order begins, in lower case, and whether any words may follow it.
const ORDERS: &[(&str, Follows)] = &[
    ("hold for release", Follows::Anything),
    ("not for release before", Follows::Anything),
    ("not for release until", Follows::Anything),
    ("not for publication before", Follows::Anything),
    ("not for publication until", Follows::Anything),
    ("no difundir antes", Follows::Anything),
    ("no publicar antes", Follows::Anything),
    ("ne pas publier avant", Follows::Anything),
    ("nicht vor", Follows::Hour),
    ("sperrfrist", Follows::Mark),
    ("gesperrt bis", Follows::Hour),
    ("sous embargo", Follows::Mark),
    ("bajo embargo", Follows::Mark),
    ("sob embargo", Follows::Mark),
    ("sotto embargo", Follows::Mark),
    ("under embargo", Follows::Mark),
    ("под эмбарго", Follows::Mark),
    ("embargoed", Follows::Mark),
    ("embargada", Follows::Mark),
    ("embargado", Follows::Mark),
    ("embargo", Follows::Preposition),
    ("эмбарго", Follows::Preposition),
];

/// What must come after the words of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Anything,
    /// A mark, the end, an hour, a day or a word such as "until".
    Mark,
    /// The same without the mark: `Embargo: what now?` is news.
    Preposition,
    /// Digits.
    Hour,
}

/// Words after which an hour comes.
const PREPOSITIONS: &[&str] = &[
    "until",
    "till",
    "hasta",
    "ate",
    "até",
    "bis",
    "heute",
    "jusqu'au",
    "jusqu’au",
    "jusqu'à",
    "jusqu’à",
    "avant",
    "fino",
    "до",
    "not",
    "nicht",
    "no",
];

/// The order that a line gives, from its word on. The word opens the line, a bracket or a part of it: an embargo
/// that news speak of stands elsewhere.
pub fn order(text: &str) -> Option<&str> {
    let head = &text[..text.floor_char_boundary(200)];
    if !may_order(head) {
        return None;
    }
    let lower = head.to_lowercase();
    // letters whose lower case has another length would shift what is found
    if lower.len() != head.len() {
        return None;
    }
    let found = ORDERS.iter().filter_map(|(words, follows)| {
        lower
            .match_indices(words)
            .map(|(at, _)| at)
            .find(|at| opens(head, *at) && is_followed(&lower[at + words.len()..], *follows))
    });
    found.min().map(|at| &text[at..])
}

/// The order with an hour that stands before a headline, and the headline: `EMBARGOED UNTIL 0001 GMT NOV 7: Port shuts`.
pub fn before(headline: &str) -> Option<(&str, &str)> {
    let order = order(headline).filter(|order| order.len() == headline.len())?;
    let digit = order.find(|c: char| c.is_ascii_digit())?;
    let marks = [": ", " - ", " – ", " — "];
    let ends = marks.iter().filter_map(|mark| {
        let at = digit + order[digit..].find(mark)?;
        Some((at, at + mark.len()))
    });
    let (end, rest) = ends.min().filter(|(end, _)| *end <= 80)?;
    Some((&order[..end], order[rest..].trim_start()))
}

/// Whether the stem of an order may be in a line: nearly no line has one.
fn may_order(head: &str) -> bool {
    const STEMS: [[u8; 3]; 7] = [
        *b"mba", *b"rfr", *b"rel", *b"ubl", *b"rrt", *b"fun", *b"t v",
    ];
    holds_stem(head.as_bytes(), STEMS)
        || !head.is_ascii() && ["мба", "МБА"].iter().any(|stem| head.contains(stem))
}

/// Whether what stands before `at` is nothing, a mark, or a short service word in capitals.
fn opens(head: &str, at: usize) -> bool {
    let before = head[..at].trim_end();
    before.is_empty()
        || before.ends_with([
            '(', '[', '-', '–', '—', ':', '*', '/', '.', ';', '#', '=', '+', '\n',
        ])
        || before.len() <= 12 && before == before.to_uppercase()
}

fn is_followed(rest: &str, follows: Follows) -> bool {
    // a hyphen may be part of a word: embargo-busting
    let hyphened = rest.starts_with('-') && rest[1..].starts_with(char::is_alphabetic);
    if follows == Follows::Anything {
        return true;
    }
    if hyphened || rest.starts_with(char::is_alphanumeric) {
        return false;
    }
    let marks = [':', ')', ']', '-', '–', '*', '.', '!', '/', '=', ' '];
    let words = rest.trim_start_matches(marks);
    let marked = rest.trim_start().starts_with(&marks[..marks.len() - 1]);
    let mut split = words.split([' ', ':', ',', '.']);
    let first = split.next().unwrap_or("");
    let hour = words.starts_with(|c: char| c.is_ascii_digit());
    match follows {
        Follows::Hour => hour,
        Follows::Mark if marked => true,
        _ if words.is_empty() || hour => true,
        _ if calendar::weekday(first).is_some() || calendar::month(first).is_some() => true,
        _ if matches!(first, "for" | "para" | "au" | "à") => {
            let next = split.next().unwrap_or("");
            next.starts_with(|c: char| c.is_ascii_digit()) && next.len() <= 5 && words.len() < 40
                || ["release", "use", "publication", "las"].contains(&next)
        }
        _ => PREPOSITIONS.contains(&first),
    }
}

/// What an hour without a zone may mean.
pub struct Clocks {
    /// The feed's own zone, as its operator set it.
    pub feed: Option<TimeZone>,
    /// Where the story was written, and the agency's home.
    pub likely: Vec<TimeZone>,
}

/// The instant that an order names, and whether it named its zone.
pub fn until(order: &str, clocks: &Clocks, received: Timestamp) -> Option<(Timestamp, bool)> {
    let order = &order[..order.floor_char_boundary(160)];
    let words: Vec<&str> = order
        .split([' ', '\u{A0}', ',', '(', ')', ';'])
        .filter(|word| !word.is_empty())
        .take(24)
        .collect();
    // 2030-01-01T00:00:00Z says all by itself
    let stamp = |word: &&str| {
        word.trim_end_matches(['.', ':', ']'])
            .parse::<Timestamp>()
            .ok()
    };
    if let Some(at) = words.iter().find_map(stamp) {
        return Some((at, true));
    }
    let next = |n: usize| words.get(n + 1).copied().unwrap_or("");
    let clock = (0..words.len()).find_map(|n| clock_time(words[n], next(n)))?;
    let written = written_date(order, &words);
    let at = |zone: &TimeZone| at(clock, written, zone, received);
    if let Some(zone) = words
        .iter()
        .enumerate()
        .find_map(|(n, word)| zone_word(word, next(n)))
    {
        return Some((at(&zone)?, true));
    }
    if let Some(zone) = &clocks.feed {
        return Some((at(zone)?, true));
    }
    let latest = clocks.likely.iter().filter_map(at).max();
    latest
        .or_else(|| at(&zone::last()))
        .map(|until| (until, false))
}

/// `GMT`, `ET`, and the city of `19 horas de Madrid`, `heure de Paris`, `Paris time`.
fn zone_word(word: &str, next: &str) -> Option<TimeZone> {
    let word = word.trim_end_matches(['.', ':']);
    if word.len() > 1 && word.chars().all(|c| c.is_uppercase())
        || word.starts_with(['+', '-']) && word.len() > 2
    {
        return zone::of_letters(word).or_else(|| match word {
            "МСК" => zone::named("Europe/Moscow"),
            _ => None,
        });
    }
    let is_clock = next.is_empty() || matches!(next, "time" | "Zeit" | "saat");
    if word.len() > 3 && word.starts_with(char::is_uppercase) && is_clock {
        return zone::of_place(word);
    }
    None
}

/// The last date in an order, read where one of its words ends.
fn written_date(order: &str, words: &[&str]) -> Option<Written> {
    words.iter().rev().find_map(|last| {
        // `NOV 8:` before a headline: the day is no less a day
        let last = last.trim_end_matches([':', '.', '!', ']', '*', '-', '–', '—', '=']);
        let stop = last.as_ptr() as usize - order.as_ptr() as usize + last.len();
        let near = stop.saturating_sub(32);
        let (written, _) = calendar::date_at_end(&order[order.floor_char_boundary(near)..stop])?;
        Some(written)
    })
}

/// The instant of a clock's reading on the day written; without a day the next such hour after the receipt.
fn at(
    clock: Time,
    written: Option<Written>,
    zone: &TimeZone,
    received: Timestamp,
) -> Option<Timestamp> {
    let today = zone.to_datetime(received).date();
    if let Some(written) = written {
        return zone::instant(ahead(written, today)?.to_datetime(clock), zone);
    }
    let at = zone::instant(today.to_datetime(clock), zone)?;
    if at > received {
        return Some(at);
    }
    zone::instant(today.tomorrow().ok()?.to_datetime(clock), zone)
}

/// A weekday of an embargo lies ahead, any other date is the nearest.
fn ahead(written: Written, reference: Date) -> Option<Date> {
    match written {
        Written::Weekday(weekday) => {
            let days = weekday.since(reference.weekday());
            reference
                .checked_add(jiff::Span::new().days(i64::from(days)))
                .ok()
        }
        other => other.resolve(reference),
    }
}

/// `0001`, `00:01`, `19.00`, `06H00`, `6 p.m.`, `7am`, `19 Uhr`, `20 horas`, `noon`
fn clock_time(word: &str, next: &str) -> Option<Time> {
    let lower = word.trim_end_matches(['.', ':']).to_lowercase();
    let hour_word = match lower.as_str() {
        "noon" | "midi" | "mediodía" | "mittag" | "12h" => Some(12),
        "midnight" | "minuit" | "medianoche" | "mitternacht" | "meia-noite" => Some(24),
        _ => None,
    };
    match hour_word {
        Some(12) => return Time::new(12, 0, 0, 0).ok(),
        // the last minute of the day: never before the midnight that is meant
        Some(_) => return Time::new(23, 59, 59, 0).ok(),
        None => {}
    }
    let half = |mark: &str| match mark.to_lowercase().replace('.', "").as_str() {
        "am" => Some(0),
        "pm" => Some(12),
        _ => None,
    };
    let split = lower
        .find(|c: char| c.is_alphabetic())
        .unwrap_or(lower.len());
    let (digits, suffix) = lower.split_at(split);
    let (hour, minute, told) = match (digits.split_once([':', '.']), suffix) {
        (Some((hour, minute)), _) => (
            calendar::number(hour, 2)?,
            calendar::number(minute, 2)?,
            minute.len() == 2,
        ),
        (None, "h" | "hs" | "hrs" | "uhr" | "std") => (calendar::number(digits, 2)?, 0, true),
        (None, suffix) if suffix.starts_with('h') => (
            calendar::number(digits, 2)?,
            calendar::number(suffix[1..].trim_end_matches("gmt"), 2)?,
            true,
        ),
        (None, _) if digits.len() == 4 && is_hour_not_year(digits, next) => (
            calendar::number(&digits[..2], 2)?,
            calendar::number(&digits[2..], 2)?,
            true,
        ),
        _ => (calendar::number(digits, 2)?, 0, false),
    };
    let shift = half(suffix).or_else(|| half(next));
    let unit = matches!(
        next.to_lowercase().trim_end_matches('.'),
        "uhr" | "h" | "hs" | "hrs" | "horas" | "heures" | "hours" | "часов" | "ч"
    );
    if shift.is_none() && !told && !unit {
        return None;
    }
    let hour = shift.map_or(hour, |shift| hour % 12 + shift);
    if hour == 24 && minute == 0 {
        return Time::new(23, 59, 59, 0).ok();
    }
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// `2024` is a year unless a zone stands behind it.
fn is_hour_not_year(digits: &str, next: &str) -> bool {
    calendar::year(digits).is_none()
        || zone_word(next, "").is_some()
        || matches!(
            next.to_lowercase().as_str(),
            "hrs" | "h" | "hours" | "horas" | "local"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(feed: Option<&str>, likely: &[&str]) -> Clocks {
        Clocks {
            feed: feed.and_then(zone::named),
            likely: likely
                .iter()
                .map(|name| zone::named(name).expect("a zone"))
                .collect(),
        }
    }

    #[test]
    fn an_embargo_names_its_hour() {
        let received: Timestamp = "2023-11-06T12:00:00Z".parse().expect("a time");
        for (text, want) in [
            (
                "EMBARGOED UNTIL 0001 GMT NOV 7",
                Some("2023-11-07T00:01:00Z"),
            ),
            (
                "EMBARGO: 7 November 2023, 06:30 CET",
                Some("2023-11-07T05:30:00Z"),
            ),
            ("Sperrfrist 19.00 Uhr", Some("2023-11-06T19:00:00Z")),
            ("Sperrfrist: 19 Uhr", Some("2023-11-06T19:00:00Z")),
            (
                "EMBARGOED FOR RELEASE AT 6 p.m. EST, Thursday",
                Some("2023-11-09T23:00:00Z"),
            ),
            ("EMBARGOED UNTIL 9 a.m. GMT", Some("2023-11-07T09:00:00Z")),
            (
                "SOUS EMBARGO jusqu'au 7 novembre à 06H00 GMT",
                Some("2023-11-07T06:00:00Z"),
            ),
            (
                "SOUS EMBARGO jusqu'au 7 novembre à 18h30 GMT",
                Some("2023-11-07T18:30:00Z"),
            ),
            (
                "EMBARGADA HASTA LAS 20.00 HORAS",
                Some("2023-11-06T20:00:00Z"),
            ),
            ("EMBARGADO HASTA LAS 20 HORAS", Some("2023-11-06T20:00:00Z")),
            ("(EMBARGO HASTA LAS 20:00)", Some("2023-11-06T20:00:00Z")),
            (
                "EMBARGADO ATÉ 7 nov, 10h00 GMT",
                Some("2023-11-07T10:00:00Z"),
            ),
            ("ЭМБАРГО до 19:00 МСК", Some("2023-11-06T16:00:00Z")),
            (
                "HOLD FOR RELEASE UNTIL 7 p.m. ET",
                Some("2023-11-07T00:00:00Z"),
            ),
            (
                "EMBARGOED UNTIL noon GMT, Nov. 8",
                Some("2023-11-08T12:00:00Z"),
            ),
            (
                "EMBARGOED UNTIL 2023-11-07 10:00 GMT",
                Some("2023-11-07T10:00:00Z"),
            ),
            (
                "EMBARGOED UNTIL 2030-01-01T00:30:00+01:00.",
                Some("2029-12-31T23:30:00Z"),
            ),
            ("EMBARGOED", None),
            ("EMBARGO until further notice", None),
        ] {
            let order = order(text).expect(text);
            let got = until(order, &clocks(Some("UTC"), &[]), received);
            assert_eq!(got.map(|(at, _)| at.to_string()).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn an_embargo_in_the_news_is_no_order() {
        for text in [
            "The arms embargo was lifted; Embargo rules changed",
            "Embargo on Cuba condemned by the assembly",
            "EMBARGO ON ARMS ENDS",
            "Embargo económico: la asamblea vota",
            "Embargo: la asamblea pide su fin",
            "EMBARGO-BUSTING SHIP SEIZED",
            "Embargoed goods seized in port",
            "EU-Embargo gegen Öl",
            "Nicht vor Gericht",
        ] {
            assert_eq!(order(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_without_a_zone_is_never_earlier_than_ordered() {
        let received: Timestamp = "2024-07-05T12:00:00Z".parse().expect("a time");
        for (feed, likely, want, named) in [
            (Some("Europe/Berlin"), &[][..], "2024-07-05T17:00:00Z", true),
            (None, &["Europe/Berlin"][..], "2024-07-05T17:00:00Z", false),
            (
                None,
                &["Europe/Berlin", "America/New_York"][..],
                "2024-07-05T23:00:00Z",
                false,
            ),
            (None, &[][..], "2024-07-06T07:00:00Z", false),
        ] {
            let got =
                until("Sperrfrist 19.00 Uhr", &clocks(feed, likely), received).expect("an hour");
            assert_eq!((got.0.to_string().as_str(), got.1), (want, named));
        }
    }
}
