//! What several test modules need: invented copy, and a real server to send it through.

pub mod server;
pub mod stories;
