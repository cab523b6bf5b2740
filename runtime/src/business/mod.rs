//! What the business does, measured: transactions and the operations they are made of, by how they ended and how long they took.
//!
//! It holds their declarations, the classes of errors, and the three families that are exported. It must not know HTTP, logs or
//! who exports it.
//!
//! ```
//! use marty_runtime::{business::{ErrorClass, time_operation, transaction}, operation};
//!
//! #[derive(Debug, ErrorClass)]
//! enum CheckoutError {
//!     #[class(rejection)]
//!     CardDeclined,
//!     Database,
//! }
//!
//! async fn load_cart(known: bool) -> Result<u32, CheckoutError> {
//!     if known { Ok(3) } else { Err(CheckoutError::Database) }
//! }
//!
//! #[transaction("checkout")]
//! async fn checkout(known: bool) -> Result<u32, CheckoutError> {
//!     let items = time_operation(operation!("load_cart"), load_cart(known)).await?;
//!     if items > 100 { Err(CheckoutError::CardDeclined) } else { Ok(items) }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert_eq!(checkout(true).await.unwrap(), 3);
//! assert!(checkout(false).await.is_err());
//! # }
//! ```

mod error_class;
mod family;
mod measured;
mod operation;
mod outcome;
mod transaction;

pub use error_class::ErrorClass;
pub(crate) use family::families;
pub use marty_macros::{ErrorClass, transaction};
pub use measured::{Measured, Meter};
pub use operation::{Operation, time_operation};
pub use outcome::Outcome;
pub use transaction::Transaction;
