//! What a dispatch says of its times → instants. When was it made, and until when is it held?

use jiff::tz::Offset;

use super::add;
use super::copy::Parts;
use super::signal::{self, Marks};
use super::time::{self, Ahead, Told};
use crate::story::{Dispatch, Signal, Timestamp};

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
        zone: Offset,
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
            Told::Implausible => {
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

/// Until when a story is held, as metadata or the text say.
pub fn embargo(
    dispatch: &Dispatch,
    parts: &Parts,
    zone: Offset,
    received: Timestamp,
    marks: &mut Marks,
    repairs: &mut Vec<String>,
) -> Option<Timestamp> {
    let until = dispatch.embargoed_until.as_deref().and_then(|text| {
        match time::told(text, zone, received, Ahead::Embargo) {
            Told::At(at) => Some(at),
            _ => {
                add(repairs, "date:implausible");
                None
            }
        }
    });
    let note = dispatch.labels.ed_note.as_deref().and_then(signal::embargo);
    let order = parts.embargo.or(note);
    let until = until.or_else(|| signal::until(order?, zone, received));
    match until {
        Some(until) if until > received => marks.add(Signal::Embargo),
        Some(_) => {}
        None if order.is_some() => {
            marks.add(Signal::Embargo);
            add(repairs, "embargo:unreadable");
        }
        None => {}
    }
    until
}
