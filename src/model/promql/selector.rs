//! Vector selectors: a metric's name and the matchers between braces.

use super::ast::{Expr, ExprKind, MatchOperator, Matcher, Name, Selector};
use super::cursor::Cursor;
use super::token::Kind;
use crate::model::source::Issue;

/// Parses the braces that follow `name`, or stand alone.
pub(super) fn selector(cursor: &mut Cursor<'_>, name: Option<Name>) -> Result<Expr, Issue> {
    let open = cursor.span();
    cursor.advance();
    let start = name.as_ref().map_or(open.start, |name| name.span.start);
    let mut selector = Selector {
        name,
        matchers: Vec::new(),
    };
    while !cursor.is_symbol("}") && *cursor.kind() != Kind::End {
        item(cursor, &mut selector)?;
        // A variable with matchers may bring its commas with it.
        if !cursor.eat(",") && !cursor.variable_ahead(0) {
            break;
        }
    }
    cursor.close(&open, "}", "`,` or `}`")?;
    Ok(Expr {
        kind: ExprKind::Selector(selector),
        span: start..cursor.last_end(),
    })
}

fn item(cursor: &mut Cursor<'_>, selector: &mut Selector) -> Result<(), Issue> {
    let text = match cursor.kind() {
        Kind::Text(decoded) => Some(decoded.clone()),
        Kind::Word => None,
        _ => return Err(cursor.expected("a label")),
    };
    let bare_word = text.is_none();
    let label = match text {
        Some(decoded) => cursor.quoted(decoded),
        None => cursor.take_name(),
    };
    let ends = cursor.is_symbol(",") || cursor.is_symbol("}");
    let with_operator = label.has_variable() && matches!(cursor.kind(), Kind::Text(_));
    if ends && !bare_word {
        set_name(cursor, selector, label);
        return Ok(());
    }
    if bare_word && label.text.contains(':') && !label.has_variable() {
        return Err(not_a_label(&label));
    }
    let (operator, value) = if ends && label.has_variable() {
        let end = label.span.end;
        (
            MatchOperator::Equal,
            Name {
                text: String::new(),
                span: end..end,
            },
        )
    } else if with_operator {
        (MatchOperator::Regex, value(cursor)?)
    } else {
        (operator(cursor)?, value(cursor)?)
    };
    selector.matchers.push(Matcher {
        label,
        operator,
        value,
    });
    Ok(())
}

fn not_a_label(label: &Name) -> Issue {
    Issue {
        message: format!("`{}` is not a label's name", label.text),
        span: label.span.clone(),
        hint: Some("quote labels with other characters than letters, digits and `_`".to_owned()),
    }
}

fn set_name(cursor: &mut Cursor<'_>, selector: &mut Selector, name: Name) {
    if let Some(first) = &selector.name {
        cursor.issues.push(Issue {
            message: format!(
                "metric name is set twice, `{}` and `{}`",
                first.text, name.text
            ),
            span: name.span,
            hint: None,
        });
    } else {
        selector.name = Some(name);
    }
}

fn operator(cursor: &mut Cursor<'_>) -> Result<MatchOperator, Issue> {
    let operator = match cursor.kind() {
        Kind::Symbol("=") => MatchOperator::Equal,
        Kind::Symbol("!=") => MatchOperator::NotEqual,
        Kind::Symbol("=~") => MatchOperator::Regex,
        Kind::Symbol("!~") => MatchOperator::NotRegex,
        // Which one is not known; a regular expression is the one that says least.
        _ if cursor.variable_ahead(0) => MatchOperator::Regex,
        _ => {
            let hint = cursor
                .is_symbol("==")
                .then_some("labels are matched by `=`");
            return Err(cursor.expected_with("`=`, `!=`, `=~` or `!~`", hint));
        }
    };
    cursor.advance();
    Ok(operator)
}

fn value(cursor: &mut Cursor<'_>) -> Result<Name, Issue> {
    if let Kind::Text(decoded) = cursor.kind() {
        let decoded = decoded.clone();
        return Ok(cursor.quoted(decoded));
    }
    let Some(word) = cursor.word() else {
        return Err(cursor.expected("a quoted value"));
    };
    if !word.contains(['$', '[']) {
        let hint = format!("quote it: `\"{word}\"`");
        return Err(cursor.expected_with("a quoted value", Some(&hint)));
    }
    Ok(cursor.take_name())
}
