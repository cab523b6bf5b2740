//! A value that nobody is to see.

use std::{fmt, iter};

use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Setting;

/// What is shown in place of a secret.
pub(super) const MASK: &str = "***";

/// A secret, such as a password: it is never printed, compared in constant time, and overwritten when it is dropped.
///
/// [`Lookup`](super::Lookup) reads it from its variable, or from the file that the variable with `_FILE` at the end names,
/// less the ends of its last line there. It is not taken from the configuration file.
///
/// ```
/// use marty_runtime::config::{Lookup, Secret};
///
/// let lookup = Lookup::new(|name| (name == "MARTY_DATABASE_PASSWORD").then(|| "hunter2".to_owned()));
/// let password: Option<Secret> = lookup.parse_optional("MARTY_DATABASE_PASSWORD")?;
/// let password = password.unwrap_or_else(|| Secret::new(""));
/// assert_eq!(format!("{password:?} {password}"), "*** ***");
/// assert_eq!(password.expose(), "hunter2");
/// assert!(password.matches("hunter2"));
/// # Ok::<(), marty_runtime::config::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `text` for a secret. Its memory is the secret's from now on.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself, for who has to use it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is the secret. How long that takes depends on the secret's length alone, and so tells who tries
    /// candidates nothing, not even whether their length is right.
    #[must_use]
    pub fn matches(&self, candidate: impl AsRef<[u8]>) -> bool {
        let (secret, candidate) = (self.0.as_bytes(), candidate.as_ref());
        // Slices of two lengths would be told apart at once.
        let padded = candidate.iter().chain(iter::repeat(&0));
        let same_length = secret.len().ct_eq(&candidate.len());
        let same = secret
            .iter()
            .zip(padded)
            .fold(same_length, |same, (one, other)| same & one.ct_eq(other));
        same.into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }
}

impl Eq for Secret {}

impl Setting for Secret {
    const ACCEPTED: &'static str = "text";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// The last words of variables whose values are secrets, whatever type they are read as.
const SECRET_WORDS: [&str; 6] = [
    "PASSWORD",
    "SECRET",
    "TOKEN",
    "KEY",
    "CREDENTIALS",
    "PASSPHRASE",
];

/// The value of `variable` as it may be shown: not if its name speaks of a secret, and without the credentials of a URL.
pub(super) fn shown(variable: &str, value: &str) -> String {
    let last = variable.rsplit('_').next().unwrap_or_default();
    if SECRET_WORDS.contains(&last.to_ascii_uppercase().as_str()) {
        return MASK.to_owned();
    }
    without_credentials(value)
}

/// A value without the credentials of a URL or of a list of parameters.
pub(crate) fn without_credentials(value: &str) -> String {
    // What follows a password is hidden with it: nobody can tell where it ends.
    let value = match password_in(value) {
        Some(at) => format!("{}{MASK}", value.get(..at).unwrap_or_default()),
        None => value.to_owned(),
    };
    let Some((scheme, rest)) = value.split_once("://") else {
        return value;
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may have the marks that end an authority, if whoever wrote it forgot to escape them.
    match rest
        .rfind('@')
        .filter(|at| *at < authority || rest.contains(':'))
    {
        Some(at) => format!("{scheme}://{MASK}{}", rest.get(at..).unwrap_or_default()),
        None => value,
    }
}

/// Where the first password begins among parameters such as `?user=me&password=` of a URL, or `host=db password=`.
fn password_in(value: &str) -> Option<usize> {
    let names_secret = |at: &usize| {
        let before = value.get(..*at).unwrap_or_default();
        let name = before
            .rsplit(['?', '&', ';', ' '])
            .next()
            .unwrap_or_default();
        let name = name.to_ascii_uppercase();
        name.ends_with("PASSWORD") || name.ends_with("PWD") || {
            let is_parameter = before.contains('?');
            is_parameter && SECRET_WORDS.iter().any(|word| name.ends_with(word))
        }
    };
    let mut signs = value.match_indices('=').map(|(at, _)| at);
    signs.find(names_secret).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_itself_to_nobody() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?} {:#?}", Some(&secret)),
            "*** *** Some(\n    ***,\n)"
        );
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
    }

    #[test]
    fn equals_only_itself() {
        let secret = Secret::new("hunter2");
        for (candidate, expected) in [
            ("hunter2", true),
            ("hunter3", false),
            ("hunter", false),
            ("hunter2\0", false),
            ("hunter2hunter2", false),
            ("", false),
        ] {
            assert_eq!(secret.matches(candidate), expected, "{candidate}");
            assert_eq!(secret == Secret::new(candidate), expected, "{candidate}");
        }
    }

    #[test]
    fn hides_what_a_name_or_a_url_tells_to_be_secret() {
        #[track_caller]
        fn check(variable: &str, value: &str, expected: &str) {
            assert_eq!(shown(variable, value), expected);
        }
        check("MARTY_MAIL_PASSWORD", "hunter2", "***");
        check("MARTY_API_KEY", "hunter2", "***");
        check("MARTY_KEY_COUNT", "2", "2");
        check(
            "MARTY_DB",
            "postgres://me:hunter2@db:5432/users",
            "postgres://***@db:5432/users",
        );
        check(
            "MARTY_DB",
            "postgres://me:hun/ter2@db/users",
            "postgres://***@db/users",
        );
        check(
            "MARTY_DB",
            "postgres://db/users?user=me&password=hun&ter2",
            "postgres://db/users?user=me&password=***",
        );
        check(
            "MARTY_DB",
            "postgres://me:hun?ter2@db/users?sslpassword=x",
            "postgres://***@db/users?sslpassword=***",
        );
        check(
            "MARTY_DB",
            "host=db Password=hunter2",
            "host=db Password=***",
        );
        check(
            "MARTY_HOOK",
            "https://chat/send?api_key=hunter2",
            "https://chat/send?api_key=***",
        );
        check(
            "MARTY_LOG",
            "info,shop::token=debug",
            "info,shop::token=debug",
        );
        check(
            "MARTY_DB",
            "https://db/users?at=you@home",
            "https://db/users?at=you@home",
        );
    }
}
