//! Checks that a selector names one metric at most, does not select everything and matches by
//! regular expressions that are some.
//!
//! Regular expressions are not compiled: only those that obviously match nothing count.

use super::ast::{MatchOperator, Matcher, Selector};
use super::pattern;
use crate::model::source::{Issue, Span};

/// Adds an issue where `selector` names its metric twice, selects everything or has a broken
/// regular expression.
pub(super) fn check(selector: &Selector, span: &Span, issues: &mut Vec<Issue>) {
    let fixed = selector
        .matchers
        .iter()
        .filter(|it| !it.value.has_variable());
    issues.extend(fixed.filter_map(broken_pattern));
    if let Some(name) = &selector.name {
        let again = selector
            .matchers
            .iter()
            .find(|m| m.label.text == "__name__");
        if let Some(again) = again {
            let message = format!(
                "metric name is set twice, `{}` and by `__name__`",
                name.text
            );
            issues.push(Issue {
                message,
                span: again.label.span.clone(),
                hint: None,
            });
        }
        return;
    }
    if selector.matchers.iter().all(matches_empty) {
        let message = "selector matches every series".to_owned();
        let hint = "name a metric, or add a matcher that an absent label does not satisfy";
        issues.push(Issue {
            message,
            span: span.clone(),
            hint: Some(hint.to_owned()),
        });
    }
}

/// What is wrong with the regular expression of a matcher.
pub(super) fn broken_pattern(matcher: &Matcher) -> Option<Issue> {
    let is_regex = matches!(
        matcher.operator,
        MatchOperator::Regex | MatchOperator::NotRegex
    );
    let mistake = pattern::mistake(&matcher.value.text).filter(|_| is_regex)?;
    Some(Issue {
        message: format!("regular expression `{}` {mistake}", matcher.value.text),
        span: matcher.value.span.clone(),
        hint: None,
    })
}

/// Whether it is certain that `matcher` is satisfied by an absent label.
fn matches_empty(matcher: &Matcher) -> bool {
    if matcher.value.has_variable() || matcher.label.has_variable() {
        return false;
    }
    let value = matcher.value.text.as_str();
    let plain = value
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match matcher.operator {
        MatchOperator::Equal => value.is_empty(),
        MatchOperator::NotEqual => !value.is_empty(),
        MatchOperator::Regex => matches!(value, "" | ".*" | "^.*$" | "(.*)"),
        MatchOperator::NotRegex => plain && !value.is_empty(),
    }
}
