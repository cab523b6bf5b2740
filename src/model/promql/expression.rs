//! Expressions: operands, unary and binary operators by precedence.

use super::ast::{Expr, ExprKind, Name, Selector};
use super::cursor::Cursor;
use super::literal::seconds;
use super::token::Kind;
use super::{brackets, call, lexer, matching, selector, typing};
use crate::model::source::Issue;

/// Keywords that are never a metric's name.
const RESERVED: &[&str] = &[
    "atan2",
    "bool",
    "group_left",
    "group_right",
    "ignoring",
    "on",
];

/// The binding power of unary signs: tighter than `*`, looser than `^`.
const UNARY_POWER: u8 = 6;
const POWER_OF_POWER: u8 = 6;

/// Parses a PromQL expression; positions are bytes of `text`.
///
/// A mistake of syntax yields no expression and one issue, or none where it depends on a
/// variable's value. Mistakes of types yield the expression and an issue each.
#[must_use]
pub fn parse(text: &str) -> (Option<Expr>, Vec<Issue>) {
    let mut cursor = match Cursor::new(text) {
        Ok(cursor) => cursor,
        Err(issue) => return (None, vec![issue]),
    };
    match whole(&mut cursor) {
        Ok(expr) => {
            let mut issues = cursor.issues;
            typing::check(&expr, &mut issues);
            (Some(expr), issues)
        }
        Err(issue) if cursor.is_variable_at(&issue) => (None, cursor.issues),
        Err(issue) => {
            let mut issues = cursor.issues;
            issues.push(issue);
            (None, issues)
        }
    }
}

fn whole(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    if *cursor.kind() == Kind::End {
        return Err(cursor.expected("an expression"));
    }
    let expr = expression(cursor, 0)?;
    if *cursor.kind() == Kind::End {
        return Ok(expr);
    }
    let hint = trailing_hint(cursor);
    Err(cursor.expected_with("an operator or the end", hint))
}

fn trailing_hint(cursor: &Cursor<'_>) -> Option<&'static str> {
    if cursor.is_symbol("=") {
        return Some("values are compared by `==`");
    }
    if cursor.is_symbol(")") {
        return Some("no `(` is open here");
    }
    if cursor.is_any_keyword(&["by", "without"]) {
        return Some("grouping follows an aggregation such as `sum`");
    }
    None
}

/// Parses operands joined by operators that bind at least as tightly as `power`.
pub(super) fn expression(cursor: &mut Cursor<'_>, power: u8) -> Result<Expr, Issue> {
    let mut left = cursor.nested(unary)?;
    while let Some(operator_power) = binary_power(cursor) {
        if operator_power < power {
            break;
        }
        let operator = operator(cursor);
        cursor.count_operator(&operator.span)?;
        let (return_bool, matching) = matching::modifiers(cursor)?;
        let right_power = if operator.text == "^" {
            operator_power
        } else {
            operator_power + 1
        };
        let right = if operator.has_variable() && !starts_operand(cursor) {
            // The variable is a clause of its own, such as `offset 5m` or `> 5`.
            nothing(&operator)
        } else {
            cursor.nested(|cursor| expression(cursor, right_power))?
        };
        let span = left.span.start..right.span.end;
        let kind = ExprKind::Binary {
            operator,
            return_bool,
            matching,
            left: Box::new(left),
            right: Box::new(right),
        };
        left = Expr { kind, span };
    }
    Ok(left)
}

fn starts_operand(cursor: &Cursor<'_>) -> bool {
    match cursor.kind() {
        Kind::Word => binary_power(cursor).is_none() || cursor.variable_ahead(0),
        Kind::Number(_) | Kind::Duration(_) | Kind::Text(_) => true,
        Kind::Symbol(symbol) => matches!(*symbol, "(" | "{" | "-" | "+"),
        Kind::End => false,
    }
}

/// The operand behind an operator that has none.
fn nothing(operator: &Name) -> Expr {
    let end = operator.span.end;
    Expr {
        kind: ExprKind::Variable(String::new()),
        span: end..end,
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Name {
    let mut operator = cursor.take_name();
    if !operator.has_variable() {
        operator.text.make_ascii_lowercase();
    }
    operator
}

fn binary_power(cursor: &Cursor<'_>) -> Option<u8> {
    if let Some(word) = cursor.word() {
        return match word.to_ascii_lowercase().as_str() {
            "or" => Some(1),
            "and" | "unless" => Some(2),
            "atan2" => Some(5),
            // Which operator it is is not known, so neither is how tightly it binds.
            _ => cursor.variable_ahead(0).then_some(3),
        };
    }
    let Kind::Symbol(symbol) = cursor.kind() else {
        return None;
    };
    match *symbol {
        "==" | "!=" | "<" | "<=" | ">" | ">=" => Some(3),
        "+" | "-" => Some(4),
        "*" | "/" | "%" => Some(5),
        "^" => Some(POWER_OF_POWER),
        _ => None,
    }
}

fn unary(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    let negative = cursor.is_symbol("-");
    if !negative && !cursor.is_symbol("+") {
        let operand = operand(cursor)?;
        return brackets::postfix(cursor, operand);
    }
    let start = cursor.span().start;
    cursor.advance();
    let expr = cursor.nested(|cursor| expression(cursor, UNARY_POWER))?;
    let span = start..expr.span.end;
    let expr = Box::new(expr);
    Ok(Expr {
        kind: ExprKind::Unary { negative, expr },
        span,
    })
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    let span = cursor.span();
    let kind = match cursor.kind().clone() {
        Kind::Number(value) => ExprKind::Number(value),
        Kind::Duration(milliseconds) => ExprKind::Number(seconds(milliseconds)),
        Kind::Text(decoded) => ExprKind::Text(decoded),
        Kind::Word => return word(cursor),
        Kind::Symbol("(") => return paren(cursor),
        Kind::Symbol("{") => return selector::selector(cursor, None),
        _ => return Err(cursor.expected("an expression")),
    };
    cursor.advance();
    Ok(Expr { kind, span })
}

fn paren(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    let open = cursor.span();
    cursor.advance();
    let inner = expression(cursor, 0)?;
    cursor.close(&open, ")", "an operator or `)`")?;
    let span = open.start..cursor.last_end();
    Ok(Expr {
        kind: ExprKind::Paren(Box::new(inner)),
        span,
    })
}

fn word(cursor: &mut Cursor<'_>) -> Result<Expr, Issue> {
    let text = cursor.word().unwrap_or_default().to_ascii_lowercase();
    if call::is_aggregate(cursor) {
        return call::aggregate(cursor);
    }
    if cursor.symbol_ahead(1, "(") && !RESERVED.contains(&text.as_str()) {
        return call::call(cursor);
    }
    if RESERVED.contains(&text.as_str()) {
        return Err(cursor.expected("an expression"));
    }
    if let Some(value) = named_number(&text) {
        let span = cursor.span();
        cursor.advance();
        return Ok(Expr {
            kind: ExprKind::Number(value),
            span,
        });
    }
    let name = cursor.take_name();
    if cursor.is_symbol("{") {
        return selector::selector(cursor, Some(name));
    }
    Ok(bare(name))
}

fn named_number(text: &str) -> Option<f64> {
    match text {
        "inf" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ => None,
    }
}

/// A name without braces: a variable if nothing in it tells of a metric, otherwise a metric.
fn bare(name: Name) -> Expr {
    let span = name.span.clone();
    let kind = if name.has_variable() && lexer::may_be_number(&name.text) {
        ExprKind::Variable(name.text)
    } else {
        ExprKind::Selector(Selector {
            name: Some(name),
            matchers: Vec::new(),
        })
    };
    Expr { kind, span }
}
