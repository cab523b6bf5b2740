//! What makes the connections of the client over HTTP: with TLS, where that is built in and asked for.

use hyper_util::client::legacy::connect::HttpConnector;

use super::ClientError;

#[cfg(not(feature = "tls"))]
pub(super) type Connector = HttpConnector;
#[cfg(feature = "tls")]
pub(super) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// A connector for addresses with `http`.
#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "with TLS it can fail")]
pub(super) fn to_any(_secure: bool) -> Result<Connector, ClientError> {
    Ok(HttpConnector::new())
}

/// A connector that trusts whom the system trusts. Only for addresses with `https` are those read.
#[cfg(feature = "tls")]
pub(super) fn to_any(secure: bool) -> Result<Connector, ClientError> {
    use crate::tls::Authorities;
    if secure {
        trusting(Authorities::system())
    } else {
        trusting(&Authorities::nobody())
    }
}

/// A connector that trusts `authorities`.
#[cfg(feature = "tls")]
pub(super) fn trusting(authorities: &crate::tls::Authorities) -> Result<Connector, ClientError> {
    let config = authorities.client().map_err(ClientError::tls)?;
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .build())
}
