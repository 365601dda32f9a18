//! Settings of the right types → every fault in what they mean together.

use async_nats::ServerAddr;
use jiff::tz::TimeZone;

use super::{Fault, Feed, MAX_BATCH, Nats, Server, Settings, files};
use crate::daemon::bus::jetstream::{LEAST_EVENTS, covers};
use crate::story::slug;

/// The least an event must be allowed to hold: room for headers and verdict, and for words.
const LEAST_EVENT: usize = 64 * 1024;
/// NATS itself allows no larger message.
const MOST_EVENT: usize = 64 << 20;

/// Every fault, by section in the order of `config/default.toml`.
pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let mut faults = Vec::new();
    servers(&settings.nats, &mut faults);
    login(&settings.nats, &mut faults);
    files::faults(settings, &mut faults);
    streams(settings, &mut faults);
    partition(settings, &mut faults);
    run(settings, &mut faults);
    memory(settings, &mut faults);
    for (name, profile) in &settings.feeds {
        feed(name, profile, &mut faults);
    }
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&settings.log.level) {
        let message = format!("{:?} is no log level: {error}", settings.log.level);
        faults.push(Fault::new("log.level", message));
    }
    faults
}

fn servers(nats: &Nats, faults: &mut Vec<Fault>) {
    if nats.servers.is_empty() {
        faults.push(Fault::new("nats.servers", "at least one server is needed"));
    }
    for server in &nats.servers {
        // the parser's own error may hold the password
        if server.expose().parse::<ServerAddr>().is_err() {
            let message = format!("{server:?} is no address such as nats://host:4222");
            faults.push(Fault::new("nats.servers", message));
        }
    }
    for (path, time) in [
        ("nats.connect_timeout", nats.connect_timeout),
        ("nats.request_timeout", nats.request_timeout),
    ] {
        if time.0.is_zero() {
            faults.push(Fault::new(path, "must be longer than 0s"));
        }
    }
}

fn login(nats: &Nats, faults: &mut Vec<Fault>) {
    let ways: Vec<&str> = [
        ("nats.creds_file", nats.creds_file.is_some()),
        ("nats.nkey", nats.nkey.is_some()),
        ("nats.nkey_file", nats.nkey_file.is_some()),
        ("nats.token", nats.token.is_some()),
        ("nats.token_file", nats.token_file.is_some()),
        ("nats.user", nats.user.is_some()),
        (
            "a login in nats.servers",
            nats.servers.iter().any(|server| server.login().is_some()),
        ),
    ]
    .into_iter()
    .filter_map(|(path, given)| given.then_some(path))
    .collect();
    if let [first, rest @ ..] = ways.as_slice()
        && !rest.is_empty()
    {
        let message = format!("one way to log in, found also {}", rest.join(", "));
        faults.push(Fault::new(*first, message));
    }
    let mut logins = nats.servers.iter().filter_map(Server::login);
    let first = logins.next();
    if logins.any(|login| Some(login) != first) {
        let message = "more than one login; the servers of a cluster share one";
        faults.push(Fault::new("nats.servers", message));
    }
    let password = nats.password.is_some() || nats.password_file.is_some();
    if password && nats.user.is_none() {
        faults.push(Fault::new(
            "nats.user",
            "a password is given without a user",
        ));
    }
    if nats.user.is_some() && !password {
        let message = "a user is given without password or password_file";
        faults.push(Fault::new("nats.password", message));
    }
    if nats.password.is_some() && nats.password_file.is_some() {
        let message = "either password or password_file, not both";
        faults.push(Fault::new("nats.password_file", message));
    }
    match (&nats.tls.cert_file, &nats.tls.key_file) {
        (Some(_), None) => faults.push(Fault::new(
            "nats.tls.key_file",
            "cert_file is given without its key",
        )),
        (None, Some(_)) => faults.push(Fault::new(
            "nats.tls.cert_file",
            "key_file is given without its certificate",
        )),
        _ => {}
    }
}

fn streams(settings: &Settings, faults: &mut Vec<Fault>) {
    let streams = &settings.streams;
    for (path, name) in [("streams.raw", &streams.raw), ("streams.out", &streams.out)] {
        let odd = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
        if name.is_empty() || name.contains(odd) {
            let message = format!("{name:?} is no stream name: no blanks and none of . * > / \\");
            faults.push(Fault::new(path, message));
        }
    }
    if streams.raw == streams.out {
        let message = "input and output must be two streams";
        faults.push(Fault::new("streams.out", message));
    }
    if !(1..=5).contains(&streams.replicas) {
        let message = format!("{} is not within 1..5", streams.replicas);
        faults.push(Fault::new("streams.replicas", message));
    }
    let least = LEAST_EVENTS * settings.limits.max_event_bytes as u64;
    if (1..least).contains(&streams.out_max_bytes) {
        let message = format!(
            "{} would drop what it has to remember: 0 for no bound, or {least} and more",
            streams.out_max_bytes
        );
        faults.push(Fault::new("streams.out_max_bytes", message));
    }
    let (window, kept) = (settings.dedup.window, streams.out_max_age);
    if !kept.0.is_zero() && window > kept {
        let message = format!(
            "the window of {window} is longer than streams.out_max_age of {kept}, which keeps its memory"
        );
        faults.push(Fault::new("dedup.window", message));
    }
}

fn partition(settings: &Settings, faults: &mut Vec<Fault>) {
    let partition = &settings.partition;
    if !is_slug(&partition.name) {
        let message = not_slug(&partition.name);
        faults.push(Fault::new("partition.name", message));
    }
    if partition.subjects.is_empty() {
        faults.push(Fault::new("partition.subjects", "at least one is needed"));
    }
    let mut fault = |message| faults.push(Fault::new("partition.subjects", message));
    for (at, subject) in partition.subjects.iter().enumerate() {
        let wider = |(other_at, other): &(usize, &String)| {
            *other_at != at
                && is_filter(other)
                && covers(other, subject)
                && (*other != subject || *other_at < at)
        };
        if !is_filter(subject) {
            fault(format!("{subject:?} is no subject filter below wire.raw."));
        } else if let Some((_, other)) = partition.subjects.iter().enumerate().find(wider) {
            fault(format!(
                "{subject:?} is within {other:?}, and the server reads no such pair; leave it out"
            ));
        }
        // `>` is at least one token more: a feed of its own name is not among them
        if let Some(feed) = subject.strip_suffix(".>")
            && feed.split('.').count() >= 4
            && !partition.subjects.iter().any(|other| covers(other, feed))
        {
            fault(format!(
                "{subject:?} does not match {feed:?}; give both: [{feed:?}, {subject:?}]"
            ));
        }
    }
}

fn is_filter(subject: &str) -> bool {
    let tokens: Vec<&str> = subject.split('.').collect();
    let good = |(at, token): (usize, &&str)| match *token {
        ">" => at + 1 == tokens.len(),
        "*" => true,
        token => !token.is_empty() && !token.contains([' ', '\t', '*', '>']),
    };
    subject.starts_with("wire.raw.") && tokens.iter().enumerate().all(good)
}

fn run(settings: &Settings, faults: &mut Vec<Fault>) {
    let run = &settings.run;
    if !(1..=MAX_BATCH).contains(&run.batch_messages) {
        let message = format!("{} is not within 1..{MAX_BATCH}", run.batch_messages);
        faults.push(Fault::new("run.batch_messages", message));
    }
    if run.batch_bytes < settings.limits.max_event_bytes {
        let message = format!(
            "{} is less than limits.max_event_bytes, {}",
            run.batch_bytes, settings.limits.max_event_bytes
        );
        faults.push(Fault::new("run.batch_bytes", message));
    }
    for (path, time) in [
        ("run.heartbeat", run.heartbeat),
        ("run.shutdown_timeout", run.shutdown_timeout),
    ] {
        if time.0.is_zero() {
            faults.push(Fault::new(path, "must be longer than 0s"));
        }
    }
    if run.takeover_after.0 < run.heartbeat.0 * 2 {
        let message = format!(
            "{} is less than twice the heartbeat of {}",
            run.takeover_after, run.heartbeat
        );
        faults.push(Fault::new("run.takeover_after", message));
    }
}

fn memory(settings: &Settings, faults: &mut Vec<Fault>) {
    if settings.dedup.window.0.as_secs() == 0 {
        let message = format!("{} is shorter than a second", settings.dedup.window);
        faults.push(Fault::new("dedup.window", message));
    }
    // a petabyte, so that the same in bytes is a number
    if !(1..=1 << 30).contains(&settings.dedup.budget_mb) {
        let message = format!("{} MiB is no budget", settings.dedup.budget_mb);
        faults.push(Fault::new("dedup.budget_mb", message));
    }
    let bytes = settings.limits.max_event_bytes;
    if !(LEAST_EVENT..=MOST_EVENT).contains(&bytes) {
        let message = format!("{bytes} is not within {LEAST_EVENT}..{MOST_EVENT}");
        faults.push(Fault::new("limits.max_event_bytes", message));
    }
}

fn feed(name: &str, feed: &Feed, faults: &mut Vec<Fault>) {
    let path = |key: &str| format!("feeds.{name}.{key}");
    let (agency, rest) = name.split_once('.').unwrap_or((name, "any"));
    if !is_slug(agency) || !rest.split('.').all(is_slug) {
        let message = "a feed is named by the slug of its agency, or \"agency.feed\"";
        faults.push(Fault::new(format!("feeds.{name}"), message));
    }
    if feed.agency.as_deref().is_some_and(|a| slug(a).is_none()) {
        let message = "has no letter or digit for a subject";
        faults.push(Fault::new(path("agency"), message));
    }
    if let Some(language) = feed.language.as_deref().filter(|l| !is_language(l)) {
        let message = format!("{language:?} is no language such as es or pt-BR");
        faults.push(Fault::new(path("language"), message));
    }
    if let Some(zone) = feed
        .zone
        .as_deref()
        .filter(|zone| TimeZone::get(zone).is_err())
    {
        let message = format!("{zone:?} is no zone such as Europe/Madrid");
        faults.push(Fault::new(path("zone"), message));
    }
    if let Some(charset) = feed.charset.as_deref()
        && encoding_rs::Encoding::for_label(charset.as_bytes()).is_none()
    {
        let message = format!("{charset:?} is no charset such as windows-1252");
        faults.push(Fault::new(path("charset"), message));
    }
    for (raw, urgency) in &feed.urgency {
        if !(1..=9).contains(urgency) {
            let message = format!("{urgency} is not within 1..9");
            faults.push(Fault::new(path(&format!("urgency.{raw}")), message));
        }
    }
}

fn is_slug(text: &str) -> bool {
    slug(text).as_deref() == Some(text)
}

fn not_slug(text: &str) -> String {
    match slug(text) {
        Some(slug) => format!("{text:?} is no slug, {slug:?} is"),
        None => format!("{text:?} is no slug of a-z, 0-9 and hyphens"),
    }
}

/// The shape of a BCP 47 tag: a language of two or three letters, then subtags of up to eight.
fn is_language(text: &str) -> bool {
    let mut tags = text.split('-');
    let language = tags.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && tags.all(|tag| {
            (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}
