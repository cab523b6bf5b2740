//! What stands between a binary operator and its right operand, and lists of labels.

use super::ast::{GroupSide, Matching, Name};
use super::cursor::Cursor;
use super::expression;
use super::token::Kind;
use crate::model::source::Issue;

/// Parses `bool`, `on (…)`, `ignoring (…)`, `group_left (…)` and `fill (…)`.
pub(super) fn modifiers(cursor: &mut Cursor<'_>) -> Result<(bool, Option<Matching>), Issue> {
    let return_bool = cursor.eat_keyword("bool");
    let on = cursor.is_keyword("on");
    let matching = if on || cursor.is_keyword("ignoring") {
        cursor.advance();
        let labels = labels(cursor)?;
        let group = group(cursor)?;
        Some(Matching { on, labels, group })
    } else {
        None
    };
    if matching.is_none() && cursor.is_any_keyword(&["group_left", "group_right"]) {
        let hint = Some("`group_left` and `group_right` follow `on (…)` or `ignoring (…)`");
        return Err(cursor.expected_with("an expression", hint));
    }
    fill(cursor)?;
    Ok((return_bool, matching))
}

fn group(cursor: &mut Cursor<'_>) -> Result<Option<(GroupSide, Vec<Name>)>, Issue> {
    let side = if cursor.eat_keyword("group_left") {
        GroupSide::Left
    } else if cursor.eat_keyword("group_right") {
        GroupSide::Right
    } else {
        return Ok(None);
    };
    let copied = if cursor.is_symbol("(") {
        labels(cursor)?
    } else {
        Vec::new()
    };
    Ok(Some((side, copied)))
}

/// Goes past `fill (0)`: values for missing series change no name and no label.
fn fill(cursor: &mut Cursor<'_>) -> Result<(), Issue> {
    while cursor.is_any_keyword(&["fill", "fill_left", "fill_right"]) && cursor.symbol_ahead(1, "(")
    {
        cursor.advance();
        let open = cursor.span();
        cursor.advance();
        cursor.nested(|cursor| expression::expression(cursor, 0))?;
        cursor.close(&open, ")", "`)`")?;
    }
    Ok(())
}

/// Parses `(a, "b.c", $d)`, possibly empty, possibly with a trailing comma.
pub(super) fn labels(cursor: &mut Cursor<'_>) -> Result<Vec<Name>, Issue> {
    let open = cursor.span();
    if !cursor.eat("(") {
        let hint = cursor
            .word()
            .map(|word| format!("put the labels in parentheses: `({word})`"));
        return Err(cursor.expected_with("`(`", hint.as_deref()));
    }
    let mut labels = Vec::new();
    while !cursor.is_symbol(")") && *cursor.kind() != Kind::End {
        labels.push(label(cursor)?);
        if !cursor.eat(",") {
            break;
        }
    }
    cursor.close(&open, ")", "`,` or `)`")?;
    Ok(labels)
}

fn label(cursor: &mut Cursor<'_>) -> Result<Name, Issue> {
    if let Kind::Text(decoded) = cursor.kind() {
        let decoded = decoded.clone();
        return Ok(cursor.quoted(decoded));
    }
    let word = cursor.word().unwrap_or_default();
    let name = Name {
        text: word.to_owned(),
        span: cursor.span(),
    };
    if word.is_empty() || cursor.is_any_keyword(&["inf", "nan"]) {
        return Err(cursor.expected("a label"));
    }
    cursor.advance();
    Ok(name)
}
