//! The admin listener's routes: metrics and health, and, for who has the token, what shows or changes more than that.

mod accept;
mod control;
mod guard;
#[cfg(feature = "pprof")]
mod profile;
mod routes;
mod state;

pub(crate) use guard::Guard;
pub(crate) use routes::routes;
pub(crate) use state::Admin;
