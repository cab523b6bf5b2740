//! Clocks that are wrong: events from long ago and from times to come, and clocks that jump under who publishes and who handles.

mod running;
pub(crate) mod wrong;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use marty_runtime::{
    bus::HandlerError,
    business::ErrorClass as _,
    event::{Attributes, Keyring, encode},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use super::{
    run::{Outcome, Run, patience, row},
    scrape::scrape,
    shop::{Order, Shop, config},
};
use crate::broker::Broker;

/// How far from now an event's time may be, in seconds.
const JUMPS: [i64; 7] = [
    0,
    -1,
    -86_400,
    -800_000_000,
    3_000,
    86_400 * 30,
    1_600_000_000,
];

/// A topic takes events from so far ahead only if it is told to.
const AHEAD: [(&str, &str); 1] = [("message.timestamp.after.max.ms", "9000000000000")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_any_time_are_handled_and_nothing_takes_less_than_no_time() {
    row("events of any time", jump).await;
}

async fn jump(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &config, (3, &AHEAD)).await;
    // This one is told nothing of the kind.
    shop.topics.create(&shop.letters, 1, &[]).await;
    let mut records = Vec::new();
    for number in 0..run.events {
        let mut attributes = Attributes::new("/shop");
        let jump = JUMPS[usize::try_from(run.below(7)).unwrap()];
        attributes.time = at(jump);
        records.push(encode(&Order::numbered(number), &attributes, &Keyring::none()).unwrap());
    }
    shop.topics.put(&shop.topic, &records).await;
    let bad: BTreeSet<u32> = (0..20).map(|_| run.below(run.events)).collect();
    let (gate, refused) = (Arc::new(Semaphore::new(0)), bad.clone());
    let held = Arc::clone(&gate);
    let consumers = shop.consumers(move |order: Order, _| {
        let (held, is_bad) = (Arc::clone(&held), refused.contains(&order.number));
        async move {
            let _passes = held.acquire().await?;
            if is_bad {
                return Err(HandlerError::reject("invalid", "no such article"));
            }
            Ok(())
        }
    });
    let member = shop.bus.consume(consumers).unwrap();
    lags(run, &shop).await;
    gate.add_permits(Semaphore::MAX_PERMITS);
    let wanted = (0..run.events).filter(|number| !bad.contains(number));
    let mut outcome = shop.close([member], &wanted.collect()).await;
    assert_eq!(outcome.duplicates, 0);
    let read = || shop.topics.records(&shop.letters, 1, bad.len());
    let letters = tokio::task::block_in_place(read);
    outcome.letters = letters.len();
    assert_eq!(outcome.letters, bad.len());
    // Whatever its event's time is, retention leaves a letter alone for as long as any other.
    for letter in letters {
        let age = SystemTime::now().duration_since(letter.time()).unwrap();
        assert!(age < patience(), "{age:?}");
    }
    took(&shop, outcome.handled).await;
    refused_by_a_topic_of_today(&shop).await;
    outcome
}

fn at(jump: i64) -> SystemTime {
    let by = Duration::from_secs(jump.unsigned_abs());
    if jump < 0 {
        SystemTime::now() - by
    } else {
        SystemTime::now() + by
    }
}

/// Waits until the lag of all that is there is shown: in seconds it is never less than nothing.
async fn lags(run: &Run, shop: &Shop) {
    let until = Instant::now() + patience();
    let group = format!("\"{}\"", shop.name);
    loop {
        let lag = scrape("marty_kafka_consumer_lag_messages", &[&group]).await;
        let behind: f64 = lag.iter().map(|(_, lag)| lag).sum();
        if (behind - f64::from(run.events)).abs() < 0.5 {
            break;
        }
        assert!(Instant::now() < until, "{lag:?}");
        sleep(Duration::from_millis(200)).await;
    }
    let lag = scrape("marty_kafka_consumer_lag_seconds", &[&group]).await;
    assert_eq!(lag.len(), 3);
    assert!(lag.iter().all(|(_, lag)| *lag >= 0.0), "{lag:?}");
}

/// Events took from none to as long as the oldest is old, those to come none.
async fn took(shop: &Shop, handled: usize) {
    let group = format!("\"{}\"", shop.name);
    let of = async |what: &str| {
        let name = format!("marty_event_end_to_end_seconds_{what}");
        let found = scrape(&name, &[&group]).await;
        found.iter().map(|(_, value)| value).sum::<f64>()
    };
    let (count, sum) = (of("count").await, of("sum").await);
    let most = f64::from(u32::try_from(handled).unwrap());
    assert!((count - most).abs() < 0.5, "{count} of {handled}");
    assert!((0.0..801_000_000.0 * most).contains(&sum), "{sum}");
}

/// One whose clock is more than an hour ahead is told so, and may try again once it is right.
async fn refused_by_a_topic_of_today(shop: &Shop) {
    let today = format!("service.{}-today.events", shop.name);
    shop.topics.create(&today, 1, &[]).await;
    let config = config(&Broker::shared().address());
    let name = format!("{}-today", shop.name);
    let bus = marty_runtime::bus::EventBus::kafka(&name, &config).unwrap();
    let mut attributes = Attributes::new("/shop");
    attributes.time = at(7_200);
    let ahead = bus.publish_with(&Order::numbered(0), &attributes).await;
    let error = ahead.unwrap_err();
    assert_eq!(error.class(), "unavailable", "{error}");
    assert!(error.is_retryable());
    assert!(error.to_string().contains("timestamp"), "{error}");
    bus.publish(&Order::numbered(0)).await.unwrap();
}
