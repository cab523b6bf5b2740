//! `marty new`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::scaffold::{Extra, Kind};

/// The arguments of `marty new`.
#[derive(Debug, Args)]
pub struct New {
    /// The service's name, such as `user-service`: letters `a-z`, digits and `-`
    pub name: Option<String>,

    /// What kind of service it is [default: http]
    #[arg(long, value_parser = kinds())]
    pub kind: Option<Kind>,

    /// What it has beside that
    #[arg(long, value_name = "WHAT", value_parser = extras())]
    pub with: Vec<Extra>,

    /// The directory of the project, new or existing [default: the project around, or a new one called like the service]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Ask for no confirmation
    #[arg(short, long)]
    pub yes: bool,

    /// In which form the plan is shown
    #[command(flatten)]
    pub form: Form,

    /// Ask nothing, even on a terminal
    #[arg(long)]
    pub no_input: bool,
}

/// What is shown, and whether that is all.
#[derive(Debug, Clone, Copy, Args)]
pub struct Form {
    /// Print what would be made, and make nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print what would be made as a unified diff, and make nothing
    #[arg(long, conflicts_with = "json")]
    pub diff: bool,

    /// Print the plan and what became of it as JSON, and nothing else on standard output
    #[arg(long)]
    pub json: bool,
}

/// The extras by name; an unknown one is answered with the known ones.
fn extras() -> impl TypedValueParser<Value = Extra> {
    let names = Extra::ALL
        .iter()
        .map(|extra| PossibleValue::new(extra.name()).help(extra.summary()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Extra>())
}

/// The kinds by name; an unknown one is answered with the known ones.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    let names = Kind::ALL
        .iter()
        .map(|kind| PossibleValue::new(kind.name()).help(kind.summary()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Kind>())
}
