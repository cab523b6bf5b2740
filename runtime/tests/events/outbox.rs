//! The outbox on a real Postgres server: what was committed is published in its order, whenever the relay is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use marty_runtime::{
    bus::{EventBus, Memory, Outbox},
    database::Postgres,
    event::{Envelope, Event, Record, decode},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::time::{Instant, sleep};

use crate::server::Server;

const PATIENCE: Duration = Duration::from_mins(1);

const TOPIC: &str = "domain.ledger.events";

#[derive(Clone, Debug, Event)]
#[event(type = "ledger.entered", topic = domain("ledger"), key = account)]
struct LedgerEntered {
    account: i64,
    number: i64,
}

struct Ledger {
    _server: Server,
    pool: PgPool,
    database: Postgres,
    outbox: Outbox,
}

impl Ledger {
    async fn open(bus: &EventBus) -> Self {
        let server = Server::start();
        let pool = PgPoolOptions::new().max_connections(12);
        let pool = pool.connect_lazy(server.url()).unwrap();
        let database = Postgres::new("ledger", pool.clone());
        let outbox = Outbox::new(database.clone(), bus.clone());
        // Every instance of a service does so as it starts.
        let (one, other) = tokio::join!(outbox.create_table(), outbox.create_table());
        one.and(other).unwrap();
        Self {
            _server: server,
            pool,
            database,
            outbox,
        }
    }

    /// Writes entries of `account` in one transaction.
    async fn enter(&self, account: i64, numbers: impl IntoIterator<Item = i64>) {
        let mut transaction = self.database.begin().await.unwrap();
        for number in numbers {
            let event = LedgerEntered { account, number };
            self.outbox.publish(&mut transaction, &event).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    async fn left(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM marty_outbox")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Relays until nothing is left. Another relay may still hold the lock.
    async fn empty(&self) {
        let until = Instant::now() + PATIENCE;
        while self.left().await > 0 {
            assert!(Instant::now() < until);
            let _ = self.outbox.relay_some().await;
        }
    }
}

fn read(record: &Record) -> Envelope<LedgerEntered> {
    decode(record).unwrap().into_envelope().unwrap()
}

fn entries(memory: &Memory) -> Vec<Envelope<LedgerEntered>> {
    let records = memory.records(TOPIC);
    records.iter().map(|stored| read(&stored.record)).collect()
}

/// The numbers of each account in the order in which each first came.
fn first_seen(entries: &[Envelope<LedgerEntered>]) -> BTreeMap<i64, Vec<i64>> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut numbers: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for entry in entries {
        if seen.insert(entry.attributes.id.to_string()) {
            let of_account = numbers.entry(entry.data.account).or_default();
            of_account.push(entry.data.number);
        }
    }
    numbers
}

/// Polls `work` so many times, and then drops it as if its process had been killed.
async fn killed_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let polled = work.as_mut().poll(context).map(Some);
        if polled.is_pending() && left == 0 {
            return Poll::Ready(None);
        }
        polled
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_killed_at_any_step_loses_nothing_and_keeps_the_order() {
    let (bus, memory) = EventBus::in_memory("ledger");
    let ledger = Ledger::open(&bus).await;
    let (mut next, mut killed) = (0, 0);
    for polls in (1..=10).cycle() {
        ledger.enter(7, next..next + 3).await;
        next += 3;
        // What a relay holds that was killed in the round before is given back by now.
        while ledger.outbox.relay_some().await.unwrap() == 0 {}
        ledger.enter(7, next..next + 3).await;
        next += 3;
        let ended = killed_after(polls, ledger.outbox.relay_some()).await;
        killed += usize::from(ended.is_none());
        if killed == 20 {
            break;
        }
    }
    ledger.empty().await;
    let entries = entries(&memory);
    assert_eq!(first_seen(&entries), [(7, (0..next).collect())].into());
    // What came again came with the id that it had.
    let ids: BTreeSet<String> = entries
        .iter()
        .map(|entry| entry.attributes.id.to_string())
        .collect();
    assert_eq!(ids.len(), usize::try_from(next).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rolled_back_is_not_published() {
    let (bus, memory) = EventBus::in_memory("ledger");
    let ledger = Ledger::open(&bus).await;
    let mut transaction = ledger.database.begin().await.unwrap();
    let event = LedgerEntered {
        account: 7,
        number: 1,
    };
    ledger
        .outbox
        .publish(&mut transaction, &event)
        .await
        .unwrap();
    assert_eq!(ledger.outbox.relay_some().await.unwrap(), 0);
    transaction.rollback().await.unwrap();
    ledger.enter(7, [2]).await;
    assert_eq!(ledger.outbox.relay_some().await.unwrap(), 1);
    assert_eq!(first_seen(&entries(&memory)), [(7, vec![2])].into());
}

/// Takes the next number of the account and writes the event, before or after.
async fn count(ledger: &Ledger, account: i64) {
    let mut transaction = ledger.database.begin().await.unwrap();
    let number = sqlx::query_scalar(
        "INSERT INTO accounts VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET number = accounts.number + 1 RETURNING number",
    )
    .bind(account)
    .fetch_one(&mut *transaction)
    .await
    .unwrap();
    let event = LedgerEntered { account, number };
    let written = ledger.outbox.publish(&mut transaction, &event);
    written.await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_key_are_relayed_in_the_order_of_their_commits_by_any_number_of_relays() {
    let (bus, memory) = EventBus::in_memory("ledger");
    let ledger = Ledger::open(&bus).await;
    sqlx::query("CREATE TABLE accounts (id bigint PRIMARY KEY, number bigint NOT NULL)")
        .execute(&ledger.pool)
        .await
        .unwrap();
    let writers = async {
        let write = |account| {
            let ledger = &ledger;
            Box::pin(async move {
                for _ in 0..25 {
                    count(ledger, account).await;
                }
            })
        };
        tokio::join!(write(1), write(1), write(2), write(2), write(1));
    };
    let ended = std::sync::atomic::AtomicBool::new(false);
    let relay = async || {
        while !ended.load(std::sync::atomic::Ordering::Relaxed) {
            ledger.outbox.relay_some().await.unwrap();
        }
    };
    tokio::join!(
        async {
            writers.await;
            ended.store(true, std::sync::atomic::Ordering::Relaxed);
        },
        relay(),
        relay()
    );
    ledger.empty().await;
    let entries = entries(&memory);
    // No relay was killed: nothing comes twice.
    assert_eq!(entries.len(), 125);
    let expected = [(1, (0..75).collect()), (2, (0..50).collect())];
    assert_eq!(first_seen(&entries), expected.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_does_not_take_stays_and_keeps_its_place() {
    let (bus, memory) = EventBus::in_memory("ledger");
    let ledger = Ledger::open(&bus).await;
    ledger.enter(7, 0..3).await;
    memory.refuse(TOPIC, true);
    let error = ledger.outbox.relay_some().await.unwrap_err().to_string();
    assert!(error.contains(TOPIC), "{error}");
    ledger.enter(7, 3..5).await;
    assert_eq!(ledger.left().await, 5);
    memory.refuse(TOPIC, false);
    ledger.empty().await;
    assert_eq!(
        first_seen(&entries(&memory)),
        [(7, (0..5).collect())].into()
    );
    assert_eq!(memory.records(TOPIC).len(), 5);
}

#[cfg(feature = "kafka")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_broker_that_is_killed_gets_everything_in_order() {
    use marty_runtime::{Config, Service, bus::KafkaConfig};

    let broker = crate::broker::Broker::start();
    broker.create(TOPIC, 3).await;
    let bus = EventBus::kafka("ledger", &KafkaConfig::new(&broker.address())).unwrap();
    let ledger = Ledger::open(&bus.with_timeout(Duration::from_secs(5))).await;
    let outbox = ledger.outbox.clone();
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests())
        .task("outbox", move |stop| outbox.clone().relay(stop));
    let running = service.start().await.unwrap();
    for round in 0..20 {
        for account in 0..4 {
            ledger.enter(account, round * 5..round * 5 + 5).await;
        }
        if round == 5 {
            broker.kill();
        }
    }
    assert!(ledger.left().await > 0);
    broker.up();
    let until = Instant::now() + PATIENCE;
    while ledger.left().await > 0 {
        assert!(Instant::now() < until);
        sleep(Duration::from_millis(50)).await;
    }
    running.stop().await.unwrap();
    // What was on its way as the broker was killed may be there twice: then there is more than was written.
    let mut count = 400;
    let numbers = loop {
        let entries: Vec<_> = broker.records(TOPIC, 3, count).iter().map(read).collect();
        let numbers = first_seen(&entries);
        let missing = 400 - numbers.values().map(Vec::len).sum::<usize>();
        if missing == 0 {
            break numbers;
        }
        count += missing;
    };
    let expected = (0..4).map(|account| (account, (0..100).collect()));
    assert_eq!(numbers, expected.collect());
}
