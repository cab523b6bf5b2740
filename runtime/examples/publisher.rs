//! A service that publishes orders under the name that `ORDERS_OF` holds: for each line `FROM TO` of its input those numbers, in
//! waves of one order of each customer. It says on its output once they are acknowledged, and ends with its input.
//!
//! It shows a service that only publishes, and is what the tests of faults give a wrong clock.

use std::io::{Write as _, stdin, stdout};

use marty_runtime::{
    bus::{EventBus, KafkaConfig},
    config::Lookup,
    event::Event,
};

/// So many customers order at once.
const CUSTOMERS: usize = 16;

#[derive(Event)]
#[event(type = "order.placed", version = 1, topic = service, key = customer)]
struct OrderPlaced {
    customer: String,
    number: usize,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = KafkaConfig::from_lookup(&Lookup::from_env())?;
    let bus = EventBus::kafka(&std::env::var("ORDERS_OF")?, &config)?;
    for line in stdin().lines() {
        let line = line?;
        let (from, to) = line.split_once(' ').ok_or("expected `FROM TO`")?;
        let orders: Vec<OrderPlaced> = (from.parse()?..to.parse()?).map(order).collect();
        for wave in orders.chunks(CUSTOMERS) {
            bus.publish_all(wave).await?;
        }
        writeln!(stdout(), "published {line}")?;
    }
    Ok(())
}

fn order(number: usize) -> OrderPlaced {
    OrderPlaced {
        customer: format!("c{}", number % CUSTOMERS),
        number,
        text: String::new(),
    }
}
