//! What a service can be told from outside: variables of the environment, read once, checked before anything starts.
//!
//! It holds the runtime's own configuration and the reader that services use for theirs. It must not open, bind or start anything.

mod error;
mod log;
mod lookup;
mod runtime;
#[cfg(feature = "events")]
mod secret_file;
mod setting;
pub(crate) mod variable;

pub use error::ConfigError;
pub use log::{LogDirectives, LogFormat};
pub use lookup::Lookup;
pub use runtime::{Config, Ports};
pub(crate) use setting::LONGEST_TIME;
pub use setting::Setting;
pub use variable::{VARIABLES, Variable};
