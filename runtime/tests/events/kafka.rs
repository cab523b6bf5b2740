//! The transport over Kafka keeps what transports promise, on a real broker.

use std::{sync::Arc, time::Duration};

use marty_runtime::{
    Config, Service,
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    event::{Attributes, Envelope, Event, Keyring, Record, encode},
};
use rdkafka::{
    ClientConfig,
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use crate::{broker::Broker, conformance::Fixture, service::get};

struct OnKafka(EventBus, &'static Broker);

impl OnKafka {
    fn new() -> Self {
        let broker = Broker::shared();
        Self(
            EventBus::kafka("shop", &KafkaConfig::new(&broker.address())).unwrap(),
            broker,
        )
    }
}

impl Fixture for OnKafka {
    fn bus(&self) -> EventBus {
        self.0.clone()
    }

    async fn create(&self, topic: &str) {
        self.1.create(topic, 3).await;
    }

    async fn put(&self, topic: &str, record: Record) {
        self.1.put(topic, &record).await;
    }

    async fn records(&self, topic: &str, count: usize) -> Vec<Record> {
        tokio::task::block_in_place(|| self.1.records(topic, 3, count))
    }

    async fn stored(&self, group: &str, topic: &str) -> i64 {
        tokio::task::block_in_place(|| self.1.stored(group, topic, 3))
    }
}

crate::conformance::conformance!(&OnKafka::new());

#[derive(Event)]
#[event(type = "parcel.sent", topic = domain("parcel"), key = number)]
struct ParcelSent {
    number: u32,
}

/// What the scrape says of the lag of each partition of `topic`, in messages and in seconds.
async fn lag(admin: std::net::SocketAddr, topic: &str) -> Vec<(f64, f64)> {
    let (_, scrape) = get(admin, "/metrics").await;
    let of = |name: &str, partition: u32| {
        let partition = format!("partition=\"{partition}\"");
        let mut lines = scrape.lines().filter(|line| {
            line.starts_with(name) && line.contains(&partition) && line.contains(topic)
        });
        lines
            .next()
            .and_then(|line| line.rsplit(' ').next())
            .and_then(|value| value.parse::<f64>().ok())
    };
    let partitions = (0..3).filter_map(|partition| {
        let messages = of("marty_kafka_consumer_lag_messages{", partition)?;
        Some((
            messages,
            of("marty_kafka_consumer_lag_seconds{", partition)?,
        ))
    });
    partitions.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lag_of_every_assigned_partition_is_shown_and_ends_with_the_assignment() {
    let broker = Broker::shared();
    broker.create("domain.parcel.events", 3).await;
    let bus = EventBus::kafka("shop", &KafkaConfig::new(&broker.address())).unwrap();
    // One key is one partition: nothing ever comes to the two others.
    for _ in 0..50 {
        bus.publish(&ParcelSent { number: 7 }).await.unwrap();
    }
    let hang =
        |_: Envelope<ParcelSent>, _: Delivery| std::future::pending::<Result<(), HandlerError>>();
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    let running = service
        .events(&bus, [Consumers::new("parcels").on::<ParcelSent>(hang)])
        .start()
        .await
        .unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let mut lag = lag(running.admin_addr(), "domain.parcel.events").await;
        lag.sort_by(|one, other| one.0.total_cmp(&other.0));
        if let [(0.0, 0.0), (0.0, 0.0), (50.0, seconds)] = lag.as_slice()
            && *seconds > 1.0
        {
            break;
        }
        assert!(Instant::now() < until, "{lag:?}");
        sleep(Duration::from_millis(100)).await;
    }
    // The handler that hangs is cut off, and the service says so.
    let error = running.stop().await.unwrap_err();
    assert_eq!(error.overrun_phase(), Some("drain consumers"));
    let service =
        Service::new(marty_runtime::service_info!(), Config::for_tests()).events(&bus, []);
    let running = service.start().await.unwrap();
    assert_eq!(lag(running.admin_addr(), "domain.parcel.events").await, []);
    running.stop().await.unwrap();
}

#[derive(Event)]
#[event(type = "letter.sent", topic = domain("letter"), key = number)]
struct LetterSent {
    number: u32,
}

/// Writes one event in a transaction: with the marker that ends it the partition has two offsets.
fn send_in_a_transaction(broker: &Broker) {
    let patience = Duration::from_secs(30);
    let record = encode(
        &LetterSent { number: 1 },
        &Attributes::new("/post"),
        &Keyring::none(),
    )
    .unwrap();
    let headers = record
        .headers()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value })
        });
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.address())
        .set("transactional.id", "post")
        .create()
        .unwrap();
    producer.init_transactions(patience).unwrap();
    producer.begin_transaction().unwrap();
    let mut message = BaseRecord::<[u8], [u8]>::to("domain.letter.events").headers(headers);
    message.key = record.key();
    message.payload = record.value();
    assert!(producer.send(message).is_ok());
    producer.commit_transaction(patience).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_behind_of_what_ends_a_transaction() {
    let broker = Broker::shared();
    broker.create("domain.letter.events", 1).await;
    tokio::task::block_in_place(|| send_in_a_transaction(broker));
    let bus = EventBus::kafka("post", &KafkaConfig::new(&broker.address())).unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&gate);
    let handler = move |_: Envelope<LetterSent>, _: Delivery| {
        let permits = Arc::clone(&permits);
        async move {
            permits.acquire().await?.forget();
            Ok::<(), HandlerError>(())
        }
    };
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    let running = service
        .events(&bus, [Consumers::new("letters").on::<LetterSent>(handler)])
        .start()
        .await
        .unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    let shown = async |messages: f64| loop {
        let lag = lag(running.admin_addr(), "domain.letter.events").await;
        if let [(shown, _)] = lag[..]
            && (shown - messages).abs() < f64::EPSILON
        {
            break;
        }
        assert!(Instant::now() < until, "{lag:?}, not {messages}");
        sleep(Duration::from_millis(100)).await;
    };
    shown(2.0).await;
    gate.add_permits(1);
    shown(0.0).await;
    running.stop().await.unwrap();
}
