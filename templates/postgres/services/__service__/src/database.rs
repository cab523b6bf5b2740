//! The service's database: how it is configured, connected to and migrated.

use std::{borrow::Cow, fmt, time::Duration};

use marty_runtime::{
    ConfigError,
    config::{Lookup, Setting},
    database::Postgres,
};
use sqlx::{
    ConnectOptions as _, SqlSafeStr as _,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// What the pool is called in metrics, and its readiness check.
const POOL: &str = "postgres";

/// The variable of the database's address, which has its password in it; with `_FILE` at its end, that of a file with the address.
pub const URL: &str = "MARTY_DATABASE_URL";
/// The variable of [`DatabaseSettings::connections`].
pub const CONNECTIONS: &str = "MARTY_DATABASE_CONNECTIONS";
/// The variable of [`DatabaseSettings::acquire_timeout`].
pub const ACQUIRE_TIMEOUT: &str = "MARTY_DATABASE_ACQUIRE_TIMEOUT";
/// The variable of [`DatabaseSettings::migrate`].
pub const MIGRATE: &str = "MARTY_DATABASE_MIGRATE";

/// What of `migrations` is run, in the order of the numbers. One that was run anywhere is never changed again: a new one follows.
const MIGRATIONS: &[(i64, &str, &str)] =
    &[(1, "users", include_str!("../migrations/0001_users.sql"))];

/// Which database, and how it is used.
#[derive(Clone)]
pub struct DatabaseSettings {
    options: PgConnectOptions,
    /// As many connections as may be open, from 1.
    pub connections: u32,
    /// How long a request waits for a connection; then the answer is 503.
    pub acquire_timeout: Duration,
    /// Whether the database is migrated when the service starts.
    pub migrate: bool,
}

impl DatabaseSettings {
    /// The database at `url`, with defaults for the rest.
    ///
    /// # Errors
    ///
    /// If it is not the URL of a Postgres database. The error does not repeat it: it may have a password.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let address = Address::parse(url);
        let address = address.ok_or_else(|| ConfigError::new(URL, "***", Address::ACCEPTED))?;
        Ok(Self::at(address))
    }

    fn at(Address(options): Address) -> Self {
        // Statements may have values in them that nobody else is to read; how long they take is measured.
        let options = options.disable_statement_logging();
        Self {
            options: options.application_name(env!("CARGO_PKG_NAME")),
            connections: 10,
            acquire_timeout: Duration::from_secs(5),
            migrate: true,
        }
    }

    /// Reads the variables; nothing if there is no database.
    pub(crate) fn read(lookup: &Lookup) -> Result<Option<Self>, ConfigError> {
        let Some(address) = lookup.parse_optional(URL)? else {
            return Ok(None);
        };
        let defaults = Self::at(address);
        let connections = lookup.parse(CONNECTIONS, defaults.connections)?;
        if connections == 0 {
            return Err(ConfigError::new(CONNECTIONS, "0", "a whole number from 1"));
        }
        Ok(Some(Self {
            connections,
            acquire_timeout: lookup.parse(ACQUIRE_TIMEOUT, defaults.acquire_timeout)?,
            migrate: lookup.parse(MIGRATE, defaults.migrate)?,
            ..defaults
        }))
    }

    /// A pool of the database's connections. The database is migrated first, if that is wanted; instances that start together
    /// take turns. Otherwise nothing is connected to yet, and the service is not ready until the database is.
    ///
    /// # Errors
    ///
    /// If the database is to be migrated and cannot be.
    pub async fn connect(&self) -> Result<Postgres, DatabaseError> {
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.acquire_timeout)
            .connect_lazy_with(self.options.clone());
        if self.migrate {
            migrator()
                .run(&pool)
                .await
                .map_err(|source| DatabaseError {
                    host: self.options.get_host().to_owned(),
                    source,
                })?;
        }
        Ok(Postgres::new(POOL, pool))
    }
}

/// The address of a database. It is read, shown and refused as secrets are.
struct Address(PgConnectOptions);

impl Setting for Address {
    const ACCEPTED: &'static str =
        "the URL of a database, such as `postgres://user:password@host/name`";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(number, name, sql)| {
        let (name, sql) = (Cow::Borrowed(*name), sql.into_sql_str());
        Migration::new(*number, name, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Without the options, which have the password.
impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DatabaseSettings")
            .field("connections", &self.connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

/// The database could not be migrated.
#[derive(thiserror::Error)]
#[error("cannot migrate the database on `{host}`, which `{URL}` names")]
pub struct DatabaseError {
    host: String,
    source: MigrateError,
}

/// The message with its cause, for `main` shows an error by its `Debug` form.
impl fmt::Debug for DatabaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}: {}", self.source)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(variables: &'static [(&str, &str)]) -> Result<Option<DatabaseSettings>, ConfigError> {
        DatabaseSettings::read(&Lookup::new(move |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }))
    }

    const ADDRESS: (&str, &str) = (URL, "postgres://shop:hunter2@db/shop");

    #[test]
    fn reads_the_database_if_there_is_one() {
        assert!(read(&[(CONNECTIONS, "3")]).unwrap().is_none());
        let settings = read(&[
            ADDRESS,
            (CONNECTIONS, "3"),
            (ACQUIRE_TIMEOUT, "1s"),
            (MIGRATE, "false"),
        ]);
        let settings = settings.unwrap().unwrap();
        assert_eq!(settings.connections, 3);
        assert_eq!(settings.acquire_timeout, Duration::from_secs(1));
        assert!(!settings.migrate);
        assert_eq!(settings.options.get_host(), "db");
    }

    #[test]
    fn keeps_the_password_to_itself() {
        let settings = read(&[ADDRESS]).unwrap();
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let error = read(&[(URL, "postgres://shop:hunter2@db:port/shop")]).unwrap_err();
        assert!(
            error.to_string().starts_with("`MARTY_DATABASE_URL` is "),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("hunter2"), "{error}");
    }

    #[test]
    fn reads_the_address_from_a_file() {
        let path = std::env::temp_dir().join(format!("database-url-{}", std::process::id()));
        fs::write(&path, "postgres://shop:hunter2@db/shop\n").unwrap();
        let name = path.to_str().unwrap().to_owned();
        let lookup =
            Lookup::new(move |asked| (asked == "MARTY_DATABASE_URL_FILE").then(|| name.clone()));
        let settings = DatabaseSettings::read(&lookup).unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(settings.options.get_host(), "db");
        assert_eq!(settings.options.get_database(), Some("shop"));
    }

    #[test]
    fn logs_no_statements() {
        let options = format!("{:?}", read(&[ADDRESS]).unwrap().unwrap().options);
        assert!(options.contains("slow_statements_level: Off"), "{options}");
        assert!(options.contains("statements_level: Off"), "{options}");
    }

    #[test]
    fn refuses_a_pool_without_connections() {
        let error = read(&[ADDRESS, (CONNECTIONS, "0")]).unwrap_err();
        let expected = "`MARTY_DATABASE_CONNECTIONS` is \"0\", but has to be a whole number from 1";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn every_file_of_migrations_is_run() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let run = MIGRATIONS.iter();
        let run: Vec<String> = run
            .map(|(number, name, _)| format!("{number:04}_{name}.sql"))
            .collect();
        assert_eq!(run, files);
    }
}
