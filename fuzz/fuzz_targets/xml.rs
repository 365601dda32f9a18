//! XML of any vendor.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|body: &[u8]| -> Corpus {
    if !(body.trim_ascii_start().starts_with(b"<")) {
        return Corpus::Reject;
    }
    copytaster_fuzz::read(body);
    Corpus::Keep
});
