//! A pool of a real Postgres server, as it is seen in a scrape.

use std::time::Duration;

use marty_runtime::{axum::Router, database::Postgres, operation};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::runtime::Runtime;

use crate::{
    server::Server,
    support::{Live, get, service},
};

/// A pool of one connection, which is waited for only shortly.
fn pool(url: &str) -> PgPool {
    let options = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(300));
    options.connect_lazy(url).unwrap()
}

fn sample(metric: &str, pool: &str) -> String {
    format!("db_client_connection_{metric}{{db_client_connection_pool_name=\"{pool}\"}}")
}

fn operations(operation: &str, error_type: &str) -> String {
    format!(
        "db_client_operation_duration_seconds_count{{db_system_name=\"postgresql\",db_operation_name=\"{operation}\",error_type=\"{error_type}\"}}"
    )
}

#[test]
fn a_pool_shows_its_connections_who_waits_and_who_waits_in_vain() {
    let server = Server::start();
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(async { Postgres::new("exhausted", pool(server.url())) });
    let live = Live::start(service(Router::new()).pool(database.clone()));
    let used = "db_client_connection_count{db_client_connection_pool_name=\"exhausted\",db_client_connection_state=\"used\"}";
    let idle = used.replace("\"used\"", "\"idle\"");

    let connection = runtime.block_on(database.acquire()).unwrap();
    assert_eq!(live.value(&sample("max", "exhausted")), Some(1.0));
    assert_eq!(live.value(used), Some(1.0));
    assert_eq!(live.value(&idle), Some(0.0));
    assert_eq!(
        live.value(&sample("wait_time_seconds_count", "exhausted")),
        Some(1.0)
    );

    let waiting = database.clone();
    let in_vain = runtime.spawn(async move { waiting.acquire().await.map(drop) });
    live.await_value(&sample("pending_requests", "exhausted"), 1.0);
    let error = runtime.block_on(in_vain).unwrap().unwrap_err();
    assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error}");
    assert_eq!(
        live.value(&sample("timeouts_total", "exhausted")),
        Some(1.0)
    );
    assert_eq!(
        live.value(&sample("pending_requests", "exhausted")),
        Some(0.0)
    );

    // A connection finds its way back on the executor.
    runtime.block_on(async { drop(connection) });
    live.await_value(&idle, 1.0);
    live.await_value("marty_health_check_up{check=\"exhausted\"}", 1.0);
    live.stop().unwrap();
}

async fn ask(database: &Postgres) {
    let mut connection = database.acquire().await.unwrap();
    for statement in [
        "CREATE TABLE users (email text UNIQUE)",
        "INSERT INTO users VALUES ('a')",
    ] {
        let done = sqlx::query(statement).execute(&mut *connection);
        database.timed(operation!("prepare"), done).await.unwrap();
    }
    let again = sqlx::query("INSERT INTO users VALUES ('a')").execute(&mut *connection);
    let refused = database.timed(operation!("insert_user"), again).await;
    assert!(refused.is_err());
    let slow = sqlx::raw_sql("SET statement_timeout = '20ms'; SELECT pg_sleep(60)");
    let slow = slow.execute(&mut *connection);
    assert!(database.timed(operation!("sleep"), slow).await.is_err());
    drop(connection);
    let mut transaction = database.begin().await.unwrap();
    let insert = sqlx::query("INSERT INTO users VALUES ('b')").execute(&mut *transaction);
    database
        .timed(operation!("insert_user"), insert)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
}

#[test]
fn operations_are_counted_by_the_class_of_their_error() {
    let server = Server::start();
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(async { Postgres::new("asked", pool(server.url())) });
    let live = Live::start(service(Router::new()).pool(database.clone()));
    runtime.block_on(ask(&database));
    for (operation, error_type, count) in [
        ("prepare", "", 2.0),
        ("insert_user", "unique_violation", 1.0),
        ("insert_user", "", 1.0),
        ("sleep", "query_canceled", 1.0),
    ] {
        let sample = operations(operation, error_type);
        assert_eq!(live.value(&sample), Some(count), "{sample}");
    }
    live.stop().unwrap();
}

#[test]
fn a_service_is_not_ready_when_its_database_is_gone() {
    let server = Server::start();
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(async { Postgres::new("gone", pool(server.url())) });
    let live = Live::start(service(Router::new()).pool(database));
    // The first connection may take longer than the check waits.
    live.await_value("marty_health_check_up{check=\"gone\"}", 1.0);
    assert_eq!(get(live.admin, "/readyz").status, 200);
    drop(server);
    live.await_value("marty_health_check_up{check=\"gone\"}", 0.0);
    let answer = get(live.admin, "/readyz");
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("\"gone\""), "{}", answer.body);
    live.stop().unwrap();
}

#[test]
fn a_pool_does_not_show_its_password() {
    let runtime = Runtime::new().unwrap();
    let _inside = runtime.enter();
    let database = Postgres::new("secret", pool("postgres://shop:hunter2@localhost/shop"));
    let shown = format!("{database:?}");
    assert!(
        shown.contains("secret") && !shown.contains("hunter2"),
        "{shown}"
    );
}
