//! How a database becomes what the service needs.

use tokio::task::JoinSet;

use crate::server::TestDatabase;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_migrate_once() {
    let database = TestDatabase::create().await;
    let mut instances = JoinSet::new();
    for _ in 0..8 {
        let settings = database.settings();
        instances.spawn(async move { settings.connect().await.map(drop) });
    }
    for started in instances.join_all().await {
        started.unwrap();
    }
    let pool = database.connect().await;
    let run = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success");
    let run: i64 = run.fetch_one(pool.pool()).await.unwrap();
    assert_eq!(run, 1);
    database.remove().await;
}

#[tokio::test]
async fn a_database_is_left_alone_if_that_is_wanted() {
    let database = TestDatabase::create().await;
    let mut settings = database.settings();
    settings.migrate = false;
    let pool = settings.connect().await.unwrap();
    let table = sqlx::query_scalar("SELECT to_regclass('users') IS NULL");
    let missing: bool = table.fetch_one(pool.pool()).await.unwrap();
    assert!(missing);
    database.remove().await;
}

#[tokio::test]
async fn a_migration_that_was_changed_is_refused() {
    let database = TestDatabase::create().await;
    let pool = database.connect().await;
    let change = sqlx::query("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1");
    change.execute(pool.pool()).await.unwrap();
    let error = database.settings().connect().await.unwrap_err();
    let shown = format!("{error:?}");
    assert!(
        shown.starts_with("cannot migrate the database on "),
        "{shown}"
    );
    assert!(shown.contains("migration 1 "), "{shown}");
    database.remove().await;
}
