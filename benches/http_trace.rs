//! What the trace of a request costs: the same handler bare, under marty's layer in each of its moods, and under the layers that
//! other services put together.
//!
//! All run in one process, through the router and without a socket. The difference to `bare` is the cost of a layer.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot begin has nothing better to do"
)]

use std::sync::LazyLock;

use axum::{Router, body::Body, extract::Request, routing::get};
use divan::{Bencher, black_box};
use marty_runtime::{
    config::Sampling,
    http::{HttpMetrics, ObserveLayer},
    trace::TraceLayer,
};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::{Builder, Runtime};
use tower::{Service, ServiceExt};
use tracing::Subscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
});

fn main() {
    divan::main();
}

fn routes() -> Router {
    Router::new().route("/users/{id}", get(async || "user"))
}

fn observed() -> Router {
    routes().layer(ObserveLayer::new(HttpMetrics::new()))
}

#[divan::bench(sample_count = 200, sample_size = 1000)]
fn bare(bencher: Bencher<'_, '_>) {
    measure(bencher, routes(), "");
}

#[divan::bench(sample_count = 200, sample_size = 1000)]
fn marty_metrics(bencher: Bencher<'_, '_>) {
    let layer = ObserveLayer::metrics_only(HttpMetrics::new());
    measure(bencher, routes().layer(layer), "");
}

/// Metrics and the span with its ids, not recorded; what is logged is not counted in.
#[divan::bench(sample_count = 200, sample_size = 1000)]
fn marty_unsampled(bencher: Bencher<'_, '_>) {
    let traces = TraceLayer::unanswered(ratio(0.0));
    let _logs = tracing::subscriber::set_default(Registry::default().with(traces));
    measure(bencher, observed(), "");
}

/// The same for a caller that has its own context.
#[divan::bench(sample_count = 200, sample_size = 1000)]
fn marty_unsampled_by_caller(bencher: Bencher<'_, '_>) {
    let traces = TraceLayer::unanswered(ratio(1.0));
    let _logs = tracing::subscriber::set_default(Registry::default().with(traces));
    measure(
        bencher,
        observed(),
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    );
}

/// As in a service that logs warnings only: with the log's own layers, which keep the fields of each request's span.
#[divan::bench(sample_count = 200, sample_size = 1000)]
fn marty_unsampled_in_a_service(bencher: Bencher<'_, '_>) {
    let _logs = tracing::subscriber::set_default(service_log());
    measure(bencher, observed(), "");
}

fn service_log() -> impl Subscriber + Send + Sync {
    marty_runtime::log_for_benchmarks(std::io::sink, TraceLayer::unanswered(ratio(0.0)))
}

/// Recorded, and on its way to a collector that never answers.
#[divan::bench(sample_count = 200, sample_size = 1000)]
fn marty_sampled(bencher: Bencher<'_, '_>) {
    let traces = TraceLayer::unanswered(ratio(1.0));
    let _logs = tracing::subscriber::set_default(Registry::default().with(traces));
    measure(bencher, observed(), "");
}

/// tower-http's span, traced by `tracing-opentelemetry`: no metrics, and the caller's context is not read.
#[divan::bench(sample_count = 200, sample_size = 1000, args = ["unsampled", "sampled"])]
fn tracing_opentelemetry(bencher: Bencher<'_, '_>, choice: &str) {
    let sampler = match choice {
        "sampled" => Sampler::AlwaysOn,
        _ => Sampler::AlwaysOff,
    };
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    let _logs = tracing::subscriber::set_default(Registry::default().with(layer));
    let spans =
        tower_http::trace::TraceLayer::new_for_http().make_span_with(|request: &Request| {
            tracing::info_span!(
                "request",
                http_request_method = request.method().as_str(),
                http_route = "/users/{id}",
            )
        });
    measure(bencher, routes().layer(spans), "");
}

fn ratio(ratio: f64) -> Sampling {
    let mut sampling = Sampling::default();
    sampling.ratio = ratio;
    sampling
}

fn measure(bencher: Bencher<'_, '_>, router: Router, traceparent: &'static str) {
    let mut router = router.with_state(());
    let request = || {
        let mut request = Request::get("/users/17");
        if !traceparent.is_empty() {
            request = request.header("traceparent", traceparent);
        }
        request.body(Body::empty()).expect("a request")
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
