//! `copytaster schema`: the public contract as documents, and README's table of metrics.

use std::io::{self, Write as _};

use clap::ValueEnum;
use serde_json::Value;

use crate::daemon::telemetry;
use crate::publish;

/// Prints the public contract: the JSON Schema of events, or the AsyncAPI document of all subjects
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to print
    #[arg(value_enum, default_value_t)]
    what: What,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum What {
    /// JSON Schema (draft 2020-12) of every event
    #[default]
    JsonSchema,
    /// AsyncAPI 3.0: subjects, headers and payloads
    Asyncapi,
    /// The table of metrics, as README has it
    Metrics,
}

/// Needs no settings and no server.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let text = match args.what {
        What::JsonSchema => pretty(&publish::schema()),
        What::Asyncapi => pretty(&publish::asyncapi()),
        What::Metrics => telemetry::table(),
    };
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    super::taste::unless_pipe_is_closed(written.map_err(Into::into))
}

fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}
