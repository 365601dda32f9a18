//! A file per verb.

pub mod bench;
mod pretty;
pub mod taste;
