//! The admin listener's routes: metrics and health. Nothing here changes state or shows configuration.

mod accept;
mod routes;

pub(crate) use routes::{Admin, routes};
