//! Checks that operands have the types their operators want.

use super::ast::{Expr, ExprKind, Matching, Name};
use super::matchers;
use super::signature::{self, Type};
use crate::model::source::{Issue, Span};

/// Adds an issue for every mistake of types in `expr`.
pub(super) fn check(expr: &Expr, issues: &mut Vec<Issue>) {
    type_of(expr, issues);
}

/// Adds an issue about `span`.
fn report(issues: &mut Vec<Issue>, message: String, span: &Span, hint: Option<String>) {
    issues.push(Issue {
        message,
        span: span.clone(),
        hint,
    });
}

fn type_of(expr: &Expr, issues: &mut Vec<Issue>) -> Type {
    match &expr.kind {
        ExprKind::Number(_) => Type::Scalar,
        ExprKind::Text(_) => Type::Text,
        ExprKind::Variable(_) => Type::Unknown,
        ExprKind::Selector(selector) => {
            matchers::check(selector, &expr.span, issues);
            Type::Instant
        }
        ExprKind::Matrix { selector, .. } => {
            type_of(selector, issues);
            Type::Range
        }
        ExprKind::Subquery { expr, .. } => {
            want(expr, Type::Instant, "a subquery", issues);
            Type::Range
        }
        ExprKind::Modified { expr, .. } => modified(expr, issues),
        ExprKind::Call { function, args } => call(function, args, issues),
        ExprKind::Aggregate {
            operator,
            parameter,
            expr,
            ..
        } => aggregate(operator, parameter.as_deref(), expr, issues),
        ExprKind::Unary { expr, .. } => unary(expr, issues),
        ExprKind::Binary { .. } => binary(expr, issues),
        ExprKind::Paren(inner) => type_of(inner, issues),
    }
}

/// Checks that `expr` has the type `wanted` by `who`.
fn want(expr: &Expr, wanted: Type, who: &str, issues: &mut Vec<Issue>) {
    let found = type_of(expr, issues);
    if found == wanted || found == Type::Unknown {
        return;
    }
    let message = format!("{who} wants {}, found {}", wanted.noun(), found.noun());
    report(issues, message, &expr.span, range_hint(expr, wanted, found));
}

fn range_hint(expr: &Expr, wanted: Type, found: Type) -> Option<String> {
    match (wanted, found, &expr.kind) {
        (Type::Range, Type::Instant, ExprKind::Selector(selector)) => {
            let name = selector.name.as_ref().map_or("{…}", |name| &name.text);
            Some(format!("add a range: `{name}[5m]`"))
        }
        (Type::Range, Type::Instant, _) => {
            Some("a subquery such as `[5m:]` ranges over any expression".to_owned())
        }
        (Type::Instant, Type::Range, ExprKind::Matrix { .. }) => {
            Some("remove the range, or put it into a function such as `rate`".to_owned())
        }
        (Type::Instant, Type::Scalar, _) => Some("`vector(…)` makes one of a scalar".to_owned()),
        (Type::Scalar, Type::Instant, _) => Some("`scalar(…)` makes one of a vector".to_owned()),
        _ => None,
    }
}

fn modified(expr: &Expr, issues: &mut Vec<Issue>) -> Type {
    let allowed = matches!(
        expr.kind,
        ExprKind::Selector(_)
            | ExprKind::Matrix { .. }
            | ExprKind::Subquery { .. }
            | ExprKind::Variable(_)
    );
    if !allowed {
        let message = "`offset` and `@` follow a selector or a subquery only".to_owned();
        let hint = "move it to the selectors inside".to_owned();
        report(issues, message, &expr.span, Some(hint));
    }
    type_of(expr, issues)
}

fn call(function: &Name, args: &[Expr], issues: &mut Vec<Issue>) -> Type {
    let signature = signature::function(&function.text).filter(|_| !function.has_variable());
    let Some(signature) = signature else {
        for arg in args {
            type_of(arg, issues);
        }
        if !function.has_variable() {
            let hint =
                signature::similar(&function.text).map(|name| format!("did you mean `{name}`?"));
            let message = format!("unknown function `{}`", function.text);
            report(issues, message, &function.span, hint);
        }
        return Type::Unknown;
    };
    if args.len() < signature.least || args.len() > signature.most {
        let message = wrong_count(&function.text, signature.least, signature.most, args.len());
        report(issues, message, &function.span, None);
    }
    for (place, arg) in args.iter().enumerate() {
        let wanted = signature.args.get(place).or(signature.args.last());
        if let Some(wanted) = wanted {
            want(arg, *wanted, &format!("`{}`", function.text), issues);
        } else {
            type_of(arg, issues);
        }
    }
    signature.returns
}

fn wrong_count(name: &str, least: usize, most: usize, found: usize) -> String {
    let (wanted, upper) = match (least, most) {
        (least, most) if least == most => (least.to_string(), least),
        (least, usize::MAX) => (format!("at least {least}"), least),
        (least, most) => (format!("{least} to {most}"), most),
    };
    let noun = if upper == 1 { "argument" } else { "arguments" };
    format!("`{name}` takes {wanted} {noun}, found {found}")
}

fn aggregate(
    operator: &Name,
    parameter: Option<&Expr>,
    expr: &Expr,
    issues: &mut Vec<Issue>,
) -> Type {
    let who = format!("`{}`", operator.text);
    if let Some(parameter) = parameter {
        let wanted = signature::parameter(&operator.text).unwrap_or(Type::Scalar);
        want(parameter, wanted, &who, issues);
    }
    want(expr, Type::Instant, &who, issues);
    Type::Instant
}

fn unary(expr: &Expr, issues: &mut Vec<Issue>) -> Type {
    let found = type_of(expr, issues);
    if matches!(found, Type::Text | Type::Range) {
        let message = format!(
            "a sign wants a scalar or an instant vector, found {}",
            found.noun()
        );
        report(issues, message, &expr.span, None);
    }
    found
}

fn binary(expr: &Expr, issues: &mut Vec<Issue>) -> Type {
    let ExprKind::Binary {
        operator,
        return_bool,
        matching,
        left,
        right,
    } = &expr.kind
    else {
        return Type::Unknown;
    };
    let types = [
        operand(operator, left, issues),
        operand(operator, right, issues),
    ];
    let comparison = matches!(
        operator.text.as_str(),
        "==" | "!=" | "<" | "<=" | ">" | ">="
    );
    let known = !operator.has_variable();
    if *return_bool && !comparison && known {
        let message = format!(
            "`bool` after `{}`, which is not a comparison",
            operator.text
        );
        report(issues, message, &operator.span, None);
    }
    if comparison && !return_bool && types == [Type::Scalar; 2] {
        let message = "comparison of two scalars without `bool`".to_owned();
        let hint = format!("write `{} bool`", operator.text);
        report(issues, message, &operator.span, Some(hint));
    }
    check_vectors(operator, matching.as_ref(), types, issues);
    match types {
        [Type::Instant, _] | [_, Type::Instant] => Type::Instant,
        [Type::Scalar, Type::Scalar] if known => Type::Scalar,
        _ => Type::Unknown,
    }
}

fn operand(operator: &Name, expr: &Expr, issues: &mut Vec<Issue>) -> Type {
    let found = type_of(expr, issues);
    if !matches!(found, Type::Text | Type::Range) {
        return found;
    }
    let message = format!(
        "`{}` wants scalars or instant vectors, found {}",
        operator.text,
        found.noun()
    );
    report(
        issues,
        message,
        &expr.span,
        range_hint(expr, Type::Instant, found),
    );
    Type::Unknown
}

fn check_vectors(
    operator: &Name,
    matching: Option<&Matching>,
    types: [Type; 2],
    issues: &mut Vec<Issue>,
) {
    let set = matches!(operator.text.as_str(), "and" | "or" | "unless");
    let scalar = types.contains(&Type::Scalar);
    if set && scalar {
        let message = format!("`{}` wants instant vectors, found a scalar", operator.text);
        report(
            issues,
            message,
            &operator.span,
            Some("`vector(…)` makes one of a scalar".to_owned()),
        );
    }
    let Some(matching) = matching else {
        return;
    };
    if scalar && !set {
        let message = "labels are matched between instant vectors only, found a scalar".to_owned();
        report(issues, message, &operator.span, None);
    }
    let Some((_, copied)) = &matching.group else {
        return;
    };
    if set {
        let message = format!(
            "`{}` allows no `group_left` or `group_right`",
            operator.text
        );
        report(issues, message, &operator.span, None);
    }
    let twice = copied.iter().filter(|label| {
        matching.on && matching.labels.iter().any(|other| other.text == label.text)
    });
    for label in twice {
        let message = format!("label `{}` is in `on` and in the group at once", label.text);
        report(issues, message, &label.span, None);
    }
}
