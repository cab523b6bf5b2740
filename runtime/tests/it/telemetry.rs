//! Traces and logs on their way to a collector, and what becomes of a service whose collector does nothing of the kind.

use std::{
    process::Command,
    time::{Duration, Instant},
};

#[cfg(feature = "otlp-http")]
use {
    opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest,
    prost::Message,
    std::{
        io::{Read, Write},
        net::TcpListener,
    },
};

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};

use crate::{
    collector::{Collector, Temper, attribute, black_hole, nobody},
    exposition::read,
    process::{Process, example},
    support::{PATIENCE, get, get_with},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// The two runtimes that have one thread.
const THREADS: [&str; 2] = ["current-thread", "one-worker"];

fn traced(endpoint: &str) -> Command {
    let mut command = example("traced");
    command.envs([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("MARTY_DRAIN_GRACE", "0s"),
    ]);
    command
}

fn start(command: &mut Command) -> Process {
    Process::start(command)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |number: u8| char::from_digit(number.into(), 16).unwrap();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

fn caller() -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: vendor=17\r\n")
}

#[track_caller]
fn named(spans: &[Span], name: &str) -> Span {
    let mut spans = spans.iter().filter(|span| span.name == name);
    spans.next().unwrap_or_else(|| panic!("no {name}")).clone()
}

/// The spans of a collector, once it has those names.
#[track_caller]
fn await_spans(collector: &Collector, names: &[&str]) -> Vec<Span> {
    collector.wait(|received| {
        let has = |name: &&str| received.spans.iter().any(|span| span.name == *name);
        names.iter().all(has).then(|| received.spans.clone())
    })
}

fn lost(process: &Process, reason: &str) -> f64 {
    process.value(&format!("marty_spans_dropped_total{{reason=\"{reason}\"}}"))
}

#[track_caller]
fn await_lost(process: &Process, reason: &str, least: f64) -> f64 {
    let begun = Instant::now();
    loop {
        let count = lost(process, reason);
        if count >= least {
            return count;
        }
        assert!(begun.elapsed() < PATIENCE, "{count} of {least} {reason}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn sends_the_spans_of_a_request_below_its_callers() {
    let collector = Collector::start();
    let mut process = start(&mut traced(&collector.url()));
    assert_eq!(get_with(process.http, "/users/17", &caller()).status, 200);
    let spans = await_spans(&collector, &["GET /users/{id}", "load"]);

    let request = named(&spans, "GET /users/{id}");
    assert_eq!(request.kind(), SpanKind::Server);
    assert_eq!(hex(&request.trace_id), TRACE);
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert_eq!(request.trace_state, "vendor=17");
    assert_eq!(request.status, None);
    for (name, value) in [
        ("http.request.method", Some("GET")),
        ("http.route", Some("/users/{id}")),
        ("http.response.status_code", Some("200")),
        ("url.scheme", Some("http")),
        ("server.address", Some("test")),
        ("network.protocol.version", Some("1.1")),
        ("url.path", None),
        ("client.address", None),
        ("user_agent.original", None),
    ] {
        let found = attribute(&request.attributes, name);
        assert_eq!(found.as_deref(), value, "{name}");
    }
    assert!(attribute(&request.attributes, "correlation_id").is_some());

    let load = named(&spans, "load");
    assert_eq!(load.kind(), SpanKind::Internal);
    assert_eq!(load.trace_id, request.trace_id);
    assert_eq!(load.parent_span_id, request.span_id);
    assert_eq!(attribute(&load.attributes, "id").as_deref(), Some("17"));
    assert_eq!(load.events[0].name, "user loaded");
    assert_eq!(
        attribute(&load.events[0].attributes, "cached").as_deref(),
        Some("false")
    );
    assert!(load.start_time_unix_nano >= request.start_time_unix_nano);
    assert!(load.end_time_unix_nano <= request.end_time_unix_nano);
    assert!(request.events.is_empty(), "{:?}", request.events);

    let loaded = process.await_line("user loaded");
    assert_eq!(loaded["trace_id"], TRACE);
    assert_eq!(loaded["span_id"], hex(&load.span_id));
    let answered = process.await_line("request answered");
    assert_eq!(answered["span_id"], hex(&request.span_id));
}

#[test]
fn counts_losses_from_zero_on() {
    let process = start(&mut example("traced"));
    let page = get(process.admin, "/metrics").body;
    for reason in ["queue_full", "export_failed", "shutdown"] {
        for what in ["spans", "otlp_logs"] {
            let series = format!("marty_{what}_dropped_total{{reason=\"{reason}\"}} 0\n");
            assert!(page.contains(&series), "no {series}");
        }
    }
}

#[test]
fn says_who_sends_and_what_was_to_be_sent_along() {
    let collector = Collector::start();
    let mut command = traced(&collector.url());
    command.envs([
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20hunter2",
        ),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=shop"),
    ]);
    let process = start(&mut command);
    get(process.http, "/users/17");
    let (resource, headers) = collector.wait(|received| {
        let resource = received.resources.first()?.attributes.clone();
        Some((resource, received.headers.first()?.clone()))
    });
    for (name, value) in [
        ("service.name", "marty-runtime"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "development"),
        ("service.namespace", "shop"),
    ] {
        assert_eq!(attribute(&resource, name).as_deref(), Some(value));
    }
    assert!(attribute(&resource, "service.instance.id").is_some());
    assert_eq!(headers["authorization"], "Bearer hunter2");
}

#[test]
fn marks_only_answers_that_are_the_services_fault() {
    let collector = Collector::start();
    let process = start(&mut traced(&collector.url()));
    assert_eq!(get(process.http, "/error").status, 502);
    assert_eq!(get(process.http, "/nowhere/17").status, 404);
    let spans = await_spans(&collector, &["GET /error", "GET"]);
    let error = named(&spans, "GET /error");
    assert_eq!(error.status.unwrap().code(), StatusCode::Error);
    assert_eq!(
        attribute(&error.attributes, "error.type").as_deref(),
        Some("502")
    );
    let nowhere = named(&spans, "GET");
    assert_eq!(nowhere.status, None);
    assert_eq!(attribute(&nowhere.attributes, "http.route"), None);
    let text = format!("{nowhere:?}");
    assert!(!text.contains("nowhere"), "{text}");
}

#[test]
fn hands_its_place_in_the_trace_on_to_calls() {
    let collector = Collector::start();
    let process = start(&mut traced(&collector.url()));
    let headers = format!("{}x-correlation-id: order-17\r\n", caller());
    let handed = get_with(process.http, "/headers", &headers).body;
    let request = named(&await_spans(&collector, &["GET /headers"]), "GET /headers");
    let own = hex(&request.span_id);
    let expected = format!("traceparent: 00-{TRACE}-{own}-01\n");
    assert!(handed.contains(&expected), "{handed}");
    assert!(handed.contains("tracestate: vendor=17\n"), "{handed}");
    assert!(handed.contains("x-correlation-id: order-17\n"), "{handed}");
}

#[cfg(feature = "http-client")]
#[test]
fn records_requests_to_others_between_its_own_and_theirs() {
    let collector = Collector::start();
    let process = start(&mut traced(&collector.url()));
    let port = process.http.port();
    assert_eq!(get(process.http, &format!("/relay/{port}")).status, 502);
    let spans = await_spans(&collector, &["GET /relay/{port}", "GET", "GET /error"]);
    let [relay, request, error] =
        ["GET /relay/{port}", "GET", "GET /error"].map(|name| named(&spans, name));
    assert_eq!(request.kind(), SpanKind::Client);
    assert_eq!(request.parent_span_id, relay.span_id);
    assert_eq!(error.parent_span_id, request.span_id);
    assert_eq!(error.trace_id, relay.trace_id);
    assert_eq!(request.status.unwrap().code(), StatusCode::Error);
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.response.status_code", "502"),
        ("error.type", "502"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port.to_string()),
    ] {
        let found = attribute(&request.attributes, name);
        assert_eq!(found.as_deref(), Some(value), "{name}");
    }
}

#[cfg(feature = "http-client")]
#[test]
fn records_why_a_request_to_another_has_no_answer() {
    let collector = Collector::start();
    let process = start(&mut traced(&collector.url()));
    let port = nobody().port();
    assert_eq!(get(process.http, &format!("/relay/{port}")).status, 503);
    let request = named(&await_spans(&collector, &["GET"]), "GET");
    let why = attribute(&request.attributes, "error.type");
    assert_eq!(why.as_deref(), Some("connection"));
    assert_eq!(request.status.unwrap().code(), StatusCode::Error);
}

#[test]
fn hands_its_callers_place_on_where_it_sends_nothing() {
    let process = start(&mut example("traced"));
    let handed = get_with(process.http, "/headers", &caller()).body;
    let expected = format!("traceparent: 00-{TRACE}-{PARENT}-01\n");
    assert!(handed.contains(&expected), "{handed}");
    let handed = get(process.http, "/headers").body;
    let parent = handed
        .lines()
        .find_map(|line| line.strip_prefix("traceparent: "));
    assert!(
        parent.is_some_and(|parent| parent.ends_with("-00")),
        "{handed}"
    );
}

#[test]
fn begins_a_trace_that_is_linked_where_callers_are_not_trusted() {
    let collector = Collector::start();
    let mut command = traced(&collector.url());
    let process = start(command.env("MARTY_TRUST_REMOTE_CONTEXT", "false"));
    get_with(process.http, "/users/17", &caller());
    let request = named(
        &await_spans(&collector, &["GET /users/{id}"]),
        "GET /users/{id}",
    );
    assert_ne!(hex(&request.trace_id), TRACE);
    assert!(request.parent_span_id.is_empty());
    assert!(request.trace_state.is_empty());
    let [link] = &request.links[..] else {
        panic!("{:?}", request.links)
    };
    assert_eq!(
        (hex(&link.trace_id), hex(&link.span_id)),
        (TRACE.to_owned(), PARENT.to_owned())
    );
}

#[test]
fn records_no_more_for_callers_than_it_was_told() {
    let collector = Collector::start();
    let mut command = traced(&collector.url());
    let process = start(command.envs([
        ("OTEL_TRACES_SAMPLER", "parentbased_always_off"),
        ("MARTY_REMOTE_TRACES_PER_SECOND", "5"),
    ]));
    let begun = Instant::now();
    for _ in 0..100 {
        get_with(process.http, "/error", &caller());
        get(process.http, "/error");
    }
    let refilled = u64::try_from(begun.elapsed().as_millis()).unwrap() * 5 / 1000 + 1;
    process.signal("TERM");
    assert!(process.end().1.success());
    let count = collector.spans().len() as u64;
    assert!((5..=5 + refilled).contains(&count), "{count} spans");
}

#[test]
fn sends_what_waits_before_it_ends() {
    for threads in THREADS {
        let collector = Collector::start();
        let mut command = traced(&collector.url());
        command.env("OTEL_BSP_SCHEDULE_DELAY", "3600000");
        let process = start(command.arg(threads));
        for _ in 0..3 {
            get(process.http, "/spans/100");
        }
        process.signal("TERM");
        let (said, status) = process.end();
        assert_eq!(said.last().unwrap(), "shutdown phase done: flush telemetry");
        assert!(status.success());
        assert_eq!(collector.spans().len(), 303, "{threads}");
    }
}

#[test]
fn sends_again_what_a_collector_refused_for_the_moment() {
    let temper = Temper {
        refuses: 1,
        ..Temper::default()
    };
    let collector = Collector::with(temper);
    let process = start(&mut traced(&collector.url()));
    get(process.http, "/users/17");
    await_spans(&collector, &["load"]);
    assert!(lost(&process, "export_failed") == 0.0);
}

#[test]
fn counts_what_a_collector_rejects() {
    let temper = Temper {
        rejects: 2,
        ..Temper::default()
    };
    let collector = Collector::with(temper);
    let process = start(&mut traced(&collector.url()));
    get(process.http, "/spans/10");
    await_lost(&process, "export_failed", 2.0);
}

#[test]
fn sends_logs_when_it_is_told_to() {
    let collector = Collector::start();
    let mut command = traced(&collector.url());
    let process = start(command.env("OTEL_LOGS_EXPORTER", "otlp"));
    let headers = format!("{}x-correlation-id: order-17\r\n", caller());
    get_with(process.http, "/users/17", &headers);
    let loaded = collector.wait(|received| {
        let body = |log: &opentelemetry_proto::tonic::logs::v1::LogRecord| {
            let body = log.body.clone()?.value?;
            Some(format!("{body:?}"))
        };
        let mut logs = received.logs.iter();
        logs.find(|log| body(log).is_some_and(|body| body.contains("user loaded")))
            .cloned()
    });
    assert_eq!(loaded.severity_number, 9);
    assert_eq!(hex(&loaded.trace_id), TRACE);
    assert_eq!(
        attribute(&loaded.attributes, "cached").as_deref(),
        Some("false")
    );
    assert_eq!(
        attribute(&loaded.attributes, "target").as_deref(),
        Some("traced")
    );
    assert_eq!(
        attribute(&loaded.attributes, "correlation_id").as_deref(),
        Some("order-17")
    );
    let spans = await_spans(&collector, &["load"]);
    assert_eq!(loaded.span_id, named(&spans, "load").span_id);
}

#[test]
fn sends_nothing_of_what_is_said_while_it_sends() {
    let collector = Collector::start();
    let mut command = traced(&collector.url());
    let mut process = start(command.envs([("OTEL_LOGS_EXPORTER", "otlp"), ("MARTY_LOG", "trace")]));
    get(process.http, "/users/17");
    await_spans(&collector, &["load"]);
    // Something of the connection is told to the standard output.
    loop {
        let line = process.next_line();
        let target = line["target"].as_str().unwrap_or_default().to_owned();
        if ["h2", "hyper", "tonic", "tower"]
            .iter()
            .any(|part| target.starts_with(part))
        {
            break;
        }
    }
    let sent = collector.wait(|received| {
        let targets = received
            .logs
            .iter()
            .map(|log| attribute(&log.attributes, "target").unwrap());
        Some(targets.collect::<Vec<_>>())
    });
    assert!(
        !sent.iter().any(|target| target.starts_with("h2")),
        "{sent:?}"
    );
    let spans = collector.spans();
    assert!(
        spans
            .iter()
            .all(|span| span.name == "load" || span.name.starts_with("GET"))
    );
}

/// What each collector does to a service on one thread: nothing that a caller notices, and nothing that its end waits for.
#[track_caller]
fn survives(endpoint: &str, threads: &str) {
    let mut command = traced(endpoint);
    command.envs([
        ("OTEL_BSP_MAX_QUEUE_SIZE", "600"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "400"),
        ("MARTY_SHUTDOWN_DEADLINE", "4s"),
    ]);
    let process = start(command.arg(threads));
    get(process.http, "/users/1");
    let before = process.value("process_resident_memory_bytes");
    for id in 0..20 {
        let begun = Instant::now();
        assert_eq!(get(process.http, &format!("/users/{id}")).status, 200);
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{threads}: {:?}",
            begun.elapsed()
        );
    }
    get(process.http, "/spans/50000");
    await_lost(&process, "queue_full", 40_000.0);
    await_lost(&process, "export_failed", 500.0);
    let grown = process.value("process_resident_memory_bytes") - before;
    assert!(
        grown < 32.0 * 1024.0 * 1024.0,
        "{threads}: {grown} bytes more"
    );
    get(process.http, "/spans/100");
    process.signal("TERM");
    let begun = Instant::now();
    let (said, status) = process.end();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{threads}: {:?}",
        begun.elapsed()
    );
    assert!(status.success(), "{threads}: {said:?}");
}

#[test]
fn survives_a_collector_that_never_answers() {
    for threads in THREADS {
        survives(&format!("http://{}", black_hole()), threads);
    }
}

#[test]
fn survives_a_collector_that_is_not_there() {
    for threads in THREADS {
        survives(&format!("http://{}", nobody()), threads);
    }
}

#[test]
fn survives_a_slow_collector() {
    let delay = Duration::from_secs(30);
    for threads in THREADS {
        let temper = Temper {
            delay,
            ..Temper::default()
        };
        survives(&Collector::with(temper).url(), threads);
    }
}

#[test]
fn survives_a_collector_that_dies() {
    for threads in THREADS {
        let mut collector = Collector::start();
        let mut command = traced(&collector.url());
        command.env("OTEL_EXPORTER_OTLP_TIMEOUT", "300");
        let mut process = start(command.arg(threads));
        get(process.http, "/users/17");
        await_spans(&collector, &["load"]);
        collector.die();
        get(process.http, "/spans/10");
        await_lost(&process, "export_failed", 1.0);
        let failed = process.await_line("telemetry cannot be sent");
        assert_eq!(
            (&failed["level"], &failed["signal"]),
            (&"warn".into(), &"traces".into())
        );
        assert_eq!(get(process.http, "/users/17").status, 200);
        process.signal("TERM");
        assert!(process.end().1.success(), "{threads}");
    }
}

#[test]
fn reports_telemetry_that_did_not_go_out_in_time() {
    let mut command = traced(&format!("http://{}", black_hole()));
    command.envs([("MARTY_SHUTDOWN_DEADLINE", "2s"), ("MARTY_LOG", "info")]);
    let process = start(command.arg("current-thread"));
    get(process.http, "/users/17");
    process.signal("TERM");
    let (said, status) = process.end();
    let expected = "shutdown phase cut off at its deadline: flush telemetry";
    assert_eq!(said.last().unwrap(), expected);
    assert!(status.success());
}

#[test]
fn refers_from_durations_to_traces_that_are_sent() {
    let collector = Collector::start();
    let process = start(&mut traced(&collector.url()));
    get_with(process.http, "/users/17", &caller());
    let spans = await_spans(&collector, &["GET /users/{id}"]);
    let accept = "accept: application/openmetrics-text; version=1.0.0\r\n";
    let scrape = get_with(process.admin, "/metrics", accept).body;
    let scrape = read(&scrape, true).unwrap();
    let durations = &scrape["http_server_request_duration_seconds"].samples;
    let exemplars: Vec<_> = durations
        .iter()
        .filter_map(|sample| sample.exemplar.clone())
        .collect();
    let [(labels, seconds)] = &exemplars[..] else {
        panic!("{exemplars:?}")
    };
    let request = named(&spans, "GET /users/{id}");
    let expected = [
        ("trace_id", TRACE.to_owned()),
        ("span_id", hex(&request.span_id)),
    ];
    assert_eq!(
        *labels,
        expected.map(|(name, value)| (name.to_owned(), value))
    );
    assert!(*seconds < 5.0);
    // The other format has no place for them.
    let text = get(process.admin, "/metrics").body;
    assert!(!text.contains(" # "), "{text}");
    read(&text, false).unwrap();
}

/// Takes one request and answers it as a collector does. Says what it got.
#[cfg(feature = "otlp-http")]
fn take_one(listener: &TcpListener) -> (String, ExportTraceServiceRequest) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).unwrap();
        assert_ne!(count, 0, "cut short");
        bytes.extend_from_slice(&part[..count]);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().parse().unwrap();
        if bytes.len() >= end + 4 + length {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
            let message = ExportTraceServiceRequest::decode(&bytes[end + 4..]).unwrap();
            return (head, message);
        }
    }
}

#[cfg(feature = "otlp-http")]
#[test]
fn sends_over_http_when_it_is_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/otlp", listener.local_addr().unwrap());
    let mut command = traced(&url);
    command.envs([
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=17"),
    ]);
    let process = start(&mut command);
    get_with(process.http, "/error", &caller());
    let (head, message) = take_one(&listener);
    assert!(
        head.starts_with("POST /otlp/v1/traces HTTP/1.1\r\n"),
        "{head}"
    );
    for line in ["x-tenant: 17", "content-type: application/x-protobuf"] {
        assert!(head.lines().any(|found| found == line), "{head}");
    }
    let spans = &message.resource_spans[0].scope_spans[0].spans;
    assert_eq!(hex(&named(spans, "GET /error").trace_id), TRACE);
    assert!(lost(&process, "export_failed") == 0.0);
}
