//! What a service can have beside what its kind gives it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// Something that a service is made with when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// A Postgres database.
    Postgres,
    /// Events that tell of its changes.
    Events,
}

impl Extra {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[Self::Postgres, Self::Events];

    /// Its name on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Events => "events",
        }
    }

    /// What it is, for whoever chooses.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Postgres => "a PostgreSQL database: repository, migrations, pool metrics",
            Self::Events => "events that tell of its changes, in memory or over Kafka",
        }
    }

    /// The kinds of service that can have it.
    #[must_use]
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Postgres => &[Kind::Http],
            Self::Events => &[Kind::Http, Kind::Grpc],
        }
    }
}

impl fmt::Display for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Extra {
    type Err = UnknownExtra;

    fn from_str(name: &str) -> Result<Self, UnknownExtra> {
        let known = Self::ALL.iter().find(|extra| extra.name() == name);
        known.copied().ok_or_else(|| UnknownExtra {
            name: name.to_owned(),
        })
    }
}

/// A name that no extra has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a service cannot be made with `{name}`")]
pub struct UnknownExtra {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::Extra;
    use crate::assets;

    #[test]
    fn every_extra_is_found_by_its_name_and_has_templates() {
        for extra in Extra::ALL {
            assert_eq!(extra.name().parse(), Ok(*extra));
            assert!(!assets::templates(extra.name()).is_empty());
            assert!(!extra.kinds().is_empty());
        }
        assert!("oracle".parse::<Extra>().is_err());
    }
}
