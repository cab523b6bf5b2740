//! The layer around every route: metrics, the request's span, its correlation id and its line in the access log.
//!
//! It is one layer because they share the clock, the route and the outcome.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use axum::{
    body::{Body, HttpBody},
    extract::{MatchedPath, Request},
    http::{StatusCode, header::HeaderName},
    response::Response,
};
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::Span;

use super::{
    CorrelationId, HttpMetrics,
    body::{CountedBody, ObservedBody},
    handle::{Handles, RouteHandles},
    method::Method,
};
use crate::names::{self, value};

const CORRELATION_ID: HeaderName = HeaderName::from_static(names::CORRELATION_ID_HEADER);

/// The status of a request whose client left before the answer had ended.
const CLIENT_LEFT: u16 = 499;

/// Observes every request that passes. Applied with [`Router::layer`](axum::Router::layer), for only then is the route known.
///
/// A request lasts until its answer has ended: for a body of known size, until its head; for any other, until its last byte.
/// One that is dropped before counts with status 499, one whose body fails with 500.
#[derive(Clone, Debug)]
pub struct ObserveLayer {
    metrics: HttpMetrics,
    traced: bool,
}

impl ObserveLayer {
    /// Counts requests in `metrics`, gives each a correlation id and a span, and logs its outcome.
    #[must_use]
    pub const fn new(metrics: HttpMetrics) -> Self {
        Self {
            metrics,
            traced: true,
        }
    }

    /// Counts requests in `metrics`, and does nothing else. For a service that logs by other means, and for benchmarks.
    #[must_use]
    pub const fn metrics_only(metrics: HttpMetrics) -> Self {
        Self {
            metrics,
            traced: false,
        }
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Observe {
            inner,
            handles: Arc::new(Handles::new(self.metrics.clone())),
            traced: self.traced,
        }
    }
}

/// The service that [`ObserveLayer`] makes. Its clones share the handles of their route.
#[derive(Clone)]
pub struct Observe<S> {
    inner: S,
    handles: Arc<Handles>,
    traced: bool,
}

impl<S> fmt::Debug for Observe<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Observe")
            .field("traced", &self.traced)
            .finish_non_exhaustive()
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for Observe<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ObserveFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let method = Method::of(request.method());
        let matched = request.extensions().get::<MatchedPath>();
        let route = self
            .handles
            .route(matched.map_or(value::UNMATCHED_ROUTE, MatchedPath::as_str));
        let mut observation = Observation::begin(route, method);
        observation.count_request_body(request.body_mut());
        let correlation_id = self.traced.then(|| observation.trace(&mut request));
        let inner = observation.span.in_scope(|| self.inner.call(request));
        ObserveFuture {
            inner,
            observation: Some(observation),
            correlation_id,
        }
    }
}

pin_project! {
    /// The future of [`Observe`].
    pub struct ObserveFuture<F> {
        #[pin]
        inner: F,
        observation: Option<Observation>,
        correlation_id: Option<CorrelationId>,
    }
}

impl<F> fmt::Debug for ObserveFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ObserveFuture")
            .finish_non_exhaustive()
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ObserveFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this
            .observation
            .as_ref()
            .map(|observation| observation.span.enter());
        let mut response = ready!(this.inner.poll(context))?;
        drop(entered);
        if let Some(header) = this.correlation_id.as_ref().and_then(CorrelationId::header) {
            response.headers_mut().insert(CORRELATION_ID, header);
        }
        Poll::Ready(Ok(match this.observation.take() {
            Some(observation) => observation.answer(response),
            None => response,
        }))
    }
}

/// A request being answered. Dropping it ends the request.
pub(super) struct Observation {
    route: Arc<RouteHandles>,
    method: Method,
    started: Instant,
    response_bytes: usize,
    /// What the request ends with. Until the answer has ended, that is the client leaving.
    status: u16,
    traced: bool,
    span: Span,
}

impl Observation {
    fn begin(route: Arc<RouteHandles>, method: Method) -> Self {
        route.method(method).active.inc();
        let started = Instant::now();
        Self {
            route,
            method,
            started,
            response_bytes: 0,
            status: CLIENT_LEFT,
            traced: false,
            span: Span::none(),
        }
    }

    /// Counts the body's size, now or when it will have been read.
    fn count_request_body(&self, body: &mut Body) {
        let sizes = &self.route.method(self.method).request_size;
        match body.size_hint().exact() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a body of more than 2^53 bytes does not happen"
            )]
            Some(size) => sizes.observe(size as f64),
            None => {
                let inner = mem::replace(body, Body::empty());
                *body = Body::new(CountedBody::new(inner, sizes.clone()));
            }
        }
    }

    /// Gives the request its id and its span.
    fn trace(&mut self, request: &mut Request) -> CorrelationId {
        let correlation_id = CorrelationId::of(request.headers());
        self.traced = true;
        self.span = tracing::info_span!(
            target: "marty_runtime::http",
            "request",
            correlation_id = correlation_id.as_str(),
            http_request_method = self.method.as_str(),
            http_route = self.route.route(),
        );
        request.extensions_mut().insert(correlation_id.clone());
        correlation_id
    }

    /// Ends the request with its head, if the body's size is known, or else has the body end it.
    fn answer(mut self, response: Response) -> Response {
        let status = response.status();
        let head_only = self.method == Method::Head
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        match response.body().size_hint().exact() {
            Some(size) if !head_only => {
                self.response_bytes = usize::try_from(size).unwrap_or(usize::MAX)
            }
            None if !head_only => {
                return response
                    .map(|body| Body::new(ObservedBody::new(body, self, status.as_u16())));
            }
            // What the handler wrote is never sent.
            _ => {}
        }
        self.finish(status.as_u16());
        response
    }

    pub(super) const fn add_response_bytes(&mut self, count: usize) {
        self.response_bytes = self.response_bytes.saturating_add(count);
    }

    pub(super) fn finish(mut self, status: u16) {
        self.status = status;
    }

    fn log(&self, seconds: f64) {
        let _entered = self.span.enter();
        tracing::info!(
            target: "marty_runtime::access",
            http_response_status_code = self.status,
            duration_ms = (seconds * 1e6).round() / 1e3,
            response_bytes = self.response_bytes,
            "request answered",
        );
    }
}

impl Drop for Observation {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a body of more than 2^53 bytes does not happen"
    )]
    fn drop(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        if self.status == CLIENT_LEFT && std::thread::panicking() {
            self.status = 500;
        }
        let handles = self.route.method(self.method);
        handles.active.dec();
        handles.response_size.observe(self.response_bytes as f64);
        self.route
            .observe_duration(self.method, self.status, seconds);
        if self.traced {
            self.log(seconds);
        }
    }
}
