//! What Prometheus scrapes: its configuration and the target files of file discovery.

use std::collections::BTreeSet;

use super::node::{Node, Text, Value};
use super::source::{Issue, Span};

/// A `prometheus.yml`, as far as it says what is scraped and which rules are loaded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScrapeConfig {
    /// Patterns of rule files, relative to the file's folder.
    pub rule_files: Vec<Text>,
    /// The scrape jobs.
    pub jobs: Vec<Job>,
}

/// A scrape job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Job {
    /// Where it is: its name, or all of it if it has none.
    pub place: Span,
    /// Where metrics are asked for; `/metrics` if nothing is said.
    pub metrics_path: Option<(Text, Span)>,
    /// Patterns of target files, relative to the configuration's folder.
    pub target_files: Vec<Text>,
    /// The targets that it names itself.
    pub static_groups: Vec<TargetGroup>,
    /// The labels that its own targets have and that relabelling adds.
    pub added_labels: BTreeSet<String>,
    /// Whether discovery or relabelling may do anything else to labels, so that they are not
    /// known here.
    pub relabels_freely: bool,
}

/// A group of targets, in a target file or in a scrape job itself.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroup {
    /// The addresses, each with the place of the whole string.
    pub targets: Vec<(Text, Span)>,
    /// The labels of all of them.
    pub labels: Vec<(String, Text, Span)>,
    /// The whole group.
    pub span: Span,
}

impl ScrapeConfig {
    /// Reads the configuration that a YAML document holds.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        Self {
            rule_files: texts(node.get("rule_files")),
            jobs: node.items_of("scrape_configs").iter().map(job).collect(),
        }
    }
}

impl Job {
    /// Whether what is asked may be something else than what the targets and the path say.
    #[must_use]
    pub fn asks_elsewhere(&self) -> bool {
        let mut places = ["__address__", "__metrics_path__"].iter();
        self.relabels_freely || places.any(|it| self.added_labels.contains(*it))
    }
}

fn job(node: &Node) -> Job {
    let discoveries = node.items_of("file_sd_configs");
    let mut job = Job {
        place: node.get("job_name").unwrap_or(node).span.clone(),
        metrics_path: node
            .get("metrics_path")
            .and_then(|path| Some((path.text()?.clone(), path.span.clone()))),
        target_files: discoveries
            .iter()
            .flat_map(|it| texts(it.get("files")))
            .collect(),
        static_groups: node.items_of("static_configs").iter().map(group).collect(),
        // Whoever is asked for targets may answer with any labels.
        relabels_freely: node.given("http_sd_configs").is_some(),
        ..Job::default()
    };
    for targets in node.items_of("static_configs") {
        let labels = targets.get("labels").map(Node::entries).unwrap_or_default();
        job.added_labels
            .extend(labels.iter().map(|it| it.key.clone()));
    }
    for key in ["relabel_configs", "metric_relabel_configs"] {
        for step in node.items_of(key) {
            let action = step
                .get("action")
                .and_then(Node::as_str)
                .unwrap_or("replace");
            let target = step.get("target_label").and_then(Node::as_str);
            match (action, target) {
                ("keep" | "drop" | "keepequal" | "dropequal", _) => {}
                ("replace" | "hashmod" | "lowercase" | "uppercase", Some(label))
                    if !label.contains('$') =>
                {
                    job.added_labels.insert(label.to_owned());
                }
                _ => job.relabels_freely = true,
            }
        }
    }
    job
}

/// Reads the groups that a target file holds.
#[must_use]
pub fn target_groups(node: &Node) -> (Vec<TargetGroup>, Vec<Issue>) {
    let Value::Sequence(groups) = &node.value else {
        let issue = Issue {
            message: "a target file is a list of groups".to_owned(),
            span: node.span.clone(),
            hint: None,
        };
        return (Vec::new(), vec![issue]);
    };
    (groups.iter().map(group).collect(), Vec::new())
}

fn group(node: &Node) -> TargetGroup {
    let targets = node.items_of("targets").iter();
    TargetGroup {
        targets: targets
            .filter_map(|target| Some((target.text()?.clone(), target.span.clone())))
            .collect(),
        labels: labels(node.get("labels")),
        span: node.span.clone(),
    }
}

impl TargetGroup {
    /// The value of a label and its place.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<(&str, &Span)> {
        let found = self.labels.iter().find(|(key, _, _)| key == name);
        found.map(|(_, value, span)| (value.decoded.as_str(), span))
    }
}

fn labels(node: Option<&Node>) -> Vec<(String, Text, Span)> {
    let Some(Value::Mapping(entries)) = node.map(|node| &node.value) else {
        return Vec::new();
    };
    let texts = entries.iter().filter_map(|entry| {
        Some((
            entry.key.clone(),
            entry.value.scalar()?,
            entry.value.span.clone(),
        ))
    });
    texts.collect()
}

fn texts(node: Option<&Node>) -> Vec<Text> {
    node.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::text)
        .cloned()
        .collect()
}
