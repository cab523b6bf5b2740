//! A real Jaeger, with its traces in memory.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::server::{self, Process};

/// Its listeners, of which only two are used here.
const LISTENERS: [&str; 10] = [
    "admin.http.host-port",
    "collector.grpc-server.host-port",
    "collector.http-server.host-port",
    "collector.otlp.http.host-port",
    "http-server.host-port",
    "processor.jaeger-binary.server-host-port",
    "processor.jaeger-compact.server-host-port",
    "processor.zipkin-compact.server-host-port",
    "query.grpc-server.host-port",
    "query.http-server.host-port",
];

/// A running Jaeger.
pub(crate) struct Jaeger {
    _process: Process,
    query: String,
    /// Where it takes OTLP over gRPC.
    pub(crate) otlp: String,
}

/// A span as Jaeger shows it.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    /// Trace and span of each that it links to.
    pub(crate) links: Vec<(String, String)>,
    /// Microseconds since 1970.
    pub(crate) begun: u64,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, Value>,
}

impl Jaeger {
    /// Starts a Jaeger that knows no trace.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let otlp = server::free_address();
        let mut command = Command::new(server::program("jaeger", "jaeger-all-in-one"));
        command
            .args(LISTENERS.map(|name| format!("--{name}=127.0.0.1:0")))
            .arg(format!("--collector.otlp.grpc.host-port={otlp}"))
            .env("SPAN_STORAGE_TYPE", "memory")
            // It would send traces of its own to a fixed port.
            .env("OTEL_TRACES_SAMPLER", "always_off");
        let mut query = None;
        let (process, query) = Process::start(&mut command, |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            if line["msg"] == "Query server started" {
                query = line["http_addr"].as_str().map(str::to_owned);
            }
            query.clone().filter(|_| line["status"] == "ready")
        });
        Self {
            _process: process,
            query,
            otlp,
        }
    }

    /// The traces that a service has a part in, each with all its spans.
    pub(crate) fn traces(&self, service: &str) -> Result<Vec<Vec<Span>>, String> {
        let answer = self.get(&format!("?service={service}&limit=100&lookback=1h"))?;
        let traces = answer["data"]
            .as_array()
            .ok_or_else(|| answer.to_string())?;
        Ok(traces.iter().map(spans).collect())
    }

    fn get(&self, rest: &str) -> Result<Value, String> {
        let url = format!("http://{}/api/traces{rest}", self.query);
        let mut response = ureq::get(&url).call().map_err(|error| error.to_string())?;
        let body = response.body_mut();
        body.read_json().map_err(|error| error.to_string())
    }
}

fn spans(trace: &Value) -> Vec<Span> {
    let spans = trace["spans"].as_array().unwrap().iter();
    spans
        .map(|span| span_of(span, &trace["processes"]))
        .collect()
}

fn span_of(span: &Value, processes: &Value) -> Span {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let process = &processes[text(&span["processID"])];
    let references = span["references"].as_array().unwrap();
    // A parent that is linked to as well is one reference only, of the other kind.
    let parent = |kind: &str| {
        let mut parents = references.iter().filter(|reference| {
            reference["refType"] == kind && reference["traceID"] == span["traceID"]
        });
        parents.next().map(|reference| text(&reference["spanID"]))
    };
    let links = references
        .iter()
        .filter(|reference| reference["refType"] == "FOLLOWS_FROM")
        .map(|reference| (text(&reference["traceID"]), text(&reference["spanID"])));
    let tags = span["tags"].as_array().unwrap().iter();
    Span {
        trace: text(&span["traceID"]),
        id: text(&span["spanID"]),
        parent: parent("CHILD_OF").or_else(|| parent("FOLLOWS_FROM")),
        links: links.collect(),
        begun: span["startTime"].as_u64().unwrap(),
        service: text(&process["serviceName"]),
        name: text(&span["operationName"]),
        attributes: tags
            .map(|tag| (text(&tag["key"]), tag["value"].clone()))
            .collect(),
    }
}
