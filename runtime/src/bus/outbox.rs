//! The outbox: events that are written with what they tell of, in one transaction, and published afterwards.

use std::{
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sqlx::{PgConnection, PgTransaction};

use super::{EventBus, OutboxError, PublishError, metrics::sent, partition};
use crate::{
    business::ErrorClass as _,
    database::Postgres,
    event::{Attributes, Event, Record},
    operation,
    task::Stop,
};

/// The table, which is made once and stays as it is.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS marty_outbox (
    position bigserial PRIMARY KEY,
    topic text NOT NULL,
    event_type text NOT NULL,
    key bytea,
    value bytea NOT NULL,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    time_millis bigint NOT NULL
)";

/// The first half of the numbers that locks are called by, so that they are no others'. The second is 0 for the relay.
const LOCKS: i32 = 0x6d61_7274;

/// As many events are looked at in one transaction of the relay.
const BATCH: usize = 500;

/// How long the relay waits where there was nothing, or another instance relays.
const IDLE: Duration = Duration::from_millis(100);

/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Writes events in the caller's transaction, and relays them to the bus: at least once, and those of a key in the order in which
/// their transactions were committed.
///
/// Every instance of a service runs the relay, and one of them at a time relays. An event is deleted once the broker has acknowledged it;
/// a relay that is killed in between publishes it again, with the same id. Of one key, one event is under way at a time, so that none is
/// passed by the next when it fails: a key has a few hundred events a second. While an event cannot be published it stays,
/// those of its key wait behind it, and the log says so; where 500 wait that cannot be published, all others wait too.
///
/// ```no_run
/// use marty_runtime::{Config, Service, bus::{EventBus, Outbox}, database::Postgres, event::Event};
///
/// #[derive(Event)]
/// #[event(type = "user.created", topic = domain("user"), key = user_id)]
/// struct UserCreated {
///     user_id: i64,
/// }
///
/// async fn create(database: &Postgres, outbox: &Outbox) -> Result<(), Box<dyn std::error::Error>> {
///     let mut transaction = database.begin().await?;
///     let insert = sqlx::query_scalar("INSERT INTO users DEFAULT VALUES RETURNING id");
///     let user_id = insert.fetch_one(&mut *transaction).await?;
///     outbox.publish(&mut transaction, &UserCreated { user_id }).await?;
///     transaction.commit().await?;
///     Ok(())
/// }
///
/// # async fn run(database: Postgres, bus: EventBus) -> Result<(), Box<dyn std::error::Error>> {
/// let outbox = Outbox::new(database.clone(), bus.clone());
/// outbox.create_table().await?;
/// let service = Service::new(marty_runtime::service_info!(), Config::for_tests()).pool(database).events(&bus, []);
/// service.task("outbox", move |stop| outbox.clone().relay(stop)).run().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Outbox {
    database: Postgres,
    bus: EventBus,
}

/// An event in the outbox.
struct Entry {
    position: i64,
    topic: Arc<str>,
    event: String,
    record: Record,
}

type Row = (
    i64,
    String,
    String,
    Option<Vec<u8>>,
    Vec<u8>,
    Vec<String>,
    Vec<Vec<u8>>,
    i64,
);

impl Outbox {
    /// Keeps events in `database`, and relays them to `bus`.
    #[must_use]
    pub const fn new(database: Postgres, bus: EventBus) -> Self {
        Self { database, bus }
    }

    /// Makes the table `marty_outbox` unless it is there.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached or does not let us.
    pub async fn create_table(&self) -> Result<(), OutboxError> {
        let mut transaction = self.database.begin().await?;
        // Two that make the same table at the same time are refused one of them, for all that `IF NOT EXISTS` says.
        lock(&mut transaction, 0).await?;
        sqlx::query(TABLE).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Writes `event` in the transaction of `connection`: it is published if that is committed.
    ///
    /// From now until it ends, other transactions wait that write an event of the same key. Two that write events of two keys
    /// in different orders may wait for each other; the database then ends one of them.
    ///
    /// # Errors
    ///
    /// If the event has no form on the wire, or the database refuses.
    pub async fn publish<E: Event>(
        &self,
        connection: &mut PgConnection,
        event: &E,
    ) -> Result<(), OutboxError> {
        self.publish_with(connection, event, &self.bus.attributes())
            .await
    }

    /// Writes `event` with `attributes`.
    ///
    /// # Errors
    ///
    /// As [`Outbox::publish`].
    pub async fn publish_with<E: Event>(
        &self,
        connection: &mut PgConnection,
        event: &E,
        attributes: &Attributes,
    ) -> Result<(), OutboxError> {
        let (topic, record) = self.bus.record(event, attributes)?;
        let write = async {
            if let Some(key) = record.key() {
                // Positions are given out before commits: without the lock those of a key could be in another order than these.
                lock(connection, partition::murmur2(key).cast_signed()).await?;
            }
            insert(connection, &topic, E::TYPE, &record).await
        };
        self.database
            .timed(operation!("write_event"), write)
            .await?;
        Ok(())
    }

    /// Relays until it is told to stop: what [`Service::task`](crate::Service::task) takes.
    pub async fn relay(self, stop: Stop) {
        loop {
            let wait = match self.relay_some().await {
                Ok(BATCH) => Duration::ZERO,
                Ok(_) => IDLE,
                Err(error) => {
                    tracing::error!(%error, "events stay in the outbox, and are tried again");
                    AFTER_FAILURE
                }
            };
            if !stop.sleep(wait).await {
                return;
            }
        }
    }

    /// Relays what there is, up to a batch, and says how many that were; none while another instance relays.
    ///
    /// # Errors
    ///
    /// If the database cannot be asked, or an event was not published. Those that were are not published again.
    pub async fn relay_some(&self) -> Result<usize, OutboxError> {
        let mut transaction = self.database.begin().await?;
        let ours = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1, 0)")
            .bind(LOCKS)
            .fetch_one(&mut *transaction);
        if !ours.await? {
            return Ok(0);
        }
        let entries = self.entries(&mut transaction).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let (published, refused) = self.publish_all(entries).await;
        let delete = sqlx::query("DELETE FROM marty_outbox WHERE position = ANY($1)")
            .bind(&published)
            .execute(&mut *transaction);
        self.database
            .timed(operation!("delete_events"), delete)
            .await?;
        transaction.commit().await?;
        refused.map_or(Ok(published.len()), |error| Err(error.into()))
    }

    async fn entries(
        &self,
        transaction: &mut PgTransaction<'_>,
    ) -> Result<Vec<Entry>, OutboxError> {
        let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let rows = sqlx::query_as::<_, Row>(
            "SELECT position, topic, event_type, key, value, header_names, header_values, time_millis
             FROM marty_outbox ORDER BY position LIMIT $1",
        )
        .bind(most)
        .fetch_all(&mut **transaction);
        let rows = self.database.timed(operation!("read_events"), rows).await?;
        Ok(rows.into_iter().map(Entry::read).collect())
    }

    /// Publishes in rounds, each with the first event of every key that is left. Returns the positions of what was published, and
    /// why something was not, if it was not.
    async fn publish_all(&self, entries: Vec<Entry>) -> (Vec<i64>, Option<PublishError>) {
        let (mut published, mut refused) = (Vec::new(), None);
        let mut stuck: HashSet<Lane> = HashSet::new();
        let mut left = entries;
        while !left.is_empty() {
            let mut begun: HashSet<Lane> = HashSet::new();
            let mut under_way = Vec::new();
            let mut later = Vec::new();
            for entry in left {
                let lane = entry.lane();
                let is_stuck = lane.as_ref().is_some_and(|lane| stuck.contains(lane));
                let is_first = lane.as_ref().is_none_or(|lane| begun.insert(lane.clone()));
                if is_stuck {
                    continue;
                }
                if is_first {
                    under_way.push((self.bus.hand_over(&entry.topic, &entry.record).await, entry));
                } else {
                    later.push(entry);
                }
            }
            for ((until, handed_over), entry) in under_way {
                let begun = until - self.bus.timeout();
                let answer = match handed_over {
                    Ok(acknowledgement) => acknowledgement.wait(until).await.0,
                    Err(error) => Err(error),
                };
                let class = answer.as_ref().map_or_else(PublishError::class, |_| "");
                sent(&entry.topic, &entry.event, class, begun.elapsed());
                match answer {
                    Ok(_) => published.push(entry.position),
                    Err(error) => {
                        stuck.extend(entry.lane());
                        refused.get_or_insert(error);
                    }
                }
            }
            left = later;
        }
        (published, refused)
    }
}

/// What keeps its order: a key of a topic.
type Lane = (Arc<str>, Vec<u8>);

impl Entry {
    fn read(row: Row) -> Self {
        let (position, topic, event, key, value, names, values, millis) = row;
        let millis = u64::try_from(millis).unwrap_or_default();
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let bytes = value.len() + values.iter().map(Vec::len).sum::<usize>();
        let mut record = Record::with_capacity(bytes, names.len(), time).with_value(&value);
        if let Some(key) = key {
            record = record.with_key(&key);
        }
        for (name, value) in names.iter().zip(&values) {
            record = record.with_header(name, Some(value));
        }
        Self {
            position,
            topic: topic.into(),
            event,
            record,
        }
    }

    fn lane(&self) -> Option<Lane> {
        let key = self.record.key()?;
        Some((Arc::clone(&self.topic), key.to_vec()))
    }
}

/// Waits for the lock of `number`, which is held until the transaction ends.
async fn lock(connection: &mut PgConnection, number: i32) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCKS)
        // 0 is the relay's.
        .bind(number | 1)
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    topic: &str,
    event: &str,
    record: &Record,
) -> Result<(), sqlx::Error> {
    let (names, values): (Vec<&str>, Vec<&[u8]>) = record
        .headers()
        .map(|(name, value)| (name, value.unwrap_or_default()))
        .unzip();
    let since = record
        .time()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    sqlx::query(
        "INSERT INTO marty_outbox (topic, event_type, key, value, header_names, header_values, time_millis)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(topic)
    .bind(event)
    .bind(record.key())
    .bind(record.value().unwrap_or_default())
    .bind(names)
    .bind(values)
    .bind(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

impl fmt::Debug for Outbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outbox")
            .field("database", &self.database)
            .field("bus", &self.bus)
            .finish()
    }
}
