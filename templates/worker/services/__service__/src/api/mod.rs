//! How the directory is asked for: paths, answers and problems.
//!
//! It must not change the directory: events alone do that.

mod answer;
mod handler;
mod problem;
mod route;

pub(crate) use route::routes;
