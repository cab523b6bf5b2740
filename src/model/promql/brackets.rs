//! What follows an operand: `[range]`, `[range:step]`, `offset` and `@`.

use super::ast::{Duration, Expr, ExprKind, Name, Selector};
use super::cursor::Cursor;
use super::literal::seconds;
use super::token::Kind;
use crate::model::source::{Issue, Span};

/// Parses everything that follows `expr` and belongs to it.
pub(super) fn postfix(cursor: &mut Cursor<'_>, mut expr: Expr) -> Result<Expr, Issue> {
    loop {
        let here = cursor.span();
        expr = if cursor.is_symbol("[") {
            range(cursor, expr)?
        } else if cursor.is_keyword("offset") || cursor.is_symbol("@") {
            modified(cursor, expr)?
        } else if cursor.is_any_keyword(&["anchored", "smoothed"]) {
            cursor.advance();
            expr
        } else {
            return Ok(expr);
        };
        cursor.count_operator(&here)?;
    }
}

fn range(cursor: &mut Cursor<'_>, expr: Expr) -> Result<Expr, Issue> {
    let open = cursor.span();
    cursor.advance();
    let range = duration(cursor, true)?;
    check_positive(cursor, &range);
    let subquery = cursor.eat(":");
    let step = if subquery && !cursor.is_symbol("]") {
        let step = duration(cursor, true)?;
        check_positive(cursor, &step);
        Some(step)
    } else {
        None
    };
    cursor.close(&open, "]", "`]`")?;
    let span = expr.span.start..cursor.last_end();
    let kind = if subquery {
        let expr = Box::new(expr);
        ExprKind::Subquery { expr, range, step }
    } else {
        let selector = Box::new(ranged(expr, &open)?);
        ExprKind::Matrix { selector, range }
    };
    Ok(Expr { kind, span })
}

/// The selector a range is put on.
fn ranged(expr: Expr, open: &Span) -> Result<Expr, Issue> {
    let span = expr.span.clone();
    match expr.kind {
        ExprKind::Selector(_) => Ok(expr),
        ExprKind::Variable(text) => {
            let name = Name {
                text,
                span: span.clone(),
            };
            let selector = Selector {
                name: Some(name),
                matchers: Vec::new(),
            };
            let kind = ExprKind::Selector(selector);
            Ok(Expr { kind, span })
        }
        ExprKind::Modified { .. } => Err(Issue {
            message: "range after `offset` or `@`".to_owned(),
            span: open.clone(),
            hint: Some("write the range first: `x[5m] offset 1h`".to_owned()),
        }),
        _ => Err(Issue {
            message: "range on something other than a selector".to_owned(),
            span: open.clone(),
            hint: Some("a subquery such as `[5m:]` ranges over any expression".to_owned()),
        }),
    }
}

fn check_positive(cursor: &mut Cursor<'_>, range: &Duration) {
    if range.milliseconds.is_some_and(|value| value <= 0) {
        cursor.issues.push(Issue {
            message: format!("duration `{}` is not positive", range.name.text),
            span: range.name.span.clone(),
            hint: None,
        });
    }
}

fn modified(cursor: &mut Cursor<'_>, expr: Expr) -> Result<Expr, Issue> {
    let here = cursor.span();
    let start = expr.span.start;
    let (mut offset, mut at, inner) = match expr.kind {
        ExprKind::Modified { expr, offset, at } => (offset, at, expr),
        _ => (None, None, Box::new(expr)),
    };
    let again = if cursor.eat("@") {
        at.replace(timestamp(cursor)?).is_some()
    } else {
        cursor.advance();
        offset.replace(duration(cursor, false)?).is_some()
    };
    if again {
        cursor.issues.push(Issue {
            message: format!("`{}` is given twice", &cursor.text[here.clone()]),
            span: here,
            hint: None,
        });
    }
    let span = start..cursor.last_end();
    let kind = ExprKind::Modified {
        expr: inner,
        offset,
        at,
    };
    Ok(Expr { kind, span })
}

fn timestamp(cursor: &mut Cursor<'_>) -> Result<Name, Issue> {
    let start = cursor.span().start;
    if !cursor.eat("-") {
        cursor.eat("+");
    }
    let boundary = cursor.is_any_keyword(&["start", "end"]);
    let variable = cursor.word().is_some_and(|word| word.contains(['$', '[']));
    let number = matches!(cursor.kind(), Kind::Number(_) | Kind::Duration(_));
    if !boundary && !variable && !number {
        return Err(cursor.expected("a timestamp, `start()` or `end()`"));
    }
    cursor.advance();
    if boundary {
        let open = cursor.span();
        if !cursor.eat("(") {
            return Err(cursor.expected("`(`"));
        }
        cursor.close(&open, ")", "`)`")?;
    }
    let span = start..cursor.last_end();
    Ok(Name {
        text: cursor.text[span.clone()].to_owned(),
        span,
    })
}

/// Parses a duration; arithmetic without parentheses is allowed between brackets only.
fn duration(cursor: &mut Cursor<'_>, arithmetic: bool) -> Result<Duration, Issue> {
    let start = cursor.span().start;
    let value = if arithmetic {
        sum(cursor, 0)?
    } else {
        term(cursor)?
    };
    let span = start..cursor.last_end();
    let name = Name {
        text: cursor.text[span.clone()].to_owned(),
        span,
    };
    Ok(Duration {
        milliseconds: value.map(milliseconds),
        name,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturating is right for absurd durations"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// Seconds of operands joined by operators; `None` where a variable makes them unknown.
fn sum(cursor: &mut Cursor<'_>, power: u8) -> Result<Option<f64>, Issue> {
    let mut left = cursor.nested(term)?;
    while let Kind::Symbol(symbol @ ("+" | "-" | "*" | "/" | "%" | "^")) = *cursor.kind() {
        let here = match symbol {
            "+" | "-" => 1,
            "^" => 3,
            _ => 2,
        };
        if here < power {
            break;
        }
        cursor.advance();
        let next = if symbol == "^" { here } else { here + 1 };
        let right = cursor.nested(|cursor| sum(cursor, next))?;
        left = left.zip(right).map(|(left, right)| match symbol {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "%" => left % right,
            _ => left.powf(right),
        });
    }
    Ok(left)
}

fn term(cursor: &mut Cursor<'_>) -> Result<Option<f64>, Issue> {
    if cursor.eat("-") {
        let value = cursor.nested(term)?;
        return Ok(value.map(|value| -value));
    }
    if cursor.eat("+") {
        return cursor.nested(term);
    }
    let open = cursor.span();
    let value = match *cursor.kind() {
        Kind::Number(value) => Some(value),
        Kind::Duration(value) => Some(seconds(value)),
        Kind::Symbol("(") => {
            cursor.advance();
            let value = sum(cursor, 0)?;
            cursor.close(&open, ")", "an operator or `)`")?;
            return Ok(value);
        }
        Kind::Word if cursor.word().is_some_and(|word| word.contains(['$', '['])) => None,
        Kind::Word if cursor.symbol_ahead(1, "(") => return function(cursor),
        _ => return Err(cursor.expected_with("a duration", Some("durations look like `5m`"))),
    };
    cursor.advance();
    Ok(value)
}

/// `step()` and `range()`, whose values are known when the query runs.
fn function(cursor: &mut Cursor<'_>) -> Result<Option<f64>, Issue> {
    if !cursor.is_any_keyword(&["step", "range"]) {
        return Err(cursor.expected("a duration"));
    }
    cursor.advance();
    let open = cursor.span();
    cursor.advance();
    cursor.close(&open, ")", "`)`")?;
    Ok(None)
}
