//! Why a service did not start, or did not end well.

use std::{error, fmt, io, net::SocketAddr, time::Duration};

use crate::{config::ConfigError, metric::RegisterError};

/// Why a service did not start, or did not end well.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Kind>);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot listen on {address}, which `{variable}` sets")]
    Bind {
        address: SocketAddr,
        variable: &'static str,
        source: io::Error,
    },
    #[error(transparent)]
    Metric(#[from] RegisterError),
    #[error("there are two readiness checks named `{name}`")]
    Check { name: String },
    #[error("there are two tasks named `{name}`")]
    Task { name: &'static str },
    #[cfg(feature = "events")]
    #[error(transparent)]
    Events(crate::bus::ConsumeError),
    #[cfg(feature = "grpc")]
    #[error("there are two gRPC services named `{name}`")]
    Twice { name: &'static str },
    #[cfg(feature = "grpc")]
    #[error("cannot read the descriptor of a gRPC service")]
    Descriptor {
        source: Box<dyn error::Error + Send + Sync>,
    },
    #[error("cannot wait for signals")]
    Signal { source: io::Error },
    #[error(
        "shutdown was not done within {}: `{phase}` was cut off; hint: a longer `MARTY_SHUTDOWN_DEADLINE`",
        humantime::format_duration(*.deadline)
    )]
    ShutdownDeadline {
        phase: &'static str,
        deadline: Duration,
    },
}

impl Error {
    pub(super) fn bind(address: SocketAddr, variable: &'static str, source: io::Error) -> Self {
        Self(Box::new(Kind::Bind {
            address,
            variable,
            source,
        }))
    }

    pub(super) fn check(name: &str) -> Self {
        let name = name.to_owned();
        Self(Box::new(Kind::Check { name }))
    }

    pub(super) fn task(name: &'static str) -> Self {
        Self(Box::new(Kind::Task { name }))
    }

    #[cfg(feature = "events")]
    pub(super) fn events(source: crate::bus::ConsumeError) -> Self {
        Self(Box::new(Kind::Events(source)))
    }

    #[cfg(feature = "grpc")]
    pub(super) fn twice(name: &'static str) -> Self {
        Self(Box::new(Kind::Twice { name }))
    }

    #[cfg(feature = "grpc")]
    pub(super) fn descriptor(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self(Box::new(Kind::Descriptor {
            source: source.into(),
        }))
    }

    pub(super) fn signal(source: io::Error) -> Self {
        Self(Box::new(Kind::Signal { source }))
    }

    pub(super) fn shutdown_deadline(phase: &'static str, deadline: Duration) -> Self {
        Self(Box::new(Kind::ShutdownDeadline { phase, deadline }))
    }

    /// The part of the shutdown that was cut off, if that is what went wrong.
    #[must_use]
    pub fn overrun_phase(&self) -> Option<&'static str> {
        match *self.0 {
            Kind::ShutdownDeadline { phase, .. } => Some(phase),
            _ => None,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(source: ConfigError) -> Self {
        Self(Box::new(source.into()))
    }
}

impl From<RegisterError> for Error {
    fn from(source: RegisterError) -> Self {
        Self(Box::new(source.into()))
    }
}

/// The message with its causes, for `main` shows an error by its `Debug` form.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)?;
        let mut cause = error::Error::source(self);
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
