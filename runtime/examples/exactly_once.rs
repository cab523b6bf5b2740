//! A worker that sends a parcel for every order: however often it is killed, each order has one parcel.
//!
//! It shows a group that is exactly once, and is what the tests of transactions kill.

use std::time::Duration;

use marty_runtime::{
    Config, Ports, Service,
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    config::Lookup,
    event::{Envelope, Event},
};

#[derive(Event)]
#[event(type = "goods.ordered", version = 1, topic = domain("goods"), key = customer)]
struct GoodsOrdered {
    customer: String,
    number: u32,
}

#[derive(Event)]
#[event(type = "goods.dispatched", version = 1, topic = domain("dispatch"), key = customer)]
struct GoodsDispatched {
    customer: String,
    number: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lookup = Lookup::from_env();
    let kafka = KafkaConfig::from_lookup(&lookup)?
        .with("session.timeout.ms", "3000")
        .with("heartbeat.interval.ms", "500")
        // What a crash leaves open holds up who reads for no longer than this.
        .with("transaction.timeout.ms", "3000");
    let bus = EventBus::kafka("dispatch-worker", &kafka)?;
    let config = Config::from_env(Ports {
        http: 8081,
        admin: 9081,
    })?;
    let consumers = Consumers::new("dispatch")
        .on::<GoodsOrdered>(dispatch)
        .exactly_once();
    Service::new(marty_runtime::service_info!(), config)
        .events(&bus, [consumers])
        .run()
        .await?;
    Ok(())
}

async fn dispatch(order: Envelope<GoodsOrdered>, delivery: Delivery) -> Result<(), HandlerError> {
    let GoodsOrdered { customer, number } = order.data;
    delivery.emit(&GoodsDispatched { customer, number })?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    match (number % 50, delivery.attempt) {
        // What a failed attempt emitted is nothing.
        (7, 1) => Err(HandlerError::retry("carrier", "no van")),
        (13, _) => Err(HandlerError::reject("address", "no such street")),
        _ => Ok(()),
    }
}
