//! What was read, and where each value came from.

use std::{
    borrow::Cow,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde::{Serialize, Serializer};

use super::{
    ConfigError,
    error::Kind,
    file::{ConfigFile, key_of},
    nearest::nearest,
};

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

/// One setting as it was read.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    /// The variable that sets it.
    pub(crate) name: &'static str,
    /// Its value, masked if it is secret; nothing if it has none.
    pub(crate) value: Option<String>,
    #[serde(serialize_with = "as_text")]
    pub(crate) origin: Place,
    #[serde(skip)]
    pub(super) secret: bool,
}

fn as_text<S: Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&origin_of(place))
}

/// The place in the form of a list of settings: `default`, a variable, or `path:line`.
pub(crate) fn origin_of(place: &Place) -> String {
    match place {
        Place::Default => "default".to_owned(),
        Place::Variable(name) => name.clone().into_owned(),
        Place::Attribute(variable, _) => (*variable).to_owned(),
        Place::Key { path, line, .. } => format!("{}:{line}", path.display()),
        Place::File { path, by } => format!("{} ({by})", path.display()),
    }
}

/// All that was read by a [`Lookup`](super::Lookup) so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    entries: Mutex<Vec<Entry>>,
    pub(super) file: OnceLock<Option<Arc<ConfigFile>>>,
}

impl Record {
    fn locked(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is read again replaces what was read.
    pub(super) fn take(&self, entry: Entry) {
        let mut entries = self.locked();
        match entries.iter_mut().find(|known| known.name == entry.name) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }

    /// Every setting that was read, in the order in which they were.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.locked().clone()
    }

    /// The names of all that is read, those of files of secrets included.
    fn known(&self) -> Vec<String> {
        let entries = self.locked();
        let files = entries.iter().filter(|entry| entry.secret);
        let files = files.map(|entry| format!("{}_FILE", entry.name));
        let names = entries.iter().map(|entry| entry.name.to_owned());
        names.chain(files).collect()
    }

    /// Refuses a file with a key that nothing reads.
    pub(crate) fn refuse_unknown_keys(&self) -> Result<(), ConfigError> {
        let Some(Some(file)) = self.file.get() else {
            return Ok(());
        };
        let known: Vec<String> = self.known().iter().map(|name| key_of(name)).collect();
        let Some((key, line)) = file
            .keys()
            .find(|(key, _)| !known.iter().any(|known| known == key))
        else {
            return Ok(());
        };
        Err(ConfigError::of(Kind::UnknownKey {
            path: file.path().to_owned(),
            line,
            key: key.to_owned(),
            near: nearest(key, known.iter().map(String::as_str)).map(str::to_owned),
        }))
    }

    /// Those of `names` that look like ours but that nothing reads, each with one that it may be meant for.
    pub(crate) fn strays(&self, names: impl IntoIterator<Item = String>) -> Vec<Stray> {
        let known = self.known();
        let ours = |name: &String| {
            name.starts_with("MARTY_") && name != BUILD_VARIABLE && !known.contains(name)
        };
        let stray = |name: String| Stray {
            near: nearest(&name, known.iter().map(String::as_str)).map(str::to_owned),
            name,
        };
        names.into_iter().filter(ours).map(stray).collect()
    }
}

/// What builds read, and may be set where a service runs as well.
const BUILD_VARIABLE: &str = "MARTY_GIT_REVISION";

/// A variable that nothing reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) name: String,
    pub(crate) near: Option<String>,
}

/// One line a setting: its variable, its value, where that came from.
impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.entries().into_iter().map(|entry| {
            let value = entry.value.unwrap_or_default();
            // A line is one setting, whatever its value has in it.
            let value = value
                .escape_debug()
                .to_string()
                .replace("\\\"", "\"")
                .replace("\\'", "'");
            (
                format!("{} = {value}", entry.name),
                origin_of(&entry.origin),
            )
        });
        let lines: Vec<_> = lines.collect();
        let width = lines.iter().map(|(line, _)| line.chars().count()).max();
        let width = width.unwrap_or_default().min(60);
        for (line, origin) in lines {
            writeln!(formatter, "{line:width$}  # {origin}")?;
        }
        Ok(())
    }
}
