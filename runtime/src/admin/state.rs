//! What the admin routes know.

use std::sync::Arc;

use super::Guard;
use crate::{config::Record, health::Health, metric::Registry, task::Board};

/// What the admin routes show.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) registry: Registry,
    pub(crate) health: Arc<Health>,
    pub(crate) guard: Guard,
    /// What was read of the configuration.
    pub(crate) settings: Arc<Record>,
    pub(crate) tasks: Arc<Board>,
}
