//! A request over two generated services, and what a real collector, Jaeger, Prometheus and Loki's path learn of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::collector::Collector;
use crate::golden::LIVE;
use crate::jaeger::{Jaeger, Span};
use crate::loki::{Logged, Loki};
use crate::prometheus::Prometheus;
use crate::server::eventually;
use crate::service::Service;

/// How long telemetry may take to get where it is looked for.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a shutdown may take in all.
const DEADLINE: Duration = Duration::from_secs(5);

/// The service that is asked, and the one that it asks.
const CALLER: &str = "user-service";
const CALLEE: &str = "order-service";

/// What is called there.
const METHOD: &str = "order_service.v1.UsersService/CreateUser";

/// What the client calls its request.
const CORRELATION_ID: &str = "a-client.chose-it_17";

/// The generated service, and one route that asks the other service.
const WITH_A_CALL: &str = include_str!("../fixtures/trace/caller.rs");

/// Builds both services, and lets the caller know the client of the other. Returns the caller's program.
#[track_caller]
fn build() -> PathBuf {
    let commands = [
        format!("add --quiet --package {CALLER} --dev marty-runtime --features grpc"),
        format!("add --quiet --package {CALLER} --dev --path services/{CALLEE}"),
        format!("build --package {CALLEE} --bin {CALLEE}"),
    ];
    let commands = commands.each_ref().map(String::as_str);
    LIVE.example((CALLER, None), "caller", WITH_A_CALL, &commands)
}

/// Both services.
struct Shop {
    caller: Service,
    callee: Service,
}

impl Shop {
    /// Starts both services.
    #[track_caller]
    fn open(program: &Path, collector: &str) -> Self {
        let built = LIVE.target().join("debug");
        let callee = start(&mut Command::new(built.join(CALLEE)), collector);
        let mut command = Command::new(program);
        command.env("OTHER", format!("http://{}", callee.http));
        Self {
            caller: start(&mut command, collector),
            callee,
        }
    }

    fn callee_port(&self) -> u16 {
        let (_, port) = self.callee.http.rsplit_once(':').unwrap();
        port.parse().unwrap()
    }

    /// Asks the one service, which asks the other.
    #[track_caller]
    fn ask(&self, name: &str) {
        let url = format!("http://{}/elsewhere/{name}", self.caller.http);
        let request = ureq::post(url).header("x-correlation-id", CORRELATION_ID);
        let answer = request.send_empty().unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["x-correlation-id"], CORRELATION_ID);
    }
}

fn start(command: &mut Command, collector: &str) -> Service {
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"))
        .env("OTEL_LOGS_EXPORTER", "otlp")
        // Short, so that what cannot be sent is given up soon.
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")
        .env("OTEL_BSP_SCHEDULE_DELAY", "100")
        .env("MARTY_DRAIN_GRACE", "100ms")
        .env("MARTY_SHUTDOWN_DEADLINE", format!("{DEADLINE:?}"));
    Service::start(command, "127.0.0.1:0")
}

/// The only trace there is: what was asked, the call, and what was called.
#[track_caller]
fn only_trace(jaeger: &Jaeger) -> [Span; 3] {
    let spans = eventually(PATIENCE, || {
        let [calling, called] = [jaeger.traces(CALLER)?, jaeger.traces(CALLEE)?];
        match (calling.as_slice(), called.as_slice()) {
            ([spans], [same]) if spans.len() >= 3 && spans.len() == same.len() => Ok(spans.clone()),
            _ => Err(format!("{calling:#?} {called:#?}")),
        }
    });
    let below = |parent: Option<&Span>| {
        let parent = parent.map(|span| span.id.clone());
        let mut found = spans.iter().filter(|span| span.parent == parent);
        let (Some(only), None) = (found.next(), found.next()) else {
            panic!("not one span below {parent:?} in {spans:#?}");
        };
        only.clone()
    };
    let asked = below(None);
    let call = below(Some(&asked));
    let called = below(Some(&call));
    assert_eq!(spans.len(), 3, "{spans:#?}");
    [asked, call, called]
}

/// Whether the spans are named and described by the semantic conventions.
#[track_caller]
fn are_described([asked, call, called]: &[Span; 3], port: u16) {
    let route = json!({
        "span.kind": "server",
        "http.request.method": "POST",
        "http.route": "/elsewhere/{name}",
        "http.response.status_code": 201,
        "url.scheme": "http",
    });
    is(asked, CALLER, "POST /elsewhere/{name}", &route);
    let method = |kind| {
        json!({
            "span.kind": kind,
            "rpc.system.name": "grpc",
            "rpc.method": METHOD,
            "rpc.response.status_code": "OK",
        })
    };
    is(call, CALLER, METHOD, &method("client"));
    let server = json!({ "server.address": "127.0.0.1", "server.port": port });
    is(call, CALLER, METHOD, &server);
    is(called, CALLEE, METHOD, &method("server"));
}

#[track_caller]
fn is(span: &Span, service: &str, name: &str, attributes: &Value) {
    assert_eq!((span.service.as_str(), span.name.as_str()), (service, name));
    for (name, value) in attributes.as_object().unwrap() {
        assert_eq!(
            span.attributes.get(name),
            Some(value),
            "{name} of {span:#?}"
        );
    }
}

/// Whether everything that a service logs of the request says where in the trace it was, and what the client calls it: as
/// it prints it, and as Loki gets it.
#[track_caller]
fn is_logged(service: &Service, last: &str, span: &Span, loki: &Loki) {
    let in_span = |message: &str| [message, &span.trace, &span.id].map(str::to_owned);
    let printed = eventually(PATIENCE, || {
        let printed = printed(service);
        let ended = printed.contains(&in_span(last));
        if ended {
            Ok(printed)
        } else {
            Err(format!("{printed:#?}"))
        }
    });
    assert!(printed.len() > 1, "{printed:#?}");
    for event in &printed {
        assert_eq!(*event, in_span(&event[0]));
    }
    eventually(PATIENCE, || {
        let caught = caught(loki, &span.service)?;
        if caught == printed {
            Ok(())
        } else {
            Err(format!("{caught:#?}"))
        }
    });
}

/// The events on the standard output of a service that belong to the client's request, by message and place in the trace.
fn printed(service: &Service) -> Vec<[String; 3]> {
    let lines = service.process.printed();
    let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    let mut of_request: Vec<_> = lines
        .filter(|line: &Value| line["correlation_id"] == CORRELATION_ID)
        .map(|line| ["message", "trace_id", "span_id"].map(|name| text(&line[name])))
        .collect();
    of_request.sort();
    of_request
}

/// The same of what arrived at Loki's path.
fn caught(loki: &Loki, service: &str) -> Result<Vec<[String; 3]>, String> {
    let caught = loki.caught()?;
    let of_request = caught.iter().filter(|logged| {
        logged.service == service && *logged.attribute("correlation_id") == CORRELATION_ID
    });
    let mut found: Vec<_> = of_request
        .map(|Logged { record, .. }| {
            [
                text(&record["body"]["stringValue"]),
                text(&record["traceId"]),
                text(&record["spanId"]),
            ]
        })
        .collect();
    found.sort();
    Ok(found)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whether the one measurement that Prometheus refers from leads to the trace.
#[track_caller]
fn is_exemplar(prometheus: &Prometheus, metric: &str, span: &Span) {
    let query = format!("{metric}_bucket{{service=\"{}\"}}", span.service);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let (start, end) = ((now - 600).to_string(), (now + 600).to_string());
    let parameters = [("query", query.as_str()), ("start", &start), ("end", &end)];
    eventually(PATIENCE, || {
        let answer = prometheus.get("/api/v1/query_exemplars", &parameters)?;
        let series = answer["data"].as_array().into_iter().flatten();
        let exemplars = series.filter_map(|one| one["exemplars"].as_array());
        let found: Vec<_> = exemplars
            .flatten()
            .map(|exemplar| &exemplar["labels"])
            .collect();
        let expected = json!({ "trace_id": span.trace, "span_id": span.id });
        if found == [&expected] {
            Ok(())
        } else {
            Err(format!("{query}: {answer}"))
        }
    });
}

/// Asks Prometheus until it has what a query of each service's metrics is for.
#[track_caller]
fn holds(prometheus: &Prometheus, query: &str) -> Result<(), String> {
    [CALLER, CALLEE].iter().try_for_each(|service| {
        let query = query.replace("SERVICE", service);
        prometheus.some(&query).map(drop)
    })
}

#[test]
fn a_request_over_two_services_is_one_trace_and_the_death_of_the_collector_harms_neither() {
    let program = build();
    let loki = Loki::listen();
    let jaeger = Jaeger::start();
    let collector = Collector::start(&jaeger.otlp, &loki.endpoint);
    let shop = Shop::open(&program, &collector.otlp);
    let prometheus = Prometheus::start(&LIVE, &["--enable-feature=exemplar-storage"]);
    prometheus.aim(CALLER, &shop.caller.admin);
    prometheus.aim(CALLEE, &shop.callee.admin);

    shop.ask("ada");
    let spans = only_trace(&jaeger);
    are_described(&spans, shop.callee_port());
    let [asked, _, called] = &spans;
    is_logged(&shop.caller, "request answered", asked, &loki);
    is_logged(&shop.callee, "call answered", called, &loki);
    is_exemplar(&prometheus, "http_server_request_duration_seconds", asked);
    is_exemplar(
        &prometheus,
        "marty_business_transaction_duration_seconds",
        asked,
    );
    is_exemplar(&prometheus, "rpc_server_call_duration_seconds", called);
    for query in [
        "target_info{service=\"SERVICE\", service_name=\"SERVICE\"} == 1",
        "sum(marty_spans_dropped_total{service=\"SERVICE\"}) == 0",
    ] {
        eventually(PATIENCE, || holds(&prometheus, query));
    }
    assert_eq!(only_trace(&jaeger)[0].id, asked.id);

    collector.kill();
    let mut round = 0;
    eventually(PATIENCE, || {
        round += 1;
        shop.ask(&format!("ada{round}"));
        holds(
            &prometheus,
            "sum(marty_spans_dropped_total{service=\"SERVICE\"}) > 0",
        )
    });
    for service in [shop.caller, shop.callee] {
        let ended = service.process.terminate(DEADLINE);
        assert!(ended.success(), "{ended}");
    }
}
