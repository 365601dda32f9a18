//! A benchmark a room, on the same invented stories of three kilobytes, as ninjs and as plain text. Each names its
//! share of the budget; times are of a batch, so the items a second say what a story costs.

#[path = "../tests/it/support/blank.rs"]
mod blank;
mod dedup;
mod formats;
mod normalize;
mod parse;
mod pipeline;
mod publish;
mod tag;
mod wire;

fn main() {
    divan::main();
}
