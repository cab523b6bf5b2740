//! The client for calls over HTTP.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Method, Request, Response, Uri},
};
use hyper_util::{
    client::legacy::{Client, Error as SendError, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{error::Elapsed, timeout};

use super::{
    ClientError,
    address::{self, is_host},
    metrics::{HTTP_DURATION, RequestLabels},
};
use crate::{
    names::value,
    trace::{self, ActiveSpan, Begin},
};

/// How long the head of an answer is waited for.
const DEADLINE: Duration = Duration::from_secs(10);

/// A client of another service over HTTP/1.1. Its clones share the connections.
///
/// Every request takes the trace and the correlation id of the request along in which it is made, waits a limited time for
/// the head of the answer, and is counted in `http_client_request_duration_seconds`.
///
/// ```no_run
/// use marty_runtime::client::HttpClient;
///
/// # async fn call() -> Result<(), Box<dyn std::error::Error>> {
/// let users = HttpClient::new("http://users:8080")?;
/// let answer = users.get("/users/17").await?;
/// assert_eq!(answer.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient {
    inner: Client<HttpConnector, Body>,
    authority: Arc<str>,
    server: Arc<str>,
    port: u16,
    deadline: Duration,
    /// Whether requests take trace and correlation id along.
    tells: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct HttpClientError(#[from] Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("`{path}` is no path of a request")]
    Path { path: String },
    #[error("the request could not be sent, or its answer not be received")]
    Broken(#[from] SendError),
    #[error("the answer took too long")]
    TooLate(#[from] Elapsed),
}

impl HttpClient {
    /// A client of the service at `address`, such as `http://users:8080`. It connects with the first request.
    ///
    /// # Errors
    ///
    /// If the address is none, has a path or credentials, or asks for TLS.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let uri: Uri = address.parse().map_err(|_| ClientError::new(address))?;
        let plain = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
        let authority = uri.authority().filter(|found| plain && is_host(found));
        let authority = authority.ok_or_else(|| ClientError::new(address))?;
        Ok(Self {
            inner: Client::builder(TokioExecutor::new()).build_http(),
            server: address::shown(authority.host()),
            port: authority.port_u16().unwrap_or(address::PORT),
            authority: authority.as_str().into(),
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

    /// Waits `deadline` for the head of an answer instead of 10 seconds.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Gets what is at `path`.
    ///
    /// # Errors
    ///
    /// If there is no answer. One with an error's status is an answer.
    pub async fn get(&self, path: &str) -> Result<Response<Body>, HttpClientError> {
        // Without the slash it would be taken for a host.
        let parsed = path.starts_with('/').then(|| path.parse().ok()).flatten();
        let path: Uri = parsed.ok_or_else(|| Kind::Path {
            path: path.to_owned(),
        })?;
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path;
        self.send(request).await
    }

    /// Sends a request, of whose address only path and query count.
    ///
    /// # Errors
    ///
    /// If there is no answer. One with an error's status is an answer.
    pub async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, HttpClientError> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let uri = format!("http://{}{path}", self.authority);
        *request.uri_mut() = uri.parse().map_err(|_| Kind::Path {
            path: path.to_owned(),
        })?;
        let method = shown(request.method());
        let span = self.span(method);
        if self.tells {
            span.in_scope(|| trace::inject(request.headers_mut()));
        }
        let mut pending = Pending::begin(method, &self.server);
        let answer = timeout(self.deadline, self.inner.request(request)).await;
        let answer = answer
            .map_err(Kind::from)
            .and_then(|sent| sent.map_err(Kind::from));
        pending.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        tell(&span, &answer);
        Ok(answer.map(|answer| answer.map(Body::new))?)
    }

    fn span(&self, method: &'static str) -> ActiveSpan {
        let span = Begin::client(method).span(|| {
            tracing::info_span!(
                target: "marty_runtime::client",
                "outgoing_request",
                http_request_method = method,
            )
        });
        if span.is_recorded() {
            span.record("server.address", &*self.server);
            span.record("server.port", self.port);
        }
        span
    }
}

/// Tells the span how the request ended.
fn tell<B>(span: &ActiveSpan, answer: &Result<Response<B>, Kind>) {
    if !span.is_recorded() {
        return;
    }
    match answer.as_ref().map(|answer| answer.status().as_u16()) {
        Ok(status) => {
            span.record("http.response.status_code", status);
            if status >= 400 {
                span.record("error.type", &*status.to_string());
                span.fail("");
            }
        }
        Err(error) => {
            let late = matches!(error, Kind::TooLate(_));
            span.record("error.type", if late { "timeout" } else { "connection" });
            span.fail(&error.to_string());
        }
    }
}

/// The method as metrics know it.
fn shown(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => value::OTHER_METHOD,
    }
}

/// A request that waits for the head of its answer. Dropping it ends it.
struct Pending {
    method: &'static str,
    server: Arc<str>,
    begun: Instant,
    /// Nothing as long as there is no answer.
    status: Option<u16>,
}

impl Pending {
    fn begin(method: &'static str, server: &Arc<str>) -> Self {
        Self {
            method,
            server: Arc::clone(server),
            begun: Instant::now(),
            status: None,
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let labels = RequestLabels {
            method: self.method,
            server: Arc::clone(&self.server),
            status: self.status,
        };
        let seconds = self.begun.elapsed().as_secs_f64();
        HTTP_DURATION.with(&labels, |duration| duration.observe(seconds));
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpClient")
            .field("server", &self.server)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
