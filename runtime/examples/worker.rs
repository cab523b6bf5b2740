//! A worker that pays the orders of the service that `ORDERS_OF` names: it says which ones on its output, a while before it is done
//! with each.
//!
//! It shows a service with events on Kafka, and is what the tests of faults kill.

use std::{
    io::{Write as _, stdout},
    time::Duration,
};

use marty_runtime::{
    Config, Ports, Service,
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    config::Lookup,
    event::{Envelope, Event},
};

#[derive(Event)]
#[event(type = "order.placed", version = 1, topic = service, key = customer)]
struct OrderPlaced {
    customer: String,
    number: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lookup = Lookup::from_env();
    let bus = EventBus::kafka(
        "payment-worker",
        &KafkaConfig::from_lookup(&lookup)?.with("session.timeout.ms", "6000"),
    )?;
    let config = Config::from_env(Ports {
        http: 8081,
        admin: 9081,
    })?;
    // Its group is called after that service: one for each.
    let shop = std::env::var("ORDERS_OF")?;
    let consumers = Consumers::new(&shop).on_service::<OrderPlaced>(&shop, pay);
    Service::new(marty_runtime::service_info!(), config)
        .events(&bus, [consumers])
        .run()
        .await?;
    Ok(())
}

async fn pay(order: Envelope<OrderPlaced>, _: Delivery) -> Result<(), HandlerError> {
    writeln!(
        stdout(),
        "paid {} {}",
        order.data.customer,
        order.data.number
    )?;
    tokio::time::sleep(Duration::from_millis(2)).await;
    Ok(())
}
