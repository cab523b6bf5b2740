//! A project's files, parsed once and shared by all rules.

use rayon::prelude::*;

use crate::model::dashboard::Dashboard;
use crate::model::node::Node;
use crate::model::prose;
use crate::model::query::Query;
use crate::model::rule::RuleFile;
use crate::model::rule_test::RuleTests;
use crate::model::runbook::Runbook;
use crate::model::rust::{self, Exports, SourceFacts};
use crate::model::scrape::{ScrapeConfig, TargetGroup};
use crate::model::source::{Issue, Source};
use crate::project::contents::{Contents, ProjectFile, Role};

use super::dependency::Dependencies;
use super::gaps::Gaps;
use super::known::{Known, services};
use super::parse::{Artefact, Parsed, parse};

/// Everything that rules look at.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// The project as it was read.
    pub(super) contents: Option<&'a Contents>,
    /// What keeps files from being read as what they are.
    pub(super) issues: Vec<(&'a str, Issue)>,
    /// `marty.toml`.
    pub(super) manifest: Option<Parsed<'a, Node>>,
    /// The sources of all crates.
    pub(super) sources: Vec<Parsed<'a, (&'a str, rust::Facts)>>,
    /// Every metric that the sources export.
    pub(super) exports: Exports,
    pub(super) dashboards: Vec<Parsed<'a, Dashboard>>,
    pub(super) rules: Vec<Parsed<'a, RuleFile>>,
    pub(super) tests: Vec<Parsed<'a, RuleTests>>,
    pub(super) scrapes: Vec<Parsed<'a, ScrapeConfig>>,
    pub(super) targets: Vec<Parsed<'a, Vec<TargetGroup>>>,
    pub(super) runbooks: Vec<Parsed<'a, Runbook>>,
    /// The queries in texts for people: in runbooks, and in annotations of alerts.
    pub(super) texts: Vec<Parsed<'a, Vec<Query>>>,
    /// What none of the above tells, because it could not be read.
    pub(super) gaps: Gaps,
    /// What follows from all of it, worked out once.
    pub(super) known: Known,
}

impl<'a> Facts<'a> {
    /// Parses the files of a project.
    pub(super) fn of(contents: &'a Contents) -> Self {
        let mut facts = Self {
            contents: Some(contents),
            ..Self::default()
        };
        for (file, artefact, issues) in parsed(contents) {
            if !issues.is_empty() {
                facts.gaps.add(&file.source.path, Some(&file.role));
            }
            let path = file.source.path.as_str();
            facts
                .issues
                .extend(issues.into_iter().map(|issue| (path, issue)));
            if let Some(artefact) = artefact {
                facts.add(&file.source, artefact);
            }
        }
        for file in &contents.unreadable {
            facts.gaps.add(&file.path, Role::of(&file.path).as_ref());
        }
        let dependencies = Dependencies::of(contents);
        let sources = facts.sources.iter().map(|file| SourceFacts {
            package: file.value.0,
            path: &file.source.path,
            depends_on: dependencies.of_source(&file.source.path),
            facts: &file.value.1,
        });
        facts.exports = Exports::resolve(&sources.collect::<Vec<_>>());
        facts.known = Known::of(
            facts.manifest.as_ref().map(|file| &file.value),
            &facts.rules,
            (&facts.scrapes, &facts.targets),
            &facts.exports,
        );
        facts
    }

    fn add(&mut self, source: &'a Source, artefact: Artefact<'a>) {
        match artefact {
            Artefact::Manifest(value) => self.manifest = Some(Parsed { source, value }),
            Artefact::Rust(package, facts) => {
                self.sources.push(Parsed {
                    source,
                    value: (package, facts),
                });
            }
            Artefact::Dashboard(value) => self.dashboards.push(Parsed { source, value }),
            Artefact::Rules(value) => {
                let annotations = value.rules.iter().flat_map(|rule| &rule.annotations);
                let queries = annotations.flat_map(|it| prose::of_template(&it.text));
                self.texts.push(Parsed {
                    source,
                    value: queries.collect(),
                });
                self.rules.push(Parsed { source, value });
            }
            Artefact::Tests(value) => self.tests.push(Parsed { source, value }),
            Artefact::Scrape(value) => self.scrapes.push(Parsed { source, value }),
            Artefact::Targets(value) => self.targets.push(Parsed { source, value }),
            Artefact::Runbook(value, queries) => {
                self.runbooks.push(Parsed { source, value });
                self.texts.push(Parsed {
                    source,
                    value: queries,
                });
            }
            Artefact::Other => {}
        }
    }

    /// Whether the project has a file at `path`, as far as that can be seen.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.gaps.hides(path)
            || self
                .contents
                .is_some_and(|contents| contents.paths.contains(path))
    }

    /// The paths of all files of the project that can be seen.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let contents = self.contents.into_iter();
        contents.flat_map(|contents| contents.paths.iter().map(String::as_str))
    }

    /// The services that `marty.toml` names, each with its table and where its name stands.
    pub(super) fn services(&self) -> impl Iterator<Item = &crate::model::node::Entry> {
        services(self.manifest.as_ref().map(|file| &file.value))
    }

    /// The service that a file belongs to, as far as its place tells.
    pub(super) fn service_of<'b>(&self, path: &'b str) -> Option<&'b str> {
        let name = path
            .strip_prefix("services/")
            .and_then(|rest| rest.split('/').next());
        let name = name.or_else(|| {
            let (folder, file) = path.rsplit_once('/')?;
            let (name, kind) = file.split_once('.')?;
            let named_after = folder.ends_with("/targets")
                || matches!(kind, "rules.yml" | "rules.yaml" | "test.yml" | "test.yaml");
            named_after.then_some(name)
        });
        name.filter(|name| self.known.services.contains(*name))
    }

    /// Whether sources that say what `package` exports could not be read: its own, or those that
    /// all services share.
    pub(super) fn is_lost(&self, package: &str) -> bool {
        let services = &self.known.services;
        self.gaps.sources(package)
            || self
                .gaps
                .packages()
                .any(|it| it == package || !services.contains(it))
    }

    /// The value of the string constant `name` of a crate that is no service.
    pub(super) fn shared_constant(&self, name: &str) -> Option<&str> {
        let services = &self.known.services;
        let shared = self
            .sources
            .iter()
            .filter(|file| !services.contains(file.value.0));
        let mut constants = shared.flat_map(|file| &file.value.1.strings);
        let found = constants.find(|constant| constant.path.rsplit("::").next() == Some(name))?;
        Some(&found.value)
    }
}

/// What each file was read as, in the order of the files.
fn parsed(contents: &Contents) -> Vec<(&ProjectFile, Option<Artefact<'_>>, Vec<Issue>)> {
    rust::on_deep_stack(|| {
        let files = contents.files.par_iter();
        let read = files.map(|file| {
            let (artefact, issues) = parse(file);
            (file, artefact, issues)
        });
        read.collect()
    })
}
