//! The settings on the standard output, and what the environment has that is none.

use std::io::{self, Write};

use super::Error;
use crate::config::{self, Record};

/// The argument that asks for the settings.
const PRINT_CONFIG: &str = "--print-config";

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
