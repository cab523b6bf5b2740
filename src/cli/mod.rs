//! The command line: one file per command. Types only; what they do is in `commands`.

mod check;
mod events;
mod explain;
mod new;

use clap::{Parser, Subcommand, ValueEnum};

pub use check::{Check, OutputFormat};
pub use events::{
    Discard, Dlq, Events, EventsCommand, LetterFilter, List, Replay, Show, Tail, Topics,
};
pub use explain::Explain;
pub use new::{Form, New};

/// Makes observable microservices, and proves that code, dashboards, alerts and runbooks agree.
#[derive(Debug, Parser)]
#[command(
    name = "marty",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a service, and the project around it where there is none
    ///
    /// Inside a project, or with `--dir` on one, the service is added to it. Otherwise a new
    /// project is made, in a directory called like the service or in DIR.
    ///
    /// Nothing is written unless everything can be: files that exist are never replaced, and when
    /// something goes wrong the directory is as before.
    New(New),

    /// Prove that what the code exports and what dashboards, alerts and runbooks say is one
    /// contract
    ///
    /// Reads the project and nothing else: no network, no running service. Exits with 0 when there
    /// is nothing to find, with 1 when there is, and with 2 when the check could not be made.
    Check(Check),

    /// Say what a rule of `marty check` is about
    ///
    /// What it does, why that is bad, an example, and how to mend it.
    Explain(Explain),

    /// Look at what is on Kafka: dead letters, live events, topics
    ///
    /// Needs a `marty` that was installed with the feature `kafka`. Exits with 0 when all is done, with 1 when letters were left or
    /// topics are not as declared, and with 2 when it could not be done.
    Events(Events),
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
