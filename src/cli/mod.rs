//! The command line: one file per command. Types only; what they do is in `commands`.

mod check;
mod explain;
mod new;

use clap::{Parser, Subcommand, ValueEnum};

pub use check::{Check, OutputFormat};
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
    New(New),
    /// Prove that what the code exports and what dashboards, alerts and runbooks say is one contract
    Check(Check),
    /// Say what a rule of `marty check` is about
    Explain(Explain),
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
