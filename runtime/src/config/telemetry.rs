//! Where traces and logs are sent, and which traces.

use std::{fmt, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::{ConfigError, Lookup, Setting, percent::decoded, variable};

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

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sampling {
    /// The share of traces that are recorded, from 0 to 1.
    pub ratio: f64,
    /// Whether a caller that has decided is followed.
    pub parent_based: bool,
    /// How many traces of callers are recorded in a second that this service would not have chosen itself.
    pub remote_per_second: u32,
    /// Whether the trace of a caller is continued. A trace begins anew otherwise, and refers to the caller's.
    pub trust_remote: bool,
}

/// Every trace that begins here, and those that callers record.
impl Default for Sampling {
    fn default() -> Self {
        Self {
            ratio: 1.0,
            parent_based: true,
            remote_per_second: 100,
            trust_remote: true,
        }
    }
}

impl Telemetry {
    /// Sends nothing.
    pub(super) fn silent() -> Self {
        Self {
            traces: None,
            logs: None,
            protocol: Protocol::default(),
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
            headers,
            timeout,
            delay,
            queue,
            sampling: Sampling::read(lookup)?,
        };
        Ok(telemetry)
    }
}

impl Sampling {
    fn read(lookup: &Lookup) -> Result<Self, ConfigError> {
        let default = Self::default();
        let named = variable::OTEL_TRACES_SAMPLER.name;
        let sampler = lookup.parse(named, NamedSampler::default())?;
        let ratio = lookup.parse(variable::OTEL_TRACES_SAMPLER_ARG.name, Ratio(1.0))?;
        Ok(Self {
            ratio: sampler.ratio.unwrap_or(ratio.0),
            parent_based: sampler.parent_based,
            trust_remote: lookup.parse(variable::TRUST_REMOTE.name, default.trust_remote)?,
            remote_per_second: lookup
                .parse(variable::REMOTE_TRACES.name, default.remote_per_second)?,
        })
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

/// The address of a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl Endpoint {
    /// The address.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.0
    }

    fn below(&self, path: &str) -> Self {
        let base = self.0.to_string();
        let joined = format!("{}/{path}", base.trim_end_matches('/'));
        // An address with a path behind it is an address.
        Self(joined.parse().unwrap_or_else(|_| self.0.clone()))
    }
}

impl Setting for Endpoint {
    const ACCEPTED: &'static str = "an address such as `http://localhost:4317` (without TLS, and with a feature such as `otlp` of the runtime)";

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        // Credentials in an address would be shown with it.
        let authority = uri.authority()?;
        let built_in = cfg!(any(feature = "otlp", feature = "otlp-http"));
        let plain = uri.scheme_str() == Some("http") && !authority.as_str().contains('@');
        let sound = built_in && plain;
        sound.then_some(Self(uri))
    }
}

/// How telemetry is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// Over gRPC.
    Grpc,
    /// As Protocol Buffers in HTTP/1.1 requests.
    HttpProtobuf,
}

impl Default for Protocol {
    fn default() -> Self {
        if cfg!(feature = "otlp-http") && !cfg!(feature = "otlp") {
            Self::HttpProtobuf
        } else {
            Self::Grpc
        }
    }
}

impl Setting for Protocol {
    const ACCEPTED: &'static str =
        "`grpc` (feature `otlp`) or `http/protobuf` (feature `otlp-http`), as far as built in";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "grpc" => cfg!(feature = "otlp").then_some(Self::Grpc),
            "http/protobuf" => cfg!(feature = "otlp-http").then_some(Self::HttpProtobuf),
            _ => None,
        }
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

/// A sampler of those that OpenTelemetry names.
struct NamedSampler {
    parent_based: bool,
    /// The share, unless another variable tells it.
    ratio: Option<f64>,
}

impl Default for NamedSampler {
    fn default() -> Self {
        Self {
            parent_based: true,
            ratio: Some(1.0),
        }
    }
}

impl Setting for NamedSampler {
    const ACCEPTED: &'static str = "`always_on`, `always_off`, `traceidratio`, `parentbased_always_on`, \
         `parentbased_always_off` or `parentbased_traceidratio`";

    fn parse(text: &str) -> Option<Self> {
        let (parent_based, name) = match text.strip_prefix("parentbased_") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let ratio = match name {
            "always_on" => Some(1.0),
            "always_off" => Some(0.0),
            "traceidratio" => None,
            _ => return None,
        };
        Some(Self {
            parent_based,
            ratio,
        })
    }
}

struct Ratio(f64);

impl Setting for Ratio {
    const ACCEPTED: &'static str = "a number from 0 to 1";

    fn parse(text: &str) -> Option<Self> {
        let ratio = text.parse().ok()?;
        (0.0..=1.0).contains(&ratio).then_some(Self(ratio))
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

/// Headers whose values are shown to nobody.
#[derive(Clone, Default)]
pub struct SecretHeaders(pub(crate) HeaderMap);

impl Setting for SecretHeaders {
    const ACCEPTED: &'static str = "`name=value` pairs with commas between them";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let mut headers = HeaderMap::new();
        for pair in pairs(text) {
            let (name, value) = pair?;
            let name: HeaderName = name.to_ascii_lowercase().parse().ok()?;
            let mut value = HeaderValue::try_from(value).ok()?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Some(Self(headers))
    }
}

impl fmt::Debug for SecretHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.keys().map(|name| (name.as_str(), "***"));
        formatter.debug_map().entries(names).finish()
    }
}

/// Reads `name=value` pairs whose values are percent-encoded, as W3C Baggage writes them.
fn pairs(text: &str) -> impl Iterator<Item = Option<(String, String)>> {
    let pairs = text.split(',').map(str::trim);
    let pairs = pairs.filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), decoded(value.trim())?);
        (!name.is_empty()).then(|| (name.to_owned(), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &'static [(&str, &str)]) -> Result<Telemetry, ConfigError> {
        Telemetry::read(&Lookup::new(move |name| {
            let mut known = variables.iter();
            known.find_map(|(known, value)| (*known == name).then(|| (*value).to_owned()))
        }))
    }

    fn sampling(variables: &'static [(&str, &str)]) -> (bool, f64) {
        let sampling = read(variables).unwrap().sampling;
        (sampling.parent_based, sampling.ratio)
    }

    #[test]
    fn knows_the_samplers_of_opentelemetry() {
        for (name, expected) in [
            ("always_on", (false, 1.0)),
            ("always_off", (false, 0.0)),
            ("parentbased_always_on", (true, 1.0)),
            ("parentbased_always_off", (true, 0.0)),
        ] {
            let found = NamedSampler::parse(name).unwrap();
            assert_eq!(
                (found.parent_based, found.ratio),
                (expected.0, Some(expected.1))
            );
        }
        assert_eq!(sampling(&[]), (true, 1.0));
        let ratio = &[
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ];
        assert_eq!(sampling(ratio), (true, 0.25));
        // The argument is that of the sampler that takes one.
        let without = &[
            ("OTEL_TRACES_SAMPLER", "always_on"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ];
        assert_eq!(sampling(without), (false, 1.0));
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
            "https://collector:4317",
            "http://me:word@host",
        ] {
            assert!(Endpoint::parse(endpoint).is_none(), "{endpoint}");
        }
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
    fn puts_a_signals_path_behind_the_address_for_all() {
        let all = Endpoint::parse("http://collector:4318/otlp/").unwrap();
        assert_eq!(
            all.below("v1/traces").uri().to_string(),
            "http://collector:4318/otlp/v1/traces"
        );
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
