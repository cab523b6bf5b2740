//! What a scrape contains, and that `names` says exactly that.

use std::collections::BTreeSet;

use marty_runtime::axum::{Router, routing::get as on_get};
use marty_runtime::business::time_operation;
use marty_runtime::metric::{CounterFamily, Labels, Open};
use marty_runtime::names::{self, Kind};
use marty_runtime::task::Stop;
use marty_runtime::{operation, transaction};

use crate::exposition::read;
use crate::support::{Live, get, service};

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Sale {
    plan: Open<4>,
}

static SALES: CounterFamily<Sale> = marty_runtime::counter!("sales", "Plans that were sold.");

async fn sell() -> Result<&'static str, std::io::Error> {
    SALES
        .get(&Sale {
            plan: Open::new("gold"),
        })
        .inc();
    time_operation(operation!("sell"), async { Ok("sold") }).await
}

#[test]
fn exports_exactly_what_names_declares() {
    let routes = Router::new().route("/users/{id}", on_get(async || "user"));
    let routes = routes.route(
        "/sale",
        on_get(async || transaction!("sale").run(sell()).await.unwrap_or_default()),
    );
    let service = service(routes)
        .check("database", async || Ok(()))
        .task("idle", async |stop: Stop| stop.requested().await)
        .metric(&SALES);
    let live = Live::start(service);
    assert_eq!(get(live.http, "/users/17").status, 200);
    assert_eq!(get(live.http, "/sale").body, "sold");
    let mut scrape = read(&get(live.admin, "/metrics").body, false).unwrap();
    assert!(scrape.remove("sales_total").is_some());

    // What the feature `events` adds is another list's.
    for metric in names::EVENTS {
        scrape.remove(metric.name);
    }
    let exported: BTreeSet<&str> = scrape.keys().map(String::as_str).collect();
    let declared: BTreeSet<&str> = names::ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(exported, declared);

    for metric in names::ALL {
        let family = &scrape[metric.name];
        assert_eq!(family.help, metric.help, "{}", metric.name);
        let kind = match family.kind.as_str() {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            _ => Kind::Histogram,
        };
        assert_eq!(kind, metric.kind, "{}", metric.name);
        let bounds: Vec<f64> = family
            .samples
            .iter()
            .filter_map(|sample| {
                let (_, bound) = sample.labels.iter().find(|(name, _)| name == "le")?;
                bound.parse().ok()
            })
            .filter(|bound: &f64| bound.is_finite())
            .take(metric.buckets.len())
            .collect();
        assert_eq!(bounds, metric.buckets, "{}", metric.name);
        for sample in &family.samples {
            let labels: Vec<&str> = sample
                .labels
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| *name != "le")
                .collect();
            assert_eq!(labels, metric.labels, "{}", metric.name);
        }
    }
    live.stop().unwrap();
}

#[test]
fn tells_who_exports() {
    let live = Live::start(service(Router::new()));
    let scrape = read(&get(live.admin, "/metrics").body, false).unwrap();
    let target = &scrape["target_info"].samples[0];
    let labels: Vec<&str> = target
        .labels
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(
        (labels[0], labels[1], labels[3]),
        ("marty-runtime", env!("CARGO_PKG_VERSION"), "test")
    );
    let build = &scrape["marty_build_info"].samples[0];
    let revision = option_env!("MARTY_GIT_REVISION").unwrap_or("unknown");
    assert_eq!(
        build.labels[1],
        ("revision".to_owned(), revision.to_owned())
    );
    assert!(build.labels[2].1.starts_with("1."), "{build:?}");
    live.stop().unwrap();
}

#[test]
fn records_methods_routes_and_statuses() {
    let live = Live::start(service(
        Router::new().route("/users/{id}", on_get(async || "user")),
    ));
    get(live.http, "/users/1");
    get(live.http, "/users/2");
    get(live.http, "/nowhere");
    let count = |route, status| {
        format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"GET\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
        )
    };
    live.await_value(&count("/users/{id}", 200), 2.0);
    live.await_value(&count("unmatched", 404), 1.0);
    live.await_value(
        "http_server_active_requests{http_request_method=\"GET\"}",
        0.0,
    );
    live.stop().unwrap();
}
