//! The relay of the outbox as a process of its own, killed at every step, between a real Postgres server and a real broker: what
//! was committed is in Kafka at least once, in its order, and has its effect once.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, Inbox, KafkaConfig, Outbox, Subscription},
    database::Postgres,
    event::{Envelope, Event},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::{Headers as _, Message as _},
};
use sqlx::{PgPool, PgTransaction, postgres::PgPoolOptions};
use tokio::time::{Instant, interval, sleep};

use crate::{broker::Broker, server::Server};

const PATIENCE: Duration = Duration::from_mins(1);

const TOPIC: &str = "domain.killed-relay.events";
const PARTITIONS: i32 = 3;
const GROUP: &str = "effects";

/// The number that a commit waits for while a case holds it.
const GATE: i64 = 4242;

/// As many entries of one account lie in a batch that is interrupted.
const LONG: i64 = 200;

#[derive(Clone, Debug, Event)]
#[event(type = "ledger.entered", topic = domain("killed-relay"), key = account)]
struct Entered {
    account: i64,
    number: i64,
}

#[derive(serde::Deserialize)]
struct Entry {
    account: i64,
    number: i64,
}

struct Ledger {
    server: Server,
    pool: PgPool,
    database: Postgres,
    outbox: Outbox,
    broker: &'static Broker,
}

impl Ledger {
    async fn open() -> Self {
        let broker = Broker::shared();
        broker.create(TOPIC, PARTITIONS).await;
        let server = Server::start();
        let pool = PgPoolOptions::new().max_connections(20);
        let pool = pool.connect_lazy(server.url()).unwrap();
        let database = Postgres::new("ledger", pool.clone());
        // Nothing is published by this process.
        let outbox = Outbox::new(database.clone(), EventBus::in_memory("ledger").0);
        outbox.create_table().await.unwrap();
        let statements = [
            "CREATE TABLE accounts (id bigint PRIMARY KEY, number bigint NOT NULL)".to_owned(),
            "CREATE TABLE effects (account bigint NOT NULL, number bigint NOT NULL)".to_owned(),
            // As the last thing before a commit.
            format!(
                "CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END'"
            ),
            "CREATE CONSTRAINT TRIGGER gate AFTER DELETE ON marty_outbox DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION pass()"
                .to_owned(),
        ];
        for statement in statements {
            sqlx::query(sqlx::AssertSqlSafe(statement))
                .execute(&pool)
                .await
                .unwrap();
        }
        Self {
            server,
            pool,
            database,
            outbox,
            broker,
        }
    }

    /// Takes the next number of the account and writes the event; both are there or neither.
    async fn enter(&self, transaction: &mut PgTransaction<'_>, account: i64) {
        let number = sqlx::query_scalar(
            "INSERT INTO accounts VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET number = accounts.number + 1 RETURNING number",
        );
        let number = number
            .bind(account)
            .fetch_one(&mut **transaction)
            .await
            .unwrap();
        let event = Entered { account, number };
        self.outbox.publish(transaction, &event).await.unwrap();
    }

    async fn begin(&self) -> PgTransaction<'static> {
        self.pool.begin().await.unwrap()
    }

    /// Writes entries one after the other until it is told to end; every fifth is taken back.
    async fn write(&self, account: i64, ends: &AtomicBool) {
        let mut pace = interval(Duration::from_millis(15));
        for round in 0_u32.. {
            if ends.load(Ordering::SeqCst) {
                return;
            }
            let mut transaction = self.begin().await;
            self.enter(&mut transaction, account).await;
            if round % 5 == 4 {
                transaction.rollback().await.unwrap();
            } else {
                transaction.commit().await.unwrap();
            }
            pace.tick().await;
        }
    }

    /// Waits until the relay's session is as `condition` says.
    async fn relay_is(&self, condition: &str) {
        let asked = format!(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'relay' AND {condition})"
        );
        self.until(&asked).await;
    }

    async fn until(&self, condition: &str) {
        let until = Instant::now() + PATIENCE;
        let holds = || {
            sqlx::query_scalar::<_, bool>(sqlx::AssertSqlSafe(condition.to_owned()))
                .fetch_one(&self.pool)
        };
        while !holds().await.unwrap() {
            assert!(Instant::now() < until, "not so in time: {condition}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// What lies in the outbox of an account.
    async fn left(&self, account: i64) -> i64 {
        let left = sqlx::query_scalar("SELECT count(*) FROM marty_outbox WHERE key = $1");
        let key = account.to_string();
        left.bind(key.as_bytes())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

/// The relay's process.
struct Relay(Child);

impl Relay {
    fn start(ledger: &Ledger, linger: &str) -> Self {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let program = path.join("examples/relay");
        assert!(
            program.exists(),
            "{} is not there; `cargo build -p marty-runtime --all-features --example relay` makes it",
            program.display()
        );
        let mut command = Command::new(program);
        command
            .env("DATABASE_URL", ledger.server.url())
            .env("MARTY_KAFKA_BROKERS", ledger.broker.address())
            .env("LINGER_MS", linger)
            .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
            .env("MARTY_ADMIN_ADDR", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Kills it as a crash would, and not before it is at work.
    fn kill(mut self) {
        self.0.kill().unwrap();
        let ended = self.0.wait().unwrap();
        assert_eq!(ended.signal(), Some(9), "it ended by itself: {ended}");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is in the topic, in the order of its partitions: account, number and id.
#[derive(Clone, Default)]
struct Topic(Arc<Mutex<Vec<(i64, i64, String)>>>);

impl Topic {
    /// Reads all that is there now.
    fn read(&self, broker: &Broker) -> usize {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", broker.address())
            .set("group.id", "reader")
            .set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().unwrap();
        let mut list = TopicPartitionList::new();
        let mut wanted = 0;
        for partition in 0..PARTITIONS {
            let ends = consumer.fetch_watermarks(TOPIC, partition, PATIENCE);
            wanted += usize::try_from(ends.unwrap().1).unwrap();
            list.add_partition_offset(TOPIC, partition, Offset::Beginning)
                .unwrap();
        }
        consumer.assign(&list).unwrap();
        let mut found = Vec::new();
        while found.len() < wanted {
            let message = consumer
                .poll(PATIENCE)
                .unwrap_or_else(|| panic!("{} of {wanted} records", found.len()))
                .unwrap();
            let Entry { account, number } =
                serde_json::from_slice(message.payload().unwrap()).unwrap();
            let mut headers = message.headers().unwrap().iter();
            let id = headers.find(|header| header.key == "ce_id").unwrap();
            let id = String::from_utf8(id.value.unwrap().to_vec()).unwrap();
            found.push((account, number, id));
        }
        *self.0.lock().unwrap() = found;
        wanted
    }

    /// How many entries of an account are there, at least.
    fn count(&self, account: i64) -> i64 {
        let found = self.0.lock().unwrap();
        let numbers: BTreeSet<i64> = found
            .iter()
            .filter(|it| it.0 == account)
            .map(|it| it.1)
            .collect();
        i64::try_from(numbers.len()).unwrap()
    }

    fn has(&self, account: i64, number: i64) -> bool {
        let found = self.0.lock().unwrap();
        found.iter().any(|it| (it.0, it.1) == (account, number))
    }

    /// The numbers of each account in the order in which each first came, and how often one came again.
    fn first_seen(&self) -> (BTreeMap<i64, Vec<i64>>, usize) {
        let mut ids: BTreeMap<(i64, i64), &str> = BTreeMap::new();
        let mut numbers: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let found = self.0.lock().unwrap();
        for (account, number, id) in &*found {
            if let Some(known) = ids.insert((*account, *number), id) {
                assert_eq!(
                    known, id,
                    "entry {number} of {account} was published as two events"
                );
            } else {
                numbers.entry(*account).or_default().push(*number);
            }
        }
        (numbers, found.len() - ids.len())
    }
}

/// A moment at which the relay is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// It reads what lies in the outbox.
    Reading,
    /// It has read, and nothing has reached the broker.
    BeforePublishing,
    /// Some of a batch is published, and some is not.
    AmidTheBatch,
    /// All of a batch is acknowledged, and nothing is deleted.
    BeforeDeleting,
    /// All of a batch is deleted, and not committed.
    Committing,
    /// Whatever it is at after so long.
    After(Duration),
}

impl Moment {
    async fn kill(self, ledger: &Ledger) {
        // The server notices late that a session's process is gone.
        let over =
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'relay')";
        ledger.until(over).await;
        match self {
            Self::Reading => reading(ledger).await,
            Self::BeforePublishing => before_publishing(ledger).await,
            Self::AmidTheBatch => amid_the_batch(ledger).await,
            Self::BeforeDeleting => before_deleting(ledger).await,
            Self::Committing => committing(ledger).await,
            Self::After(time) => {
                let relay = Relay::start(ledger, "2");
                sleep(time).await;
                relay.kill();
            }
        }
    }
}

async fn reading(ledger: &Ledger) {
    let mut transaction = ledger.begin().await;
    let lock = sqlx::query("LOCK TABLE marty_outbox IN ACCESS EXCLUSIVE MODE");
    lock.execute(&mut *transaction).await.unwrap();
    let relay = Relay::start(ledger, "2");
    ledger
        .relay_is("wait_event_type = 'Lock' AND query LIKE 'SELECT position%'")
        .await;
    relay.kill();
    transaction.rollback().await.unwrap();
}

async fn before_publishing(ledger: &Ledger) {
    let before = tokio::task::block_in_place(|| Topic::default().read(ledger.broker));
    // The client keeps what it is given for a while, in which no acknowledgement comes.
    let relay = Relay::start(ledger, "20000");
    ledger
        .until("SELECT EXISTS (SELECT FROM marty_outbox)")
        .await;
    let idle = "state = 'idle in transaction' AND query LIKE 'SELECT position%'";
    ledger.relay_is(idle).await;
    relay.kill();
    let after = tokio::task::block_in_place(|| Topic::default().read(ledger.broker));
    assert_eq!(after, before);
}

async fn amid_the_batch(ledger: &Ledger) {
    let account = 100;
    let topic = Topic::default();
    let read = || tokio::task::block_in_place(|| topic.read(ledger.broker));
    // What was interrupted before is done first.
    let relay = Relay::start(ledger, "2");
    let until = Instant::now() + PATIENCE;
    while ledger.left(account).await > 0 {
        assert!(Instant::now() < until);
        sleep(Duration::from_millis(5)).await;
    }
    relay.kill();
    read();
    let before = topic.count(account);

    let mut transaction = ledger.begin().await;
    for _ in 0..LONG {
        ledger.enter(&mut transaction, account).await;
    }
    transaction.commit().await.unwrap();
    let relay = Relay::start(ledger, "10");
    while topic.count(account) == before {
        assert!(Instant::now() < until);
        read();
    }
    relay.kill();
    read();
    let published = topic.count(account) - before;
    assert!((1..LONG).contains(&published), "{published} of {LONG}");
    assert_eq!(ledger.left(account).await, LONG);
}

async fn before_deleting(ledger: &Ledger) {
    ledger
        .until("SELECT EXISTS (SELECT FROM marty_outbox)")
        .await;
    let mut transaction = ledger.begin().await;
    let rows = sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT value FROM marty_outbox ORDER BY position LIMIT 3 FOR UPDATE",
    );
    let rows = rows.fetch_all(&mut *transaction).await.unwrap();
    assert!(!rows.is_empty());
    let relay = Relay::start(ledger, "2");
    ledger
        .relay_is("wait_event_type = 'Lock' AND query LIKE 'DELETE%'")
        .await;
    relay.kill();
    transaction.rollback().await.unwrap();
    let topic = Topic::default();
    tokio::task::block_in_place(|| topic.read(ledger.broker));
    for row in rows {
        let Entry { account, number } = serde_json::from_slice(&row).unwrap();
        assert!(topic.has(account, number), "{number} of {account}");
    }
}

async fn committing(ledger: &Ledger) {
    let mut transaction = ledger.begin().await;
    let gate = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(GATE);
    gate.execute(&mut *transaction).await.unwrap();
    let relay = Relay::start(ledger, "2");
    ledger
        .relay_is("wait_event_type = 'Lock' AND query LIKE 'COMMIT%'")
        .await;
    relay.kill();
    transaction.rollback().await.unwrap();
}

/// Every chosen moment as often as `rounds`, with moments of chance in between.
fn moments(rounds: u64, seed: u64) -> Vec<Moment> {
    let mut state = seed;
    let mut chance = move || {
        // A linear congruential generator, with the constants of Knuth's MMIX.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Moment::After(Duration::from_millis((state >> 33) % 500))
    };
    let mut moments = Vec::new();
    for _ in 0..rounds {
        for moment in [
            Moment::Reading,
            Moment::BeforePublishing,
            Moment::AmidTheBatch,
            Moment::BeforeDeleting,
            Moment::Committing,
        ] {
            moments.extend([moment, chance()]);
        }
    }
    moments
}

/// Enters each event once, in the transaction that claims it.
async fn effect(
    event: Envelope<Entered>,
    delivery: Delivery,
    (database, inbox): (Postgres, Inbox),
) -> Result<(), HandlerError> {
    let mut transaction = database.begin().await?;
    if inbox
        .claim(&mut transaction, &event.attributes, &delivery)
        .await?
    {
        sqlx::query("INSERT INTO effects VALUES ($1, $2)")
            .bind(event.data.account)
            .bind(event.data.number)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Has effects of what is published, from now on.
async fn consume(ledger: &Ledger) -> Subscription {
    let inbox = Inbox::new(ledger.database.clone());
    inbox.create_table().await.unwrap();
    let with = (ledger.database.clone(), inbox);
    let handler = move |event, delivery| effect(event, delivery, with.clone());
    let bus = EventBus::kafka("effects", &KafkaConfig::new(&ledger.broker.address())).unwrap();
    bus.consume(Consumers::new(GROUP).on::<Entered>(handler))
        .unwrap()
}

/// Kills the relay at each of these moments while entries are written, and then lets one finish.
async fn kill(ledger: &Ledger, moments: &[Moment]) {
    let ends = AtomicBool::new(false);
    let killing = async {
        for moment in moments {
            moment.kill(ledger).await;
        }
        ends.store(true, Ordering::SeqCst);
    };
    tokio::join!(
        killing,
        ledger.write(1, &ends),
        ledger.write(1, &ends),
        ledger.write(2, &ends),
        ledger.write(3, &ends),
    );
    let relay = Relay::start(ledger, "2");
    ledger
        .until("SELECT NOT EXISTS (SELECT FROM marty_outbox)")
        .await;
    relay.kill();
}

/// Every effect, once the group is done with so many records.
async fn effects(ledger: &Ledger, records: usize, group: Subscription) -> Vec<(i64, i64)> {
    let records = i64::try_from(records).unwrap();
    let until = Instant::now() + PATIENCE;
    let stored = || tokio::task::block_in_place(|| ledger.broker.stored(GROUP, TOPIC, PARTITIONS));
    while stored() < records {
        assert!(Instant::now() < until, "{} of {records}", stored());
        sleep(Duration::from_millis(50)).await;
    }
    assert!(group.stop(Instant::now() + PATIENCE).await);
    let effects = sqlx::query_as("SELECT account, number FROM effects ORDER BY 1, 2");
    effects.fetch_all(&ledger.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_killed_at_every_step_loses_nothing_and_effects_come_once() {
    let ledger = Ledger::open().await;
    let group = consume(&ledger).await;
    let seed = std::env::var("MARTY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    let moments = moments(2, seed);
    println!("MARTY_SEED={seed}: {moments:?}");
    assert_eq!(moments.len(), 20);
    kill(&ledger, &moments).await;

    let topic = Topic::default();
    let records = tokio::task::block_in_place(|| topic.read(ledger.broker));
    let committed = sqlx::query_as("SELECT id, number FROM accounts ORDER BY 1");
    let committed: Vec<(i64, i64)> = committed.fetch_all(&ledger.pool).await.unwrap();
    let numbers = |last: i64| (0..=last).collect::<Vec<_>>();
    let expected = committed
        .iter()
        .map(|(account, last)| (*account, numbers(*last)));
    let (first, again) = topic.first_seen();
    assert_eq!(first, expected.collect());
    // Otherwise nothing would be shown of effects.
    assert!(again > 0);
    let expected = committed
        .iter()
        .flat_map(|(account, last)| (0..=*last).map(move |number| (*account, number)));
    let expected: Vec<_> = expected.collect();
    assert_eq!(effects(&ledger, records, group).await, expected);
    println!(
        "{} entries, {again} records that came again",
        expected.len()
    );
}
