//! The bus on NATS JetStream: an ordered reader without acks, and fenced atomic batches.

use std::time::Duration;

use async_nats::ConnectOptions;

/// Where streams keep their messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    #[default]
    File,
    Memory,
}

/// Which server, which streams, which partition.
#[derive(Clone, Debug)]
pub struct Config {
    /// `nats://host:port`, several for a cluster.
    pub servers: Vec<String>,
    /// Name, credentials and TLS, ready made.
    pub options: ConnectOptions,
    /// First token of every subject.
    pub prefix: String,
    pub raw_stream: String,
    /// Subjects of this partition; those of the whole raw stream where it is the only one.
    pub raw_subjects: Vec<String>,
    pub out_stream: String,
    /// Slug of the partition.
    pub partition: String,
    /// Create the streams where they are missing.
    pub manage_streams: bool,
    /// Of created streams.
    pub replicas: usize,
    pub storage: Storage,
    /// How long created streams keep messages; zero for ever.
    pub raw_max_age: Duration,
    pub out_max_age: Duration,
    /// What the memory spans: the out stream must keep as much.
    pub window: Duration,
    /// Bytes of the largest record, headers included.
    pub max_event_bytes: usize,
    /// How long one request to the server may take.
    pub request_timeout: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            servers: vec!["nats://127.0.0.1:4222".to_owned()],
            options: ConnectOptions::new(),
            prefix: "wire".to_owned(),
            raw_stream: "WIRE_RAW".to_owned(),
            raw_subjects: vec!["wire.raw.>".to_owned()],
            out_stream: "WIRE".to_owned(),
            partition: "main".to_owned(),
            manage_streams: true,
            replicas: 1,
            storage: Storage::File,
            raw_max_age: Duration::from_secs(7 * 86_400),
            out_max_age: Duration::from_secs(30 * 86_400),
            window: Duration::from_secs(72 * 3600),
            max_event_bytes: 1_000_000,
            request_timeout: Duration::from_secs(5),
        }
    }
}
