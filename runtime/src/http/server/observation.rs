//! A request being answered, from its head to the end of its answer.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{Version, header, uri::Authority},
};
use quanta::Instant;

use super::{CorrelationId, handle::Endpoint};
use crate::trace::{ActiveSpan, Begin, Entered};

/// The status of a request whose client left before the answer had ended.
const CLIENT_LEFT: u16 = 499;

/// A request being answered. Dropping it ends the request.
pub(super) struct Observation {
    pub(super) endpoint: Arc<Endpoint>,
    started: Instant,
    pub(super) response_bytes: u64,
    /// What the request ends with. Until the answer has ended, that is the client leaving.
    status: u16,
    /// In a box, for what is not traced carries it around as well.
    traced: Option<Box<ActiveSpan>>,
}

impl Observation {
    pub(super) fn begin(endpoint: Arc<Endpoint>) -> Self {
        endpoint.active.inc();
        Self {
            endpoint,
            started: Instant::now(),
            response_bytes: 0,
            status: CLIENT_LEFT,
            traced: None,
        }
    }

    /// Is inside the request's span until the guard is dropped.
    #[inline]
    pub(super) fn enter(&self) -> Option<Entered<'_>> {
        self.traced.as_deref().map(ActiveSpan::enter)
    }

    /// Gives the request its id and its span.
    pub(super) fn trace(&mut self, request: &mut Request) -> CorrelationId {
        let correlation_id = CorrelationId::of(request.headers());
        let name = self.endpoint.span_name();
        let begin = Begin::server(name, request.headers()).correlated(correlation_id.shared());
        let span = begin.span(|| {
            tracing::info_span!(
                target: "marty_runtime::http",
                "request",
                correlation_id = correlation_id.as_str(),
                http_request_method = self.endpoint.method.as_str(),
                http_route = self.endpoint.route(),
            )
        });
        if span.is_recorded() {
            describe(request, &span);
        }
        self.traced = Some(Box::new(span));
        request.extensions_mut().insert(correlation_id.clone());
        correlation_id
    }

    /// Counts bytes that were written, and says how many that makes.
    pub(super) const fn add_response_bytes(&mut self, count: usize) -> u64 {
        self.response_bytes = self.response_bytes.saturating_add(count as u64);
        self.response_bytes
    }

    /// Ends the request with `status`, unless it has ended already.
    #[inline]
    pub(super) fn finish(slot: &mut Option<Self>, status: u16) {
        if let Some(observation) = slot {
            observation.status = status;
        }
        *slot = None;
    }

    /// The status of a request that ends without an answer.
    fn reason_to_end(&self) -> u16 {
        if std::thread::panicking() {
            500
        } else if self.endpoint.is_cut_off() {
            503
        } else {
            CLIENT_LEFT
        }
    }

    /// Tells the span and the log how the request ended.
    fn tell(&self, span: &ActiveSpan, seconds: f64) {
        if span.is_recorded() {
            span.record("http.response.status_code", self.status);
            if self.status >= 500 {
                span.record("error.type", &*self.status.to_string());
                span.fail("");
            }
        }
        tracing::info!(
            target: "marty_runtime::access",
            parent: span.span(),
            http_response_status_code = self.status,
            duration_ms = (seconds * 1e6).round() / 1e3,
            response_bytes = self.response_bytes,
            "request answered",
        );
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        if self.status == CLIENT_LEFT {
            self.status = self.reason_to_end();
        }
        let endpoint = &self.endpoint;
        endpoint.active.dec();
        endpoint.response_size.observe(float(self.response_bytes));
        let exemplar = self.traced.as_ref().and_then(|span| span.exemplar());
        endpoint.observe_duration(self.status, seconds, exemplar);
        if let Some(span) = &self.traced {
            self.tell(span, seconds);
        }
    }
}

/// Tells the span what it is about. Neither the path nor the client's address nor its agent: they may say who somebody is.
fn describe(request: &Request, span: &ActiveSpan) {
    span.record("url.scheme", request.uri().scheme_str().unwrap_or("http"));
    let host = request.headers().get(header::HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    if let Some(authority) = authority {
        span.record("server.address", authority.host());
        if let Some(port) = authority.port_u16() {
            span.record("server.port", port);
        }
    }
    let version = match request.version() {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    };
    span.record("network.protocol.version", version);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no body has more than 2^53 bytes"
)]
pub(super) const fn float(bytes: u64) -> f64 {
    bytes as f64
}
