//! The addresses that metrics and spans show: those of the first clients of a process.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{Uri, uri::Authority};

use super::ClientError;
use crate::metric::OTHER;

/// The port of an address that names none.
const PORT: u16 = 80;

/// How many addresses are shown.
const SHOWN: usize = 32;

static KNOWN: Mutex<Vec<Arc<str>>> = Mutex::new(Vec::new());

/// The port of an address that names none and asks for TLS.
const SECURE_PORT: u16 = 443;

/// Whether the address asks for TLS.
///
/// # Errors
///
/// If it asks for something else than HTTP, or for TLS where that is not built in.
pub(super) fn is_secure(address: &str, uri: &Uri) -> Result<bool, ClientError> {
    match uri.scheme_str() {
        Some("http") => Ok(false),
        #[cfg(feature = "tls")]
        Some("https") => Ok(true),
        #[cfg(not(feature = "tls"))]
        Some("https") => Err(ClientError::needs_tls(address)),
        _ => Err(ClientError::new(address)),
    }
}

/// The port that the address names, or that its scheme has.
pub(super) fn port(uri: &Uri, secure: bool) -> u16 {
    let default = if secure { SECURE_PORT } else { PORT };
    uri.port_u16().unwrap_or(default)
}

/// The host, and perhaps the port.
///
/// # Errors
///
/// If there is no host, or more than that: credentials would go nowhere, and be shown with the rest.
pub(super) fn authority<'a>(address: &str, uri: &'a Uri) -> Result<&'a Authority, ClientError> {
    let is_host = |found: &&Authority| !found.host().is_empty() && !found.as_str().contains('@');
    let authority = uri.authority().filter(is_host);
    authority.ok_or_else(|| ClientError::new(address))
}

/// The address as it is shown.
pub(super) fn shown(host: &str) -> Arc<str> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(address) = known.iter().find(|address| ***address == *host) {
        return Arc::clone(address);
    }
    if known.len() >= SHOWN {
        return OTHER.into();
    }
    let address: Arc<str> = host.into();
    known.push(Arc::clone(&address));
    address
}
