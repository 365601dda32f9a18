//! Any bytes: detection, and whatever parser it leads to.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|body: &[u8]| -> Corpus {
    if !(!body.is_empty()) {
        return Corpus::Reject;
    }
    copytaster_fuzz::read(body);
    Corpus::Keep
});
