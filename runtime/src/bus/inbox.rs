//! Which events a group has handled, kept in Postgres: across restarts, for all members, and in the handler's own transaction.

use std::{fmt, time::Duration};

use sqlx::{Error, PgConnection};

use super::{BoxedError, Delivery, Duplicates, metrics};
use crate::{
    database::Postgres,
    event::{Attributes, EventId, Text},
    operation,
};

/// The table, which is made once and stays as it is.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS marty_handled_events (
    consumer_group text NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, source, id)
)";

/// What finds rows by their age.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS marty_handled_events_handled_at ON marty_handled_events (handled_at)";

/// Remembers in a table which events were handled.
///
/// A handler that writes to the same database has its effect exactly once if it claims the event in its own transaction:
///
/// ```no_run
/// use marty_runtime::{bus::{Delivery, HandlerError, Inbox}, database::Postgres, event::{Envelope, Event}};
///
/// #[derive(Event)]
/// #[event(type = "user.created", topic = domain("user"), key = user_id)]
/// struct UserCreated {
///     user_id: i64,
/// }
///
/// async fn count(
///     event: Envelope<UserCreated>,
///     delivery: Delivery,
///     database: Postgres,
///     inbox: Inbox,
/// ) -> Result<(), HandlerError> {
///     let mut transaction = database.begin().await?;
///     if inbox.claim(&mut transaction, &event.attributes, &delivery).await? {
///         sqlx::query("UPDATE users_total SET count = count + 1").execute(&mut *transaction).await?;
///         transaction.commit().await?;
///     }
///     Ok(())
/// }
/// ```
///
/// As a store of a group by [`Consumers::duplicates`](super::Consumers::duplicates) it is asked before and told after handling, which is enough where
/// an effect that comes twice after a crash does no harm.
#[derive(Clone)]
pub struct Inbox(Postgres);

impl Inbox {
    /// Remembers in `database`.
    #[must_use]
    pub const fn new(database: Postgres) -> Self {
        Self(database)
    }

    /// Makes the table `marty_handled_events` unless it is there.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached or does not let us.
    pub async fn create_table(&self) -> Result<(), Error> {
        let mut transaction = self.0.begin().await?;
        // Two that make the same table at the same time are refused one of them, for all that `IF NOT EXISTS` says.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext('marty_handled_events'))")
            .execute(&mut *transaction)
            .await?;
        for statement in [TABLE, INDEX] {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Claims the event for the group that it was delivered to, in the transaction of `connection`; says whether it was not handled
    /// before. One that was is counted. While another transaction has claimed it, this waits for its end.
    ///
    /// # Errors
    ///
    /// If the database cannot say.
    pub async fn claim(
        &self,
        connection: &mut PgConnection,
        attributes: &Attributes,
        delivery: &Delivery,
    ) -> Result<bool, Error> {
        let Attributes { source, id, .. } = attributes;
        let claimed = self.insert(connection, &delivery.group, source, id).await?;
        if !claimed {
            metrics::duplicate(&delivery.group, delivery.event);
        }
        Ok(claimed)
    }

    /// Forgets what was handled longer than `age` ago; says how much that was. Not sooner than events may be delivered again: as long as
    /// topics keep them.
    ///
    /// # Errors
    ///
    /// If the database cannot.
    pub async fn forget(&self, age: Duration) -> Result<u64, Error> {
        let mut connection = self.0.acquire().await?;
        let forgotten = sqlx::query(
            "DELETE FROM marty_handled_events WHERE handled_at < now() - make_interval(secs => $1)",
        )
        .bind(age.as_secs_f64())
        .execute(&mut *connection);
        let forgotten = self.0.timed(operation!("forget_events"), forgotten).await?;
        Ok(forgotten.rows_affected())
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        group: &str,
        source: &Text,
        id: &EventId,
    ) -> Result<bool, Error> {
        let inserted = sqlx::query(
            "INSERT INTO marty_handled_events (consumer_group, source, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(group)
        .bind(source.as_str())
        .bind(id.to_string())
        .execute(connection);
        let inserted = self.0.timed(operation!("claim_event"), inserted).await?;
        Ok(inserted.rows_affected() == 1)
    }
}

impl Duplicates for Inbox {
    async fn is_known(&self, group: &str, source: &Text, id: &EventId) -> Result<bool, BoxedError> {
        let mut connection = self.0.acquire().await?;
        let known = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM marty_handled_events WHERE consumer_group = $1 AND source = $2 AND id = $3)",
        )
        .bind(group)
        .bind(source.as_str())
        .bind(id.to_string())
        .fetch_one(&mut *connection);
        Ok(self.0.timed(operation!("find_event"), known).await?)
    }

    async fn remember(&self, group: &str, source: &Text, id: &EventId) -> Result<(), BoxedError> {
        let mut connection = self.0.acquire().await?;
        self.insert(&mut connection, group, source, id).await?;
        Ok(())
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Inbox").field(&self.0).finish()
    }
}
