//! The log of the process: JSON lines for machines, text for people.
//!
//! It holds the subscriber and its formats. It must not decide what is logged: that is configuration.

mod count;
mod field;
mod install;
mod json;
mod place;
mod queue;

pub(crate) use count::families;
#[doc(hidden)]
pub use install::log_for_benchmarks;
pub(crate) use install::{flush, install};
