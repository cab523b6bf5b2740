//! The reader of settings: OpenTelemetry's variables over ours over the configuration file over defaults. Tests give it values
//! without touching the environment.

use std::{
    env,
    ffi::OsString,
    fmt,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use zeroize::Zeroizing;

use super::{
    ConfigError, ResourceAttributes, Setting, Variable,
    alias::{self, Alias},
    error::Kind,
    file::ConfigFile,
    origin::{Entry, Place, Record},
    secret::{MASK, shown},
    text::text_of,
    variable::CONFIG_FILE,
};

/// Reads settings by the names of their variables. A variable that is empty counts as not set, as `NAME=${NAME:-}` in a compose
/// file leaves it.
///
/// Where OpenTelemetry defines a variable of the same meaning, as `OTEL_SERVICE_NAME` for `MARTY_SERVICE_NAME`, that one goes first.
/// What has no variable is read from the configuration file that `MARTY_CONFIG_FILE` names, if there is one: TOML, with the
/// variables' names in lower case and without `MARTY_` as keys.
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
pub struct Lookup {
    read: Box<Read>,
    record: Arc<Record>,
}

type Read = dyn Fn(&str) -> Option<OsString>;

/// A text that was found, and where.
struct Found {
    text: Zeroizing<String>,
    place: Place,
}

impl Lookup {
    /// Reads the process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        /// There is one environment, and so one record of what was read there.
        static RECORD: LazyLock<Arc<Record>> = LazyLock::new(Arc::default);
        Self {
            read: Box::new(|name| env::var_os(name)),
            record: Arc::clone(&RECORD),
        }
    }

    /// Reads what `read` knows.
    #[must_use]
    pub fn new(read: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self {
            read: Box::new(move |name| read(name).map(OsString::from)),
            record: Arc::default(),
        }
    }

    /// The value of `variable`, or `default` if it is not set.
    ///
    /// # Errors
    ///
    /// If it is set to something that is no `T`, or the configuration file cannot be read.
    pub fn parse<T: Setting>(&self, variable: &'static str, default: T) -> Result<T, ConfigError> {
        let text = default.text();
        Ok(self
            .read_setting(variable, text.as_deref())?
            .unwrap_or(default))
    }

    /// The value of `variable`, or nothing if it is not set.
    ///
    /// # Errors
    ///
    /// If it is set to something that is no `T`, or the configuration file cannot be read.
    pub fn parse_optional<T: Setting>(
        &self,
        variable: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.read_setting(variable, None)
    }

    /// What was read so far, by whoever reads the same as this.
    pub(crate) fn record(&self) -> Arc<Record> {
        Arc::clone(&self.record)
    }

    fn read_setting<T: Setting>(
        &self,
        variable: &'static str,
        default: Option<&str>,
    ) -> Result<Option<T>, ConfigError> {
        let found = if T::SECRET {
            self.find_secret(variable)?
        } else {
            self.find(variable)?
        };
        let text = found.as_ref().map(|found| found.text.as_str());
        let value = text.or(default).map(|text| {
            if T::SECRET {
                MASK.to_owned()
            } else {
                shown(variable, text)
            }
        });
        let place = found.as_ref().map(|found| found.place.clone());
        self.record.take(Entry {
            name: variable,
            value,
            origin: place.unwrap_or(Place::Default),
            secret: T::SECRET,
        });
        let Some(Found { text, place }) = found else {
            return Ok(None);
        };
        let refused = || {
            let text = (!T::SECRET).then_some(text.as_str());
            ConfigError::at(variable, place, text, T::ACCEPTED.to_owned())
        };
        T::parse(&text).map(Some).ok_or_else(refused)
    }

    /// The text of a setting that may be shown: out of the variable that OpenTelemetry has for it, out of its own, or out of the
    /// configuration file.
    fn find(&self, variable: &'static str) -> Result<Option<Found>, ConfigError> {
        if let Some(found) = self.alias(variable)? {
            return Ok(Some(found));
        }
        if let Some(text) = self.variable(variable, variable, false)? {
            let place = Place::Variable(variable.into());
            return Ok(Some(Found { text, place }));
        }
        if variable == CONFIG_FILE.name {
            return Ok(None);
        }
        self.key(variable, variable)
    }

    /// The text of a secret: out of its variable, or of the file that another or the configuration file names.
    fn find_secret(&self, variable: &'static str) -> Result<Option<Found>, ConfigError> {
        let file_variable = format!("{variable}_FILE");
        let text = self.variable(variable, variable, true)?;
        let path = self.variable(variable, &file_variable, false)?;
        if let Some((_, place)) = self.file()?.and_then(|file| file.get(variable).map(owned)) {
            return Err(ConfigError::of(Kind::SecretInFile { variable, place }));
        }
        match (text, path) {
            (Some(_), Some(_)) => Err(ConfigError::of(Kind::Both { variable })),
            (Some(text), None) => {
                let place = Place::Variable(variable.into());
                Ok(Some(Found { text, place }))
            }
            (None, Some(path)) => {
                let place = Place::Variable(file_variable.into());
                secret_in(variable, place, path.as_str().into()).map(Some)
            }
            (None, None) => match self.key(variable, &file_variable)? {
                Some(path) => secret_in(variable, path.place, path.text.as_str().into()).map(Some),
                None => Ok(None),
            },
        }
    }

    /// What the variable `name` holds, unless it is not set or empty. Errors are about `variable`.
    fn variable(
        &self,
        variable: &'static str,
        name: &str,
        secret: bool,
    ) -> Result<Option<Zeroizing<String>>, ConfigError> {
        let Some(value) = (self.read)(name) else {
            return Ok(None);
        };
        let text = match value.into_string() {
            Ok(text) => Zeroizing::new(text),
            Err(value) => {
                let shown = value.to_string_lossy();
                let shown = (!secret).then_some(&*shown);
                let place = Place::Variable(name.to_owned().into());
                return Err(ConfigError::at(
                    variable,
                    place,
                    shown,
                    "text in UTF-8".to_owned(),
                ));
            }
        };
        let trimmed = text.trim();
        Ok((!trimmed.is_empty()).then(|| Zeroizing::new(trimmed.to_owned())))
    }

    /// What OpenTelemetry's variables say.
    fn alias(&self, variable: &'static str) -> Result<Option<Found>, ConfigError> {
        for alias in alias::of(variable) {
            let found = match alias {
                Alias::Variable(name) => self.variable(name, name, false)?.map(|text| Found {
                    text,
                    place: Place::Variable(name.into()),
                }),
                Alias::Attribute(name) => self.attribute(name)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn attribute(&self, attribute: &'static str) -> Result<Option<Found>, ConfigError> {
        let name = alias::RESOURCE_ATTRIBUTES;
        let Some(text) = self.variable(name, name, false)? else {
            return Ok(None);
        };
        let attributes = ResourceAttributes::parse(&text)
            .ok_or_else(|| ConfigError::new(name, &text, ResourceAttributes::ACCEPTED))?;
        let value = attributes.get(attribute).filter(|value| !value.is_empty());
        Ok(value.map(|value| Found {
            text: Zeroizing::new(value.to_owned()),
            place: Place::Attribute(name, attribute),
        }))
    }

    /// What the configuration file says by the key of the variable `name`. Errors are about `variable`.
    fn key(&self, variable: &'static str, name: &str) -> Result<Option<Found>, ConfigError> {
        let Some(file) = self.file()? else {
            return Ok(None);
        };
        let Some((text, place)) = file.get(name) else {
            return Ok(None);
        };
        let Some(text) = text else {
            let accepted = "text, a number, or `true` or `false`".to_owned();
            return Err(ConfigError::at(
                variable,
                place,
                Some("a list, a table or a date"),
                accepted,
            ));
        };
        let text = Zeroizing::new(text.trim().to_owned());
        Ok((!text.is_empty()).then_some(Found { text, place }))
    }

    /// The configuration file, if there is one. It is read once.
    fn file(&self) -> Result<Option<Arc<ConfigFile>>, ConfigError> {
        if let Some(known) = self.record.file.get() {
            return Ok(known.clone());
        }
        let Variable { name, .. } = CONFIG_FILE;
        let path = self.variable(name, name, false)?;
        let file = path.map(|path| ConfigFile::read(PathBuf::from(path.as_str())));
        let file = file.transpose()?.map(Arc::new);
        Ok(self.record.file.get_or_init(|| file).clone())
    }
}

fn owned((text, place): (Option<&str>, Place)) -> (Option<String>, Place) {
    (text.map(str::to_owned), place)
}

/// The longest secret in a file, in bytes: a chain of certificates with its key has room.
const MOST_SECRET_BYTES: u64 = 64 * 1024;

/// The secret that the file at `path` holds, which `by` names.
fn secret_in(variable: &'static str, by: Place, path: PathBuf) -> Result<Found, ConfigError> {
    let mut text = match text_of(&path, MOST_SECRET_BYTES) {
        Ok(text) => text,
        Err(source) => {
            return Err(ConfigError::of(Kind::Unreadable {
                variable,
                place: by,
                path,
                source,
            }));
        }
    };
    // Whoever writes a secret into a file ends its line, and a few lines too many do no harm.
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    let by = super::origin::origin_of(&by);
    let place = Place::File { path, by };
    if text.trim().is_empty() {
        let accepted = "a secret".to_owned();
        return Err(ConfigError::at(variable, place, Some(""), accepted));
    }
    Ok(Found { text, place })
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
        let known =
            move |name: &str| (name == "MARTY_X" || name == "MARTY_PAGE").then(|| value.to_owned());
        Lookup::new(known)
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
        let lookup = Lookup {
            read: Box::new(|name| {
                (name == "MARTY_NAME").then(|| OsString::from_vec(vec![0xff, b'a']))
            }),
            record: Arc::default(),
        };
        let error = lookup.parse("MARTY_NAME", String::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`MARTY_NAME` is \"\u{fffd}a\", but has to be text in UTF-8"
        );
        let error = lookup
            .parse("MARTY_NAME", super::super::Secret::new(""))
            .unwrap_err();
        let masked = "`MARTY_NAME` is *** (not shown), but has to be text in UTF-8";
        assert_eq!(error.to_string(), masked);
    }
}
