//! The payload of a dead letter → what it says of a message, and the message's original bytes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::story::Timestamp;

/// A dead letter with its place in the out stream.
#[derive(Clone, Debug)]
pub struct Letter {
    pub sequence: u64,
    pub dead: Dead,
    pub received: Timestamp,
    pub source: Source,
    pub raw: Raw,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Dead {
    pub reason: String,
    pub stage: String,
    pub message: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    pub agency: Option<String>,
    pub feed: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Raw {
    pub sha256: Option<String>,
    pub bytes: u64,
    pub stream: String,
    pub sequence: u64,
    /// Of a gap.
    pub last_sequence: Option<u64>,
    pub subject: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<String>>,
    /// In base64.
    pub body: Option<String>,
    #[serde(default)]
    pub partial: bool,
}

#[derive(Deserialize)]
struct Payload {
    wire: Wire,
}

#[derive(Deserialize)]
struct Wire {
    dead: Dead,
    received: Timestamp,
    source: Source,
    raw: Raw,
}

impl Letter {
    pub fn read(sequence: u64, payload: &[u8]) -> anyhow::Result<Letter> {
        let payload: Payload = serde_json::from_slice(payload)
            .with_context(|| format!("what is stored at {sequence} is no dead letter"))?;
        let Wire {
            dead,
            received,
            source,
            raw,
        } = payload.wire;
        Ok(Letter {
            sequence,
            dead,
            received,
            source,
            raw,
        })
    }

    pub fn agency(&self) -> &str {
        self.source.agency.as_deref().unwrap_or("any")
    }

    /// What a header of the message says.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.raw.headers.iter();
        let (_, values) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        values.first().map(String::as_str)
    }

    /// As much of the original bytes as the letter holds; all of them unless it is `partial`.
    pub fn kept(&self) -> anyhow::Result<Bytes> {
        let Raw {
            stream, sequence, ..
        } = &self.raw;
        let Some(body) = &self.raw.body else {
            let last = self.raw.last_sequence.unwrap_or(*sequence);
            anyhow::bail!(
                "it tells of messages {sequence} to {last} of stream {stream} that were gone before they were read: there are no bytes"
            );
        };
        let body = BASE64_STANDARD
            .decode(body)
            .context("its body is no base64")?;
        if !self.raw.partial {
            self.verify(&body)?;
        }
        Ok(Bytes::from(body))
    }

    /// Whether `body` is what was received.
    pub fn verify(&self, body: &[u8]) -> anyhow::Result<()> {
        let found = format!("{:x}", Sha256::digest(body));
        let wanted = self.raw.sha256.as_deref().unwrap_or_default();
        anyhow::ensure!(
            found == wanted,
            "the bytes have the sha256 {found} and the letter says {wanted}: they are not the original"
        );
        Ok(())
    }
}
