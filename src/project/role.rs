//! What a file is to a project.

use super::root::MANIFEST;

/// What a file is to the project; follows from its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// `marty.toml`.
    Project,
    /// A `Cargo.toml` or `service.toml`.
    Toml,
    /// A workflow.
    Yaml,
    /// A source file of a crate.
    Rust {
        /// The crate's folder name.
        package: String,
    },
    /// The `Dockerfile` of a service.
    Dockerfile,
    /// A dashboard.
    Dashboard,
    /// Alerts and recording rules.
    Rules,
    /// Tests of rules.
    RuleTests,
    /// `prometheus.yml`.
    Prometheus,
    /// The targets of services.
    Targets,
    /// A runbook.
    Runbook,
}

impl Role {
    /// The role of the file at `path`, relative to the project's root, as far as its place tells:
    /// rules may also be wherever `prometheus.yml` looks for them.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').collect();
        let name = segments.last().copied().unwrap_or_default();
        if path == MANIFEST {
            return Some(Self::Project);
        }
        if let ["services" | "crates", package, "src", ..] = segments[..]
            && has_extension(name, &["rs"])
        {
            return Some(Self::Rust {
                package: package.to_owned(),
            });
        }
        match segments[..] {
            ["Cargo.toml"] | ["services" | "crates", _, "Cargo.toml" | "service.toml"] => {
                Some(Self::Toml)
            }
            ["services", _, "Dockerfile"] => Some(Self::Dockerfile),
            [".github", "workflows", _] if is_yaml(name) => Some(Self::Yaml),
            ["observability", "monitoring", "prometheus", ref inside @ ..] => prometheus(inside),
            _ if segments.contains(&"observability") => artefact(&segments, name),
            _ => None,
        }
    }
}

fn prometheus(inside: &[&str]) -> Option<Role> {
    match inside {
        ["prometheus.yml"] => Some(Role::Prometheus),
        ["targets", name] if has_extension(name, &["json", "yml", "yaml"]) => Some(Role::Targets),
        _ => rules(inside),
    }
}

/// The role of a file that is about rules by its name, or by the folder it lies in.
fn rules(segments: &[&str]) -> Option<Role> {
    let (name, folders) = segments.split_last()?;
    let is_kind = |kind: &str| {
        let stem = name
            .strip_suffix(".yml")
            .or_else(|| name.strip_suffix(".yaml"));
        stem.is_some_and(|stem| stem.ends_with(kind))
    };
    let in_folder = folders
        .iter()
        .any(|folder| matches!(*folder, "rules" | "alerts"));
    if is_kind(".test") {
        Some(Role::RuleTests)
    } else {
        (is_kind(".rules") || in_folder && is_yaml(name)).then_some(Role::Rules)
    }
}

fn artefact(segments: &[&str], name: &str) -> Option<Role> {
    if segments.contains(&"dashboards") && has_extension(name, &["json"]) {
        return Some(Role::Dashboard);
    }
    if segments.contains(&"runbooks") && has_extension(name, &["md"]) {
        return Some(Role::Runbook);
    }
    rules(segments)
}

fn is_yaml(name: &str) -> bool {
    has_extension(name, &["yml", "yaml"])
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(stem, end)| !stem.is_empty() && extensions.contains(&end))
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn the_role_follows_from_the_place() {
        let rust = |package: &str| {
            Some(Role::Rust {
                package: package.to_owned(),
            })
        };
        let prometheus = "observability/monitoring/prometheus";
        for (path, role) in [
            ("marty.toml".to_owned(), Some(Role::Project)),
            ("services/a/Cargo.toml".to_owned(), Some(Role::Toml)),
            ("services/a/Dockerfile".to_owned(), Some(Role::Dockerfile)),
            ("services/a/src/Dockerfile".to_owned(), None),
            ("services/a/src/api/mod.rs".to_owned(), rust("a")),
            (
                "crates/marty-runtime/src/names/http.rs".to_owned(),
                rust("marty-runtime"),
            ),
            ("services/a/tests/api.rs".to_owned(), None),
            (
                "services/a/observability/dashboards/d.json".to_owned(),
                Some(Role::Dashboard),
            ),
            (
                "services/a/observability/runbooks/r.md".to_owned(),
                Some(Role::Runbook),
            ),
            (
                format!("{prometheus}/prometheus.yml"),
                Some(Role::Prometheus),
            ),
            (format!("{prometheus}/rules/a.rules.yml"), Some(Role::Rules)),
            (
                format!("{prometheus}/rules/a.test.yml"),
                Some(Role::RuleTests),
            ),
            (format!("{prometheus}/targets/a.json"), Some(Role::Targets)),
            (format!("{prometheus}/rules/team/a.yaml"), Some(Role::Rules)),
            (
                format!("{prometheus}/rules/a.test.yaml"),
                Some(Role::RuleTests),
            ),
            (
                "services/a/observability/alerts/a.rules.yml".to_owned(),
                Some(Role::Rules),
            ),
            (
                "services/a/observability/a.rules.yaml".to_owned(),
                Some(Role::Rules),
            ),
            (
                "services/a/observability/alerts/a.test.yml".to_owned(),
                Some(Role::RuleTests),
            ),
            ("observability/compose.yml".to_owned(), None),
            ("services/a/src/a.rules.yml".to_owned(), None),
            (".github/workflows/ci.yml".to_owned(), Some(Role::Yaml)),
            ("README.md".to_owned(), None),
        ] {
            assert_eq!(Role::of(&path), role, "{path}");
        }
    }
}
