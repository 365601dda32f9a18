//! The server as it is → everything that is not as `run` needs it, at once. Changes nothing there.

use async_nats::Client;
use async_nats::jetstream::Context;
use async_nats::jetstream::stream;

use super::Config;
use super::rights::{ACCOUNT_INFO, Rights, STREAM_NAMES, stream_info};
use super::setup;

/// What was found, one sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// What is as it must be.
    pub sound: Vec<String>,
    pub faults: Vec<String>,
}

/// Looks at server, account, streams and permissions, by questions alone.
pub async fn survey(config: &Config) -> Survey {
    let mut survey = Survey::default();
    match setup::connect(config).await {
        Ok(client) => survey.look(config, &client).await,
        Err(fault) => survey.faults.push(fault.to_string()),
    }
    survey
}

impl Survey {
    async fn look(&mut self, config: &Config, client: &Client) {
        let info = client.server_info();
        let unfit = setup::unfit(config, client);
        if unfit.is_empty() {
            self.sound.push(format!(
                "server {} has version {} and JetStream, and takes {} bytes",
                info.server_name, info.version, info.max_payload
            ));
        }
        self.faults.extend(unfit);
        let rights = match Rights::ask(client, config.request_timeout).await {
            Ok(rights) => Some(rights),
            Err(said) => {
                self.faults.push(said);
                None
            }
        };
        // what may not be asked gets no answer; that it may not is said below
        let may = |subject: &str| rights.as_ref().is_none_or(|r| r.may_publish(subject));
        let context = setup::context(config, client);
        let mut absent = Vec::new();
        if info.jetstream && may(ACCOUNT_INFO) {
            let account = setup::account(&context).await;
            let is_there = account.is_ok();
            self.faults
                .extend(account.err().map(|fault| fault.to_string()));
            let streams: [(stream::Config, Verify); 2] = [
                (setup::raw_stream(config), setup::verify_raw),
                (setup::out_stream(config), setup::verify_out),
            ];
            for (wanted, verify) in streams {
                if !is_there || !may(&stream_info(&wanted.name)) {
                    continue;
                }
                if !self.stream(config, &context, &wanted.name, verify).await {
                    if config.manage_streams {
                        let found = match may(STREAM_NAMES) {
                            true => setup::obstacles(config, client, &context, &wanted).await,
                            false => Vec::new(),
                        };
                        self.absence(&wanted.name, found);
                    }
                    absent.push(wanted.name);
                }
            }
        }
        if let Some(rights) = rights {
            let absent: Vec<&str> = absent.iter().map(String::as_str).collect();
            let lacking = rights.lacking(config, &absent);
            if lacking.is_empty() {
                self.sound.push("permissions suffice".to_owned());
            }
            self.faults.extend(lacking);
        }
    }

    /// What is said of a stream that is still to be made.
    fn absence(&mut self, name: &str, obstacles: Vec<String>) {
        if obstacles.is_empty() {
            self.sound.push(format!(
                "stream {name} does not exist; `copytaster run` creates it"
            ));
        }
        self.faults.extend(obstacles);
    }

    /// Whether there is such a stream.
    async fn stream(
        &mut self,
        config: &Config,
        context: &Context,
        name: &str,
        verify: Verify,
    ) -> bool {
        match setup::find(context, name).await {
            Ok(Some(found)) => {
                let drift = verify(&found, config);
                if drift.is_empty() {
                    self.sound.push(format!("stream {name} is as it must be"));
                }
                self.faults.extend(drift);
            }
            Ok(None) => {
                if !config.manage_streams {
                    self.faults.push(setup::missing(name));
                }
                return false;
            }
            Err(fault) => self.faults.push(fault.to_string()),
        }
        true
    }
}

type Verify = fn(&stream::Config, &Config) -> Vec<String>;
