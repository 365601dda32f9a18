//! Texts parted by NUL → a dispatch → a story. Its crashes are kept as the ninjs that says the same.

#![no_main]

use copytaster::story::{Dispatch, Format, Marked, Markup};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let text = String::from_utf8_lossy(body);
    let mut parts = text.split('\0');
    let mut part = || {
        parts
            .next()
            .map(str::to_owned)
            .filter(|part| !part.is_empty())
    };
    let plain = |text: Option<String>| {
        text.map(|text| Marked {
            text,
            markup: Markup::Plain,
        })
    };
    let mut dispatch = Dispatch::new(0, Format::Ninjs, "utf-8");
    // in the order of FIELDS in tools/fuzz
    dispatch.body = plain(part());
    dispatch.headline = plain(part());
    dispatch.dateline = part();
    dispatch.version_created = part();
    dispatch.embargoed_until = part();
    dispatch.labels.ed_note = part();
    dispatch.labels.by = part();
    dispatch.labels.slugline = part();
    dispatch.description = plain(part());
    dispatch.urgency = part();
    dispatch.language = part();
    dispatch.pub_status = part();
    dispatch.agency = part();
    if let Some(text) = part() {
        dispatch.body = Some(Marked {
            text,
            markup: Markup::Html,
        });
    }
    copytaster_fuzz::story(dispatch, &copytaster_fuzz::message(body));
});
