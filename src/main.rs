//! Arguments → one command each.

fn main() {}
