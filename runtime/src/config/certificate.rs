//! The certificates of the authorities that are trusted.

use std::{fmt, sync::Arc};

use super::Setting;

/// The certificates of those whose word is taken for who a service is, out of a file in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificates(Arc<[u8]>);

impl Certificates {
    /// What is in the file.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Certificates")
            .field("length", &self.0.len())
            .finish()
    }
}

/// As long as a file of certificates may be: those of all that systems trust are a quarter of it.
#[cfg(feature = "kafka-tls")]
const MOST_BYTES: u64 = 1024 * 1024;

/// What a file with certificates in PEM holds. Whoever uses them looks at them closer.
#[cfg(feature = "kafka-tls")]
pub(crate) struct CertificateFile(String);

#[cfg(feature = "kafka-tls")]
impl CertificateFile {
    pub(crate) fn pem(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "kafka-tls")]
impl Setting for CertificateFile {
    const ACCEPTED: &'static str = "the path of a file with certificates in PEM that can be read";

    fn parse(text: &str) -> Option<Self> {
        let pem = super::text::text_of(text.as_ref(), MOST_BYTES).ok()?;
        let is_pem = pem.contains("-----BEGIN CERTIFICATE-----");
        is_pem.then(|| Self(pem.to_string()))
    }
}

#[cfg(all(feature = "tls", any(feature = "otlp", feature = "otlp-http")))]
impl Setting for Certificates {
    const ACCEPTED: &'static str =
        "the path of a file with certificates of authorities in PEM that can be read";

    fn parse(text: &str) -> Option<Self> {
        let pem = std::fs::read(text).ok()?;
        crate::tls::Authorities::parse(&pem).map(|_| Self(pem.into()))
    }
}

#[cfg(not(all(feature = "tls", any(feature = "otlp", feature = "otlp-http"))))]
impl Setting for Certificates {
    const ACCEPTED: &'static str =
        "left out: it needs the features `tls` and `otlp` of the runtime";

    fn parse(_: &str) -> Option<Self> {
        None
    }
}
