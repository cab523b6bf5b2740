//! Where the directory is kept: what the worker asks of such a place, and one in memory.
//!
//! It must not know which events change it, nor who asks for it.

mod directory;
mod error;
mod memory;

pub use directory::{Answer, Directory, Effect};
pub use error::DirectoryError;
pub use memory::InMemoryDirectory;
