//! The channel that generated gRPC clients call through.

use std::{
    collections::HashMap,
    convert::Infallible,
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
    address::{self, is_host},
    call::{Call, CalledBody, Method},
};
use crate::{
    grpc::{status, timeout as deadline},
    names::value,
    trace::{self, ActiveSpan, Begin},
};

/// How long an answer is waited for unless the call says otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);

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
    server: Arc<str>,
    port: u16,
    methods: Arc<RwLock<Methods>>,
    deadline: Duration,
    /// Whether calls take trace and correlation id along.
    tells: bool,
}

type Methods = HashMap<Box<str>, Arc<Method>, BuildHasherDefault<DefaultHasher>>;

impl GrpcChannel {
    /// A channel to `address`, such as `http://users:8080`. It connects with the first call.
    ///
    /// # Errors
    ///
    /// If the address is none, has credentials, or asks for TLS.
    ///
    /// # Panics
    ///
    /// Outside of a `tokio` runtime.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let refused = || ClientError::new(address);
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| refused())?;
        let uri = endpoint.uri();
        let plain = uri.scheme_str() == Some("http");
        let authority = uri.authority().filter(|found| plain && is_host(found));
        let server = address::shown(authority.ok_or_else(refused)?.host());
        let port = uri.port_u16().unwrap_or(address::PORT);
        Ok(Self {
            inner: endpoint.connect_timeout(CONNECTING).connect_lazy(),
            server,
            port,
            methods: Arc::default(),
            deadline: DEADLINE,
            tells: true,
        })
    }

    /// Takes neither trace nor correlation id along: for the services of others, whom they do not concern.
    #[must_use]
    pub const fn without_context(mut self) -> Self {
        self.tells = false;
        self
    }

    /// Waits `deadline` for the head of an answer instead of 10 seconds, unless the call says otherwise.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
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
        let method = Arc::new(Method::new(name, &self.server));
        let mut known = self.methods.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(path.into()).or_insert(method))
    }

    fn span(&self, method: &Method) -> ActiveSpan {
        let span = Begin::client(Arc::clone(&method.name)).span(|| {
            tracing::info_span!(
                target: "marty_runtime::client",
                "outgoing_call",
                rpc_method = &*method.name,
            )
        });
        if span.is_recorded() {
            span.record("rpc.system.name", "grpc");
            span.record("server.address", &*self.server);
            span.record("server.port", self.port);
        }
        span
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
        let call = Call::begin(Arc::clone(&method), self.span(&method));
        if self.tells {
            call.span.in_scope(|| trace::inject(request.headers_mut()));
        }
        let patience = deadline::of(request.headers()).unwrap_or(self.deadline);
        if let Some(value) = deadline::header(patience) {
            request.headers_mut().insert(deadline::NAME, value);
        }
        let inner = self.inner.clone();
        Box::pin(async move { Ok(perform(inner, request, call, patience).await) })
    }
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
        Ok(Err(error)) if call.begun.elapsed() < patience => {
            Status::from_error(Box::new(error)).into_http()
        }
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
            .field("server", &self.server)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
