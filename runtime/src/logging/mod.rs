//! The log of the process: JSON lines for machines, text for people.
//!
//! It holds the subscriber and its formats. It must not decide what is logged: that is configuration.

mod count;
mod field;
mod install;
mod json;
mod queue;
mod text;

pub(crate) use count::families;
pub(crate) use install::{flush, install};
