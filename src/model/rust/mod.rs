//! What Rust sources declare about metrics, read without running or expanding them.
//!
//! [`facts()`] looks at one file, [`Exports`] puts the files of a project together. A declaration
//! that cannot be understood is named as such; it is never left out in silence.

mod declaration;
mod derive;
mod exports;
mod facts;
mod guard;
mod index;
mod origin;
mod parse;
mod term;
#[cfg(test)]
mod tests;
mod visit;

pub use exports::{ExportedMetric, Exports, UnresolvedMetric};
pub use facts::{
    Constant, Facts, Family, Kind, LabelList, LabelSet, Metric, NumberConstant, SourceFacts, Term,
    Unresolved,
};
pub use parse::{facts, on_deep_stack};
