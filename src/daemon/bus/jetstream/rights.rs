//! What the server says of this user → what it may not do and has to.

use std::time::Duration;

use async_nats::{Client, Request};
use bytes::Bytes;
use serde::Deserialize;

use super::Config;
use super::setup::{covers, out_subjects, overlaps};

/// Where a user asks what it may do.
const USER_INFO: &str = "$SYS.REQ.USER.INFO";

/// What a user may do. Without rules, everything.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Rights {
    #[serde(default)]
    publish: Rules,
    #[serde(default)]
    subscribe: Rules,
}

#[derive(Debug, Default, Deserialize)]
struct Rules {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<User>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    permissions: Option<Rights>,
}

impl Rights {
    /// # Errors
    /// When the server does not tell, with what would help.
    pub async fn ask(client: &Client, patience: Duration) -> Result<Rights, String> {
        let request = Request::new().timeout(Some(patience)).payload(Bytes::new());
        let answer = client.send_request(USER_INFO, request).await;
        let answer = answer.map_err(|error| {
            format!(
                "the server does not say what this user may do: {error}; let it publish on {USER_INFO} and subscribe to _INBOX.>"
            )
        })?;
        Rights::read(&answer.payload).ok_or_else(|| {
            format!("the server's answer on {USER_INFO} does not say what this user may do")
        })
    }

    fn read(answer: &[u8]) -> Option<Rights> {
        let answer: Answer = serde_json::from_slice(answer).ok()?;
        Some(answer.data?.permissions.unwrap_or_default())
    }

    pub fn may_publish(&self, subject: &str) -> bool {
        self.publish.let_pass(subject)
    }

    /// What `run` needs and this user may not, where the streams `absent` are still to be made.
    pub fn lacking(&self, config: &Config, absent: &[&str]) -> Vec<String> {
        let publish = needs(config, absent);
        let publish = publish
            .iter()
            .filter(|subject| !self.publish.let_pass(subject))
            .map(|subject| format!("this user may not publish on {subject}; allow it"));
        let inbox = "_INBOX.>";
        let subscribe = (!self.subscribe.let_pass(inbox))
            .then(|| format!("this user may not subscribe to {inbox}; allow it"));
        publish.chain(subscribe).collect()
    }
}

impl Rules {
    fn let_pass(&self, subject: &str) -> bool {
        let of = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        let allowed = of(&self.allow);
        // a user who may publish nothing has a deny of everything
        let is_allowed = allowed.is_empty() || allowed.iter().any(|wide| covers(wide, subject));
        is_allowed && !of(&self.deny).iter().any(|deny| overlaps(deny, subject))
    }
}

/// Subjects that `run` publishes on: events, and requests to JetStream.
fn needs(config: &Config, absent: &[&str]) -> Vec<String> {
    let (raw, out) = (&config.raw_stream, &config.out_stream);
    let mut needs = out_subjects(config);
    needs.push(ACCOUNT_INFO.to_owned());
    for stream in [raw, out] {
        needs.push(stream_info(stream));
        needs.push(format!("$JS.API.CONSUMER.CREATE.{stream}"));
        needs.push(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.>"));
    }
    needs.push(format!("$JS.API.STREAM.MSG.GET.{out}"));
    needs.push(format!("$JS.API.STREAM.PURGE.{out}"));
    let create = absent.iter().filter(|_| config.manage_streams);
    needs.extend(create.map(|stream| format!("$JS.API.STREAM.CREATE.{stream}")));
    needs
}

pub(super) const ACCOUNT_INFO: &str = "$JS.API.INFO";
/// Where one asks which streams hold a subject; `run` can do without.
pub(super) const STREAM_NAMES: &str = "$JS.API.STREAM.NAMES";

pub(super) fn stream_info(stream: &str) -> String {
    format!("$JS.API.STREAM.INFO.{stream}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacking(permissions: &str) -> Vec<String> {
        let answer = format!("{{\"server\": {{}}, \"data\": {{\"user\": \"a\", {permissions}}}}}");
        let rights = Rights::read(answer.as_bytes()).expect("an answer");
        rights.lacking(&Config::default(), &[])
    }

    #[test]
    fn a_user_without_rules_may_do_everything() {
        for all in [
            r#""account": "A""#,
            r#""permissions": {}"#,
            r#""permissions": {"publish": {}, "subscribe": {"allow": null}}"#,
            r#""permissions": {"publish": {"allow": [">"]}, "subscribe": {"deny": ["secret.>"]}}"#,
        ] {
            assert_eq!(lacking(all), Vec::<String>::new(), "{all}");
        }
    }

    #[test]
    fn what_is_not_allowed_or_denied_is_lacking() {
        let said = lacking(
            r#""permissions": {"publish": {"allow": ["wire.>", "$JS.>"], "deny": ["wire.dead.panic.any"]}, "subscribe": {"allow": ["wire.>"]}}"#,
        );
        assert_eq!(
            said,
            [
                "this user may not publish on wire.dead.>; allow it",
                "this user may not subscribe to _INBOX.>; allow it",
            ]
        );
        let none = lacking(r#""permissions": {"publish": {"deny": [">"]}}"#);
        assert_eq!(none.len(), 15, "{none:?}");
    }

    #[test]
    fn an_answer_that_is_none_is_not_taken_for_everything() {
        for broken in ["", "{}", "no json", "{\"error\": {\"code\": 503}}"] {
            assert!(Rights::read(broken.as_bytes()).is_none(), "{broken}");
        }
    }
}
