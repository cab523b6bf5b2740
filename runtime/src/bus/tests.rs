//! The engine of a group, fed by hand.

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, timeout},
};

use super::{
    Consumers, Delivery, EventBus, Group, HandlerError, Memory,
    output::Emitter,
    partition,
    transport::{Extent, Spot},
};
use crate::{
    event::{Attributes, Batch, Envelope, Event, Keyring, Received, Record, encode},
    names::header,
};

#[derive(Event)]
#[event(type = "lamp.lit", topic = domain("lamp"), key = number)]
struct LampLit {
    number: u32,
}

#[derive(Event)]
#[event(type = "lamp.seen", topic = domain("sight"), key = number)]
struct LampSeen {
    number: u32,
}

fn spot() -> Spot {
    Spot {
        topic: "domain.lamp.events".into(),
        partition: 0,
    }
}

fn record(number: u32) -> Record {
    encode(
        &LampLit { number },
        &Attributes::new("/home"),
        &Keyring::none(),
    )
    .unwrap()
}

fn batch<'a>(records: impl IntoIterator<Item = (u32, &'a Record)>) -> Batch {
    let received = records.into_iter().map(|(offset, record)| Received {
        offset: offset.into(),
        record: record.view(),
    });
    received.collect()
}

fn received(offsets: Range<u32>) -> Batch {
    let records: Vec<Record> = offsets.clone().map(record).collect();
    batch(offsets.zip(&records))
}

/// A group that handles as many events as there are permits.
fn group(permits: &Arc<Semaphore>) -> Arc<Group> {
    let permits = Arc::clone(permits);
    let handler = move |_: Envelope<LampLit>, _: Delivery| {
        let permits = Arc::clone(&permits);
        async move {
            permits.acquire().await?.forget();
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("watchers").on::<LampLit>(handler);
    let memory = Memory::new().transport();
    Arc::new(consumers.into_group("home", memory).unwrap())
}

async fn until(what: impl Fn() -> bool) {
    let waited = timeout(Duration::from_secs(30), async {
        while !what() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

#[tokio::test]
async fn a_partition_is_paused_while_much_waits_and_not_at_every_record() {
    let permits = Arc::new(Semaphore::new(0));
    let group = group(&permits);
    group.assign(&[spot()]);
    group.deliver(&spot(), received(0..10_000));
    assert_eq!(group.pressure(), (vec![], vec![]));
    group.deliver(&spot(), received(10_000..11_000));
    assert_eq!(group.pressure(), (vec![spot()], vec![]));
    assert_eq!(group.pressure(), (vec![], vec![]));
    permits.add_permits(5000);
    until(|| group.moved().iter().any(|(_, position)| *position == 5000)).await;
    assert_eq!(group.pressure(), (vec![], vec![]));
    permits.add_permits(5000);
    until(|| group.pressure() == (vec![], vec![spot()])).await;
    group.abandon();
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_off_by_a_revocation_is_not_stored() {
    let permits = Arc::new(Semaphore::new(2));
    let group = group(&permits);
    group.assign(&[spot()]);
    group.deliver(&spot(), received(0..5));
    until(|| group.moved().iter().any(|(_, position)| *position == 2)).await;
    let begun = Instant::now();
    let (finished, positions) = group
        .revoke(&[spot()], begun + Duration::from_secs(3))
        .await;
    assert!(!finished && positions.is_empty(), "{positions:?}");
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    // What comes late, from before, is of nobody's assignment.
    group.deliver(&spot(), received(5..6));
    assert_eq!(group.spots(), []);
    permits.add_permits(10);
    group.assign(&[spot()]);
    group.deliver(&spot(), received(2..5));
    until(|| group.moved().iter().any(|(_, position)| *position == 5)).await;
    group.abandon();
}

#[tokio::test]
async fn what_is_under_way_may_finish_and_is_stored() {
    let permits = Arc::new(Semaphore::new(0));
    let group = group(&permits);
    group.assign(&[spot()]);
    group.deliver(&spot(), received(7..10));
    // The test, the handler, and its future once it was called.
    until(|| Arc::strong_count(&permits) == 3).await;
    let release = {
        let permits = Arc::clone(&permits);
        tokio::spawn(async move { permits.add_permits(1) })
    };
    let (finished, positions) = group
        .revoke(&[spot()], Instant::now() + Duration::from_secs(30))
        .await;
    release.await.unwrap();
    // The one that was begun, and none that waited.
    assert!(finished);
    assert_eq!(positions, [(spot(), 8)]);
}

#[tokio::test]
async fn the_lag_is_known_before_anything_is_received() {
    let permits = Arc::new(Semaphore::new(0));
    let group = group(&permits);
    group.assign(&[spot()]);
    let extent = |end| Extent {
        spot: spot(),
        end,
        begin: 40,
    };
    assert_eq!(group.lag(&extent(40)), Some((0.0, 0.0)));
    let (messages, _) = group.lag(&extent(100)).unwrap();
    assert!((messages - 60.0).abs() < f64::EPSILON);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let (_, seconds) = group.lag(&extent(100)).unwrap();
    assert!(seconds > 0.004, "{seconds}");
    let time = SystemTime::now() - Duration::from_secs(90);
    let mut aged = Record::with_capacity(0, 0, time);
    let young = record(40);
    for (name, value) in young.headers() {
        aged.add_header(name, value);
    }
    let aged = aged.with_value(young.value().unwrap());
    group.deliver(&spot(), batch([(40, &aged)]));
    let (messages, seconds) = group.lag(&extent(100)).unwrap();
    assert!(
        (messages - 60.0).abs() < f64::EPSILON && seconds >= 90.0,
        "{messages} {seconds}"
    );
    group.abandon();
}

#[tokio::test]
async fn a_partition_whose_record_is_not_due_is_paused_and_behind() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<LampLit>, delivery: Delivery| {
        let told = told.clone();
        async move {
            told.send((event.data.number, delivery.attempt, delivery.offset))?;
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("watchers")
        .on::<LampLit>(handler)
        .retry_topics([Duration::from_secs(2)]);
    let memory = Memory::new().transport();
    let group = Arc::new(consumers.into_group("home", memory).unwrap());
    let spot = Spot {
        topic: "domain.lamp.events.watchers.retry.1".into(),
        partition: 0,
    };
    assert!(group.topics().contains(&spot.topic));
    group.assign(std::slice::from_ref(&spot));
    let mut late = record(7);
    let written = SystemTime::now();
    let due = (written + Duration::from_secs(2)).duration_since(SystemTime::UNIX_EPOCH);
    let due = due.unwrap().as_millis().to_string();
    late.set_time(written);
    late.push_header(header::RETRY_DUE, due.as_bytes());
    late.push_header(header::RETRY_ATTEMPTS, b"5");
    late.push_header(header::RETRY_PARTITION, b"0");
    late.push_header(header::RETRY_OFFSET, b"41");
    group.deliver(&spot, batch([(7, &late)]));
    until(|| group.pressure() == (vec![spot.clone()], vec![])).await;
    let extent = Extent {
        spot: spot.clone(),
        end: 8,
        begin: 7,
    };
    let (messages, _) = group.lag(&extent).unwrap();
    assert!((messages - 1.0).abs() < f64::EPSILON, "{messages}");
    assert!(heard.try_recv().is_err());
    assert_eq!(heard.recv().await, Some((7, 6, 41)));
    assert!(written.elapsed().unwrap() >= Duration::from_millis(1900));
    until(|| group.pressure() == (vec![], vec![spot.clone()])).await;
    until(|| group.moved().iter().any(|(_, position)| *position == 8)).await;
    assert_eq!(group.lag(&extent), Some((0.0, 0.0)));
    group.abandon();
}

#[tokio::test]
async fn what_is_put_back_for_another_group_is_skipped() {
    let permits = Arc::new(Semaphore::new(1));
    let group = group(&permits);
    group.assign(&[spot()]);
    let mut records = [record(0), record(1)];
    for (record, meant) in records.iter_mut().zip(["others", "watchers"]) {
        record.add_header(header::REPLAY_GROUP, Some(meant.as_bytes()));
    }
    group.deliver(&spot(), batch((0..).zip(&records)));
    until(|| group.moved().iter().any(|(_, position)| *position == 2)).await;
    assert_eq!(permits.available_permits(), 0);
}

#[tokio::test]
async fn what_events_of_a_topic_made_anew_had_become_is_written() {
    let permits = Arc::new(Semaphore::new(0));
    let given = Arc::clone(&permits);
    let handler = move |event: Envelope<LampLit>, delivery: Delivery| {
        let given = Arc::clone(&given);
        async move {
            given.acquire().await?.forget();
            let number = event.data.number;
            delivery.emit(&LampSeen { number })?;
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("watchers").on::<LampLit>(handler);
    let memory = Memory::new().transport();
    let mut group = consumers.exactly_once().into_group("home", memory).unwrap();
    group.emit_by(Emitter {
        service: "home".into(),
        source: "/home".to_owned().into(),
        keys: Keyring::none(),
        largest: usize::MAX,
    });
    let group = Arc::new(group);
    group.assign(&[spot()]);
    group.deliver(&spot(), received(100..102));
    // Its offsets go back.
    group.deliver(&spot(), received(3..5));
    let settled = || {
        let settled = group.settled();
        let settled = settled.iter().map(|one| (one.position, one.outputs.len()));
        settled.collect::<Vec<_>>()
    };
    assert_eq!(settled(), [(3, 0)]);
    assert_eq!(settled(), []);
    permits.add_permits(1);
    until(|| settled() == [(3, 1)]).await;
    permits.add_permits(3);
    let count = std::cell::Cell::new(0);
    until(|| {
        let settled = settled();
        count.set(count.get() + settled.iter().map(|(_, outputs)| outputs).sum::<usize>());
        settled.iter().any(|(position, _)| *position == 5)
    })
    .await;
    assert_eq!((count.get(), settled()), (3, vec![]));
    group.abandon();
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_emitted_once_an_attempt_is_over() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<LampLit>, delivery: Delivery| {
        let told = told.clone();
        async move {
            let attempt = delivery.attempt + event.data.number;
            delivery.emit(&LampSeen { number: attempt })?;
            told.send(delivery)?;
            match attempt {
                1 => Err(HandlerError::retry("dark", "it is dark")),
                3 => Ok::<(), HandlerError>(()),
                _ => std::future::pending().await,
            }
        }
    };
    let (bus, memory) = EventBus::in_memory("home");
    let consumers = Consumers::new("watchers").on::<LampLit>(handler);
    let subscription = bus.consume(consumers.exactly_once()).unwrap();
    bus.publish(&LampLit { number: 0 }).await.unwrap();
    let failed = heard.recv().await.unwrap();
    let overran = heard.recv().await.unwrap();
    assert!(failed.emit(&LampSeen { number: 7 }).is_err());
    let last = heard.recv().await.unwrap();
    assert!(overran.emit(&LampSeen { number: 7 }).is_err());
    until(|| memory.records("domain.sight.events").len() == 1).await;
    assert!(last.emit(&LampSeen { number: 7 }).is_err());
    let seen = memory.records("domain.sight.events");
    assert_eq!(seen[0].record.key(), Some(&b"3"[..]));
    bus.publish(&LampLit { number: 4 }).await.unwrap();
    let cut_off = heard.recv().await.unwrap();
    cut_off.emit(&LampSeen { number: 7 }).unwrap();
    drop(subscription);
    // With the lanes goes the group, and the handler.
    assert!(heard.recv().await.is_none());
    assert!(cut_off.emit(&LampSeen { number: 7 }).is_err());
}

#[tokio::test]
async fn a_member_is_not_blocked_any_more_by_what_is_another_ones() {
    let handler = |event: Envelope<LampLit>, delivery: Delivery| async move {
        let number = event.data.number;
        delivery.emit(&LampSeen { number })?;
        Ok::<(), HandlerError>(())
    };
    let consumers = || {
        let consumers = Consumers::new("watchers").on::<LampLit>(handler);
        consumers.exactly_once()
    };
    let (bus, memory) = EventBus::in_memory("home");
    memory.refuse("domain.sight.events", true);
    // The one partition of three that goes to a second member.
    for number in 0.. {
        let record = record(number);
        if partition::of_key(record.key().unwrap(), 3) == 1 {
            memory.put("domain.lamp.events", record).unwrap();
            break;
        }
    }
    let first = bus.consume(consumers()).unwrap();
    until(|| first.state().blocked() == 1).await;
    let second = bus.consume(consumers()).unwrap();
    until(|| second.state().blocked() == 1).await;
    assert_eq!(first.state().blocked(), 0);
    memory.refuse("domain.sight.events", false);
    until(|| second.state().blocked() == 0).await;
    assert_eq!(memory.records("domain.sight.events").len(), 1);
}
