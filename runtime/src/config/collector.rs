//! The collector that telemetry is sent to: where it is, how it is spoken to, and what it is told of who sends.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::{Setting, percent::decoded};

/// The address of a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl Endpoint {
    /// The address.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.0
    }

    /// The address with `path` behind it.
    pub(super) fn below(&self, path: &str) -> Self {
        let base = self.0.to_string();
        let joined = format!("{}/{path}", base.trim_end_matches('/'));
        // An address with a path behind it is an address.
        Self(joined.parse().unwrap_or_else(|_| self.0.clone()))
    }
}

impl Setting for Endpoint {
    #[cfg(feature = "tls")]
    const ACCEPTED: &'static str = "an address such as `https://collector:4317` (with a feature such as `otlp` of the runtime)";
    #[cfg(not(feature = "tls"))]
    const ACCEPTED: &'static str = "an address such as `http://localhost:4317` (`https` needs the feature `tls` of the runtime, and any address one such as `otlp`)";

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        // Credentials in an address would be shown with it.
        let authority = uri.authority()?;
        let built_in = cfg!(any(feature = "otlp", feature = "otlp-http"));
        let scheme = uri.scheme_str();
        let spoken = scheme == Some("http") || cfg!(feature = "tls") && scheme == Some("https");
        let sound = built_in && spoken && !authority.as_str().contains('@');
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

    #[test]
    fn puts_a_signals_path_behind_the_address_for_all() {
        let all = Endpoint::parse("http://collector:4318/otlp/").unwrap();
        assert_eq!(
            all.below("v1/traces").uri().to_string(),
            "http://collector:4318/otlp/v1/traces"
        );
    }
}
