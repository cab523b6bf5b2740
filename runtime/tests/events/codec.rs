//! The codec: what is written is read, and whatever is read does no harm.

use std::time::{Duration, SystemTime};

use marty_runtime::event::{
    Attributes, Decoded, Envelope, Event, EventId, Keyring, Record, Text, Trace, decode, encode,
};
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq, Event)]
#[event(type = "order.placed", version = 2, topic = domain("order"), key = order_id)]
struct OrderPlaced {
    order_id: String,
    lines: Vec<u32>,
    #[serde(rename = "note_text", alias = "note")]
    note: Option<String>,
    #[serde(default)]
    gift: bool,
}

fn text() -> impl Strategy<Value = Text> {
    ".{1,20}".prop_map(Text::from)
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let id = prop_oneof![
        Just(()).prop_map(|()| EventId::generate()),
        text().prop_map(EventId::new)
    ];
    let cause = proptest::option::of(text().prop_map(EventId::new));
    let trace = proptest::option::of(proptest::option::of(text()));
    let millis = 0..4_000_000_000_000_u64;
    let rest = (
        proptest::option::of(text()),
        proptest::option::of(text()),
        cause,
        trace,
    );
    (id, text(), millis, rest).prop_map(
        |(id, source, millis, (subject, correlation, causation_id, trace))| Attributes {
            correlation_id: correlation.unwrap_or_else(|| id.to_string().into()),
            id,
            source,
            subject,
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(millis),
            causation_id,
            trace: trace.map(|state| Trace {
                state,
                ..Trace::unsampled()
            }),
        },
    )
}

fn order() -> impl Strategy<Value = OrderPlaced> {
    let parts = (
        any::<String>(),
        any::<Vec<u32>>(),
        any::<Option<String>>(),
        any::<bool>(),
    );
    parts.prop_map(|(order_id, lines, note, gift)| OrderPlaced {
        order_id,
        lines,
        note,
        gift,
    })
}

/// Headers as they might come, ours among them.
fn record() -> impl Strategy<Value = Record> {
    let name = prop_oneof![
        Just("ce_specversion".to_owned()),
        Just("ce_id".to_owned()),
        Just("ce_source".to_owned()),
        Just("ce_type".to_owned()),
        Just("ce_time".to_owned()),
        Just("content-type".to_owned()),
        Just("traceparent".to_owned()),
        any::<String>(),
    ];
    let value = prop_oneof![
        Just(Some(b"1.0".to_vec())),
        Just(Some(b"application/cloudevents+json".to_vec())),
        Just(Some(b"2026-02-30T25:00:00+99:99".to_vec())),
        any::<Option<Vec<u8>>>(),
    ];
    let headers = proptest::collection::vec((name, value), 0..8);
    let payload = prop_oneof![
        any::<Option<Vec<u8>>>(),
        any::<String>().prop_map(|text| Some(
            format!(r#"{{"specversion":"1.0","id":{text:?}}}"#).into_bytes()
        )),
    ];
    (headers, payload).prop_map(|(headers, payload)| {
        let mut record = Record::with_capacity(0, 0, SystemTime::now());
        if let Some(payload) = payload {
            record = record.with_value(&payload);
        }
        headers.iter().fold(record, |record, (name, value)| {
            record.with_header(name, value.as_deref())
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(data in order(), attributes in attributes()) {
        let record = encode(&data, &attributes, &Keyring::none()).unwrap();
        prop_assert_eq!(record.key(), Some(data.order_id.as_bytes()));
        let read: Envelope<OrderPlaced> = decode(&record).unwrap().into_envelope().unwrap();
        prop_assert_eq!(read, Envelope { attributes, data });
    }

    #[test]
    fn any_record_is_an_event_or_an_error(record in record()) {
        if let Ok(decoded) = decode(&record) {
            let _ = decoded.into_envelope::<OrderPlaced>();
        }
    }

    #[test]
    fn any_data_are_an_event_or_an_error(data: Vec<u8>) {
        let _ = OrderPlaced::read(&data);
    }
}

fn plain() -> Record {
    Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH)
        .with_header("ce_specversion", Some(b"1.0"))
        .with_header("ce_id", Some(b"7"))
        .with_header("ce_source", Some(b"/shop"))
}

const DATA: &[u8] = br#"{"order_id":"o1","lines":[1],"note":"n","added_later":{"x":1}}"#;

fn placed() -> Record {
    plain()
        .with_header("ce_type", Some(b"order.placed.v2"))
        .with_value(DATA)
}

#[test]
fn the_headers_are_those_of_the_contract_and_no_more() {
    let data = OrderPlaced {
        order_id: "o1".to_owned(),
        lines: vec![],
        note: None,
        gift: true,
    };
    let names = |attributes: &Attributes| {
        let record = encode(&data, attributes, &Keyring::none()).unwrap();
        let names: Vec<String> = record.headers().map(|(name, _)| name.to_owned()).collect();
        names.join(" ")
    };
    let mut attributes = Attributes::new("/shop");
    assert_eq!(
        names(&attributes),
        "ce_specversion ce_id ce_source ce_type content-type traceparent"
    );
    attributes = attributes.about("order/o1");
    attributes.correlation_id = "c".into();
    attributes.causation_id = Some(EventId::generate());
    assert_eq!(
        names(&attributes),
        "ce_specversion ce_id ce_source ce_type content-type traceparent ce_subject ce_correlationid ce_causationid"
    );
}

#[test]
fn fields_that_were_added_or_renamed_do_no_harm() {
    let read: Envelope<OrderPlaced> = decode(&placed()).unwrap().into_envelope().unwrap();
    let expected = OrderPlaced {
        order_id: "o1".to_owned(),
        lines: vec![1],
        note: Some("n".to_owned()),
        gift: false,
    };
    assert_eq!(read.data, expected);
    assert_eq!(read.attributes.correlation_id, "7");
    assert_eq!(read.attributes.time, SystemTime::UNIX_EPOCH);
}

fn structured(rest: &str) -> Record {
    let value = format!(
        r#"{{"specversion":"1.0","id":"7","source":"/shop","type":"order.placed.v2","time":"1970-01-01T02:00:01.5+02:00","ext":1{rest}}}"#
    );
    Record::with_capacity(0, 0, SystemTime::now())
        .with_header(
            "content-type",
            Some(b"application/CloudEvents+json; charset=UTF-8"),
        )
        .with_value(value.as_bytes())
}

#[test]
fn the_structured_mode_is_read_too() {
    let data = std::str::from_utf8(DATA).unwrap();
    let base64 = "eyJvcmRlcl9pZCI6Im8xIiwibGluZXMiOlsxXSwibm90ZSI6Im4ifQ==";
    for rest in [
        format!(r#","data":{data}"#),
        format!(r#","data_base64":"{base64}""#),
    ] {
        let record = structured(&rest);
        let read: Envelope<OrderPlaced> = decode(&record).unwrap().into_envelope().unwrap();
        assert_eq!(read.data.order_id, "o1");
        assert_eq!(
            read.attributes.time,
            SystemTime::UNIX_EPOCH + Duration::from_millis(1500)
        );
    }
}

#[track_caller]
fn refused(record: &Record, class: &str, message: &str) {
    let error = decode(record)
        .and_then(Decoded::into_envelope::<OrderPlaced>)
        .unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(error.class(), class);
}

#[test]
fn what_is_no_event_is_named() {
    let typed = plain().with_header("ce_type", Some(b"order.placed.v2"));
    refused(&typed, "tombstone", "the record has no value");
    refused(
        &plain().with_value(DATA),
        "attribute_missing",
        "attribute `ce_type` is missing",
    );
    let twice = placed().with_header("ce_id", Some(b"8"));
    refused(&twice, "attribute_invalid", "attribute `ce_id` comes twice");
    let binary = placed().with_header("ce_subject", Some(b"\xff"));
    refused(
        &binary,
        "attribute_invalid",
        "attribute `ce_subject` is not as CloudEvents 1.0 has it",
    );
    let dated = placed().with_header("ce_time", Some(b"yesterday"));
    refused(
        &dated,
        "attribute_invalid",
        "attribute `ce_time` is not as CloudEvents 1.0 has it",
    );
    let xml = placed().with_header("content-type", Some(b"application/xml"));
    refused(&xml, "content_type", "the data are not said to be JSON");
    refused(
        &structured(",\"data\":"),
        "structured_invalid",
        "the structured event is no JSON object of that form, at line 1 column 125",
    );
    let other = plain()
        .with_header("ce_type", Some(b"order.placed.v1"))
        .with_value(DATA);
    refused(
        &other,
        "type_mismatch",
        "the event is a `order.placed.v1`, not a `order.placed.v2`",
    );
}

#[test]
fn an_error_quotes_nothing_of_the_data() {
    let record = plain()
        .with_header("ce_type", Some(b"order.placed.v2"))
        .with_value(br#"{"order_id":"o1","lines":"ada@example.com"}"#);
    refused(
        &record,
        "data_invalid",
        "the data do not fit: they are not of this form at line 1 column 42",
    );
}

#[test]
fn a_trace_is_read_from_an_attribute_where_it_has_no_header() {
    let parent = |span: u64| format!("00-0af7651916cd43dd8448eb211c80319c-{span:016x}-01");
    let read = |headers: &[(&str, &str)]| {
        let order = OrderPlaced {
            order_id: "17".to_owned(),
            lines: Vec::new(),
            note: None,
            gift: false,
        };
        let mut attributes = Attributes::new("/shop");
        attributes.trace = None;
        let record = encode(&order, &attributes, &Keyring::none()).unwrap();
        let record = headers.iter().fold(record, |record, (name, value)| {
            record.with_header(name, Some(value.as_bytes()))
        });
        let decoded = decode(&record).unwrap();
        let trace = decoded.attributes().trace.clone();
        trace.map(|trace| {
            (
                trace.parent.to_string(),
                trace.state.map(|it| it.to_string()),
            )
        })
    };
    let (header, attribute) = (parent(1), parent(2));
    let of_attribute = [("ce_traceparent", &*attribute), ("ce_tracestate", "a=2")];
    assert_eq!(
        read(&of_attribute),
        Some((attribute.clone(), Some("a=2".to_owned())))
    );
    let both = [&of_attribute[..], &[("traceparent", &header)]].concat();
    assert_eq!(read(&both), Some((header.clone(), None)));
    assert_eq!(read(&[]), None);
}
