//! The admin listener's routes: metrics and health, and, for who has the token, what shows or changes more than that.

mod accept;
mod control;
mod guard;
#[cfg(feature = "pprof")]
mod profile;
mod routes;

pub(crate) use guard::Guard;
pub(crate) use routes::{Admin, routes};
