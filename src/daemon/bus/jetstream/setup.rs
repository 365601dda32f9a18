//! Before the first message: is the server new enough, are the streams what exactly-once relies on?

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{AccountErrorKind, ContextBuilder, GetStreamErrorKind};
use async_nats::jetstream::stream::{self, PersistenceMode, RetentionPolicy, StorageType};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError};

use super::{Config, Storage};
use crate::daemon::bus::Fault;
use crate::daemon::settings::Server;
use crate::publish;

/// The first server that commits an atomic batch as we rely on it.
const OLDEST_SERVER: (u64, u64, u64) = (2, 15, 1);

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
        use ConnectErrorKind::{Authentication, AuthorizationViolation, ServerParse, Tls};
        let hint = match error.kind() {
            AuthorizationViolation | Authentication => {
                "check user, password, token, key or credentials file"
            }
            ServerParse => "expected nats://host:port, or tls://host:port",
            Tls => "check certificates and the tls settings",
            _ => "is the server running there?",
        };
        let said = format!("cannot connect to {servers}: {error}; {hint}");
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

/// What the server said last about a permission that is lacking. A request that is not allowed gets
/// no answer: all that its sender sees is that the time is over.
#[derive(Clone, Debug, Default)]
struct Refusals(Arc<Mutex<Option<String>>>);

impl Refusals {
    fn listen(&self, options: ConnectOptions) -> ConnectOptions {
        let last = self.clone();
        options.event_callback(move |event| {
            if let Event::ServerError(ServerError::Other(said)) = event
                && said.to_lowercase().contains("permissions violation")
            {
                *last.lock() = Some(said);
            }
            std::future::ready(())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn explain(&self, fault: Fault) -> Fault {
        match (&*self.lock(), fault) {
            (Some(violation), Fault::Surroundings(said)) => Fault::Refused(format!(
                "{said}; the server says: {violation}; allow it, or connect as another user"
            )),
            (_, fault) => fault,
        }
    }
}

impl Connection {
    /// The end of a command, with the permission that it lacked, if so.
    ///
    /// # Errors
    /// When `end` is one.
    pub fn explain<T>(&self, end: anyhow::Result<T>) -> anyhow::Result<T> {
        end.map_err(|error| match &*self.refusals.lock() {
            Some(violation) => {
                anyhow::anyhow!(
                    "{error:#}; the server says: {violation}; allow it, or connect as another user"
                )
            }
            None => error,
        })
    }
}

/// For who publishes raw copy: makes sure of server and raw stream, and of nothing else.
pub async fn open_raw(config: &Config) -> Result<Connection, Fault> {
    let connection = open(config).await?;
    let raw = ensure(config, &connection.context, raw_stream(config)).await;
    let raw = raw.map_err(|fault| connection.refusals.explain(fault))?;
    let drift = verify_raw(&raw, config);
    if !drift.is_empty() {
        return Err(Fault::Refused(drift.join("\n")));
    }
    Ok(connection)
}

/// For who looks into streams that there are: makes sure of the server alone.
pub async fn open(config: &Config) -> Result<Connection, Fault> {
    let refusals = Refusals::default();
    let listening = Config {
        options: refusals.listen(config.options.clone()),
        ..config.clone()
    };
    let client = connect(&listening).await?;
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
        _ => Fault::Surroundings(format!("JetStream does not answer: {error}")),
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
            _ => Err(Fault::Surroundings(format!(
                "no answer about stream {name}: {error}"
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
    let made = context.create_stream(wanted).await;
    let made =
        made.map_err(|error| Fault::Surroundings(format!("cannot create stream {name}: {error}")))?;
    Ok(made.cached_info().config.clone())
}

fn raw_stream(config: &Config) -> stream::Config {
    stream::Config {
        name: config.raw_stream.clone(),
        subjects: vec![format!("{}.raw.>", config.prefix)],
        max_age: config.raw_max_age,
        ..common(config)
    }
}

fn out_stream(config: &Config) -> stream::Config {
    stream::Config {
        name: config.out_stream.clone(),
        subjects: out_subjects(config),
        max_age: config.out_max_age,
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

/// What of the raw stream is not as it must be.
pub(super) fn verify_raw(found: &stream::Config, config: &Config) -> Vec<String> {
    let mut drift = Drift::new(&found.name);
    drift.same("retention", &found.retention, &RetentionPolicy::Limits);
    for filter in &config.raw_subjects {
        if !found
            .subjects
            .iter()
            .any(|subject| overlaps(subject, filter))
        {
            drift.note("subjects", &found.subjects, filter);
        }
    }
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
        drift.note("persist_mode", &"async", &"default");
    }
    for subject in out_subjects(config) {
        if !found.subjects.iter().any(|has| covers(has, &subject)) {
            drift.note("subjects", &found.subjects, &subject);
        }
    }
    if !found.max_age.is_zero() && found.max_age < config.window {
        drift.note(
            "max_age",
            &found.max_age,
            &format!("{:?} or more, the window", config.window),
        );
    }
    if found.max_messages_per_subject > 0 {
        drift.note(
            "max_msgs_per_subject",
            &found.max_messages_per_subject,
            &"unlimited",
        );
    }
    drift.faults
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
            self.note(key, found, wanted);
        }
    }

    fn note(&mut self, key: &str, found: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug) {
        let Drift { stream, faults } = self;
        faults.push(format!(
            "stream {stream}: {key} is {found:?} and must be {wanted:?}; change the stream or the settings"
        ));
    }
}

/// Whether every subject that `narrow` matches is matched by `wide`.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
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
        let spoils: [(&str, Spoil); 8] = [
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
            ("max_age is 3600s and must be", |c| {
                c.max_age = Duration::from_secs(3600)
            }),
            ("subjects is", |c| c.subjects.truncate(5)),
            ("persist_mode is \"async\"", |c| {
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
    }
}
