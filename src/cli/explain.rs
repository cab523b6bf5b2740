//! `marty explain`.

use clap::Args;

/// Says what a rule of `marty check` is about: what it does, why that is bad, what to do.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule, as a finding names it, such as `unknown-metric`; without one, all rules are listed
    pub rule: Option<String>,
}
