//! Retry topics where something is in their way, and while a record waits in one.

use std::{future::Future, time::Duration};

#[cfg(feature = "kafka")]
use marty_runtime::bus::KafkaConfig;
use marty_runtime::{
    Config, Service,
    bus::{Consumers, Delivery, EventBus, HandlerError, Policy, Subscription},
    event::{Envelope, Event},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use crate::service::get;

/// As long as any case waits for something.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Event)]
#[event(type = "mail.sent", topic = domain("mail"), key = to)]
struct MailSent {
    to: String,
    number: u32,
}

fn mail(number: u32) -> MailSent {
    MailSent {
        to: "a".to_owned(),
        number,
    }
}

type Seen = mpsc::UnboundedReceiver<(u32, u32)>;

/// Fails with the first event until its second attempt.
fn consumers(group: &str, delay: Duration) -> (Consumers, Seen) {
    let (saw, seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<MailSent>, delivery: Delivery| {
        let saw = saw.clone();
        async move {
            saw.send((event.data.number, delivery.attempt))?;
            match (event.data.number, delivery.attempt) {
                (0, 1) => Err(HandlerError::retry("provider", "no answer")),
                _ => Ok(()),
            }
        }
    };
    let consumers = Consumers::new(group)
        .on::<MailSent>(handler)
        .policy(Policy::default().attempts(1))
        .retry_topics([delay]);
    (consumers, seen)
}

async fn next(seen: &mut Seen) -> (u32, u32) {
    timeout(PATIENCE, seen.recv()).await.unwrap().unwrap()
}

/// While the retry topic takes nothing the partition waits, and once `mend` has been done it goes on.
async fn waits_for_its_retry_topic(
    subscription: Subscription,
    mut seen: Seen,
    mend: impl Future<Output = ()>,
) {
    assert_eq!(next(&mut seen).await, (0, 1));
    let until = Instant::now() + PATIENCE;
    while subscription.state().blocked() == 0 {
        assert!(Instant::now() < until, "nothing waits");
        sleep(Duration::from_millis(20)).await;
    }
    // Neither was it tried again meanwhile, nor what follows it handled.
    assert!(seen.try_recv().is_err());
    mend.await;
    let mut rest = [next(&mut seen).await, next(&mut seen).await];
    rest.sort_unstable();
    assert_eq!(rest, [(0, 2), (1, 1)]);
    assert_eq!(subscription.state().blocked(), 0);
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
}

#[tokio::test]
async fn a_partition_waits_for_a_retry_topic_that_takes_nothing() {
    let (bus, memory) = EventBus::in_memory("post");
    let topic = "domain.mail.events.postman.retry.1";
    memory.refuse(topic, true);
    let (consumers, seen) = consumers("postman", Duration::from_millis(20));
    let subscription = bus.consume(consumers).unwrap();
    bus.publish_all(&[mail(0), mail(1)]).await.unwrap();
    waits_for_its_retry_topic(subscription, seen, async {
        assert!(memory.records(topic).is_empty());
        memory.refuse(topic, false);
    })
    .await;
    assert_eq!(memory.records(topic).len(), 1);
}

#[cfg(feature = "kafka")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_waits_for_a_retry_topic_that_is_missing() {
    let broker = crate::broker::Broker::shared();
    broker.create("domain.mail.events", 1).await;
    let config = KafkaConfig::new(&broker.address())
        .with("delivery.timeout.ms", "3000")
        .with("topic.metadata.refresh.interval.ms", "500");
    let bus = EventBus::kafka("post", &config).unwrap();
    let (consumers, seen) = consumers("postman", Duration::from_millis(20));
    let subscription = bus.consume(consumers).unwrap();
    bus.publish_all(&[mail(0), mail(1)]).await.unwrap();
    let mend = broker.create("domain.mail.events.postman.retry.1", 1);
    waits_for_its_retry_topic(subscription, seen, mend).await;
    let stored = |topic: &str| tokio::task::block_in_place(|| broker.stored("postman", topic, 1));
    assert_eq!(stored("domain.mail.events"), 2);
    assert_eq!(stored("domain.mail.events.postman.retry.1"), 1);
}

/// What the scrape says of a series that begins so, and has all of these labels.
async fn scraped(admin: std::net::SocketAddr, name: &str, labels: &[&str]) -> Option<f64> {
    let (_, scrape) = get(admin, "/metrics").await;
    let mut lines = scrape
        .lines()
        .filter(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)));
    lines.next()?.rsplit(' ').next()?.parse().ok()
}

/// A delay longer than a member may go without a poll, and than its session.
#[cfg(feature = "kafka")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_waits_stays_one_and_says_how_far_behind_it_is() {
    let broker = crate::broker::Broker::shared();
    let topics = [
        "domain.parole.events",
        "domain.parole.events.warden.retry.1",
    ];
    for topic in topics {
        broker.create(topic, 1).await;
    }
    let config = KafkaConfig::new(&broker.address())
        .with("session.timeout.ms", "6000")
        .with("max.poll.interval.ms", "6000");
    let bus = EventBus::kafka("prison", &config).unwrap();
    let (saw, mut seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<Paroled>, delivery: Delivery| {
        let saw = saw.clone();
        async move {
            saw.send((event.data.number, delivery.attempt))?;
            match delivery.attempt {
                1 => Err(HandlerError::retry("provider", "no answer")),
                _ => Ok(()),
            }
        }
    };
    let consumers = Consumers::new("warden")
        .on::<Paroled>(handler)
        .policy(Policy::default().attempts(1))
        .retry_topics([Duration::from_secs(12)]);
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    let running = service.events(&bus, [consumers]).start().await.unwrap();
    let admin = running.admin_addr();
    bus.publish(&Paroled { number: 7 }).await.unwrap();
    let begun = Instant::now();
    assert_eq!(next(&mut seen).await, (7, 1));
    let of_retries = ["retry.1", "partition=\"0\""];
    loop {
        let lag = "marty_kafka_consumer_lag_";
        let messages = scraped(admin, &format!("{lag}messages{{"), &of_retries).await;
        let seconds = scraped(admin, &format!("{lag}seconds{{"), &of_retries).await;
        if messages == Some(1.0) && seconds.is_some_and(|seconds| seconds > 1.0) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{messages:?} {seconds:?}");
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(next(&mut seen).await, (7, 2));
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_secs(12), "{waited:?}");
    let rebalances = "marty_kafka_consumer_rebalances_total{";
    let labels = ["group=\"warden\"", "kind=\"assign\""];
    assert!(scraped(admin, rebalances, &labels).await.is_some());
    for kind in ["kind=\"revoke\"", "kind=\"lost\""] {
        let labels = ["group=\"warden\"", kind];
        assert_eq!(scraped(admin, rebalances, &labels).await, None, "{kind}");
    }
    let retries = "marty_event_retries_total{";
    let labels = ["\"warden\"", "error_type=\"provider\""];
    assert_eq!(scraped(admin, retries, &labels).await, Some(1.0));
    running.stop().await.unwrap();
    let stored = |topic: &str| tokio::task::block_in_place(|| broker.stored("warden", topic, 1));
    assert_eq!(topics.map(stored), [1, 1]);
}

#[cfg(feature = "kafka")]
#[derive(Event)]
#[event(type = "person.paroled", topic = domain("parole"), key = number)]
struct Paroled {
    number: u32,
}
