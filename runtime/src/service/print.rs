//! The settings on the standard output, what the environment has that is none, and arguments that nobody knows.

use std::io::{self, Write};
use std::process;

use super::Error;
use crate::config::{self, Record};

/// The argument that asks for the settings.
const PRINT_CONFIG: &str = "--print-config";

/// What there is to tell the process.
const HELP: &str = "\
arguments:
  --print-config  print every setting, its value and where that came from, and end
  --help          print this, and end

settings come from variables of the environment; `--print-config` lists them
";

/// What a process does that has arguments.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Run,
    Help,
    Unknown(String),
}

/// Ends the process at an argument that [`Service::run`](crate::Service::run) does not know, and after having told which it knows,
/// if that is what `--help` asks.
///
/// It is for the begin of a `main` that takes no arguments of its own. What is not known is said on the standard error, and the status
/// is 2 then.
#[expect(
    clippy::exit,
    reason = "it is called before there is anything to end, and no error of `main` has the status 2"
)]
pub fn refuse_unknown_arguments() {
    // Whoever does not read it has left.
    match told(config::arguments()) {
        Told::Run => {}
        Told::Help => {
            let _ = write!(io::stdout().lock(), "{HELP}");
            process::exit(0);
        }
        Told::Unknown(argument) => {
            let _ = write!(
                io::stderr().lock(),
                "error: unknown argument `{}`\n\n{HELP}",
                argument.escape_debug()
            );
            process::exit(2);
        }
    }
}

fn told(arguments: impl Iterator<Item = String>) -> Told {
    let mut others = arguments.filter(|argument| argument != PRINT_CONFIG);
    match others.next() {
        None => Told::Run,
        Some(help) if help == "--help" || help == "-h" => Told::Help,
        Some(unknown) => Told::Unknown(unknown),
    }
}

/// Whether the process was asked to print its settings and no more.
pub(super) fn asked() -> bool {
    config::has_argument(PRINT_CONFIG)
}

/// Prints one line a setting: its variable, its value unless it is secret, and where that came from.
pub(super) fn settings(record: &Record) -> Result<(), Error> {
    record.refuse_unknown_keys()?;
    // Nobody reads any more: there is nobody to tell.
    let _ = write!(io::stdout().lock(), "{record}");
    Ok(())
}

/// Warns of variables that look like ours and that nothing reads.
pub(super) fn strays(record: &Record) {
    for stray in record.strays(config::names_in_env()) {
        let (variable, did_you_mean) = (stray.name, stray.near);
        tracing::warn!(
            variable,
            did_you_mean,
            "variable is set, but nothing reads it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_named() {
        for (arguments, expected) in [
            (&[][..], Told::Run),
            (&["--print-config"], Told::Run),
            (&["--help"], Told::Help),
            (&["-h", "--bogus"], Told::Help),
            (
                &["--print-config", "--bogus"],
                Told::Unknown("--bogus".to_owned()),
            ),
            (
                &["--print-confg"],
                Told::Unknown("--print-confg".to_owned()),
            ),
            (&[""], Told::Unknown(String::new())),
        ] {
            let given = arguments.iter().map(|it| (*it).to_owned());
            assert_eq!(told(given), expected, "{arguments:?}");
        }
    }
}
