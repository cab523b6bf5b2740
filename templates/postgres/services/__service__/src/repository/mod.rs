//! Where users are kept: what the service asks of such a place, one that keeps them in memory, and one in a Postgres database.
//!
//! It must not know HTTP.

mod error;
mod memory;
mod page;
mod postgres;
mod users;

pub use error::RepositoryError;
pub use memory::InMemoryUsers;
pub use page::{InvalidPageSize, Page, PageSize};
pub use postgres::PostgresUsers;
pub use users::{Answer, UserRepository};
