//! `.marty/lock.toml`: what was generated, from which templates and answers.
//!
//! One block for each service and file, sorted, so that branches which add different services
//! merge line by line.

use serde::{Deserialize, Serialize};

use super::answer::Answers;
use super::extra::Extra;
use super::file::Class;
use super::kind::Kind;

/// Where the lock lies in a project.
pub const LOCK_PATH: &str = ".marty/lock.toml";

/// The version of the format that this marty reads and writes.
const SCHEMA: u32 = 1;

const HEADER: &str = "# Written by marty, which compares with it when it changes generated files.
# Commit it together with `.marty/base`, and do not edit it.
";

/// What was generated in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    schema: u32,
    project: Project,
    #[serde(default, rename = "service")]
    services: Vec<Service>,
    #[serde(default, rename = "file")]
    files: Vec<File>,
}

/// Which marty made something, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Project {
    name: String,
    marty: String,
    templates: String,
    /// The hash that names the pristine copy of the bundled runtime.
    runtime: String,
}

/// A service's answers, and which marty made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Service {
    name: String,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    with: Vec<Extra>,
    team: String,
    tier: String,
    http_port: u16,
    admin_port: u16,
    marty: String,
    templates: String,
}

/// A file as it was generated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) class: Class,
    pub(super) sha256: String,
}

/// A lock that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LockError(String);

impl Lock {
    /// The lock of a project in which nothing was generated.
    pub(super) fn new(project: &str, templates: &str, runtime: &str) -> Self {
        Self {
            schema: SCHEMA,
            project: Project {
                name: project.to_owned(),
                marty: env!("CARGO_PKG_VERSION").to_owned(),
                templates: templates.to_owned(),
                runtime: runtime.to_owned(),
            },
            services: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Reads the text of a lock.
    ///
    /// # Errors
    /// When it is not one, or one of another format version.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let lock: Self = toml_edit::de::from_str(text)
            .map_err(|error| LockError(error.to_string().trim_end().to_owned()))?;
        if lock.schema != SCHEMA {
            return Err(LockError(format!(
                "its format is version {}, and this marty knows version {SCHEMA}",
                lock.schema
            )));
        }
        Ok(lock)
    }

    /// The project's name.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project.name
    }

    /// Whether a service of this name was generated.
    #[must_use]
    pub fn has_service(&self, name: &str) -> bool {
        self.services.iter().any(|service| service.name == name)
    }

    /// The version of marty that made the project, if it is another than this.
    #[must_use]
    pub fn other_version(&self) -> Option<&str> {
        (self.project.marty != env!("CARGO_PKG_VERSION")).then_some(&self.project.marty)
    }

    /// The lock with a service and its files added.
    pub(super) fn with(mut self, answers: &Answers, templates: &str, files: Vec<File>) -> Self {
        // Whoever removed a service by hand left its record.
        let record = |path: &str| {
            let name = answers.name.as_str();
            path.starts_with(&format!("services/{name}/"))
                || path.contains(&format!("/targets/{name}."))
                || path.contains(&format!("/rules/{name}."))
                || path.contains(&format!("/workflows/{name}."))
        };
        self.services
            .retain(|service| service.name != answers.name.as_str());
        self.files.retain(|file| !record(&file.path));
        self.services.push(Service {
            name: answers.name.to_string(),
            kind: answers.kind,
            with: answers.with.clone(),
            team: answers.team.clone(),
            tier: answers.tier.clone(),
            http_port: answers.ports.http,
            admin_port: answers.ports.admin,
            marty: env!("CARGO_PKG_VERSION").to_owned(),
            templates: templates.to_owned(),
        });
        self.files.extend(files);
        self.services
            .sort_by(|one, other| one.name.cmp(&other.name));
        self.files.sort_by(|one, other| one.path.cmp(&other.path));
        self
    }

    /// The text of the lock.
    ///
    /// # Errors
    /// Never for what [`Lock::parse`] accepts: everything in it has a form in TOML.
    pub(super) fn to_text(&self) -> Result<String, toml_edit::ser::Error> {
        Ok(format!(
            "{HEADER}{}",
            toml_edit::ser::to_string_pretty(self)?
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{File, Lock};
    use crate::project::port;
    use crate::scaffold::{Answers, Class, Kind};

    fn with(lock: Lock, name: &str) -> Lock {
        let answers = Answers::new(name.parse().unwrap(), Kind::Http, port::first());
        let file = File {
            path: format!("services/{name}/Cargo.toml"),
            class: Class::Merged,
            sha256: "00".to_owned(),
        };
        lock.with(&answers, "ff", vec![file])
    }

    #[test]
    fn a_lock_is_read_back_as_it_was_written() {
        let lock = with(Lock::new("shop", "ff", "ee"), "order");
        assert_eq!(Lock::parse(&lock.to_text().unwrap()).unwrap(), lock);
    }

    #[test]
    fn the_order_in_which_services_are_added_does_not_matter() {
        let one = with(with(Lock::new("shop", "ff", "ee"), "a"), "b");
        let other = with(with(Lock::new("shop", "ff", "ee"), "b"), "a");
        assert_eq!(one, other);
    }

    #[test]
    fn another_format_is_refused() {
        let text = with(Lock::new("shop", "ff", "ee"), "a").to_text().unwrap();
        let error = Lock::parse(&text.replace("schema = 1", "schema = 2")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "its format is version 2, and this marty knows version 1"
        );
    }
}
