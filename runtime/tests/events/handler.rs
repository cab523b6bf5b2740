//! Handlers that are functions with an attribute.

use std::time::Duration;

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, RecentEvents, event_handler},
    business::ErrorClass as _,
    event::{Envelope, Event},
};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    time::{Instant, timeout},
};

#[derive(Event)]
#[event(type = "door.opened", topic = service, key = door)]
struct DoorOpened {
    door: String,
}

#[event_handler("service.house.events")]
async fn ring(
    event: Envelope<DoorOpened>,
    delivery: Delivery,
    rung: UnboundedSender<(String, u32)>,
) -> Result<(), HandlerError> {
    rung.send((event.data.door, delivery.attempt))?;
    Ok(())
}

#[tokio::test]
async fn a_function_handles_what_its_topic_brings() {
    let (bus, _memory) = EventBus::in_memory("house");
    let (rung, mut heard) = mpsc::unbounded_channel();
    let subscription = bus
        .consume(Consumers::new("bell").handle_with(ring, rung))
        .unwrap();
    bus.publish_service_event(&DoorOpened {
        door: "front".to_owned(),
    })
    .await
    .unwrap();
    let heard = timeout(Duration::from_secs(10), heard.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(heard, ("front".to_owned(), 1));
    assert!(
        subscription
            .stop(Instant::now() + Duration::from_secs(10))
            .await
    );
}

#[tokio::test]
async fn what_cannot_be_a_group_is_refused() {
    let (bus, _memory) = EventBus::in_memory("house");
    let (rung, _heard) = mpsc::unbounded_channel();
    let refused = |consumers: Consumers| bus.consume(consumers).unwrap_err().to_string();
    assert!(refused(Consumers::new("Bell").handle_with(ring, rung.clone())).contains("not `Bell`"));
    assert_eq!(
        refused(Consumers::new("bell")),
        "group `bell` handles nothing"
    );
    let twice = Consumers::new("bell")
        .handle_with(ring, rung.clone())
        .handle_with(ring, rung);
    assert_eq!(
        refused(twice),
        "group `bell` has two handlers for `door.opened.v1`"
    );
}

#[tokio::test]
async fn what_a_transaction_cannot_hold_is_refused() {
    let (bus, _memory) = EventBus::in_memory("house");
    let ignore = |_: Envelope<DoorOpened>, _: Delivery| async { Ok::<(), HandlerError>(()) };
    let consumers = || {
        let consumers = Consumers::new("porter").on::<DoorOpened>(ignore);
        consumers.exactly_once()
    };
    let refused = |consumers| bus.consume(consumers).unwrap_err().to_string();
    assert_eq!(
        refused(consumers().lanes(2)),
        "group `porter` is exactly once, and so cannot have lanes"
    );
    let store = RecentEvents::new(10);
    assert_eq!(
        refused(consumers().duplicates(store)),
        "group `porter` is exactly once, and so cannot have a store of duplicates"
    );
}

#[tokio::test]
async fn a_group_that_is_not_exactly_once_cannot_emit() {
    let (bus, _memory) = EventBus::in_memory("house");
    let (said, mut heard) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<DoorOpened>, delivery: Delivery| {
        let said = said.clone();
        async move {
            let error = delivery.emit(&event.data).unwrap_err();
            said.send(error.class())?;
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("porter").on::<DoorOpened>(handler);
    let _subscription = bus.consume(consumers).unwrap();
    bus.publish(&DoorOpened {
        door: "front".to_owned(),
    })
    .await
    .unwrap();
    assert_eq!(heard.recv().await, Some("no_transaction"));
}
