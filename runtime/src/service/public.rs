//! The public listener, before it serves.

use std::sync::{Arc, atomic::AtomicBool};

use axum::Router;

use crate::{
    config::{Config, LONGEST_TIME},
    serve::{Limits, Listener, Server},
};

/// The public listener and what it answers with.
pub(super) struct Public {
    pub(super) listener: Listener,
    pub(super) routes: Router,
    pub(super) limits: Limits,
    pub(super) cut_off: Arc<AtomicBool>,
}

impl Public {
    /// Serves the routes, and nothing else.
    pub(super) fn serve(self) -> Server {
        self.listener.serve(self.routes, self.limits, self.cut_off)
    }
}

/// What connections of the public listener may take.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.max_connections,
        header_timeout: config.header_timeout.min(LONGEST_TIME),
        #[cfg(feature = "grpc")]
        http2: false,
    }
}
