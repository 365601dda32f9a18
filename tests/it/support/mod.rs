//! What several test modules need: invented copy, and a real server to send it through.

pub mod ledger;
pub mod server;
pub mod stories;
