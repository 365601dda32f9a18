//! One binary of tests against the public face of the house; one module per question, sorted.

// a test that unwraps fails where it stands
#![allow(clippy::unwrap_used)]

mod admin;
mod bad_input;
mod bus;
mod commands;
mod contract;
mod dedup;
mod faults;
mod golden;
mod nats;
mod pipeline;
mod regressions;
mod settings;
mod support;
mod tidy;
