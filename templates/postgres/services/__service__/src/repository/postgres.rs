//! Users in a Postgres database, as `migrations` lays it out.

use std::error::Error;

use marty_runtime::{
    database::{Pool as _, Postgres},
    operation,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Answer, Page, PageSize, RepositoryError, UserRepository};
use crate::domain::{Expected, Profile, User, UserId, Version};

/// What inserts wait for one after the other; any number that nobody else takes in this database.
const INSERTS: i64 = 0x7573_6572;

/// The constraint that says that an e-mail address is one user's.
const EMAIL_IS_FREE: &str = "users_email_key";

/// A user as a row has it.
type Row = (Uuid, i64, String, String);

/// Keeps users in a database, which other instances of the service use, too.
#[derive(Debug, Clone)]
pub struct PostgresUsers {
    database: Postgres,
}

impl PostgresUsers {
    /// The users of a database that is migrated.
    #[must_use]
    pub const fn new(database: Postgres) -> Self {
        Self { database }
    }

    async fn insert(&self, profile: Profile) -> Result<User, RepositoryError> {
        let mut transaction = self.database.begin().await?;
        // An id is made where nobody else can insert until it is visible: ids appear in their order, whoever makes them.
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(INSERTS);
        let locked = lock.execute(&mut *transaction);
        self.database
            .timed(operation!("lock_inserts"), locked)
            .await?;
        let last = sqlx::query_scalar("SELECT id FROM users ORDER BY id DESC LIMIT 1");
        let last = last.fetch_optional(&mut *transaction);
        let last: Option<Uuid> = self
            .database
            .timed(operation!("select_last_user"), last)
            .await?;
        let mut user = User::new(profile);
        user.id = UserId::generate_after(last.map(UserId::from));
        let insert =
            sqlx::query("INSERT INTO users (id, version, name, email) VALUES ($1, 1, $2, $3)")
                .bind(Uuid::from(user.id))
                .bind(user.profile.name.as_str())
                .bind(user.profile.email.as_str())
                .execute(&mut *transaction);
        self.database
            .timed(operation!("insert_user"), insert)
            .await?;
        transaction.commit().await?;
        Ok(user)
    }

    async fn find(&self, id: UserId) -> Result<User, RepositoryError> {
        let mut connection = self.database.acquire().await?;
        let row = sqlx::query_as("SELECT id, version, name, email FROM users WHERE id = $1")
            .bind(Uuid::from(id))
            .fetch_optional(&mut *connection);
        let row: Option<Row> = self.database.timed(operation!("select_user"), row).await?;
        row.map_or(Err(RepositoryError::NotFound(id)), user)
    }

    async fn list(&self, after: Option<UserId>, size: PageSize) -> Result<Page, RepositoryError> {
        let mut connection = self.database.acquire().await?;
        // One more than the page has tells whether there is another page.
        let limit = i64::try_from(size.get()).map_or(i64::MAX, |size| size + 1);
        let rows = sqlx::query_as(
            "SELECT id, version, name, email FROM users WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(after.map_or(Uuid::nil(), Uuid::from))
        .bind(limit)
        .fetch_all(&mut *connection);
        let rows: Vec<Row> = self
            .database
            .timed(operation!("select_users"), rows)
            .await?;
        let goes_on = rows.len() > size.get();
        let users = rows.into_iter().take(size.get()).map(user);
        let users = users.collect::<Result<Vec<_>, _>>()?;
        let next = users.last().filter(|_| goes_on).map(|user| user.id);
        Ok(Page { users, next })
    }

    async fn replace(
        &self,
        id: UserId,
        profile: Profile,
        expected: Expected,
    ) -> Result<User, RepositoryError> {
        let mut transaction = self.database.begin().await?;
        self.lock(&mut transaction, id, &expected).await?;
        let version = sqlx::query_scalar(
            "UPDATE users SET name = $2, email = $3, version = version + 1 WHERE id = $1 RETURNING version",
        )
        .bind(Uuid::from(id))
        .bind(profile.name.as_str())
        .bind(profile.email.as_str())
        .fetch_one(&mut *transaction);
        let version: i64 = self
            .database
            .timed(operation!("update_user"), version)
            .await?;
        transaction.commit().await?;
        let version = self::version(version)?;
        Ok(User {
            id,
            version,
            profile,
        })
    }

    async fn remove(&self, id: UserId, expected: Expected) -> Result<(), RepositoryError> {
        let mut transaction = self.database.begin().await?;
        self.lock(&mut transaction, id, &expected).await?;
        let delete = sqlx::query("DELETE FROM users WHERE id = $1")
            .bind(Uuid::from(id))
            .execute(&mut *transaction);
        self.database
            .timed(operation!("delete_user"), delete)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Keeps others from changing a user until the transaction ends, if the user is of an expected version.
    async fn lock(
        &self,
        transaction: &mut PgConnection,
        id: UserId,
        expected: &Expected,
    ) -> Result<(), RepositoryError> {
        let current = sqlx::query_scalar("SELECT version FROM users WHERE id = $1 FOR UPDATE")
            .bind(Uuid::from(id))
            .fetch_optional(transaction);
        let current: Option<i64> = self
            .database
            .timed(operation!("lock_user"), current)
            .await?;
        let current = version(current.ok_or(RepositoryError::NotFound(id))?)?;
        if expected.includes(current) {
            Ok(())
        } else {
            Err(RepositoryError::VersionMismatch { current })
        }
    }
}

impl UserRepository for PostgresUsers {
    fn insert(&self, profile: Profile) -> Answer<'_, User> {
        Box::pin(self.insert(profile))
    }

    fn find(&self, id: UserId) -> Answer<'_, User> {
        Box::pin(self.find(id))
    }

    fn list(&self, after: Option<UserId>, size: PageSize) -> Answer<'_, Page> {
        Box::pin(self.list(after, size))
    }

    fn replace(&self, id: UserId, profile: Profile, expected: Expected) -> Answer<'_, User> {
        Box::pin(self.replace(id, profile, expected))
    }

    fn remove(&self, id: UserId, expected: Expected) -> Answer<'_, ()> {
        Box::pin(self.remove(id, expected))
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async { self.database.ping().await.map_err(unavailable) })
    }
}

/// The user of a row. What the service could not have written is an error of the database.
fn user((id, number, name, email): Row) -> Result<User, RepositoryError> {
    Ok(User {
        id: id.into(),
        version: version(number)?,
        profile: Profile {
            name: name.parse().map_err(unavailable)?,
            email: email.parse().map_err(unavailable)?,
        },
    })
}

fn version(number: i64) -> Result<Version, RepositoryError> {
    u64::try_from(number).map(Version::new).map_err(unavailable)
}

fn unavailable(error: impl Error + Send + Sync + 'static) -> RepositoryError {
    RepositoryError::Unavailable(Box::new(error))
}

impl From<sqlx::Error> for RepositoryError {
    fn from(error: sqlx::Error) -> Self {
        let constraint = error
            .as_database_error()
            .and_then(|error| error.constraint());
        if constraint == Some(EMAIL_IS_FREE) {
            Self::EmailTaken
        } else {
            unavailable(error)
        }
    }
}
