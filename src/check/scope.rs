//! Which metrics and labels a query can meet, given the file it stands in.

use std::collections::BTreeSet;

use super::facts::Facts;
use crate::model::promql::ast::{MatchOperator, Selector};
use crate::model::rule::RuleKind;
use crate::model::rust::ExportedMetric;

/// Metrics that Prometheus makes itself for every target.
const OF_TARGETS: &[&str] = &[
    "scrape_body_size_bytes",
    "scrape_duration_seconds",
    "scrape_sample_limit",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "up",
];

/// Metrics that Prometheus makes itself for every alert.
const OF_ALERTS: &[&str] = &["ALERTS", "ALERTS_FOR_STATE"];

/// Labels that every target has.
const TARGET_LABELS: &[&str] = &["instance", "job"];

/// What the name of a metric stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning<'a> {
    /// A series of this metric.
    Exported(&'a ExportedMetric),
    /// A metric that Prometheus makes for every target.
    OfTargets,
    /// Something that is known to exist, but not with which labels.
    Opaque,
    /// A metric that only other services export.
    Elsewhere(&'a ExportedMetric),
    /// Nothing.
    Nothing,
}

/// The view from a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    facts: &'a Facts<'a>,
    /// The service that the file belongs to.
    service: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// The view from the file at `path`.
    pub(super) fn of(facts: &'a Facts<'a>, path: &'a str) -> Self {
        Self {
            facts,
            service: facts.service_of(path),
        }
    }

    /// What a selector's metric is; none where its name is not known here.
    pub(super) fn meaning(&self, selector: &Selector) -> Option<Meaning<'a>> {
        let name = selector
            .metric()
            .filter(|name| !name.has_variable())?
            .text
            .as_str();
        if OF_TARGETS.contains(&name) {
            return Some(Meaning::OfTargets);
        }
        if OF_ALERTS.contains(&name) || self.is_recorded(name) {
            return Some(Meaning::Opaque);
        }
        let wanted = self.matched_service(selector).or(self.service);
        let named = self.exporters(name);
        let here = named.iter().find(|metric| self.serves(metric, wanted));
        Some(match (here, named.first()) {
            (Some(metric), _) => Meaning::Exported(metric),
            (None, Some(metric)) => Meaning::Elsewhere(metric),
            (None, None) => Meaning::Nothing,
        })
    }

    /// The service that is looked at, for messages.
    pub(super) fn service(&self, selector: &Selector) -> Option<&'a str> {
        self.matched_service(selector).or(self.service)
    }

    fn exporters(&self, name: &str) -> Vec<&'a ExportedMetric> {
        let metrics = self.facts.exports.metrics.iter();
        metrics
            .filter(|metric| metric.series_names().iter().any(|series| series == name))
            .collect()
    }

    /// A service has its own metrics and those of the crates that all services share.
    fn serves(&self, metric: &ExportedMetric, service: Option<&str>) -> bool {
        let services = self.facts.service_names();
        let package = metric.package.as_str();
        !services.contains(package) || service.is_none_or(|service| service == package)
    }

    /// The service that `service="…"` or `job="…"` selects, if it is one of the project.
    fn matched_service(&self, selector: &Selector) -> Option<&'a str> {
        let services = self.facts.service_names();
        let matchers = selector.matchers.iter();
        let mut equal = matchers.filter(|it| {
            it.operator == MatchOperator::Equal
                && matches!(it.label.text.as_str(), "service" | "job")
        });
        equal.find_map(|matcher| services.get(matcher.value.text.as_str()).copied())
    }

    fn is_recorded(&self, name: &str) -> bool {
        let rules = self.facts.rules.iter().flat_map(|file| &file.value.rules);
        rules
            .filter(|rule| rule.kind == RuleKind::Recording)
            .any(|rule| rule.name.decoded == name)
    }

    /// The names that a misspelt one may have been meant as.
    pub(super) fn names(&self, selector: &Selector) -> BTreeSet<String> {
        let wanted = self.service(selector);
        let metrics = self
            .facts
            .exports
            .metrics
            .iter()
            .filter(|it| self.serves(it, wanted));
        let own = metrics.flat_map(ExportedMetric::series_names);
        own.chain(OF_TARGETS.iter().map(|name| (*name).to_owned()))
            .collect()
    }

    /// The labels of a selector's series; none where they are not known.
    pub(super) fn labels(&self, selector: &Selector) -> Option<BTreeSet<String>> {
        let name = selector.metric()?.text.as_str();
        let own = match self.meaning(selector)? {
            Meaning::Exported(metric) if metric.labels_known => {
                let bucket = name.strip_suffix("_bucket") == Some(&metric.name);
                let le = bucket.then(|| "le".to_owned());
                metric.labels.iter().cloned().chain(le).collect()
            }
            Meaning::OfTargets => BTreeSet::new(),
            _ => return None,
        };
        let mut labels: BTreeSet<String> = own;
        labels.extend(self.target_labels()?);
        Some(labels)
    }

    /// The labels that scraping adds; none where relabelling may do anything.
    fn target_labels(&self) -> Option<BTreeSet<String>> {
        let jobs = self.facts.scrapes.iter().flat_map(|file| &file.value.jobs);
        let mut labels: BTreeSet<String> = TARGET_LABELS
            .iter()
            .map(|label| (*label).to_owned())
            .collect();
        let mut scraped = false;
        for job in jobs {
            if job.relabels_freely {
                return None;
            }
            scraped = true;
            labels.extend(job.added_labels.iter().cloned());
        }
        let groups = self.facts.targets.iter().flat_map(|file| &file.value);
        labels.extend(
            groups
                .flat_map(|group| &group.labels)
                .map(|(key, _, _)| key.clone()),
        );
        scraped.then_some(labels)
    }
}

/// The name most like `name`, if one is like it at all.
pub(super) fn similar<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n String>,
) -> Option<&'n str> {
    let ranked = known
        .into_iter()
        .map(|other| (strsim::normalized_damerau_levenshtein(name, other), other));
    let best = ranked.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness > 0.6)
        .map(|(_, other)| other.as_str())
}
