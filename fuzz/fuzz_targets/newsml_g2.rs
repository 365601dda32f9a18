//! NewsML-G2.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|body: &[u8]| -> Corpus {
    if !(copytaster_fuzz::opens(
        body,
        &[
            "<newsitem",
            "<newsmessage",
            "<packageitem",
            "<conceptitem",
            "<planningitem",
        ],
    )) {
        return Corpus::Reject;
    }
    copytaster_fuzz::read(body);
    Corpus::Keep
});
