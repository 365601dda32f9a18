//! One binary of tests against the public face of the house; one module per question, sorted.

mod dedup;
mod settings;
mod tidy;
