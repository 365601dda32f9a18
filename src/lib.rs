//! Copytaster reads raw wire copy, decides whether it was said already, tags where it happened and
//! who acted, and hands on one clean event per story.
//!
//! The rooms, in the order in which a message passes them. Without the feature `daemon` only the
//! pure core is compiled: it knows no clock, no file, no network and no log.

pub mod story;

pub mod parse;

pub mod normalize;

pub mod dedup;

pub mod tag;

pub mod publish;

pub mod pipeline;

#[cfg(feature = "daemon")]
pub mod daemon;

#[cfg(feature = "daemon")]
pub mod commands;
