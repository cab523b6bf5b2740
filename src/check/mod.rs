//! Proves that the parts of a project fit together.
//!
//! Pure: the contents of a project in, findings out. Nothing in here reads a file or prints.

mod bundled;
mod dependency;
mod facts;
mod finding;
mod gaps;
mod known;
mod label_flow;
mod parse;
mod query;
mod render;
mod rule;
mod rules;
mod scope;
mod shape;
mod similar;

use facts::Facts;

pub use finding::{Finding, Related};
pub use render::{full, json};
pub use rule::{Example, Rule};

use crate::project::contents::Contents;
use crate::project::pattern;

/// Every rule, in the order of their names.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::ALL
}

/// The rule of this name.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    rules::ALL.iter().find(|rule| rule.name == name).copied()
}

/// The name of the rule that `name` was probably meant to be.
#[must_use]
pub fn similar_rule(name: &str) -> Option<&'static str> {
    let ranked = rules::ALL
        .iter()
        .map(|rule| (strsim::jaro_winkler(name, rule.name), rule.name));
    let best = ranked.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness > 0.75)
        .map(|(_, known)| known)
}

/// What does not fit together in a project, in the order of files and places.
#[must_use]
pub fn run(contents: &Contents) -> Vec<Finding> {
    let facts = Facts::of(contents);
    let mut findings = Vec::new();
    for rule in rules::ALL {
        let first = findings.len();
        (rule.check)(&facts, &mut findings);
        for finding in findings.iter_mut().skip(first) {
            finding.rule = rule.name;
        }
    }
    findings.sort_by(|one, other| {
        let place = |it: &Finding| (it.path.clone(), it.span.start, it.rule, it.span.end);
        place(one).cmp(&place(other))
    });
    findings.dedup();
    findings
}
