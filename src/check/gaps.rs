//! What could not be read, so that nothing can be said about what would be in it.
//!
//! A broken file is one finding. Rules that would miss its content ask here, and stay silent about
//! whatever could have come from it.

use std::collections::BTreeSet;

use crate::project::contents::Role;

/// The files that could not be read as what they are, and the folders that could not be listed.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// The crates of which a source is missing.
    packages: BTreeSet<String>,
    /// Target files, by their paths.
    targets: Vec<String>,
    /// Rule tests, by their paths.
    tests: Vec<String>,
    /// Whether rules are missing, or `marty.toml`.
    names: bool,
    /// Whether `prometheus.yml` is.
    scrapes: bool,
    /// Folders, or files without a role.
    places: Vec<String>,
}

impl Gaps {
    /// Takes note of the file or folder at `path`.
    pub(super) fn add(&mut self, path: &str, role: Option<&Role>) {
        match role {
            Some(Role::Rust { package }) => _ = self.packages.insert(package.clone()),
            Some(Role::Targets) => self.targets.push(path.to_owned()),
            Some(Role::RuleTests) => self.tests.push(path.to_owned()),
            Some(Role::Rules | Role::Project) => self.names = true,
            Some(Role::Prometheus) => self.scrapes = true,
            Some(_) => {}
            None => self.places.push(path.to_owned()),
        }
    }

    /// The crates of which a source is known to be missing.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(String::as_str)
    }

    /// Whether sources of `package`, or of a crate that services share, may be missing.
    pub(super) fn sources(&self, package: &str) -> bool {
        self.packages.contains(package)
            || self.touches("crates")
            || self.touches(&format!("services/{package}/src"))
    }

    /// Whether recording rules may be missing, or the list of metrics that come from elsewhere.
    pub(super) fn names(&self) -> bool {
        self.names || !self.places.is_empty()
    }

    /// Whether what Prometheus is told may be missing.
    pub(super) fn scrapes(&self) -> bool {
        self.scrapes || self.touches("observability/monitoring/prometheus/prometheus.yml")
    }

    /// The target files that are missing; none where any might be.
    pub(super) fn targets(&self) -> Option<&[String]> {
        let hidden = self.touches("observability/monitoring/prometheus/targets");
        (!hidden).then_some(&self.targets)
    }

    /// The rule tests that are missing; none where any might be.
    pub(super) fn tests(&self) -> Option<&[String]> {
        self.places.is_empty().then_some(&self.tests)
    }

    /// Whether there may be a file at `path` that cannot be seen.
    pub(super) fn hides(&self, path: &str) -> bool {
        self.places.iter().any(|place| is_in(path, place))
    }

    fn touches(&self, path: &str) -> bool {
        self.places
            .iter()
            .any(|place| is_in(path, place) || is_in(place, path))
    }
}

/// Whether `path` is `folder`, or in it.
fn is_in(path: &str, folder: &str) -> bool {
    matches!(folder, "" | ".")
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::Gaps;

    #[test]
    fn a_folder_hides_what_may_be_in_it_and_nothing_else() {
        let mut gaps = Gaps::default();
        gaps.add("services/a/src/api", None);
        assert!(gaps.sources("a") && !gaps.sources("b"));
        assert!(gaps.hides("services/a/src/api/x.md") && !gaps.hides("services/a/src/apis"));
        assert!(gaps.targets().is_some() && gaps.tests().is_none() && !gaps.scrapes());
        gaps.add("observability", None);
        assert!(gaps.targets().is_none() && gaps.scrapes() && !gaps.sources("b"));
        gaps.add(".", None);
        assert!(gaps.sources("b"));
    }
}
