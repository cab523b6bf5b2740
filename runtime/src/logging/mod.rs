//! The log of the process: JSON lines for machines, text for people.
//!
//! It holds the subscriber and its formats. It must not decide what is logged: that is configuration.

mod count;
mod field;
mod filter;
mod install;
mod json;
mod queue;

pub(crate) use count::families;
pub(crate) use filter::{AUDIT_TARGET, Levels};
pub(crate) use install::{flush, install, levels};
