//! Events that come twice have their effect once, by a table in a real Postgres server.

use std::time::Duration;

use marty_runtime::{
    bus::{Consumers, Delivery, Duplicates, EventBus, HandlerError, Inbox, Memory, Policy},
    database::Postgres,
    event::{Attributes, Envelope, Event, EventId, Keyring, encode},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::time::{Instant, sleep};

use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Event)]
#[event(type = "account.credited", topic = domain("account"), key = account)]
struct AccountCredited {
    account: i64,
    amount: i64,
}

struct Bank {
    _server: Server,
    pool: PgPool,
    database: Postgres,
    inbox: Inbox,
}

impl Bank {
    /// Its table of effects is made, and that of events.
    async fn open() -> Self {
        let server = Server::start();
        let pool = PgPoolOptions::new().max_connections(8);
        let pool = pool.connect_lazy(server.url()).unwrap();
        sqlx::query("CREATE TABLE effects (amount bigint NOT NULL)")
            .execute(&pool)
            .await
            .unwrap();
        let database = Postgres::new("bank", pool.clone());
        let inbox = Inbox::new(database.clone());
        // Every instance of a service does so as it starts.
        let (one, other) = tokio::join!(inbox.create_table(), inbox.create_table());
        one.and(other).unwrap();
        Self {
            _server: server,
            pool,
            database,
            inbox,
        }
    }

    async fn effects(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT amount FROM effects ORDER BY amount")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// Has each of `events` in the topic twice, as a broker would that did not hear of a commit.
fn put_twice(memory: &Memory, events: &[AccountCredited]) {
    for event in events {
        let record = encode(event, &Attributes::new("/bank"), &Keyring::none()).unwrap();
        memory.put("domain.account.events", record.clone()).unwrap();
        memory.put("domain.account.events", record).unwrap();
    }
}

fn events() -> Vec<AccountCredited> {
    (0..20)
        .map(|amount| AccountCredited {
            account: 17,
            amount,
        })
        .collect()
}

/// Waits until `group` is done with so many records.
async fn done(memory: &Memory, group: &str, wanted: i64) {
    let until = Instant::now() + PATIENCE;
    let stored = || -> i64 {
        (0..3)
            .filter_map(|partition| memory.stored(group, "domain.account.events", partition))
            .sum()
    };
    while stored() < wanted {
        assert!(Instant::now() < until, "{} of {wanted} stored", stored());
        sleep(Duration::from_millis(10)).await;
    }
}

fn patient() -> Policy {
    Policy::default().backoff(Duration::from_millis(1), Duration::from_millis(5))
}

/// Credits once, whatever happens: of every third event the first attempt fails after the commit, of every other third before it.
async fn credit(
    event: Envelope<AccountCredited>,
    delivery: Delivery,
    (database, inbox): (Postgres, Inbox),
) -> Result<(), HandlerError> {
    let amount = event.data.amount;
    let mut transaction = database.begin().await?;
    if !inbox
        .claim(&mut transaction, &event.attributes, &delivery)
        .await?
    {
        return Ok(());
    }
    sqlx::query("INSERT INTO effects (amount) VALUES ($1)")
        .bind(amount)
        .execute(&mut *transaction)
        .await?;
    assert!(amount % 3 != 1 || delivery.attempt > 1, "before the commit");
    transaction.commit().await?;
    assert!(amount % 3 != 2 || delivery.attempt > 1, "after the commit");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claimed_event_has_its_effect_once_wherever_its_handler_fails() {
    let bank = Bank::open().await;
    let (bus, memory) = EventBus::in_memory("bank");
    let with = (bank.database.clone(), bank.inbox.clone());
    let handler =
        move |event: Envelope<AccountCredited>, delivery| credit(event, delivery, with.clone());
    let consumers = Consumers::new("credits")
        .on::<AccountCredited>(handler)
        .lanes(4)
        .policy(patient());
    let subscription = bus.consume(consumers).unwrap();
    put_twice(&memory, &events());
    done(&memory, "credits", 40).await;
    assert_eq!(bank.effects().await, (0..20).collect::<Vec<i64>>());
    assert!(
        memory
            .records("domain.account.events.credits.dlq")
            .is_empty()
    );
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_claim_the_same_event_at_the_same_time_are_one_who_has_it() {
    let bank = Bank::open().await;
    let attributes = Attributes::new("/bank");
    let (bus, memory) = EventBus::in_memory("bank");
    let (saw, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |_: Envelope<AccountCredited>, delivery: Delivery| {
        std::future::ready(saw.send(delivery).map_err(HandlerError::from))
    };
    let consumers = Consumers::new("claims").on::<AccountCredited>(handler);
    let subscription = bus.consume(consumers).unwrap();
    put_twice(&memory, &events()[..1]);
    let delivery = seen.recv().await.unwrap();
    assert!(subscription.stop(Instant::now() + PATIENCE).await);

    let mut one = bank.database.begin().await.unwrap();
    let mut other = bank.database.begin().await.unwrap();
    assert!(
        bank.inbox
            .claim(&mut one, &attributes, &delivery)
            .await
            .unwrap()
    );
    let waits = bank.inbox.claim(&mut other, &attributes, &delivery);
    let (claimed, committed) = tokio::join!(waits, async {
        // Until the other waits for this one.
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&bank.pool)
            .await
            .unwrap()
            == 0
        {}
        one.commit().await
    });
    committed.unwrap();
    assert!(!claimed.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_with_the_table_as_its_store_handles_what_comes_twice_once() {
    let bank = Bank::open().await;
    let (bus, memory) = EventBus::in_memory("bank");
    let (saw, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |event: Envelope<AccountCredited>, _: Delivery| {
        std::future::ready(saw.send(event.data.amount).map_err(HandlerError::from))
    };
    let consumers = Consumers::new("once")
        .on::<AccountCredited>(handler)
        .duplicates(bank.inbox.clone());
    let subscription = bus.consume(consumers).unwrap();
    put_twice(&memory, &events());
    done(&memory, "once", 40).await;
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
    let mut amounts = Vec::new();
    while let Ok(amount) = seen.try_recv() {
        amounts.push(amount);
    }
    assert_eq!(amounts, (0..20).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_keeps_groups_apart_and_forgets_what_is_old() {
    let bank = Bank::open().await;
    let (source, id) = ("/bank".into(), EventId::generate());
    bank.inbox.remember("one", &source, &id).await.unwrap();
    bank.inbox.remember("one", &source, &id).await.unwrap();
    // As a restarted service has it.
    let inbox = Inbox::new(bank.database.clone());
    inbox.create_table().await.unwrap();
    assert!(inbox.is_known("one", &source, &id).await.unwrap());
    assert!(!inbox.is_known("other", &source, &id).await.unwrap());
    assert!(!inbox.is_known("one", &"/shop".into(), &id).await.unwrap());
    assert_eq!(inbox.forget(Duration::from_hours(1)).await.unwrap(), 0);
    assert_eq!(inbox.forget(Duration::ZERO).await.unwrap(), 1);
    assert!(!inbox.is_known("one", &source, &id).await.unwrap());
}
