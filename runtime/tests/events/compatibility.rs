//! Which changes of an event others can follow: the rule in a table.

use marty_runtime::{
    event::{Event, EventSchema, JsonSchema, Pii},
    testing::schema::{Break, breaks, unreadable},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Compares two objects whose only field is `a`, which is required.
#[track_caller]
fn check(old: &Value, new: &Value, expected: &[&str]) {
    let object =
        |a: &Value| json!({ "type": "object", "properties": { "a": a }, "required": ["a"] });
    check_objects(&object(old), &object(new), expected);
}

#[track_caller]
fn check_objects(old: &Value, new: &Value, expected: &[&str]) {
    let said: Vec<String> = breaks(old, new).iter().map(ToString::to_string).collect();
    assert_eq!(said, expected, "{old} to {new}");
}

const BOTH: fn(&str, &str) -> [String; 2] = |old, new| {
    [
        format!("`a`: old events may have {old}, and new readers take {new}"),
        format!("`a`: new events may have {new}, and old readers take {old}"),
    ]
};

#[track_caller]
fn check_both(old: &Value, new: &Value, words: (&str, &str)) {
    let expected = BOTH(words.0, words.1);
    check(old, new, &[&expected[0], &expected[1]]);
}

#[test]
fn a_value_may_not_become_something_else() {
    let (text, whole) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    check_both(&text, &whole, ("a text", "a whole number"));
    check_both(
        &json!({ "type": "array", "items": whole }),
        &json!({ "type": "object" }),
        ("a list", "an object"),
    );
    check_both(
        &json!({ "type": "string", "format": "uuid" }),
        &json!({ "type": "string", "format": "date-time" }),
        (
            "a text (`format` \"uuid\")",
            "a text (`format` \"date-time\")",
        ),
    );
    check_both(
        &json!({ "type": "string", "pattern": "^h1\\.x$" }),
        &json!({ "type": "string", "pattern": "^s1\\.x$" }),
        ("a hashed token", "a sealed token"),
    );
}

#[test]
fn a_value_may_be_neither_wider_nor_narrower() {
    let whole = |format: &str| json!({ "type": "integer", "format": format, "minimum": 0 });
    let (small, large) = (whole("uint32"), whole("uint64"));
    let wide = "`a`: new events may have a whole number (`format` \"uint64\", `minimum` 0), and old readers take a whole number (`format` \"uint32\", `minimum` 0)";
    check(&small, &large, &[wide]);
    let narrow = "`a`: old events may have a whole number (`format` \"uint64\", `minimum` 0), and new readers take a whole number (`format` \"uint32\", `minimum` 0)";
    check(&large, &small, &[narrow]);
    check(
        &json!({ "type": "integer" }),
        &json!({ "type": "number" }),
        &["`a`: new events may have a number, and old readers take a whole number"],
    );
    check(
        &json!({ "type": "string" }),
        &json!({ "type": ["string", "null"] }),
        &["`a`: new events may have null, and old readers take a text"],
    );
    check(
        &json!({ "type": ["string", "null"] }),
        &json!({ "type": "string" }),
        &["`a`: old events may have null, and new readers take a text"],
    );
    check(
        &json!({ "type": "string", "maxLength": 3 }),
        &json!({ "type": "string", "maxLength": 4 }),
        &[
            "`a`: new events may have a text (`maxLength` 4), and old readers take a text (`maxLength` 3)",
        ],
    );
    check(
        &json!({ "type": "array", "items": { "type": "integer" } }),
        &json!({ "type": "array", "items": { "type": "integer" }, "uniqueItems": true }),
        &["`a`: old events may have a list, and new readers take a list"],
    );
}

#[test]
fn an_enum_may_neither_grow_nor_shrink() {
    let few = json!({ "type": "string", "enum": ["open", "paid"] });
    let many = json!({ "oneOf": [{ "type": "string", "enum": ["open", "paid"] }, { "type": "string", "const": "lost", "description": "…" }] });
    check(
        &few,
        &many,
        &["`a`: new events may have `lost`, and old readers take `open` or `paid`"],
    );
    check(
        &many,
        &few,
        &["`a`: old events may have `lost`, and new readers take `open` or `paid`"],
    );
    // One that takes what it does not know is a text.
    check(
        &json!({ "type": "string" }),
        &few,
        &["`a`: old events may have a text, and new readers take `open` or `paid`"],
    );
}

#[test]
fn fields_may_come_if_readers_do_without_and_none_may_go() {
    let object = |fields: Value, required: Value| json!({ "type": "object", "properties": fields, "required": required });
    let (a, whole) = (json!({ "a": {} }), json!({ "type": "integer" }));
    let with_b = json!({ "a": {}, "b": whole });
    let old = object(a, json!(["a"]));
    check_objects(&old, &object(with_b.clone(), json!(["a"])), &[]);
    check_objects(
        &old,
        &object(with_b.clone(), json!(["a", "b"])),
        &[
            "`b`: new readers require it, and old events may lack it; make it an `Option` or give it `#[serde(default)]`",
        ],
    );
    let gone = "`b`: it is gone, and its name could come back with another meaning; keep it, if need be unused";
    check_objects(&object(with_b.clone(), json!(["a"])), &old, &[gone]);
    let lacking = "`b`: old readers require it, and new events may lack it";
    check_objects(
        &object(with_b.clone(), json!(["a", "b"])),
        &old,
        &[gone, lacking],
    );
    check_objects(
        &object(with_b.clone(), json!(["a", "b"])),
        &object(with_b.clone(), json!(["a"])),
        &[lacking],
    );
    let mut closed = old.clone();
    closed["additionalProperties"] = json!(false);
    let mut closed_with_b = object(with_b, json!(["a"]));
    closed_with_b["additionalProperties"] = json!(false);
    check_objects(
        &closed,
        &closed_with_b,
        &["`b`: new events may have it, and old readers refuse what they do not know"],
    );
    // What nobody declared, nobody wrote.
    check_objects(&old, &closed, &[]);
}

#[test]
fn words_may_change() {
    check(
        &json!({ "type": "string", "description": "old", "default": "a", "x-owner": "b" }),
        &json!({ "type": "string", "title": "new", "examples": ["a"], "deprecated": true }),
        &[],
    );
    let by_name = |name: &str| {
        json!({
            "type": "object",
            "properties": { "a": { "$ref": format!("#/$defs/{name}") } },
            "$defs": { name: { "type": "object", "properties": { "more": { "anyOf": [{ "$ref": format!("#/$defs/{name}") }, { "type": "null" }] } } } },
        })
    };
    check_objects(&by_name("Tree"), &by_name("Node"), &[]);
}

#[test]
fn what_is_asked_in_words_that_are_not_understood_may_not_change() {
    check(
        &json!({ "type": "string" }),
        &json!({ "type": "string", "not": { "const": "a" } }),
        &["`a`: old events may have a text, and new readers take a text"],
    );
    let odd = json!({ "type": "string", "not": { "const": "a" } });
    check(&odd, &odd, &[]);
}

#[test]
fn what_is_nested_is_named_by_its_path() {
    let nested = |price: Value| {
        json!({
            "type": "object",
            "properties": {
                "lines": { "type": "array", "items": { "$ref": "#/$defs/Line" } },
                "by_day": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Line" } },
                "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "$ref": "#/$defs/Line" }], "minItems": 2, "maxItems": 2 },
            },
            "$defs": { "Line": { "type": "object", "properties": { "price": price } } },
        })
    };
    let (old, new) = (
        nested(json!({ "type": "integer" })),
        nested(json!({ "type": "boolean" })),
    );
    let broken = breaks(&old, &new);
    let paths: Vec<&str> = broken.iter().map(Break::path).collect();
    assert_eq!(
        paths[..3],
        ["by_day.*.price", "lines[].price", "pair[1].price"]
    );
    assert_eq!(paths[..3], paths[3..]);
}

#[test]
fn a_reader_may_know_less_than_is_published() {
    let object = |fields: Value, required: Value| json!({ "type": "object", "properties": fields, "required": required });
    let text = json!({ "type": "string" });
    let published = object(
        json!({ "a": text, "b": text, "c": text }),
        json!(["a", "b"]),
    );
    assert_eq!(
        unreadable(&published, &object(json!({ "a": text }), json!(["a"]))),
        []
    );
    assert_eq!(
        unreadable(
            &published,
            &object(json!({ "a": text, "b": text }), json!(["a"]))
        ),
        []
    );
    let said = unreadable(&published, &object(json!({ "c": text }), json!(["c"])));
    assert_eq!(
        said.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "`c`: readers here require it, and published events may lack it; make it an `Option` or give it `#[serde(default)]`"
        ]
    );
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
enum Payment {
    Card { digits: String },
    Invoice { due: u32 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
enum LaterPayment {
    Card {
        digits: String,
        holder: Option<String>,
    },
    Invoice {
        due: u32,
    },
    Cash {
        coins: u8,
    },
}

#[derive(Event)]
#[event(type = "order.paid", topic = domain("order"), key = order_id)]
struct OrderPaid {
    order_id: u64,
    payment: Payment,
    #[pii(hash)]
    buyer: Pii<String>,
}

#[derive(Event)]
#[event(type = "order.paid", topic = domain("order"), key = order_id)]
struct LaterOrderPaid {
    order_id: u64,
    payment: LaterPayment,
    #[pii(seal)]
    buyer: Pii<String>,
    #[serde(default)]
    gift: bool,
}

/// What serde and the derive make of types, instead of what a test thinks that they make.
#[test]
fn changes_of_types_are_found_in_what_is_derived_of_them() {
    let (old, new) = (OrderPaid::schema(), LaterOrderPaid::schema());
    assert_eq!(breaks(&old, &old), []);
    assert_eq!(breaks(&new, &new), []);
    let said: Vec<String> = breaks(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "`buyer`: old events may have a hashed token, and new readers take a sealed token",
            "`buyer`: new events may have a sealed token, and old readers take a hashed token",
            "`payment.by`: new events may have `cash`, and old readers take `card` or `invoice`",
        ]
    );
}
