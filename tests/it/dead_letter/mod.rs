//! `marty events` before a real Kafka: dead letters of the runtime's own groups, live events, topics.

mod retried;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use marty_runtime::bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Subscription};
use marty_runtime::event::{Envelope, Event};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use serde_json::Value;

use crate::kafka::Kafka;
use crate::sandbox::Sandbox;
use crate::server::{eventually, free_address};

const PATIENCE: Duration = Duration::from_mins(1);

const TOPIC: &str = "domain.user.events";
const LETTERS: &str = "domain.user.events.mailer.dlq";

/// A topic that a broker has before anything is declared.
const FIRST: &str = "integration.first.events";

const DECLARED: &str = "[project]\nname = \"shop\"\n\n\
    [topics.\"domain.user.events\"]\npartitions = 1\nreplication = 1\nretention-hours = 168\n\n\
    [topics.\"domain.user.events.mailer.dlq\"]\npartitions = 1\n";

#[derive(Event)]
#[event(type = "user.created", version = 1, topic = domain("user"), key = user_id)]
struct UserCreated {
    user_id: u64,
    note: String,
}

/// A broker, and a project that declares its topics.
struct Stage {
    kafka: Kafka,
    sandbox: Sandbox,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("marty.toml", DECLARED);
        let kafka = Kafka::start(&[FIRST]);
        Self { kafka, sandbox }
    }

    /// The same with the topics that are declared.
    fn with_topics() -> Self {
        let stage = Self::new();
        assert!(stage.run("topics --apply").starts_with("status: 0\n"));
        stage
    }

    fn command(&self, arguments: &str) -> Command {
        let arguments = arguments.split_whitespace();
        let mut command = self.sandbox.marty(["events"].into_iter().chain(arguments));
        command.env("MARTY_KAFKA_BROKERS", &self.kafka.address);
        command
    }

    #[track_caller]
    fn run(&self, arguments: &str) -> String {
        let outcome = self.sandbox.outcome(&mut self.command(arguments));
        stable(&outcome)
    }

    #[track_caller]
    fn json(&self, arguments: &str, schema: &str) -> Value {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = serde_json::from_slice(&output.stdout);
        let printed: Value = printed.unwrap_or_else(|error| panic!("{error}: {said}"));
        fits(&printed, schema);
        printed
    }

    /// The letters of the mailer that are open.
    #[track_caller]
    fn open(&self) -> usize {
        let report = self.json(&format!("dlq list {LETTERS}"), "letters");
        report["letters"].as_array().unwrap().len()
    }

    #[track_caller]
    fn until_open(&self, count: usize) {
        eventually(PATIENCE, || {
            let open = self.open();
            (open == count)
                .then_some(())
                .ok_or_else(|| format!("{open} letters"))
        });
    }

    fn producer(&self) -> ThreadedProducer<rdkafka::producer::DefaultProducerContext> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.kafka.address);
        config.create().unwrap()
    }

    /// Writes a record as somebody else would.
    fn put(&self, topic: &str, headers: &[(&str, &str)], value: &str) {
        let producer = self.producer();
        put(&producer, topic, headers, value);
        producer.flush(PATIENCE).unwrap();
    }
}

fn put(
    producer: &ThreadedProducer<rdkafka::producer::DefaultProducerContext>,
    topic: &str,
    headers: &[(&str, &str)],
    value: &str,
) {
    let headers = headers
        .iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| {
            all.insert(Header {
                key,
                value: Some(value.as_bytes()),
            })
        });
    let record = BaseRecord::<[u8], str>::to(topic)
        .payload(value)
        .headers(headers);
    producer.send(record).map_err(|(error, _)| error).unwrap();
}

#[track_caller]
fn fits(document: &Value, schema: &str) {
    let path = format!(
        "{}/docs/schema/{schema}.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|it| it.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

/// The text with times taken out, ids by their order, and what is random of traces.
fn stable(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, name) in [
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[time]"),
        (
            r"dlq-original-timestamp: \d+",
            "dlq-original-timestamp: [time]",
        ),
        (r"00-[0-9a-f]{32}-[0-9a-f]{16}-0\d", "[trace]"),
        (r"127\.0\.0\.1:\d+", "[address]"),
        // Behind the first letters lie marks, and where transactions end, which is not always at the same offset.
        (r" 0/([6-9]|\d\d+) ", " 0/[later] "),
    ] {
        text = regex::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, name)
            .into_owned();
    }
    let ids = regex::Regex::new(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}");
    let mut found: Vec<String> = Vec::new();
    for id in ids.unwrap().find_iter(&text) {
        if !found.iter().any(|it| it == id.as_str()) {
            found.push(id.as_str().to_owned());
        }
    }
    for (number, id) in found.iter().enumerate() {
        text = text.replace(id, &format!("[id {number}]"));
    }
    text
}

/// Two groups on one topic, one of which can be made to reject everything.
struct Groups {
    broken: Arc<AtomicBool>,
    /// Whom the mailer has written to, and how many events the auditor has seen.
    written: Arc<Mutex<Vec<u64>>>,
    audited: Arc<AtomicUsize>,
    subscriptions: Vec<Subscription>,
}

impl Groups {
    fn start(bus: &EventBus) -> Self {
        let broken = Arc::new(AtomicBool::new(true));
        let written = Arc::new(Mutex::new(Vec::new()));
        let audited = Arc::new(AtomicUsize::new(0));
        let mailer = {
            let (broken, written) = (Arc::clone(&broken), Arc::clone(&written));
            move |event: Envelope<UserCreated>, _: Delivery| {
                let (broken, written) = (Arc::clone(&broken), Arc::clone(&written));
                async move {
                    if broken.load(Ordering::SeqCst) {
                        let said = "550 no such mailbox ada@example.com";
                        return Err(HandlerError::reject("mailbox", said));
                    }
                    written.lock().unwrap().push(event.data.user_id);
                    Ok(())
                }
            }
        };
        let auditor = {
            let audited = Arc::clone(&audited);
            move |_: Envelope<UserCreated>, _: Delivery| {
                audited.fetch_add(1, Ordering::SeqCst);
                async { Ok::<(), HandlerError>(()) }
            }
        };
        let groups = [
            Consumers::new("mailer").on::<UserCreated>(mailer),
            Consumers::new("auditor").on::<UserCreated>(auditor),
        ];
        Self {
            subscriptions: groups.map(|it| bus.consume(it).unwrap()).into(),
            broken,
            written,
            audited,
        }
    }

    async fn stop(self) {
        for subscription in self.subscriptions {
            let until = tokio::time::Instant::now() + PATIENCE;
            assert!(subscription.stop(until).await);
        }
    }

    fn written(&self) -> Vec<u64> {
        self.written.lock().unwrap().clone()
    }
}

async fn publish(bus: &EventBus, user_id: u64) {
    let event = UserCreated {
        user_id,
        note: "write to ada@example.com".to_owned(),
    };
    bus.publish_domain_event(format!("user/{user_id}"), &event)
        .await
        .unwrap();
}

/// Groups of which the mailer is broken, and three events that they are told of.
async fn broken(stage: &Stage) -> (EventBus, Groups) {
    let config = KafkaConfig::new(&stage.kafka.address);
    let bus = EventBus::kafka("user-service", &config).unwrap();
    let groups = Groups::start(&bus);
    for user_id in 1..=3 {
        publish(&bus, user_id).await;
    }
    (bus, groups)
}

#[test]
fn dead_letters_are_listed_put_back_for_their_group_and_discarded() {
    let stage = Stage::with_topics();
    let executor = tokio::runtime::Runtime::new().unwrap();
    let (bus, groups) = executor.block_on(broken(&stage));
    stage.until_open(3);
    let mut log = String::new();
    let mut run = |arguments: &str| {
        let outcome = stage.run(arguments);
        let _ = write!(log, "$ marty events {arguments}\n{outcome}\n");
        outcome
    };
    run("dlq list");
    run(&format!("dlq show {LETTERS} --id 0/1"));
    for filter in [
        "--type user.created",
        "--error mailbox",
        "--error no.such",
        "--since 1h",
        "--until 1h",
    ] {
        run(&format!("dlq list {LETTERS} {filter}"));
    }
    run(&format!("dlq replay {LETTERS} --dry-run"));
    assert_eq!(stage.open(), 3);

    // They die again, and carry how often they were put back.
    run(&format!("dlq replay {LETTERS}"));
    stage.until_open(3);
    run(&format!("dlq replay {LETTERS} --max-replays 1"));
    assert_eq!(stage.open(), 3);
    let open = stage.json(&format!("dlq list {LETTERS}"), "letters");
    for letter in open["letters"].as_array().unwrap() {
        assert_eq!(letter["replays"], 1, "{letter:#}");
    }

    let last = format!("--id {}", open["letters"][2]["id"].as_str().unwrap());
    stage.json(
        &format!("dlq discard {LETTERS} {last} --dry-run"),
        "letters",
    );
    assert_eq!(stage.open(), 3);
    stage.json(&format!("dlq discard {LETTERS} {last}"), "letters");
    assert_eq!(stage.open(), 2);
    groups.broken.store(false, Ordering::SeqCst);
    run(&format!("dlq replay {LETTERS}"));
    executor.block_on(publish(&bus, 4));
    eventually(PATIENCE, || {
        let (written, audited) = (groups.written(), groups.audited.load(Ordering::SeqCst));
        (written == [1, 2, 4] && audited == 4)
            .then_some(())
            .ok_or_else(|| format!("{written:?}, {audited} audited"))
    });
    run(&format!("dlq list {LETTERS} --all"));
    run(&format!("dlq replay {LETTERS}"));
    assert_eq!(stage.open(), 0);
    insta::assert_snapshot!(log);
    executor.block_on(groups.stop());
}

/// How often each record of a topic is there for who reads what is committed, by the header `ce_id`.
fn counted(stage: &Stage, topic: &str, least: usize) -> BTreeMap<String, usize> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &stage.kafka.address)
        .set("group.id", "counter")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let mut found = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => {
                let headers = message.headers().unwrap();
                let id = headers.iter().find(|it| it.key == "ce_id").unwrap();
                let id = std::str::from_utf8(id.value.unwrap()).unwrap();
                *found.entry(id.to_owned()).or_default() += 1;
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) if found.len() >= least => break,
            _ => {}
        }
    }
    found
}

/// As many letters as take some batches.
const MANY: usize = 5000;

/// Writes so many letters of the mailer.
fn fill(stage: &Stage) {
    let producer = stage.producer();
    for number in 0..MANY {
        let id = format!("{number:05}");
        let headers = [
            ("ce_specversion", "1.0"),
            ("ce_id", &*id),
            ("ce_source", "/user-service"),
            ("ce_type", "user.created.v1"),
            ("dlq-original-topic", TOPIC),
            ("dlq-group", "mailer"),
            ("dlq-error-class", "mailbox"),
        ];
        put(&producer, LETTERS, &headers, "{}");
    }
    producer.flush(PATIENCE).unwrap();
    assert_eq!(stage.open(), MANY);
}

/// Starts a replay, and waits until the first of its batches is done.
fn begun(stage: &Stage) -> (Child, impl Iterator<Item = String>) {
    let mut replay = stage.command(&format!("dlq replay {LETTERS}"));
    let replay = replay.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut replay = replay.spawn().unwrap();
    let said = BufReader::new(replay.stderr.take().unwrap()).lines();
    let mut said = said.map(Result::unwrap);
    assert_eq!(said.next().unwrap(), format!("100 of {MANY} letters"));
    (replay, said)
}

/// Replays what is left, and counts what was put back by whom and when ever.
fn finish(stage: &Stage) {
    let report = stage.json(&format!("dlq replay {LETTERS}"), "letters");
    let rest = report["letters"].as_array().unwrap().len();
    assert!((1..=MANY - 100).contains(&rest), "{rest} letters");
    assert_eq!(stage.open(), 0);
}

fn each_came_once(stage: &Stage) {
    let counted = counted(stage, TOPIC, MANY);
    assert_eq!(counted.len(), MANY);
    let twice: Vec<_> = counted.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_replay_that_is_killed_goes_on_and_puts_nothing_back_twice() {
    let stage = Stage::with_topics();
    fill(&stage);
    let (mut replay, _) = begun(&stage);
    replay.kill().unwrap();
    assert!(
        !replay.wait().unwrap().success(),
        "it was done before it was killed"
    );
    finish(&stage);
    each_came_once(&stage);
}

#[test]
fn of_two_who_replay_the_same_letters_the_earlier_is_shut_out() {
    let stage = Stage::with_topics();
    fill(&stage);
    let (mut replay, said) = begun(&stage);
    let signal = |name: &str| {
        let id = replay.id().to_string();
        let told = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(told.success());
    };
    signal("-STOP");
    finish(&stage);
    signal("-CONT");
    let said: Vec<String> = said.collect();
    assert_eq!(replay.wait().unwrap().code(), Some(2), "{said:#?}");
    let said = said.join("\n");
    assert!(said.contains("cannot settle the letters of"), "{said}");
    each_came_once(&stage);
}

#[test]
fn what_is_no_letter_or_has_nowhere_to_go_is_left() {
    let stage = Stage::with_topics();
    stage.put(LETTERS, &[], "not JSON");
    let gone = [
        ("dlq-original-topic", "domain.gone.events"),
        ("dlq-group", "mailer"),
    ];
    stage.put(LETTERS, &gone, "{}");
    insta::assert_snapshot!(stage.run(&format!("dlq replay {LETTERS}")));
    assert_eq!(stage.open(), 2);
    let missing = stage.run("dlq list no.such.dlq");
    assert!(missing.starts_with("status: 2\n"), "{missing}");
    assert!(
        missing.contains("there is no topic `no.such.dlq`"),
        "{missing}"
    );
}

#[test]
fn live_events_are_shown_in_both_modes_and_masked() {
    let stage = Stage::with_topics();
    let binary = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_source", "/user-service"),
        ("ce_type", "user.created.v1"),
        ("ce_subject", "user/17"),
        ("content-type", "application/json"),
    ];
    let data = r#"{"user_id":17,"email":"h1.k1.AAECAwQFBgcICQoLDA0ODw","first_name":"Ada","note":"to ada@example.com"}"#;
    let structured = format!(
        r#"{{"specversion":"1.0","id":"2","source":"/crm","type":"user.updated.v1","data":{data}}}"#
    );
    stage.put(TOPIC, &binary, data);
    stage.put(
        TOPIC,
        &[("content-type", "application/cloudevents+json")],
        &structured,
    );
    stage.put(TOPIC, &[], "no event of ada@example.com");
    let oldest = format!("tail {TOPIC} --from-start --count");
    insta::assert_snapshot!(stage.run(&format!("{oldest} 3")));
    let live = stage.json(&format!("{oldest} 1"), "event");
    assert_eq!(live["data"]["first_name"], "[personal]");

    // From now on: what was there before is not shown.
    let mut tail = stage.command(&format!("tail {TOPIC} --count 1"));
    let mut tail = tail.stdout(Stdio::piped()).spawn().unwrap();
    eventually(PATIENCE, || {
        stage.put(
            TOPIC,
            &[binary[0], ("ce_id", "3"), binary[2], binary[3]],
            "{}",
        );
        tail.try_wait()
            .unwrap()
            .map(|_| ())
            .ok_or_else(|| "nothing is shown".to_owned())
    });
    let shown = tail.wait_with_output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("user.created.v1 3\n"), "{shown}");
}

#[test]
fn of_messages_of_protocol_buffers_the_size_is_shown() {
    let stage = Stage::with_topics();
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_source", "/user-service"),
        ("ce_type", "user.created.v1"),
        ("content-type", "application/x-protobuf; proto=UserCreated"),
    ];
    // It is what the content type says, though it could be read as JSON.
    stage.put(TOPIC, &headers, "17");
    let structured = r#"{"specversion":"1.0","id":"2","source":"/crm","type":"user.updated.v1","datacontenttype":"application/protobuf","data_base64":"CBEQ"}"#;
    let content_type = [("content-type", "application/cloudevents+json")];
    stage.put(TOPIC, &content_type, structured);
    let shown = stage.run(&format!("tail {TOPIC} --from-start --count 2"));
    for size in ["protobuf, 2 bytes", "protobuf, 3 bytes"] {
        assert!(shown.contains(&format!("\n    {size}\n")), "{shown}");
    }
    let live = stage.json(&format!("tail {TOPIC} --from-start --count 1"), "event");
    assert_eq!(live["data"], Value::Null);
    assert_eq!(live["unreadable"], "protobuf, 2 bytes");

    stage.put(LETTERS, &headers, "17");
    let shown = stage.run(&format!("dlq show {LETTERS}"));
    let data = "\n    data   protobuf, 2 bytes\n";
    assert!(shown.contains(data), "{shown}");
}

#[test]
fn topics_that_are_missing_are_created_as_they_are_declared() {
    let stage = Stage::new();
    let mut log = String::new();
    for (arguments, status) in [("", 1), ("--apply", 0), ("", 0)] {
        let outcome = stage.run(&format!("topics {arguments}"));
        assert!(
            outcome.starts_with(&format!("status: {status}\n")),
            "{outcome}"
        );
        let _ = write!(log, "$ marty events topics {arguments}\n{outcome}\n");
    }
    let more = DECLARED.replacen("partitions = 1", "partitions = 2", 1);
    stage.sandbox.write("marty.toml", &more);
    let _ = write!(
        log,
        "$ marty events topics --apply\n{}",
        stage.run("topics --apply")
    );
    insta::assert_snapshot!(log);
    stage.json("topics", "topics");
}

#[test]
fn where_no_broker_is_that_is_said_soon() {
    let sandbox = Sandbox::new();
    let begun = Instant::now();
    let arguments = ["events", "dlq", "list", "--brokers", &free_address()];
    let outcome = sandbox.outcome(&mut sandbox.marty(arguments));
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    insta::assert_snapshot!(stable(&outcome));
}

/// The brokers of no variable and of no argument, and a span that is none.
#[test]
fn arguments_that_cannot_be_meant_are_refused_at_once() {
    let sandbox = Sandbox::new();
    let refused = |arguments: &[&str]| {
        let begun = Instant::now();
        let mut command = sandbox.marty(["events"].iter().chain(arguments));
        let outcome = sandbox.outcome(command.env("TRACEPARENT", "garbage"));
        assert!(begun.elapsed() < Duration::from_secs(4), "{outcome}");
        assert!(outcome.starts_with("status: 2\n"), "{outcome}");
        outcome
    };
    let outcome = refused(&["tail", "x", "--brokers", ""]);
    assert!(outcome.contains("'--brokers <ADDRESSES>'"), "{outcome}");
    let outcome = refused(&["dlq", "replay", "x.dlq", "--traceparent", "garbage"]);
    assert!(
        outcome.contains("\"garbage\" is no `traceparent`"),
        "{outcome}"
    );
}

#[test]
fn an_empty_variable_names_no_broker() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.marty(["events", "tail", "x"]);
    let variables = [
        ("MARTY_KAFKA_BROKERS", ""),
        ("MARTY_KAFKA_SECURITY", "sasl_plaintext"),
    ];
    // Nothing is connected to: how it is talked to cannot be used.
    let outcome = sandbox.outcome(command.envs(variables));
    assert!(
        outcome.contains("`MARTY_KAFKA_SASL_MECHANISM` is not set, but"),
        "{outcome}"
    );
    assert!(!outcome.contains("--features kafka-tls"), "{outcome}");
}

/// One that speaks another protocol, and a name that is nobody's.
#[test]
fn why_no_broker_answers_is_said_once() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 64]);
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for (brokers, cause) in [
        (
            "nohost.invalid:9092",
            "Failed to resolve 'nohost.invalid:9092'",
        ),
        (&*other, "Invalid response size"),
    ] {
        let arguments = ["events", "tail", "x", "--brokers", brokers];
        let outcome = sandbox.outcome(&mut sandbox.marty(arguments));
        assert_eq!(outcome.matches("cause: ").count(), 1, "{outcome}");
        assert!(outcome.contains(cause), "{outcome}");
    }
}

/// As one does that speaks TLS.
#[test]
fn where_a_broker_hangs_up_it_is_said_what_that_may_mean() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for client in listener.incoming() {
            let _ = client.unwrap().read(&mut [0; 4]);
        }
    });
    let arguments = ["events", "dlq", "list", "--brokers", &address];
    let outcome = sandbox.outcome(&mut sandbox.marty(arguments));
    assert!(outcome.starts_with("status: 2\n"), "{outcome}");
    for said in ["do not take this client", "security.protocol", "hint:"] {
        assert!(outcome.contains(said), "{outcome}");
    }
}

/// No broker is asked: the variables contradict each other, and the one with the secret does not show it.
#[test]
fn how_brokers_are_talked_to_is_what_the_variables_of_services_say() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.marty(["events", "dlq", "list"]);
    command.env("MARTY_KAFKA_PASSWORD", "hunter2");
    let outcome = sandbox.outcome(&mut command);
    let said = "`MARTY_KAFKA_PASSWORD` is \"***\", but has to be left out, or `MARTY_KAFKA_SECURITY` has to be";
    assert!(outcome.starts_with("status: 2\n"), "{outcome}");
    assert!(outcome.contains(said), "{outcome}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let sandbox = Sandbox::new();
    for (arguments, said) in [
        (
            &["events", "dlq", "list", "--since", "soon"][..],
            "\"soon\" is no time",
        ),
        (&["events", "dlq", "replay"], "<TOPIC>"),
        (
            &["events", "dlq", "replay", "a.dlq", "--max-replays", "x"],
            "invalid value 'x'",
        ),
        (&["events", "topics"], "there is no project"),
        (
            &["events", "dlq", "list", "--json", "--frob"],
            "unexpected argument '--frob'",
        ),
    ] {
        let outcome = sandbox.outcome(&mut sandbox.marty(arguments));
        assert!(outcome.starts_with("status: 2\n"), "{outcome}");
        assert!(outcome.contains(said), "{outcome}");
    }
}
