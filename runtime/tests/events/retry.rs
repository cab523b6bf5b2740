//! Retry topics of groups that are exactly once: what goes there is part of the transaction, and so is what comes from there.

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Policy, Subscription},
    event::{Envelope, Event},
};
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, timeout},
};

use crate::{
    broker::Broker,
    transaction::{PATIENCE, numbers, read, until},
};

const BOOKED: &str = "domain.booking.events";
const LATER: &str = "domain.booking.events.desk.retry.1";
const LATEST: &str = "domain.booking.events.desk.retry.2";
const LETTERS: &str = "domain.booking.events.desk.dlq";
const PRINTED: &str = "domain.printing.events";

const COUNT: u32 = 120;

#[derive(Clone, Event)]
#[event(type = "seat.booked", topic = domain("booking"), key = number)]
struct Booked {
    number: u32,
}

/// What an attempt emits: its key says which one it was of.
#[derive(Event)]
#[event(type = "ticket.printed", topic = domain("printing"), key = attempt)]
struct Printed {
    attempt: u32,
    number: u32,
}

/// The attempt at which a seat's ticket is printed: one in a row of six never is.
const fn succeeds(number: u32) -> Option<u32> {
    match number % 6 {
        0 | 3 => Some(2),
        1 => Some(3),
        4 => None,
        _ => Some(1),
    }
}

fn seats(meant: impl Fn(Option<u32>) -> bool) -> Vec<u32> {
    let all = 0..COUNT;
    all.filter(|number| meant(succeeds(*number))).collect()
}

type Seen = mpsc::UnboundedReceiver<()>;

/// A member that emits at every attempt, be it one that fails then.
fn member(bus: &EventBus) -> (Subscription, Seen) {
    let (saw, seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<Booked>, delivery: Delivery| {
        let saw = saw.clone();
        async move {
            let (number, attempt) = (event.data.number, delivery.attempt);
            assert_eq!(&*delivery.topic, BOOKED);
            delivery.emit(&Printed { attempt, number })?;
            saw.send(())?;
            if succeeds(number) == Some(attempt) {
                return Ok(());
            }
            Err(HandlerError::retry("printer", "no paper"))
        }
    };
    let consumers = Consumers::new("desk")
        .on::<Booked>(handler)
        .policy(Policy::default().attempts(1))
        .retry_topics([Duration::from_millis(300), Duration::from_millis(600)])
        .exactly_once();
    (bus.consume(consumers).unwrap(), seen)
}

async fn bus(broker: &Broker) -> EventBus {
    let config = KafkaConfig::new(&broker.address())
        .with("topic.metadata.refresh.interval.ms", "500")
        .with("topic.metadata.propagation.max.ms", "1000");
    for topic in [BOOKED, LATER, LATEST, LETTERS] {
        broker.create(topic, 3).await;
    }
    EventBus::kafka("theatre", &config).unwrap()
}

async fn book_all(bus: &EventBus) {
    let booked: Vec<Booked> = (0..COUNT).map(|number| Booked { number }).collect();
    bus.publish_all(&booked).await.unwrap();
}

/// What of `topic` is committed: the key and the number of each.
fn committed(broker: &Broker, topic: &str) -> Vec<(String, u32)> {
    tokio::task::block_in_place(|| read(broker, topic, "read_committed"))
}

/// Waits until there is nothing left to do, and finds each where it belongs, once.
async fn each_is_there_once(broker: &Broker) {
    let (printed, letters) = (seats(|it| it.is_some()), seats(|it| it.is_none()));
    until(|| {
        committed(broker, PRINTED).len() >= printed.len()
            && committed(broker, LETTERS).len() >= letters.len()
    })
    .await;
    let mut found: Vec<(String, u32)> = committed(broker, PRINTED);
    found.sort_by_key(|(_, number)| *number);
    let expected = printed.iter().map(|number| {
        let attempt = succeeds(*number).unwrap();
        (attempt.to_string(), *number)
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(numbers(&committed(broker, LETTERS)), letters);
    let failed_once = seats(|it| it != Some(1));
    assert_eq!(numbers(&committed(broker, LATER)), failed_once);
    let failed_twice = seats(|it| it.is_none_or(|attempt| attempt > 2));
    assert_eq!(numbers(&committed(broker, LATEST)), failed_twice);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_tried_again_later_has_its_effect_once_whoever_is_killed() {
    let broker = Broker::start();
    let bus = bus(&broker).await;
    broker.create(PRINTED, 3).await;
    let (mut subscription, mut seen) = member(&bus);
    book_all(&bus).await;
    for kills_the_broker in [false, true, false] {
        for _ in 0..40 {
            timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
        }
        if kills_the_broker {
            broker.kill();
            broker.up();
        } else {
            drop(subscription);
            (subscription, seen) = member(&bus);
        }
    }
    each_is_there_once(&broker).await;
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
    each_is_there_once(&broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_be_tried_later_is_not_there_while_its_transaction_is_in_vain() {
    let broker = Broker::start();
    let bus = bus(&broker).await;
    let (subscription, _seen) = member(&bus);
    book_all(&bus).await;
    let state = subscription.state();
    until(|| state.blocked() == 1).await;
    for topic in [LATER, LATEST, LETTERS] {
        assert_eq!(committed(&broker, topic), [], "{topic}");
    }
    broker.create(PRINTED, 3).await;
    each_is_there_once(&broker).await;
    assert_eq!(state.blocked(), 0);
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
}
