//! The client for calls over HTTP.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, Response, Uri},
};
use hyper_util::{
    client::legacy::{Client, Error as SendError},
    rt::TokioExecutor,
};
use tokio::time::{Instant, error::Elapsed, timeout};

use super::{
    ClientError, address,
    body::TimelyBody,
    connector::{self, Connector},
    metrics::{HTTP_DURATION, RequestLabels},
    peer::Peer,
};
#[cfg(feature = "tls")]
use crate::tls::Authorities;
use crate::{
    names::value,
    trace::{ActiveSpan, Begin},
};

/// A client of another service over HTTP/1.1. Its clones share the connections.
///
/// Every request takes the trace and the correlation id of the request along in which it is made, waits a limited time for
/// the answer, and is counted in `http_client_request_duration_seconds`.
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
    inner: Client<Connector, Body>,
    authority: Arc<str>,
    peer: Peer,
    /// From the head of an answer on; nothing, where that counts as well.
    body_deadline: Option<Duration>,
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
    /// If the address is none, has a path or credentials, or begins with `https` although the feature `tls` is not built in.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let uri: Uri = address.parse().map_err(|_| ClientError::new(address))?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(ClientError::new(address));
        }
        let peer = Peer::new(address, &uri)?;
        Ok(Self {
            inner: Client::builder(TokioExecutor::new()).build(connector::to_any(peer.secure)?),
            authority: address::authority(address, &uri)?.as_str().into(),
            peer,
            body_deadline: None,
        })
    }

    /// Takes neither trace nor correlation id along: for the services of others, whom they do not concern.
    #[must_use]
    pub const fn without_context(mut self) -> Self {
        self.peer.tells = false;
        self
    }

    /// Waits `deadline` for an answer, head and body, instead of 10 seconds.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.peer.deadline = deadline;
        self
    }

    /// Waits `deadline` for the body of an answer from its head on, so that [`with_deadline`](Self::with_deadline) is for the head
    /// alone: for answers that are long.
    #[must_use]
    pub const fn with_body_deadline(mut self, deadline: Duration) -> Self {
        self.body_deadline = Some(deadline);
        self
    }

    /// Trusts only those whose certificates are in `pem`, and not those whom the system trusts: for an address with `https`.
    ///
    /// # Errors
    ///
    /// If there is no certificate, or one that is broken.
    #[cfg(feature = "tls")]
    pub fn with_authorities(mut self, pem: &[u8]) -> Result<Self, ClientError> {
        let authorities = Authorities::parse(pem).ok_or_else(ClientError::certificates)?;
        let connector = connector::trusting(&authorities)?;
        self.inner = Client::builder(TokioExecutor::new()).build(connector);
        Ok(self)
    }

    /// Gets what is at `path`.
    ///
    /// # Errors
    ///
    /// If there is no answer. One with an error's status is an answer. Reading its body fails if that does not end in time.
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
    /// If there is no answer. One with an error's status is an answer. Reading its body fails if that does not end in time.
    pub async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, HttpClientError> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let scheme = if self.peer.secure { "https" } else { "http" };
        let uri = format!("{scheme}://{}{path}", self.authority);
        *request.uri_mut() = uri.parse().map_err(|_| Kind::Path {
            path: path.to_owned(),
        })?;
        let method = shown(request.method());
        let span = span(method);
        self.peer.introduce(&span, request.headers_mut());
        let mut pending = Pending::begin(method, &self.peer.server);
        let begun = Instant::now();
        let answer = timeout(self.peer.deadline, self.inner.request(request)).await;
        let answer = answer
            .map_err(Kind::from)
            .and_then(|sent| sent.map_err(Kind::from));
        pending.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        tell(&span, &answer);
        let deadline = match self.body_deadline {
            Some(patience) => Instant::now() + patience,
            None => begun + self.peer.deadline,
        };
        Ok(answer.map(|answer| answer.map(|body| Body::new(TimelyBody::new(body, deadline))))?)
    }
}

fn span(method: &'static str) -> ActiveSpan {
    Begin::client(method).span(|| {
        tracing::info_span!(
            target: "marty_runtime::client",
            "outgoing_request",
            http_request_method = method,
        )
    })
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
            .field("server", &self.peer.server)
            .field("deadline", &self.peer.deadline)
            .finish_non_exhaustive()
    }
}
