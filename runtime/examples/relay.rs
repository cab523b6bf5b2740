//! A relay: publishes what lies in the outbox of a database until it is ended.
//!
//! It shows a service with an outbox, and is what the tests of the outbox kill.

use std::env;

use marty_runtime::{
    Config, Ports, Service,
    bus::{EventBus, KafkaConfig, Outbox},
    config::Lookup,
    database::Postgres,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut kafka = KafkaConfig::from_lookup(&Lookup::from_env())?;
    if let Ok(linger) = env::var("LINGER_MS") {
        kafka = kafka.with("linger.ms", &linger);
    }
    let bus = EventBus::kafka("ledger", &kafka)?;
    let options: PgConnectOptions = env::var("DATABASE_URL")?.parse()?;
    let pool = PgPoolOptions::new().connect_lazy_with(options.application_name("relay"));
    let database = Postgres::new("ledger", pool);
    let outbox = Outbox::new(database.clone(), bus.clone());
    let config = Config::from_env(Ports {
        http: 8082,
        admin: 9082,
    })?;
    Service::new(marty_runtime::service_info!(), config)
        .pool(database)
        .events(&bus, [])
        .task("outbox", move |stop| outbox.clone().relay(stop))
        .run()
        .await?;
    Ok(())
}
