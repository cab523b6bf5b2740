//! An envelope allocates at most twice as it is written and as it is read. A program of its own, for its allocator counts.

use marty_runtime::event::{Attributes, Envelope, Event, EventId, Keyring, Trace, decode, encode};

/// Its fields are kept in place, so that what is allocated is the envelope's.
#[derive(Event)]
#[event(type = "order.placed", topic = domain("order"), key = order_id)]
struct OrderPlaced {
    order_id: u64,
    lines: [[u64; 12]; 4],
}

fn order() -> OrderPlaced {
    OrderPlaced {
        order_id: 17,
        lines: [[u64::MAX; 12]; 4],
    }
}

/// With everything that an envelope may have.
fn attributes() -> Attributes {
    let mut attributes = Attributes::new("/order-service").about("order/17");
    attributes.correlation_id = "0af7651916cd43dd8448eb211c80319c".into();
    attributes.causation_id = Some(EventId::new("an id of others".into()));
    attributes.trace = Some(Trace {
        state: Some("vendor=1".into()),
        ..Trace::unsampled()
    });
    attributes
}

/// What `call` allocates, once what it makes at first is made.
fn allocations(mut call: impl FnMut()) -> u64 {
    (0..8).for_each(|_| call());
    allocation_counter::measure(call).count_total
}

#[test]
fn writing_allocates_a_buffer_and_a_list_of_headers() {
    let (order, attributes, keys) = (order(), attributes(), Keyring::none());
    let count = allocations(|| drop(encode(&order, &attributes, &keys).unwrap()));
    assert_eq!(count, 2);
}

#[test]
fn reading_allocates_the_texts() {
    let record = encode(&order(), &attributes(), &Keyring::none()).unwrap();
    let count = allocations(|| {
        let read: Envelope<OrderPlaced> = decode(&record).unwrap().into_envelope().unwrap();
        assert_eq!(read.data.order_id, 17);
    });
    assert_eq!(count, 1);
}

/// With one's own correlation and trace, which are made for an event that begins something.
#[test]
fn attributes_of_a_new_event_allocate_its_correlation_and_its_trace() {
    assert_eq!(allocations(|| drop(Attributes::new("/order-service"))), 2);
}
