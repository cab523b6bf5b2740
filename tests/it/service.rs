//! Generated services that run as processes of their own.

use std::collections::BTreeMap;
use std::process::Command;

use crate::server::Process;

/// A running service.
pub(crate) struct Service {
    pub(crate) process: Process,
    /// Where callers are answered.
    pub(crate) http: String,
    /// Where metrics are.
    pub(crate) admin: String,
}

impl Service {
    /// Starts a service's program on a free port, with its admin listener at `admin`.
    #[track_caller]
    pub(crate) fn start(command: &mut Command, admin: &str) -> Self {
        let mut addresses = BTreeMap::new();
        command
            .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
            .env("MARTY_ADMIN_ADDR", admin)
            .env("MARTY_LOG_FORMAT", "json");
        let (process, (http, admin)) = Process::start(command, |line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            for name in ["http_addr", "admin_addr"] {
                if let Some(address) = line[name].as_str() {
                    addresses.insert(name, address.to_owned());
                }
            }
            Some((
                addresses.get("http_addr")?.clone(),
                addresses.get("admin_addr")?.clone(),
            ))
        });
        Self {
            process,
            http,
            admin,
        }
    }
}
