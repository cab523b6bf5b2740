//! TOML read into a tree whose every value knows its bytes.
//!
//! Tables, dotted keys and arrays of tables become one tree, as if it had been written inline.

use toml_edit::{Array, Document, Item, Key, Table, TableLike, Value as Toml};

use super::node::{Entry, Node, Text, Value};
use super::source::{Issue, Span};

/// Reads `text`; none if it is not TOML.
#[must_use]
pub fn parse(text: &str) -> (Option<Node>, Vec<Issue>) {
    match Document::parse(text) {
        Ok(document) => {
            let value = mapping(text, document.as_table());
            (
                Some(Node {
                    value,
                    span: 0..text.len(),
                }),
                Vec::new(),
            )
        }
        Err(error) => {
            let span = error.span().unwrap_or(text.len()..text.len());
            let start = text.floor_char_boundary(span.start);
            let span = start..text.ceil_char_boundary(span.end.max(start));
            let message = error.message().trim_end_matches('.').replace('\n', ", ");
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

fn mapping(text: &str, table: &dyn TableLike) -> Value {
    let entries = table.iter().filter_map(|(name, item)| {
        let key_span = table.key(name).and_then(Key::span).unwrap_or_default();
        let value = node(text, item, &key_span)?;
        Some(Entry {
            key: name.to_owned(),
            key_span,
            value,
        })
    });
    Value::Mapping(entries.collect())
}

/// The value of an item; a table that is only implied by dotted keys stands where its key does.
fn node(text: &str, item: &Item, key: &Span) -> Option<Node> {
    let span = item.span().unwrap_or_else(|| key.clone());
    let value = match item {
        Item::None => return None,
        Item::Value(value) => return Some(inline(text, value, key)),
        Item::Table(table) => mapping(text, table),
        Item::ArrayOfTables(tables) => {
            let item = |table: &Table| {
                let span = table.span().unwrap_or_else(|| key.clone());
                Node {
                    value: mapping(text, table),
                    span,
                }
            };
            Value::Sequence(tables.iter().map(item).collect())
        }
    };
    Some(Node { value, span })
}

fn inline(text: &str, toml: &Toml, key: &Span) -> Node {
    let span = toml.span().unwrap_or_else(|| key.clone());
    let written = text.get(span.clone()).unwrap_or_default();
    let value = match toml {
        Toml::String(string) => Value::Text(string_text(string.value(), written, span.start)),
        Toml::Integer(_) | Toml::Float(_) => Value::Number(written.to_owned()),
        Toml::Boolean(boolean) => Value::Bool(*boolean.value()),
        Toml::Datetime(_) => Value::Text(Text::verbatim(written, span.start)),
        Toml::Array(array) => sequence(text, array, key),
        Toml::InlineTable(table) => mapping(text, table),
    };
    Node { value, span }
}

fn sequence(text: &str, array: &Array, key: &Span) -> Value {
    Value::Sequence(array.iter().map(|value| inline(text, value, key)).collect())
}

fn string_text(decoded: &str, written: &str, offset: usize) -> Text {
    match written.find(decoded) {
        Some(at) => Text::verbatim(decoded, offset + at),
        None => Text::verbatim(decoded, offset),
    }
}
