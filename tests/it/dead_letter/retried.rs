//! Letters that waited in a retry topic before they were given up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use marty_runtime::bus::{
    Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Policy, Subscription,
};
use marty_runtime::event::Envelope;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};

use super::{DECLARED, LETTERS, PATIENCE, Stage, TOPIC, UserCreated, publish};
use crate::server::eventually;

const LATER: &str = "domain.user.events.mailer.retry.1";

/// User, topic and attempt of what a handler was handed.
type Handed = Arc<Mutex<Vec<(u64, String, u32)>>>;

/// A group that notes what it is handed, and handles nothing while it is broken.
fn group(name: &str, broken: &Arc<AtomicBool>) -> (Consumers, Handed) {
    let handed = Handed::default();
    let (broken, noted) = (Arc::clone(broken), Arc::clone(&handed));
    let handler = move |event: Envelope<UserCreated>, delivery: Delivery| {
        let topic = delivery.topic.to_string();
        let attempt = (event.data.user_id, topic, delivery.attempt);
        noted.lock().unwrap().push(attempt);
        let broken = broken.load(Ordering::SeqCst);
        async move {
            if broken {
                return Err(HandlerError::retry("mailbox", "no answer"));
            }
            Ok(())
        }
    };
    (Consumers::new(name).on::<UserCreated>(handler), handed)
}

struct Groups {
    broken: Arc<AtomicBool>,
    by_mailer: Handed,
    by_auditor: Handed,
    subscriptions: [Subscription; 2],
}

impl Groups {
    fn start(bus: &EventBus) -> Self {
        let broken = Arc::new(AtomicBool::new(true));
        let (mailer, by_mailer) = group("mailer", &broken);
        let mailer = mailer
            .policy(Policy::default().attempts(1))
            .retry_topics([Duration::from_millis(50)]);
        let (auditor, by_auditor) = group("auditor", &Arc::default());
        Self {
            broken,
            by_mailer,
            by_auditor,
            subscriptions: [mailer, auditor].map(|it| bus.consume(it).unwrap()),
        }
    }
}

/// Waits until that is what was handed over, and no more.
#[track_caller]
fn until_handed(handed: &Handed, attempts: &[(u64, u32)]) {
    let attempts = attempts.iter();
    let expected: Vec<_> = attempts
        .map(|(user, attempt)| (*user, TOPIC.to_owned(), *attempt))
        .collect();
    eventually(PATIENCE, || {
        let handed = handed.lock().unwrap();
        (*handed == expected)
            .then_some(())
            .ok_or_else(|| format!("{handed:?}"))
    });
}

/// The one letter that is open: how often it was tried and put back, and where it came from.
#[track_caller]
fn is_open(stage: &Stage, replays: u32) {
    stage.until_open(1);
    let report = stage.json(&format!("dlq show {LETTERS}"), "letters");
    let letter = &report["letters"][0];
    assert_eq!(letter["attempts"], 2, "{letter:#}");
    assert_eq!(letter["replays"], replays, "{letter:#}");
    assert_eq!(letter["original"]["topic"], TOPIC, "{letter:#}");
    assert_eq!(letter["original"]["offset"], OFFSETS[replays as usize]);
    assert!(!letter.to_string().contains("retry-"), "{letter:#}");
}

/// Where the event lies as it was published, and as it was put back: there is where a transaction ends between them.
const OFFSETS: [i64; 2] = [0, 1];

/// The names of all headers in `topic`, once for each of its `count` records.
fn headers(stage: &Stage, topic: &str, count: usize) -> Vec<String> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &stage.kafka.address)
        .set("group.id", "reader")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let (mut names, mut found) = (Vec::new(), 0);
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => {
                found += 1;
                let headers = message.headers().unwrap();
                names.extend(headers.iter().map(|it| it.key.to_owned()));
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => break,
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    assert_eq!(found, count, "{topic}");
    names
}

#[test]
fn a_letter_out_of_a_retry_topic_goes_back_to_where_its_event_was_published() {
    let stage = Stage::new();
    let declared = format!("{DECLARED}\n[topics.\"{LATER}\"]\npartitions = 1\n");
    stage.sandbox.write("marty.toml", &declared);
    assert!(stage.run("topics --apply").starts_with("status: 0\n"));
    let executor = tokio::runtime::Runtime::new().unwrap();
    let config = KafkaConfig::new(&stage.kafka.address);
    let bus = EventBus::kafka("user-service", &config).unwrap();
    let groups = executor.block_on(async { Groups::start(&bus) });
    executor.block_on(publish(&bus, 1));
    until_handed(&groups.by_mailer, &[(1, 1), (1, 2)]);
    is_open(&stage, 0);

    // It is tried anew, and waits in the retry topic again.
    stage.run(&format!("dlq replay {LETTERS}"));
    until_handed(&groups.by_mailer, &[(1, 1), (1, 2), (1, 1), (1, 2)]);
    is_open(&stage, 1);

    groups.broken.store(false, Ordering::SeqCst);
    stage.run(&format!("dlq replay {LETTERS}"));
    let handled = [(1, 1), (1, 2), (1, 1), (1, 2), (1, 1)];
    until_handed(&groups.by_mailer, &handled);
    // Behind what was put back for the mailer only.
    executor.block_on(publish(&bus, 2));
    until_handed(&groups.by_auditor, &[(1, 1), (2, 1)]);
    assert_eq!(stage.open(), 0);
    headers(&stage, LATER, 2);
    let names = headers(&stage, TOPIC, 4);
    let of_retries = names.iter().find(|name| name.starts_with("retry-"));
    assert_eq!(of_retries, None);
    executor.block_on(async {
        for subscription in groups.subscriptions {
            let until = tokio::time::Instant::now() + PATIENCE;
            assert!(subscription.stop(until).await);
        }
    });
}
