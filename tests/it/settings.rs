//! Settings: every layer, every fault, no secret.

use std::collections::BTreeMap;
use std::path::PathBuf;

use copytaster::daemon::settings::{DEFAULT, Loaded, Sources, load};
use serde::Deserialize;

use crate::support::matches;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    set: Vec<String>,
    faults: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn written(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("copytaster-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!(
        "{}.toml",
        name.replace(|c: char| !c.is_alphanumeric(), "-")
    ));
    std::fs::write(&path, text).unwrap();
    path
}

fn faults(sources: &Sources) -> Vec<String> {
    match load(sources) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.iter().map(ToString::to_string).collect(),
    }
}

fn sound(sources: &Sources) -> Loaded {
    load(sources).unwrap_or_else(|faults| panic!("{faults}"))
}

fn set(arguments: &[&str]) -> Sources {
    Sources {
        arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
        ..Sources::default()
    }
}

#[test]
fn every_fault_is_told_at_once_with_its_path() {
    let path = root().join("tests/tables/settings.toml");
    let table: Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for case in table.case {
        let sources = Sources {
            file: case.file.as_deref().map(|text| written(&case.name, text)),
            environment: case.env.into_iter().collect(),
            arguments: case.set,
        };
        let (found, wanted) = (faults(&sources), case.faults);
        assert_eq!(found.len(), wanted.len(), "{}: {found:#?}", case.name);
        for (pattern, text) in wanted.iter().zip(&found) {
            assert!(
                matches(pattern, text),
                "{}\n wanted {pattern}\n found  {text}",
                case.name
            );
        }
    }
}

#[test]
fn every_shipped_file_loads() {
    let mut loaded = 0;
    for entry in std::fs::read_dir(root().join("config")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            sound(&Sources {
                file: Some(path),
                ..Sources::default()
            });
            loaded += 1;
        }
    }
    assert!(loaded >= 2, "default.toml and compose.toml are shipped");
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let sources = Sources {
        file: Some(PathBuf::from("/nowhere/copytaster.toml")),
        ..Sources::default()
    };
    let found = faults(&sources);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("/nowhere/copytaster.toml"), "{found:?}");
}

#[test]
fn each_layer_wins_over_the_one_before() {
    let file = written(
        "layers",
        "[nats]\nname = \"file\"\n[streams]\nraw = \"FILE\"\nout = \"FILE_OUT\"\n",
    );
    let loaded = sound(&Sources {
        file: Some(file),
        environment: vec![
            (
                "COPYTASTER__NATS__NAME".to_owned(),
                "environment".to_owned(),
            ),
            (
                "COPYTASTER__STREAMS__RAW".to_owned(),
                "ENVIRONMENT".to_owned(),
            ),
        ],
        arguments: vec!["nats.name=argument".to_owned()],
    });
    assert_eq!(loaded.settings.nats.name, "argument");
    assert_eq!(loaded.settings.streams.raw, "ENVIRONMENT");
    assert_eq!(loaded.settings.streams.out, "FILE_OUT");
    let lines = loaded.lines();
    let origin = |path: &str| lines.iter().find(|l| l.0 == path).unwrap().2.clone();
    assert_eq!(origin("nats.name").as_deref(), Some("--set"));
    assert_eq!(
        origin("streams.raw").as_deref(),
        Some("COPYTASTER__STREAMS__RAW")
    );
    assert!(origin("streams.out").unwrap().ends_with("layers.toml"));
    assert_eq!(origin("run.heartbeat"), None);
}

#[test]
fn the_environment_holds_lists_numbers_and_truths() {
    let pairs = [
        ("COPYTASTER__NATS__SERVERS", "a:4222, tls://b:4222"),
        ("COPYTASTER__STREAMS__REPLICAS", "3"),
        ("COPYTASTER__STREAMS__MANAGE", "false"),
        ("COPYTASTER__NATS__USER", "desk"),
        ("COPYTASTER__NATS__PASSWORD", "123456"),
        ("COPYTASTER__DEDUP__WINDOW", "1h 30m"),
        ("COPYTASTER__ADMIN__LISTEN", ""),
    ];
    let settings = sound(&Sources {
        environment: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
        ..Sources::default()
    })
    .settings;
    assert_eq!(settings.servers(), ["a:4222", "tls://b:4222"]);
    assert_eq!(settings.streams.replicas, 3);
    assert!(!settings.streams.manage);
    assert_eq!(settings.pipeline().dedup.window_seconds, 5400);
    assert_eq!(settings.admin.listen, None);
}

#[test]
fn secrets_never_print() {
    let seed = nkeys::KeyPair::new_user().seed().unwrap();
    let nkey = format!("nats.nkey={seed}");
    for secret in [
        &nkey,
        "nats.token=HUNTER2",
        "nats.password=HUNTER2",
        "nats.servers=nats://me:HUNTER2@host:4222,tls://me:HUNTER2@b:4222",
    ] {
        let mut sources = set(&[secret]);
        if secret.contains("password") {
            sources.arguments.push("nats.user=desk".to_owned());
        }
        let loaded = sound(&sources);
        let printed = format!("{:?}\n{:?}", loaded.settings, loaded.lines());
        for hidden in ["HUNTER2", &seed] {
            assert!(!printed.contains(hidden), "{secret}: {printed}");
        }
        let addresses = loaded.settings.servers().join(" ");
        assert!(!addresses.contains("HUNTER2"), "{addresses}");
        assert!(printed.contains("REDACTED"), "{secret}");
        sources.arguments.push("streams.replicas=none".to_owned());
        sources.arguments.push("nats.name.deeper=x".to_owned());
        let faults = faults(&sources).join("\n");
        assert!(
            !faults.is_empty() && !faults.contains("HUNTER2") && !faults.contains(&seed),
            "{faults}"
        );
    }
}

#[test]
fn the_digest_is_of_what_decisions_depend_on() {
    let digest = |arguments: &[&str]| sound(&set(arguments)).settings.digest();
    let plain = digest(&[]);
    for same in [
        "nats.servers=x:4222",
        "log.level=debug",
        "run.batch_messages=10",
        "streams.replicas=3",
    ] {
        assert_eq!(digest(&[same]), plain, "{same}");
    }
    for other in [
        "dedup.window=71h",
        "dedup.budget_mb=1",
        "limits.max_event_bytes=900000",
        "partition.name=es",
        "partition.subjects=wire.raw.*.es",
        "feeds.efe.zone=Europe/Madrid",
    ] {
        assert_ne!(digest(&[other]), plain, "{other}");
    }
    assert_eq!(
        plain, "1cb0a83174585938",
        "an upgrade must not change it unawares"
    );
}

#[test]
fn the_defaults_document_every_key() {
    let defaults: toml::Table = DEFAULT.parse().unwrap();
    let mut above = "";
    for line in DEFAULT.lines() {
        if line.starts_with('[') {
            let section = line.trim_matches(['[', ']']);
            assert!(
                section
                    .split('.')
                    .try_fold(&defaults, |t, k| t.get(k)?.as_table())
                    .is_some()
            );
        }
        let first_of_its_group = !line.is_empty() && !line.starts_with('#') && above.is_empty();
        assert!(
            !first_of_its_group || line.starts_with('['),
            "not explained: {line}"
        );
        above = line;
    }
    let paths = sound(&Sources::default()).lines().len();
    let keys = DEFAULT
        .lines()
        .filter(|l| !l.starts_with('#') && l.contains(" = "))
        .count();
    assert_eq!(paths, keys);
}
