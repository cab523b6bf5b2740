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
        StatusCode, Version,
        header::{self, HeaderName},
        uri::Authority,
    },
    response::Response,
};
use pin_project_lite::pin_project;
use quanta::Instant;
use tower::{Layer, Service};

use super::{
    CorrelationId, HttpMetrics,
    body::{CountedBody, ObservedBody},
    handle::{Endpoint, Handles},
    method::Method,
};
use crate::{
    names::{self, value},
    trace::{ActiveSpan, Begin, Entered},
};

const CORRELATION_ID: HeaderName = HeaderName::from_static(names::CORRELATION_ID_HEADER);

/// The status of a request whose client left before the answer had ended.
const CLIENT_LEFT: u16 = 499;

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
        observation.count_request_body(request.body_mut());
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
            Observation::answer(this.observation, response);
        }
        polled
    }
}

/// A request being answered. Dropping it ends the request.
pub(super) struct Observation {
    endpoint: Arc<Endpoint>,
    started: Instant,
    response_bytes: u64,
    /// What the request ends with. Until the answer has ended, that is the client leaving.
    status: u16,
    /// In a box, for what is not traced carries it around as well.
    traced: Option<Box<ActiveSpan>>,
}

impl Observation {
    fn begin(endpoint: Arc<Endpoint>) -> Self {
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

    /// Counts the body's size: what will have been read of it, for what a client announces may never come.
    #[inline]
    fn count_request_body(&self, body: &mut Body) {
        let sizes = &self.endpoint.request_size;
        if body.is_end_stream() {
            sizes.observe(0.0);
        } else {
            let inner = mem::replace(body, Body::empty());
            *body = Body::new(CountedBody::new(inner, sizes.clone()));
        }
    }

    /// Gives the request its id and its span.
    fn trace(&mut self, request: &mut Request) -> CorrelationId {
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

    /// Ends the request with its head, if the body's size is known, or else has the body end it.
    ///
    /// It works in place, for moving heads and observations around costs as much as counting them.
    #[inline]
    fn answer(slot: &mut Option<Self>, response: &mut Response) {
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
            Self::finish(slot, status.as_u16());
        } else if let Some(observation) = slot.take() {
            let declared = declared_length(response);
            let body = mem::replace(response.body_mut(), Body::empty());
            let body = ObservedBody::new(body, observation, status.as_u16(), declared);
            *response.body_mut() = Body::new(body);
        }
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

/// The length that the handler itself announced for an answer that is written piece by piece.
fn declared_length(response: &Response) -> Option<u64> {
    let value = response.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no body has more than 2^53 bytes"
)]
pub(super) const fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, sync::atomic::Ordering::Relaxed};

    use axum::{Router, body::Bytes, routing::get};
    use http_body::Frame;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::metric::Collect;

    /// A body of unknown length that yields what it was given.
    struct Pieces(VecDeque<Result<&'static str, &'static str>>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(
                self.0
                    .pop_front()
                    .map(|piece| piece.map(|text| Frame::data(text.into()))),
            )
        }
    }

    fn pieces<const N: usize>(pieces: [Result<&'static str, &'static str>; N]) -> Body {
        Body::new(Pieces(pieces.into()))
    }

    fn observed(metrics: &HttpMetrics) -> Router {
        let users = Router::new().route("/users/{id}", get(async || "user").post(async || "made"));
        Router::new()
            .nest("/api", users)
            .route("/stream", get(async || pieces([Ok("one"), Ok("three")])))
            .route(
                "/declared",
                get(async || ([("content-length", "8")], pieces([Ok("one"), Ok("three")]))),
            )
            .route("/broken", get(async || pieces([Ok("one"), Err("disk")])))
            .route("/never", get(std::future::pending::<()>))
            .layer(ObserveLayer::metrics_only(metrics.clone()))
            .with_state(())
    }

    fn request(method: &str, path: &str) -> Request {
        Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap()
    }

    /// The labels of the only series of the duration, and the bytes written.
    fn recorded(metrics: &HttpMetrics) -> (Vec<String>, f64) {
        let durations = metrics.duration.collect();
        let [duration] = durations.get_metric() else {
            panic!("{durations:?}")
        };
        assert_eq!(duration.get_histogram().get_sample_count(), 1);
        let active = metrics.active.collect();
        assert!(
            active
                .get_metric()
                .iter()
                .all(|metric| metric.get_gauge().get_value() == 0.0)
        );
        let labels = duration
            .get_label()
            .iter()
            .map(|label| label.value().to_owned())
            .collect();
        let sizes = metrics.response_size.collect();
        (
            labels,
            sizes
                .get_metric()
                .first()
                .unwrap()
                .get_histogram()
                .get_sample_sum(),
        )
    }

    #[track_caller]
    fn check(metrics: &HttpMetrics, labels: [&str; 3], bytes: f64) {
        let (found, written) = recorded(metrics);
        assert_eq!(found, labels);
        assert!((written - bytes).abs() < f64::EPSILON, "{written} bytes");
    }

    async fn answer(metrics: &HttpMetrics, method: &str, path: &str) -> Response {
        observed(metrics)
            .oneshot(request(method, path))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn records_the_whole_template_of_a_nested_route() {
        let metrics = HttpMetrics::new();
        answer(&metrics, "GET", "/api/users/17").await;
        check(&metrics, ["GET", "/api/users/{id}", "200"], 4.0);
    }

    #[tokio::test]
    async fn records_what_no_route_matched_as_unmatched() {
        let metrics = HttpMetrics::new();
        answer(&metrics, "GET", "/api/secret/4711").await;
        check(&metrics, ["GET", "unmatched", "404"], 0.0);
    }

    #[tokio::test]
    async fn records_a_method_of_no_standard_as_other() {
        let metrics = HttpMetrics::new();
        answer(&metrics, "BREW", "/api/users/17").await;
        check(&metrics, ["_OTHER", "/api/users/{id}", "405"], 0.0);
    }

    #[tokio::test]
    async fn records_no_bytes_for_head() {
        let metrics = HttpMetrics::new();
        let response = answer(&metrics, "HEAD", "/api/users/17").await;
        assert_eq!(response.headers()["content-length"], "4");
        check(&metrics, ["HEAD", "/api/users/{id}", "200"], 0.0);
        let metrics = HttpMetrics::new();
        answer(&metrics, "HEAD", "/stream").await;
        check(&metrics, ["HEAD", "/stream", "200"], 0.0);
    }

    #[tokio::test]
    async fn lasts_until_a_streamed_body_has_ended() {
        let metrics = HttpMetrics::new();
        let response = answer(&metrics, "GET", "/stream").await;
        assert!(metrics.duration.collect().get_metric().is_empty());
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "onethree"
        );
        check(&metrics, ["GET", "/stream", "200"], 8.0);
    }

    #[tokio::test]
    async fn ends_with_the_last_byte_of_a_streamed_body_of_declared_length() {
        let metrics = HttpMetrics::new();
        let mut body = answer(&metrics, "GET", "/declared").await.into_body();
        body.frame().await.unwrap().unwrap();
        assert!(metrics.duration.collect().get_metric().is_empty());
        body.frame().await.unwrap().unwrap();
        // hyper asks for no more than was declared.
        drop(body);
        check(&metrics, ["GET", "/declared", "200"], 8.0);
    }

    #[tokio::test]
    async fn ends_with_the_head_of_a_streamed_body_that_is_over() {
        let metrics = HttpMetrics::new();
        let routes = Router::new().route("/", get(async || Body::new(Over)));
        let routes = routes.layer(ObserveLayer::metrics_only(metrics.clone()));
        drop(routes.oneshot(request("GET", "/")).await.unwrap());
        check(&metrics, ["GET", "/", "200"], 0.0);
    }

    /// Says that it has ended, and nothing of its length.
    struct Over;

    impl HttpBody for Over {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(None)
        }

        fn is_end_stream(&self) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn records_a_body_that_is_dropped_early_as_a_client_that_left() {
        let metrics = HttpMetrics::new();
        let mut body = answer(&metrics, "GET", "/stream").await.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
        check(&metrics, ["GET", "/stream", "499"], 3.0);
    }

    #[tokio::test]
    async fn records_a_body_that_fails_as_an_error_of_the_server() {
        let metrics = HttpMetrics::new();
        assert!(
            answer(&metrics, "GET", "/broken")
                .await
                .into_body()
                .collect()
                .await
                .is_err()
        );
        check(&metrics, ["GET", "/broken", "500"], 3.0);
    }

    #[tokio::test]
    async fn records_a_client_that_left_before_the_answer() {
        let metrics = HttpMetrics::new();
        let mut waiting = Box::pin(observed(&metrics).oneshot(request("GET", "/never")));
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("answered"),
            () = std::future::ready(()) => {}
        }
        let active = metrics.active.collect().get_metric()[0]
            .get_gauge()
            .get_value();
        assert!((active - 1.0).abs() < f64::EPSILON);
        drop(waiting);
        check(&metrics, ["GET", "/never", "499"], 0.0);
    }

    #[tokio::test]
    async fn records_a_request_that_the_service_cut_off() {
        let cut_off = Arc::default();
        let metrics = HttpMetrics::until(Arc::clone(&cut_off));
        let mut body = answer(&metrics, "GET", "/stream").await.into_body();
        body.frame().await.unwrap().unwrap();
        cut_off.store(true, Relaxed);
        drop(body);
        check(&metrics, ["GET", "/stream", "503"], 3.0);
    }

    #[tokio::test]
    async fn counts_what_was_read_of_a_request_body() {
        check_request_bytes(pieces([Ok("four"), Ok("five!")]), 9.0).await;
        check_request_bytes(Body::from("three"), 5.0).await;
        check_request_bytes(Body::empty(), 0.0).await;
        check_request_bytes(pieces([Ok("three"), Err("disk"), Ok("four")]), 5.0).await;
    }

    async fn check_request_bytes(body: Body, expected: f64) {
        let metrics = HttpMetrics::new();
        let routes = Router::new().route("/", axum::routing::post(async |_: Bytes| ()));
        let routes = routes.layer(ObserveLayer::metrics_only(metrics.clone()));
        let upload = Request::post("/").body(body).unwrap();
        routes.oneshot(upload).await.unwrap();
        let sizes = metrics.request_size.collect();
        let histogram = sizes.get_metric()[0].get_histogram();
        assert_eq!(histogram.get_sample_count(), 1);
        assert!((histogram.get_sample_sum() - expected).abs() < f64::EPSILON);
    }
}
