//! House rules as tests: who may import whom, what the core must not know, how long things may be.

use std::fs;
use std::path::{Path, PathBuf};

const CORE: [&str; 7] = [
    "story",
    "parse",
    "normalize",
    "dedup",
    "tag",
    "publish",
    "pipeline",
];

/// Room → rooms that it may name.
const IMPORTS: [(&str, &[&str]); 11] = [
    ("story", &[]),
    ("parse", &["story"]),
    ("normalize", &["story"]),
    ("dedup", &["story"]),
    ("tag", &["story"]),
    ("publish", &["story"]),
    (
        "pipeline",
        &["story", "parse", "normalize", "dedup", "tag", "publish"],
    ),
    ("daemon", &["story", "dedup", "tag", "publish", "pipeline"]),
    (
        "commands",
        &[
            "story",
            "parse",
            "normalize",
            "dedup",
            "tag",
            "publish",
            "pipeline",
            "daemon",
        ],
    ),
    ("main", &["commands"]),
    ("lib", &[]),
];

/// What the core does not know, and why.
const WINDOWS: [(&str, &str); 21] = [
    ("SystemTime", "time comes with the message"),
    ("std::time::Instant", "time comes with the message"),
    ("Instant::now", "time comes with the message"),
    ("Timestamp::now", "time comes with the message"),
    ("Zoned::now", "time comes with the message"),
    ("std::fs", "files are read in daemon and commands"),
    ("std::env", "the environment is an argument"),
    ("std::net", "the network is behind the bus"),
    ("std::process", "the core never ends the process"),
    (
        "std::thread",
        "threads come from the caller, or from rayon in pipeline",
    ),
    (
        "collections::HashMap",
        "its order is random: BTreeMap, Vec or hashbrown with a fixed hasher",
    ),
    (
        "collections::HashSet",
        "its order is random: BTreeSet, Vec or hashbrown with a fixed hasher",
    ),
    ("RandomState", "no random seed in a decision"),
    (
        "tracing::",
        "the core returns what it decided, daemon logs it",
    ),
    ("metrics::", "counted at the doors"),
    ("println!", "the core returns, it does not print"),
    ("eprintln!", "the core returns, it does not print"),
    ("tokio", "the core knows no runtime"),
    ("async_nats", "the core knows no broker"),
    ("async fn", "the core waits for nothing"),
    ("Mutex", "one owner, no locks"),
];

/// Lines of code in a file, tests and comments not counted; exceptions carry their reason.
const MOST_LINES: usize = 500;
const LONG_FILES: [(&str, usize); 2] = [
    // every noun that passes between rooms, on one page
    ("src/story.rs", 750),
    // one lexer, one table of foldings
    ("src/story/tokens.rs", 520),
];

/// Lines of a function that still fits one screen, and the share of functions that must.
const SCREEN: usize = 70;
const SHARE_ON_ONE_SCREEN: f64 = 0.98;

struct Source {
    /// Relative to the package, with `/`.
    path: String,
    /// Line by line without comments and without the tests at its end.
    code: Vec<String>,
}

impl Source {
    fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        inside
            .split(['/', '.'])
            .next()
            .expect("split yields at least one part")
    }

    /// How many `super::` lead from this file's module to the crate.
    fn depth(&self) -> usize {
        let parts = self.path.trim_start_matches("src/").split('/').count();
        parts - usize::from(self.path.ends_with("/mod.rs"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if matches!(&*name, "target" | ".git" | ".tools" | "__pycache__") {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .expect("found below the package")
        .to_string_lossy()
        .replace('\\', "/")
}

/// Code lines of a file: comments blanked, and all from the first `#[cfg(test)]` on cut.
fn code(text: &str) -> Vec<String> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .map(|line| {
            let comment = if line.trim_start().starts_with("//") {
                Some(0)
            } else {
                line.find(" // ")
            };
            line[..comment.unwrap_or(line.len())].to_owned()
        })
        .collect()
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .filter(|path| path.file_name().is_some_and(|n| n != "tests.rs"))
        .map(|path| Source {
            path: relative(path),
            code: code(&fs::read_to_string(path).expect("sources are UTF-8")),
        })
        .collect()
}

/// The rooms named after `crate::`, one or a group in braces, with their lines from 1.
fn rooms_named(code: &[String], root: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for (at, line) in code.iter().enumerate() {
        for (start, _) in line.match_indices(root) {
            let before = line[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            let rest = [&line[start + root.len()..]]
                .into_iter()
                .chain(code[at + 1..].iter().map(String::as_str))
                .take(60)
                .collect::<Vec<_>>()
                .join("\n");
            named.extend(heads(&rest).into_iter().map(|room| (at + 1, room)));
        }
    }
    named
}

/// First words of a path, or of each path of a group in braces.
fn heads(rest: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut depth = 1;
    let mut heads = vec![word(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(word(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn none(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut breaches = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
            breaches.push(format!("{}: the table knows no room `{room}`", source.path));
            continue;
        };
        let crate_name = if room == "main" {
            "copytaster::"
        } else {
            "crate::"
        };
        for (line, named) in rooms_named(&source.code, crate_name) {
            let is_room = IMPORTS.iter().any(|(name, _)| *name == named);
            if is_room && named != room && !allowed.contains(&named.as_str()) {
                breaches.push(format!("{}:{line}: {room} imports {named}", source.path));
            }
        }
        let climb = "super::".repeat(source.depth());
        for (at, line) in source.code.iter().enumerate() {
            if !matches!(room, "lib" | "main")
                && line.contains(&climb)
                && !line.contains("super::*")
            {
                breaches.push(format!(
                    "{}:{}: name other rooms by `crate::`",
                    source.path,
                    at + 1
                ));
            }
        }
    }
    none(breaches);
}

#[test]
fn groups_and_paths_are_both_seen() {
    let code: Vec<String> = [
        "use crate::{",
        "    dedup::{self, Window},",
        "    story,",
        "};",
        "fn f(x: crate::tag::Tagger) {}",
    ]
    .map(str::to_owned)
    .to_vec();
    let rooms: Vec<String> = rooms_named(&code, "crate::")
        .into_iter()
        .map(|(_, room)| room)
        .collect();
    assert_eq!(rooms, ["dedup", "story", "tag"]);
}

#[test]
fn the_core_has_no_windows() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|s| CORE.contains(&s.room())) {
        for (at, line) in source.code.iter().enumerate() {
            for (word, why) in WINDOWS {
                if line.contains(word) {
                    breaches.push(format!("{}:{}: {word}: {why}", source.path, at + 1));
                }
            }
            if line.contains("rayon") && source.room() != "pipeline" {
                breaches.push(format!(
                    "{}:{}: rayon belongs to pipeline",
                    source.path,
                    at + 1
                ));
            }
        }
    }
    none(breaches);
}

#[test]
fn metric_names_live_in_one_file() {
    let literal = concat!("\"copytaster", "_");
    let mut breaches = Vec::new();
    for source in sources() {
        for (at, line) in source.code.iter().enumerate() {
            if line.contains(literal) && source.path != "src/daemon/telemetry.rs" {
                breaches.push(format!(
                    "{}:{}: metric names live in telemetry.rs",
                    source.path,
                    at + 1
                ));
            }
        }
    }
    none(breaches);
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (at, line) in source.code.iter().enumerate() {
            if line.contains(".unwrap()") {
                breaches.push(format!(
                    "{}:{}: `expect` states the reason",
                    source.path,
                    at + 1
                ));
            }
        }
    }
    none(breaches);
}

#[test]
fn modules_open_with_their_question() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|source| {
            let text = fs::read_to_string(root().join(&source.path)).expect("read before");
            !text.starts_with("//! ")
        })
        .map(|source| {
            format!(
                "{}: opens without `//! what comes in, what goes out`",
                source.path
            )
        })
        .collect();
    none(silent);
}

#[test]
fn no_test_is_an_orphan() {
    let folder = root().join("tests");
    let (mut paths, mut text) = (Vec::new(), String::new());
    walk(&folder, &mut paths);
    let is_code = |path: &Path| path.extension().is_some_and(|e| e == "rs");
    for path in paths.iter().filter(|path| is_code(path)) {
        text.push_str(&fs::read_to_string(path).expect("sources are UTF-8"));
    }
    let orphans = paths.iter().filter(|path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_joined = match path.parent() {
            Some(above) if above.ends_with("tables") => text.contains(&format!("{stem}.toml")),
            _ if is_code(path) && stem != "main" && stem != "mod" => {
                text.contains(&format!("mod {stem};"))
            }
            _ => true,
        };
        !is_joined
    });
    none(
        orphans
            .map(|path| format!("{}: no test reads it", relative(path)))
            .collect(),
    );
}

#[test]
fn files_stay_short() {
    let mut breaches = Vec::new();
    for source in sources() {
        let lines = source.code.iter().filter(|l| !l.trim().is_empty()).count();
        let most = LONG_FILES
            .iter()
            .find(|(path, _)| *path == source.path)
            .map_or(MOST_LINES, |(_, most)| *most);
        if lines > most {
            breaches.push(format!(
                "{}: {lines} lines of code, at most {most}",
                source.path
            ));
        }
    }
    none(breaches);
}

#[test]
fn functions_fit_one_screen() {
    let mut total = 0_usize;
    let mut long = Vec::new();
    for source in sources() {
        for (at, length) in functions(&source.code) {
            total += 1;
            if length > SCREEN {
                long.push(format!(
                    "{}:{at}: a function of {length} lines",
                    source.path
                ));
            }
        }
    }
    assert!(total > 0, "no function was found");
    let share = 1.0 - long.len() as f64 / total as f64;
    assert!(
        share >= SHARE_ON_ONE_SCREEN,
        "{share:.3} of {total} functions fit {SCREEN} lines, wanted {SHARE_ON_ONE_SCREEN}\n{}",
        long.join("\n")
    );
}

/// Where each function begins, from 1, and how many lines it has; rustfmt sets the closing brace
/// below the first letter of its line.
fn functions(code: &[String]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, line) in code.iter().enumerate() {
        let inside = line.trim_start();
        let words = inside.split('(').next().unwrap_or_default();
        if !words.split_whitespace().any(|w| w == "fn") || words.contains('"') {
            continue;
        }
        let indent = line.len() - inside.len();
        let end = format!("{}}}", " ".repeat(indent));
        let length = match code[at..].iter().position(|l| *l == end) {
            Some(length) if !line.ends_with(['}', ';']) => length + 1,
            _ => 1,
        };
        found.push((at + 1, length));
    }
    found
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let unfinished = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[ig", "nore]"),
    ];
    let places = [
        concat!("/wo", "rk/"),
        concat!("/opt/", "nats"),
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("registry.", "npmjs"),
        concat!("deb.", "debian.org"),
    ];
    let corpus = concat!("../sha", "red");
    let mut paths = Vec::new();
    walk(&root(), &mut paths);
    let mut breaches = Vec::new();
    for path in paths {
        let name = relative(&path);
        // written by cargo; tables and wire copy are data, not speech
        if name.ends_with("Cargo.lock")
            || name.starts_with("config/lexicon/")
            || name.starts_with("tests/golden/")
        {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            for word in unfinished.iter().chain(&places) {
                if line.contains(word) {
                    breaches.push(format!("{name}:{}: {word}", at + 1));
                }
            }
            if line.contains(corpus) && !line.contains("COPYTASTER_CORPUS") {
                breaches.push(format!(
                    "{name}:{}: only the default of COPYTASTER_CORPUS names {corpus}",
                    at + 1
                ));
            }
        }
    }
    none(breaches);
}
