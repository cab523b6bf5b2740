//! Which labels the result of an expression has, and which labels are asked for that are not
//! there.
//!
//! Where labels cannot be known nothing is said: a false alarm costs more than a missed one.

use std::collections::BTreeSet;

use super::scope::Scope;
use crate::model::promql::ast::{
    Expr, ExprKind, GroupSide, Grouping, MatchOperator, Matching, Name, Selector,
};

/// The labels of a result; none where they are not known.
pub(super) type Labels = Option<BTreeSet<String>>;

/// A label that is asked for where it cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// The label as it stands in the expression.
    pub(super) label: Name,
    /// The labels that are there.
    pub(super) known: BTreeSet<String>,
    /// What lacks the label, as messages call it.
    pub(super) subject: String,
}

/// The labels of an expression's result; labels that are missing on the way go to `missing`.
pub(super) fn labels(expr: &Expr, scope: &Scope<'_>, missing: &mut Vec<Missing>) -> Labels {
    Flow { scope, missing }.of(expr)
}

/// What lacks a label where it is no metric by its name.
const SERIES: &str = "the series here";

struct Flow<'a, 's> {
    scope: &'a Scope<'s>,
    missing: &'a mut Vec<Missing>,
}

impl Flow<'_, '_> {
    fn of(&mut self, expr: &Expr) -> Labels {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Text(_) => Some(BTreeSet::new()),
            ExprKind::Variable(_) => None,
            ExprKind::Selector(selector) => self.selector(selector),
            ExprKind::Matrix {
                selector: inner, ..
            }
            | ExprKind::Subquery { expr: inner, .. }
            | ExprKind::Modified { expr: inner, .. }
            | ExprKind::Unary { expr: inner, .. }
            | ExprKind::Paren(inner) => self.of(inner),
            ExprKind::Call { function, args } => {
                let labels = self.call(&function.text, args);
                labels.filter(|_| !function.has_variable())
            }
            ExprKind::Aggregate { .. } => self.aggregate(expr),
            ExprKind::Binary {
                operator,
                matching,
                left,
                right,
                ..
            } => {
                let sides = (self.of(left), self.of(right));
                let numbers = (is_number(left), is_number(right));
                self.binary(operator, matching.as_ref(), sides, numbers)
            }
        }
    }

    fn selector(&mut self, selector: &Selector) -> Labels {
        let labels = self.scope.labels(selector)?;
        let subject = match selector.metric() {
            Some(name) => format!("`{}`", name.text),
            None => SERIES.to_owned(),
        };
        for matcher in &selector.matchers {
            // `label=""` asks for series without the label.
            let absent = matcher.operator == MatchOperator::Equal && matcher.value.text.is_empty();
            if !absent {
                self.want(&matcher.label, &labels, &subject);
            }
        }
        Some(labels)
    }

    fn want(&mut self, label: &Name, known: &BTreeSet<String>, subject: &str) {
        if may_be(label, known) {
            return;
        }
        self.missing.push(Missing {
            label: label.clone(),
            known: known.clone(),
            subject: subject.to_owned(),
        });
    }

    fn call(&mut self, function: &str, args: &[Expr]) -> Labels {
        let of_args: Vec<Labels> = args.iter().map(|arg| self.of(arg)).collect();
        let text = |at: usize| args.get(at).and_then(literal);
        match function {
            "absent" | "absent_over_time" => args.first().and_then(matched_labels),
            "label_replace" | "label_join" => {
                let mut labels = of_args.into_iter().next()??;
                labels.insert(text(1)?);
                Some(labels)
            }
            "histogram_quantile" | "histogram_fraction" => {
                let mut labels = of_args.into_iter().next_back()??;
                if let Some(argument) = args.last() {
                    self.want_buckets(function, argument, &labels);
                }
                labels.remove("le");
                Some(labels)
            }
            "info" | "histogram_quantiles" => None,
            "vector" | "scalar" | "time" | "pi" => Some(BTreeSet::new()),
            "quantile_over_time" => of_args.into_iter().next_back()?,
            // Every other function keeps the labels of its first argument.
            _ => of_args
                .into_iter()
                .next()
                .unwrap_or_else(|| Some(BTreeSet::new())),
        }
    }

    /// Wants the label that tells buckets apart. Native histograms do without it, and only their
    /// names show that these are none.
    fn want_buckets(&mut self, function: &str, argument: &Expr, known: &BTreeSet<String>) {
        let is_bucket = |selector: &&Selector| {
            let name = selector.metric().filter(|name| !name.has_variable());
            name.is_some_and(|name| name.text.ends_with("_bucket"))
        };
        let selectors = argument.selectors();
        if selectors.is_empty() || !selectors.iter().all(is_bucket) {
            return;
        }
        let label = Name {
            text: "le".to_owned(),
            span: argument.span.clone(),
        };
        self.want(&label, known, &format!("what `{function}` gets"));
    }

    fn aggregate(&mut self, expr: &Expr) -> Labels {
        let ExprKind::Aggregate {
            operator,
            grouping,
            parameter,
            expr: inner,
        } = &expr.kind
        else {
            return None;
        };
        let inner = self.of(inner);
        if let Some(parameter) = parameter {
            self.of(parameter);
        }
        let grouped = self.grouped(grouping.as_ref(), inner.as_ref());
        match operator.text.to_ascii_lowercase().as_str() {
            _ if operator.has_variable() => None,
            // These pick series and leave them as they are.
            "topk" | "bottomk" | "limitk" | "limit_ratio" => inner,
            "count_values" => {
                let mut labels = grouped?;
                labels.insert(parameter.as_deref().and_then(literal)?);
                Some(labels)
            }
            _ => grouped,
        }
    }

    /// The labels that grouping leaves.
    fn grouped(&mut self, grouping: Option<&Grouping>, inner: Option<&BTreeSet<String>>) -> Labels {
        let Some(grouping) = grouping else {
            return Some(BTreeSet::new());
        };
        if grouping.without {
            let mut labels = inner?.clone();
            labels.retain(|label| !grouping.labels.iter().any(|it| it.text == *label));
            return Some(labels);
        }
        for label in &grouping.labels {
            if let Some(inner) = inner {
                self.want(label, inner, SERIES);
            }
        }
        let known = !grouping.labels.iter().any(Name::has_variable);
        known.then(|| {
            grouping
                .labels
                .iter()
                .map(|label| label.text.clone())
                .collect()
        })
    }

    fn binary(
        &mut self,
        operator: &Name,
        matching: Option<&Matching>,
        (left, right): (Labels, Labels),
        numbers: (bool, bool),
    ) -> Labels {
        match numbers {
            (_, true) => return left,
            (true, _) => return right,
            _ => {}
        }
        if let (Some(matching), Some(left), Some(right)) = (matching, &left, &right) {
            let either: BTreeSet<String> = left.union(right).cloned().collect();
            let copied = matching.group.iter().flat_map(|(_, labels)| labels);
            for label in matching.labels.iter().chain(copied) {
                self.want(label, &either, SERIES);
            }
        }
        match operator.text.as_str() {
            _ if operator.has_variable() => None,
            "and" | "unless" => left,
            "or" => Some(left?.union(&right?).cloned().collect()),
            _ => matched(matching, left, right),
        }
    }
}

/// The labels of what calculating with two vectors gives.
fn matched(matching: Option<&Matching>, left: Labels, right: Labels) -> Labels {
    let Some(matching) = matching else {
        return left;
    };
    if let Some((side, copied)) = &matching.group {
        let mut labels = match side {
            GroupSide::Left => left?,
            GroupSide::Right => right?,
        };
        if copied.iter().any(Name::has_variable) {
            return None;
        }
        labels.extend(copied.iter().map(|label| label.text.clone()));
        return Some(labels);
    }
    let named: BTreeSet<String> = matching
        .labels
        .iter()
        .map(|label| label.text.clone())
        .collect();
    if matching.on {
        return Some(named).filter(|_| !matching.labels.iter().any(Name::has_variable));
    }
    let mut labels = left?;
    labels.retain(|label| !named.contains(label));
    Some(labels)
}

/// Whether series with the labels `known` may have this one. The name counts as a label wherever
/// one is asked for.
pub(super) fn may_be(label: &Name, known: &BTreeSet<String>) -> bool {
    label.has_variable() || label.text == "__name__" || known.contains(&label.text)
}

fn is_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => is_number(inner),
        ExprKind::Call { function, .. } => {
            matches!(function.text.as_str(), "scalar" | "time" | "pi")
        }
        ExprKind::Binary { left, right, .. } => is_number(left) && is_number(right),
        _ => false,
    }
}

/// The label that a string names, unless a variable decides which.
fn literal(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Text(text) if !text.contains('$') && !text.contains("[[") => Some(text.clone()),
        _ => None,
    }
}

/// The labels that `absent` gives its result: those matched by equality.
fn matched_labels(expr: &Expr) -> Labels {
    let selector = match &expr.kind {
        ExprKind::Selector(selector) => selector,
        ExprKind::Matrix {
            selector: inner, ..
        }
        | ExprKind::Modified { expr: inner, .. }
        | ExprKind::Paren(inner) => return matched_labels(inner),
        _ => return Some(BTreeSet::new()),
    };
    let mut labels = BTreeSet::new();
    for matcher in &selector.matchers {
        if matcher.label.has_variable() {
            return None;
        }
        if matcher.operator == MatchOperator::Equal {
            labels.insert(matcher.label.text.clone());
        }
    }
    Some(labels)
}
