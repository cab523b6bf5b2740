//! Cuts a PromQL text into tokens with byte positions.
//!
//! Keywords are words here: whether `by` is a keyword or a metric is known to the parser only.

use super::literal;
use super::token::{Kind, Token};
use crate::model::source::Issue;

/// Longer symbols first, so that `=~` is not read as `=`.
const SYMBOLS: &[&str] = &[
    "==", "=~", "!=", "!~", "<=", ">=", "<", ">", "=", "(", ")", "{", "}", "[", "]", ",", "+", "-",
    "*", "/", "%", "^", "@", ":",
];

/// Cuts `text` into tokens; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Issue> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut brackets = 0_usize;
    loop {
        at = skip_blank(text, at);
        let (kind, end) = token(text, at, brackets > 0)?;
        match kind {
            Kind::Symbol("[") => brackets += 1,
            Kind::Symbol("]") => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        let last = kind == Kind::End;
        tokens.push(Token {
            kind,
            span: at..end,
        });
        if last {
            return Ok(tokens);
        }
        at = end;
    }
}

fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with('#') {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

fn token(text: &str, at: usize, in_brackets: bool) -> Result<(Kind, usize), Issue> {
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else {
        return Ok((Kind::End, at));
    };
    if matches!(first, '"' | '\'' | '`') {
        return literal::string(text, at).map(|(decoded, end)| (Kind::Text(decoded), end));
    }
    let fraction = rest.strip_prefix('.').unwrap_or_default();
    if starts_number(rest) || starts_number(fraction) {
        return number(text, at);
    }
    if variable_length(fraction) > 0 {
        return Ok((Kind::Word, at + 1 + word_length(fraction, true)));
    }
    let length = word_length(rest, in_brackets);
    if length > 0 {
        return Ok((Kind::Word, at + length));
    }
    if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        return Ok((Kind::Symbol(symbol), at + symbol.len()));
    }
    Err(unexpected(first, at))
}

fn unexpected(found: char, at: usize) -> Issue {
    let hint = match found {
        '!' => Some("`!=` compares; there is no negation".to_owned()),
        '&' | '|' => Some("the set operators are `and`, `or` and `unless`".to_owned()),
        '$' => Some("a variable is written `$name` or `${name}`".to_owned()),
        _ => None,
    };
    Issue {
        message: format!("unexpected character `{}`", found.escape_debug()),
        span: at..at + found.len_utf8(),
        hint,
    }
}

fn starts_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn number(text: &str, at: usize) -> Result<(Kind, usize), Issue> {
    let end = at + literal::number_length(&text[at..]);
    if variable_length(&text[end..]) > 0 {
        return Ok((Kind::Word, end + word_length(&text[end..], true)));
    }
    literal::number(&text[at..end])
        .map(|kind| (kind, end))
        .ok_or_else(|| Issue {
            message: format!("`{}` is neither a number nor a duration", &text[at..end]),
            span: at..end,
            hint: Some("durations look like `5m` or `1h30m`, largest unit first".to_owned()),
        })
}

/// How many bytes of `rest` are a word; `:` is no part of it inside `[…]`.
fn word_length(rest: &str, in_brackets: bool) -> usize {
    let mut length = 0;
    let mut varies = false;
    loop {
        let tail = &rest[length..];
        let variable = variable_length(tail);
        if variable > 0 {
            length += variable;
            varies = true;
            continue;
        }
        match tail.bytes().next() {
            Some(b) if b.is_ascii_alphanumeric() || b == b'_' => length += 1,
            // A fraction, as in `$percent.5`.
            Some(b'.') if varies && starts_number(&tail[1..]) => length += 1,
            Some(b':') if !in_brackets => length += 1,
            _ => return length,
        }
    }
}

/// How many bytes at the start of `rest` are a Grafana variable: `$a`, `${a:regex}` or `[[a]]`.
pub(super) fn variable_length(rest: &str) -> usize {
    if let Some(inner) = rest.strip_prefix("${") {
        return enclosed(inner, "}").map_or(0, |length| length + 3);
    }
    if let Some(inner) = rest.strip_prefix("[[") {
        return enclosed(inner, "]]").map_or(0, |length| length + 4);
    }
    let Some(inner) = rest.strip_prefix('$') else {
        return 0;
    };
    let name = identifier_length(inner);
    if name == 0 { 0 } else { name + 1 }
}

/// Whether `word` is a number or a duration when its variables are digits.
pub(super) fn may_be_number(word: &str) -> bool {
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let variable = variable_length(rest);
        if variable == 0 && !(first.is_ascii_digit() || ".eEsmhdwy".contains(first)) {
            return word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        }
        rest = &rest[variable.max(1)..];
    }
    true
}

fn enclosed(inner: &str, close: &str) -> Option<usize> {
    let end = inner.find(close)?;
    let name = &inner[..end];
    // A path into the variable and a format may follow, in whatever characters.
    let length = identifier_length(name);
    let rest = &name[length..];
    let valid = rest.is_empty() || rest.starts_with([':', '.', '-']) && !rest.contains('\n');
    (length > 0 && valid).then_some(end)
}

fn identifier_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count()
}
