//! One binary of tests against the public face of the house; one module per question, sorted.

// a test that unwraps fails where it stands
#![allow(clippy::unwrap_used)]

mod account;
mod actor;
mod admin;
mod annotated;
mod bad_input;
mod bus;
mod check;
mod commands;
mod contract;
mod dedup;
mod faults;
mod fixtures;
mod golden;
mod hostile;
mod lexicon;
mod logins;
mod nats;
mod pipeline;
mod region;
mod regressions;
mod reload;
mod schema;
mod settings;
mod support;
mod tidy;
