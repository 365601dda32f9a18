//! UTF-8 that was read as Windows-1252 on its way → the text that was meant, where the round trip proves it.

use encoding_rs::WINDOWS_1252;

/// The repaired text; `None` when nothing in it is proven to be wrong.
pub fn mend(text: &str) -> Option<String> {
    if !is_suspect(text.as_bytes()) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut mended, mut kept) = (0usize, 0usize);
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
        let run = &rest[..end];
        match meant(run) {
            Some(meant) => {
                mended += 1;
                out.push_str(&meant);
            }
            None => {
                kept += usize::from(run.chars().nth(1).is_some());
                out.push_str(run);
            }
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    (mended > 0 && mended >= kept).then_some(out)
}

/// `the board?s plan` → `the board’s plan`: an apostrophe that became a question mark on its way. What else was
/// lost cannot be told.
pub fn apostrophes(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let lost = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = bytes.get(at + 2).copied().unwrap_or(b' ');
        before.is_some_and(char::is_alphabetic)
            && matches!(bytes.get(at + 1), Some(b's' | b't'))
            && matches!(after, b' ' | b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b'"' | b'\n' | b'\r' | b'<' | b'-')
            && (bytes.get(at + 1) == Some(&b's') || before == Some('n'))
            // a query of an address ends so as well
            && !text[..at].rsplit([' ', '\n', '"', '<', '(']).next().unwrap_or("").contains(['/', '.', '='])
    };
    let mut out = String::new();
    let mut from = 0;
    for at in memchr::memchr_iter(b'?', bytes).filter(|at| lost(*at)) {
        out.push_str(&text[from..at]);
        out.push('’');
        from = at + 1;
    }
    if from == 0 {
        return None;
    }
    out.push_str(&text[from..]);
    Some(out)
}

/// Whether a lead byte's Windows-1252 character stands before another one beyond ASCII.
fn is_suspect(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0xC3, bytes).any(|at| {
        let lead = matches!(
            bytes.get(at + 1),
            Some(0x82..=0x85 | 0x90 | 0x91 | 0x98 | 0x99 | 0xA2)
        );
        lead && bytes.get(at + 2).is_some_and(|next| *next >= 0x80)
    })
}

/// What a run of characters beyond ASCII meant, if its bytes in Windows-1252 are UTF-8 of a letter or sign that
/// news is written with.
fn meant(run: &str) -> Option<String> {
    let (bytes, _, lossy) = WINDOWS_1252.encode(run);
    if lossy {
        return None;
    }
    let meant = std::str::from_utf8(&bytes).ok()?;
    let plausible = |c: char| matches!(c, '\u{A0}'..='\u{17F}' | '\u{2010}'..='\u{2044}' | '\u{20AC}' | '\u{2122}' | 'А'..='я' | 'ё' | 'ا'..='ي');
    let shorter = meant.chars().count() < run.chars().count();
    (shorter && meant.chars().all(plausible)).then(|| meant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_round_trip_proves_is_mended_and_nothing_else() {
        for meant in [
            "Bogotá, la economía creció",
            "the board’s “plan” – again",
            "Łódź",
            "Größe",
        ] {
            let (wrong, ..) = WINDOWS_1252.decode(meant.as_bytes());
            assert_eq!(mend(&wrong).as_deref(), Some(meant), "{wrong}");
        }
        for right in [
            "SÃO PAULO",
            "«CAFÉ»",
            "À « Paris »",
            "ÂGE",
            "naïve",
            "Ñandú",
            "«É…»",
            "plain",
        ] {
            assert_eq!(mend(right), None, "{right}");
        }
    }

    #[test]
    fn an_apostrophe_that_was_lost_is_put_back() {
        for (text, want) in [
            (
                "the EU?s port and Lima?s, too",
                Some("the EU’s port and Lima’s, too"),
            ),
            ("they don?t know", Some("they don’t know")),
            ("Why? So that we know?", None),
            ("http://a.example/?s see a.example/b?s now", None),
            ("is it yours?so", None),
        ] {
            assert_eq!(apostrophes(text).as_deref(), want, "{text}");
        }
    }
}
