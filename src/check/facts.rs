//! A project's files, parsed once and shared by all rules.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::model::dashboard::Dashboard;
use crate::model::node::Node;
use crate::model::rule::RuleFile;
use crate::model::rule_test::RuleTests;
use crate::model::runbook::Runbook;
use crate::model::rust::{self, Exports, SourceFacts};
use crate::model::scrape::{self, ScrapeConfig, TargetGroup};
use crate::model::source::{Issue, Source};
use crate::model::{json, toml, yaml};
use crate::project::contents::{Contents, ProjectFile, Role};

/// A file and what it was parsed into.
#[derive(Debug)]
pub(super) struct Parsed<'a, T> {
    /// The file.
    pub(super) source: &'a Source,
    /// What is in it.
    pub(super) value: T,
}

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
}

/// A file's value, by its role.
enum Artefact<'a> {
    Manifest(Node),
    Rust(&'a str, rust::Facts),
    Dashboard(Dashboard),
    Rules(RuleFile),
    Tests(RuleTests),
    Scrape(ScrapeConfig),
    Targets(Vec<TargetGroup>),
    Runbook(Runbook),
    /// Nothing that a rule asks for: it only has to be well formed.
    Other,
}

impl<'a> Facts<'a> {
    /// Parses the files of a project.
    pub(super) fn of(contents: &'a Contents) -> Self {
        let mut facts = Self {
            contents: Some(contents),
            ..Self::default()
        };
        let parsed: Vec<(&'a Source, Option<Artefact<'a>>, Vec<Issue>)> =
            rust::on_deep_stack(|| {
                let files = contents.files.par_iter();
                files
                    .map(|file| {
                        let (artefact, issues) = parse(file);
                        (&file.source, artefact, issues)
                    })
                    .collect()
            });
        for (source, artefact, issues) in parsed {
            facts.issues.extend(
                issues
                    .into_iter()
                    .map(|issue| (source.path.as_str(), issue)),
            );
            if let Some(artefact) = artefact {
                facts.add(source, artefact);
            }
        }
        let sources: Vec<SourceFacts<'_>> = facts
            .sources
            .iter()
            .map(|file| SourceFacts {
                package: file.value.0,
                path: &file.source.path,
                facts: &file.value.1,
            })
            .collect();
        facts.exports = Exports::resolve(&sources);
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
            Artefact::Rules(value) => self.rules.push(Parsed { source, value }),
            Artefact::Tests(value) => self.tests.push(Parsed { source, value }),
            Artefact::Scrape(value) => self.scrapes.push(Parsed { source, value }),
            Artefact::Targets(value) => self.targets.push(Parsed { source, value }),
            Artefact::Runbook(value) => self.runbooks.push(Parsed { source, value }),
            Artefact::Other => {}
        }
    }

    /// Whether the project has a file at `path`.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.contents
            .is_some_and(|contents| contents.paths.contains(path))
    }

    /// The services that `marty.toml` names, each with its table and where its name stands.
    pub(super) fn services(&self) -> impl Iterator<Item = &crate::model::node::Entry> {
        let services = self
            .manifest
            .as_ref()
            .and_then(|it| it.value.get("services"));
        services.into_iter().flat_map(Node::entries)
    }

    /// The names of the services.
    pub(super) fn service_names(&self) -> BTreeSet<&str> {
        self.services().map(|entry| entry.key.as_str()).collect()
    }

    /// The service that a file belongs to, as far as its place tells.
    pub(super) fn service_of<'b>(&self, path: &'b str) -> Option<&'b str> {
        let name = path
            .strip_prefix("services/")
            .and_then(|rest| rest.split('/').next());
        let name = name.or_else(|| {
            let file = path.rsplit('/').next()?;
            file.strip_suffix(".rules.yml")
                .or_else(|| file.strip_suffix(".test.yml"))
        });
        name.filter(|name| self.service_names().contains(name))
    }

    /// The value of the string constant `name` of a crate that is no service.
    pub(super) fn shared_constant(&self, name: &str) -> Option<&str> {
        let services = self.service_names();
        let shared = self
            .sources
            .iter()
            .filter(|file| !services.contains(file.value.0));
        let mut constants = shared.flat_map(|file| &file.value.1.strings);
        let found = constants.find(|constant| constant.path.rsplit("::").next() == Some(name))?;
        Some(&found.value)
    }
}

fn parse(file: &ProjectFile) -> (Option<Artefact<'_>>, Vec<Issue>) {
    let text = file.source.text.as_str();
    match &file.role {
        Role::Project => shaped(toml::parse(text), |node| {
            (Artefact::Manifest(node), Vec::new())
        }),
        Role::Toml => shaped(toml::parse(text), |_| (Artefact::Other, Vec::new())),
        Role::Yaml => (Some(Artefact::Other), yaml::parse(text).issues),
        Role::Rust { package } => {
            let (facts, issues) = rust::facts(text);
            (Some(Artefact::Rust(package, facts)), issues)
        }
        Role::Dashboard => shaped(json::parse(text), |node| {
            let mut dashboard = Dashboard::of(&node);
            let issues = std::mem::take(&mut dashboard.issues);
            (Artefact::Dashboard(dashboard), issues)
        }),
        Role::Targets => {
            // Every JSON document is one of YAML, but its mistakes are named better as JSON.
            let is_json = file.source.path.rsplit('.').next() == Some("json");
            let node = if is_json {
                json::parse(text)
            } else {
                document(text)
            };
            shaped(node, |node| {
                let (groups, issues) = scrape::target_groups(&node);
                (Artefact::Targets(groups), issues)
            })
        }
        Role::Rules => shaped(document(text), |node| {
            let mut rules = RuleFile::of(&node);
            let issues = std::mem::take(&mut rules.issues);
            (Artefact::Rules(rules), issues)
        }),
        Role::RuleTests => shaped(document(text), |node| {
            (Artefact::Tests(RuleTests::of(&node)), Vec::new())
        }),
        Role::Prometheus => shaped(document(text), |node| {
            (Artefact::Scrape(ScrapeConfig::of(&node)), Vec::new())
        }),
        Role::Runbook => (Some(Artefact::Runbook(Runbook::parse(text))), Vec::new()),
    }
}

/// The first document of a YAML file.
fn document(text: &str) -> (Option<Node>, Vec<Issue>) {
    let parsed = yaml::parse(text);
    (parsed.documents.into_iter().next(), parsed.issues)
}

/// What is made of a tree, if there is one.
fn shaped<'a>(
    (node, mut issues): (Option<Node>, Vec<Issue>),
    make: impl FnOnce(Node) -> (Artefact<'a>, Vec<Issue>),
) -> (Option<Artefact<'a>>, Vec<Issue>) {
    let Some((artefact, more)) = node.map(make) else {
        return (None, issues);
    };
    // What is wrong with a broken file's shape is that it is broken.
    if issues.is_empty() {
        issues.extend(more);
    }
    (Some(artefact), issues)
}
