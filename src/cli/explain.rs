//! `marty explain`.

use clap::Args;

/// The arguments of `marty explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule, as a finding names it, such as `unknown-metric`; without one, all rules are listed
    pub rule: Option<String>,
}
