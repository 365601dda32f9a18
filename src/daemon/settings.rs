//! Layers of settings → one checked whole. What holds, and is it sound?
//!
//! `config/default.toml` < a file < the environment < arguments. Other rooms are given plain values
//! made here, never the whole.

mod check;
mod files;
mod source;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::ConnectOptions;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use xxhash_rust::xxh3::xxh3_64;

use crate::daemon;
use crate::daemon::bus::jetstream;
use crate::dedup;
use crate::pipeline;
use crate::story::FeedProfile;

pub use source::{Fault, Faults, Sources};
pub use value::{Server, Time};
use value::{address, list, one_of, optional};

/// The defaults, and their documentation.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

/// Most outcomes of one atomic batch: 1000 records, less those of our own memory.
pub const MAX_BATCH: usize = 900;

/// All settings, checked. Each field is explained in `config/default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub nats: Nats,
    pub streams: Streams,
    pub partition: Partition,
    pub run: Run,
    pub dedup: Dedup,
    pub limits: Limits,
    /// By agency slug, or `agency.feed`.
    pub feeds: BTreeMap<String, Feed>,
    pub lexicon: Lexicon,
    pub admin: Admin,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    #[serde(deserialize_with = "list")]
    pub servers: Vec<Server>,
    pub name: String,
    #[serde(deserialize_with = "optional")]
    pub creds_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub nkey: Option<SecretString>,
    #[serde(deserialize_with = "optional")]
    pub nkey_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub token: Option<SecretString>,
    #[serde(deserialize_with = "optional")]
    pub token_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub user: Option<String>,
    #[serde(deserialize_with = "optional")]
    pub password: Option<SecretString>,
    #[serde(deserialize_with = "optional")]
    pub password_file: Option<PathBuf>,
    pub connect_timeout: Time,
    pub request_timeout: Time,
    pub tls: Tls,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub require: bool,
    #[serde(deserialize_with = "optional")]
    pub ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub cert_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub key_file: Option<PathBuf>,
    pub first: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streams {
    pub raw: String,
    pub out: String,
    pub manage: bool,
    pub storage: Storage,
    pub replicas: usize,
    pub raw_max_age: Time,
    pub out_max_age: Time,
    pub out_max_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    File,
    Memory,
}

impl<'de> Deserialize<'de> for Storage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Storage, D::Error> {
        let words = [("file", Storage::File), ("memory", Storage::Memory)];
        one_of(deserializer, &words)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    pub name: String,
    #[serde(deserialize_with = "list")]
    pub subjects: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    #[serde(deserialize_with = "optional")]
    pub instance: Option<String>,
    pub batch_messages: usize,
    pub batch_bytes: usize,
    pub heartbeat: Time,
    pub takeover_after: Time,
    pub shutdown_timeout: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dedup {
    pub window: Time,
    pub budget_mb: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub max_event_bytes: usize,
}

/// What an operator knows of a feed; what is absent is left to the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Feed {
    pub agency: Option<String>,
    pub language: Option<String>,
    pub zone: Option<String>,
    pub charset: Option<String>,
    pub urgency: BTreeMap<String, u8>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    #[serde(deserialize_with = "optional")]
    pub folder: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    #[serde(deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl<'de> Deserialize<'de> for LogFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LogFormat, D::Error> {
        let words = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        one_of(deserializer, &words)
    }
}

/// Settings, and where each of them comes from.
pub struct Loaded {
    pub settings: Settings,
    tree: source::Tree,
}

impl Loaded {
    /// Every setting as (path, value as TOML, file or layer; `None` for a default), secrets not shown.
    pub fn lines(&self) -> Vec<(String, String, Option<String>)> {
        self.tree.lines()
    }
}

/// What the layers hold, as far as they can be read, and every fault of them.
pub struct Inspected {
    /// With the default in the place of each value that is of the wrong type.
    pub loaded: Option<Loaded>,
    pub faults: Vec<Fault>,
}

/// Merges, reads and checks all layers.
pub fn inspect(sources: &Sources) -> Inspected {
    let mut faults = Vec::new();
    let tree = source::Tree::merge(sources, &mut faults);
    let settings = tree.read(&mut faults);
    if let Some(settings) = &settings {
        for mut fault in check::faults(settings) {
            let keys: Vec<&str> = fault.path.split('.').collect();
            fault.origin = tree.origin(&keys);
            faults.push(fault);
        }
    }
    source::sort(&mut faults);
    let loaded = settings.map(|settings| Loaded { settings, tree });
    Inspected { loaded, faults }
}

/// The settings where all is sound, else every fault at once.
pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
    let Inspected { loaded, faults } = inspect(sources);
    match loaded {
        Some(loaded) if faults.is_empty() => Ok(loaded),
        _ => Err(Faults(faults)),
    }
}

impl Settings {
    /// What decisions depend on beside the messages.
    pub fn pipeline(&self) -> pipeline::Settings {
        pipeline::Settings {
            partition: self.partition.name.clone(),
            dedup: dedup::Settings {
                window_seconds: self.dedup.window.0.as_secs(),
                budget_bytes: self.dedup.budget_mb << 20,
            },
            feeds: self
                .feeds
                .iter()
                .map(|(name, feed)| (name.clone(), feed.profile()))
                .collect(),
            max_event_bytes: self.limits.max_event_bytes,
            max_outcomes: MAX_BATCH,
            max_commit_bytes: self.run.batch_bytes,
        }
    }

    /// How the loop behaves.
    pub fn daemon(&self) -> daemon::Config {
        daemon::Config {
            instance: self.instance(),
            settings: self.digest(),
            batch_messages: self.run.batch_messages,
            batch_bytes: self.run.batch_bytes,
            heartbeat: self.run.heartbeat.0,
            takeover_after: self.run.takeover_after.0,
            stop_within: self.run.shutdown_timeout.0,
            ..daemon::Config::default()
        }
    }

    /// Which server, which streams, which partition. Reads the files that hold secrets.
    pub async fn jetstream(&self) -> anyhow::Result<jetstream::Config> {
        Ok(jetstream::Config {
            servers: self.servers(),
            options: self.nats.options().await?,
            raw_stream: self.streams.raw.clone(),
            raw_subjects: self.partition.subjects.clone(),
            out_stream: self.streams.out.clone(),
            partition: self.partition.name.clone(),
            manage_streams: self.streams.manage,
            replicas: self.streams.replicas,
            storage: match self.streams.storage {
                Storage::File => jetstream::Storage::File,
                Storage::Memory => jetstream::Storage::Memory,
            },
            raw_max_age: self.streams.raw_max_age.0,
            out_max_age: self.streams.out_max_age.0,
            out_max_bytes: self.streams.out_max_bytes,
            window: self.dedup.window.0,
            max_event_bytes: self.limits.max_event_bytes,
            request_timeout: self.nats.request_timeout.0,
            ..jetstream::Config::default()
        })
    }

    /// Addresses for connecting. A login that they hold is with the options: the client logs addresses.
    pub fn servers(&self) -> Vec<String> {
        self.nats.servers.iter().map(Server::bare).collect()
    }

    /// A digest of what decisions depend on: the same settings, the same digest, in every version
    /// and on every platform.
    pub fn digest(&self) -> String {
        let Dedup { window, budget_mb } = &self.dedup;
        let mut text = format!(
            "partition {:?} {:?}\nwindow {}\nbudget {budget_mb}\nevent {}\n",
            self.partition.name,
            self.partition.subjects,
            window.0.as_secs(),
            self.limits.max_event_bytes,
        );
        for (name, feed) in &self.feeds {
            let Feed {
                agency,
                language,
                zone,
                charset,
                urgency,
            } = feed;
            text.push_str(&format!(
                "feed {name:?} {agency:?} {language:?} {zone:?} {charset:?} {urgency:?}\n"
            ));
        }
        format!("{:016x}", xxh3_64(text.as_bytes()))
    }

    fn instance(&self) -> String {
        self.run.instance.clone().unwrap_or_else(|| {
            let port = self.admin.listen.map_or(0, |address| address.port());
            format!("{}-{port}", host_name())
        })
    }
}

impl Feed {
    fn profile(&self) -> FeedProfile {
        FeedProfile {
            agency: self.agency.clone(),
            language: self.language.clone(),
            zone: self.zone.clone(),
            charset: self.charset.clone(),
            urgency: self.urgency.clone().into_iter().collect(),
        }
    }
}

impl Nats {
    /// Name, credentials and TLS, ready made. Reads the files that hold secrets.
    pub async fn options(&self) -> anyhow::Result<ConnectOptions> {
        let mut options = ConnectOptions::new()
            .name(&self.name)
            .connection_timeout(self.connect_timeout.0)
            .request_timeout(Some(self.request_timeout.0))
            .ping_interval(Duration::from_secs(10))
            .require_tls(self.tls.require);
        if let Some(path) = &self.creds_file {
            options = options
                .credentials_file(path)
                .await
                .with_context(|| format!("cannot read nats.creds_file {}", path.display()))?;
        }
        if let Some(seed) = secret("nats.nkey_file", &self.nkey, &self.nkey_file)? {
            options = options.nkey(seed.expose_secret().to_owned());
        }
        if let Some(token) = secret("nats.token_file", &self.token, &self.token_file)? {
            options = options.token(token.expose_secret().to_owned());
        }
        if let Some(user) = &self.user {
            let password = secret("nats.password_file", &self.password, &self.password_file)?;
            let password = password.map(|p| p.expose_secret().to_owned());
            options = options.user_and_password(user.clone(), password.unwrap_or_default());
        }
        // one for all of them: the check has seen to that
        options = match self.servers.iter().find_map(Server::login) {
            Some((name, Some(password))) => options.user_and_password(name, password),
            Some((token, None)) => options.token(token),
            None => options,
        };
        if let Some(path) = &self.tls.ca_file {
            options = options.add_root_certificates(path.clone());
        }
        if let (Some(cert), Some(key)) = (&self.tls.cert_file, &self.tls.key_file) {
            options = options.add_client_certificate(cert.clone(), key.clone());
        }
        if self.tls.first {
            options = options.tls_first();
        }
        Ok(options)
    }
}

/// A secret as given, or the first line of its file.
fn secret(
    path: &str,
    given: &Option<SecretString>,
    file: &Option<PathBuf>,
) -> anyhow::Result<Option<SecretString>> {
    let Some(file) = file else {
        return Ok(given.clone());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {path} {}", file.display()))?;
    let line = text.lines().next().unwrap_or_default().trim();
    Ok(Some(SecretString::from(line.to_owned())))
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "copytaster".to_owned(), |name| name.trim().to_owned())
}
