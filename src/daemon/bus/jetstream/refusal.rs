//! A no of the client or of the server → does it pass, and what would help?

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use async_nats::rustls::{self, AlertDescription, CertificateError};
use async_nats::{ConnectError, ConnectErrorKind, Event, ServerError, jetstream};
use tracing::warn;

use super::Config;
use crate::daemon::bus::Fault;

/// What the server said last about a permission that is lacking. A request that is not allowed gets
/// no answer: all that its sender sees is that the time is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals(Arc<Mutex<Option<String>>>);

impl Refusals {
    /// The same, with an ear for what the server says of permissions. Each is logged, but not again and again.
    pub fn listen(&self, config: &Config) -> Config {
        let last = self.clone();
        let options = config.options.clone().event_callback(move |event| {
            if let Event::ServerError(ServerError::Other(said)) = event
                && said.to_lowercase().contains("permissions violation")
            {
                last.note(said);
            }
            std::future::ready(())
        });
        Config {
            options,
            ..config.clone()
        }
    }

    fn note(&self, said: String) {
        let mut last = self.lock();
        if last.as_ref() != Some(&said) {
            warn!("the server says: {said}");
            *last = Some(said);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Somebody has to allow what is lacking: a fault that does not pass.
    pub fn explain(&self, fault: Fault) -> Fault {
        match (&*self.lock(), fault) {
            (Some(violation), Fault::Surroundings(said)) => {
                Fault::Refused(lacking(&said, violation))
            }
            (_, fault) => fault,
        }
    }

    pub fn explain_any(&self, error: anyhow::Error) -> anyhow::Error {
        let said = format!("{error:#}");
        match &*self.lock() {
            Some(violation) => anyhow::anyhow!(lacking(&short(&said), violation)),
            None if short(&said) != said => anyhow::anyhow!(short(&said)),
            None => error,
        }
    }
}

fn lacking(said: &str, violation: &str) -> String {
    format!(
        "{said}; the server says: {violation}; allow it, or connect as another user (`copytaster check --live` names all that is lacking)"
    )
}

/// What an error says, up to the first time that it says that time is over.
pub(super) fn short(error: &(impl Display + ?Sized)) -> String {
    let mut said = error.to_string();
    let over = "timed out";
    if let Some(at) = said.find(over) {
        said.truncate(at + over.len());
    }
    said
}

/// What the server answered is refused where it will answer the same the next time, else to be tried again.
pub(super) fn fault(what: String, said: &jetstream::Error) -> Fault {
    use jetstream::ErrorCode;
    let passes = match said.error_code() {
        ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED => false,
        // who is to hold a copy may be down, and come back
        ErrorCode::CLUSTER_NO_PEERS => said.to_string().contains("offline"),
        _ => !(400..500).contains(&said.code()) || matches!(said.code(), 408 | 429),
    };
    match passes {
        true => Fault::Surroundings(what),
        false => Fault::Refused(what),
    }
}

/// Why there is no connection, and what to look at.
pub(super) fn advised(error: &ConnectError) -> String {
    use ConnectErrorKind::{Authentication, AuthorizationViolation, ServerParse, TimedOut, Tls};
    let advice = match (tls(error), error.kind()) {
        (Some(said), _) => of_tls(said),
        (None, AuthorizationViolation | Authentication) => {
            "check user, password, token, key or credentials file"
        }
        (None, ServerParse) => "expected nats://host:port, or tls://host:port",
        (None, Tls) => "check nats.tls.ca_file, nats.tls.cert_file and nats.tls.key_file",
        (None, TimedOut) => {
            "is the server running there? One with handshake_first needs nats.tls.first"
        }
        (None, _) if error.to_string().contains("handshake eof") => NO_TLS,
        (None, _) => "is the server running there?",
    };
    format!("{}; {advice}", short(error))
}

const NO_TLS: &str = "does the server speak TLS, as nats.tls.require, nats.tls.first or tls:// in nats.servers ask for?";

fn of_tls(said: &rustls::Error) -> &'static str {
    use CertificateError::{BadSignature, NotValidForName, NotValidForNameContext, UnknownIssuer};
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match said {
        InvalidCertificate(UnknownIssuer | BadSignature) => {
            "name the authority of the server's certificate in nats.tls.ca_file"
        }
        InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "name the server in nats.servers as its certificate does"
        }
        InvalidCertificate(_) => "check the server's certificate, and nats.tls.ca_file",
        AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        ) => {
            "the server wants a certificate of ours that it knows: nats.tls.cert_file and nats.tls.key_file"
        }
        InvalidMessage(_) => NO_TLS,
        _ => "check certificates and the settings in nats.tls",
    }
}

/// What TLS said, where that is the cause.
fn tls(error: &ConnectError) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        // such an error does not name what it holds as its source
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let held = held.and_then(|held| held.downcast_ref());
        if let Some(said) = error.downcast_ref().or(held) {
            return Some(said);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(code: usize, err_code: u64, description: &str) -> bool {
        let said =
            serde_json::json!({"code": code, "err_code": err_code, "description": description});
        let said = serde_json::from_value(said).expect("an error of the server's");
        matches!(fault(String::new(), &said), Fault::Surroundings(_))
    }

    #[test]
    fn what_the_server_will_say_again_is_refused() {
        for (code, err_code, description) in [
            (400, 10065, "subjects overlap with an existing stream"),
            (400, 10027, "maximum number of streams reached"),
            (
                500,
                10074,
                "replicas > 1 not supported in non-clustered mode",
            ),
            (400, 10005, "no suitable peers for placement"),
        ] {
            assert!(!passes(code, err_code, description), "{description}");
        }
        for (code, err_code, description) in [
            (503, 10008, "JetStream system temporarily unavailable"),
            (500, 10009, "JetStream cluster can't handle request"),
            (429, 10167, "too many requests"),
            (400, 10005, "no suitable peers for placement, peer offline"),
        ] {
            assert!(passes(code, err_code, description), "{description}");
        }
    }

    #[test]
    fn time_that_is_over_is_said_once() {
        let long = "no answer: request error: timed out: request timed out: deadline has elapsed";
        assert_eq!(short(long), "no answer: request error: timed out");
        assert_eq!(short("no"), "no");
    }
}
