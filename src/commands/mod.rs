//! Arguments → one command each, a file per verb. What did the user say, and how did it end?

pub mod bench;
pub mod dead;
pub mod feed;
mod post;
mod pretty;
pub mod run;
pub mod taste;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{ArgAction, Parser, Subcommand};

use crate::daemon::settings::{self, Faults, Loaded, Settings, Sources};
use crate::daemon::telemetry;
use crate::tag::{Lexicon, Tagger};

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
    Bench(bench::Args),
    Run(run::Args),
    Feed(feed::Args),
    Dead(dead::Args),
    Taste(taste::Args),
}

fn dispatch(command: Command, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let settings = &loaded.settings;
    match command {
        Command::Bench(args) => done(bench::run(&args, settings, tagger(settings)?)),
        Command::Run(args) => done(run::run(&args, settings)),
        Command::Feed(args) => done(feed::run(&args, settings)),
        Command::Dead(args) => done(dead::run(&args, settings)),
        Command::Taste(args) => done(taste::run(&args, settings.pipeline(), tagger(settings)?)),
    }
}

/// Reads the arguments and runs one command. Exits 64 for bad settings before anything starts, and
/// 1 for every other failure.
pub fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let loaded = match settings::load(&sources(&global)) {
        Ok(loaded) => loaded,
        Err(faults) => return refuse(&faults),
    };
    telemetry::log(&loaded.settings.log, verbosity(&global));
    match dispatch(command, &loaded) {
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

/// A tagger with the tables that the settings name.
pub fn tagger(settings: &Settings) -> anyhow::Result<Arc<Tagger>> {
    let lexicon = match &settings.lexicon.folder {
        None => Lexicon::embedded(),
        Some(folder) => lexicon(folder)?,
    };
    Ok(Arc::new(Tagger::new(Arc::new(lexicon))))
}

fn lexicon(folder: &Path) -> anyhow::Result<Lexicon> {
    let unreadable = || format!("cannot read the lexicon folder {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|e| e == "tsv") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name.into_owned(), text));
        }
    }
    files.sort();
    Lexicon::load(&files).map_err(|faults| {
        let fault = |fault: &crate::tag::Fault| settings::Fault {
            path: String::new(),
            message: fault.to_string(),
            origin: None,
        };
        anyhow::Error::new(Faults(faults.iter().map(fault).collect()))
    })
}
