//! The listeners that answer requests, before they serve and while they do.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
};

use axum::Router;

use super::Error;
use crate::{
    config::{Config, LONGEST_TIME, Variable},
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
        stall_timeout: config.stall_timeout.min(LONGEST_TIME),
        #[cfg(feature = "grpc")]
        http2: false,
        tells_peer: false,
    }
}

/// The listeners that answer requests.
pub(super) struct Serving {
    pub(super) http: Server,
    /// The one that gRPC has of its own.
    pub(super) grpc: Option<Server>,
}

/// Takes the address that `variable` sets.
pub(super) async fn bind(address: SocketAddr, variable: &Variable) -> Result<Listener, Error> {
    Listener::bind(address)
        .await
        .map_err(|source| Error::bind(address, variable.name, source))
}
