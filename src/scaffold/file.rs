//! A generated file.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::project::root::{MANIFEST, RUNTIME};

/// Whose a generated file is, which decides what an update may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// marty's: replaced as a whole, unless somebody edited it.
    Managed,
    /// Both's: an update is merged with what was edited.
    Merged,
    /// The user's from the first day: written once.
    Once,
    /// Shared by all services and edited in place, never replaced.
    Shared,
    /// marty's own records.
    Machine,
}

/// The folders of a service in which its own code lies.
const WRITTEN_BY_PEOPLE: &[&str] = &["events/", "examples/", "proto/", "src/", "tests/"];

impl Class {
    /// The class of the file at `path`, relative to the project's root.
    pub(super) fn of(path: &str) -> Self {
        let inside = |directory: &str| path.starts_with(directory);
        if inside(".marty/") {
            return Self::Machine;
        }
        if path == MANIFEST || path == "Cargo.lock" {
            return Self::Shared;
        }
        let in_runtime = path
            .strip_prefix(RUNTIME)
            .is_some_and(|rest| rest.starts_with('/'));
        if in_runtime || path.contains("/observability/dashboards/") {
            return Self::Managed;
        }
        let in_service = path
            .strip_prefix("services/")
            .and_then(|rest| rest.split_once('/'));
        match in_service {
            Some((_, file)) if WRITTEN_BY_PEOPLE.iter().any(|it| file.starts_with(it)) => {
                Self::Once
            }
            Some((_, "README.md" | "service.toml")) => Self::Once,
            None if path == "README.md" => Self::Once,
            _ => Self::Merged,
        }
    }

    /// Whether a pristine copy is kept for updates to start from.
    pub(super) fn has_base(self) -> bool {
        matches!(self, Self::Managed | Self::Merged | Self::Once)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "managed",
            Self::Merged => "merged",
            Self::Once => "once",
            Self::Shared => "shared",
            Self::Machine => "machine",
        })
    }
}

/// A file as it was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    /// Its path relative to the project's root.
    pub(super) path: String,
    /// What is in it.
    pub(super) content: Cow<'static, str>,
    /// Its hash, if it is one of those that have a pristine copy together.
    pub(super) bundled: Option<&'static str>,
}

impl Rendered {
    /// A file that was made just now.
    pub(super) fn new(path: String, content: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path,
            content: content.into(),
            bundled: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Class;

    #[test]
    fn the_class_follows_from_the_place() {
        for (path, class) in [
            (".marty/lock.toml", Class::Machine),
            ("marty.toml", Class::Shared),
            ("Cargo.lock", Class::Shared),
            ("crates/marty-runtime/src/lib.rs", Class::Managed),
            (
                "services/a/observability/dashboards/microservice-detail.json",
                Class::Managed,
            ),
            ("services/a/src/main.rs", Class::Once),
            ("services/a/tests/api.rs", Class::Once),
            ("services/a/proto/a/v1/users.proto", Class::Once),
            ("services/a/examples/client.rs", Class::Once),
            ("services/a/events/a.created.v1.json", Class::Once),
            ("services/a/build.rs", Class::Merged),
            ("services/a/Cargo.toml", Class::Merged),
            (
                "observability/monitoring/prometheus/rules/a.rules.yml",
                Class::Merged,
            ),
            ("README.md", Class::Once),
            ("Cargo.toml", Class::Merged),
        ] {
            assert_eq!(Class::of(path), class, "{path}");
        }
    }
}
