//! The kinds of service there are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// HTTP with JSON.
    #[default]
    Http,
    /// gRPC.
    Grpc,
    /// Events, which it handles.
    Worker,
}

impl Kind {
    /// Every kind, the default first.
    pub const ALL: &'static [Self] = &[Self::Http, Self::Grpc, Self::Worker];

    /// Its name on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Worker => "worker",
        }
    }

    /// What it is, for whoever chooses.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Http => "an HTTP service with a JSON interface",
            Self::Grpc => "a gRPC service with unary and streaming methods",
            Self::Worker => "an event worker: handlers, a projection, retries and dead letters",
        }
    }

    /// What a service of it is called in a sentence.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Http => "HTTP service",
            Self::Grpc => "gRPC service",
            Self::Worker => "event worker",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL.iter().find(|kind| kind.name() == name);
        known.copied().ok_or_else(|| UnknownKind {
            name: name.to_owned(),
        })
    }
}

/// A name that no kind has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind `{name}`; the kinds are {}", known())]
pub struct UnknownKind {
    name: String,
}

fn known() -> String {
    let names: Vec<String> = Kind::ALL.iter().map(|kind| format!("`{kind}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
    }

    #[test]
    fn an_unknown_kind_names_the_known_ones() {
        let error = "ftp".parse::<Kind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no kind `ftp`; the kinds are `http`, `grpc`, `worker`"
        );
    }
}
