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
}

impl Extra {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[Self::Postgres];

    /// Its name on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
        }
    }

    /// What it is, for whoever chooses.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Postgres => "a PostgreSQL database: repository, migrations, pool metrics",
        }
    }

    /// The kinds of service that can have it.
    #[must_use]
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Postgres => &[Kind::Http],
        }
    }

    /// What the service needs of the project's workspace: crates with their form in its manifest.
    pub(super) fn dependencies(self) -> &'static [(&'static str, &'static str)] {
        match self {
            // The features are those of `runtime/Cargo.toml`, so that the shipped lock holds.
            Self::Postgres => &[(
                "sqlx",
                r#"{ version = "0.9", default-features = false, features = ["migrate", "postgres", "runtime-tokio", "uuid"] }"#,
            )],
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

    #[test]
    fn what_is_added_to_the_workspace_is_what_the_runtime_was_locked_with() {
        let manifest: toml_edit::DocumentMut = assets::RUNTIME_MANIFEST.parse().unwrap();
        for (name, added) in Extra::ALL.iter().flat_map(|extra| extra.dependencies()) {
            let mut own = manifest["dependencies"][name].clone();
            let table = own.as_inline_table_mut().unwrap();
            assert_eq!(
                table.remove("optional").and_then(|it| it.as_bool()),
                Some(true)
            );
            table.fmt();
            table.decor_mut().clear();
            let added: toml_edit::Value = added.parse().unwrap();
            assert_eq!(table.to_string().trim(), added.to_string().trim());
        }
    }
}
