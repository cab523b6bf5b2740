//! Where traces and logs are sent, and which traces.

use std::time::Duration;

use super::{
    Certificates, ConfigError, Endpoint, Lookup, Protocol, Sampling, SecretHeaders, Setting,
    variable,
};

/// Where telemetry is sent, and which traces are recorded. The variables and their forms are those of OpenTelemetry, where it defines one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Telemetry {
    /// Where traces go. Nowhere, if there is nothing.
    pub traces: Option<Endpoint>,
    /// Where log events go, beside the standard output. Nowhere, if there is nothing.
    pub logs: Option<Endpoint>,
    /// How telemetry is sent.
    pub protocol: Protocol,
    /// Those that a collector's certificate has to come from. Those whom the system trusts, if there is nothing.
    pub certificates: Option<Certificates>,
    /// What is sent along, such as credentials.
    pub headers: SecretHeaders,
    /// How long an export may take, with its retries.
    pub timeout: Duration,
    /// How long spans and log events wait for others to be sent with.
    pub delay: Duration,
    /// How many spans, and how many log events, may wait.
    pub queue: usize,
    /// Which traces are recorded.
    pub sampling: Sampling,
}

impl Telemetry {
    /// Sends nothing.
    pub(super) fn silent() -> Self {
        Self {
            traces: None,
            logs: None,
            protocol: Protocol::default(),
            certificates: None,
            headers: SecretHeaders::default(),
            timeout: Duration::from_secs(10),
            delay: Duration::from_secs(5),
            queue: 2048,
            sampling: Sampling::default(),
        }
    }

    /// Reads the variables in the order of their table.
    pub(super) fn read(lookup: &Lookup) -> Result<Self, ConfigError> {
        let default = Self::silent();
        let disabled = lookup.parse(variable::OTEL_SDK_DISABLED.name, false)?;
        let endpoints = Endpoints::read(lookup)?;
        let certificates = lookup.parse_optional(variable::OTLP_CERTIFICATE.name)?;
        let headers = lookup.parse(variable::OTLP_HEADERS.name, default.headers)?;
        let timeout = Milliseconds::read(lookup, &variable::OTLP_TIMEOUT, default.timeout)?;
        let delay = Milliseconds::read(lookup, &variable::OTEL_BSP_DELAY, default.delay)?;
        let queue = lookup
            .parse(variable::OTEL_BSP_QUEUE.name, QueueLength(default.queue))?
            .0;
        let logs = lookup.parse(variable::OTEL_LOGS_EXPORTER.name, LogsExporter::None)?;
        let telemetry = Self {
            traces: endpoints.traces.filter(|_| !disabled),
            logs: endpoints
                .logs
                .filter(|_| !disabled && logs == LogsExporter::Otlp),
            protocol: endpoints.protocol,
            certificates,
            headers,
            timeout,
            delay,
            queue,
            sampling: Sampling::read(lookup)?,
        };
        Ok(telemetry)
    }
}

struct Endpoints {
    protocol: Protocol,
    traces: Option<Endpoint>,
    logs: Option<Endpoint>,
}

impl Endpoints {
    fn read(lookup: &Lookup) -> Result<Self, ConfigError> {
        let protocol = lookup.parse(variable::OTLP_PROTOCOL.name, Protocol::default())?;
        let all: Option<Endpoint> = lookup.parse_optional(variable::OTLP_ENDPOINT.name)?;
        let of = |signal: &str| {
            let all = all.as_ref()?;
            Some(match protocol {
                Protocol::Grpc => all.clone(),
                Protocol::HttpProtobuf => all.below(signal),
            })
        };
        let traces = lookup.parse_optional(variable::OTLP_TRACES_ENDPOINT.name)?;
        let logs = lookup.parse_optional(variable::OTLP_LOGS_ENDPOINT.name)?;
        Ok(Self {
            protocol,
            traces: traces.or_else(|| of("v1/traces")),
            logs: logs.or_else(|| of("v1/logs")),
        })
    }
}

#[derive(PartialEq)]
enum LogsExporter {
    None,
    Otlp,
}

impl Setting for LogsExporter {
    const ACCEPTED: &'static str = "`none` or `otlp`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "otlp" => Some(Self::Otlp),
            _ => None,
        }
    }
}

/// A time as OpenTelemetry writes it.
struct Milliseconds(Duration);

impl Milliseconds {
    fn read(
        lookup: &Lookup,
        variable: &super::Variable,
        default: Duration,
    ) -> Result<Duration, ConfigError> {
        Ok(lookup.parse(variable.name, Self(default))?.0)
    }
}

impl Setting for Milliseconds {
    const ACCEPTED: &'static str = "a whole number of milliseconds from 1 to 3600000";

    fn parse(text: &str) -> Option<Self> {
        let count = text.parse().ok()?;
        (1..=3_600_000)
            .contains(&count)
            .then(|| Self(Duration::from_millis(count)))
    }
}

struct QueueLength(usize);

impl Setting for QueueLength {
    const ACCEPTED: &'static str = "a whole number from 1 to 65536";

    fn parse(text: &str) -> Option<Self> {
        let length = text.parse().ok()?;
        (1..=65_536).contains(&length).then_some(Self(length))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sampling::{NamedSampler, Ratio},
        *,
    };

    fn read(variables: &'static [(&str, &str)]) -> Result<Telemetry, ConfigError> {
        Telemetry::read(&Lookup::new(move |name| {
            let mut known = variables.iter();
            known.find_map(|(known, value)| (*known == name).then(|| (*value).to_owned()))
        }))
    }

    #[test]
    fn says_what_is_accepted() {
        #[track_caller]
        fn check(variables: &'static [(&str, &str)], accepted: &str) {
            let error = read(variables).unwrap_err().to_string();
            let (name, value) = variables[0];
            assert_eq!(
                error,
                format!("`{name}` is {value:?}, but has to be {accepted}")
            );
        }
        check(
            &[("OTEL_TRACES_SAMPLER", "jaeger_remote")],
            NamedSampler::ACCEPTED,
        );
        check(&[("OTEL_TRACES_SAMPLER_ARG", "NaN")], Ratio::ACCEPTED);
        check(
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")],
            Protocol::ACCEPTED,
        );
        for endpoint in [
            "localhost:4317",
            "ftp://collector:4317",
            "http://me:word@host",
        ] {
            assert!(Endpoint::parse(endpoint).is_none(), "{endpoint}");
        }
        let secure = Endpoint::parse("https://collector:4317");
        assert_eq!(secure.is_some(), cfg!(feature = "tls"));
        assert_eq!(
            Endpoint::ACCEPTED.contains("feature `tls`"),
            secure.is_none()
        );
        check(
            &[("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file")],
            Certificates::ACCEPTED,
        );
        check(
            &[("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")],
            Milliseconds::ACCEPTED,
        );
        check(&[("OTEL_LOGS_EXPORTER", "console")], LogsExporter::ACCEPTED);
    }

    #[test]
    fn sends_nothing_unless_it_is_told_where_to() {
        let all = "OTEL_EXPORTER_OTLP_ENDPOINT";
        assert!(read(&[]).unwrap().traces.is_none());
        let told = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")]).unwrap();
        assert!(told.traces.is_some() && told.logs.is_none(), "{all}");
        let logs = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://loki:4317"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
        ])
        .unwrap();
        assert_eq!(logs.logs.unwrap().uri().host(), Some("loki"));
        assert_eq!(logs.traces.unwrap().uri().host(), Some("collector"));
        let disabled = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"),
            ("OTEL_SDK_DISABLED", "true"),
        ]);
        assert!(disabled.unwrap().traces.is_none());
    }

    #[test]
    fn shows_no_header_to_anybody() {
        let right = &[(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20hunter2, X-Tenant=17",
        )];
        let telemetry = read(right).unwrap();
        assert_eq!(telemetry.headers.0["authorization"], "Bearer hunter2");
        assert_eq!(telemetry.headers.0["x-tenant"], "17");
        assert!(!format!("{telemetry:?}").contains("hunter2"));
        for wrong in [
            "hunter2",
            "=hunter2",
            "a b=hunter2",
            "a=%zzhunter2",
            "a=%0ahunter2",
        ] {
            let text = wrong.to_owned();
            let lookup = Lookup::new(move |name| {
                (name == "OTEL_EXPORTER_OTLP_HEADERS").then(|| text.clone())
            });
            let error = Telemetry::read(&lookup).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.starts_with("`OTEL_EXPORTER_OTLP_HEADERS` is *** (not shown), "));
        }
    }
}
