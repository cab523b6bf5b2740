//! Events whose data are messages of Protocol Buffers.

use std::time::SystemTime;

use marty_runtime::{
    bus::EventBus,
    event::{Attributes, Decoded, Envelope, Event, Format, Keyring, Record, decode, encode},
};
use proptest::prelude::*;
use prost::Message;

#[derive(Clone, PartialEq, Message, Event)]
#[event(type = "order.placed", topic = domain("order"), key = order_id, format = protobuf)]
struct OrderPlaced {
    #[prost(uint64, tag = "1")]
    order_id: u64,
    #[prost(string, repeated, tag = "2")]
    lines: Vec<String>,
    #[prost(message, optional, tag = "3")]
    price: Option<Price>,
}

#[derive(Clone, PartialEq, Message)]
struct Price {
    #[prost(string, tag = "1")]
    currency: String,
    #[prost(sint64, tag = "2")]
    cents: i64,
}

/// The same type, of somebody who takes it for JSON.
#[derive(Debug, Event)]
#[event(type = "order.placed", topic = domain("order"), key = order_id)]
struct InJson {
    order_id: u64,
}

fn order() -> OrderPlaced {
    OrderPlaced {
        order_id: 17,
        lines: vec!["a".to_owned()],
        price: Some(Price {
            currency: "EUR".to_owned(),
            cents: -5,
        }),
    }
}

fn record<E: Event>(event: &E) -> Record {
    encode(event, &Attributes::new("/shop"), &Keyring::none()).unwrap()
}

fn read<E: Event>(record: &Record) -> Result<Envelope<E>, marty_runtime::event::DecodeError> {
    decode(record).and_then(Decoded::into_envelope)
}

#[track_caller]
fn refused<E: Event + std::fmt::Debug>(record: &Record, class: &str, message: &str) {
    let error = read::<E>(record).unwrap_err();
    assert_eq!(
        (error.class(), error.to_string().as_str()),
        (class, message)
    );
}

#[test]
fn the_value_is_the_message_and_the_content_type_says_so() {
    let record = record(&order());
    assert_eq!(record.value(), Some(&*order().encode_to_vec()));
    assert_eq!(
        record.header("content-type"),
        Some(&b"application/protobuf"[..])
    );
    assert_eq!(record.key(), Some(&b"17"[..]));
    assert_eq!(decode(&record).unwrap().format(), Some(Format::Protobuf));
    assert_eq!(read::<OrderPlaced>(&record).unwrap().data, order());
}

#[test]
fn a_message_of_nothing_but_defaults_is_no_tombstone() {
    let empty = OrderPlaced::default();
    let record = record(&empty);
    assert_eq!(record.value(), Some(&[][..]));
    assert_eq!(read::<OrderPlaced>(&record).unwrap().data, empty);
}

/// What `structured` says of the same event.
fn structured(content_type: &str, rest: &str) -> Record {
    let value = format!(
        r#"{{"specversion":"1.0","id":"7","source":"/shop","type":"order.placed.v1","datacontenttype":"{content_type}"{rest}}}"#
    );
    Record::with_capacity(0, 0, SystemTime::now())
        .with_header("content-type", Some(b"application/cloudevents+json"))
        .with_value(value.as_bytes())
}

#[test]
fn the_structured_mode_has_the_message_as_base64() {
    // Field 1 is 17, field 2 is "a".
    let data = r#","data_base64":"CBESAWE=""#;
    for content_type in [
        "application/protobuf",
        "application/x-protobuf; proto=shop.OrderPlaced",
        "application/vnd.google.protobuf",
    ] {
        let read = read::<OrderPlaced>(&structured(content_type, data)).unwrap();
        assert_eq!(
            (read.data.order_id, &*read.data.lines),
            (17, &["a".to_owned()][..])
        );
    }
    let nothing = read::<OrderPlaced>(&structured("application/protobuf", "")).unwrap();
    assert_eq!(nothing.data, OrderPlaced::default());
    refused::<OrderPlaced>(
        &structured("application/protobuf", r#","data":{"order_id":17}"#),
        "attribute_missing",
        "attribute `data_base64` is missing",
    );
}

#[test]
fn who_reads_one_format_refuses_the_other() {
    refused::<InJson>(
        &record(&order()),
        "content_type",
        "the data are not said to be JSON",
    );
    refused::<OrderPlaced>(
        &record(&InJson { order_id: 17 }),
        "content_type",
        "the data are not said to be Protocol Buffers",
    );
    let silent = Record::with_capacity(0, 0, SystemTime::now())
        .with_header("ce_specversion", Some(b"1.0"))
        .with_header("ce_id", Some(b"7"))
        .with_header("ce_source", Some(b"/shop"))
        .with_header("ce_type", Some(b"order.placed.v1"))
        .with_value(&order().encode_to_vec());
    refused::<OrderPlaced>(
        &silent,
        "content_type",
        "the data are not said to be Protocol Buffers",
    );
}

#[test]
fn data_that_are_no_such_message_are_refused() {
    let broken = structured("application/protobuf", r#","data_base64":"EgVh""#);
    refused::<OrderPlaced>(
        &broken,
        "data_invalid",
        "the data do not fit: they are no such message of Protocol Buffers",
    );
}

#[tokio::test]
async fn it_travels_like_every_event() {
    let (bus, memory) = EventBus::in_memory("shop");
    bus.publish(&order()).await.unwrap();
    let stored = memory.records("domain.order.events").remove(0);
    assert_eq!(read::<OrderPlaced>(&stored.record).unwrap().data, order());
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_an_error(data: Vec<u8>) {
        let _ = OrderPlaced::read(&data);
    }

    #[test]
    fn what_is_written_is_read(order_id: u64, lines: Vec<String>, cents: i64, currency: String) {
        let order = OrderPlaced { order_id, lines, price: Some(Price { currency, cents }) };
        prop_assert_eq!(read::<OrderPlaced>(&record(&order)).unwrap().data, order);
    }
}
