//! What an envelope costs: time and allocations of writing and reading an event of 1 KiB, less what its own fields allocate.

use divan::{AllocProfiler, Bencher, black_box};
use marty_runtime::event::{Attributes, Envelope, Event, EventId, Keyring, decode, encode};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

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

fn attributes() -> Attributes {
    let mut attributes = Attributes::new("/order-service").about("order/17");
    attributes.correlation_id = "0af7651916cd43dd8448eb211c80319c".into();
    attributes.causation_id = Some(EventId::generate());
    attributes
}

#[divan::bench]
fn encode_event(bencher: Bencher<'_, '_>) {
    let (order, attributes, keys) = (order(), attributes(), Keyring::none());
    bencher.bench_local(|| encode(black_box(&order), &attributes, &keys));
}

#[divan::bench]
fn decode_event(bencher: Bencher<'_, '_>) {
    let record = encode(&order(), &attributes(), &Keyring::none());
    bencher.bench_local(|| -> Option<Envelope<OrderPlaced>> {
        decode(black_box(record.as_ref().ok()?))
            .ok()?
            .into_envelope()
            .ok()
    });
}

fn main() {
    divan::main();
}
