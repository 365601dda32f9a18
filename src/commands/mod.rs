//! A file per verb.
