//! One binary of tests against the public face of the house; one module per question, sorted.

mod bus;
mod dedup;
mod settings;
mod support;
mod tidy;
