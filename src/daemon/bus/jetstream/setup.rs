//! Before the first message: is the server new enough, are the streams what exactly-once relies on?

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{
    AccountErrorKind, ContextBuilder, CreateStreamErrorKind, GetStreamErrorKind,
};
use async_nats::jetstream::stream::{
    self, DiscardPolicy, PersistenceMode, RetentionPolicy, StorageType,
};
use async_nats::{Client, ConnectErrorKind};

use super::refusal::{self, Refusals, short};
use super::{Config, Storage};
use crate::daemon::bus::Fault;
use crate::daemon::settings::{Server, Time};
use crate::publish;

/// The first server that commits an atomic batch as we rely on it.
const OLDEST_SERVER: (u64, u64, u64) = (2, 15, 1);

/// Events of the largest size that the out stream must have room for, where it has a bound at all.
pub const LEAST_EVENTS: u64 = 64;
/// Bytes of the largest record of our own memory, headers included.
const IMPRINTS: usize = 257 << 10;

pub(super) async fn connect(config: &Config) -> Result<Client, Fault> {
    let servers: Vec<String> = config
        .servers
        .iter()
        .map(|server| Server::from(server.clone()).to_string())
        .collect();
    let servers = servers.join(", ");
    let options = config
        .options
        .clone()
        .connection_timeout(config.request_timeout)
        .request_timeout(Some(config.request_timeout))
        .ping_interval(Duration::from_secs(5))
        .reconnect_delay_callback(|tries| {
            Duration::from_millis((20_u64 << tries.min(6)).min(1000))
        });
    options.connect(&config.servers).await.map_err(|error| {
        use ConnectErrorKind::{Authentication, AuthorizationViolation, ServerParse};
        let said = format!("cannot connect to {servers}: {}", refusal::advised(&error));
        match error.kind() {
            AuthorizationViolation | Authentication | ServerParse => Fault::Refused(said),
            _ => Fault::Surroundings(said),
        }
    })
}

/// A connection to a server that is as it must be.
#[derive(Clone, Debug)]
pub struct Connection {
    pub client: Client,
    pub context: Context,
    refusals: Refusals,
}

impl Connection {
    /// The end of a command, with the permission that it lacked, if so.
    ///
    /// # Errors
    /// When `end` is one.
    pub fn explain<T>(&self, end: anyhow::Result<T>) -> anyhow::Result<T> {
        end.map_err(|error| self.refusals.explain_any(error))
    }
}

/// For who publishes raw copy: makes sure of server and raw stream, and of nothing else.
pub async fn open_raw(config: &Config) -> Result<Connection, Fault> {
    let connection = open(config).await?;
    let raw = ensure(config, &connection.context, raw_stream(config)).await;
    let raw = raw.map_err(|fault| connection.refusals.explain(fault))?;
    let drift = verify_inlet(&raw, config);
    if !drift.is_empty() {
        return Err(Fault::Refused(drift.join("\n")));
    }
    Ok(connection)
}

/// For who looks into streams that there are: makes sure of the server alone.
pub async fn open(config: &Config) -> Result<Connection, Fault> {
    let refusals = Refusals::default();
    let client = connect(&refusals.listen(config)).await?;
    let context = context(config, &client);
    let sound = server(config, &client, &context).await;
    sound.map_err(|fault| refusals.explain(fault))?;
    Ok(Connection {
        client,
        context,
        refusals,
    })
}

pub(super) fn context(config: &Config, client: &Client) -> Context {
    ContextBuilder::new()
        .timeout(config.request_timeout)
        .build(client.clone())
}

/// Why a server of version `found` cannot be used, if so.
pub fn refuse_version(found: &str) -> Option<String> {
    let (major, minor, patch) = OLDEST_SERVER;
    let refusal = || {
        Some(format!(
            "the server has version {found} and {major}.{minor}.{patch} or later is needed; upgrade nats-server"
        ))
    };
    let core = found.split(['-', '+']).next().unwrap_or(found);
    let mut numbers = core
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok);
    let (Some(a), Some(b), Some(c)) = (next(), next(), next()) else {
        return refusal();
    };
    let early = found.contains('-') && (a, b, c) == OLDEST_SERVER;
    ((a, b, c) < OLDEST_SERVER || early).then(refusal).flatten()
}

pub(super) async fn server(
    config: &Config,
    client: &Client,
    context: &Context,
) -> Result<(), Fault> {
    let unfit = unfit(config, client);
    if !unfit.is_empty() {
        return Err(Fault::Refused(unfit.join("\n")));
    }
    account(context).await
}

/// What of the server's greeting is not as it must be.
pub(super) fn unfit(config: &Config, client: &Client) -> Vec<String> {
    let info = client.server_info();
    let short = (info.max_payload < config.max_event_bytes).then(|| {
        format!(
            "the server takes payloads up to {} bytes and limits.max_event_bytes is {}; raise max_payload on the server or lower the limit",
            info.max_payload, config.max_event_bytes
        )
    });
    let jetstream = (!info.jetstream).then(|| {
        "the server runs without JetStream; start nats-server with -js or a jetstream block"
            .to_owned()
    });
    [refuse_version(&info.version), jetstream, short]
        .into_iter()
        .flatten()
        .collect()
}

/// Whether JetStream answers to this account.
pub(super) async fn account(context: &Context) -> Result<(), Fault> {
    let answer = context.query_account().await;
    answer.map(|_| ()).map_err(|error| match error.kind() {
        AccountErrorKind::JetStream(said)
            if said.error_code() == ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT =>
        {
            Fault::Refused("JetStream is not enabled for this account; enable it for the account, or connect with another".to_owned())
        }
        AccountErrorKind::JetStream(said) => {
            refusal::fault(format!("JetStream does not answer: {error}"), &said)
        }
        _ => Fault::Surroundings(format!("JetStream does not answer: {}", short(&error))),
    })
}

/// Creates or verifies both streams; tells whether this partition reads the whole raw stream.
pub(super) async fn streams(config: &Config, context: &Context) -> Result<bool, Fault> {
    let raw = ensure(config, context, raw_stream(config)).await?;
    let out = ensure(config, context, out_stream(config)).await?;
    let mut drift = verify_raw(&raw, config);
    drift.extend(verify_out(&out, config));
    if !drift.is_empty() {
        return Err(Fault::Refused(drift.join("\n")));
    }
    let reads_all = raw.subjects.iter().all(|subject| {
        config
            .raw_subjects
            .iter()
            .any(|filter| covers(filter, subject))
    });
    Ok(reads_all)
}

/// The stream's settings; `None` where there is no such stream.
pub(super) async fn find(context: &Context, name: &str) -> Result<Option<stream::Config>, Fault> {
    match context.get_stream(name).await {
        Ok(found) => Ok(Some(found.cached_info().config.clone())),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(said)
                if said.error_code() == ErrorCode::STREAM_NOT_FOUND =>
            {
                Ok(None)
            }
            GetStreamErrorKind::JetStream(said) => {
                let what = format!("no answer about stream {name}: {error}");
                Err(refusal::fault(what, &said))
            }
            _ => Err(Fault::Surroundings(format!(
                "no answer about stream {name}: {}",
                short(&error)
            ))),
        },
    }
}

/// What to do about a stream that must be there, and is not.
pub(super) fn missing(name: &str) -> String {
    format!("stream {name} does not exist; create it, or set streams.manage = true")
}

async fn ensure(
    config: &Config,
    context: &Context,
    wanted: stream::Config,
) -> Result<stream::Config, Fault> {
    let name = wanted.name.clone();
    if let Some(found) = find(context, &name).await? {
        return Ok(found);
    }
    if !config.manage_streams {
        return Err(Fault::Refused(missing(&name)));
    }
    let error = match context.create_stream(wanted.clone()).await {
        Ok(made) => return Ok(made.cached_info().config.clone()),
        Err(error) => error,
    };
    let what = format!("cannot create stream {name}: {}", short(&error));
    let CreateStreamErrorKind::JetStream(said) = error.kind() else {
        return Err(Fault::Surroundings(what));
    };
    match said.error_code() {
        // somebody was quicker, and wanted it otherwise: what differs is told like any drift
        ErrorCode::STREAM_NAME_EXIST => {
            let found = find(context, &name).await?;
            found.ok_or(Fault::Surroundings(what))
        }
        ErrorCode::STREAM_SUBJECT_OVERLAP => {
            let others = rivals(context, &wanted).await.join("\n");
            Err(Fault::Refused(if others.is_empty() {
                what
            } else {
                others
            }))
        }
        ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED | ErrorCode::CLUSTER_NO_PEERS => {
            let replicas = wanted.num_replicas;
            let what = format!("{what}; streams.replicas is {replicas}: lower it, or add servers");
            Err(refusal::fault(what, &said))
        }
        _ => Err(refusal::fault(what, &said)),
    }
}

/// What stands in the way of a stream that is not there yet, as far as it can be told without making it.
pub(super) async fn obstacles(
    config: &Config,
    client: &Client,
    context: &Context,
    wanted: &stream::Config,
) -> Vec<String> {
    let mut said = rivals(context, wanted).await;
    if config.replicas > 1 && client.server_info().cluster.is_none() {
        said.push(format!(
            "stream {} cannot be created: streams.replicas is {} and the server is no cluster; lower it, or add servers",
            wanted.name, config.replicas
        ));
    }
    said
}

/// Other streams that hold subjects of the wanted one, a sentence each.
async fn rivals(context: &Context, wanted: &stream::Config) -> Vec<String> {
    let mut held: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for subject in &wanted.subjects {
        if let Ok(other) = context.stream_by_subject(subject).await {
            held.entry(other).or_default().push(subject);
        }
    }
    let name = &wanted.name;
    let told = |(other, subjects): (String, Vec<&str>)| {
        let subjects = subjects.join(", ");
        format!(
            "stream {name} cannot be created: stream {other} has subjects in {subjects}; take them from it, delete it, or name it in streams.raw or streams.out"
        )
    };
    held.into_iter().map(told).collect()
}

pub(super) fn raw_stream(config: &Config) -> stream::Config {
    stream::Config {
        name: config.raw_stream.clone(),
        subjects: vec![format!("{}.raw.>", config.prefix)],
        max_age: config.raw_max_age,
        ..common(config)
    }
}

pub(super) fn out_stream(config: &Config) -> stream::Config {
    stream::Config {
        name: config.out_stream.clone(),
        subjects: out_subjects(config),
        max_age: config.out_max_age,
        max_bytes: match config.out_max_bytes {
            0 => -1,
            bytes => i64::try_from(bytes).unwrap_or(i64::MAX),
        },
        allow_rollup: true,
        allow_message_ttl: true,
        allow_atomic_publish: true,
        allow_message_schedules: true,
        ..common(config)
    }
}

fn common(config: &Config) -> stream::Config {
    stream::Config {
        storage: storage(config),
        num_replicas: config.replicas,
        allow_direct: true,
        ..stream::Config::default()
    }
}

fn storage(config: &Config) -> StorageType {
    match config.storage {
        Storage::File => StorageType::File,
        Storage::Memory => StorageType::Memory,
    }
}

/// Subjects of the out stream.
pub(super) fn out_subjects(config: &Config) -> Vec<String> {
    publish::FAMILIES
        .iter()
        .map(|family| format!("{}.{family}.>", config.prefix))
        .collect()
}

/// What of the raw stream is not as it must be for who publishes on it.
fn verify_inlet(found: &stream::Config, config: &Config) -> Vec<String> {
    let mut drift = Drift::new(&found.name);
    drift.same("retention", &found.retention, &RetentionPolicy::Limits);
    let meets = |filter: &String| found.subjects.iter().any(|has| overlaps(has, filter));
    if !config.raw_subjects.iter().any(meets) {
        drift.hold(found, &config.raw_subjects);
    }
    drift.faults
}

/// What of the raw stream is not as it must be.
pub(super) fn verify_raw(found: &stream::Config, config: &Config) -> Vec<String> {
    let mut drift = Drift::new(&found.name);
    drift.same("retention", &found.retention, &RetentionPolicy::Limits);
    drift.same("storage", &found.storage, &storage(config));
    drift.hold(found, &config.raw_subjects);
    drift.faults
}

/// What of the out stream is not as it must be.
pub(super) fn verify_out(found: &stream::Config, config: &Config) -> Vec<String> {
    let mut drift = Drift::new(&found.name);
    drift.same("retention", &found.retention, &RetentionPolicy::Limits);
    drift.same("allow_atomic", &found.allow_atomic_publish, &true);
    drift.same("allow_rollup_hdrs", &found.allow_rollup, &true);
    drift.same("allow_msg_schedules", &found.allow_message_schedules, &true);
    drift.same("allow_msg_ttl", &found.allow_message_ttl, &true);
    drift.same("storage", &found.storage, &storage(config));
    if found.persist_mode == Some(PersistenceMode::Async) {
        drift.note("persist_mode", "async", "be default");
    }
    drift.hold(found, &out_subjects(config));
    let (kept, window) = (Time(found.max_age), Time(config.window));
    if !kept.0.is_zero() && kept < window {
        drift.note(
            "max_age",
            kept,
            format!("be {window} or more, the window of the memory, or 0s for ever"),
        );
    }
    limits(&mut drift, found, config);
    drift.faults
}

/// Limits by which the stream would drop, or not take, what we rely on. Where it takes no more instead of
/// dropping its oldest, commits wait and nothing is lost.
fn limits(drift: &mut Drift, found: &stream::Config, config: &Config) {
    if found.max_messages_per_subject > 0 {
        let most = found.max_messages_per_subject;
        drift.note("max_msgs_per_subject", most, "be -1, without a limit");
    }
    let drops = found.discard == DiscardPolicy::Old;
    if drops && found.max_messages > 0 {
        let wanted = "be -1, without a limit: the oldest messages are the memory";
        drift.note("max_msgs", found.max_messages, wanted);
    }
    let least = LEAST_EVENTS as i64 * config.max_event_bytes as i64;
    if drops && (1..least).contains(&found.max_bytes) {
        let wanted = format!("be {least} or more, or -1: the oldest messages are the memory");
        drift.note("max_bytes", found.max_bytes, wanted);
    }
    let largest = config.max_event_bytes.max(IMPRINTS) as i64;
    let most = i64::from(found.max_message_size);
    if most > 0 && most < largest {
        let limit = config.max_event_bytes;
        let wanted = format!("be {largest} or more, or -1: limits.max_event_bytes is {limit}");
        drift.note("max_msg_size", most, wanted);
    }
}

/// Faults of one stream, each with both values.
struct Drift<'a> {
    stream: &'a str,
    faults: Vec<String>,
}

impl<'a> Drift<'a> {
    fn new(stream: &'a str) -> Drift<'a> {
        Drift {
            stream,
            faults: Vec::new(),
        }
    }

    fn same<T: std::fmt::Debug + PartialEq>(&mut self, key: &str, found: &T, wanted: &T) {
        if found != wanted {
            self.note(key, format!("{found:?}"), format!("be {wanted:?}"));
        }
    }

    /// Each of `wanted` must be matched whole by a subject of the stream.
    fn hold(&mut self, found: &stream::Config, wanted: &[String]) {
        for subject in wanted {
            if !found.subjects.iter().any(|has| covers(has, subject)) {
                let subjects = format!("{:?}", found.subjects);
                self.note("subjects", subjects, format!("hold {subject:?}"));
            }
        }
    }

    fn note(&mut self, key: &str, found: impl std::fmt::Display, must: impl std::fmt::Display) {
        let Drift { stream, faults } = self;
        faults.push(format!(
            "stream {stream}: {key} is {found} and must {must}; change the stream or the settings"
        ));
    }
}

/// Whether every subject that `narrow` matches is matched by `wide`.
pub fn covers(wide: &str, narrow: &str) -> bool {
    let (mut wide, mut narrow) = (wide.split('.'), narrow.split('.'));
    loop {
        match (wide.next(), narrow.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// Whether some subject is matched by both.
pub(super) fn overlaps(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        match (a.next(), b.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) | (None, None) => return true,
            (Some(x), Some(y)) if x == y || x == "*" || y == "*" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused_with_both_versions() {
        for old in ["2.11.4", "2.15.0", "v2.14.9", "2.15.1-RC.1", "", "next"] {
            let said = refuse_version(old).unwrap_or_else(|| panic!("{old} was taken"));
            assert!(said.contains(old) && said.contains("2.15.1"), "{said}");
        }
        for new in ["2.15.1", "v2.15.2", "2.16.0-preview.1", "3.0.0"] {
            assert_eq!(refuse_version(new), None, "{new}");
        }
    }

    #[test]
    fn subjects_cover_and_overlap_like_the_servers() {
        for (wide, narrow, is) in [
            ("wire.raw.>", "wire.raw.efe.es", true),
            ("wire.raw.>", "wire.raw.>", true),
            ("wire.raw.*.es", "wire.raw.efe.es", true),
            ("wire.raw.*", "wire.raw.>", false),
            ("wire.raw.efe.>", "wire.raw.>", false),
            ("wire.raw.>", "wire.raw", false),
        ] {
            assert_eq!(covers(wide, narrow), is, "{wide} {narrow}");
        }
        assert!(overlaps("wire.raw.*.es.>", "wire.raw.efe.>"));
        assert!(!overlaps("wire.raw.*.es.>", "wire.raw.efe.en.a"));
    }

    #[test]
    fn a_stream_that_drifted_is_refused_with_both_values() {
        let config = Config::default();
        assert_eq!(
            verify_out(&out_stream(&config), &config),
            Vec::<String>::new()
        );
        assert_eq!(
            verify_raw(&raw_stream(&config), &config),
            Vec::<String>::new()
        );
        type Spoil = fn(&mut stream::Config);
        let spoils: [(&str, Spoil); 12] = [
            ("storage is Memory and must be File", |c| {
                c.storage = StorageType::Memory
            }),
            ("allow_atomic is false and must be true", |c| {
                c.allow_atomic_publish = false
            }),
            ("allow_rollup_hdrs is false", |c| c.allow_rollup = false),
            ("allow_msg_schedules is false", |c| {
                c.allow_message_schedules = false
            }),
            ("retention is WorkQueue and must be Limits", |c| {
                c.retention = RetentionPolicy::WorkQueue
            }),
            (
                "max_age is 1h and must be 72h or more, the window of",
                |c| c.max_age = Duration::from_secs(3600),
            ),
            ("and must hold \"wire.state.>\"", |c| c.subjects.truncate(5)),
            ("max_msg_size is 1000 and must be 1000000 or more", |c| {
                c.max_message_size = 1000
            }),
            ("max_msgs is 5 and must be -1", |c| c.max_messages = 5),
            ("max_bytes is 9 and must be 64000000 or more", |c| {
                c.max_bytes = 9
            }),
            ("max_msgs_per_subject is 1 and must be -1", |c| {
                c.max_messages_per_subject = 1
            }),
            ("persist_mode is async and must be default", |c| {
                c.persist_mode = Some(PersistenceMode::Async)
            }),
        ];
        for (says, spoil) in spoils {
            let mut found = out_stream(&config);
            spoil(&mut found);
            let faults = verify_out(&found, &config);
            assert!(
                faults.len() == 1 && faults[0].contains(says),
                "{says}: {faults:?}"
            );
        }
        let mut full = out_stream(&config);
        (full.max_messages, full.max_bytes, full.discard) = (5, 5, DiscardPolicy::New);
        assert_eq!(verify_out(&full, &config), Vec::<String>::new());
        let mut raw = raw_stream(&config);
        raw.subjects = vec!["wire.raw.efe.>".to_owned()];
        raw.storage = StorageType::Memory;
        assert_eq!(verify_inlet(&raw, &config), Vec::<String>::new());
        let said = verify_raw(&raw, &config).join("\n");
        for part in [
            "storage is Memory and must be File",
            "subjects is [\"wire.raw.efe.>\"] and must hold \"wire.raw.>\"",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
