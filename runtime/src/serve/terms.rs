//! What can be served to a connection, and on what terms.

use std::{convert::Infallible, error::Error, time::Duration};

use axum::http::{Request, Response};
use http_body::Body;
use hyper::body::{Bytes, Incoming};
use tokio::sync::mpsc;
use tower::Service;

use super::flight::Flight;

/// What can be served: routes, or whatever else answers every request.
pub(crate) trait Served:
    Service<
        Request<Incoming>,
        Response = Response<<Self as Served>::Answer>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// The body of its answers.
    type Answer: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;
}

impl<S, B> Served for S
where
    S: Service<
            Request<Incoming>,
            Response = Response<B>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    type Answer = B;
}

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    /// How long a client may take to send a head.
    pub(crate) header_timeout: Duration,
    /// How long a client may take nothing of what waits for it.
    pub(crate) stall_timeout: Duration,
    /// Whether HTTP/2 is spoken, too, to those who begin with it.
    #[cfg(feature = "grpc")]
    pub(crate) http2: bool,
    /// Whether requests carry the address of their peer, as `ConnectInfo`.
    pub(crate) tells_peer: bool,
}

/// What the parts of one connection share.
pub(super) struct Terms {
    pub(super) flight: Flight,
    pub(super) limits: Limits,
    #[cfg_attr(
        not(feature = "grpc"),
        expect(dead_code, reason = "a request of HTTP/1.1 has no task of its own")
    )]
    pub(super) alive: Alive,
}

/// Held as long as something of a connection lives.
pub(super) type Alive = mpsc::Sender<Infallible>;
