//! What every transport promises, held against each of them by the same cases.

use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, Policy, RecentEvents, Subscription},
    business::ErrorClass as _,
    event::{Attributes, Cause, Envelope, Event, Keyring, Record, encode},
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

/// A transport under test. Cases share it, and keep to topics of their own.
pub(crate) trait Fixture: Sync {
    fn bus(&self) -> EventBus;
    /// Sees to it that `topic` is there, with three partitions.
    fn create(&self, topic: &str) -> impl Future<Output = ()>;
    fn put(&self, topic: &str, record: Record) -> impl Future<Output = ()>;
    /// All records of `topic`, at least `count` of them.
    fn records(&self, topic: &str, count: usize) -> impl Future<Output = Vec<Record>>;
    /// The sum of what `group` has stored for the partitions of `topic`.
    fn stored(&self, group: &str, topic: &str) -> impl Future<Output = i64>;
}

/// As long as any case waits for something.
const PATIENCE: Duration = Duration::from_mins(1);

macro_rules! events {
    ($($name:ident $topic:literal,)*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Event)]
            #[event(type = "case.happened", topic = domain($topic), key = of)]
            struct $name {
                of: String,
                number: u32,
                text: String,
            }

            impl $name {
                const DOMAIN: &'static str = concat!("domain.", $topic, ".events");

                fn new(of: &str, number: u32) -> Self {
                    Self { of: of.to_owned(), number, text: String::new() }
                }
            }
        )*
    };
}

events! {
    Ordered "ordered", Laned "laned", Retried "retried", Given "given-up", Judged "judged", Broken "broken",
    Emitting "emitting", Emitted "emitted", Later "later", Latest "latest", Poison "poison", Killed "killed", Shared "shared", Moving "moving", Caused "caused", Large "large", Again "again",
}

fn patient() -> Policy {
    Policy::default()
        .attempts(3)
        .backoff(Duration::from_millis(1), Duration::from_millis(5))
        .timeout(Duration::from_secs(20))
}

/// What a handler saw.
type Seen<E> = (Envelope<E>, Delivery);

/// Handles by `answer`, and says what it saw.
fn consumers<E, F>(group: &str, answer: F) -> (Consumers, mpsc::UnboundedReceiver<Seen<E>>)
where
    E: Event + Clone,
    F: Fn(&E, u32) -> Result<(), HandlerError> + Clone + Send + Sync + 'static,
{
    let (saw, seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<E>, delivery: Delivery| {
        let (saw, answer) = (saw.clone(), answer.clone());
        async move {
            let answer = answer(&event.data, delivery.attempt);
            let _ = saw.send((event, delivery));
            answer
        }
    };
    (
        Consumers::new(group).on::<E>(handler).policy(patient()),
        seen,
    )
}

async fn next<T>(seen: &mut mpsc::UnboundedReceiver<T>) -> T {
    timeout(PATIENCE, seen.recv()).await.unwrap().unwrap()
}

async fn take<T>(seen: &mut mpsc::UnboundedReceiver<T>, count: usize) -> Vec<T> {
    let mut all = Vec::new();
    while all.len() < count {
        all.push(next(seen).await);
    }
    all
}

async fn stop(subscription: Subscription) {
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
}

/// Waits until `group` has stored so many records of `topic` as done.
async fn stored(fixture: &impl Fixture, group: &str, topic: &str, wanted: i64) {
    let until = Instant::now() + PATIENCE;
    loop {
        let stored = fixture.stored(group, topic).await;
        if stored == wanted {
            return;
        }
        assert!(
            stored < wanted && Instant::now() < until,
            "{stored} of {wanted} stored"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn header(record: &Record, name: &str) -> String {
    String::from_utf8(record.header(name).unwrap_or(b"(none)").to_vec()).unwrap()
}

pub(crate) async fn events_of_a_key_keep_their_order(fixture: &impl Fixture) {
    fixture.create(Ordered::DOMAIN).await;
    let (bus, keys) = (fixture.bus(), ["a", "b", "c", "d"]);
    let (consumers, mut seen) = consumers::<Ordered, _>("ordered", |_, _| Ok(()));
    let subscription = bus.consume(consumers).unwrap();
    let events: Vec<Ordered> = (0..200)
        .map(|number| Ordered::new(keys[number as usize % 4], number))
        .collect();
    let receipts = bus.publish_all(&events).await.unwrap();
    assert_eq!(receipts.len(), 200);
    assert!(
        receipts
            .iter()
            .map(|receipt| receipt.partition)
            .collect::<HashSet<_>>()
            .len()
            > 1
    );
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for (event, _) in take(&mut seen, 200).await {
        let before = last.insert(event.data.of, event.data.number);
        assert!(before.is_none_or(|before| before < event.data.number));
    }
    stop(subscription).await;
    stored(fixture, "ordered", Ordered::DOMAIN, 200).await;
}

pub(crate) async fn lanes_work_at_once_and_keep_the_order_of_keys(fixture: &impl Fixture) {
    fixture.create(Laned::DOMAIN).await;
    let bus = fixture.bus();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (saw, mut seen) = mpsc::unbounded_channel();
    let at_once = Arc::clone(&most);
    let handler = move |event: Envelope<Laned>, _: Delivery| {
        let (saw, now, most) = (saw.clone(), Arc::clone(&now), Arc::clone(&most));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(2)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            let _ = saw.send(event.data);
            Ok::<(), HandlerError>(())
        }
    };
    let events: Vec<Laned> = (0..200)
        .map(|number| Laned::new(&format!("k{}", number % 20), number))
        .collect();
    bus.publish_all(&events).await.unwrap();
    let subscription = bus
        .consume(Consumers::new("laned").on::<Laned>(handler).lanes(4))
        .unwrap();
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for event in take(&mut seen, 200).await {
        let before = last.insert(event.of, event.number);
        assert!(before.is_none_or(|before| before < event.number));
    }
    let most = at_once.load(Ordering::SeqCst);
    // Three partitions of four lanes each.
    assert!((4..=12).contains(&most), "{most} at once");
    stop(subscription).await;
    stored(fixture, "laned", Laned::DOMAIN, 200).await;
}

pub(crate) async fn an_event_is_tried_again_until_it_succeeds(fixture: &impl Fixture) {
    fixture.create(Retried::DOMAIN).await;
    let bus = fixture.bus();
    let (consumers, mut seen) = consumers::<Retried, _>("retried", |event, attempt| {
        if event.number == 1 && attempt < 3 {
            Err(std::io::Error::other("not yet").into())
        } else {
            Ok(())
        }
    });
    let subscription = bus.consume(consumers).unwrap();
    bus.publish_all(&[
        Retried::new("a", 0),
        Retried::new("a", 1),
        Retried::new("a", 2),
    ])
    .await
    .unwrap();
    let seen: Vec<(u32, u32)> = take(&mut seen, 5)
        .await
        .into_iter()
        .map(|(event, delivery)| (event.data.number, delivery.attempt))
        .collect();
    assert_eq!(seen, [(0, 1), (1, 1), (1, 2), (1, 3), (2, 1)]);
    stop(subscription).await;
    stored(fixture, "retried", Retried::DOMAIN, 3).await;
}

pub(crate) async fn what_always_fails_becomes_a_dead_letter_and_the_rest_flows(
    fixture: &impl Fixture,
) {
    fixture.create(Given::DOMAIN).await;
    let letters = format!("{}.given-up.dlq", Given::DOMAIN);
    fixture.create(&letters).await;
    let bus = fixture.bus();
    let (consumers, mut seen) = consumers::<Given, _>("given-up", |event, _| match event.number {
        1 => Err(HandlerError::retry(
            "provider",
            std::io::Error::other("no answer for ada@example.com"),
        )),
        _ => Ok(()),
    });
    let subscription = bus.consume(consumers).unwrap();
    let receipts = bus
        .publish_all(&[Given::new("a", 0), Given::new("a", 1), Given::new("a", 2)])
        .await
        .unwrap();
    take(&mut seen, 5).await;
    stored(fixture, "given-up", Given::DOMAIN, 3).await;
    let letters = fixture.records(&letters, 1).await;
    let [letter] = letters.as_slice() else {
        panic!("{letters:?}")
    };
    assert_eq!(letter.key(), Some(&b"a"[..]));
    assert_eq!(
        letter.value(),
        Some(&br#"{"of":"a","number":1,"text":""}"#[..])
    );
    assert_eq!(header(letter, "ce_type"), "case.happened.v1");
    for (name, expected) in [
        ("dlq-original-topic", Given::DOMAIN.to_owned()),
        ("dlq-original-partition", receipts[1].partition.to_string()),
        ("dlq-original-offset", receipts[1].offset.to_string()),
        ("dlq-group", "given-up".to_owned()),
        ("dlq-attempts", "3".to_owned()),
        ("dlq-error-class", "provider".to_owned()),
        ("dlq-error-message", "no answer for ***".to_owned()),
    ] {
        assert_eq!(header(letter, name), expected, "{name}");
    }
    let age: i64 = header(letter, "dlq-original-timestamp").parse().unwrap();
    assert!(age > 1_700_000_000_000);
    assert!(header(letter, "dlq-first-failure") <= header(letter, "dlq-last-failure"));
    stop(subscription).await;
}

pub(crate) async fn a_handler_rejects_at_once_and_skips_without_a_word(fixture: &impl Fixture) {
    fixture.create(Judged::DOMAIN).await;
    let letters = format!("{}.judged.dlq", Judged::DOMAIN);
    fixture.create(&letters).await;
    let bus = fixture.bus();
    let (consumers, mut seen) = consumers::<Judged, _>("judged", |event, _| match event.number {
        0 => Err(HandlerError::reject(
            "invalid_amount",
            "the amount is negative",
        )),
        _ => Err(HandlerError::skip("not for us")),
    });
    let subscription = bus.consume(consumers).unwrap();
    bus.publish_all(&[Judged::new("a", 0), Judged::new("a", 1)])
        .await
        .unwrap();
    take(&mut seen, 2).await;
    stored(fixture, "judged", Judged::DOMAIN, 2).await;
    let letters = fixture.records(&letters, 1).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(header(&letters[0], "dlq-error-class"), "invalid_amount");
    assert_eq!(header(&letters[0], "dlq-attempts"), "1");
    stop(subscription).await;
}

pub(crate) async fn a_panic_and_a_hang_are_failures(fixture: &impl Fixture) {
    fixture.create(Broken::DOMAIN).await;
    let letters = format!("{}.broken.dlq", Broken::DOMAIN);
    fixture.create(&letters).await;
    let bus = fixture.bus();
    let (saw, mut seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<Broken>, _: Delivery| {
        let saw = saw.clone();
        async move {
            match event.data.number {
                0 => panic!("out of paper"),
                1 => std::future::pending().await,
                _ => saw.send(()).unwrap(),
            }
            Ok::<(), HandlerError>(())
        }
    };
    let policy = patient().attempts(2).timeout(Duration::from_millis(50));
    let subscription = bus
        .consume(
            Consumers::new("broken")
                .on::<Broken>(handler)
                .policy(policy),
        )
        .unwrap();
    bus.publish_all(&[
        Broken::new("a", 0),
        Broken::new("a", 1),
        Broken::new("a", 2),
    ])
    .await
    .unwrap();
    next(&mut seen).await;
    stored(fixture, "broken", Broken::DOMAIN, 3).await;
    let letters = fixture.records(&letters, 2).await;
    let said: Vec<[String; 3]> = letters
        .iter()
        .map(|letter| {
            ["dlq-error-class", "dlq-error-message", "dlq-attempts"]
                .map(|name| header(letter, name))
        })
        .collect();
    assert_eq!(
        said,
        [
            ["panic", "out of paper", "2"],
            ["timeout", "the handler took longer than 50ms", "2"]
        ]
    );
    stop(subscription).await;
}

/// Records of which only the last two are fit, and one is of a type that nobody handles.
fn poisonous() -> Vec<Record> {
    let plain = || Record::with_capacity(0, 0, SystemTime::now()).with_key(b"k");
    let event = |kind: &str| {
        plain()
            .with_header("ce_specversion", Some(b"1.0"))
            .with_header("ce_id", Some(b"1"))
            .with_header("ce_source", Some(b"/other"))
            .with_header("ce_type", Some(kind.as_bytes()))
    };
    // With a field that came later: it is left alone.
    let fit =
        || event("case.happened.v1").with_value(br#"{"of":"k","number":1,"text":"","since":2027}"#);
    vec![
        event("case.happened.v1").with_value(b"not json"),
        event("case.happened.v1").with_value(br#"{"of":7}"#),
        event("case.happened.v1").with_value(b""),
        event("case.happened.v1"),
        plain(),
        plain().with_value(b"\xff\xfe"),
        event("case.happened.v9").with_value(b"{}"),
        fit().with_header("ce_subject", Some(b"\xff")),
        fit().with_header("content-type", Some(b"text/xml")),
        fit()
            .with_header("a-strange-one", None)
            .with_header("", Some(b"nameless")),
        fit(),
    ]
}

pub(crate) async fn each_poisonous_record_goes_to_its_place(fixture: &impl Fixture) {
    fixture.create(Poison::DOMAIN).await;
    let letters = format!("{}.poison.dlq", Poison::DOMAIN);
    fixture.create(&letters).await;
    let bus = fixture.bus();
    let (consumers, mut seen) = consumers::<Poison, _>("poison", |_, _| Ok(()));
    let subscription = bus.consume(consumers).unwrap();
    let records = poisonous();
    let count = records.len() + 1;
    for record in records {
        fixture.put(Poison::DOMAIN, record).await;
    }
    bus.publish(&Poison::new("k", 2)).await.unwrap();
    take(&mut seen, 3).await;
    stored(
        fixture,
        "poison",
        Poison::DOMAIN,
        i64::try_from(count).unwrap(),
    )
    .await;
    let letters = fixture.records(&letters, 8).await;
    let classes: Vec<String> = letters
        .iter()
        .map(|letter| header(letter, "dlq-error-class"))
        .collect();
    assert_eq!(
        classes,
        [
            "data_invalid",
            "data_invalid",
            "data_invalid",
            "tombstone",
            "tombstone",
            "attribute_missing",
            "attribute_invalid",
            "content_type",
        ]
    );
    assert!(
        letters
            .iter()
            .all(|letter| header(letter, "dlq-attempts") == "1")
    );
    assert_eq!(letters[5].value(), Some(&b"\xff\xfe"[..]));
    assert_eq!(letters[3].value(), None);
    stop(subscription).await;
}

pub(crate) async fn what_was_not_stored_is_delivered_again_and_nothing_else(
    fixture: &impl Fixture,
) {
    fixture.create(Killed::DOMAIN).await;
    let bus = fixture.bus();
    bus.publish_all(&[Killed::new("a", 0), Killed::new("a", 1)])
        .await
        .unwrap();
    let (saw, mut seen) = mpsc::unbounded_channel();
    let hang = move |event: Envelope<Killed>, _: Delivery| {
        let saw = saw.clone();
        async move {
            saw.send(event.data.number).unwrap();
            if event.data.number == 1 {
                std::future::pending::<()>().await;
            }
            Ok::<(), HandlerError>(())
        }
    };
    let killed = bus
        .consume(Consumers::new("killed").on::<Killed>(hang))
        .unwrap();
    assert_eq!(take(&mut seen, 2).await, [0, 1]);
    stored(fixture, "killed", Killed::DOMAIN, 1).await;
    drop(killed);
    let (consumers, mut seen) = consumers::<Killed, _>("killed", |_, _| Ok(()));
    let subscription = bus.consume(consumers).unwrap();
    assert_eq!(next(&mut seen).await.0.data.number, 1);
    bus.publish(&Killed::new("a", 2)).await.unwrap();
    assert_eq!(next(&mut seen).await.0.data.number, 2);
    stop(subscription).await;
    stored(fixture, "killed", Killed::DOMAIN, 3).await;
}

pub(crate) async fn each_group_gets_every_event(fixture: &impl Fixture) {
    fixture.create(Shared::DOMAIN).await;
    let bus = fixture.bus();
    let (first, mut seen_first) = consumers::<Shared, _>("shared-1", |_, _| Ok(()));
    let (second, mut seen_second) = consumers::<Shared, _>("shared-2", |_, _| Ok(()));
    let subscriptions = [bus.consume(first).unwrap(), bus.consume(second).unwrap()];
    let events: Vec<Shared> = (0..20)
        .map(|number| Shared::new(&number.to_string(), number))
        .collect();
    bus.publish_all(&events).await.unwrap();
    for seen in [&mut seen_first, &mut seen_second] {
        let numbers: HashSet<u32> = take(seen, 20)
            .await
            .iter()
            .map(|(event, _)| event.data.number)
            .collect();
        assert_eq!(numbers.len(), 20);
    }
    for subscription in subscriptions {
        stop(subscription).await;
    }
}

pub(crate) async fn members_share_the_partitions_and_none_is_lost_as_they_come_and_go(
    fixture: &impl Fixture,
) {
    fixture.create(Moving::DOMAIN).await;
    let bus = fixture.bus();
    let (first, mut seen) = consumers::<Moving, _>("moving", |_, _| Ok(()));
    let stays = bus.consume(first).unwrap();
    let publish = async |from: u32| {
        let events: Vec<Moving> = (from..from + 60)
            .map(|number| Moving::new(&number.to_string(), number))
            .collect();
        bus.publish_all(&events).await.unwrap();
    };
    publish(0).await;
    let mut handled: HashSet<u32> = take(&mut seen, 60)
        .await
        .iter()
        .map(|(event, _)| event.data.number)
        .collect();
    let (second, mut seen_too) = consumers::<Moving, _>("moving", |_, _| Ok(()));
    let goes = bus.consume(second).unwrap();
    let until = Instant::now() + PATIENCE;
    while stays.state().partitions() + goes.state().partitions() != 3
        || goes.state().partitions() == 0
    {
        assert!(Instant::now() < until, "the partitions were not shared");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    publish(60).await;
    let mut both = [0, 0];
    while handled.len() < 120 {
        let (event, place) = timeout(PATIENCE, async {
            tokio::select! {
                Some((event, _)) = seen.recv() => (event, 0),
                Some((event, _)) = seen_too.recv() => (event, 1),
            }
        })
        .await
        .unwrap();
        handled.insert(event.data.number);
        both[place] += 1;
    }
    assert!(both[0] > 0 && both[1] > 0, "{both:?}");
    stop(goes).await;
    publish(120).await;
    while handled.len() < 180 {
        handled.insert(next(&mut seen).await.0.data.number);
    }
    stop(stays).await;
    stored(fixture, "moving", Moving::DOMAIN, 180).await;
}

pub(crate) async fn cause_and_correlation_travel_along(fixture: &impl Fixture) {
    fixture.create(Caused::DOMAIN).await;
    let bus = fixture.bus();
    let (saw, mut seen) = mpsc::unbounded_channel();
    let again = bus.clone();
    let handler = move |event: Envelope<Caused>, _: Delivery| {
        let (saw, bus) = (saw.clone(), again.clone());
        async move {
            if event.data.number == 0 {
                bus.publish_domain_event("case/1", &Caused::new("a", 1))
                    .await?;
            }
            let _ = saw.send(event);
            Ok::<(), HandlerError>(())
        }
    };
    let subscription = bus
        .consume(Consumers::new("caused").on::<Caused>(handler))
        .unwrap();
    let cause = Cause::correlated("order-17".to_owned().into());
    cause
        .scope(bus.publish(&Caused::new("a", 0)))
        .await
        .unwrap();
    let (first, second) = (
        next(&mut seen).await.attributes,
        next(&mut seen).await.attributes,
    );
    assert_eq!(first.correlation_id, "order-17");
    assert_eq!(second.correlation_id, "order-17");
    assert_eq!(second.causation_id, Some(first.id));
    assert_eq!(second.subject.unwrap(), "case/1");
    assert_eq!(first.causation_id, None);
    assert_eq!(second.trace, first.trace);
    assert_eq!(first.source, "/shop");
    stop(subscription).await;
}

pub(crate) async fn large_events_pass_and_too_large_ones_are_refused(fixture: &impl Fixture) {
    fixture.create(Large::DOMAIN).await;
    let bus = fixture.bus();
    let (consumers, mut seen) = consumers::<Large, _>("large", |_, _| Ok(()));
    let subscription = bus.consume(consumers).unwrap();
    let large = |bytes| Large {
        text: "x".repeat(bytes),
        ..Large::new("a", 0)
    };
    let error = bus.publish(&large(10_000_000)).await.unwrap_err();
    assert_eq!(error.class(), "too_large", "{error}");
    assert!(!error.is_retryable());
    bus.publish(&large(900_000)).await.unwrap();
    assert_eq!(next(&mut seen).await.0.data.text.len(), 900_000);
    stop(subscription).await;
}

pub(crate) async fn an_event_that_comes_twice_has_its_effect_once(fixture: &impl Fixture) {
    fixture.create(Again::DOMAIN).await;
    let bus = fixture.bus();
    let (consumers, mut seen) = consumers::<Again, _>("again", |_, _| Ok(()));
    let subscription = bus
        .consume(consumers.duplicates(RecentEvents::new(100)))
        .unwrap();
    let attributes = Attributes::new("/other");
    let once = encode(&Again::new("a", 1), &attributes, &Keyring::none()).unwrap();
    fixture.put(Again::DOMAIN, once.clone()).await;
    fixture.put(Again::DOMAIN, once).await;
    bus.publish(&Again::new("a", 2)).await.unwrap();
    let seen: Vec<u32> = take(&mut seen, 2)
        .await
        .iter()
        .map(|(event, _)| event.data.number)
        .collect();
    assert_eq!(seen, [1, 2]);
    stop(subscription).await;
    stored(fixture, "again", Again::DOMAIN, 3).await;
}

/// Makes the topics that a group with so many delays writes to.
async fn create_with_retries(fixture: &impl Fixture, topic: &str, group: &str, delays: usize) {
    fixture.create(topic).await;
    fixture.create(&format!("{topic}.{group}.dlq")).await;
    for number in 1..=delays {
        let name = format!("{topic}.{group}.retry.{number}");
        fixture.create(&name).await;
    }
}

pub(crate) async fn what_keeps_failing_is_tried_again_later_and_the_rest_flows(
    fixture: &impl Fixture,
) {
    create_with_retries(fixture, Later::DOMAIN, "later", 2).await;
    let bus = fixture.bus();
    let (consumers, mut seen) =
        consumers::<Later, _>("later", |event, attempt| match event.number {
            0 if attempt < 5 => Err(HandlerError::retry("provider", "no answer")),
            _ => Ok(()),
        });
    let delays = [300, 600].map(Duration::from_millis);
    let subscription = bus.consume(consumers.retry_topics(delays)).unwrap();
    let events = [Later::new("a", 0), Later::new("a", 1)];
    let receipts = bus.publish_all(&events).await.unwrap();
    let mut tried = Vec::new();
    let mut times = Vec::new();
    for (event, delivery) in take(&mut seen, 6).await {
        // Wherever it was meanwhile, it is the event that was published.
        assert_eq!(&*delivery.topic, Later::DOMAIN);
        let receipt = receipts[event.data.number as usize];
        let place = (delivery.partition, delivery.offset);
        assert_eq!(place, (receipt.partition, receipt.offset));
        let since = delivery.time.elapsed().unwrap();
        assert!(since < PATIENCE && event.attributes.source == "/shop");
        tried.push((event.data.number, delivery.attempt));
        times.push(Instant::now());
    }
    // Three attempts at once, then the rest of the partition, then one after each delay.
    let expected = [(0, 1), (0, 2), (0, 3), (1, 1), (0, 4), (0, 5)];
    assert_eq!(tried, expected);
    stored(fixture, "later", Later::DOMAIN, 2).await;
    for number in 1..=2 {
        let topic = format!("{}.later.retry.{number}", Later::DOMAIN);
        stored(fixture, "later", &topic, 1).await;
        let records = fixture.records(&topic, 1).await;
        let [record] = records.as_slice() else {
            panic!("{records:?}")
        };
        assert_eq!(record.key(), Some(&b"a"[..]));
        for (name, expected) in [
            ("ce_type", "case.happened.v1".to_owned()),
            ("retry-original-topic", Later::DOMAIN.to_owned()),
            ("retry-original-offset", receipts[0].offset.to_string()),
            ("retry-attempts", (2 + number).to_string()),
            ("retry-error-class", "provider".to_owned()),
        ] {
            assert_eq!(header(record, name), expected, "{name}");
        }
        let first = humantime::parse_rfc3339(&header(record, "retry-first-failure")).unwrap();
        let due = Duration::from_millis(header(record, "retry-due").parse().unwrap());
        assert!(first < SystemTime::UNIX_EPOCH + due, "{first:?} {due:?}");
    }
    stop(subscription).await;
}

/// The letter as it is put back for its group.
fn put_back(letter: &Record, group: &str) -> Record {
    let record = Record::with_capacity(0, 0, letter.time())
        .with_key(letter.key().unwrap())
        .with_value(letter.value().unwrap())
        .with_header("replay-group", Some(group.as_bytes()))
        .with_header("replay-count", Some(b"1"));
    let kept = letter.headers();
    kept.filter(|(name, _)| !name.starts_with("dlq-"))
        .fold(record, |record, (name, value)| {
            record.with_header(name, value)
        })
}

pub(crate) async fn what_fails_after_the_last_delay_too_becomes_a_dead_letter_of_its_topic(
    fixture: &impl Fixture,
) {
    create_with_retries(fixture, Latest::DOMAIN, "latest", 1).await;
    let bus = fixture.bus();
    let mended = Arc::new(AtomicUsize::new(0));
    let is_mended = Arc::clone(&mended);
    let (consumers, mut seen) = consumers::<Latest, _>("latest", move |event, _| {
        match (event.number, is_mended.load(Ordering::SeqCst)) {
            (0, 0) => Err(HandlerError::retry("provider", "no answer")),
            // Nothing will help: there is no later for it.
            (1, _) => Err(HandlerError::reject("invalid", "no such case")),
            _ => Ok(()),
        }
    });
    let consumers = consumers.retry_topics([Duration::from_millis(200)]);
    let subscription = bus.consume(consumers).unwrap();
    let events = [Latest::new("a", 0), Latest::new("a", 1)];
    let receipts = bus.publish_all(&events).await.unwrap();
    take(&mut seen, 5).await;
    let topic = format!("{}.latest.retry.1", Latest::DOMAIN);
    stored(fixture, "latest", &topic, 1).await;
    let letters = format!("{}.latest.dlq", Latest::DOMAIN);
    let letters = fixture.records(&letters, 2).await;
    let [rejected, letter] = letters.as_slice() else {
        panic!("{letters:?}")
    };
    assert_eq!(header(rejected, "dlq-error-class"), "invalid");
    assert_eq!(header(rejected, "dlq-attempts"), "1");
    for (name, expected) in [
        ("dlq-original-topic", Latest::DOMAIN.to_owned()),
        ("dlq-original-partition", receipts[0].partition.to_string()),
        ("dlq-original-offset", receipts[0].offset.to_string()),
        ("dlq-group", "latest".to_owned()),
        ("dlq-attempts", "4".to_owned()),
        ("dlq-error-class", "provider".to_owned()),
    ] {
        assert_eq!(header(letter, name), expected, "{name}");
    }
    assert!(header(letter, "dlq-first-failure") < header(letter, "dlq-last-failure"));
    let of_retries = |record: &Record| {
        let mut names = record.headers().map(|(name, _)| name.to_owned());
        names.any(|name| name.starts_with("retry-"))
    };
    assert!(!of_retries(letter), "{letter:?}");
    // Put back as `marty events dlq replay` does it, it begins anew.
    mended.store(1, Ordering::SeqCst);
    let topic = header(letter, "dlq-original-topic");
    fixture.put(&topic, put_back(letter, "latest")).await;
    let (event, delivery) = next(&mut seen).await;
    assert_eq!((event.data.number, delivery.attempt), (0, 1));
    stored(fixture, "latest", Latest::DOMAIN, 3).await;
    stop(subscription).await;
}

pub(crate) async fn what_is_emitted_is_there_once_its_event_is_done(fixture: &impl Fixture) {
    fixture.create(Emitting::DOMAIN).await;
    fixture.create(Emitted::DOMAIN).await;
    let letters = format!("{}.emitting.dlq", Emitting::DOMAIN);
    fixture.create(&letters).await;
    let bus = fixture.bus();
    let (kept, mut late) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<Emitting>, delivery: Delivery| {
        let kept = kept.clone();
        async move {
            let number = event.data.number;
            delivery.emit(&Emitted::new("a", number))?;
            match (number, delivery.attempt) {
                (1, 1) => Err(HandlerError::retry("provider", "no answer")),
                (2, _) => Err(HandlerError::reject("invalid", "no such case")),
                _ => {
                    let _ = kept.send(delivery);
                    Ok(())
                }
            }
        }
    };
    let consumers = Consumers::new("emitting")
        .on::<Emitting>(handler)
        .policy(patient())
        .exactly_once();
    let subscription = bus.consume(consumers).unwrap();
    let events: Vec<Emitting> = (0..4).map(|number| Emitting::new("a", number)).collect();
    let cause = Cause::correlated("order-18".to_owned().into());
    cause.scope(bus.publish_all(&events)).await.unwrap();
    stored(fixture, "emitting", Emitting::DOMAIN, 4).await;
    let emitted = fixture.records(Emitted::DOMAIN, 3).await;
    let numbers: Vec<&[u8]> = emitted.iter().filter_map(Record::value).collect();
    let of = |number| format!(r#"{{"of":"a","number":{number},"text":""}}"#);
    assert_eq!(
        numbers,
        [of(0), of(1), of(3)].each_ref().map(String::as_bytes)
    );
    assert_eq!(header(&emitted[0], "ce_correlationid"), "order-18");
    let letters = fixture.records(&letters, 1).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(header(&letters[0], "dlq-attempts"), "1");
    // Its attempt is over.
    let delivery = next(&mut late).await;
    let error = delivery.emit(&Emitted::new("a", 9)).unwrap_err();
    assert_eq!(error.class(), "no_transaction");
    stop(subscription).await;
}

/// Every case, by its name, as a test of `$fixture`.
macro_rules! conformance {
    ($fixture:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::conformance::$case($fixture).await;
            }
        )*
    };
    ($fixture:expr) => {
        crate::conformance::conformance! {
            $fixture;
            events_of_a_key_keep_their_order
            lanes_work_at_once_and_keep_the_order_of_keys
            an_event_is_tried_again_until_it_succeeds
            what_always_fails_becomes_a_dead_letter_and_the_rest_flows
            what_keeps_failing_is_tried_again_later_and_the_rest_flows
            what_fails_after_the_last_delay_too_becomes_a_dead_letter_of_its_topic
            what_is_emitted_is_there_once_its_event_is_done
            a_handler_rejects_at_once_and_skips_without_a_word
            a_panic_and_a_hang_are_failures
            each_poisonous_record_goes_to_its_place
            what_was_not_stored_is_delivered_again_and_nothing_else
            each_group_gets_every_event
            members_share_the_partitions_and_none_is_lost_as_they_come_and_go
            cause_and_correlation_travel_along
            large_events_pass_and_too_large_ones_are_refused
            an_event_that_comes_twice_has_its_effect_once
        }
    };
}
pub(crate) use conformance;
