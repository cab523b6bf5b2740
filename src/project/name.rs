//! What a service may be called.

use std::fmt;

use super::spelling::{separated, spelt_in_ascii};

/// The longest name: a DNS label, which is what a service's name becomes in a container network.
pub const MAX_LENGTH: usize = 63;

/// Words that cannot name a crate: Rust's keywords, reserved ones included.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Crates that come with the compiler; a crate of the same name shadows them.
const STANDARD_CRATES: &[&str] = &["alloc", "core", "proc-macro", "std", "test"];

/// Files that Windows reserves in every directory.
const DEVICES: &[&str] = &[
    "aux", "con", "nul", "prn", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Directories that cargo makes beside its binaries, so that no binary can be called like them.
const BUILD_DIRECTORIES: &[&str] = &["build", "deps", "examples", "incremental"];

/// A valid service name: kebab-case, a crate name, a DNS label.
///
/// ```
/// use marty::project::name::ServiceName;
///
/// let name: ServiceName = "user-service".parse()?;
/// assert_eq!(name.as_str(), "user-service");
/// assert_eq!(name.crate_name(), "user_service");
/// assert_eq!(name.title(), "User Service");
/// # Ok::<(), marty::project::name::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(String);

impl ServiceName {
    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as Rust code spells it.
    #[must_use]
    pub fn crate_name(&self) -> String {
        self.0.replace('-', "_")
    }

    /// The name as a heading spells it.
    #[must_use]
    pub fn title(&self) -> String {
        self.0
            .split('-')
            .map(capitalise)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for ServiceName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        match fault(name) {
            None => Ok(Self(name.to_owned())),
            Some(fault) => Err(NameError {
                fault,
                name: name.to_owned(),
                suffixed: false,
            }),
        }
    }
}

/// Why a name will not do, with one that would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    fault: Fault,
    name: String,
    suffixed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Empty,
    TooLong(usize),
    BadCharacter(char),
    BadStart,
    BadHyphen,
    Keyword,
    StandardCrate,
    Device,
    BuildDirectory,
    Dependency,
}

impl NameError {
    /// The name of a crate that every generated service builds with.
    #[must_use]
    pub fn dependency(name: &ServiceName) -> Self {
        Self {
            fault: Fault::Dependency,
            name: name.0.clone(),
            suffixed: true,
        }
    }

    /// The error with another suggestion: for when the first is the name of a dependency, too.
    #[must_use]
    pub fn with_suffix(mut self) -> Self {
        self.suffixed = true;
        self
    }

    /// A valid name that is close to the one that was refused.
    #[must_use]
    pub fn suggestion(&self) -> String {
        let mut words = spelt_in_ascii(&separated(&self.name));
        words.retain(|c| !c.is_ascii_control());
        // To drop a letter that has no other spelling would make another word of it.
        if words.contains(|c: char| c.is_alphabetic() && !c.is_ascii()) {
            words.clear();
        }
        let mut name = words
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        name.truncate(MAX_LENGTH);
        let name = name
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')
            .trim_end_matches('-');
        if name.is_empty() {
            return "user-service".to_owned();
        }
        if fault(name).is_none() && !self.suffixed {
            return name.to_owned();
        }
        format!("{name}-service")
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = shown(&self.name);
        match self.fault {
            Fault::Empty => write!(f, "a service needs a name, and this one is empty"),
            Fault::TooLong(length) => write!(
                f,
                "the name has {length} characters, and {MAX_LENGTH} is the most a host name can hold"
            ),
            Fault::BadCharacter(c) => write!(
                f,
                "`{name}` contains `{}`: a service name is made of `a-z`, `0-9` and `-`",
                shown(c.encode_utf8(&mut [0; 4]))
            ),
            Fault::BadStart => write!(f, "`{name}` does not start with a letter"),
            Fault::BadHyphen => {
                write!(f, "`{name}` has a `-` at its end or two of them in a row")
            }
            Fault::Keyword => write!(f, "`{name}` is a Rust keyword and cannot name a crate"),
            Fault::StandardCrate => {
                write!(f, "`{name}` is a crate that comes with the Rust compiler")
            }
            Fault::Device => write!(f, "`{name}` is a name that Windows reserves for a device"),
            Fault::BuildDirectory => {
                write!(f, "`{name}` is a directory that cargo builds into")
            }
            Fault::Dependency => write!(f, "`{name}` is a crate that the service builds with"),
        }
    }
}

impl std::error::Error for NameError {}

/// The text without what would act on a terminal; quotes are what they are.
fn shown(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '\'' | '"' | '\\' => c.to_string(),
        _ => c.escape_debug().to_string(),
    });
    escaped.collect()
}

fn fault(name: &str) -> Option<Fault> {
    if name.is_empty() {
        return Some(Fault::Empty);
    }
    let bad = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | '-');
    if let Some(character) = name.chars().find(bad) {
        return Some(Fault::BadCharacter(character));
    }
    if name.len() > MAX_LENGTH {
        return Some(Fault::TooLong(name.len()));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some(Fault::BadStart);
    }
    if name.ends_with('-') || name.contains("--") {
        return Some(Fault::BadHyphen);
    }
    reserved(name)
}

fn reserved(name: &str) -> Option<Fault> {
    [
        (KEYWORDS, Fault::Keyword),
        (STANDARD_CRATES, Fault::StandardCrate),
        (DEVICES, Fault::Device),
        (BUILD_DIRECTORIES, Fault::BuildDirectory),
    ]
    .into_iter()
    .find_map(|(words, fault)| words.contains(&name).then_some(fault))
}

fn capitalise(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + characters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::ServiceName;

    #[track_caller]
    fn refused(name: &str, message: &str, suggestion: &str) {
        let error = name.parse::<ServiceName>().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.suggestion(), suggestion);
        suggestion
            .parse::<ServiceName>()
            .expect("the suggested name would do");
    }

    #[test]
    fn kebab_case_is_accepted() {
        for name in ["a", "user-service", "user2", "a-1", &"x".repeat(63)] {
            assert_eq!(name.parse::<ServiceName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_will_not_do_is_refused_with_a_name_that_would() {
        refused(
            "",
            "a service needs a name, and this one is empty",
            "user-service",
        );
        refused(
            "UserService",
            "`UserService` contains `U`: a service name is made of `a-z`, `0-9` and `-`",
            "user-service",
        );
        refused(
            "user_service",
            "`user_service` contains `_`: a service name is made of `a-z`, `0-9` and `-`",
            "user-service",
        );
        refused(
            "../evil",
            "`../evil` contains `.`: a service name is made of `a-z`, `0-9` and `-`",
            "evil",
        );
        refused(
            "a'b",
            "`a'b` contains `'`: a service name is made of `a-z`, `0-9` and `-`",
            "a-b",
        );
        refused(
            "a\u{1b}b",
            "`a\\u{1b}b` contains `\\u{1b}`: a service name is made of `a-z`, `0-9` and `-`",
            "ab",
        );
        refused(
            "benutzer-für-alle",
            "`benutzer-für-alle` contains `ü`: a service name is made of `a-z`, `0-9` and `-`",
            "benutzer-fuer-alle",
        );
    }

    #[test]
    fn no_letter_is_dropped_from_a_name_that_is_suggested() {
        for (name, suggestion) in [
            ("üser", "ueser"),
            ("Größe", "groesse"),
            ("CaféÖl", "cafeoel"),
            ("señor_åse", "senor-ase"),
            ("cafe\u{301}", "cafe"),
            ("пользователь", "user-service"),
            ("user-сервис", "user-service"),
            ("a\u{1f600}b", "a-b"),
        ] {
            let error = name.parse::<ServiceName>().unwrap_err();
            assert_eq!(error.suggestion(), suggestion);
        }
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        refused(
            "match",
            "`match` is a Rust keyword and cannot name a crate",
            "match-service",
        );
        refused(
            "std",
            "`std` is a crate that comes with the Rust compiler",
            "std-service",
        );
        refused(
            "test",
            "`test` is a crate that comes with the Rust compiler",
            "test-service",
        );
        refused("2fa", "`2fa` does not start with a letter", "fa");
        refused(
            "a--b",
            "`a--b` has a `-` at its end or two of them in a row",
            "a-b",
        );
        refused(
            "a-",
            "`a-` has a `-` at its end or two of them in a row",
            "a",
        );
        refused(
            "build",
            "`build` is a directory that cargo builds into",
            "build-service",
        );
        refused(
            "nul",
            "`nul` is a name that Windows reserves for a device",
            "nul-service",
        );
        refused(
            &"x".repeat(64),
            "the name has 64 characters, and 63 is the most a host name can hold",
            &"x".repeat(63),
        );
    }
}
