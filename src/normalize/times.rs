//! What a dispatch says of its times → instants. When was it made, and until when is it held?

use jiff::tz::TimeZone;

use super::add;
use super::copy::Parts;
use super::embargo::{self, Clocks};
use super::home;
use super::signal::Marks;
use super::time::{self, Ahead, Told};
use super::zone;
use crate::story::{Dateline, Dispatch, Signal, Timestamp};

/// When a story was made and sent, as far as it says.
pub struct Times {
    pub first_created: Option<Timestamp>,
    pub version_created: Option<Timestamp>,
    /// What a date without a year is near to.
    pub reference: Timestamp,
}

impl Times {
    pub fn of(
        dispatch: &Dispatch,
        parts: &Parts,
        zone: &TimeZone,
        received: Timestamp,
        repairs: &mut Vec<String>,
    ) -> Times {
        let mut told = |text: &str, fallback: Option<Timestamp>| match time::told(
            text,
            zone,
            received,
            Ahead::Clock,
        ) {
            Told::At(at) => Some(at),
            Told::Implausible | Told::Null => {
                add(repairs, "date:implausible");
                fallback
            }
            Told::Unreadable => {
                add(repairs, "date:unreadable");
                None
            }
        };
        let sent = parts
            .ended
            .sent
            .filter(|_| dispatch.version_created.is_none());
        let version_created = dispatch
            .version_created
            .as_deref()
            .or(sent)
            .and_then(|text| told(text, Some(received)));
        let first_created = dispatch
            .first_created
            .as_deref()
            .and_then(|text| told(text, None));
        Times {
            first_created,
            version_created,
            reference: version_created.or(first_created).unwrap_or(received),
        }
    }
}

/// What is known of an order to hold a story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// The latest hour that metadata or the text name.
    pub until: Option<Timestamp>,
    /// There is an order whose hour cannot be read: nobody knows when the story may go out.
    pub for_good: bool,
}

/// The order that metadata, notes and the text give.
pub fn hold(
    dispatch: &Dispatch,
    parts: &Parts,
    headline: Option<&str>,
    clocks: impl Fn() -> Clocks,
    received: Timestamp,
    marks: &mut Marks,
    repairs: &mut Vec<String>,
) -> Hold {
    let mut hold = Hold::default();
    let mut ordered = false;
    // nearly no story is held, and then nobody asks for clocks
    let known = std::cell::OnceCell::new();
    let clocks = || known.get_or_init(&clocks);
    if let Some(text) = dispatch.embargoed_until.as_deref() {
        let zone = clocks().feed.clone().unwrap_or(TimeZone::UTC);
        match time::told(text, &zone, received, Ahead::Embargo) {
            Told::At(at) => hold.until = Some(at),
            Told::Null => add(repairs, "date:implausible"),
            Told::Implausible | Told::Unreadable => ordered = true,
        }
    }
    if hold.until.is_some() {
        // a machine wrote the hour: what is written for people names the same one
        marks.add(Signal::Embargo);
        return hold;
    }
    let note = dispatch.labels.ed_note.as_deref();
    let notes = note.into_iter().flat_map(|note| note.split(['\n', ';']));
    let orders = parts
        .embargo
        .into_iter()
        .chain(notes.filter_map(embargo::order));
    for order in orders {
        match embargo::until(order, clocks(), received) {
            Some((at, zoned)) => {
                if !zoned {
                    add(repairs, "embargo:zone");
                }
                hold.until = hold.until.max(Some(at));
            }
            None => ordered = true,
        }
    }
    // a headline may speak of an embargo: it orders one where it names an hour
    let before = marks.order.take();
    let in_headline = before
        .as_deref()
        .or(headline)
        .and_then(embargo::order)
        .and_then(|order| embargo::until(order, clocks(), received));
    hold.until = hold.until.max(in_headline.map(|(at, _)| at));
    hold.for_good = ordered && hold.until.is_none();
    if ordered || hold.until.is_some() {
        marks.add(Signal::Embargo);
    }
    if hold.for_good {
        add(repairs, "embargo:unreadable");
    }
    hold
}

/// The clocks that an hour without a zone may be read from.
pub fn clocks(feed: Option<&str>, dateline: Option<&Dateline>, agency: Option<&str>) -> Clocks {
    let home = agency.and_then(|name| zone::named(home::of(name)?.zone));
    let written = dateline.and_then(|dateline| match &dateline.region {
        Some(region) => zone::of_place(region),
        None => zone::of_place(dateline.places.first()?),
    });
    Clocks {
        feed: feed.and_then(zone::named),
        likely: written.into_iter().chain(home).collect(),
    }
}
