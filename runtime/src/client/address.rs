//! The addresses that metrics and spans show: those of the first clients of a process.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::uri::Authority;

use crate::metric::OTHER;

/// The port of an address that names none.
pub(super) const PORT: u16 = 80;

/// How many addresses are shown.
const SHOWN: usize = 32;

static KNOWN: Mutex<Vec<Arc<str>>> = Mutex::new(Vec::new());

/// Whether there is nothing but a host, and perhaps a port: credentials would go nowhere, and be shown with the rest.
pub(super) fn is_host(authority: &Authority) -> bool {
    !authority.host().is_empty() && !authority.as_str().contains('@')
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
