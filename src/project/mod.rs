//! A marty project on disk: where it is, what its `marty.toml` says, what a service may be called.
//!
//! Reads; never writes. Paths below a project are relative to its root, with `/` on every platform.

pub mod config;
pub mod contents;
mod link;
pub mod name;
pub mod pattern;
pub mod port;
mod role;
pub mod root;
mod spelling;
pub mod topic;
mod walk;
