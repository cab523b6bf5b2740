//! The channel that generated gRPC clients call through.

use std::{
    collections::HashMap,
    convert::Infallible,
    error::Error,
    fmt,
    hash::{BuildHasherDefault, DefaultHasher},
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Request, Response, StatusCode};
use tokio::time::timeout;
use tonic::{
    GrpcMethod, Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceExt};

use super::{
    ClientError,
    call::{Call, CalledBody, Method},
    peer::Peer,
};
#[cfg(feature = "tls")]
use crate::tls::Authorities;
use crate::{
    grpc::{status, timeout as deadline},
    names::value,
    trace::{ActiveSpan, Begin},
};

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);

/// How often a service that says nothing is asked whether it is still there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(10);

/// A channel to another service, for generated clients. Its clones share the connection.
///
/// Every call takes the trace and the correlation id of the request along in which it is made, tells the other service how long
/// it waits for the head of an answer, and is counted in `rpc_client_call_duration_seconds`. A call that sets `grpc-timeout` itself
/// keeps that.
///
/// ```
/// use marty_runtime::client::GrpcChannel;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), marty_runtime::client::ClientError> {
/// let channel = GrpcChannel::new("http://users:8080")?;
/// // UsersClient::new(channel)
/// # let _ = channel;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct GrpcChannel {
    inner: Channel,
    endpoint: Endpoint,
    peer: Peer,
    methods: Arc<RwLock<Methods>>,
}

type Methods = HashMap<Box<str>, Arc<Method>, BuildHasherDefault<DefaultHasher>>;

impl GrpcChannel {
    /// A channel to `address`, such as `http://users:8080`. It connects with the first call.
    ///
    /// # Errors
    ///
    /// If the address is none, has credentials, or begins with `https` although the feature `tls` is not built in.
    ///
    /// # Panics
    ///
    /// Outside of a `tokio` runtime.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let endpoint = Endpoint::from_shared(address.to_owned());
        let endpoint = endpoint.map_err(|_| ClientError::new(address))?;
        let peer = Peer::new(address, endpoint.uri())?;
        #[cfg(feature = "tls")]
        let endpoint = if peer.secure {
            secured(endpoint, Authorities::system())?
        } else {
            endpoint
        };
        let endpoint = pinged(endpoint.connect_timeout(CONNECTING), PING, PONG);
        Ok(Self {
            inner: endpoint.connect_lazy(),
            endpoint,
            peer,
            methods: Arc::default(),
        })
    }

    /// Takes neither trace nor correlation id along: for the services of others, whom they do not concern.
    #[must_use]
    pub const fn without_context(mut self) -> Self {
        self.peer.tells = false;
        self
    }

    /// Waits `deadline` for the head of an answer instead of 10 seconds, unless the call says otherwise.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.peer.deadline = deadline;
        self
    }

    /// Asks the other service after `interval` without a word, and not every 20 seconds, whether it is still there, also while there
    /// is no call, and takes the connection for broken if there is no answer within `timeout`, and not 10 seconds: calls on it fail
    /// with `UNAVAILABLE`, and the next connects anew.
    ///
    /// Some servers take frequent pings amiss: those of grpc-go close a connection that has more than one in five minutes,
    /// unless they are told otherwise.
    ///
    /// # Panics
    ///
    /// Outside of a `tokio` runtime.
    #[must_use]
    pub fn with_keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.endpoint = pinged(self.endpoint, interval, timeout);
        self.inner = self.endpoint.connect_lazy();
        self
    }

    /// Trusts only those whose certificates are in `pem`, and not those whom the system trusts: for an address with `https`.
    ///
    /// # Errors
    ///
    /// If there is no certificate, or one that is broken.
    ///
    /// # Panics
    ///
    /// Outside of a `tokio` runtime.
    #[cfg(feature = "tls")]
    pub fn with_authorities(mut self, pem: &[u8]) -> Result<Self, ClientError> {
        let authorities = Authorities::parse(pem).ok_or_else(ClientError::certificates)?;
        self.endpoint = secured(self.endpoint, &authorities)?;
        self.inner = self.endpoint.connect_lazy();
        Ok(self)
    }

    /// The method that is called. Only generated clients name one: whatever else is called has no end of names.
    fn method(&self, request: &Request<Body>) -> Arc<Method> {
        let path = request.uri().path();
        let named = request.extensions().get::<GrpcMethod<'static>>().is_some();
        let path = if named { path } else { value::OTHER_METHOD };
        let known = self.methods.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(method) = known.get(path) {
            return Arc::clone(method);
        }
        drop(known);
        let name = path.strip_prefix('/').unwrap_or(path);
        let method = Arc::new(Method::new(name, &self.peer.server));
        let mut known = self.methods.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(path.into()).or_insert(method))
    }
}

impl Service<Request<Body>> for GrpcChannel {
    type Response = Response<CalledBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Whether there is a connection is part of the call, and of how long it takes.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = self.method(&request);
        let call = Call::begin(Arc::clone(&method), span(&method));
        self.peer.introduce(&call.span, request.headers_mut());
        let patience = deadline::of(request.headers()).unwrap_or(self.peer.deadline);
        if let Some(value) = deadline::header(patience) {
            request.headers_mut().insert(deadline::NAME, value);
        }
        let inner = self.inner.clone();
        Box::pin(async move { Ok(perform(inner, request, call, patience).await) })
    }
}

fn span(method: &Method) -> ActiveSpan {
    let span = Begin::client(Arc::clone(&method.name)).span(|| {
        tracing::info_span!(
            target: "marty_runtime::client",
            "outgoing_call",
            rpc_method = &*method.name,
        )
    });
    if span.is_recorded() {
        span.record("rpc.system.name", "grpc");
    }
    span
}

fn pinged(endpoint: Endpoint, interval: Duration, timeout: Duration) -> Endpoint {
    endpoint
        .http2_keep_alive_interval(interval)
        .keep_alive_timeout(timeout)
        .keep_alive_while_idle(true)
}

#[cfg(feature = "tls")]
fn secured(endpoint: Endpoint, authorities: &Authorities) -> Result<Endpoint, ClientError> {
    let config = tonic::transport::ClientTlsConfig::new().trust_anchors(authorities.anchors());
    endpoint.tls_config(config).map_err(ClientError::tls)
}

/// Why there was no answer: what it comes from tells more than the error itself.
fn broken(error: tonic::transport::Error) -> Status {
    let error: Box<dyn Error + Send + Sync> = Box::new(error);
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Status::new(Status::from_error(error).code(), text)
}

/// Makes the call, and waits for its head no longer than `patience`.
async fn perform(
    inner: Channel,
    request: Request<Body>,
    call: Call,
    patience: Duration,
) -> Response<CalledBody> {
    let answer = match timeout(patience, inner.oneshot(request)).await {
        Ok(Ok(answer)) => answer,
        // The channel keeps the same deadline, and may be the first to say so.
        Ok(Err(error)) if call.begun.elapsed() < patience => broken(error).into_http(),
        Ok(Err(_)) | Err(_) => Status::deadline_exceeded("the answer took too long").into_http(),
    };
    let answer = refused_by_http(answer);
    let Some(code) = status::of(answer.headers()) else {
        return answer.map(|body| CalledBody::new(body, Some(call)));
    };
    call.end(code);
    answer.map(|body| CalledBody::new(body, None))
}

/// What no gRPC server has answered, such as a proxy on the way, has the status that gRPC has for that of HTTP. Its body is no
/// message, and not looked at.
fn refused_by_http(answer: Response<Body>) -> Response<Body> {
    let http = answer.status();
    if http == StatusCode::OK || status::of(answer.headers()).is_some() {
        return answer;
    }
    let text = format!("the answer has the HTTP status {}", http.as_u16());
    Status::new(status::of_http(http), text).into_http()
}

impl fmt::Debug for GrpcChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GrpcChannel")
            .field("server", &self.peer.server)
            .field("deadline", &self.peer.deadline)
            .finish_non_exhaustive()
    }
}
