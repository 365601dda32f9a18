//! Date spellings of metadata and trailers → instants. When was this sent?
//!
//! RFC 3339 first, then what agencies really send. A time without a zone is taken in the feed's zone.

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

use crate::story::Timestamp;

use super::calendar;
use super::zone::{self, instant};

/// Years before which no wire item was sent by machine; anything earlier is a mistake.
const EARLIEST_YEAR: i16 = 1980;
/// Days that a sender's clock may be ahead of ours.
const AHEAD_DAYS: i64 = 2;

/// What came of a date in metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    At(Timestamp),
    /// A date that cannot be: too far ahead, no year of ours.
    Implausible,
    /// A date before any wire; senders have `0001-01-01` and `1970-01-01` for no date.
    Null,
    /// No spelling that is known.
    Unreadable,
}

/// Reads `text`, judged at the time of receipt; `ahead` admits times to come (embargoes).
pub fn told(text: &str, zone: &TimeZone, received: Timestamp, ahead: Ahead) -> Told {
    let text = text.trim();
    if text.starts_with(['+', '-']) && text.len() > 8 {
        return Told::Implausible; // a signed year has more than four digits
    }
    let Some(at) = parse(text, zone) else {
        // the last year that a clock can have is no instant in every zone
        let last = text.starts_with("9999") && text.len() >= 8;
        return if last {
            Told::Implausible
        } else {
            Told::Unreadable
        };
    };
    let days = match ahead {
        Ahead::Clock => AHEAD_DAYS,
        Ahead::Embargo => 3 * 366,
    };
    if Offset::UTC.to_datetime(at).year() < EARLIEST_YEAR {
        return Told::Null;
    }
    if at.as_second() - received.as_second() > days * 86_400 {
        return Told::Implausible;
    }
    Told::At(at)
}

/// How far ahead of the receipt a time may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// As far as a wrong clock.
    Clock,
    /// As far as an embargo.
    Embargo,
}

/// The zone of a feed; UTC where it has none.
pub fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(zone::named).unwrap_or(TimeZone::UTC)
}

/// An instant in any of the spellings; `zone` where the text names none.
pub fn parse(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if text.is_empty() || text.len() > 48 || !text.is_ascii() {
        return None;
    }
    // `/Date(1794045600000)/`, `2026-11-06T10:00+01:00[Europe/Paris]`
    let text = text
        .strip_prefix("/Date(")
        .and_then(|rest| rest.strip_suffix(")/"))
        .unwrap_or(text);
    let text = match text.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((instant, _)) => instant,
        None => text,
    };
    if let Some(digits) = epoch(text) {
        return digits;
    }
    iso(text, zone)
        .or_else(|| day_time_group(text, zone))
        .or_else(|| worded(text, zone))
}

/// Seconds or milliseconds since 1970: ten or thirteen digits.
fn epoch(text: &str) -> Option<Option<Timestamp>> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = text.parse::<i64>().ok()?;
    match text.len() {
        12 | 14 => None, // a date and time without marks
        10 => Some(Timestamp::from_second(number).ok()),
        13 => Some(Timestamp::from_millisecond(number).ok()),
        _ => None,
    }
}

/// `2026-11-06T10:00:00.123Z`, `2026-11-06 10:00 +0100`, `20261106T100000+0100`, `2026-11-06`, `20261106`
fn iso(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mut scan = Scan {
        rest: text.as_bytes(),
    };
    let year = scan.digits(4)?;
    let mark = [b'-', b'/', b'.'].into_iter().find(|mark| scan.take(*mark));
    let month = scan.digits(2)?;
    if mark.is_some_and(|mark| !scan.take(mark)) {
        return None;
    }
    let day = scan.digits(2)?;
    let date = Date::new(year as i16, month as i8, day as i8).ok()?;
    if scan.rest.is_empty() {
        return instant(date.to_datetime(Time::midnight()), zone);
    }
    let parted = scan.take(b'T') || scan.take(b't') || scan.take(b' ');
    let glued = mark.is_none() && matches!(scan.rest.len(), 4 | 6);
    if !parted && !glued {
        return None;
    }
    let time = scan.time()?;
    instant(date.to_datetime(time), &scan.zone(zone)?)
}

/// `212322 GMT Nov 18`, `060932 nov 26EST` and AP's `11-06-26 1000GMT`
fn day_time_group(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mut scan = Scan {
        rest: text.as_bytes(),
    };
    let first = scan.digits(2)?;
    if scan.take(b'/') {
        return old_trailer(first, scan.rest, zone);
    }
    if scan.take(b'-') {
        let day = scan.digits(2)?;
        scan.take(b'-').then_some(())?;
        let year = scan.digits(2)?;
        scan.take(b' ').then_some(())?;
        let (hour, minute) = (scan.digits(2)?, scan.digits(2)?);
        let date = Date::new(century(year), first as i8, day as i8).ok()?;
        let time = Time::new(hour as i8, minute as i8, 0, 0).ok()?;
        return instant(date.to_datetime(time), &scan.zone(zone)?);
    }
    let (hour, minute) = (scan.digits(2)?, scan.digits(2)?);
    let mut words = [""; 3];
    let rest = std::str::from_utf8(scan.rest).ok()?;
    for (slot, word) in words.iter_mut().zip(rest.split_whitespace()) {
        *slot = word;
    }
    let (named, month, year) = match words {
        [month, year, ""] => (None, month, year),
        [named, month, year] => (Some(offset(named)?), month, year),
    };
    let digits = year.bytes().take_while(u8::is_ascii_digit).count();
    let (year, glued) = year.split_at(digits);
    let zone = match (named, glued) {
        (Some(named), _) => &TimeZone::fixed(named),
        (None, "") => zone,
        (None, glued) => &TimeZone::fixed(offset(glued)?),
    };
    let year = match year.len() {
        2 => century(year.parse().ok()?),
        4 => year.parse().ok()?,
        _ => return None,
    };
    let date = Date::new(year, calendar::month(month)?, first as i8).ok()?;
    instant(
        date.to_datetime(Time::new(hour as i8, minute as i8, 0, 0).ok()?),
        zone,
    )
}

/// What follows the day in `06/11/09-30/95`: month, hour, minute, year.
fn old_trailer(day: i32, rest: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let mut scan = Scan { rest };
    let month = scan.digits(2)?;
    scan.take(b'/').then_some(())?;
    let hour = scan.digits(2)?;
    scan.take(b'-').then_some(())?;
    let minute = scan.digits(2)?;
    scan.take(b'/').then_some(())?;
    let year = scan.digits(2).filter(|_| scan.rest.is_empty())?;
    let date = Date::new(century(year), month as i8, day as i8).ok()?;
    let time = Time::new(hour as i8, minute as i8, 0, 0).ok()?;
    instant(date.to_datetime(time), zone)
}

fn century(year: i32) -> i16 {
    (if year < 70 { 2000 + year } else { 1900 + year }) as i16
}

/// `Fri, 06 Nov 2026 10:00:00 GMT`, `26-FEB-1987 15:01:01.79`, `Jan 3, 2010 12:00:00 AM`
fn worded(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let (mut day, mut month, mut year, mut time, mut named) = (None, None, None, None, None);
    let (mut american, mut slashed) = (false, false);
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let mut scan = Scan {
            rest: word.as_bytes(),
        };
        if word.starts_with(['+', '-']) {
            named = Some(TimeZone::fixed(offset(word)?));
        } else if word.contains(':') {
            let padded = (word.find(':') == Some(1)).then(|| format!("0{word}"));
            scan.rest = padded.as_deref().unwrap_or(word).as_bytes();
            time = Some(scan.time()?);
            named = if scan.rest.is_empty() {
                named
            } else {
                Some(scan.zone(zone)?)
            };
        } else if let Some((d, m, y)) = marked(word) {
            (day, month, year) = (Some(d), Some(m), Some(y));
            slashed = word.contains('/')
                && word
                    .split('/')
                    .take(2)
                    .all(|n| calendar::number(n, 2) <= Some(12));
        } else if word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm") {
            time = Some(half_day(time?, word.eq_ignore_ascii_case("pm"))?);
            american = true;
        } else if let Some(found) = calendar::year(word) {
            year = Some(found);
        } else if let Some(found) = calendar::day(word).filter(|_| day.is_none()) {
            day = Some(found);
        } else if let Some(found) = calendar::number(word, 2).filter(|_| month.is_some()) {
            year = year.or(Some(century(found))); // RFC 822's year of two digits
        } else if let Some(found) = calendar::month(word) {
            month = month.or(Some(found));
        } else if let Some(found) = offset(word) {
            named = Some(TimeZone::fixed(found));
        } else if calendar::weekday(word).is_none() && word.len() != 3 {
            return None;
        }
    }
    if american && slashed {
        // who counts hours to twelve writes the month first
        (day, month) = (month, day);
    }
    let date = Date::new(year?, month?, day?).ok()?;
    instant(
        date.to_datetime(time.unwrap_or(Time::midnight())),
        named.as_ref().unwrap_or(zone),
    )
}

/// `26-FEB-1987`, `26.2.1987`, `26/02/1987`; where day and month could change places, the day comes first.
fn marked(word: &str) -> Option<(i8, i8, i16)> {
    let mark = ['-', '/', '.']
        .into_iter()
        .find(|mark| word.contains(*mark))?;
    let mut parts = word.split(mark);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let year = calendar::year(year).filter(|_| parts.next().is_none())?;
    let Some(month) = calendar::number(second, 2) else {
        return Some((calendar::day(first)?, calendar::month(second)?, year));
    };
    if month > 12 {
        let month = calendar::number(first, 2)?;
        return Some((calendar::day(second)?, month as i8, year));
    }
    Some((calendar::day(first)?, month as i8, year))
}

fn half_day(time: Time, afternoon: bool) -> Option<Time> {
    let hour = time.hour() % 12 + if afternoon { 12 } else { 0 };
    Time::new(hour, time.minute(), time.second(), 0).ok()
}

/// `Z`, `GMT`, `+0100`, `+01:00`, `+01`, and the zone letters of news.
pub fn offset(text: &str) -> Option<Offset> {
    const ZONES: &[(&str, i32)] = &[
        ("Z", 0),
        ("UTC", 0),
        ("GMT", 0),
        ("UT", 0),
        ("WET", 0),
        ("BST", 60),
        ("WEST", 60),
        ("CET", 60),
        ("MEZ", 60),
        ("CEST", 120),
        ("MESZ", 120),
        ("EET", 120),
        ("EEST", 180),
        ("MSK", 180),
        ("EST", -300),
        ("EDT", -240),
        ("ET", -300),
        ("CST", -360),
        ("CDT", -300),
        ("MST", -420),
        ("MDT", -360),
        ("PST", -480),
        ("PDT", -420),
        ("JST", 540),
        ("KST", 540),
        ("HKT", 480),
        ("SGT", 480),
        ("IST", 330),
        ("PKT", 300),
        ("AEST", 600),
        ("AEDT", 660),
        ("NZST", 720),
        ("NZDT", 780),
        ("BRT", -180),
        ("ART", -180),
    ];
    if let Some((_, minutes)) = ZONES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text))
    {
        return Offset::from_seconds(minutes * 60).ok();
    }
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let mut scan = Scan {
        rest: digits.as_bytes(),
    };
    let hours = scan.digits(2)?;
    scan.take(b':');
    let minutes = if scan.rest.is_empty() {
        0
    } else {
        scan.digits(2)?
    };
    scan.rest.is_empty().then_some(())?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Digits and marks, read from the left.
struct Scan<'t> {
    rest: &'t [u8],
}

impl Scan<'_> {
    fn digits(&mut self, count: usize) -> Option<i32> {
        let digits = self.rest.get(..count)?;
        let value = digits.iter().try_fold(0, |value, byte| {
            Some(value * 10 + char::from(*byte).to_digit(10)? as i32)
        });
        self.rest = &self.rest[count..];
        value
    }

    fn take(&mut self, mark: u8) -> bool {
        let taken = self.rest.first() == Some(&mark);
        if taken {
            self.rest = &self.rest[1..];
        }
        taken
    }

    /// `10:00:00.123`, `1000`, `100000`, `10:00`; the 60th second is read as the 59th.
    fn time(&mut self) -> Option<Time> {
        let hour = self.digits(2)?;
        let colon = self.take(b':');
        let minute = self.digits(2)?;
        let mut second = 0;
        if self.take(b':') || !colon && self.rest.first().is_some_and(u8::is_ascii_digit) {
            second = self.digits(2)?.min(59);
        }
        let mut nanosecond = 0;
        if self.take(b'.') || self.take(b',') {
            let count = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
            for place in 0..9 {
                let digit = if place < count {
                    i32::from(self.rest[place] - b'0')
                } else {
                    0
                };
                nanosecond = nanosecond * 10 + digit;
            }
            self.rest = &self.rest[count..];
        }
        Time::new(hour as i8, minute as i8, second as i8, nanosecond).ok()
    }

    /// The zone that is all the rest; `default` where there is none.
    fn zone(&mut self, default: &TimeZone) -> Option<TimeZone> {
        let rest = std::str::from_utf8(self.rest).ok()?.trim();
        self.rest = &[];
        if rest.is_empty() {
            Some(default.clone())
        } else {
            offset(rest).map(TimeZone::fixed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_wires_are_read() {
        for (text, want) in [
            ("2026-11-06T10:00:00Z", "2026-11-06T10:00:00Z"),
            ("2026-11-06T10:00:00", "2026-11-06T10:00:00Z"),
            (
                "2026-11-06T10:00:00.123456789+01:00",
                "2026-11-06T09:00:00.123456789Z",
            ),
            ("2017-08-24T04:38:34+0000", "2017-08-24T04:38:34Z"),
            ("20261106T100000+0100", "2026-11-06T09:00:00Z"),
            ("20261106T100000Z", "2026-11-06T10:00:00Z"),
            ("Fri, 06 Nov 2026 10:00:00 GMT", "2026-11-06T10:00:00Z"),
            ("Fri, 19 Nov 2021 01:45:08 +02:00", "2021-11-18T23:45:08Z"),
            ("2026-11-06", "2026-11-06T00:00:00Z"),
            ("20261106", "2026-11-06T00:00:00Z"),
            ("1794045600", "2026-11-07T10:00:00Z"),
            ("1794045600000", "2026-11-07T10:00:00Z"),
            ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59Z"),
            ("11-06-26 1000GMT", "2026-11-06T10:00:00Z"),
            ("060932 nov 26EST", "2026-11-06T14:32:00Z"),
            ("212322 GMT Nov 18", "2018-11-21T23:22:00Z"),
            ("26-FEB-1987 15:01:01.79", "1987-02-26T15:01:01.79Z"),
            (
                "2009-03-24 08:41:54.262556-05",
                "2009-03-24T13:41:54.262556Z",
            ),
            ("Jan 3, 2010 12:00:00 AM", "2010-01-03T00:00:00Z"),
            ("7/16/2020 12:05:34 AM", "2020-07-16T00:05:34Z"),
            ("7/6/2020 9:05:34 PM", "2020-07-06T21:05:34Z"),
            ("06/11/09-30/95", "1995-11-06T09:30:00Z"),
            ("20261106100000", "2026-11-06T10:00:00Z"),
            ("202611061000", "2026-11-06T10:00:00Z"),
            ("2026/11/06 10:00:00", "2026-11-06T10:00:00Z"),
            ("06.11.2026 10:00", "2026-11-06T10:00:00Z"),
            ("11/26/2026 10:00", "2026-11-26T10:00:00Z"),
            ("06 Nov 26 10:00 GMT", "2026-11-06T10:00:00Z"),
            ("Fri Nov  6 10:00:00 UTC 2026", "2026-11-06T10:00:00Z"),
            ("/Date(1794045600000)/", "2026-11-07T10:00:00Z"),
            (
                "2026-11-06T10:00:00+01:00[Europe/Paris]",
                "2026-11-06T09:00:00Z",
            ),
        ] {
            let got = parse(text, &TimeZone::UTC).map(|at| at.to_string());
            assert_eq!(got.as_deref(), Some(want), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "11111",
            "2026-11-06T",
            "T",
            "99:99",
            "06 Foo 2026",
            "06 Nov",
            "1.2.3",
        ] {
            assert_eq!(parse(text, &TimeZone::UTC), None, "{text}");
        }
    }

    #[test]
    fn a_date_that_cannot_be_is_no_date() {
        let received: Timestamp = "2023-11-06T12:00:00Z".parse().expect("a time");
        let told = |text| told(text, &TimeZone::UTC, received, Ahead::Clock);
        assert_eq!(told("9999-01-01T00:00:00Z"), Told::Implausible);
        assert_eq!(told("+275760-09-13T00:00:00Z"), Told::Implausible);
        assert_eq!(told("1970-01-01T00:00:00Z"), Told::Null);
        assert_eq!(told("0001-01-01T00:00:00Z"), Told::Null);
        assert_eq!(told("soon"), Told::Unreadable);
        assert!(matches!(told("2023-11-07T12:00:00Z"), Told::At(_)));
    }
}
