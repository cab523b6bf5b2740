//! Where a value came from.

use std::{borrow::Cow, fmt, path::PathBuf};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Default,
    Variable(Cow<'static, str>),
    /// An attribute among those of a variable.
    Attribute(&'static str, &'static str),
    /// A key of the configuration file.
    Key {
        key: String,
        path: PathBuf,
        line: usize,
    },
    /// A file that a variable or a key names.
    File {
        path: PathBuf,
        by: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Variable(name) => write!(formatter, "`{name}`"),
            Self::Attribute(variable, name) => write!(formatter, "`{name}` in `{variable}`"),
            Self::Key { key, path, line } => {
                write!(formatter, "`{key}` in `{}:{line}`", path.display())
            }
            Self::File { path, by } => {
                write!(formatter, "`{}`, which `{by}` names,", path.display())
            }
        }
    }
}

/// The place in the form of a list of settings: `default`, a variable, or `path:line`.
pub(super) fn origin_of(place: &Place) -> String {
    match place {
        Place::Default => "default".to_owned(),
        Place::Variable(name) => name.clone().into_owned(),
        Place::Attribute(variable, _) => (*variable).to_owned(),
        Place::Key { path, line, .. } => format!("{}:{line}", path.display()),
        Place::File { path, by } => format!("{} ({by})", path.display()),
    }
}
