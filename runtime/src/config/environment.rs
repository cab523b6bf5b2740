//! What the process was started with, besides the values of its settings.

use std::env;

/// Whether `argument` is among the process's arguments.
pub(crate) fn has_argument(argument: &str) -> bool {
    arguments().any(|given| given == argument)
}

/// What the process was told after its own name.
pub(crate) fn arguments() -> impl Iterator<Item = String> {
    let told = env::args_os().skip(1);
    told.map(|argument| argument.to_string_lossy().into_owned())
}

/// The names of all variables of the environment, in their order.
pub(crate) fn names_in_env() -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}
