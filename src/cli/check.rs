//! `marty check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The arguments of `marty check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The project's directory, or one inside it
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,

    /// How findings are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output_format: OutputFormat,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputFormat {
    /// With the lines they are about, for people.
    #[default]
    Full,
    /// As one JSON document, for programs.
    Json,
}
