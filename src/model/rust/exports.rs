//! What the sources of a project export, taken together.

use super::facts::{Kind, Metric, SourceFacts, Term};
use super::index::Index;
use crate::model::source::Span;

/// A metric that the code exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedMetric {
    /// Its name in a scrape; a histogram's series have suffixes.
    pub name: String,
    /// How it behaves.
    pub kind: Kind,
    /// What it says about itself, where that is a literal.
    pub help: Option<String>,
    /// Its labels in order, if they are known.
    pub labels: Vec<String>,
    /// Whether every label could be read from the source.
    pub labels_known: bool,
    /// The crate that declares it.
    pub package: String,
    /// The file that declares it.
    pub path: String,
    /// Where in the file its name stands.
    pub name_span: Span,
    /// The item that holds it.
    pub item: String,
    /// Whether anything is done with the item but to write to it. A family that nobody hands on is in no scrape.
    pub handed_on: bool,
}

impl ExportedMetric {
    /// The names of its series.
    #[must_use]
    pub fn series_names(&self) -> Vec<String> {
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![self.name.clone()],
            Kind::Histogram => ["bucket", "sum", "count"]
                .iter()
                .map(|suffix| format!("{}_{suffix}", self.name))
                .collect(),
        }
    }
}

/// A metric that is declared, but whose name cannot be read from the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedMetric {
    /// The crate that declares it.
    pub package: String,
    /// The file that declares it.
    pub path: String,
    /// The declaring item's path inside the file.
    pub item: String,
    /// What could not be read.
    pub span: Span,
}

/// Every metric that a set of sources exports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exports {
    /// Those that are known, in the order of the files.
    pub metrics: Vec<ExportedMetric>,
    /// Those that are declared in a way that cannot be read.
    pub unresolved: Vec<UnresolvedMetric>,
}

impl Exports {
    /// Puts the facts of several files together, following paths from one to the other.
    #[must_use]
    pub fn resolve(files: &[SourceFacts<'_>]) -> Self {
        let index = Index::of(files);
        let mut exports = Self::default();
        for (at, file) in files.iter().enumerate() {
            for unresolved in &file.facts.unresolved {
                exports.give_up(file, &unresolved.item, &unresolved.span);
            }
            for metric in &file.facts.metrics {
                let labels = index.labels(&metric.labels, at);
                let declared = Declared::from(metric);
                exports.declare(&index, at, &declared, labels);
            }
            for family in &file.facts.families {
                if index.is_listed(&family.name, at) {
                    continue;
                }
                let labels = match &family.labels {
                    None => Some(Vec::new()),
                    Some(name) => index.label_set(name, at),
                };
                let declared = Declared {
                    item: &family.item,
                    name: &family.name,
                    name_span: &family.name_span,
                    kind: family.kind,
                    help: family.help.as_deref(),
                };
                exports.declare(&index, at, &declared, labels);
            }
        }
        exports
    }

    /// The metric called `name`, or one of whose series is called so.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&ExportedMetric> {
        self.metrics.iter().find(|metric| {
            metric.name == name || metric.series_names().iter().any(|series| series == name)
        })
    }

    /// The names of every series, in the order of the metrics.
    #[must_use]
    pub fn series_names(&self) -> Vec<String> {
        self.metrics
            .iter()
            .flat_map(ExportedMetric::series_names)
            .collect()
    }

    fn declare(
        &mut self,
        index: &Index<'_>,
        at: usize,
        declared: &Declared<'_>,
        labels: Option<Vec<String>>,
    ) {
        let Some(file) = index.files.get(at) else {
            return;
        };
        let Some(name) = index.string(declared.name, at) else {
            return self.give_up(file, declared.item, declared.name_span);
        };
        self.metrics.push(ExportedMetric {
            name,
            kind: declared.kind,
            help: declared.help.map(str::to_owned),
            labels_known: labels.is_some(),
            labels: labels.unwrap_or_default(),
            package: file.package.to_owned(),
            path: file.path.to_owned(),
            name_span: declared.name_span.clone(),
            item: declared.item.to_owned(),
            handed_on: index.is_handed_on(declared.item, at),
        });
    }

    fn give_up(&mut self, file: &SourceFacts<'_>, item: &str, span: &Span) {
        self.unresolved.push(UnresolvedMetric {
            package: file.package.to_owned(),
            path: file.path.to_owned(),
            item: item.to_owned(),
            span: span.clone(),
        });
    }
}

/// What the two forms of a declaration have in common.
struct Declared<'a> {
    item: &'a str,
    name: &'a Term,
    name_span: &'a Span,
    kind: Kind,
    help: Option<&'a str>,
}

impl<'a> From<&'a Metric> for Declared<'a> {
    fn from(metric: &'a Metric) -> Self {
        Self {
            item: &metric.item,
            name: &metric.name,
            name_span: &metric.name_span,
            kind: metric.kind,
            help: metric.help.as_deref(),
        }
    }
}
