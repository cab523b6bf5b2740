//! Fields that an event's struct does not know: an event that keeps them is published again with them.

use marty_runtime::{
    bus::EventBus,
    event::{Attributes, Envelope, Event, Keyring, Pii, Unknown, decode, encode},
};
use proptest::prelude::*;
use serde_json::{Map, Value};

#[derive(Clone, Debug, PartialEq, Event)]
#[event(type = "order.placed", topic = domain("order"), key = order_id)]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    order_id: u64,
    #[serde(alias = "remark")]
    note: Option<String>,
    #[pii(hash)]
    buyer_token: Option<Pii<String>>,
    #[pii(drop)]
    #[serde(alias = "buyer-name")]
    buyer_name: Option<Pii<String>>,
    #[event(unknown)]
    more: Unknown,
}

/// An event that is nothing but what it does not know.
#[derive(Event)]
#[event(type = "order.forwarded", topic = service)]
struct Forwarded {
    #[event(unknown)]
    all: Unknown,
}

fn written<E: Event>(event: &E) -> String {
    let record = encode(event, &Attributes::new("/shop"), &Keyring::none()).unwrap();
    String::from_utf8(record.value().unwrap().to_vec()).unwrap()
}

#[test]
fn what_is_not_known_is_written_again_to_the_letter() {
    let data = r#"{"orderId":1,"added":{"price":12.50,"of":["a"]},"big":340282366920938463463374607431768211455,"q\"":null}"#;
    let order = OrderPlaced::read(data.as_bytes()).unwrap();
    let names: Vec<&str> = order.more.names().collect();
    assert_eq!(names, ["added", "big", "q\""]);
    assert_eq!(
        written(&order),
        r#"{"orderId":1,"note":null,"buyerToken":null,"added":{"price":12.50,"of":["a"]},"big":340282366920938463463374607431768211455,"q\"":null}"#
    );
}

#[test]
fn fields_that_are_known_by_another_name_are_not_written_twice() {
    let order = OrderPlaced::read(br#"{"orderId":1,"remark":"r"}"#).unwrap();
    assert_eq!(order.note.as_deref(), Some("r"));
    assert!(order.more.is_empty());
}

#[test]
fn what_is_dropped_of_a_person_is_not_passed_on_either() {
    for name in ["buyerName", "buyer-name"] {
        let data = format!(r#"{{"orderId":1,"{name}":"Ada"}}"#);
        let order = OrderPlaced::read(data.as_bytes()).unwrap();
        assert!(!written(&order).contains("Ada"), "{name}");
    }
}

#[test]
fn what_may_be_somebody_s_does_not_show() {
    let order = OrderPlaced::read(br#"{"orderId":1,"email":"ada@example.com"}"#).unwrap();
    assert!(format!("{order:?}").contains("Unknown(1 fields)"));
    let record = encode(&order, &Attributes::new("/shop"), &Keyring::none()).unwrap();
    assert_eq!(
        record.header("ce_dataclassification"),
        Some(&b"personal"[..])
    );
}

#[tokio::test]
async fn an_event_goes_through_a_service_that_does_not_know_all_of_it() {
    let (bus, memory) = EventBus::in_memory("shop");
    let order = OrderPlaced::read(br#"{"orderId":1,"added":true}"#).unwrap();
    bus.publish(&order).await.unwrap();
    let stored = memory.records("domain.order.events").remove(0);
    let again: Envelope<OrderPlaced> = decode(&stored.record).unwrap().into_envelope().unwrap();
    assert_eq!(again.data, order);
    assert_eq!(again.data.more.get("added"), Some("true"));
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_comes_out_as_it_went_in(fields in proptest::collection::btree_map(any::<String>(), json(), 0..6)) {
        let object = Value::Object(Map::from_iter(fields));
        let read = Forwarded::read(object.to_string().as_bytes()).unwrap();
        let again: Value = serde_json::from_str(&written(&read)).unwrap();
        prop_assert_eq!(again, object);
        prop_assert_eq!(read.all.is_empty(), read.all.names().len() == 0);
    }
}
