//! Whom a client calls, and on what terms: the same for every protocol.

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, Uri};

use super::{ClientError, address};
use crate::trace::{self, ActiveSpan};

/// How long an answer is waited for unless the client is told otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

/// Another service.
#[derive(Clone)]
pub(super) struct Peer {
    /// Its address as metrics and spans show it.
    pub(super) server: Arc<str>,
    port: u16,
    /// Whether it is called with TLS.
    #[cfg(any(feature = "tls", feature = "http-client"))]
    pub(super) secure: bool,
    pub(super) deadline: Duration,
    /// Whether calls take trace and correlation id along.
    pub(super) tells: bool,
}

impl Peer {
    /// The service at `address`, of which `uri` was read.
    ///
    /// # Errors
    ///
    /// If the address is none, has credentials, or asks for TLS although that is not built in.
    pub(super) fn new(address: &str, uri: &Uri) -> Result<Self, ClientError> {
        let authority = address::authority(address, uri)?;
        let secure = address::is_secure(address, uri)?;
        Ok(Self {
            server: address::shown(authority.host()),
            port: address::port(uri, secure),
            #[cfg(any(feature = "tls", feature = "http-client"))]
            secure,
            deadline: DEADLINE,
            tells: true,
        })
    }

    /// Tells the span of a call who is called, and who is called of the span.
    pub(super) fn introduce(&self, span: &ActiveSpan, headers: &mut HeaderMap) {
        if span.is_recorded() {
            span.record("server.address", &*self.server);
            span.record("server.port", self.port);
        }
        if self.tells {
            span.in_scope(|| trace::inject(headers));
        }
    }
}
