//! A real OpenTelemetry Collector.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::server::{self, Process, eventually};

/// A running collector, which hands traces and logs on.
pub(crate) struct Collector {
    process: Process,
    _directory: TempDir,
    /// Where it takes OTLP over gRPC.
    pub(crate) otlp: String,
}

impl Collector {
    /// Starts a collector that sends traces to `traces`, over gRPC, and logs below `logs`, over HTTP.
    #[track_caller]
    pub(crate) fn start(traces: &str, logs: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("collector.yml");
        let (otlp, health) = (server::free_address(), server::free_address());
        // JSON is YAML.
        let configuration = configuration(&otlp, &health, (traces, logs)).to_string();
        fs::write(&path, configuration).unwrap();
        let mut command = Command::new(server::program("collector", "otelcol"));
        command.arg("--config").arg(&path);
        let (process, ()) = Process::start(&mut command, |line| {
            line.contains("Everything is ready").then_some(())
        });
        eventually(Duration::from_secs(30), || {
            let url = format!("http://{health}/");
            ureq::get(&url).call().map_err(|error| error.to_string())
        });
        Self {
            process,
            _directory: directory,
            otlp,
        }
    }

    /// Ends the collector as a crash would.
    pub(crate) fn kill(self) {
        self.process.kill();
    }
}

fn configuration(otlp: &str, health: &str, (traces, logs): (&str, &str)) -> serde_json::Value {
    let pipeline = |exporter: &str| {
        json!({
            "receivers": ["otlp"],
            "processors": ["memory_limiter", "batch"],
            "exporters": [exporter],
        })
    };
    json!({
        "extensions": { "health_check": { "endpoint": health } },
        "receivers": { "otlp": { "protocols": { "grpc": { "endpoint": otlp } } } },
        "processors": {
            "memory_limiter": { "check_interval": "1s", "limit_mib": 256 },
            "batch": { "timeout": "100ms" },
        },
        "exporters": {
            "otlp_grpc": { "endpoint": traces, "tls": { "insecure": true } },
            "otlp_http": { "endpoint": logs, "encoding": "json", "compression": "none" },
        },
        "service": {
            "extensions": ["health_check"],
            // Its own metrics would be served at a fixed port.
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "traces": pipeline("otlp_grpc"), "logs": pipeline("otlp_http") },
        },
    })
}
