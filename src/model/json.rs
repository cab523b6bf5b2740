//! JSON read into a tree whose every value knows its bytes.
//!
//! Strict: what a JSON parser of another tool would refuse (comments, trailing commas, single
//! quotes, bare keys, control characters in strings) is refused here too.

use std::collections::HashSet;

use jsonc_parser::ast::{ObjectProp, ObjectPropName, StringLit, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::node::{Entry, Node, Text, TextBuilder, Value};
use super::source::{Issue, Span};

/// How deep arrays and objects may nest; dashboards stay below 20.
const DEPTH_LIMIT: usize = 128;

/// Reads the one value of `text`; none if there is no value or the text is not JSON.
#[must_use]
pub fn parse(text: &str) -> (Option<Node>, Vec<Issue>) {
    if let Some(at) = too_deep(text) {
        let message = format!("nested deeper than {DEPTH_LIMIT} levels");
        return (
            None,
            vec![Issue {
                message,
                span: at..at + 1,
                hint: None,
            }],
        );
    }
    // A byte order mark is not JSON, yet editors leave them and other tools skip them.
    let skipped = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    match parse_to_ast(&text[skipped..], &CollectOptions::default(), &STRICT) {
        Ok(result) => {
            let mut reader = Reader {
                text,
                skipped,
                issues: Vec::new(),
            };
            let node = result.value.map(|value| reader.node(&value));
            if node.is_none() {
                let span = text.len()..text.len();
                reader.issue("no value in this file", span);
            }
            (node, reader.issues)
        }
        Err(error) => {
            let range = error.range();
            let span = clamp(text, range.start + skipped..range.end + skipped);
            let message = lowercase(&error.kind().to_string());
            (
                None,
                vec![Issue {
                    message,
                    span,
                    hint: None,
                }],
            )
        }
    }
}

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

struct Reader<'a> {
    text: &'a str,
    skipped: usize,
    issues: Vec<Issue>,
}

impl Reader<'_> {
    fn node(&mut self, ast: &Ast<'_>) -> Node {
        let span = self.span(ast);
        let value = match ast {
            Ast::NullKeyword(_) => Value::Null,
            Ast::BooleanLit(literal) => Value::Bool(literal.value),
            Ast::NumberLit(literal) => {
                if !is_number(literal.value) {
                    self.issue("a number must not begin with a needless zero", span.clone());
                }
                Value::Number(literal.value.to_owned())
            }
            Ast::StringLit(literal) => Value::Text(self.string(literal)),
            Ast::Array(array) => Value::Sequence(
                array
                    .elements
                    .iter()
                    .map(|element| self.node(element))
                    .collect(),
            ),
            Ast::Object(object) => Value::Mapping(self.entries(&object.properties)),
        };
        Node { value, span }
    }

    fn entries(&mut self, properties: &[ObjectProp<'_>]) -> Vec<Entry> {
        let mut seen = HashSet::new();
        let mut entries = Vec::with_capacity(properties.len());
        for property in properties {
            let key_span = self.span(&property.name);
            let key = match &property.name {
                ObjectPropName::String(literal) => self.string(literal).decoded,
                ObjectPropName::Word(word) => word.value.to_owned(),
            };
            if !seen.insert(key.clone()) {
                self.issue(&format!("key `{key}` appears twice"), key_span.clone());
            }
            entries.push(Entry {
                key,
                key_span,
                value: self.node(&property.value),
            });
        }
        entries
    }

    fn string(&mut self, literal: &StringLit<'_>) -> Text {
        let span = self.span(literal);
        let (start, mut at) = (span.start + 1, span.start + 1);
        let end = span.end.saturating_sub(1).max(start);
        let mut builder = TextBuilder::new(start);
        while at < end {
            let rest = &self.text[at..end];
            let plain = rest
                .find(|char: char| char == '\\' || char < ' ')
                .unwrap_or(rest.len());
            builder.verbatim(&rest[..plain], at);
            at += plain;
            let Some(first) = rest[plain..].chars().next() else {
                break;
            };
            let (decoded, length) = if first == '\\' {
                escape(&rest[plain..])
            } else {
                (first, 1)
            };
            if first != '\\' {
                self.issue(
                    "a control character in a string must be escaped",
                    at..at + 1,
                );
            } else if decoded == char::REPLACEMENT_CHARACTER && is_lone_surrogate(&rest[plain..]) {
                self.issue("half of a surrogate pair stands alone", at..at + length);
            }
            builder.written_as(decoded.encode_utf8(&mut [0; 4]), &(at..at + length));
            at += length;
        }
        builder.finish()
    }

    fn span(&self, ranged: &impl Ranged) -> Span {
        ranged.start() + self.skipped..ranged.end() + self.skipped
    }

    fn issue(&mut self, message: &str, span: Span) {
        self.issues.push(Issue {
            message: message.to_owned(),
            span,
            hint: None,
        });
    }
}

/// The character that the escape at the start of `rest` stands for, and the bytes it takes.
fn escape(rest: &str) -> (char, usize) {
    let code = rest.chars().nth(1).unwrap_or('\\');
    let decoded = match code {
        'u' => return unicode(rest),
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    };
    (decoded, (1 + code.len_utf8()).min(rest.len()))
}

fn unicode(rest: &str) -> (char, usize) {
    let Some(unit) = code_unit(rest) else {
        return (char::REPLACEMENT_CHARACTER, rest.len().min(2));
    };
    let pair = rest.get(6..).and_then(code_unit).and_then(|low| {
        char::decode_utf16([unit, low])
            .next()
            .and_then(Result::ok)
            .filter(|char| char.len_utf16() == 2)
    });
    match pair {
        Some(char) => (char, 12),
        None => (
            char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER),
            6,
        ),
    }
}

fn is_lone_surrogate(rest: &str) -> bool {
    code_unit(rest).is_some_and(|unit| (0xD800..0xE000).contains(&unit))
}

fn code_unit(rest: &str) -> Option<u16> {
    u16::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Whether the scanner's lenient reading of a number is JSON's as well.
fn is_number(literal: &str) -> bool {
    let digits = literal.strip_prefix('-').unwrap_or(literal);
    let mut bytes = digits.bytes();
    bytes.next() != Some(b'0') || !bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

/// The offset of the first bracket that opens one level too many.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return Some(at);
        }
    }
    None
}

fn clamp(text: &str, span: Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end.max(start))
}

fn lowercase(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
