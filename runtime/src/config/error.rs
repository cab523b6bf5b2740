//! Why a configuration was refused.

use std::{error, fmt, io, path::PathBuf, sync::Arc};

use super::{place::Place, secret};

/// The configuration cannot be used. The message names the variable, or the file with line and key, the value unless it is
/// secret, and what would do.
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct ConfigError(Arc<Kind>);

#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    #[error("{place} is {value}, but has to be {accepted}")]
    Value {
        variable: &'static str,
        place: Place,
        value: String,
        accepted: String,
    },
    #[error("`{variable}` and `{variable}_FILE` are both set, but only one of them may be")]
    Both { variable: &'static str },
    #[error("cannot read `{}`, which {place} names", .path.display())]
    Unreadable {
        variable: &'static str,
        place: Place,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{}:{line}` cannot be understood: {message}", .path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        message: String,
    },
    #[error("`{}:{line}` sets `{key}`, which is not known{}", .path.display(), hint(.near.as_deref()))]
    UnknownKey {
        path: PathBuf,
        line: usize,
        key: String,
        near: Option<String>,
    },
    #[error(
        "{place} is a secret, which has to come from `{variable}` or from the file that `{variable}_FILE` names"
    )]
    SecretInFile {
        variable: &'static str,
        place: Place,
    },
}

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// How much of a value is repeated: enough to recognise it.
const SHOWN: usize = 80;

impl ConfigError {
    /// The value of `variable` is not `accepted`, a phrase such as ``"a number from 1 to 500"``. An empty one is not set.
    ///
    /// The value is not repeated if the variable's name speaks of a secret, nor the credentials of a URL.
    #[must_use]
    pub fn new(variable: &'static str, value: &str, accepted: impl Into<String>) -> Self {
        let (place, accepted) = (Place::Variable(variable.into()), accepted.into());
        if value.is_empty() {
            return Self::of(Kind::Value {
                variable,
                place,
                value: "not set".to_owned(),
                accepted,
            });
        }
        Self::at(variable, place, Some(value), accepted)
    }

    /// The value that `variable` has at `place`; none if it is secret.
    pub(super) fn at(
        variable: &'static str,
        place: Place,
        value: Option<&str>,
        accepted: String,
    ) -> Self {
        let value = value.map_or_else(
            || format!("{} (not shown)", secret::MASK),
            |value| repeated(&secret::shown(variable, value)),
        );
        Self::of(Kind::Value {
            variable,
            place,
            value,
            accepted,
        })
    }

    pub(super) fn of(kind: Kind) -> Self {
        Self(Arc::new(kind))
    }

    /// The variable's name; `MARTY_CONFIG_FILE` if the file as such is what cannot be used.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        match *self.0 {
            Kind::Value { variable, .. }
            | Kind::Both { variable }
            | Kind::Unreadable { variable, .. }
            | Kind::SecretInFile { variable, .. } => variable,
            Kind::Syntax { .. } | Kind::UnknownKey { .. } => super::variable::CONFIG_FILE.name,
        }
    }
}

fn repeated(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// As readable as the message itself, with its cause, for `main` shows an error by its `Debug` form.
impl fmt::Debug for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)?;
        match error::Error::source(self) {
            Some(cause) => write!(formatter, ": {cause}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_variable_value_and_what_would_do() {
        let error = ConfigError::new("MARTY_PAGE", "many", "a number from 1 to 500");
        assert_eq!(
            error.to_string(),
            "`MARTY_PAGE` is \"many\", but has to be a number from 1 to 500"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
        assert_eq!(error.variable(), "MARTY_PAGE");
        let error = ConfigError::new("MARTY_PAGE", "", "a number");
        assert_eq!(
            error.to_string(),
            "`MARTY_PAGE` is not set, but has to be a number"
        );
    }

    #[test]
    fn repeats_a_long_value_only_in_part() {
        let error = ConfigError::new("MARTY_PAGE", &"9".repeat(5000), "a number");
        assert!(error.to_string().len() < 200);
    }

    #[test]
    fn repeats_no_secret() {
        let error = ConfigError::new("MARTY_MAIL_PASSWORD", "hunter2", "longer");
        assert_eq!(
            error.to_string(),
            "`MARTY_MAIL_PASSWORD` is \"***\", but has to be longer"
        );
        let error = ConfigError::new("MARTY_DB", "postgres://me:hunter2@db", "a path");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
