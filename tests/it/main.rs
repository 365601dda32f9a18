//! One binary of tests against the public face of the house; one module per question, sorted.

// a test that unwraps fails where it stands
#![allow(clippy::unwrap_used)]

mod bus;
mod dedup;
mod faults;
mod nats;
mod settings;
mod support;
mod tidy;
