//! What Prometheus takes by itself and as it is by default: no variables of Grafana, and no
//! experimental functions.

use super::ast::{Expr, ExprKind, MatchOperator, Matcher};
use super::lexer;
use super::literal;
use super::matchers::broken_pattern;
use super::signature;
use super::token::Kind;
use crate::model::source::{Issue, Span};

/// Parses an expression that Prometheus evaluates by itself, as in a rule: nothing replaces a
/// variable there.
#[must_use]
pub fn parse(text: &str) -> (Option<Expr>, Vec<Issue>) {
    let (expr, issues) = super::parse(text);
    let variables = in_code(text);
    if !variables.is_empty() {
        return (expr, variables);
    }
    let selectors = expr.as_ref().map(Expr::selectors).unwrap_or_default();
    let matchers = selectors.iter().flat_map(|selector| &selector.matchers);
    let values: Vec<Issue> = matchers.filter_map(in_value).collect();
    let mut issues: Vec<Issue> = issues.into_iter().chain(values).collect();
    if let Some(expr) = &expr {
        expr.walk(&mut |expr| issues.extend(experimental(expr)));
    }
    (expr, issues)
}

/// What is wrong with a function that Prometheus does not have by default.
fn experimental(expr: &Expr) -> Option<Issue> {
    let (ExprKind::Call { function: name, .. } | ExprKind::Aggregate { operator: name, .. }) =
        &expr.kind
    else {
        return None;
    };
    signature::is_experimental(&name.text).then(|| Issue {
        message: format!(
            "`{}` is experimental, and Prometheus refuses it by default",
            name.text
        ),
        span: name.span.clone(),
        hint: Some("`--enable-feature=promql-experimental-functions` turns it on".to_owned()),
    })
}

/// The milliseconds of a duration as configurations have them, for example `1h30m` or `0`.
#[must_use]
pub fn duration(text: &str) -> Option<i64> {
    match text {
        "" => None,
        "0" => Some(0),
        _ => literal::duration(text),
    }
}

/// The variables outside strings.
fn in_code(text: &str) -> Vec<Issue> {
    let tokens = lexer::tokens(text).unwrap_or_default().into_iter();
    let words = tokens.filter(|token| token.kind == Kind::Word);
    let written = words.map(|token| (text.get(token.span.clone()).unwrap_or_default(), token.span));
    written
        .filter(|(word, _)| word.contains(['$', '[']))
        .map(|(word, span)| refused(word, &span))
        .collect()
}

fn in_value(matcher: &Matcher) -> Option<Issue> {
    let value = matcher.value.text.as_str();
    let is_regex = matches!(
        matcher.operator,
        MatchOperator::Regex | MatchOperator::NotRegex
    );
    let whole = !value.is_empty() && lexer::variable_length(value) == value.len();
    let variable = if whole {
        Some(value)
    } else {
        // A `$` inside a text that is compared may be one.
        is_regex.then(|| in_regex(value)).flatten()
    };
    match variable {
        Some(variable) => Some(refused(variable, &matcher.value.span)),
        // The parser leaves alone what it takes for a variable.
        None if matcher.value.has_variable() => broken_pattern(matcher),
        None => None,
    }
}

/// The first variable in a regular expression. Where `$` is an anchor no name follows it.
fn in_regex(value: &str) -> Option<&str> {
    let mut in_class = false;
    let mut characters = value.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '$' if !in_class => {
                let rest = value.get(at..).unwrap_or_default();
                let length = lexer::variable_length(rest);
                let after = rest.get(length..).unwrap_or_default();
                // What may be left out may follow an anchor.
                if length > 0 && !after.starts_with(['*', '?', '{']) {
                    return rest.get(..length);
                }
            }
            _ => {}
        }
    }
    None
}

fn refused(variable: &str, span: &Span) -> Issue {
    Issue {
        message: format!(
            "`{variable}` is a variable of Grafana, which Prometheus does not replace"
        ),
        span: span.clone(),
        hint: Some("variables are for dashboards only; write the value here".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn refused(text: &str) -> Vec<String> {
        let issues = parse(text).1.into_iter();
        issues
            .map(|issue| format!("{}: {}", &text[issue.span], issue.message))
            .collect()
    }

    #[test]
    fn variables_are_refused_where_nothing_replaces_them() {
        for (text, place, variable) in [
            (
                "rate(up[$__rate_interval])",
                "$__rate_interval",
                "$__rate_interval",
            ),
            ("up > $limit", "$limit", "$limit"),
            ("sum by ($by) (up)", "$by", "$by"),
            ("[[metric]]", "[[metric]]", "[[metric]]"),
            ("up $clause", "$clause", "$clause"),
            ("up{$filters}", "$filters", "$filters"),
            ("up{a=~\"$a\"}", "$a", "$a"),
            ("up{a!=\"${a:regex}\"}", "${a:regex}", "${a:regex}"),
            ("up{a=~\"x|$a.*\"}", "x|$a.*", "$a"),
        ] {
            let message = format!(
                "{place}: `{variable}` is a variable of Grafana, which Prometheus does not replace"
            );
            assert_eq!(refused(text), [message], "{text}");
        }
    }

    #[test]
    fn experimental_functions_are_refused_as_by_default() {
        for text in [
            "limitk(1, up)",
            "LIMIT_RATIO by (a) (0.5, up)",
            "info(up)",
            "mad_over_time(up[5m])",
            "sort_by_label(up, \"a\")",
            "ts_of_max_over_time(up[5m])",
            "double_exponential_smoothing(up[5m], 0.1, 0.1)",
            "step()",
        ] {
            let name = text.split([' ', '(']).next().unwrap();
            let message =
                format!("{name}: `{name}` is experimental, and Prometheus refuses it by default");
            assert_eq!(refused(text), [message], "{text}");
        }
        for text in [
            "first_over_time(up[5m])",
            "topk(1, up)",
            "info",
            "up @ end()",
        ] {
            assert_eq!(refused(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn an_anchor_hides_no_broken_pattern() {
        assert_eq!(
            refused("up{a=~\"(a|b$\"}"),
            ["(a|b$: regular expression `(a|b$` has a group that is not closed"]
        );
    }

    #[test]
    fn what_only_looks_like_a_variable_is_taken() {
        for text in [
            "up{a=~\"a$\"}",
            "up{a=~\"(a$|b$)c\"}",
            "up{a=~\"\\\\$a\"}",
            "up{a=~\"[$a]\"}",
            "up{a=~\"a$b*\"}",
            "up{a=~\"[[:alpha:]]\"}",
            "up{path=\"/users/$id\"}",
            "up{a=\"5$\"}",
            "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")",
            "rate(up[5m:1m]) # $a",
        ] {
            assert_eq!(refused(text), [""; 0], "{text}");
        }
    }
}
