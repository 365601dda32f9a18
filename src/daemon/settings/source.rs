//! Layers of settings → one tree, with the place each value comes from. Reads as far as it can, and
//! collects every fault on the way.

use std::fmt;
use std::path::PathBuf;

use config::{Config, ConfigError, Environment, File, FileFormat, Value, ValueKind};
use serde_path_to_error::Segment;

use super::{DEFAULT, Server, Settings};

/// Where settings come from, each layer above the one before.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub file: Option<PathBuf>,
    /// Variables of the environment; those that do not begin with `COPYTASTER__` are passed over.
    pub environment: Vec<(String, String)>,
    /// `section.key=value`, as given with `--set`.
    pub arguments: Vec<String>,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `section.key`
    pub path: String,
    pub message: String,
    /// The file or the layer that said so; `None` for the defaults.
    pub origin: Option<String>,
}

impl Fault {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault {
            path: path.into(),
            message: message.into(),
            origin: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.origin {
            Some(origin) => write!(f, " (from {origin})"),
            None => Ok(()),
        }
    }
}

/// Every fault of the settings, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            let line_end = if at == 0 { "" } else { "\n" };
            write!(f, "{line_end}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The merged layers.
pub(super) struct Tree {
    root: Value,
    defaults: Value,
    file: Option<PathBuf>,
}

const ENVIRONMENT: &str = "the environment";
const ARGUMENTS: &str = "--set";

impl Tree {
    /// Merges all layers. What cannot be read at all is a fault, and the rest is merged without it.
    pub(super) fn merge(sources: &Sources, faults: &mut Vec<Fault>) -> Tree {
        let defaults = Config::builder()
            .add_source(File::from_str(DEFAULT, FileFormat::Toml))
            .build()
            .expect("the compiled-in defaults are TOML, a test loads them");
        let mut builder = Config::builder().add_source(defaults.clone());
        if let Some(path) = &sources.file {
            let file = File::from(path.as_path()).format(FileFormat::Toml);
            match Config::builder().add_source(file).build() {
                Ok(layer) => builder = builder.add_source(layer),
                Err(error) => faults.push(Fault::new("", error.to_string().trim_end())),
            }
        }
        let variables = sources.environment.iter().cloned().collect();
        let environment = Environment::with_prefix("COPYTASTER")
            .prefix_separator("__")
            .separator("__")
            .source(Some(variables));
        builder = builder.add_source(environment);
        for argument in &sources.arguments {
            let set = argument.split_once('=').and_then(|(key, text)| {
                let value = Value::new(Some(&ARGUMENTS.to_owned()), text.to_owned());
                builder.clone().set_override(key.trim(), value).ok()
            });
            match set {
                Some(more) => builder = more,
                None => faults.push(Fault::new(
                    ARGUMENTS,
                    format!("expected section.key=value, found {:?}", key_of(argument)),
                )),
            }
        }
        let root = match builder.build() {
            Ok(merged) => merged.cache,
            Err(error) => {
                faults.push(Fault::new("", error.to_string()));
                defaults.cache.clone()
            }
        };
        Tree {
            root,
            defaults: defaults.cache,
            file: sources.file.clone(),
        }
    }

    /// Reads the tree. A value that is wrong is a fault and counts as its default from then on, so
    /// that one reading finds all of them. `None` when even the defaults do not help.
    pub(super) fn read(&self, faults: &mut Vec<Fault>) -> Option<Settings> {
        let mut root = self.root.clone();
        // each round mends one value, and nobody reads more faults than this
        for _ in 0..200 {
            let error = match serde_path_to_error::deserialize::<_, Settings>(root.clone()) {
                Ok(settings) => return Some(settings),
                Err(error) => error,
            };
            let keys: Vec<&str> = error
                .path()
                .iter()
                .map_while(|segment| match segment {
                    Segment::Map { key } => Some(key.as_str()),
                    _ => None,
                })
                .collect();
            faults.push(Fault {
                path: keys.join("."),
                message: sentence(error.inner()),
                origin: self.origin(&keys),
            });
            if keys.is_empty() || !mend(&mut root, &self.defaults, &keys) {
                return None;
            }
        }
        None
    }

    /// The file or layer that a value comes from; `None` for a default.
    pub(super) fn origin(&self, keys: &[&str]) -> Option<String> {
        self.named(find(&self.root, keys)?.origin()?)
    }

    /// The file by the name it was given.
    fn named(&self, origin: &str) -> Option<String> {
        match &self.file {
            Some(file) if ![ENVIRONMENT, ARGUMENTS].contains(&origin) => {
                Some(file.display().to_string())
            }
            _ => Some(origin.to_owned()),
        }
    }

    /// Every value as (path, value, origin), sorted by path, secrets not shown.
    pub(super) fn lines(&self) -> Vec<(String, String, Option<String>)> {
        let mut lines = Vec::new();
        walk(&self.root, "", &mut lines);
        for (_, _, origin) in &mut lines {
            *origin = origin.take().and_then(|origin| self.named(&origin));
        }
        lines.sort();
        lines
    }
}

/// Of an argument that may hold a secret, what comes before the value.
fn key_of(argument: &str) -> &str {
    argument.split('=').next().unwrap_or_default()
}

fn find<'v>(root: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().try_fold(root, |value, key| match &value.kind {
        ValueKind::Table(table) => table.get(*key),
        _ => None,
    })
}

/// Puts the default back at a path, or takes the value away where there is none. False when
/// nothing was there to mend.
fn mend(root: &mut Value, defaults: &Value, keys: &[&str]) -> bool {
    let Some((last, above)) = keys.split_last() else {
        return false;
    };
    let mut value = root;
    for key in above {
        let ValueKind::Table(table) = &mut value.kind else {
            return false;
        };
        let Some(next) = table.get_mut(*key) else {
            return false;
        };
        value = next;
    }
    let ValueKind::Table(table) = &mut value.kind else {
        return false;
    };
    match find(defaults, keys) {
        Some(default) => table.insert((*last).to_owned(), default.clone()),
        None => table.remove(*last),
    }
    .is_some()
}

fn sentence(error: &ConfigError) -> String {
    match error {
        ConfigError::Type {
            unexpected,
            expected,
            ..
        } => format!("expected {expected}, found {unexpected}"),
        ConfigError::At { error, .. } => sentence(error),
        error => error.to_string(),
    }
}

fn walk(value: &Value, path: &str, lines: &mut Vec<(String, String, Option<String>)>) {
    let ValueKind::Table(table) = &value.kind else {
        let shown = if path == "nats.servers" {
            servers(value)
        } else if is_secret(path) && !value.to_string().is_empty() {
            "\"[REDACTED]\"".to_owned()
        } else {
            literal(value)
        };
        lines.push((path.to_owned(), shown, value.origin().map(str::to_owned)));
        return;
    };
    for (key, value) in table {
        let key = if key.contains('.') {
            format!("{key:?}")
        } else {
            key.clone()
        };
        let path = if path.is_empty() {
            key
        } else {
            format!("{path}.{key}")
        };
        walk(value, &path, lines);
    }
}

fn is_secret(path: &str) -> bool {
    matches!(path, "nats.nkey" | "nats.token" | "nats.password")
}

fn servers(value: &Value) -> String {
    let texts = match &value.kind {
        ValueKind::Array(items) => items.iter().map(Value::to_string).collect(),
        _ => vec![value.to_string()],
    };
    let servers: Vec<Server> = texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(|text| Server::from(text.trim().to_owned()))
        .collect();
    format!("{servers:?}")
}

fn literal(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        _ => value.to_string(),
    }
}
