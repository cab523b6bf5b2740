//! A pool of connections to Postgres.

use std::fmt;

use sqlx::{Connection as _, Error, PgPool, PgTransaction, pool::PoolConnection};

use super::{Connections, Ping, Pool, PoolMeter, operation};
use crate::{business::Operation, health::CheckError};

/// How the conventions call this kind of database.
const SYSTEM: &str = "postgresql";

/// A pool of connections to Postgres that is measured. Clones are the same pool.
///
/// Whoever takes connections from the [`PgPool`] itself is not counted among those who wait.
///
/// ```no_run
/// use marty_runtime::{Config, Service, database::Postgres, operation};
/// use sqlx::PgPool;
///
/// async fn count(database: &Postgres) -> Result<i64, sqlx::Error> {
///     let mut connection = database.acquire().await?;
///     let count = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&mut *connection);
///     database.timed(operation!("count_users"), count).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = PgPool::connect_lazy("postgres://postgres@localhost/shop")?;
/// let database = Postgres::new("postgres", pool);
/// Service::new(marty_runtime::service_info!(), Config::for_tests()).pool(database).run().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Postgres {
    name: &'static str,
    pool: PgPool,
    meter: PoolMeter,
}

impl Postgres {
    /// Measures `pool` under a name, which is a word of the source such as `postgres`.
    #[must_use]
    pub fn new(name: &'static str, pool: PgPool) -> Self {
        let meter = PoolMeter::new(name);
        Self { name, pool, meter }
    }

    /// The pool itself.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Takes a connection, and waits for one if all are used. It goes back when it is dropped.
    ///
    /// # Errors
    ///
    /// If none is free in time, or none can be opened.
    pub async fn acquire(&self) -> Result<PoolConnection<sqlx::Postgres>, Error> {
        self.waits(self.pool.acquire()).await
    }

    /// Takes a connection and begins a transaction on it, which is rolled back unless it is committed.
    ///
    /// # Errors
    ///
    /// If there is no connection in time, or the database refuses.
    pub async fn begin(&self) -> Result<PgTransaction<'static>, Error> {
        self.waits(self.pool.begin()).await
    }

    /// Does `work` and measures it as `operation`, by the class of its error.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn timed<T>(
        &self,
        operation: &'static Operation,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        operation::time(SYSTEM, operation, work).await
    }

    async fn waits<T>(
        &self,
        connection: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let timed_out = |error: &Error| matches!(error, Error::PoolTimedOut);
        self.meter.acquire(connection, timed_out).await
    }
}

impl Pool for Postgres {
    fn name(&self) -> &'static str {
        self.name
    }

    fn connections(&self) -> Connections {
        let size = self.pool.size();
        // Both are read one after the other, so a connection may have come or gone in between.
        let idle = u32::try_from(self.pool.num_idle()).map_or(size, |idle| idle.min(size));
        Connections {
            idle,
            used: size - idle,
            max: self.pool.options().get_max_connections(),
        }
    }

    fn ping(&self) -> Ping<'_> {
        Box::pin(async {
            let mut connection = self.pool.acquire().await.map_err(CheckError::new)?;
            connection.ping().await.map_err(CheckError::new)
        })
    }
}

/// Without the pool, whose options have the password.
impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgres")
            .field("name", &self.name)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
