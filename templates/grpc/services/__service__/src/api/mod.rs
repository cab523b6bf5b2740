//! How users are asked for: messages, answers and errors.
//!
//! It must not decide what a valid user is, nor how users are kept.

mod export;
mod field;
mod import;
mod message;
mod method;
mod page;
mod refusal;

pub(crate) use method::server;
