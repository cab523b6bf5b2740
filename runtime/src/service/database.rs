//! Pools of connections.

use std::sync::Arc;

use super::Service;
use crate::database::Pool;

impl Service {
    /// Exports the connections of `pool`, who waits for them, and how long operations take. The service is not ready as long as
    /// the pool's database does not answer: a readiness check of the pool's name asks it, over a connection that it has to wait for like everybody else.
    pub fn pool(mut self, pool: impl Pool) -> Self {
        let pool: Arc<dyn Pool> = Arc::new(pool);
        self.pools.push(Arc::clone(&pool));
        self.check(pool.name(), move || {
            let pool = Arc::clone(&pool);
            async move { pool.ping().await }
        })
    }
}
