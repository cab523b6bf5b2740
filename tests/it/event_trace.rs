//! The trace of an event in a real Jaeger: from the request that published it, over a real Kafka, to what its handler calls, and on
//! over attempts, a dead letter and its replay.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::golden::{LIVE, WORKER};
use crate::jaeger::{Jaeger, Span};
use crate::kafka::{CORRELATION_ID, Kafka, PUBLISHER, TOPICS, program, send, user};
use crate::sandbox::Sandbox;
use crate::server::eventually;
use crate::service::Service;

/// How long telemetry or an event may take to get where it is looked for.
const PATIENCE: Duration = Duration::from_mins(1);

/// The generated worker, and a directory that asks the other service.
const WITH_A_CALL: &str = include_str!("../fixtures/trace/worker.rs");

const SENDING: &str = "send domain.user.events";
const HANDLING: &str = "process domain.user.events";

/// The worker's program.
static ASKING: LazyLock<PathBuf> = LazyLock::new(|| {
    let add = format!("add --quiet --package {WORKER} --dev marty-runtime --features http-client");
    LIVE.example((WORKER, Some("kafka")), "asking", WITH_A_CALL, &[&add])
});

/// Both services on a broker, whose spans go to a Jaeger.
struct Stage {
    kafka: Kafka,
    jaeger: Jaeger,
    publisher: Service,
    worker: Service,
}

impl Stage {
    /// Starts all; the worker asks at `users`, if not of the publisher.
    #[track_caller]
    fn open(users: Option<&str>) -> Self {
        let kafka = Kafka::start(&TOPICS);
        let jaeger = Jaeger::start();
        let collector = format!("http://{}", jaeger.otlp);
        let spans = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ];
        let keys = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let with = |name, value| spans.into_iter().chain([(name, value)]).collect::<Vec<_>>();
        let publisher = kafka.run(&program(PUBLISHER), &with("MARTY_PII_KEYS", keys));
        let own = format!("http://{}", publisher.http);
        let worker = kafka.run(&ASKING, &with("USERS", users.unwrap_or(&own)));
        Self {
            kafka,
            jaeger,
            publisher,
            worker,
        }
    }

    /// Creates a user; says where it is.
    #[track_caller]
    fn create(&self) -> String {
        let (status, path, body) = send(&self.publisher, "POST", "/users", &user(1));
        assert_eq!(status, 201, "{body}");
        path
    }

    /// Waits until the worker knows the user at `path`.
    #[track_caller]
    fn known(&self, path: &str) {
        eventually(PATIENCE, || {
            let (status, ..) = send(&self.worker, "GET", path, &Value::Null);
            (status == 200)
                .then_some(())
                .ok_or_else(|| format!("{status}: {:#?}", self.worker.process.printed()))
        });
    }

    /// The trace with the sending in it, once it has so many spans that handle it.
    #[track_caller]
    fn trace(&self, spans: usize, handled: usize) -> Trace {
        eventually(PATIENCE, || {
            let traces = self.jaeger.traces(PUBLISHER)?;
            let named =
                |trace: &[Span], name| trace.iter().filter(|span| span.name == name).count();
            let mut found = traces.iter().filter(|trace| {
                trace.len() == spans
                    && named(trace, SENDING) == 1
                    && named(trace, HANDLING) == handled
            });
            match (found.next(), found.next()) {
                (Some(trace), None) => Ok(Trace(trace.clone())),
                _ => Err(format!("{traces:#?}")),
            }
        })
    }
}

/// All spans of a trace.
#[derive(Debug)]
struct Trace(Vec<Span>);

impl Trace {
    /// The spans below another, in the order in which they began.
    fn below(&self, parent: Option<&Span>) -> Vec<&Span> {
        let parent = parent.map(|span| &span.id);
        let mut found: Vec<_> = self
            .0
            .iter()
            .filter(|span| span.parent.as_ref() == parent)
            .collect();
        found.sort_by_key(|span| span.begun);
        found
    }

    /// The only span below another, whose service and name are told.
    #[track_caller]
    fn only(&self, parent: Option<&Span>, service: &str, name: &str) -> &Span {
        let found = self.below(parent);
        let [only] = found[..] else {
            panic!("not one span below {parent:?} in {self:#?}");
        };
        assert_eq!((&*only.service, &*only.name), (service, name), "{self:#?}");
        only
    }
}

#[track_caller]
fn says(span: &Span, attributes: &Value) {
    for (name, value) in attributes.as_object().unwrap() {
        let found = span.attributes.get(name);
        assert_eq!(found, Some(value), "{name} of {span:#?}");
    }
}

fn place(span: &Span) -> (String, String) {
    (span.trace.clone(), span.id.clone())
}

/// How many lines a service has logged of the undertaking, all of which are of that trace.
#[track_caller]
fn logged(service: &Service, trace: &str) -> usize {
    let lines = service.process.printed().into_iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let of_trace: Vec<Value> = lines.filter(|line| line["trace_id"] == trace).collect();
    for line in &of_trace {
        assert_eq!(line["correlation_id"], CORRELATION_ID, "{line}");
    }
    of_trace.len()
}

#[test]
fn a_request_and_what_a_worker_does_because_of_it_are_one_trace() {
    let stage = Stage::open(None);
    let path = stage.create();
    stage.known(&path);

    let trace = stage.trace(5, 1);
    let asked = trace.only(None, PUBLISHER, "POST /users");
    let sent = trace.only(Some(asked), PUBLISHER, SENDING);
    let handled = trace.only(Some(sent), WORKER, HANDLING);
    let call = trace.only(Some(handled), WORKER, "GET");
    let answered = trace.only(Some(call), PUBLISHER, "GET /users/{id}");
    for (span, kind) in [
        (asked, "server"),
        (sent, "producer"),
        (handled, "consumer"),
        (call, "client"),
        (answered, "server"),
    ] {
        assert_eq!(span.attributes["span.kind"], kind, "{span:#?}");
    }
    assert_eq!(handled.links, [place(sent)]);
    let id = &sent.attributes["messaging.message.id"];
    let place = json!({
        "messaging.system": "kafka",
        "messaging.destination.name": "domain.user.events",
        "messaging.destination.partition.id": sent.attributes["messaging.destination.partition.id"],
        "messaging.kafka.offset": 0,
        "messaging.message.id": id,
        "event_type": "user.created.v1",
    });
    says(sent, &place);
    says(handled, &place);
    for (span, operation) in [(sent, "send"), (handled, "process")] {
        let operation = json!({
            "messaging.operation.name": operation,
            "messaging.operation.type": operation,
        });
        says(span, &operation);
    }
    let group = json!({ "messaging.consumer.group.name": WORKER, "marty.event.attempt": 1 });
    says(handled, &group);
    for service in [&stage.publisher, &stage.worker] {
        assert!(logged(service, &asked.trace) > 0);
    }
}

/// Something that answers every request with the status that it is told.
fn answering(status: &Arc<AtomicU16>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let status = Arc::clone(status);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let head = BufReader::new(&stream).lines().map_while(Result::ok);
            if head.take_while(|line| !line.is_empty()).count() > 0 {
                let status = status.load(Ordering::SeqCst);
                // Whoever left meanwhile needs no answer.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} So\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
            }
        }
    });
    address
}

/// Runs `marty events dlq`, as part of a span; returns what it printed.
#[track_caller]
fn letters(stage: &Stage, arguments: &str, span: &str) -> String {
    let sandbox = Sandbox::new();
    let arguments = ["events", "dlq"].into_iter().chain(arguments.split(' '));
    let mut command: Command = sandbox.marty(arguments);
    command
        .env("MARTY_KAFKA_BROKERS", &stage.kafka.address)
        .env("TRACEPARENT", span);
    sandbox.outcome(&mut command)
}

/// The headers of the only open letter, as they are shown.
fn letter(stage: &Stage) -> Result<BTreeMap<String, String>, String> {
    let shown = letters(stage, &format!("show {}", TOPICS[1]), "");
    let headers = shown.lines().filter_map(|line| {
        let header = line.trim().strip_prefix("header ")?;
        let (name, value) = header.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    });
    let headers: BTreeMap<_, _> = headers.collect();
    let is_there = headers.contains_key("dlq-traceparent");
    is_there.then_some(headers).ok_or(shown)
}

fn parent(span: &Span) -> String {
    format!("00-{}-{}-01", span.trace, span.id)
}

#[test]
fn a_trace_goes_on_over_attempts_a_dead_letter_and_its_replay() {
    let status = Arc::new(AtomicU16::new(503));
    let stage = Stage::open(Some(&answering(&status)));
    let path = stage.create();
    let letter = eventually(PATIENCE, || letter(&stage));

    // Who puts the letter back has a trace of its own.
    let operator = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    status.store(200, Ordering::SeqCst);
    let replayed = letters(&stage, &format!("replay {}", TOPICS[1]), operator);
    assert!(replayed.contains("replayed: 1 of 1 letters"), "{replayed}");
    stage.known(&path);

    // The request, the sending, and three times the handler with its call.
    let trace = stage.trace(8, 3);
    let asked = trace.only(None, PUBLISHER, "POST /users");
    let sent = trace.only(Some(asked), PUBLISHER, SENDING);
    let handled = trace.below(Some(sent));
    let [first, second, again] = handled[..] else {
        panic!("{trace:#?}");
    };
    assert_eq!(letter["traceparent"], parent(sent));
    assert_eq!(letter["dlq-traceparent"], parent(second));
    assert_eq!(first.links, [place(sent)]);
    assert_eq!(second.links, [place(sent), place(first)]);
    let operator = operator.split('-').collect::<Vec<_>>();
    let operator = (operator[1].to_owned(), operator[2].to_owned());
    assert_eq!(again.links, [place(sent), place(second), operator]);
    for (span, attempt, failed) in [(first, 1, true), (second, 2, true), (again, 1, false)] {
        says(
            span,
            &json!({ "span.kind": "consumer", "marty.event.attempt": attempt }),
        );
        assert_eq!(
            span.attributes.contains_key("error.type"),
            failed,
            "{span:#?}"
        );
        trace.only(Some(span), WORKER, "GET");
    }
}
