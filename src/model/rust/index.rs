//! Follows paths in the sources to the items that they mean.

use std::collections::BTreeMap;

use super::facts::{LabelList, LabelSet, SourceFacts, Term};

/// Finds items by the last segment of their path.
pub(super) struct Index<'a> {
    pub(super) files: &'a [SourceFacts<'a>],
    modules: Vec<Vec<&'a str>>,
    strings: Named<'a, str>,
    metrics: Named<'a, LabelList>,
    label_sets: Named<'a, LabelSet>,
}

type Named<'a, T> = BTreeMap<&'a str, Vec<Candidate<'a, T>>>;

struct Candidate<'a, T: ?Sized> {
    file: usize,
    path: &'a str,
    value: &'a T,
}

impl<'a> Index<'a> {
    pub(super) fn of(files: &'a [SourceFacts<'a>]) -> Self {
        let modules = files.iter().map(|file| modules(file.path)).collect();
        let mut index = Self {
            files,
            modules,
            strings: Named::new(),
            metrics: Named::new(),
            label_sets: Named::new(),
        };
        for (at, file) in files.iter().enumerate() {
            for constant in &file.facts.strings {
                add(
                    &mut index.strings,
                    at,
                    &constant.path,
                    constant.value.as_str(),
                );
            }
            for metric in &file.facts.metrics {
                add(&mut index.metrics, at, &metric.item, &metric.labels);
            }
            for set in &file.facts.label_sets {
                add(&mut index.label_sets, at, &set.type_name, set);
            }
        }
        index
    }

    pub(super) fn string(&self, term: &Term, at: usize) -> Option<String> {
        match term {
            Term::Literal(text) => Some(text.clone()),
            Term::Path(path) => self
                .find(&self.strings, path, at)
                .map(|(_, text)| text.to_owned()),
            Term::NameOf(_) => None,
        }
    }

    /// Whether a family takes its name from a constant, which declares the metric already.
    pub(super) fn is_listed(&self, name: &Term, at: usize) -> bool {
        match name {
            Term::NameOf(metric) => self.find(&self.metrics, metric, at).is_some(),
            Term::Literal(_) | Term::Path(_) => false,
        }
    }

    /// Whether an item of file `at` is used as a value wherever it can be named. Items of one name
    /// stand in for each other there.
    pub(super) fn is_handed_on(&self, item: &str, at: usize) -> bool {
        let name = item.rsplit("::").next().unwrap_or(item);
        let Some(declaring) = self.files.get(at) else {
            return false;
        };
        let mut files = self.files.iter();
        files.any(|file| file.facts.handed_on.contains(name) && file.may_name(declaring))
    }

    pub(super) fn label_set(&self, name: &str, at: usize) -> Option<Vec<String>> {
        let (file, set) = self.find(&self.label_sets, name, at)?;
        self.labels(&set.names, file)
    }

    pub(super) fn labels(&self, list: &LabelList, at: usize) -> Option<Vec<String>> {
        match list {
            LabelList::Listed(terms) => terms
                .iter()
                .map(|(term, _)| self.string(term, at))
                .collect(),
            LabelList::Of(metric) => match self.find(&self.metrics, metric, at)? {
                (file, LabelList::Listed(terms)) => terms
                    .iter()
                    .map(|(term, _)| self.string(term, file))
                    .collect(),
                _ => None,
            },
            LabelList::Unknown => None,
        }
    }

    /// The item that `path`, written in file `at`, means: of those that can be named there, the one
    /// whose own path shares most segments with it, one of the same file before one of the same
    /// crate before any other. None if that leaves several with different values.
    fn find<T: ?Sized + PartialEq>(
        &self,
        named: &Named<'a, T>,
        path: &str,
        at: usize,
    ) -> Option<(usize, &'a T)> {
        let segments: Vec<&str> = path
            .split("::")
            .filter(|segment| !matches!(*segment, "crate" | "self" | "super" | "Self"))
            .collect();
        let from = self.files.get(at)?;
        let all = named.get(segments.last()?)?.iter();
        let candidates: Vec<_> = all
            .filter(|it| self.files.get(it.file).is_some_and(|to| from.may_name(to)))
            .collect();
        let rank = |candidate: &Candidate<'_, T>| {
            (
                self.shared(candidate, &segments),
                self.nearness(candidate.file, at),
            )
        };
        let best = candidates.iter().map(|it| rank(it)).max()?;
        let mut matching = candidates
            .iter()
            .filter(|candidate| rank(candidate) == best);
        let first = matching.next()?;
        matching
            .all(|other| other.value == first.value)
            .then_some((first.file, first.value))
    }

    /// How many segments at the end of a candidate's full path are those of `segments`.
    fn shared<T: ?Sized>(&self, candidate: &Candidate<'_, T>, segments: &[&str]) -> usize {
        let package = self
            .files
            .get(candidate.file)
            .map(|file| file.package.replace('-', "_"));
        let modules = self
            .modules
            .get(candidate.file)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let full = package
            .as_deref()
            .into_iter()
            .chain(modules.iter().copied())
            .chain(candidate.path.split("::"))
            .collect::<Vec<_>>();
        full.iter()
            .rev()
            .zip(segments.iter().rev())
            .take_while(|(one, other)| one == other)
            .count()
    }

    fn nearness(&self, file: usize, at: usize) -> u8 {
        let package = |at: usize| self.files.get(at).map(|file| file.package);
        if file == at {
            2
        } else {
            u8::from(package(file) == package(at))
        }
    }
}

fn add<'a, T: ?Sized>(named: &mut Named<'a, T>, file: usize, path: &'a str, value: &'a T) {
    let name = path.rsplit("::").next().unwrap_or(path);
    named
        .entry(name)
        .or_default()
        .push(Candidate { file, path, value });
}

/// The modules that a file's place stands for: `src/http/mod.rs` is `http`.
fn modules(path: &str) -> Vec<&str> {
    let inside = path.rsplit_once("src/").map_or(path, |(_, inside)| inside);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut modules: Vec<&str> = inside.split('/').collect();
    if matches!(modules.last(), Some(&("mod" | "lib" | "main"))) {
        modules.pop();
    }
    modules
}
