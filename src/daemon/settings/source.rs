//! Layers of settings → one tree, with the place each value comes from. Reads as far as it can, and
//! collects every fault on the way.

use std::collections::BTreeMap;
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
    /// Names of our variables.
    variables: Vec<String>,
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
            variables: sources.environment.iter().map(|v| v.0.clone()).collect(),
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

    /// The file, variable or layer that a value comes from, or the first value of a section; `None` for a default.
    pub(super) fn origin(&self, keys: &[&str]) -> Option<String> {
        let (below, value) = said(find(&self.root, keys)?)?;
        self.named(value, &[keys.join("."), below].join("."))
    }

    /// The file by the name it was given, the environment by the variable.
    fn named(&self, origin: &str, path: &str) -> Option<String> {
        let name = match &self.file {
            _ if origin == ENVIRONMENT => {
                let wanted = format!("copytaster.{}", path.trim_end_matches('.'));
                let is = |name: &&String| name.to_lowercase().replace("__", ".") == wanted;
                let variable = self.variables.iter().find(is);
                variable.map_or_else(|| origin.to_owned(), String::clone)
            }
            Some(file) if origin != ARGUMENTS => file.display().to_string(),
            _ => origin.to_owned(),
        };
        Some(name)
    }

    /// Every value as (path, value, origin), sorted by path, secrets not shown.
    pub(super) fn lines(&self) -> Vec<(String, String, Option<String>)> {
        let mut lines = Vec::new();
        walk(&self.root, "", &mut lines);
        for (path, _, origin) in &mut lines {
            *origin = origin.take().and_then(|origin| self.named(&origin, path));
        }
        lines.sort();
        lines
    }
}

/// Puts faults into the order of `config/default.toml`: those of whole layers first, unknown keys at the end of their
/// section, and what has one path as it was found.
pub(super) fn sort(faults: &mut [Fault]) {
    let (mut places, mut section) = (BTreeMap::new(), String::new());
    for (at, line) in DEFAULT.lines().enumerate() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.to_owned();
            places.insert(section.clone(), at);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            places.insert(format!("{section}.{key}"), at);
        }
    }
    let place = |path: &str| {
        let section = std::iter::successors(Some(path), |path| Some(path.rsplit_once('.')?.0))
            .skip(usize::from(places.contains_key(path) && path.contains('.')))
            .find_map(|above| places.get(above));
        let is_layer = path.is_empty() || path == ARGUMENTS;
        let last = if is_layer { 0 } else { usize::MAX };
        let key = places.get(path).copied().unwrap_or(usize::MAX);
        (section.copied().unwrap_or(last), key)
    };
    faults.sort_by_cached_key(|fault| {
        let (section, key) = place(&fault.path);
        (section, key, fault.path.clone())
    });
}

/// The origin of a value, or of the first below it, with the path to that.
fn said(value: &Value) -> Option<(String, &str)> {
    let ValueKind::Table(table) = &value.kind else {
        return Some((String::new(), value.origin()?));
    };
    let mut keys: Vec<&String> = table.keys().collect();
    keys.sort();
    keys.into_iter().find_map(|key| {
        let (below, origin) = said(&table[key])?;
        Some((format!("{key}.{below}"), origin))
    })
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
        } => {
            let found = unexpected.to_string();
            let found = match found.split_once('`') {
                Some((_, number)) => number.trim_end_matches('`'),
                None => found.strip_prefix("string ").unwrap_or(&found),
            };
            match *expected {
                "an integer" => format!("{found} is no whole number of 0 or more"),
                "an unsigned 64 bit or less integer" | "an unsigned 8 bit integer" => {
                    format!("{found} is below 0 or too large")
                }
                "a boolean" => format!("{found} is neither true nor false"),
                expected => format!("expected {expected}, found {found}"),
            }
        }
        ConfigError::At { error, .. } => sentence(error),
        error => plainly(&error.to_string()),
    }
}

/// Without the names that our types have.
fn plainly(said: &str) -> String {
    match said.split_once(", expected struct ") {
        Some((found, _)) => {
            let found = found.trim_start_matches("invalid type: ");
            let found = found.trim_start_matches("string ");
            format!("expected a section with keys, found {found}")
        }
        None => said.to_owned(),
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
