//! Events are the same for others: for kcat, which knows records only, and for another implementation of `CloudEvents` over another
//! binding of the client.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Subscription},
    event::{Attributes, Cause, Envelope, Event, EventId, Trace},
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::broker::{self, Broker};

const PATIENCE: Duration = Duration::from_mins(1);

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const SUBJECT: &str = "päckchen/7 – groß";
const PARCEL: &str = "Päckchen 7";
const NOTE: &str = "naïve, \"漢字\" & 🎁\n\u{7f}";

/// 2026-03-01T12:30:00.125Z, in milliseconds since 1970.
const TIME: u64 = 1_772_368_200_125;

macro_rules! weighed {
    ($name:ident $topic:literal) => {
        #[derive(Clone, Debug, PartialEq, Event)]
        #[event(type = "parcel.weighed", version = 2, topic = domain($topic), key = parcel)]
        struct $name {
            parcel: String,
            note: String,
            grams: i64,
        }

        impl $name {
            const DOMAIN: &'static str = concat!("domain.", $topic, ".events");

            fn heavy() -> Self {
                Self {
                    parcel: PARCEL.to_owned(),
                    note: NOTE.to_owned(),
                    grams: i64::MAX,
                }
            }
        }
    };
}

weighed!(Ours "weighed-here");
weighed!(OfKcat "weighed-by-kcat");
weighed!(OfPython "weighed-by-python");

fn data() -> Value {
    json!({ "parcel": PARCEL, "note": NOTE, "grams": i64::MAX })
}

fn bus() -> (EventBus, &'static Broker) {
    let broker = Broker::shared();
    let config = KafkaConfig::new(&broker.address());
    (EventBus::kafka("scales", &config).unwrap(), broker)
}

/// What runs the other implementation.
fn python() -> Command {
    let program = broker::server("cloudevents").join("python3");
    let mut command = Command::new(program);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events/interop.py");
    command.arg(script);
    command
}

fn kcat() -> Command {
    Command::new(PathBuf::from("kcat"))
}

/// Runs a command with `input`; returns what it printed.
fn run(command: &mut Command, input: &[u8]) -> String {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        let missing = error.kind() == ErrorKind::NotFound;
        let hint = if missing {
            "; install `kcat`, as `tests/run` does on Debian"
        } else {
            ""
        };
        panic!("{command:?}: {error}{hint}")
    });
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The event that follows from another, as others are to read it.
async fn publish(bus: &EventBus) -> Attributes {
    let cause = Attributes::new("/warehouse");
    let made = async { Attributes::new("/scales").about(SUBJECT) };
    let mut attributes = Cause::event(&cause).scope(made).await;
    attributes.time = SystemTime::UNIX_EPOCH + Duration::from_millis(TIME);
    attributes.correlation_id = "größe-17".into();
    attributes.trace = Some(Trace {
        parent: PARENT.into(),
        state: Some("rojo=00f067aa0ba902b7".into()),
    });
    bus.publish_with(&Ours::heavy(), &attributes).await.unwrap();
    attributes
}

/// What others say of it, without what both are asked for apart.
fn expected(attributes: &Attributes) -> BTreeMap<String, String> {
    let causation = attributes.causation_id.as_ref().unwrap().to_string();
    [
        ("specversion", "1.0"),
        ("id", &*attributes.id.to_string()),
        ("source", "/scales"),
        ("type", "parcel.weighed.v2"),
        ("subject", SUBJECT),
        ("correlationid", "größe-17"),
        ("causationid", &*causation),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_read_what_we_publish() {
    let (bus, broker) = bus();
    broker.create(Ours::DOMAIN, 3).await;
    let attributes = publish(&bus).await;
    let address = broker.address();

    let read = run(
        kcat().args(["-C", "-q", "-e", "-J", "-b", &address, "-t", Ours::DOMAIN]),
        b"",
    );
    let record: Value = serde_json::from_str(&read).unwrap();
    let headers = record["headers"].as_array().unwrap();
    let headers: BTreeMap<String, String> = headers
        .chunks(2)
        .map(|pair| {
            [&pair[0], &pair[1]]
                .map(|text| text.as_str().unwrap().to_owned())
                .into()
        })
        .collect();
    let named = expected(&attributes).into_iter();
    let mut wanted: BTreeMap<_, _> = named
        .map(|(name, value)| (format!("ce_{name}"), value))
        .collect();
    for (name, value) in [
        ("content-type", "application/json"),
        ("traceparent", PARENT),
        ("tracestate", "rojo=00f067aa0ba902b7"),
    ] {
        wanted.insert(name.to_owned(), value.to_owned());
    }
    assert_eq!(headers, wanted);
    assert_eq!(record["key"], PARCEL);
    assert_eq!(record["ts"], TIME);
    let payload = record["payload"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(payload).unwrap(), data());

    let read = run(python().args(["read", &address, Ours::DOMAIN, "1"]), b"");
    let event: Value = serde_json::from_str(&read).unwrap();
    let mut wanted = expected(&attributes);
    wanted.insert("datacontenttype".to_owned(), "application/json".to_owned());
    wanted.insert("partitionkey".to_owned(), PARCEL.to_owned());
    assert_eq!(event["attributes"], json!(wanted));
    assert_eq!(event["data"], data());
    assert_eq!(event["timestamp"], TIME);
}

/// What is handled of `E`.
fn handled<E: Event + Clone>(
    bus: &EventBus,
) -> (Subscription, mpsc::UnboundedReceiver<Envelope<E>>) {
    let (saw, seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<E>, _: Delivery| {
        std::future::ready(saw.send(event).map_err(|_| HandlerError::skip("over")))
    };
    let subscription = bus.consume(Consumers::new("scales").on::<E>(handler));
    (subscription.unwrap(), seen)
}

/// Attributes that somebody else gives an event, a time in another zone and an attribute that we do not know among them.
fn foreign(id: &str) -> BTreeMap<&str, String> {
    [
        ("specversion", "1.0"),
        ("id", id),
        ("source", "urn:wägestelle:3"),
        ("type", "parcel.weighed.v2"),
        ("subject", SUBJECT),
        ("time", "2026-03-01T14:30:00.125750+02:00"),
        ("datacontenttype", "application/json; charset=utf-8"),
        ("correlationid", "größe-17"),
        ("causationid", "cause-3"),
        ("traceparent", PARENT),
        ("tracestate", "rojo=00f067aa0ba902b7"),
        ("tenant", "Zürich"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// What we make of them.
fn ours(id: &str) -> Attributes {
    Attributes {
        id: EventId::new(id.to_owned().into()),
        source: "urn:wägestelle:3".into(),
        subject: Some(SUBJECT.into()),
        time: SystemTime::UNIX_EPOCH + Duration::from_micros(TIME * 1000 + 750),
        correlation_id: "größe-17".into(),
        causation_id: Some(EventId::new("cause-3".into())),
        trace: Some(Trace {
            parent: PARENT.into(),
            state: Some("rojo=00f067aa0ba902b7".into()),
        }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_read_what_kcat_writes_in_both_modes() {
    let (bus, broker) = bus();
    broker.create(OfKcat::DOMAIN, 3).await;
    let (_subscription, mut seen) = handled::<OfKcat>(&bus);
    let write = |headers: Vec<String>, value: &Value| {
        let mut command = kcat();
        command.args([
            "-P",
            "-b",
            &broker.address(),
            "-t",
            OfKcat::DOMAIN,
            "-k",
            PARCEL,
        ]);
        for header in headers {
            command.args(["-H", &header]);
        }
        run(&mut command, value.to_string().as_bytes());
    };

    let headers = foreign("of kcat, binary")
        .into_iter()
        .map(|(name, value)| match name {
            "datacontenttype" => format!("content-type={value}"),
            name => format!("ce_{name}={value}"),
        });
    write(headers.collect(), &data());
    let event = timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
    assert_eq!(event.attributes, ours("of kcat, binary"));
    assert_eq!(event.data, OfKcat::heavy());

    let mut whole = json!(foreign("of kcat, structured"));
    whole["data"] = data();
    let header = "content-type=application/cloudevents+json; charset=UTF-8";
    write(vec![header.to_owned()], &whole);
    let event = timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
    assert_eq!(event.attributes, ours("of kcat, structured"));
    assert_eq!(event.data, OfKcat::heavy());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_read_what_another_implementation_writes_in_both_modes() {
    let (bus, broker) = bus();
    broker.create(OfPython::DOMAIN, 3).await;
    let (_subscription, mut seen) = handled::<OfPython>(&bus);
    for mode in ["binary", "structured"] {
        let mut attributes = foreign(mode);
        attributes.insert("partitionkey", PARCEL.to_owned());
        let event = json!({ "attributes": attributes, "data": data() });
        let mut command = python();
        command.args(["write", &broker.address(), OfPython::DOMAIN, mode]);
        run(&mut command, event.to_string().as_bytes());
        let event = timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
        assert_eq!(event.attributes, ours(mode));
        assert_eq!(event.data, OfPython::heavy());
    }
}
