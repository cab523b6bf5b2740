//! The log of the process: JSON lines for machines, text for people.
//!
//! It holds the subscriber and its formats. It must not decide what is logged: that is configuration.

mod admitted;
mod count;
mod field;
mod filter;
mod flush;
mod install;
mod json;
mod panic;
mod place;
mod queue;
mod repeat;
mod text;

pub(crate) use count::families;
#[cfg(feature = "testing")]
pub(crate) use field::Fields;
pub(crate) use filter::{AUDIT_TARGET, Levels};
pub(crate) use flush::flush;
#[doc(hidden)]
pub use install::log_for_benchmarks;
pub(crate) use install::{install, levels};
