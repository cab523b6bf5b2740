//! Records that nobody can handle, among those that are fit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use marty_runtime::{
    bus::{HandlerError, Policy},
    event::{Attributes, Keyring, Record, encode},
};

use super::{
    run::{Outcome, Run, row},
    scrape::scrape,
    shop::{Order, Shop, config},
};
use crate::broker::Broker;

/// A kind of poison, how often it is tried, and the class that its dead letters have; nothing, where it is skipped.
const KINDS: [(&str, u32, Option<&str>); 9] = [
    ("not json", 1, Some("data_invalid")),
    ("wrong schema", 1, Some("data_invalid")),
    ("missing headers", 1, Some("attribute_missing")),
    ("10 megabytes", 1, Some("data_invalid")),
    ("null payload", 1, Some("tombstone")),
    ("unknown type", 1, None),
    ("panics", 2, Some("panic")),
    ("hangs", 2, Some("timeout")),
    ("always fails", 2, Some("provider")),
];

/// What takes a record of more than 10 MB.
const ROOMY: [(&str, &str); 1] = [("max.message.bytes", "12000000")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_poison_goes_to_its_place_and_the_rest_flows() {
    row("poison", poison).await;
}

async fn poison(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &config, (3, &ROOMY)).await;
    shop.topics.create(&shop.letters, 3, &ROOMY).await;
    let consumers = shop.consumers(|order, _| work(order));
    let policy = Policy::default()
        .attempts(2)
        .backoff(Duration::from_millis(1), Duration::from_millis(5))
        .timeout(Duration::from_millis(500));
    let member = shop.bus.consume(consumers.policy(policy)).unwrap();
    let (records, given, wanted) = records(run);
    shop.topics.put(&shop.topic, &records).await;
    let mut outcome = shop.close([member], &wanted).await;
    assert_eq!(outcome.duplicates, 0);
    outcome.letters = given.values().sum();
    let read = || shop.topics.records(&shop.letters, 3, outcome.letters);
    let letters = tokio::task::block_in_place(read);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for letter in &letters {
        *found.entry(judge(&shop, letter)).or_default() += 1;
    }
    assert_eq!(found, given);
    // What nobody here knows is counted.
    let (group, skipped) = (format!("\"{}\"", shop.name), "\"skipped\"");
    let name = "messaging_process_duration_seconds_count";
    let counted = scrape(name, &[&group, skipped]).await;
    let counted: f64 = counted.iter().map(|(_, count)| count).sum();
    let accounted = u32::try_from(outcome.handled + outcome.letters).unwrap();
    assert!(
        (counted - f64::from(run.events - accounted)).abs() < 0.5,
        "{counted}"
    );
    outcome
}

/// Does what the order says is to be done with it.
async fn work(order: Order) -> Result<(), HandlerError> {
    match &*order.text {
        "panics" => panic!("out of paper"),
        "hangs" => std::future::pending().await,
        "always fails" => {
            let error = std::io::Error::other("no answer");
            Err(HandlerError::retry("provider", error))
        }
        _ => Ok(()),
    }
}

/// All records, with one of each kind of poison and more of most in between; how many of each kind become dead letters; and the
/// numbers of the orders that are fit.
fn records(run: &Run) -> (Vec<Record>, BTreeMap<&'static str, usize>, BTreeSet<u32>) {
    let kinds = u32::try_from(KINDS.len()).unwrap();
    let one_of_each = 0..kinds;
    let more = (0..run.events / 400).map(|_| run.below(kinds));
    let mut poison: Vec<u32> = one_of_each.chain(more).collect();
    // What hangs takes its time, and what is large its memory.
    let mut large = 0;
    poison.retain(|kind| {
        large += u32::from(*kind == 3);
        *kind != 3 || large <= 2
    });
    let mut places: BTreeMap<u32, &str> = BTreeMap::new();
    for kind in poison {
        let kind = KINDS[usize::try_from(kind).unwrap()].0;
        places.insert(run.below(run.events), kind);
    }
    let (mut records, mut given) = (Vec::new(), BTreeMap::new());
    let mut wanted: BTreeSet<u32> = (0..run.events).collect();
    for number in 0..run.events {
        let mut order = Order::numbered(number);
        let kind = places.get(&number).copied();
        kind.unwrap_or_default().clone_into(&mut order.text);
        let record = encode(&order, &Attributes::new("/shop"), &Keyring::none()).unwrap();
        let Some(kind) = kind else {
            records.push(record);
            continue;
        };
        wanted.remove(&number);
        records.push(poisoned(kind, record));
        let class = KINDS.iter().find(|it| it.0 == kind).unwrap().2;
        if class.is_some() {
            *given.entry(kind).or_default() += 1;
        }
    }
    (records, given, wanted)
}

/// `record` with what is wrong with it. A header says that, which the dead letter has to keep.
fn poisoned(kind: &str, record: Record) -> Record {
    let poison = |record: Record| record.with_header("poison", Some(kind.as_bytes()));
    let bare = || Record::with_capacity(0, 0, SystemTime::now()).with_key(b"c0");
    let event = || {
        bare()
            .with_header("ce_specversion", Some(b"1.0"))
            .with_header("ce_id", Some(b"1"))
            .with_header("ce_source", Some(b"/other"))
    };
    let placed = || event().with_header("ce_type", Some(b"order.placed.v1"));
    poison(match kind {
        "not json" => placed().with_value(b"not json"),
        "wrong schema" => placed().with_value(br#"{"customer":7}"#),
        "missing headers" => bare().with_value(b"{}"),
        "10 megabytes" => placed().with_value(&vec![b'x'; 10_000_000]),
        "null payload" => placed(),
        "unknown type" => event()
            .with_header("ce_type", Some(b"order.eaten.v1"))
            .with_value(b"{}"),
        _ => record,
    })
}

/// Holds a dead letter against what it is to be, and says which poison it was.
fn judge(shop: &Shop, letter: &Record) -> &'static str {
    let header = |name| String::from_utf8(letter.header(name).unwrap().to_vec()).unwrap();
    let poison = header("poison");
    let (kind, attempts, class) = *KINDS.iter().find(|it| it.0 == poison).unwrap();
    for (name, expected) in [
        ("dlq-error-class", class.unwrap()),
        ("dlq-attempts", &attempts.to_string()),
        ("dlq-original-topic", &shop.topic),
        ("dlq-group", &shop.name),
    ] {
        assert_eq!(header(name), expected, "{kind}");
    }
    let size = letter.value().map(<[u8]>::len);
    match kind {
        "null payload" => assert_eq!(size, None),
        "10 megabytes" => assert_eq!(size, Some(10_000_000)),
        _ => assert!(size.is_some()),
    }
    kind
}
