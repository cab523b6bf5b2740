//! Function calls and aggregations.

use super::ast::{Expr, ExprKind, Grouping};
use super::cursor::Cursor;
use super::token::Kind;
use super::{expression, matching, signature};
use crate::model::source::Issue;

const GROUPING: &[&str] = &["by", "without"];

/// Whether an aggregation starts here; a variable may be its operator.
pub(super) fn is_aggregate(cursor: &Cursor<'_>) -> bool {
    let Some(word) = cursor.word() else {
        return false;
    };
    let next = cursor.peek(1);
    let clause = cursor.variable_ahead(1) && cursor.symbol_ahead(2, "(");
    let grouped = next.kind == Kind::Word
        && GROUPING
            .iter()
            .any(|keyword| cursor.text[next.span.clone()].eq_ignore_ascii_case(keyword));
    if word.contains(['$', '[']) {
        return grouped;
    }
    signature::is_aggregate(word) && (grouped || clause || cursor.symbol_ahead(1, "("))
}

/// Parses `sum by (a) (b)` or `sum (b) by (a)`.
pub(super) fn aggregate(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    let operator = cursor.take_name();
    let mut grouping = grouping(cursor)?;
    let open = cursor.span();
    if !cursor.is_symbol("(") {
        return Err(cursor.expected("`(`"));
    }
    let mut args = arguments(cursor)?;
    if grouping.is_none() {
        grouping = self::grouping(cursor)?;
    }
    let span = operator.span.start..cursor.last_end();
    let takes = usize::from(signature::takes_parameter(&operator.text));
    let known = !operator.has_variable();
    let wrong = if known {
        args.len() != takes + 1
    } else {
        args.len() > 2
    };
    let found = args.len();
    let Some(expr) = args.pop().filter(|_| !wrong) else {
        let message = wrong_count(&operator.text, takes + 1, found);
        return Err(Issue {
            message,
            span: open.start..span.end,
            hint: None,
        });
    };
    let kind = ExprKind::Aggregate {
        operator,
        grouping,
        parameter: args.pop().map(Box::new),
        expr: Box::new(expr),
    };
    Ok(Expr { kind, span })
}

fn wrong_count(operator: &str, wanted: usize, found: usize) -> String {
    let shape = if wanted == 2 {
        "a parameter and a vector"
    } else {
        "one vector"
    };
    let noun = if found == 1 { "argument" } else { "arguments" };
    format!("`{operator}` takes {shape}, found {found} {noun}")
}

fn grouping(cursor: &mut Cursor<'_>) -> Result<Option<Grouping>, Issue> {
    if cursor.variable_ahead(0) && cursor.symbol_ahead(1, "(") {
        // `sum $grouping (a)`
        return Ok(Some(Grouping {
            without: false,
            labels: vec![cursor.take_name()],
        }));
    }
    let without = cursor.is_keyword("without");
    if !without && !cursor.is_keyword("by") {
        return Ok(None);
    }
    cursor.advance();
    let labels = matching::labels(cursor)?;
    Ok(Some(Grouping { without, labels }))
}

/// Parses a function call, or the aggregation that `$name(a) by (b)` turns out to be; whether the function exists is checked with the types.
pub(super) fn call(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    let function = cursor.take_name();
    let mut args = arguments(cursor)?;
    let grouping = match args.last() {
        Some(_) if function.has_variable() && !cursor.variable_ahead(0) => grouping(cursor)?,
        _ => None,
    };
    let span = function.span.start..cursor.last_end();
    if let Some(expr) = args.pop_if(|_| grouping.is_some()) {
        let kind = ExprKind::Aggregate {
            operator: function,
            grouping,
            parameter: args.pop().map(Box::new),
            expr: Box::new(expr),
        };
        return Ok(Expr { kind, span });
    }
    Ok(Expr {
        kind: ExprKind::Call { function, args },
        span,
    })
}

fn arguments(cursor: &mut Cursor<'_>) -> Result<Vec<Expr>, Issue> {
    let open = cursor.span();
    cursor.advance();
    let mut args = Vec::new();
    if !cursor.is_symbol(")") && *cursor.kind() != Kind::End {
        args.push(expression::expression(cursor, 0)?);
        while cursor.eat(",") {
            args.push(expression::expression(cursor, 0)?);
        }
    }
    cursor.close(&open, ")", "an operator, `,` or `)`")?;
    Ok(args)
}
