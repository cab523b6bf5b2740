//! The configuration file: TOML, one key for each variable, called as it is but in lower case and without `MARTY_`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::{ConfigError, error::Kind, origin::Place, text::text_of, variable::CONFIG_FILE};

/// The longest configuration file, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// A configuration file that was read.
#[derive(Debug)]
pub(super) struct ConfigFile {
    path: PathBuf,
    values: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Value {
    line: usize,
    /// Nothing if it is no single value, but a list, a table or a date.
    text: Option<String>,
}

/// The key that stands for `variable`.
pub(super) fn key_of(variable: &str) -> String {
    let name = variable.strip_prefix("MARTY_").unwrap_or(variable);
    name.to_ascii_lowercase()
}

impl ConfigFile {
    pub(super) fn read(path: PathBuf) -> Result<Self, ConfigError> {
        match text_of(&path, MOST_BYTES) {
            Ok(text) => Self::parse(path, &text),
            Err(source) => Err(ConfigError::of(Kind::Unreadable {
                variable: CONFIG_FILE.name,
                place: Place::Variable(CONFIG_FILE.name.into()),
                path,
                source,
            })),
        }
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, ConfigError> {
        // Only what the parser says is repeated, not the line: a secret may be in it.
        let table = DeTable::parse(text).map_err(|error| {
            ConfigError::of(Kind::Syntax {
                path: path.clone(),
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
            })
        })?;
        let mut values = BTreeMap::new();
        for (key, value) in table.into_inner() {
            let line = line_of(text, key.span().start);
            let text = as_text(value.get_ref());
            values.insert(key.into_inner().into_owned(), Value { line, text });
        }
        Ok(Self { path, values })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Every key with its line.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.line))
    }

    /// What the file sets `variable` to, and where.
    pub(super) fn get(&self, name: &str) -> Option<(Option<&str>, Place)> {
        let key = key_of(name);
        let value = self.values.get(&key)?;
        let place = Place::Key {
            key,
            path: self.path.clone(),
            line: value.line,
        };
        Some((value.text.as_deref(), place))
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}

/// The value as a variable would have it.
fn as_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix());
            number.ok().map(|number| number.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
        ConfigFile::parse("app.toml".into(), text)
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let file = parse(text).unwrap();
        let (value, place) = file.get("MARTY_PAGE").unwrap();
        assert_eq!(value, Some(expected));
        assert_eq!(place.to_string(), "`page` in `app.toml:2`");
    }

    #[test]
    fn gives_single_values_as_a_variable_would_have_them() {
        check("\npage = 10", "10");
        check("\npage = 1_000", "1000");
        check("\npage = 0xff", "255");
        check("\npage = 0.5", "0.5");
        check("\npage = true", "true");
        check("\npage = \"10s\"", "10s");
        let file = parse("page = [1]").unwrap();
        assert_eq!(file.get("MARTY_PAGE").unwrap().0, None);
        assert!(file.get("MARTY_OTHER").is_none());
    }

    #[test]
    fn names_the_line_that_cannot_be_understood_but_does_not_repeat_it() {
        let error = parse("page = 1\npassword = hunter2\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`app.toml:2` cannot be understood: "),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn reads_variables_without_our_prefix_as_well() {
        let file = parse("database_url = \"x\"").unwrap();
        assert!(file.get("DATABASE_URL").is_some());
    }
}
