//! The layer around every route: metrics, the request's span, its correlation id and its line in the access log.
//!
//! It is one layer because they share the clock, the route and the outcome.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Body, HttpBody},
    extract::{MatchedPath, Request},
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
    response::Response,
};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{
    CorrelationId, HttpMetrics,
    body::{Answer, Tally, WatchedBody},
    handle::{Endpoint, Handles},
    method::Method,
    observation::Observation,
};
use crate::names::{self, value};

const CORRELATION_ID: HeaderName = HeaderName::from_static(names::CORRELATION_ID_HEADER);

/// Observes every request that passes. Applied with [`Router::layer`](axum::Router::layer), for only then is the route known.
///
/// A request lasts until its answer has ended: for a body of known size, until its head; for any other, until its last byte.
/// One that is dropped before counts with status 499, or 503 if the service's end cut it off, one whose body fails with 500.
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
        let route = matched.map_or(value::UNMATCHED_ROUTE, MatchedPath::as_str);
        let mut observation = Observation::begin(self.handles.endpoint(route, method));
        count_request_body(&observation.endpoint, request.body_mut());
        let correlation_id = self.traced.then(|| observation.trace(&mut request));
        let entered = observation.enter();
        let inner = self.inner.call(request);
        drop(entered);
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
        let entered = this.observation.as_ref().and_then(Observation::enter);
        // In place: to take the answer out and put it back costs as much as to count it.
        let mut polled = this.inner.poll(context);
        drop(entered);
        if let Poll::Ready(Ok(response)) = &mut polled {
            if let Some(header) = this.correlation_id.as_ref().and_then(CorrelationId::header) {
                response.headers_mut().insert(CORRELATION_ID, header);
            }
            answer(this.observation, response);
        }
        polled
    }
}

/// Counts the body's size: what will have been read of it, for what a client announces may never come.
#[inline]
fn count_request_body(endpoint: &Endpoint, body: &mut Body) {
    let sizes = &endpoint.request_size;
    if body.is_end_stream() {
        sizes.observe(0.0);
    } else {
        let inner = mem::replace(body, Body::empty());
        *body = Body::new(WatchedBody::new(inner, Tally::new(sizes.clone())));
    }
}

/// Ends the request with its head, if the body's size is known, or else has the body end it.
///
/// It works in place, for moving heads and observations around costs as much as counting them.
#[inline]
fn answer(slot: &mut Option<Observation>, response: &mut Response) {
    let status = response.status();
    let Some(observation) = slot.as_mut() else {
        return;
    };
    // What the handler wrote as the body of such an answer is never sent.
    let head_only = observation.endpoint.method == Method::Head
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = response.body();
    let size = if head_only {
        Some(0)
    } else {
        let known = body.size_hint().exact();
        known.or_else(|| body.is_end_stream().then_some(0))
    };
    if let Some(size) = size {
        observation.response_bytes = size;
        Observation::finish(slot, status.as_u16());
    } else if let Some(observation) = slot.take() {
        let declared = declared_length(response);
        let body = mem::replace(response.body_mut(), Body::empty());
        let body = WatchedBody::new(body, Answer::new(observation, status.as_u16(), declared));
        *response.body_mut() = Body::new(body);
    }
}

/// The length that the handler itself announced for an answer that is written piece by piece.
fn declared_length(response: &Response) -> Option<u64> {
    let value = response.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
