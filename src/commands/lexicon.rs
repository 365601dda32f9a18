//! A folder of tables → Lexicon. What is wrong with which line, and has a file changed?

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::daemon::settings::{Fault, Faults, Settings};
use crate::tag::{Lexicon, Tagger};

/// A tagger with the tables that the settings name.
///
/// # Errors
/// `Faults`, every one of every table.
pub fn tagger(settings: &Settings) -> anyhow::Result<Arc<Tagger>> {
    let lexicon = read(settings.lexicon.folder.as_deref())?;
    Ok(Arc::new(Tagger::new(Arc::new(lexicon))))
}

/// The built-in tables, each replaced by the one of the same name in `folder`.
pub fn read(folder: Option<&Path>) -> Result<Lexicon, Faults> {
    let Some(folder) = folder else {
        return Ok(Lexicon::embedded());
    };
    let (mut tables, mut faults) = (Vec::new(), Vec::new());
    let at = |message: String| Fault {
        path: String::new(),
        message,
        origin: Some(folder.display().to_string()),
    };
    match files(folder) {
        Ok(paths) => {
            for path in paths {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                match text(&path) {
                    Ok(text) => tables.push((name.into_owned(), text)),
                    Err(why) => faults.push(at(format!("{name}{why}"))),
                }
            }
        }
        Err(error) => faults.push(at(format!("cannot list the tables: {error}"))),
    }
    let lexicon = Lexicon::load(&tables);
    if let Err(found) = &lexicon {
        faults.extend(found.iter().map(|fault| at(fault.to_string())));
    }
    match lexicon {
        Ok(lexicon) if faults.is_empty() => Ok(lexicon),
        _ => Err(Faults(faults)),
    }
}

/// Tables in a folder, in order of name.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_table = path.extension().is_some_and(|extension| extension == "tsv");
        if is_table || path.file_name().is_some_and(|name| name == "VERSION") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// # Errors
/// What follows the name of the file in a fault: its line where that is known, and why.
fn text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!(": cannot read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        format!(":{line}: is not UTF-8")
    })
}

/// What tells that a table was changed: time and size of each, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Vec<(PathBuf, Option<SystemTime>, u64)>);

impl Marks {
    pub fn of(folder: &Path) -> Marks {
        let mark = |path: PathBuf| {
            let about = std::fs::metadata(&path).ok();
            let changed = about.as_ref().and_then(|about| about.modified().ok());
            (path, changed, about.map_or(0, |about| about.len()))
        };
        Marks(
            files(folder)
                .unwrap_or_default()
                .into_iter()
                .map(mark)
                .collect(),
        )
    }
}
