//! What a scrape contains, and that `names` says exactly that.

use std::collections::BTreeSet;

use marty_runtime::axum::{Router, routing::get as on_get};
use marty_runtime::business::time_operation;
use marty_runtime::cache::{Cache, CacheMeter};
use marty_runtime::database::{self, Connections, Ping, Pool};
use marty_runtime::metric::{CounterFamily, Labels, Open};
use marty_runtime::names::{self, Kind, Metric};
use marty_runtime::task::Stop;
use marty_runtime::{cache, operation, transaction};

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
    let stored = database::time("other_sql", operation!("insert_sale"), async { Ok("sold") });
    time_operation(operation!("sell"), stored).await
}

/// A store with a pool, and a cache in front of it.
struct Store;

impl Pool for Store {
    fn name(&self) -> &'static str {
        "store"
    }

    fn connections(&self) -> Connections {
        Connections {
            idle: 2,
            used: 1,
            max: 5,
        }
    }

    fn ping(&self) -> Ping<'_> {
        Box::pin(async { Ok(()) })
    }
}

impl Cache for Store {
    fn meter(&self) -> &'static CacheMeter {
        cache!("store")
    }

    fn entries(&self) -> u64 {
        4
    }
}

/// What is exported of all names, by the features that there are.
fn exported_names() -> impl Iterator<Item = &'static Metric> {
    let all = names::ALL.iter().copied();
    all.filter(|metric| cfg!(feature = "grpc") || !metric.name.starts_with("rpc_"))
        .filter(|metric| cfg!(feature = "http") || !metric.name.starts_with("http_server_"))
        .filter(|metric| cfg!(feature = "http-client") || !metric.name.starts_with("http_client_"))
}

#[test]
fn exports_exactly_what_names_declares() {
    let mut routes = Router::new();
    if cfg!(feature = "http") {
        routes = routes.route("/users/{id}", on_get(async || "user"));
    }
    let service = service(routes)
        .check("database", async || Ok(()))
        .task("idle", async |stop: Stop| stop.requested().await)
        .pool(Store)
        .cache(Store)
        .metric(&SALES);
    #[cfg(feature = "grpc")]
    let service = crate::grpc::served_by(service);
    let live = Live::start(service);
    #[cfg(feature = "grpc")]
    crate::grpc::call_once(&live);
    #[cfg(feature = "http-client")]
    crate::client::request_something(live.http);
    if cfg!(feature = "http") {
        assert_eq!(get(live.http, "/users/17").status, 200);
    }
    let sold = live.block_on(transaction!("sale").run(sell()));
    assert_eq!(sold.unwrap(), "sold");
    let mut scrape = read(&get(live.admin, "/metrics").body, false).unwrap();
    assert!(scrape.remove("sales_total").is_some());

    // What the feature `events` adds is another list's.
    scrape.retain(|name, _| names::EVENTS.iter().all(|metric| metric.name != name));
    let exported: BTreeSet<&str> = scrape.keys().map(String::as_str).collect();
    let declared: BTreeSet<&str> = exported_names().map(|metric| metric.name).collect();
    assert_eq!(exported, declared);

    for metric in exported_names() {
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
fn asks_pools_and_caches_when_it_is_scraped() {
    let live = Live::start(service(Router::new()).pool(Store).cache(Store));
    for (sample, expected) in [
        (
            "db_client_connection_count{db_client_connection_pool_name=\"store\",db_client_connection_state=\"idle\"}",
            2.0,
        ),
        (
            "db_client_connection_count{db_client_connection_pool_name=\"store\",db_client_connection_state=\"used\"}",
            1.0,
        ),
        (
            "db_client_connection_max{db_client_connection_pool_name=\"store\"}",
            5.0,
        ),
        (
            "db_client_connection_pending_requests{db_client_connection_pool_name=\"store\"}",
            0.0,
        ),
        (
            "db_client_connection_timeouts_total{db_client_connection_pool_name=\"store\"}",
            0.0,
        ),
        (
            "marty_cache_requests_total{cache=\"store\",result=\"miss\"}",
            0.0,
        ),
        ("marty_cache_evictions_total{cache=\"store\"}", 0.0),
        ("marty_cache_entries{cache=\"store\"}", 4.0),
        ("marty_health_check_up{check=\"store\"}", 1.0),
    ] {
        assert_eq!(live.value(sample), Some(expected), "{sample}");
    }
    live.stop().unwrap();
}

#[test]
fn exports_nothing_of_databases_and_caches_where_there_are_none() {
    let live = Live::start(service(Router::new()));
    let scrape = get(live.admin, "/metrics").body;
    assert!(
        !scrape.contains("db_client_") && !scrape.contains("marty_cache_"),
        "{scrape}"
    );
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

#[cfg(feature = "http")]
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
