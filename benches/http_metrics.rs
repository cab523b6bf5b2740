//! What the metrics of a request cost: the same handler bare, under marty's layer, under `axum-prometheus`, and under a middleware of
//! the usual kind that looks its series up in the `prometheus` crate's vectors.
//!
//! All run in one process, through the router and without a socket. The difference to `bare` is the cost of a layer.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot begin has nothing better to do"
)]

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use axum_prometheus::PrometheusMetricLayer;
use divan::{Bencher, black_box};
use marty_runtime::http::{HttpMetrics, ObserveLayer};
use prometheus::{HistogramOpts, HistogramVec, IntGaugeVec, Opts};
use tokio::runtime::{Builder, Runtime};
use tower::{Service, ServiceExt};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without sockets")
});

fn main() {
    divan::main();
}

fn routes() -> Router {
    Router::new().route("/users/{id}", get(async || "user"))
}

#[divan::bench(sample_count = 200, sample_size = 1000)]
fn bare(bencher: Bencher<'_, '_>) {
    measure(bencher, routes());
}

/// A layer that does nothing: what axum itself takes for one more layer.
#[divan::bench(sample_count = 200, sample_size = 1000)]
fn empty_layer(bencher: Bencher<'_, '_>) {
    measure(bencher, routes().layer(tower::layer::layer_fn(Nothing)));
}

#[divan::bench(sample_count = 200, sample_size = 1000)]
fn marty(bencher: Bencher<'_, '_>) {
    measure(
        bencher,
        routes().layer(ObserveLayer::metrics_only(HttpMetrics::new())),
    );
}

/// Without the sizes of bodies, which it leaves out unless asked.
#[divan::bench(sample_count = 200, sample_size = 1000)]
fn axum_prometheus(bencher: Bencher<'_, '_>) {
    // It has a task that tidies up from time to time.
    let _entered = RUNTIME.enter();
    let (layer, _handle) = PrometheusMetricLayer::pair();
    measure(bencher, routes().layer(layer));
}

#[divan::bench(sample_count = 200, sample_size = 1000)]
fn prometheus_vectors(bencher: Bencher<'_, '_>) {
    let vectors = Arc::new(Vectors::new());
    let observe = middleware::from_fn(move |request: Request, next: Next| {
        let vectors = Arc::clone(&vectors);
        async move { vectors.observe(request, next).await }
    });
    measure(bencher, routes().layer(observe));
}

/// The layers without axum's routing, boxes and clones around them.
mod alone {
    use super::{
        Bencher, Body, HttpMetrics, ObserveLayer, RUNTIME, Request, Response, Service, black_box,
    };
    use std::{convert::Infallible, future::ready};
    use tower::{Layer, service_fn};

    #[divan::bench(sample_count = 200, sample_size = 1000)]
    fn bare(bencher: Bencher<'_, '_>) {
        measure(bencher, service_fn(answer));
    }

    #[divan::bench(sample_count = 200, sample_size = 1000)]
    fn marty(bencher: Bencher<'_, '_>) {
        let layer = ObserveLayer::metrics_only(HttpMetrics::new());
        measure(bencher, layer.layer(service_fn(answer)));
    }

    fn answer(_: Request) -> std::future::Ready<Result<Response, Infallible>> {
        ready(Ok(Response::new(Body::from("user"))))
    }

    fn measure(
        bencher: Bencher<'_, '_>,
        mut service: impl Service<Request, Response = Response, Error = Infallible>,
    ) {
        let request = || {
            Request::get("/users/17")
                .body(Body::empty())
                .expect("a request")
        };
        bencher
            .with_inputs(request)
            .bench_local_values(|request| black_box(RUNTIME.block_on(service.call(request))));
    }
}

fn measure(bencher: Bencher<'_, '_>, router: Router) {
    let mut router = router.with_state(());
    let request = || {
        Request::get("/users/17")
            .body(Body::empty())
            .expect("a request")
    };
    bencher.with_inputs(request).bench_local_values(|request| {
        let answer = RUNTIME.block_on(async {
            ServiceExt::<Request>::ready(&mut router)
                .await?
                .call(request)
                .await
        });
        black_box(answer)
    });
}

#[derive(Clone)]
struct Nothing<S>(S);

impl<S: Service<Request>> Service<Request> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.0.call(request)
    }
}

/// The same four metrics, each looked up by its label values on every request.
struct Vectors {
    duration: HistogramVec,
    active: IntGaugeVec,
    request_size: HistogramVec,
    response_size: HistogramVec,
}

impl Vectors {
    fn new() -> Self {
        let histogram = |name: &str, labels: &[&str]| {
            let buckets = marty_runtime::metric::bucket::LATENCY.to_vec();
            HistogramVec::new(HistogramOpts::new(name, "Peer.").buckets(buckets), labels)
                .expect("a histogram")
        };
        Self {
            duration: histogram("duration_seconds", &["method", "route", "status"]),
            active: IntGaugeVec::new(Opts::new("active", "Peer."), &["method"]).expect("a gauge"),
            request_size: histogram("request_bytes", &["method", "route"]),
            response_size: histogram("response_bytes", &["method", "route"]),
        }
    }

    async fn observe(&self, request: Request, next: Next) -> Response {
        let started = Instant::now();
        let method = request.method().clone();
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
        self.active.with_label_values(&[method.as_str()]).inc();
        let sizes = [method.as_str(), route];
        self.request_size
            .with_label_values(&sizes)
            .observe(size(request.body()));
        let response = next.run(request).await;
        self.response_size
            .with_label_values(&sizes)
            .observe(size(response.body()));
        let status = response.status();
        let labels = [method.as_str(), route, status.as_str()];
        self.duration
            .with_label_values(&labels)
            .observe(started.elapsed().as_secs_f64());
        self.active.with_label_values(&[method.as_str()]).dec();
        response
    }
}

fn size(body: &Body) -> f64 {
    use axum::body::HttpBody;
    let bytes = u32::try_from(body.size_hint().lower()).unwrap_or(u32::MAX);
    f64::from(bytes)
}
