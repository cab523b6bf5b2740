//! Which panics a service counts.

use std::sync::Arc;

use crate::{
    metric::{Collect, Counter, CounterFamily, Instrument},
    names,
    unwind::PANICS,
};

/// Who counts panics.
pub(super) struct Panics {
    pub(super) exported: Arc<dyn Collect>,
    /// What counts those that are caught.
    pub(super) caught: Counter,
}

impl Panics {
    /// The hook counts all, and those that are caught are among them.
    pub(super) fn all() -> Self {
        Self {
            exported: Arc::new(&PANICS),
            caught: Counter::create(()),
        }
    }

    /// Nothing is known but those that are caught: the hook is somebody else's.
    pub(super) fn caught() -> Self {
        let names::Metric { name, help, .. } = names::MARTY_PANICS;
        let family = CounterFamily::<()>::counter(name, help);
        let caught = family.get(&());
        Self {
            exported: Arc::new(family),
            caught,
        }
    }
}
