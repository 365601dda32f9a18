//! Arguments → one command each.

use std::process::ExitCode;

fn main() -> ExitCode {
    copytaster::commands::main()
}
