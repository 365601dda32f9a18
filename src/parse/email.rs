//! A mail → one dispatch. Which part is the text, and what do the headers call it?

use mail_parser::{HeaderName, Message, MessageParser, PartType};

use crate::story::{Dispatch, Format, Marked, Markup, Reason};

use super::{Error, Item, Payload};

/// Parts of a mail that are looked at: no newsroom sends more.
const MOST_PARTS: usize = 1000;

pub fn read(payload: &Payload) -> Result<Vec<Item>, Error> {
    let mut dispatch = payload.dispatch(0, Format::Email);
    // parts have charsets of their own: only the bytes can be read
    let bytes = payload
        .bytes
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(payload.bytes);
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace());
    let bytes = &bytes[start.unwrap_or(0)..];
    // unless all of them are wider than ASCII
    let bytes = if payload.is_wide() {
        payload.text.as_bytes()
    } else {
        bytes
    };
    let Some(mail) = MessageParser::default().parse(bytes) else {
        let what =
            "looks like a mail and has no header that can be read: look at what the feed sends";
        return Err(Error::new(Reason::Syntax, what));
    };
    headers(&mail, &mut dispatch);
    dispatch.body = body(&mail);
    Ok(vec![Ok(dispatch)])
}

fn headers(mail: &Message, dispatch: &mut Dispatch) {
    dispatch.guid = mail.message_id().map(str::to_owned);
    dispatch.headline = mail.subject().map(|subject| Marked {
        text: subject.to_owned(),
        markup: Markup::Plain,
    });
    dispatch.version_created = mail.date().map(|date| date.to_rfc3339());
    dispatch.labels.by = mail
        .from()
        .and_then(|from| from.first())
        .and_then(|sender| sender.name())
        .filter(|name| !name.contains('@'))
        .map(str::to_owned);
    let named = |name: &str| {
        let value = mail.header(HeaderName::parse(name)?)?.as_text()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    dispatch.agency = named("Organization").or_else(|| named("Organisation"));
    dispatch.urgency = named("X-Urgency");
    dispatch.language = named("Content-Language");
    if let Some(keywords) = mail.keywords().as_text_list() {
        dispatch.labels.keywords = keywords.iter().map(ToString::to_string).collect();
    }
}

/// The plain text of a mail, else its HTML.
fn body(mail: &Message) -> Option<Marked> {
    let part = |n: &u32| mail.parts.get(*n as usize);
    let texts = mail.text_body.iter().take(MOST_PARTS).filter_map(part);
    let plain: Vec<&str> = texts
        .filter_map(|part| match &part.body {
            PartType::Text(text) if !text.trim().is_empty() => Some(text.as_ref()),
            _ => None,
        })
        .collect();
    if !plain.is_empty() {
        return Some(Marked {
            text: plain.join("\n\n"),
            markup: Markup::Plain,
        });
    }
    let htmls = mail.html_body.iter().take(MOST_PARTS).filter_map(part);
    let html: Vec<&str> = htmls
        .filter_map(|part| match &part.body {
            PartType::Html(html) => Some(html.as_ref()),
            _ => None,
        })
        .collect();
    (!html.is_empty()).then(|| Marked {
        text: html.join("\n"),
        markup: Markup::Html,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_mail(bytes: &[u8]) -> Dispatch {
        let text = String::from_utf8_lossy(bytes);
        let mut payload = Payload::of(&text);
        payload.bytes = bytes;
        let mut items = read(&payload).expect("a mail");
        items.remove(0).expect("an item")
    }

    #[test]
    fn parts_are_read_in_their_own_charsets() {
        let mail = b"From: \"A Desk\" <a@b.example>\r\nSubject: =?iso-8859-1?Q?Caf=E9?=\r\nDate: Mon, 6 Nov 2023 10:20:00 +0100\r\nMessage-ID: <1@b.example>\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\xE9\r\n";
        let got = read_mail(mail);
        assert_eq!(got.headline.map(|line| line.text).as_deref(), Some("Café"));
        assert_eq!(
            got.body.map(|body| body.text.trim().to_owned()).as_deref(),
            Some("café")
        );
        assert_eq!(got.labels.by.as_deref(), Some("A Desk"));
        assert_eq!(got.guid.as_deref(), Some("1@b.example"));
        assert_eq!(
            got.version_created.as_deref(),
            Some("2023-11-06T10:20:00+01:00")
        );
    }

    #[test]
    fn parts_without_end_are_bounded() {
        let mut mail =
            b"From: a@b.example\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
                .to_vec();
        for _ in 0..5000 {
            mail.extend_from_slice(b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n");
        }
        read_mail(&mail);
        let nested = b"--y\r\nContent-Type: message/rfc822\r\n\r\nSubject: n\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n";
        let mut mail =
            b"From: a@b.example\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n"
                .to_vec();
        for _ in 0..5000 {
            mail.extend_from_slice(nested);
        }
        read_mail(&mail);
    }
}
