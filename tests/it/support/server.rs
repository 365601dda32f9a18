//! A real nats-server of one's own: on a free port of the loopback, gone with the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A folder that goes when the test does.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let number = FOLDERS.fetch_add(1, Relaxed);
        let path =
            std::env::temp_dir().join(format!("copytaster-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The server that tests run: on the path, else where `make` puts it.
pub fn binary() -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .map(|folder| folder.join("nats-server"));
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/nats-server");
    on_path
        .chain([own])
        .find(|candidate| candidate.is_file())
        .expect("no nats-server on the PATH and none in .tools/: run `make setup`, or put nats-server 2.15.1 or later on the PATH")
}

/// A running server.
pub struct Server {
    child: Child,
    pub port: u16,
    config: PathBuf,
    log: PathBuf,
    _scratch: Scratch,
}

impl Server {
    /// With JetStream on disk, and what `more` adds to its configuration.
    pub fn start(more: &str) -> Server {
        let scratch = Scratch::new("nats");
        let store = scratch.0.join("store");
        Server::with(
            scratch,
            &format!("jetstream {{ store_dir: {store:?} }}\n{more}"),
        )
    }

    /// With nothing but `config`.
    pub fn with(scratch: Scratch, config: &str) -> Server {
        let (path, log) = (scratch.0.join("server.conf"), scratch.0.join("server.log"));
        let port = free_port();
        std::fs::write(&path, format!("listen: 127.0.0.1:{port}\n{config}\n")).unwrap();
        let mut server = Server {
            child: spawn(&path, &log),
            port,
            config: path,
            log,
            _scratch: scratch,
        };
        server.wait();
        server
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// As a power cut would, but for what the kernel still holds.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Again on the same port and the same files.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.config, &self.log);
        self.wait();
    }

    fn wait(&mut self) {
        let until = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(
                Instant::now() < until,
                "nats-server did not start:\n{}",
                log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(config: &Path, log: &Path) -> Child {
    Command::new(binary())
        .arg("-c")
        .arg(config)
        .arg("-l")
        .arg(log)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server starts")
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
