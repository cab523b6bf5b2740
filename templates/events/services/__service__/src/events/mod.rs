//! What others are told of users: the events of the domain `user`, and who publishes them.
//!
//! It must not decide what a user is, nor whether a change is made.

mod publishing;
mod user;

pub use publishing::PublishingUsers;
pub use user::{UserCreated, UserDeleted, UserUpdated};
