//! One file per command: arguments in, a call of the modules below, an exit status out.
//!
//! No logic in here, and nothing is written but through [`Ui`].

mod ask;
mod check;
#[cfg(feature = "kafka")]
mod events;
mod explain;
mod interrupt;
mod new;
mod status;
mod stop;

use std::ffi::OsString;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::Parser as _;

use crate::cli::{Cli, Color, Command};
#[cfg(not(feature = "kafka"))]
use crate::ui::Failure;
use crate::ui::Ui;
use status::Status;
use stop::Stop;

/// Runs the program with `arguments`, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments).into(),
    };
    let mut ui = Ui::new(match cli.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    });
    let result = match cli.command {
        Command::New(arguments) => new::run(&arguments, cli.color, &mut ui),
        Command::Check(arguments) => check::run(&arguments, &mut ui),
        Command::Explain(arguments) => explain::run(&arguments, &mut ui),
        #[cfg(feature = "kafka")]
        Command::Events(arguments) => events::run(&arguments, &mut ui),
        #[cfg(not(feature = "kafka"))]
        Command::Events(_) => Err(without_kafka()),
    };
    result.unwrap_or_else(|stop| stop.tell(&mut ui)).into()
}

/// Why a program without the client of Kafka cannot talk to it.
#[cfg(not(feature = "kafka"))]
fn without_kafka() -> Stop {
    let failure = Failure::message("this `marty` was built without the client of Kafka");
    let install = "cargo install --locked --path . --features kafka";
    let hint = format!(
        "in its repository, `{install}` installs one with it; that takes compilers for C and C++ and `make` (`build-essential` on Debian)"
    );
    failure.hint(hint).into()
}

/// Help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error, arguments: &[OsString]) -> Status {
    let mut ui = Ui::new(color(arguments));
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        ui.say(&text);
        return Status::Failure;
    }
    match ui.data(&text) {
        Ok(()) => Status::Success,
        Err(error) => Stop::from(error).tell(&mut ui),
    }
}

/// The colour that arguments ask for that cannot be parsed as a whole.
fn color(arguments: &[OsString]) -> ColorChoice {
    let asks_for = |choice: &str| {
        let together = format!("--color={choice}");
        arguments
            .iter()
            .any(|argument| *argument == *together.as_str())
            || arguments
                .windows(2)
                .any(|two| two[0] == "--color" && two[1] == choice)
    };
    match (asks_for("never"), asks_for("always")) {
        (true, _) => ColorChoice::Never,
        (_, true) => ColorChoice::Always,
        _ => ColorChoice::Auto,
    }
}
