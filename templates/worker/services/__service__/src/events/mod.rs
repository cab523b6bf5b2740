//! The events of users, as far as this worker reads them.
//!
//! Who publishes them declares them, too: what both agree on are the examples in the folder `events`, which tests of both sides
//! read. Fields that are not declared here are left alone.

mod user;

pub use user::{UserCreated, UserDeleted, UserUpdated};
