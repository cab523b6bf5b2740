//! How users are asked for: paths, request bodies, answers and problems.
//!
//! It must not decide what a valid user is, nor how users are kept.

mod body;
mod etag;
mod field;
mod handler;
mod problem;
mod route;

pub(crate) use route::routes;
