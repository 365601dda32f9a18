//! A file per verb.

mod pretty;
pub mod taste;
