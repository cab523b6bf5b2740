//! Why a client could not be made.

use crate::config::without_credentials;

/// The address of another service cannot be used. The message has it without credentials.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` is no address of a service, such as `http://users:8080`")]
pub struct ClientError {
    address: String,
}

impl ClientError {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: without_credentials(address),
        }
    }
}
