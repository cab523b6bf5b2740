//! What a user is. Values check themselves when they are made, so that there is no invalid user.
//!
//! It must not know how users are kept or asked for.

mod email;
mod id;
mod invalid;
mod name;
mod user;

pub use email::Email;
pub use id::UserId;
pub use invalid::Invalid;
pub use name::UserName;
pub use user::{Expected, Profile, User, Version};
