//! The `marty` program: parses its arguments, runs the command, turns the result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    marty::commands::run(std::env::args_os())
}
