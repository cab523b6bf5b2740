//! Which part of a call a span is.

/// Which part of a call a span is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Something inside the service.
    #[default]
    Internal,
    /// The answer to a call.
    Server,
    /// A call to another service.
    Client,
    /// A message that is sent.
    Producer,
    /// A message that is worked on.
    Consumer,
}

impl Kind {
    /// The kind of that name, in upper or lower case.
    pub(super) fn named(text: &str) -> Option<Self> {
        match &*text.to_ascii_lowercase() {
            "internal" => Some(Self::Internal),
            "server" => Some(Self::Server),
            "client" => Some(Self::Client),
            "producer" => Some(Self::Producer),
            "consumer" => Some(Self::Consumer),
            _ => None,
        }
    }
}
