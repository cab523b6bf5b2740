//! The topics that a project declares: tables below `[topics]` in its `marty.toml`.

use serde::Serialize;
use toml_edit::Item;

use super::config::{Config, ConfigError};

/// A topic that is to exist. What is not said is left to the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: Option<u16>,
    /// How many brokers have each of them.
    pub replication: Option<u16>,
    /// How long it keeps a record.
    pub retention_hours: Option<u16>,
}

/// What can be said of a topic.
pub const KEYS: [&str; 3] = ["partitions", "replication", "retention-hours"];

/// The topics that `config` declares, in its order.
///
/// # Errors
/// When one is no table, or says something else than numbers from 1.
pub fn declared(config: &Config) -> Result<Vec<Declared>, ConfigError> {
    let Some(topics) = config.item("topics") else {
        return Ok(Vec::new());
    };
    let wrong = || ConfigError::new(&["topics"], "`topics` is not a table".to_owned());
    let topics = topics.as_table_like().ok_or_else(wrong)?;
    topics
        .iter()
        .map(|(name, topic)| read(name, topic))
        .collect()
}

fn read(name: &str, topic: &Item) -> Result<Declared, ConfigError> {
    let place = format!("topics.\"{name}\"");
    let Some(table) = topic.as_table_like() else {
        let message = format!("`{place}` is not a table");
        return Err(ConfigError::new(&["topics", name], message));
    };
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        let known = KEYS.map(|key| format!("`{key}`")).join(", ");
        let message = format!("`{place}` has `{key}`; it can have {known}");
        return Err(ConfigError::new(&["topics", name, key], message));
    }
    let number = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_integer().and_then(|it| u16::try_from(it).ok());
            let wrong = || {
                let message = format!("`{place}.{key}` has to be a number from 1 to 65535");
                ConfigError::new(&["topics", name, key], message)
            };
            number.filter(|it| *it > 0).map(Some).ok_or_else(wrong)
        }
    };
    Ok(Declared {
        name: name.to_owned(),
        partitions: number("partitions")?,
        replication: number("replication")?,
        retention_hours: number("retention-hours")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Config, Declared, declared};

    #[test]
    fn topics_are_declared_in_tables() {
        let text =
            "[topics.\"domain.user.events\"]\npartitions = 6\nretention-hours = 168\n[topics.a]\n";
        let topics = declared(&Config::parse(text).unwrap()).unwrap();
        let topic = |name: &str, partitions, retention_hours| Declared {
            name: name.to_owned(),
            partitions,
            replication: None,
            retention_hours,
        };
        assert_eq!(
            topics,
            [
                topic("domain.user.events", Some(6), Some(168)),
                topic("a", None, None)
            ]
        );
    }

    #[test]
    fn what_is_no_declaration_is_refused() {
        for (text, message) in [
            ("topics = 1", "`topics` is not a table"),
            ("[topics]\na = 1", "`topics.\"a\"` is not a table"),
            (
                "[topics.a]\npartitions = 0",
                "`topics.\"a\".partitions` has to be a number from 1 to 65535",
            ),
            (
                "[topics.a]\nretention = 1",
                "`topics.\"a\"` has `retention`; it can have `partitions`, `replication`, `retention-hours`",
            ),
        ] {
            let refused = declared(&Config::parse(text).unwrap()).unwrap_err();
            assert_eq!(refused.to_string(), message);
        }
    }
}
