//! What a transport is to the bus: it takes records, and hands them to groups.

use std::{fmt, sync::Arc};

use tokio::time::Instant;

use super::{
    ConsumeError, Group,
    transport::{Boxed, Transport},
};

/// A transport that also feeds groups.
pub(crate) trait Broker: Transport {
    /// Begins to feed `group`.
    fn consume(&self, group: Arc<Group>) -> Result<Box<dyn Consumer>, ConsumeError>;
}

/// Feeds a group. It tells the group which partitions are assigned, hands records over, and stores the positions that the group
/// says, of partitions that it owns, and of no others.
pub(crate) trait Consumer: Send + Sync + fmt::Debug {
    /// Stops feeding, lets handlers finish until `until`, stores positions and leaves the group. Says whether all handlers
    /// had finished.
    fn stop(self: Box<Self>, until: Instant) -> Boxed<'static, bool>;
}
