//! The reader of variables, which tests give values without touching the environment.

use std::{env, ffi::OsString, fmt};

use super::{ConfigError, Setting};

/// Reads variables by name. A variable that is empty counts as not set, as `NAME=${NAME:-}` in a compose file leaves it.
///
/// ```
/// use marty_runtime::config::Lookup;
///
/// let lookup = Lookup::new(|name| (name == "MARTY_PAGE_SIZE").then(|| "many".to_owned()));
/// let error = lookup.parse::<u32>("MARTY_PAGE_SIZE", 50).unwrap_err();
/// assert_eq!(error.to_string(), "`MARTY_PAGE_SIZE` is \"many\", but has to be a whole number from 0 to 4294967295");
/// assert_eq!(lookup.parse::<u32>("MARTY_OTHER", 50)?, 50);
/// # Ok::<(), marty_runtime::config::ConfigError>(())
/// ```
pub struct Lookup(Box<Read>);

type Read = dyn Fn(&str) -> Option<OsString>;

impl Lookup {
    /// Reads the process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        Self(Box::new(|name| env::var_os(name)))
    }

    /// Reads what `read` knows.
    #[must_use]
    pub fn new(read: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self(Box::new(move |name| read(name).map(OsString::from)))
    }

    /// The value of `variable`, or `default` if it is not set.
    ///
    /// # Errors
    ///
    /// If it is set to something that is no `T`.
    pub fn parse<T: Setting>(&self, variable: &'static str, default: T) -> Result<T, ConfigError> {
        Ok(self.parse_optional(variable)?.unwrap_or(default))
    }

    /// The value of `variable`, or nothing if it is not set.
    ///
    /// # Errors
    ///
    /// If it is set to something that is no `T`.
    pub fn parse_optional<T: Setting>(
        &self,
        variable: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = (self.0)(variable) else {
            return Ok(None);
        };
        let text = value.to_str().map(str::trim);
        match text {
            Some("") => Ok(None),
            Some(text) => T::parse(text)
                .map(Some)
                .ok_or_else(|| ConfigError::new(variable, text, T::ACCEPTED)),
            None => Err(ConfigError::new(
                variable,
                &value.to_string_lossy(),
                "text in UTF-8",
            )),
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Lookup")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(value: &'static str) -> Lookup {
        Lookup::new(move |_| Some(value.to_owned()))
    }

    #[test]
    fn takes_an_empty_variable_for_one_that_is_not_set() {
        assert_eq!(lookup("").parse("MARTY_PAGE", 7_u32).unwrap(), 7);
        assert_eq!(lookup("  ").parse("MARTY_PAGE", 7_u32).unwrap(), 7);
        assert_eq!(lookup(" 9 ").parse("MARTY_PAGE", 7_u32).unwrap(), 9);
    }

    #[test]
    fn says_what_each_type_accepts() {
        #[track_caller]
        fn check<T: Setting + fmt::Debug>(value: &'static str) {
            let error = lookup(value)
                .parse_optional::<T>("MARTY_X")
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("`MARTY_X` is ") && error.ends_with(T::ACCEPTED),
                "{error}"
            );
        }
        check::<bool>("yes");
        check::<u16>("65536");
        check::<u64>("-1");
        check::<std::net::SocketAddr>("localhost");
        check::<std::time::Duration>("10");
    }

    #[cfg(unix)]
    #[test]
    fn refuses_what_is_not_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let lookup = Lookup(Box::new(|_| Some(OsString::from_vec(vec![0xff, b'a']))));
        let error = lookup.parse("MARTY_NAME", String::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`MARTY_NAME` is \"\u{fffd}a\", but has to be text in UTF-8"
        );
    }
}
