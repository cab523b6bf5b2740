//! Where users are kept: what the service asks of such a place, and one that keeps them in memory.
//!
//! It must not know how users are asked for.

mod error;
mod memory;
mod page;
mod users;

pub use error::RepositoryError;
pub use memory::InMemoryUsers;
pub use page::{InvalidPageSize, Page, PageSize};
pub use users::{Answer, UserRepository};
