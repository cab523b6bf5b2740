//! The keywords of JSON Schema: of which kind of value each asks something, and what two of the same name ask together.

use serde_json::{Map, Number, Value, json};

use super::kind::Kind;

/// What says something of a schema, and asks nothing of values; and what is taken apart before.
const NOT_ASKED: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "allOf",
    "anyOf",
    "const",
    "default",
    "definitions",
    "deprecated",
    "description",
    "enum",
    "examples",
    "oneOf",
    "readOnly",
    "title",
    "type",
    "writeOnly",
];

/// What is asked of values of one kind alone.
const ASKED: &[(&str, &[Kind])] = &[
    ("additionalProperties", &[Kind::Object]),
    ("contentEncoding", &[Kind::Text]),
    ("contentMediaType", &[Kind::Text]),
    ("exclusiveMaximum", &[Kind::Number]),
    ("exclusiveMinimum", &[Kind::Number]),
    ("format", &[Kind::Number, Kind::Text]),
    ("items", &[Kind::List]),
    ("maxItems", &[Kind::List]),
    ("maxLength", &[Kind::Text]),
    ("maxProperties", &[Kind::Object]),
    ("maximum", &[Kind::Number]),
    ("minItems", &[Kind::List]),
    ("minLength", &[Kind::Text]),
    ("minProperties", &[Kind::Object]),
    ("minimum", &[Kind::Number]),
    ("multipleOf", &[Kind::Number]),
    ("pattern", &[Kind::Text]),
    ("patternProperties", &[Kind::Object]),
    ("prefixItems", &[Kind::List]),
    ("properties", &[Kind::Object]),
    ("propertyNames", &[Kind::Object]),
    ("required", &[Kind::Object]),
    ("uniqueItems", &[Kind::List]),
];

/// What `schema` asks of values of `kind`. A keyword that is not known is asked of all.
pub(super) fn of(kind: Kind, schema: &Map<String, Value>) -> Map<String, Value> {
    let mut keywords = Map::new();
    for (name, value) in schema {
        // By it schemas are closed whose fields are those of several; here all are in one place.
        let name = match name.as_str() {
            "unevaluatedProperties" => "additionalProperties",
            name => name,
        };
        let asked = ASKED.iter().find(|(known, _)| *known == name);
        let is_asked = asked.map_or(!is_silent(name), |(_, kinds)| kinds.contains(&kind));
        if is_asked {
            merge(&mut keywords, name, value);
        }
    }
    if kind == Kind::Number && is_integer(schema) {
        keywords.insert("integer".to_owned(), Value::Bool(true));
    }
    keywords
}

/// Whether `name` asks nothing of values.
fn is_silent(name: &str) -> bool {
    NOT_ASKED.contains(&name) || name.starts_with("x-")
}

/// Whether `name` is a keyword that is understood.
pub(super) fn is_understood(name: &str) -> bool {
    name == "integer" || ASKED.iter().any(|(known, _)| *known == name)
}

fn is_integer(schema: &Map<String, Value>) -> bool {
    let is = |name: &Value| name == "integer";
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(is) && !names.iter().any(|it| it == "number"),
        name => name.is_some_and(is),
    }
}

/// Adds what a keyword asks.
pub(super) fn merge(keywords: &mut Map<String, Value>, name: &str, value: &Value) {
    let Some(there) = keywords.get_mut(name) else {
        keywords.insert(name.to_owned(), value.clone());
        return;
    };
    if there == value {
        return;
    }
    match (name, &mut *there, value) {
        ("properties" | "patternProperties", Value::Object(there), Value::Object(more)) => {
            for (name, schema) in more {
                merge(there, name, schema);
            }
        }
        ("required", Value::Array(there), Value::Array(more)) => {
            let new: Vec<Value> = more
                .iter()
                .filter(|it| !there.contains(it))
                .cloned()
                .collect();
            there.extend(new);
        }
        _ if name.starts_with("min") || name == "exclusiveMinimum" => {
            *there = outer(there, value, |one, other| one > other);
        }
        _ if name.starts_with("max") || name == "exclusiveMaximum" => {
            *there = outer(there, value, |one, other| one < other);
        }
        _ => *there = json!({ "allOf": [there.take(), value] }),
    }
}

/// That of two numbers which asks more.
fn outer(one: &Value, other: &Value, asks_more: impl Fn(f64, f64) -> bool) -> Value {
    let number = |value: &Value| value.as_number().and_then(Number::as_f64);
    match (number(one), number(other)) {
        (Some(first), Some(second)) if asks_more(first, second) => one.clone(),
        _ => other.clone(),
    }
}
