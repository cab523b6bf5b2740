//! The events of users, as far as this worker reads them.
//!
//! Who publishes them declares them, too: what both agree on are the schemas in the folder `events`, with an example each, which
//! tests of both sides hold to. Fields that are not declared here are left alone.

mod user;

pub use user::{UserCreated, UserDeleted, UserUpdated};
