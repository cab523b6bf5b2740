//! From a file's text to what its role makes of it.

use super::bundled;
use super::shape;
use crate::model::dashboard::Dashboard;
use crate::model::node::{Node, Value};
use crate::model::query::Query;
use crate::model::rule::RuleFile;
use crate::model::rule_test::RuleTests;
use crate::model::runbook::Runbook;
use crate::model::rust;
use crate::model::scrape::{self, ScrapeConfig, TargetGroup};
use crate::model::source::{Issue, Source};
use crate::model::{json, prose, toml, yaml};
use crate::project::contents::{ProjectFile, Role};

/// Where everything is for Prometheus.
const OF_PROMETHEUS: &str = "observability/monitoring/prometheus/";

/// A file and what it was parsed into.
#[derive(Debug)]
pub(super) struct Parsed<'a, T> {
    /// The file.
    pub(super) source: &'a Source,
    /// What is in it.
    pub(super) value: T,
}

/// A file's value, by its role.
pub(super) enum Artefact<'a> {
    Manifest(Node),
    Rust(&'a str, rust::Facts),
    Dashboard(Dashboard),
    Rules(RuleFile),
    Tests(RuleTests),
    Scrape(ScrapeConfig),
    Targets(Vec<TargetGroup>),
    Runbook(Runbook, Vec<Query>),
    /// Nothing that a rule asks for: it only has to be well formed.
    Other,
}

/// Reads a file as what it is to the project, and names what is wrong with it.
pub(super) fn parse(file: &ProjectFile) -> (Option<Artefact<'_>>, Vec<Issue>) {
    let text = file.source.text.as_str();
    match &file.role {
        Role::Project => shaped(toml::parse(text), |node| {
            let issues = shape::manifest(&node, text);
            (Artefact::Manifest(node), issues)
        }),
        Role::Toml => shaped(toml::parse(text), |_| (Artefact::Other, Vec::new())),
        Role::Dockerfile => (Some(Artefact::Other), Vec::new()),
        Role::Yaml => (Some(Artefact::Other), yaml::parse(text).issues),
        Role::Rust { package } => {
            let (facts, issues) = bundled::facts(&file.source)
                .map_or_else(|| rust::facts(text), |facts| (facts, Vec::new()));
            (Some(Artefact::Rust(package, facts)), issues)
        }
        Role::Dashboard => shaped(json::parse(text), |node| {
            let mut dashboard = Dashboard::of(&node);
            let issues = std::mem::take(&mut dashboard.issues);
            (Artefact::Dashboard(dashboard), issues)
        }),
        Role::Targets => targets(file),
        Role::Rules => rules(file),
        Role::RuleTests => shaped(document_or_nothing(text), |node| {
            let issues = shape::rule_tests(&node, is_of_prometheus(file));
            (Artefact::Tests(RuleTests::of(&node)), issues)
        }),
        Role::Prometheus => shaped(document_or_nothing(text), |node| {
            let issues = shape::prometheus(&node);
            (Artefact::Scrape(ScrapeConfig::of(&node)), issues)
        }),
        Role::Runbook => {
            let (runbook, queries) = (Runbook::parse(text), prose::of_markdown(text));
            (Some(Artefact::Runbook(runbook, queries)), Vec::new())
        }
    }
}

fn targets(file: &ProjectFile) -> (Option<Artefact<'_>>, Vec<Issue>) {
    let text = file.source.text.as_str();
    // Every JSON document is one of YAML, but its mistakes are named better as JSON.
    let is_json = file.source.path.rsplit('.').next() == Some("json");
    let node = if is_json {
        json::parse(text)
    } else {
        document(text)
    };
    shaped(node, |node| {
        let (groups, mut issues) = scrape::target_groups(&node);
        issues.extend(shape::targets(&node));
        (Artefact::Targets(groups), issues)
    })
}

fn rules(file: &ProjectFile) -> (Option<Artefact<'_>>, Vec<Issue>) {
    let is_of_prometheus = is_of_prometheus(file);
    shaped(document_or_nothing(&file.source.text), |node| {
        let is_resource = shape::is_resource(&node);
        if is_resource && !is_of_prometheus {
            return (Artefact::Other, Vec::new());
        }
        let mut rules = RuleFile::of(&node);
        let issues = std::mem::take(&mut rules.issues);
        // All keys of a resource are unknown; that it holds no rules says more.
        if is_resource && !issues.is_empty() {
            return (Artefact::Rules(rules), issues);
        }
        let unknown = shape::rule_keys(&node, is_of_prometheus);
        let issues = if unknown.is_empty() { issues } else { unknown };
        (Artefact::Rules(rules), issues)
    })
}

/// Whether a file lies where Prometheus reads it, and nobody else.
fn is_of_prometheus(file: &ProjectFile) -> bool {
    file.source.path.starts_with(OF_PROMETHEUS)
}

/// The first document of a YAML file.
fn document(text: &str) -> (Option<Node>, Vec<Issue>) {
    let parsed = yaml::parse(text);
    (parsed.documents.into_iter().next(), parsed.issues)
}

/// The same where a file without a document says as much as one that says nothing.
fn document_or_nothing(text: &str) -> (Option<Node>, Vec<Issue>) {
    let (document, issues) = document(text);
    let nothing = || Node {
        value: Value::Null,
        span: 0..0,
    };
    let document = document.or_else(|| issues.is_empty().then(nothing));
    (document, issues)
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
