//! Why a configuration was refused.

use std::fmt;

/// A variable has a value that cannot be used. The message names the variable, the value and what would do.
#[derive(thiserror::Error)]
#[error("`{variable}` is {value:?}, but has to be {accepted}")]
pub struct ConfigError {
    variable: &'static str,
    value: String,
    accepted: String,
}

/// How much of a value is repeated: enough to recognise it.
const SHOWN: usize = 80;

impl ConfigError {
    /// The value of `variable` is not `accepted`, a phrase such as ``"a number from 1 to 500"``.
    #[must_use]
    pub fn new(variable: &'static str, value: &str, accepted: impl Into<String>) -> Self {
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        Self {
            variable,
            value: shown,
            accepted: accepted.into(),
        }
    }

    /// The variable's name.
    #[must_use]
    pub const fn variable(&self) -> &'static str {
        self.variable
    }
}

/// As readable as the message itself, for `main` shows an error by its `Debug` form.
impl fmt::Debug for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
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
    }

    #[test]
    fn repeats_a_long_value_only_in_part() {
        let error = ConfigError::new("MARTY_PAGE", &"9".repeat(5000), "a number");
        assert!(error.to_string().len() < 200);
    }
}
