//! What a service asks of its database, measured: the connections of pools, who waits for one, and how long answers take.
//!
//! It holds what a pool has to tell, the families that are exported, and `Postgres` behind the feature `postgres`. It must not
//! open a connection by itself, nor know HTTP or who exports it.
//!
//! A pool that no feature covers tells of itself by [`Pool`], and counts its waiters with a [`PoolMeter`]:
//!
//! ```
//! use marty_runtime::{business::ErrorClass, database::{Connections, Ping, Pool, PoolMeter, time}, operation};
//!
//! struct Ledger {
//!     meter: PoolMeter,
//! }
//!
//! impl Pool for Ledger {
//!     fn name(&self) -> &'static str {
//!         "ledger"
//!     }
//!
//!     fn connections(&self) -> Connections {
//!         Connections { idle: 3, used: 1, max: 10 }
//!     }
//!
//!     fn ping(&self) -> Ping<'_> {
//!         Box::pin(async { Ok(()) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::io::Error> {
//! let ledger = Ledger { meter: PoolMeter::new("ledger") };
//! let opened = async { Ok::<_, std::io::Error>("a connection") };
//! let connection = ledger.meter.acquire(opened, |error| error.kind() == std::io::ErrorKind::TimedOut).await?;
//! let balance = time("other_sql", operation!("select_balance"), async { Ok::<_, std::io::Error>(17) }).await?;
//! assert_eq!((connection, balance), ("a connection", 17));
//! # Ok(())
//! # }
//! ```

mod family;
mod meter;
mod operation;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod sql_state;

pub(crate) use family::families;
pub use meter::PoolMeter;
pub use operation::time;
pub use pool::{Connections, Ping, Pool};
#[cfg(feature = "postgres")]
pub use postgres::Postgres;
