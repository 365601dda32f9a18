//! Texts of a settings file → values: lists, times, addresses, things that may be left blank.

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Duration;

use config::{Value, ValueKind};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// A length of time as people write it: `90s`, `72h`, `7d`, `1h 30m`. A day has 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

impl std::str::FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Time, String> {
        let wanted = || format!("{text:?} is no time such as 90s, 5m, 72h or 7d");
        let span: Span = text.trim().parse().map_err(|_| wanted())?;
        let signed = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| wanted())?;
        Duration::try_from(signed).map(Time).map_err(|_| wanted())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SignedDuration::try_from(self.0) {
            Ok(signed) => write!(f, "{signed:#}"),
            Err(_) => write!(f, "{}s", self.0.as_secs()),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The address of a server, which may hold a name and a password: it prints without them.
#[derive(Clone, PartialEq, Eq)]
pub struct Server(String);

impl Server {
    /// With name and password: for parsing alone, for the client logs what it is given.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Without name and password, for connecting.
    pub fn bare(&self) -> String {
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), self.0.as_str()),
        };
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}{host}")
    }

    /// Name and password in the address; a name alone is a token.
    pub fn login(&self) -> Option<(String, Option<String>)> {
        let rest = self.0.split_once("://").map_or(&*self.0, |(_, rest)| rest);
        let (login, _) = rest.rsplit_once('@')?;
        Some(match login.split_once(':') {
            Some((name, password)) => (decoded(name), Some(decoded(password))),
            None => (decoded(login), None),
        })
    }
}

/// Without percent signs: `p%40ss` is `p@ss`. What is no escape stays as it is.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let hex = part.get(..2).filter(|hex| !hex.starts_with('+'));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl From<String> for Server {
    fn from(text: String) -> Server {
        Server(text)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), self.0.as_str()),
        };
        match rest.rsplit_once('@') {
            Some((_, host)) => write!(f, "{scheme}[REDACTED]@{host}"),
            None => write!(f, "{scheme}{rest}"),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// `None` for a text that is blank.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let text = String::deserialize(deserializer)?;
    Ok((!text.trim().is_empty()).then(|| T::from(text)))
}

/// What one of a few words stands for.
pub(super) fn one_of<'de, D, T>(deserializer: D, words: &[(&str, T)]) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Copy,
{
    let text = String::deserialize(deserializer)?;
    let meant = words.iter().find(|(word, _)| *word == text);
    meant.map(|(_, meant)| *meant).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        D::Error::custom(format!("{text:?} is none of {}", words.join(", ")))
    })
}

/// `None` for a text that is blank, else an address and a port.
pub(super) fn address<'de, D>(deserializer: D) -> Result<Option<SocketAddr>, D::Error>
where
    D: Deserializer<'de>,
{
    let text: Option<String> = optional(deserializer)?;
    let parse = |text: String| {
        text.trim().parse().map_err(|_| {
            D::Error::custom(format!(
                "{text:?} is no address with a port such as 127.0.0.1:9464"
            ))
        })
    };
    text.map(parse).transpose()
}

/// A list, or a text with commas: the environment and arguments know no lists.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    struct Texts<T>(PhantomData<T>);

    impl<'de, T: From<String>> Visitor<'de> for Texts<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of texts, or one text with commas")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
            let items = text.split(',').map(str::trim).filter(|i| !i.is_empty());
            Ok(items.map(|item| T::from(item.to_owned())).collect())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let (mut list, mut odd) = (Vec::new(), Vec::new());
            while let Some(item) = items.next_element::<Value>()? {
                match item.kind {
                    ValueKind::Table(_) => odd.push("a table"),
                    ValueKind::Array(_) => odd.push("a list"),
                    ValueKind::Nil => odd.push("nothing"),
                    _ => list.push(T::from(item.to_string())),
                }
            }
            match odd.is_empty() {
                true => Ok(list),
                false => Err(A::Error::custom(format!(
                    "expected a list of texts, found in it {}",
                    odd.join(", ")
                ))),
            }
        }
    }

    deserializer.deserialize_any(Texts(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_hold_a_login() {
        let login = |text: &str| Server::from(text.to_owned()).login();
        let both = |name: &str, password: &str| Some((name.to_owned(), Some(password.to_owned())));
        assert_eq!(login("nats://host:4222"), None);
        assert_eq!(login("host"), None);
        assert_eq!(login("nats://me:pass@host:4222"), both("me", "pass"));
        assert_eq!(login("me:p%40s%3as%@host"), both("me", "p@s:s%"));
        assert_eq!(login("tls://me:a@b:c@host"), both("me", "a@b:c"));
        assert_eq!(
            login("tls://s3cret@host"),
            Some(("s3cret".to_owned(), None))
        );
        let bare = |text: &str| Server::from(text.to_owned()).bare();
        assert_eq!(bare("tls://me:a@b:c@host:4222"), "tls://host:4222");
        assert_eq!(bare("s3cret@host"), "host");
        assert_eq!(bare("nats://host"), "nats://host");
    }
}
