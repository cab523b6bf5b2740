//! What follows from a project's files taken together, worked out once: rules ask for it at every
//! query.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use crate::model::node::{Entry, Node};
use crate::model::rule::RuleKind;
use crate::model::rust::Exports;

/// Labels that every target has.
const TARGET_LABELS: &[&str] = &["instance", "job"];

/// What is known about a project.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The names of the services.
    pub(super) services: BTreeSet<String>,
    /// The names of what recording rules make.
    pub(super) recorded: BTreeSet<String>,
    /// The patterns of metrics that come from elsewhere.
    pub(super) external: Vec<String>,
    /// The labels that scraping adds; none where relabelling may do anything.
    pub(super) target_labels: Option<BTreeSet<String>>,
    /// The services that no target names, where jobs look for targets in files.
    pub(super) untargeted: BTreeSet<String>,
    /// The crates that declare a metric whose name cannot be read.
    pub(super) unread: BTreeSet<String>,
    /// Which of the exported metrics each series belongs to.
    pub(super) series: BTreeMap<String, Vec<usize>>,
}

impl Known {
    /// What `facts` amount to.
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        Self {
            services: names(facts.services()),
            recorded: recorded(facts),
            external: external(facts),
            target_labels: target_labels(facts),
            untargeted: untargeted(facts),
            unread: unread(&facts.exports),
            series: series(&facts.exports),
        }
    }
}

fn names<'a>(services: impl Iterator<Item = &'a Entry>) -> BTreeSet<String> {
    services.map(|entry| entry.key.clone()).collect()
}

fn recorded(facts: &Facts<'_>) -> BTreeSet<String> {
    let rules = facts.rules.iter().flat_map(|file| &file.value.rules);
    let recording = rules.filter(|rule| rule.kind == RuleKind::Recording);
    recording.map(|rule| rule.name.decoded.clone()).collect()
}

fn external(facts: &Facts<'_>) -> Vec<String> {
    let manifest = facts.manifest.as_ref().map(|file| &file.value);
    let check = manifest.and_then(|manifest| manifest.get("check"));
    let listed = check.map(|check| check.items_of("external-metrics"));
    let names = listed.unwrap_or_default().iter().filter_map(Node::as_str);
    names.map(str::to_owned).collect()
}

fn target_labels(facts: &Facts<'_>) -> Option<BTreeSet<String>> {
    let mut jobs = facts.scrapes.iter().flat_map(|file| &file.value.jobs);
    let mut labels: BTreeSet<String> = TARGET_LABELS
        .iter()
        .map(|label| (*label).to_owned())
        .collect();
    let first = jobs.next()?;
    for job in jobs.chain([first]) {
        if job.relabels_freely {
            return None;
        }
        labels.extend(job.added_labels.iter().cloned());
    }
    let groups = facts.targets.iter().flat_map(|file| &file.value);
    let of_groups = groups.flat_map(|group| &group.labels);
    labels.extend(of_groups.map(|(key, _, _)| key.clone()));
    Some(labels)
}

fn untargeted(facts: &Facts<'_>) -> BTreeSet<String> {
    let mut jobs = facts.scrapes.iter().flat_map(|file| &file.value.jobs);
    if jobs.all(|job| job.target_files.is_empty()) {
        return BTreeSet::new();
    }
    let groups = facts.targets.iter().flat_map(|file| &file.value);
    let named: BTreeSet<&str> = groups
        .filter_map(|group| Some(group.label("service")?.0))
        .collect();
    let services = names(facts.services()).into_iter();
    services.filter(|it| !named.contains(it.as_str())).collect()
}

fn unread(exports: &Exports) -> BTreeSet<String> {
    let unresolved = exports.unresolved.iter();
    unresolved.map(|metric| metric.package.clone()).collect()
}

fn series(exports: &Exports) -> BTreeMap<String, Vec<usize>> {
    let mut series: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, metric) in exports.metrics.iter().enumerate() {
        for name in metric.series_names() {
            series.entry(name).or_default().push(at);
        }
    }
    series
}
