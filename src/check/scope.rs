//! Which metrics and labels a query can meet, given the file it stands in.

use std::collections::BTreeSet;

use regex::Regex;

use super::facts::Facts;
use super::pattern;
use crate::model::promql::ast::{MatchOperator, Matcher, Selector};
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

/// What the name of a metric stands for.
#[derive(Debug, Clone)]
pub(super) enum Meaning<'a> {
    /// A series of these metrics, one for each crate that exports it.
    Exported(Vec<&'a ExportedMetric>),
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
        let known = &self.facts.known;
        let external = || known.external.iter().any(|it| pattern::matches(it, name));
        if OF_ALERTS.contains(&name) || known.recorded.contains(name) || external() {
            return Some(Meaning::Opaque);
        }
        let looked = self.looked(selector);
        let exporters = self.exporters(name);
        let mut here = exporters.clone();
        here.retain(|metric| self.serves(metric, looked.as_ref()));
        Some(match exporters.first() {
            _ if !here.is_empty() => Meaning::Exported(here),
            _ if self.misses(looked.as_ref()) => Meaning::Opaque,
            Some(metric) => Meaning::Elsewhere(metric),
            None => Meaning::Nothing,
        })
    }

    /// The services whose series a selector can meet; none where those are all.
    pub(super) fn looked(&self, selector: &Selector) -> Option<BTreeSet<&'a str>> {
        match selected(&self.facts.known.services, selector) {
            Selected::All => None,
            Selected::These(services) => Some(services),
            Selected::Unsaid => self.service.map(|service| [service].into()),
        }
    }

    fn exporters(&self, name: &str) -> Vec<&'a ExportedMetric> {
        let found = self.facts.known.series.get(name).into_iter().flatten();
        found
            .filter_map(|&at| self.facts.exports.metrics.get(at))
            .collect()
    }

    /// A service has its own metrics and those of the crates that all services share.
    fn serves(&self, metric: &ExportedMetric, looked: Option<&BTreeSet<&str>>) -> bool {
        let package = metric.package.as_str();
        !self.facts.known.services.contains(package)
            || looked.is_none_or(|services| services.contains(package))
    }

    /// Whether something that could not be read may have declared what is not found.
    fn misses(&self, looked: Option<&BTreeSet<&str>>) -> bool {
        let known = &self.facts.known;
        let is_looked_at = |package: &str| {
            !known.services.contains(package) || looked.is_none_or(|it| it.contains(package))
        };
        let mut services = known.services.iter().filter(|it| is_looked_at(it));
        self.facts.gaps.names()
            || self.facts.is_lost("")
            || services.any(|service| self.facts.is_lost(service))
            || known.unread.iter().any(|package| is_looked_at(package))
    }

    /// The names that a misspelt one may have been meant as.
    pub(super) fn names(&self, selector: &Selector) -> BTreeSet<String> {
        let looked = self.looked(selector);
        let metrics = self.facts.exports.metrics.iter();
        let own = metrics
            .filter(|it| self.serves(it, looked.as_ref()))
            .flat_map(ExportedMetric::series_names);
        own.chain(OF_TARGETS.iter().map(|name| (*name).to_owned()))
            .collect()
    }

    /// The labels of a selector's series; none where they are not known.
    pub(super) fn labels(&self, selector: &Selector) -> Option<BTreeSet<String>> {
        let name = selector.metric()?.text.as_str();
        let mut labels = self.target_labels(selector)?;
        match self.meaning(selector)? {
            Meaning::Exported(metrics) => {
                for metric in metrics {
                    if !metric.labels_known || self.facts.is_lost(&metric.package) {
                        return None;
                    }
                    let bucket = name.strip_suffix("_bucket") == Some(&metric.name);
                    let le = bucket.then(|| "le".to_owned());
                    labels.extend(metric.labels.iter().cloned().chain(le));
                }
            }
            Meaning::OfTargets => {}
            _ => return None,
        }
        Some(labels)
    }

    /// The labels that scraping adds; none where relabelling may do anything, or where the targets
    /// could not be read or are missing.
    fn target_labels(&self, selector: &Selector) -> Option<BTreeSet<String>> {
        let looked = self.looked(selector);
        let mut untargeted = self.facts.known.untargeted.iter();
        // That there are no targets is a finding, and which labels they would have is not known.
        if untargeted.any(|it| looked.as_ref().is_none_or(|set| set.contains(it.as_str()))) {
            return None;
        }
        let lost = self.facts.gaps.targets()?;
        if !lost.is_empty() {
            let looked = looked?;
            let of_others = |path: &String| {
                let service = self.facts.service_of(path);
                service.is_some_and(|service| !looked.contains(service))
            };
            if !lost.iter().all(of_others) {
                return None;
            }
        }
        let known = self.facts.known.target_labels.as_ref();
        known.filter(|_| !self.facts.gaps.scrapes()).cloned()
    }
}

/// What matchers on `service` and `job` select.
enum Selected<'a> {
    /// They do not name a service of the project.
    Unsaid,
    /// Whichever: a variable decides.
    All,
    These(BTreeSet<&'a str>),
}

fn selected<'a>(services: &'a BTreeSet<String>, selector: &Selector) -> Selected<'a> {
    let mut selected = Selected::Unsaid;
    for matcher in &selector.matchers {
        if !matches!(matcher.label.text.as_str(), "service" | "job") {
            continue;
        }
        let value = Value::of(matcher);
        let Some(value) = value else {
            return Selected::All;
        };
        let mut these: BTreeSet<&str> = services
            .iter()
            .map(String::as_str)
            .filter(|service| value.takes(service))
            .collect();
        if let Selected::These(others) = &selected {
            these.retain(|service| others.contains(service));
        }
        // What selects no service is about something else, such as another job.
        if !these.is_empty() {
            selected = Selected::These(these);
        }
    }
    selected
}

/// The value of a matcher, about to be compared.
struct Value<'m> {
    wanted: bool,
    text: &'m str,
    regex: Option<Regex>,
}

impl<'m> Value<'m> {
    /// None where it cannot be told what the matcher takes.
    fn of(matcher: &'m Matcher) -> Option<Self> {
        if matcher.value.has_variable() {
            return None;
        }
        let text = matcher.value.text.as_str();
        let (wanted, is_regex) = match matcher.operator {
            MatchOperator::Equal => (true, false),
            MatchOperator::NotEqual => (false, false),
            MatchOperator::Regex => (true, true),
            MatchOperator::NotRegex => (false, true),
        };
        let regex = if is_regex {
            Some(Regex::new(&format!("^(?s:{text})$")).ok()?)
        } else {
            None
        };
        Some(Self {
            wanted,
            text,
            regex,
        })
    }

    fn takes(&self, service: &str) -> bool {
        let same = match &self.regex {
            Some(regex) => regex.is_match(service),
            None => self.text == service,
        };
        same == self.wanted
    }
}
