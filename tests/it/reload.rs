//! Tables change under the daemon at work: from the next batch on it decides by the new ones, or by the old ones if they are faulty.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use async_nats::jetstream;
use copytaster::tag::Lexicon;
use serde_json::Value;

use crate::admin::{get, publish, wait};
use crate::support::server::{Scratch, Server, free_port};
use crate::support::stories::Desk;

struct Daemon {
    child: Child,
    port: u16,
    log: std::path::PathBuf,
}

impl Daemon {
    fn start(server: &Server, scratch: &Scratch, tables: &Path) -> Daemon {
        let (port, log) = (free_port(), scratch.0.join("log"));
        let child = Command::new(env!("CARGO_BIN_EXE_copytaster"))
            .arg("run")
            .args(["--set", &format!("nats.servers={}", server.url())])
            .args(["--set", &format!("admin.listen=127.0.0.1:{port}")])
            .args(["--set", &format!("lexicon.folder={}", tables.display())])
            .stderr(std::fs::File::create(&log).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Daemon { child, port, log };
        wait("the daemon is ready", || {
            get(port, "/readyz").filter(|(status, _)| *status == 200)
        });
        daemon
    }

    /// Waits until the metrics name this version.
    fn uses(&self, version: &str) {
        let line = format!("copytaster_lexicon_info{{version=\"{version}\"}} 1");
        wait(&line, || {
            let (_, metrics) = get(self.port, "/metrics")?;
            metrics.lines().any(|found| found == line).then_some(())
        });
    }

    fn says(&self, part: &str) {
        wait(part, || {
            let log = std::fs::read_to_string(&self.log).unwrap();
            assert!(!log.contains('\x1b'), "a file has no colours: {log:?}");
            log.contains(part).then_some(())
        });
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The version that the event of message `number` names.
fn version_of(server: &Server, number: u64) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let look = || {
        runtime.block_on(async {
            let context = jetstream::new(async_nats::connect(server.url()).await.ok()?);
            let stream = context.get_stream("WIRE").await.ok()?;
            let last = stream.cached_info().state.last_sequence;
            for sequence in 1..=last {
                let Ok(message) = stream.get_raw_message(sequence).await else {
                    continue;
                };
                let is_story = message.subject.starts_with("wire.story.");
                let event: Value = serde_json::from_slice(&message.payload).unwrap_or_default();
                if is_story && event["wire"]["raw"]["sequence"] == number {
                    return event["wire"]["lexicon"].as_str().map(str::to_owned);
                }
            }
            None
        })
    };
    wait("an event", look)
}

/// A table with one word of its own, always of the same length.
fn table(word: &str) -> String {
    format!("# country\tlanguage\tforms\nCN\ten\t{word}\n")
}

fn version(table: &str) -> String {
    let files = [("demonyms.tsv".to_owned(), table.to_owned())];
    Lexicon::load(&files).unwrap().version().to_owned()
}

#[test]
fn tables_that_changed_are_read_and_faulty_ones_change_nothing() {
    let (server, scratch) = (Server::start(""), Scratch::new("reload"));
    let tables = scratch.0.join("lexicon");
    std::fs::create_dir_all(&tables).unwrap();
    let path = tables.join("demonyms.tsv");
    // another name first: a reader never sees half a table
    let put = |text: &str, time: SystemTime| {
        let aside = scratch.0.join("aside");
        std::fs::write(&aside, text).unwrap();
        let file = std::fs::File::options().write(true).open(&aside).unwrap();
        file.set_modified(time).unwrap();
        std::fs::rename(&aside, &path).unwrap();
    };
    let mut desk = Desk::new(11);
    let mut said = 0;
    let mut story = || {
        let copy = desk.plain();
        publish(&server.url(), &[("wire.raw.efe.en", &copy.body)]);
        said += 1;
        version_of(&server, said)
    };

    let daemon = Daemon::start(&server, &scratch, &tables);
    let built_in = Lexicon::embedded().version().to_owned();
    daemon.uses(&built_in);
    assert_eq!(story(), built_in);

    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let first = table("Sinic");
    put(&first, noon);
    daemon.uses(&version(&first));
    assert_eq!(story(), version(&first));

    put(
        "# country\tlanguage\tforms\nCN\tqq\tx\nKEN\ten\tx\n",
        noon + Duration::from_secs(1),
    );
    daemon.says("demonyms.tsv:3: unknown country \"KEN\"");
    daemon.says("demonyms.tsv:2: unknown language \"qq\"");
    daemon.says("the lexicon stays as it was");
    assert_eq!(story(), version(&first));

    let second = table("Hanic");
    put(&second, noon + Duration::from_secs(2));
    daemon.uses(&version(&second));

    // nothing to see from outside: same size, same time
    let third = table("Seric");
    put(&third, noon + Duration::from_secs(2));
    std::thread::sleep(Duration::from_secs(3));
    daemon.uses(&version(&second));
    let pid = daemon.child.id().to_string();
    Command::new("kill").args(["-HUP", &pid]).status().unwrap();
    daemon.uses(&version(&third));
    assert_eq!(story(), version(&third));
}
