//! TLS to other services: whose word is taken for who they are.
//!
//! It must not know who connects to whom, nor make connections itself.

use std::sync::OnceLock;

use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Those that certificates of services have to come from.
#[derive(Clone, Debug)]
pub(crate) struct Authorities(RootCertStore);

static SYSTEM: OnceLock<Authorities> = OnceLock::new();

impl Authorities {
    /// Those whose certificates are in `pem`. Nothing, if there is none, or one that is broken.
    pub(crate) fn parse(pem: &[u8]) -> Option<Self> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            store.add(certificate.ok()?).ok()?;
        }
        (!store.is_empty()).then_some(Self(store))
    }

    /// Those that the system trusts, read once: they are renewed with it, and an image may have more of its own. A system
    /// that has none trusts nobody.
    pub(crate) fn system() -> &'static Self {
        SYSTEM.get_or_init(|| {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            Self(store)
        })
    }

    /// Those in `pem`, or of the system if there is nothing or nothing sound.
    #[cfg(any(feature = "otlp", feature = "otlp-http"))]
    pub(crate) fn or_system(pem: Option<&[u8]>) -> Self {
        pem.and_then(Self::parse)
            .unwrap_or_else(|| Self::system().clone())
    }

    /// Nobody: for connections without TLS.
    #[cfg(feature = "http-client")]
    pub(crate) fn nobody() -> Self {
        Self(RootCertStore::empty())
    }

    /// The same as tonic takes them.
    #[cfg(any(feature = "grpc", feature = "otlp"))]
    pub(crate) fn anchors(&self) -> Vec<tokio_rustls::rustls::pki_types::TrustAnchor<'static>> {
        self.0.roots.clone()
    }

    /// How a client begins a connection that trusts them.
    ///
    /// # Errors
    ///
    /// If the cryptography that is built in has no version of TLS.
    #[cfg(any(feature = "http-client", feature = "otlp-http"))]
    pub(crate) fn client(
        &self,
    ) -> Result<tokio_rustls::rustls::ClientConfig, tokio_rustls::rustls::Error> {
        use tokio_rustls::rustls::{ClientConfig, crypto::ring};
        // Named, because a service may link another cryptography as well.
        let provider = std::sync::Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions()?;
        let trusting = builder.with_root_certificates(self.0.clone());
        Ok(trusting.with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_sound_certificates_and_nothing_else() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (sound, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        assert!(Authorities::parse(sound.as_bytes()).is_some());
        let two = format!("{sound}{sound}");
        assert!(Authorities::parse(two.as_bytes()).is_some());
        let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        for unsound in ["", "localhost", &key, broken, &format!("{sound}{broken}")] {
            assert!(
                Authorities::parse(unsound.as_bytes()).is_none(),
                "{unsound}"
            );
        }
    }
}
