//! The schema that is derived of an event: it is that of the data as they travel.

use std::{collections::BTreeMap, fs, num::NonZeroU32, path::PathBuf};

use marty_runtime::{
    event::{Attributes, Event, EventSchema, JsonSchema, Keyring, Pii, Unknown, encode},
    testing::schema::{assert_readable, assert_recorded},
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// An order was placed.
#[derive(Debug, Event)]
#[event(type = "order.placed", version = 2, topic = domain("order"))]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    /// What it is known by.
    #[schemars(with = "Uuid")]
    order_id: Foreign,
    lines: Vec<Line>,
    #[serde(rename = "note_text", alias = "note")]
    note: Option<String>,
    #[serde(default)]
    gift: bool,
    prices: BTreeMap<String, f64>,
    state: State,
    payment: Payment,
    #[schemars(with = "String")]
    foreign: Foreign,
    #[pii(hash)]
    buyer: Pii<String>,
    #[pii(seal)]
    phone: Option<Pii<String>>,
    #[pii(drop)]
    remark: Pii<String>,
    #[event(unknown)]
    more: Unknown,
}

/// A line of an order.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Line {
    article: ArticleId,
    pieces: NonZeroU32,
    parts: Vec<Line>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct ArticleId(u64);

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    InTransit,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
enum Payment {
    Card { last_digits: String },
    Invoice,
}

/// A type that somebody else made.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Foreign(String);

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let leaf = (any::<u64>(), 1..u32::MAX).prop_map(|(article, pieces)| Line {
        article: ArticleId(article),
        pieces: NonZeroU32::new(pieces).unwrap(),
        parts: Vec::new(),
    });
    let line = leaf.prop_recursive(2, 8, 2, |inner| {
        proptest::collection::vec(inner, 1..3).prop_map(|parts| Line {
            article: ArticleId(1),
            pieces: NonZeroU32::MIN,
            parts,
        })
    });
    proptest::collection::vec(line, 0..3)
}

fn order() -> impl Strategy<Value = OrderPlaced> {
    let parts = (
        lines(),
        any::<(u128, Option<String>, bool, bool, String)>(),
        proptest::option::of(any::<String>()),
        proptest::collection::btree_map(any::<String>(), -1e9..1e9, 0..3),
    );
    parts.prop_map(
        |(lines, (id, note, gift, card, text), phone, prices)| OrderPlaced {
            order_id: Foreign(Uuid::from_u128(id).to_string()),
            lines,
            note,
            gift,
            prices,
            state: if gift { State::Open } else { State::InTransit },
            payment: if card {
                Payment::Card {
                    last_digits: text.clone(),
                }
            } else {
                Payment::Invoice
            },
            foreign: Foreign(text.clone()),
            buyer: Pii::new(text),
            phone: phone.map(Pii::new),
            remark: Pii::new("r".to_owned()),
            more: Unknown::default(),
        },
    )
}

fn written<E: Event>(event: &E) -> Value {
    let keys = Keyring::fleeting();
    let record = encode(event, &Attributes::new("/shop"), &keys).unwrap();
    serde_json::from_slice(record.value().unwrap()).unwrap()
}

proptest! {
    /// The judge is a validator that others wrote.
    #[test]
    fn what_is_written_fits_the_schema(order in order()) {
        let validator = jsonschema::draft202012::new(&OrderPlaced::schema()).unwrap();
        let data = written(&order);
        prop_assert!(data.get("remark").is_none() && order.remark.expose().is_some());
        prop_assert!(validator.is_valid(&data), "{:?}", validator.validate(&data));
        for (field, wrong) in [
            ("orderId", json!(17)),
            ("lines", json!([{ "article": -1, "pieces": 1, "parts": [] }])),
            ("lines", json!([{ "article": 1, "pieces": 0, "parts": [] }])),
            ("state", json!("Open")),
            ("payment", json!({ "by": "cash" })),
            ("buyer", json!("ada@example.com")),
            ("buyer", json!("s1.k1.AAAAAAAAAAAAAAAAAAAAAA")),
            ("phone", json!("+44 20 7946 0000")),
            ("prices", json!({ "a": "1" })),
        ] {
            let mut other = data.clone();
            other[field] = wrong;
            prop_assert!(!validator.is_valid(&other), "{field}");
            prop_assert!(OrderPlaced::read(other.to_string().as_bytes()).is_err() || field == "buyer", "{field}");
        }
    }
}

#[test]
fn the_schema_says_what_travels() {
    let schema = OrderPlaced::schema();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["title"], "order.placed.v2");
    assert_eq!(schema["description"], "An order was placed.");
    let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let mut expected = [
        "buyer",
        "foreign",
        "gift",
        "lines",
        "note_text",
        "orderId",
        "payment",
        "phone",
        "prices",
        "state",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(
        schema["required"],
        json!([
            "buyer", "foreign", "lines", "orderId", "payment", "prices", "state"
        ])
    );
    let of = |field: &str| schema["properties"][field].clone();
    assert_eq!(
        of("orderId"),
        json!({ "type": "string", "format": "uuid", "description": "What it is known by." })
    );
    assert_eq!(of("note_text"), json!({ "type": ["string", "null"] }));
    assert_eq!(of("gift"), json!({ "type": "boolean", "default": false }));
    assert_eq!(of("foreign"), json!({ "type": "string" }));
    assert_eq!(of("phone")["type"], json!(["string", "null"]));
    assert_eq!(of("lines")["items"], json!({ "$ref": "#/$defs/Line" }));
    assert_eq!(
        schema["$defs"]["Line"]["properties"]["article"],
        json!({ "type": "integer", "format": "uint64", "minimum": 0 })
    );
}

/// A folder that is there for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", Uuid::new_v4()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, schema: &Value) {
        fs::write(self.0.join("user.named.v1.json"), schema.to_string()).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever is left there is in the way of nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug, Event)]
#[event(type = "user.named", topic = domain("user"), key = user_id)]
struct UserNamed {
    user_id: u64,
    nick: Option<String>,
}

/// What the assertion says as it fails.
#[track_caller]
fn said(asserted: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(asserted).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

fn before(change: impl FnOnce(&mut Value)) -> Value {
    let mut schema = UserNamed::schema();
    change(&mut schema);
    schema
}

/// `MARTY_RECORD` is that of the process, so that what records is a process of its own: see the tests of generated services.
#[test]
fn an_event_that_is_as_it_is_recorded_passes() {
    let folder = Folder::new("recorded");
    folder.write(&before(|schema| {
        schema["examples"] = json!([{ "user_id": 7 }]);
    }));
    assert_recorded::<UserNamed>(&folder.0);
    assert_readable::<UserNamed>(&folder.0);
}

#[test]
fn an_event_that_is_not_recorded_says_how_it_is() {
    let folder = Folder::new("missing");
    let message = said(|| assert_recorded::<UserNamed>(&folder.0));
    assert!(
        message.contains("`user.named.v1` has no schema in"),
        "{message}"
    );
    assert!(message.contains("`MARTY_RECORD=1 cargo test`"), "{message}");
    let message = said(|| assert_readable::<UserNamed>(&folder.0));
    assert!(
        message.contains("copy it from the service that publishes"),
        "{message}"
    );
}

#[test]
fn a_change_that_others_follow_is_to_be_recorded() {
    let folder = Folder::new("compatible");
    folder.write(&before(|schema| {
        schema["properties"].as_object_mut().unwrap().remove("nick");
    }));
    let message = said(|| assert_recorded::<UserNamed>(&folder.0));
    assert!(
        message.contains("changed, and others can follow"),
        "{message}"
    );
    assert!(
        message.contains("`MARTY_RECORD=1 cargo test` records it"),
        "{message}"
    );
    assert_readable::<UserNamed>(&folder.0);
}

#[test]
fn a_change_that_others_cannot_follow_is_refused() {
    let folder = Folder::new("incompatible");
    folder.write(&before(|schema| {
        schema["properties"]["user_id"] = json!({ "type": "string" });
    }));
    let message = said(|| assert_recorded::<UserNamed>(&folder.0));
    for part in [
        "`user.named.v1` is no longer what `",
        "`user_id`: old events may have a text, and new readers take a whole number",
        "`user_id`: new events may have a whole number",
        "once more with `version = 2`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let message = said(|| assert_readable::<UserNamed>(&folder.0));
    assert!(
        message.contains(
            "`user_id`: published events may have a text, and readers here take a whole number"
        ),
        "{message}"
    );
}

#[test]
fn an_example_that_is_none_is_refused() {
    let folder = Folder::new("example");
    folder.write(&before(|schema| {
        schema["examples"] = json!([{ "user_id": 7 }, { "user_id": "7" }]);
    }));
    for message in [
        said(|| assert_recorded::<UserNamed>(&folder.0)),
        said(|| assert_readable::<UserNamed>(&folder.0)),
    ] {
        assert!(message.starts_with("example 1 in "), "{message}");
    }
}
