//! What `marty.toml` says, as far as scaffolding needs it, and how a service is added to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::name::ServiceName;
use super::port::Ports;

const BASE_URL_COMMENT: &str = "\
# Where people read runbooks, for example \"https://git.example.com/shop/blob/main\".
# While it is empty, alerts name a runbook by its path from this folder.
";

const EXTERNAL_METRICS_COMMENT: &str = "\
# Metrics that something else than the services exports, for example \"node_*\": `marty check` takes them as given.
";

/// A `marty.toml`, with its comments.
#[derive(Debug, Clone)]
pub struct Config {
    document: DocumentMut,
}

/// A `marty.toml` that cannot be used.
#[derive(Debug)]
pub struct ConfigError {
    place: Vec<String>,
    message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    pub(super) fn new(place: &[&str], message: String) -> Self {
        let place = place.iter().map(|key| (*key).to_owned()).collect();
        Self { place, message }
    }

    /// The keys that lead to what is wrong; none where that is the whole file.
    #[must_use]
    pub fn place(&self) -> &[String] {
        &self.place
    }
}

impl Config {
    /// Reads the text of a `marty.toml`.
    ///
    /// # Errors
    /// When it is not TOML, `services` is something else than a table of tables, or what goes into
    /// generated files has characters that mean something there.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            ConfigError::new(&[], error.to_string().trim_end().to_owned())
        })?;
        let config = Self { document };
        config.check_services()?;
        config.check_texts()?;
        Ok(config)
    }

    /// The configuration of a new project, without services.
    #[must_use]
    pub fn of_new_project(name: &str) -> Self {
        let mut project = Table::new();
        project.insert("name", value(name));
        project
            .decor_mut()
            .set_prefix("# What marty knows about this project. Yours to edit.\n");
        let runbooks = setting("base-url", value(""), BASE_URL_COMMENT);
        let external = value(Array::new());
        let check = setting("external-metrics", external, EXTERNAL_METRICS_COMMENT);
        let mut document = DocumentMut::new();
        document.insert("project", Item::Table(project));
        document.insert("runbooks", Item::Table(runbooks));
        document.insert("check", Item::Table(check));
        Self { document }
    }

    /// The project's name, if it is given.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.document.get("project")?.get("name")?.as_str()
    }

    pub(super) fn item(&self, name: &str) -> Option<&Item> {
        self.document.get(name)
    }

    /// Where runbooks are published; empty when they are reached by their path in the project.
    #[must_use]
    pub fn runbook_base_url(&self) -> &str {
        self.document
            .get("runbooks")
            .and_then(|runbooks| runbooks.get("base-url"))
            .and_then(Item::as_str)
            .unwrap_or_default()
    }

    /// The ports of each service, as far as they are recorded.
    #[must_use]
    pub fn services(&self) -> BTreeMap<&str, Vec<u16>> {
        let Some(services) = self.document.get("services").and_then(Item::as_table_like) else {
            return BTreeMap::new();
        };
        services
            .iter()
            .map(|(name, service)| (name, ports(service)))
            .collect()
    }

    /// Every port that a service of the project uses.
    #[must_use]
    pub fn taken_ports(&self) -> BTreeSet<u16> {
        self.services().into_values().flatten().collect()
    }

    /// The text with a service added at the end; everything that was there stays as it is.
    #[must_use]
    pub fn with_service(&self, name: &ServiceName, ports: Ports) -> String {
        let mut service = Table::new();
        service.insert("http-port", value(i64::from(ports.http)));
        service.insert("admin-port", value(i64::from(ports.admin)));
        service.decor_mut().set_prefix("\n");
        let mut document = self.document.clone();
        let services = document.entry("services").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        match services {
            Item::Value(inline) => {
                if let Some(inline) = inline.as_inline_table_mut() {
                    inline.insert(name.as_str(), service.into_inline_table().into());
                }
            }
            table => {
                if let Some(table) = table.as_table_mut() {
                    table.insert(name.as_str(), Item::Table(service));
                }
            }
        }
        document.to_string()
    }

    /// The project's name and the runbooks' address are written into files of other languages, where
    /// a blank or a quote would end them.
    fn check_texts(&self) -> Result<(), ConfigError> {
        let (name, url) = (self.project().unwrap_or("-"), self.runbook_base_url());
        let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(named) {
            return Err(ConfigError::new(
                &["project", "name"],
                format!(
                    "`project.name` is {name:?}, and has to be made of letters `a-z` and `A-Z`, digits, `-`, `_` and `.`"
                ),
            ));
        }
        let is_url = ["https://", "http://"].iter().any(|it| url.starts_with(it));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&()*+,;=%".contains(c);
        let usable = url.is_empty() || (is_url && url.chars().all(plain));
        if !usable {
            return Err(ConfigError::new(
                &["runbooks", "base-url"],
                format!(
                    "`runbooks.base-url` is {url:?}, and has to be empty or a URL that begins with `https://` or `http://`, without blanks and quotes"
                ),
            ));
        }
        Ok(())
    }

    fn check_services(&self) -> Result<(), ConfigError> {
        let Some(services) = self.document.get("services") else {
            return Ok(());
        };
        let wrong = match services.as_table_like() {
            None => Some(vec!["services"]),
            Some(table) => table
                .iter()
                .find(|(_, service)| !service.is_table_like())
                .map(|(name, _)| vec!["services", name]),
        };
        wrong.map_or(Ok(()), |place| {
            let message = format!("`{}` is not a table", place.join("."));
            Err(ConfigError::new(&place, message))
        })
    }
}

/// A table with one key and what is to be said about it.
fn setting(key: &str, value: Item, comment: &str) -> Table {
    let mut table = Table::new();
    table.insert(key, value);
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(comment);
    }
    table.decor_mut().set_prefix("\n");
    table
}

fn ports(service: &Item) -> Vec<u16> {
    ["http-port", "admin-port"]
        .iter()
        .filter_map(|key| service.get(key)?.as_integer())
        .filter_map(|port| u16::try_from(port).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::project::port::Ports;

    const PORTS: Ports = Ports {
        http: 8082,
        admin: 9082,
    };

    #[track_caller]
    fn adds(before: &str, after: &str) {
        let config = Config::parse(before).unwrap();
        let text = config.with_service(&"order-service".parse().unwrap(), PORTS);
        assert_eq!(text, after);
        assert_eq!(
            Config::parse(&text).unwrap().services()["order-service"],
            [8082, 9082]
        );
    }

    #[test]
    fn a_service_is_added_and_comments_stay() {
        adds(
            "# ours\n[project]\nname = \"shop\" # the shop\n\n[services.user]\nhttp-port = 8081 # kept\n",
            "# ours\n[project]\nname = \"shop\" # the shop\n\n[services.user]\nhttp-port = 8081 # kept\n\n[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n",
        );
    }

    #[test]
    fn a_service_is_added_where_none_was() {
        adds(
            "",
            "\n[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n",
        );
        adds(
            "services = { a = { http-port = 1 } }\n",
            "services = { a = { http-port = 1 } , order-service = { http-port = 8082, admin-port = 9082 } }\n",
        );
    }

    #[test]
    fn a_new_project_says_what_can_be_set() {
        let config = Config::of_new_project("shop");
        assert_eq!(config.project(), Some("shop"));
        assert_eq!(
            config.with_service(&"a".parse().unwrap(), PORTS),
            "# What marty knows about this project. Yours to edit.\n[project]\nname = \"shop\"\n\n\
             [runbooks]\n\
             # Where people read runbooks, for example \"https://git.example.com/shop/blob/main\".\n\
             # While it is empty, alerts name a runbook by its path from this folder.\n\
             base-url = \"\"\n\n\
             [check]\n\
             # Metrics that something else than the services exports, for example \"node_*\": `marty check` takes them as given.\n\
             external-metrics = []\n\n[services.a]\nhttp-port = 8082\nadmin-port = 9082\n"
        );
    }

    #[test]
    fn taken_ports_are_all_that_any_service_names() {
        let config = Config::parse(
            "[services.a]\nhttp-port = 1\nadmin-port = 2\n[services.b]\nadmin-port = 3\nhttp-port = 700000\n",
        )
        .unwrap();
        assert_eq!(config.taken_ports(), [1, 2, 3].into());
    }

    #[test]
    fn what_would_break_a_generated_file_is_refused() {
        for name in ["My Shop", "", "a,id=b", "shop\\n", "{{name}}"] {
            let text = format!("[project]\nname = \"{name}\"\n");
            let refused = Config::parse(&text).unwrap_err().to_string();
            assert!(refused.starts_with("`project.name` is "), "{refused}");
        }
        for url in [
            "https://x.example/ # y",
            "x.example",
            "https://x/\\n",
            "https://{{x}}",
        ] {
            let text = format!("[runbooks]\nbase-url = \"{url}\"\n");
            let refused = Config::parse(&text).unwrap_err().to_string();
            assert!(refused.starts_with("`runbooks.base-url` is "), "{refused}");
        }
        for text in [
            "[project]\nname = \"Shop_2.eu\"\n",
            "[runbooks]\nbase-url = \"https://git.example.com/shop/blob/main?a=b#c%20d\"\n",
        ] {
            Config::parse(text).unwrap();
        }
    }

    #[test]
    fn what_is_not_a_table_is_refused() {
        for (text, message) in [
            ("services = 1", "`services` is not a table"),
            ("[services]\na = 1", "`services.a` is not a table"),
        ] {
            assert_eq!(Config::parse(text).unwrap_err().to_string(), message);
        }
        let broken = Config::parse("[project\n").unwrap_err().to_string();
        assert!(broken.starts_with("TOML parse error at line 1"), "{broken}");
    }
}
