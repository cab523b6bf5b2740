//! The runtime's own configuration.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use super::{
    ConfigError, LogDirectives, LogFormat, Lookup, Origins, Record, ResourceAttributes, Secret,
    Telemetry, Variable, variable,
};

/// The ports a service listens on unless it is told otherwise. Zero asks the system for a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The public listener's.
    pub http: u16,
    /// The admin listener's.
    pub admin: u16,
}

/// How a service runs. Every field has a variable in [`VARIABLES`](super::VARIABLES).
///
/// ```
/// use marty_runtime::config::{Config, Ports};
///
/// let ports = Ports { http: 8081, admin: 9081 };
/// let config = Config::from_lookup(ports, |name| (name == "MARTY_REQUEST_TIMEOUT").then(|| "2s".to_owned()))?;
/// assert_eq!(config.http_addr.to_string(), "127.0.0.1:8081");
/// assert_eq!(config.request_timeout.as_secs(), 2);
///
/// let error = Config::from_lookup(ports, |name| (name == "MARTY_ADMIN_ADDR").then(|| "9081".to_owned())).unwrap_err();
/// assert_eq!(error.variable(), "MARTY_ADMIN_ADDR");
/// # Ok::<(), marty_runtime::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Address of the public listener.
    pub http_addr: SocketAddr,
    /// Address of the admin listener.
    pub admin_addr: SocketAddr,
    /// Address of a listener for gRPC alone, if it shall have one.
    pub grpc_addr: Option<SocketAddr>,
    /// Whether browsers may call by gRPC-Web.
    pub grpc_web: bool,
    /// Which pages may call by gRPC-Web.
    pub grpc_web_origins: Origins,
    /// Where the service runs, such as `production`.
    pub environment: String,
    /// What tells this process from the service's others.
    pub instance_id: String,
    /// What is logged.
    pub log: LogDirectives,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// How many warnings or errors a line of code may log in a second; zero for all.
    pub log_repeats: u32,
    /// How long a handler may take.
    pub request_timeout: Duration,
    /// The longest request body, in bytes.
    pub max_body_bytes: usize,
    /// Connections served at once on the public listener.
    pub max_connections: usize,
    /// How long a client may take to send a request's head.
    pub header_timeout: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub stall_timeout: Duration,
    /// How long requests are still accepted after SIGTERM.
    pub drain_grace: Duration,
    /// How long a shutdown may take in all.
    pub shutdown_deadline: Duration,
    /// What the service is called in telemetry, if not as its package.
    pub service_name: Option<String>,
    /// More of what tells who sends telemetry.
    pub resource_attributes: ResourceAttributes,
    /// What `/admin` asks for; it is off without.
    pub admin_token: Option<Secret>,
    /// Where telemetry is sent, and which traces are recorded.
    pub telemetry: Telemetry,
    /// What was read, by this and by whoever reads through the same lookup.
    record: Arc<Record>,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// If a variable has a value that cannot be used.
    pub fn from_env(ports: Ports) -> Result<Self, ConfigError> {
        Self::read(ports, &Lookup::from_env())
    }

    /// Reads what `lookup` knows instead of the environment.
    ///
    /// # Errors
    ///
    /// If a variable has a value that cannot be used.
    pub fn from_lookup(
        ports: Ports,
        lookup: impl Fn(&str) -> Option<String> + 'static,
    ) -> Result<Self, ConfigError> {
        Self::read(ports, &Lookup::new(lookup))
    }

    /// Both listeners on free ports of the loopback interface, and no drain grace.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            drain_grace: Duration::ZERO,
            environment: "test".to_owned(),
            ..Self::defaults(Ports { http: 0, admin: 0 })
        }
    }

    fn defaults(ports: Ports) -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            http_addr: loopback(ports.http),
            admin_addr: loopback(ports.admin),
            grpc_addr: None,
            grpc_web: false,
            grpc_web_origins: Origins::None,
            environment: "development".to_owned(),
            instance_id: instance_id(),
            log: LogDirectives::default(),
            log_format: LogFormat::Auto,
            log_repeats: 10,
            request_timeout: Duration::from_secs(30),
            max_body_bytes: 2 * 1024 * 1024,
            max_connections: 1024,
            header_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_mins(1),
            drain_grace: Duration::from_secs(5),
            shutdown_deadline: Duration::from_secs(25),
            service_name: None,
            resource_attributes: ResourceAttributes::default(),
            admin_token: None,
            telemetry: Telemetry::silent(),
            record: Arc::default(),
        }
    }

    /// What the service is called in telemetry, if its package is called `name`.
    pub(crate) fn name_or(&self, name: &str) -> String {
        self.service_name.clone().unwrap_or_else(|| name.to_owned())
    }

    /// What was read.
    pub(crate) const fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// Reads through `lookup`, as a service's own settings are.
    ///
    /// # Errors
    ///
    /// If a variable has a value that cannot be used.
    pub fn read(ports: Ports, lookup: &Lookup) -> Result<Self, ConfigError> {
        let mut config = Self {
            record: lookup.record(),
            ..Self::defaults(ports)
        };
        lookup.parse_optional::<PathBuf>(variable::CONFIG_FILE.name)?;
        config.read_listeners(lookup)?;
        config.read_place(lookup)?;
        config.read_log(lookup)?;
        config.read_limits(lookup)?;
        config.read_end(lookup)?;
        config.read_identity(lookup)?;
        config.admin_token = lookup.parse_optional(variable::ADMIN_TOKEN.name)?;
        config.telemetry = Telemetry::read(lookup)?;
        config.leaves_time_to_finish()?;
        Ok(config)
    }

    /// A grace as long as the deadline would leave requests no time.
    fn leaves_time_to_finish(&self) -> Result<(), ConfigError> {
        if self.drain_grace < self.shutdown_deadline {
            return Ok(());
        }
        let Variable { name: deadline, .. } = variable::SHUTDOWN_DEADLINE;
        let accepted = format!(
            "shorter than `{deadline}`, {}",
            humantime::format_duration(self.shutdown_deadline)
        );
        let value = humantime::format_duration(self.drain_grace).to_string();
        Err(ConfigError::new(
            variable::DRAIN_GRACE.name,
            &value,
            accepted,
        ))
    }
}

/// Inside a container the host's name alone would do, for process ids repeat; outside, the id alone.
fn instance_id() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    format!(
        "{}-{}",
        if host.is_empty() { "localhost" } else { host },
        std::process::id()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Setting, VARIABLES, bound::Positive};

    const PORTS: Ports = Ports {
        http: 8081,
        admin: 9081,
    };

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::from_lookup(PORTS, move |asked| {
            (asked == name).then(|| value.to_owned())
        })
    }

    #[track_caller]
    fn refuses(name: &'static str, value: &'static str, accepted: &str) {
        let message = with(name, value).unwrap_err().to_string();
        assert_eq!(
            message,
            format!("`{name}` is {value:?}, but has to be {accepted}")
        );
    }

    #[test]
    fn names_variable_value_and_what_is_accepted() {
        refuses("MARTY_HTTP_ADDR", "localhost", SocketAddr::ACCEPTED);
        refuses("MARTY_ADMIN_ADDR", "127.0.0.1", SocketAddr::ACCEPTED);
        refuses("MARTY_LOG", "loud", LogDirectives::ACCEPTED);
        refuses("MARTY_LOG_FORMAT", "xml", "`auto`, `json` or `text`");
        refuses("MARTY_REQUEST_TIMEOUT", "0s", Positive::ACCEPTED);
        refuses("MARTY_MAX_BODY_BYTES", "2MB", usize::ACCEPTED);
        refuses(
            "MARTY_MAX_CONNECTIONS",
            "0",
            "a whole number from 1 to 1000000",
        );
        refuses("MARTY_HEADER_TIMEOUT", "10", Positive::ACCEPTED);
        refuses("MARTY_STALL_TIMEOUT", "0s", Positive::ACCEPTED);
        refuses("MARTY_SHUTDOWN_DEADLINE", "-1s", Positive::ACCEPTED);
        refuses("MARTY_SHUTDOWN_DEADLINE", "365d 1ns", Positive::ACCEPTED);
        refuses(
            "MARTY_DRAIN_GRACE",
            "9223372036854775000s",
            Duration::ACCEPTED,
        );
        refuses(
            "MARTY_DRAIN_GRACE",
            "25s",
            "shorter than `MARTY_SHUTDOWN_DEADLINE`, 25s",
        );
    }

    #[test]
    fn reads_every_variable_of_the_table_and_no_other() {
        let config = Config::from_lookup(PORTS, |_| None).unwrap();
        let entries = config.record().entries();
        let read: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        let table: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(read, table);
    }

    #[test]
    fn has_the_defaults_of_the_table() {
        let table = |name: &str| {
            VARIABLES
                .iter()
                .find(|variable| variable.name == name)
                .unwrap()
                .default
        };
        let config = with("MARTY_UNRELATED", "").unwrap();
        assert_eq!(table("MARTY_ENVIRONMENT"), config.environment);
        assert_eq!(table("MARTY_LOG"), format!("{:?}", config.log));
        assert_eq!(table("MARTY_LOG_REPEATS"), config.log_repeats.to_string());
        assert_eq!(
            table("MARTY_MAX_BODY_BYTES"),
            config.max_body_bytes.to_string()
        );
        assert_eq!(
            table("MARTY_MAX_CONNECTIONS"),
            config.max_connections.to_string()
        );
        for (name, value) in [
            ("MARTY_REQUEST_TIMEOUT", config.request_timeout),
            ("MARTY_HEADER_TIMEOUT", config.header_timeout),
            ("MARTY_STALL_TIMEOUT", config.stall_timeout),
            ("MARTY_DRAIN_GRACE", config.drain_grace),
            ("MARTY_SHUTDOWN_DEADLINE", config.shutdown_deadline),
        ] {
            assert_eq!(
                table(name),
                humantime::format_duration(value).to_string(),
                "{name}"
            );
        }
    }
}
