//! What several test modules need: invented copy, and a real server to send it through.

pub mod blank;
pub mod ledger;
pub mod server;
pub mod stories;

/// Where third-party text for measuring lies, if it is there.
pub fn corpus() -> std::path::PathBuf {
    let given = std::env::var_os("COPYTASTER_CORPUS").map(std::path::PathBuf::from);
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    given.unwrap_or_else(|| own.join("../shared")) // COPYTASTER_CORPUS
}

/// How many cases a property is tried with: `n` in `make test`, more in `make properties`.
pub fn cases(n: u32) -> proptest::test_runner::Config {
    let times = std::env::var("COPYTASTER_PROPERTY_TIMES").ok();
    let times: u32 = times.and_then(|times| times.parse().ok()).unwrap_or(1);
    proptest::test_runner::Config::with_cases(n * times)
}

/// `…` stands for anything.
pub fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('…').collect();
    let mut rest = text;
    for (at, part) in parts.iter().enumerate() {
        let found = if at == 0 {
            rest.starts_with(part).then_some(0)
        } else if at + 1 == parts.len() {
            rest.ends_with(part).then(|| rest.len() - part.len())
        } else {
            rest.find(part)
        };
        match found {
            Some(start) => rest = &rest[start + part.len()..],
            None => return false,
        }
    }
    parts.len() > 1 || rest.is_empty()
}
