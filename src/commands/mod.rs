//! Arguments → one command each, a file per verb. What did the user say, and how did it end?

pub mod bench;
pub mod check;
pub mod dead;
pub mod feed;
mod lexicon;
mod post;
mod pretty;
pub mod run;
pub mod schema;
pub mod taste;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};

use crate::daemon::settings::{self, Faults, Settings, Sources};
use crate::daemon::telemetry;

/// Bad settings, as sysexits.h has it for a wrong command line.
const EXIT_USAGE: u8 = 64;

#[derive(Parser, Debug)]
#[command(name = "copytaster", version = telemetry::VERSION, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Args, Debug)]
struct Global {
    /// Settings that differ from the defaults, as TOML
    #[arg(long, global = true, env = "COPYTASTER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, above file and environment; may be repeated
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Log more: -v debug, -vv trace
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Log less: -q warnings, -qq errors
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    quiet: u8,
}

/// Each command is a line here and a line in `dispatch`.
#[derive(Subcommand, Debug)]
enum Command {
    Run(run::Args),
    Taste(taste::Args),
    Feed(feed::Args),
    Check(check::Args),
    Bench(bench::Args),
    Dead(dead::Args),
    Schema(schema::Args),
}

fn dispatch(command: Command, global: &Global) -> anyhow::Result<ExitCode> {
    let settings = || settings(global);
    match command {
        Command::Run(args) => done(run::run(&args, &settings()?)),
        Command::Taste(args) => {
            let settings = settings()?;
            let tagger = lexicon::tagger(&settings)?;
            done(taste::run(&args, settings.pipeline(), tagger))
        }
        Command::Feed(args) => done(feed::run(&args, &settings()?)),
        Command::Check(args) => check::run(&args, &sources(global)),
        Command::Bench(args) => {
            let settings = settings()?;
            let tagger = lexicon::tagger(&settings)?;
            done(bench::run(&args, &settings, tagger))
        }
        Command::Dead(args) => done(dead::run(&args, &settings()?)),
        Command::Schema(args) => done(schema::run(&args)),
    }
}

/// Reads the arguments and runs one command. Exits 64 for bad settings before anything starts, and
/// 1 for every other failure.
pub fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    match dispatch(command, &global) {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<Faults>() {
            Some(faults) => refuse(faults),
            None => {
                eprintln!("copytaster: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

/// Sound settings, with logging as they want it.
fn settings(global: &Global) -> Result<Settings, Faults> {
    let settings = settings::load(&sources(global))?.settings;
    telemetry::log(&settings.log, verbosity(global));
    Ok(settings)
}

fn refuse(faults: &Faults) -> ExitCode {
    eprintln!("{faults}");
    ExitCode::from(EXIT_USAGE)
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

fn sources(global: &Global) -> Sources {
    Sources {
        file: global.config.clone(),
        environment: std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        arguments: global.set.clone(),
    }
}

fn verbosity(global: &Global) -> i8 {
    let count = |n: u8| i8::try_from(n).unwrap_or(i8::MAX);
    count(global.verbose) - count(global.quiet)
}
