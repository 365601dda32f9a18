//! IPTC 7901, ANPA 1312 and ZCZC.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|body: &[u8]| -> Corpus {
    if !(matches!(body, [0x01 | 0x16, ..])
        || copytaster_fuzz::opens(body, &["zczc", "\\x01", "\\x02"]))
    {
        return Corpus::Reject;
    }
    copytaster_fuzz::read(body);
    Corpus::Keep
});
