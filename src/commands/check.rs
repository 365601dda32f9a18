//! `copytaster check`: settings, lexicon and, if asked, the server → every fault at once, each with its place.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::daemon::bus::jetstream;
use crate::daemon::settings::{self, Fault, Inspected, Loaded, Settings, Sources};

/// Reports every fault of settings and lexicon with its place; exit 0, or 64 when there is one
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print every setting that holds and where it comes from; secrets are not shown
    #[arg(long)]
    print: bool,
    /// Ask the server too: version, JetStream, streams, permissions. Changes nothing there
    #[arg(long)]
    live: bool,
}

/// Faults go to standard error, a line each; what is sound goes to standard output.
pub fn run(args: &Args, sources: &Sources) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let Inspected { loaded, faults } = settings::inspect(sources);
    let mut said: Vec<String> = faults.iter().map(Fault::to_string).collect();
    if let Some(loaded) = loaded.as_ref().filter(|_| faults.is_empty()) {
        if args.print {
            print(loaded, &mut out)?;
        }
        writeln!(out, "settings are sound")?;
    }
    if !faults.iter().any(|fault| fault.path == "lexicon.folder") {
        let folder = loaded
            .as_ref()
            .and_then(|l| l.settings.lexicon.folder.as_deref());
        match super::lexicon::read(folder) {
            Ok(lexicon) => writeln!(out, "lexicon {} is sound", lexicon.version())?,
            Err(faults) => said.extend(faults.0.iter().map(Fault::to_string)),
        }
    }
    match loaded.filter(|_| faults.is_empty()) {
        Some(loaded) if args.live => {
            let survey = survey(&loaded.settings)?;
            for line in &survey.sound {
                writeln!(out, "{line}")?;
            }
            said.extend(survey.faults);
        }
        None if args.live => {
            said.push("the server was not asked: mend the settings first".to_owned())
        }
        _ => {}
    }
    out.flush()?;
    if said.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}", said.join("\n"));
    Ok(ExitCode::from(super::EXIT_USAGE))
}

/// A line a setting, as TOML, with the file or layer that it comes from.
fn print(loaded: &Loaded, out: &mut impl io::Write) -> io::Result<()> {
    for (path, value, origin) in loaded.lines() {
        let origin = origin.as_deref().unwrap_or("the defaults");
        writeln!(out, "{path} = {value}  # {origin}")?;
    }
    Ok(())
}

fn survey(settings: &Settings) -> anyhow::Result<jetstream::Survey> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    Ok(runtime.block_on(async {
        match settings.jetstream().await {
            Ok(config) => jetstream::survey(&config).await,
            Err(error) => jetstream::Survey {
                faults: vec![format!("{error:#}")],
                ..jetstream::Survey::default()
            },
        }
    }))
}
