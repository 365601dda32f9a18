//! Plain text: no byte that another format begins with.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|body: &[u8]| -> Corpus {
    if !(!matches!(
        body.trim_ascii_start(),
        [] | [0x00..=0x20 | b'<' | b'{' | b'[', ..]
    )) {
        return Corpus::Reject;
    }
    copytaster_fuzz::read(body);
    Corpus::Keep
});
