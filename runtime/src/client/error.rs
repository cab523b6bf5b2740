//! Why a client could not be made.

use crate::config::without_credentials;

/// The address of another service, or whom it is to be trusted by, cannot be used. The message has the address without
/// credentials.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ClientError(Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("`{address}` is no address of a service, such as `http://users:8080`")]
    Address { address: String },
    #[cfg(not(feature = "tls"))]
    #[error("`{address}` needs the feature `tls` of the runtime")]
    NeedsTls { address: String },
    #[cfg(feature = "tls")]
    #[error("the certificates of authorities are no certificates in PEM")]
    Certificates,
    #[cfg(feature = "tls")]
    #[error("TLS could not be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ClientError {
    pub(super) fn new(address: &str) -> Self {
        Self(Kind::Address {
            address: without_credentials(address),
        })
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn needs_tls(address: &str) -> Self {
        Self(Kind::NeedsTls {
            address: without_credentials(address),
        })
    }

    #[cfg(feature = "tls")]
    pub(super) const fn certificates() -> Self {
        Self(Kind::Certificates)
    }

    #[cfg(feature = "tls")]
    pub(super) fn tls(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Kind::Tls(error.into()))
    }
}
