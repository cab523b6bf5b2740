//! What the directory knows of a user.
//!
//! It must not know how that is kept, asked for, or told of.

mod entry;
mod id;

pub use entry::{Entry, Version};
pub use id::UserId;
