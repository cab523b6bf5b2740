//! What a pool tells of itself.

use std::{pin::Pin, sync::Arc};

use crate::health::CheckError;

/// Whether the database answers.
pub type Ping<'a> = Pin<Box<dyn Future<Output = Result<(), CheckError>> + Send + 'a>>;

/// A pool of connections. [`Service::pool`](crate::Service::pool) exports what it tells, and asks whether its database answers.
pub trait Pool: Send + Sync + 'static {
    /// What the pool is called in metrics and as a readiness check: a word such as `postgres`.
    fn name(&self) -> &'static str;

    /// How many connections there are now. It is asked on every scrape, and must not wait.
    fn connections(&self) -> Connections;

    /// Asks the database for a sign of life.
    fn ping(&self) -> Ping<'_>;
}

impl<P: Pool + ?Sized> Pool for Arc<P> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn connections(&self) -> Connections {
        (**self).connections()
    }

    fn ping(&self) -> Ping<'_> {
        (**self).ping()
    }
}

/// The connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open, and not in use.
    pub idle: u32,
    /// In use.
    pub used: u32,
    /// As many as there may be.
    pub max: u32,
}
