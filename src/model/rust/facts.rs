//! The facts of one source file. Paths are kept as written; nothing is resolved here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::source::Span;

/// What one source file declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Constants made of a `Metric { … }` literal.
    pub metrics: Vec<Metric>,
    /// Statics and constants of a family type, such as `CounterFamily`.
    pub families: Vec<Family>,
    /// Implementations of `Labels`, written out or derived.
    pub label_sets: Vec<LabelSet>,
    /// Constants that hold a string.
    pub strings: Vec<Constant>,
    /// Constants that hold a whole number.
    pub numbers: Vec<NumberConstant>,
    /// Metrics whose name cannot be read from the source.
    pub unresolved: Vec<Unresolved>,
    /// Names of items that are used as values, and not only to call a method of theirs.
    pub handed_on: BTreeSet<String>,
}

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts measurements by size.
    Histogram,
}

/// A string in the source: written out, or the path of the constant that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Term {
    /// The string itself.
    Literal(String),
    /// A path as written without its generics, such as `label::HTTP_ROUTE`.
    Path(String),
    /// The name of the metric that a constant holds, as in `names::TARGET_INFO.name`.
    NameOf(String),
}

/// The labels of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelList {
    /// One by one, each with its place.
    Listed(Vec<(Term, Span)>),
    /// Those of the metric that a constant holds, as in `names::TARGET_INFO.labels`.
    Of(String),
    /// Written in a way that cannot be read.
    Unknown,
}

/// A constant made of a `Metric { … }` literal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// The constant's path inside the file, such as `http::REQUESTS`.
    pub item: String,
    /// The name that is exported.
    pub name: Term,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// How it behaves.
    pub kind: Kind,
    /// What it says about itself, where that is a literal.
    pub help: Option<String>,
    /// Its labels.
    pub labels: LabelList,
    /// The whole constant.
    pub span: Span,
}

/// A static of a family type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// The static's path inside the file.
    pub item: String,
    /// The name that is exported; `counter!` has had its `_total` added.
    pub name: Term,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// How it behaves.
    pub kind: Kind,
    /// What it says about itself, where that is a literal.
    pub help: Option<String>,
    /// The type of its labels; none for a family without labels.
    pub labels: Option<String>,
    /// The whole static.
    pub span: Span,
}

/// An implementation of `Labels`, written out or derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSet {
    /// The type's path as written, without generics.
    pub type_name: String,
    /// What its `NAMES` holds.
    pub names: LabelList,
    /// Where `NAMES` is defined, or the fields are.
    pub span: Span,
}

/// A constant that holds a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constant {
    /// Its path inside the file, such as `label::HTTP_ROUTE`.
    pub path: String,
    /// The string.
    pub value: String,
    /// Where the string stands, quotes included.
    pub span: Span,
}

/// A constant that holds a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberConstant {
    /// Its path inside the file, such as `HTTP_PORT`.
    pub path: String,
    /// The number.
    pub value: u64,
    /// Where the number stands.
    pub span: Span,
}

/// A metric that the source declares in a way that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unresolved {
    /// The declaring item's path inside the file.
    pub item: String,
    /// What could not be read.
    pub span: Span,
}

/// The facts of one source file and where it belongs.
#[derive(Debug, Clone, Copy)]
pub struct SourceFacts<'a> {
    /// The crate's name; paths are looked up in the same crate first.
    pub package: &'a str,
    /// The file's path, under which its declarations are reported.
    pub path: &'a str,
    /// What the crate's manifest depends on, by names and folders with `_` for `-`; none where that
    /// is not known.
    pub depends_on: Option<&'a BTreeSet<String>>,
    /// What the file declares.
    pub facts: &'a Facts,
}

impl SourceFacts<'_> {
    /// Whether this file can name what `other` declares: services know nothing of each other,
    /// unless one is made of the other.
    pub(super) fn may_name(&self, other: &Self) -> bool {
        let depends = || {
            let name = other.package.replace('-', "_");
            self.depends_on.is_none_or(|it| it.contains(&name))
        };
        self.package == other.package || !other.path.starts_with("services/") || depends()
    }
}
