//! Wall clocks that are set, hours forward and hours back, under a process that publishes and one that handles.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Lines, Write as _},
    ops::Range,
    process::{Child, ChildStdout, Stdio},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

use super::{
    super::{
        run::{Outcome, Run, patience, row},
        shop::{Shop, config},
        worker::{Worker, example},
    },
    AHEAD,
    wrong::WrongClock,
};
use crate::{broker::Broker, service::get};

const HOUR: i64 = 3_600;

/// How often each clock is set while events flow.
const JUMPS: u32 = 30;

/// As far as a clock is from the right time, at most.
const FAR: i64 = 12 * HOUR;

/// How long a process may stand still as its clock is set back: until what waits by that clock is woken, and what hangs on that has
/// had its turn.
const STILL: Duration = Duration::from_secs(15);

/// A member that says nothing for that long is missed by its group.
const SESSION: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_are_set_under_who_publishes_and_who_handles_cost_no_event_and_no_hour() {
    row("clock jump", jumps).await;
}

async fn jumps(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let brokers = broker.address();
    let shop = Shop::open(run, broker.topics(), &config(&brokers), (3, &AHEAD)).await;
    let clocks = [WrongClock::new(), WrongClock::new()];
    let mut publisher = Publisher::start(&clocks[0], &shop, &brokers);
    let worker = Worker::start_by(&clocks[1], &shop, &brokers);
    let busy = run.events / 4 * 3;
    let mut from = 0;
    while from < busy {
        let to = (from + busy / JUMPS).min(busy);
        publisher.publish(from..to);
        clocks[0].set(anything(run));
        // In the middle of it, while more is published, or when all of it is handled.
        shop.account.reach(from + run.below(to - from + 1)).await;
        clocks[1].set(anything(run));
        makes_sense(&worker, from).await;
        from = to;
    }
    publisher.published(JUMPS);
    shop.account.reach(busy).await;
    quiet(run, &shop, &clocks).await;
    publisher.publish(busy..run.events);
    let rest = shop.account.reach(run.events);
    timeout(STILL.max(patience() / 4), rest).await.unwrap();
    publisher.published(1);
    makes_sense(&worker, run.events).await;
    set_back(run, &clocks);
    let begun = Instant::now();
    assert!(tokio::task::block_in_place(|| worker.terminate()));
    publisher.end();
    assert!(begun.elapsed() < STILL, "{:?}", begun.elapsed());
    let outcome = shop.close([], &(0..run.events).collect()).await;
    ids_ascend(&shop, run.events);
    // As of a member that was killed: its group may have missed it.
    assert!(outcome.duplicates < 1_800, "{}", outcome.duplicates);
    outcome
}

/// A time, in seconds from the right one.
fn anything(run: &Run) -> i64 {
    let far = u32::try_from(FAR).unwrap();
    i64::from(run.below(2 * far)) - FAR
}

/// Sets both clocks back by hours, from as far as they go.
fn set_back(run: &Run, clocks: &[WrongClock; 2]) {
    for clock in clocks {
        clock.set(FAR);
    }
    for clock in clocks {
        clock.set(FAR - HOUR - i64::from(run.below(22 * 3_600)));
    }
}

/// Clocks are set back where nothing else wakes whoever waits.
async fn quiet(run: &Run, shop: &Shop, clocks: &[WrongClock; 2]) {
    for clock in clocks {
        clock.set(FAR);
    }
    // Whatever waits by then does so by that time.
    sleep(Duration::from_secs(1)).await;
    let before = members(shop);
    set_back(run, clocks);
    let begun = Instant::now();
    while shop.stored() != shop.ends() {
        let waits = begun.elapsed();
        assert!(waits < STILL, "nothing is stored: {:?}", shop.stored());
        sleep(Duration::from_millis(100)).await;
    }
    sleep(SESSION.saturating_sub(begun.elapsed())).await;
    assert_eq!(members(shop), before);
    assert_eq!(before.len(), 1);
}

fn members(shop: &Shop) -> Vec<String> {
    tokio::task::block_in_place(|| shop.topics.members(&shop.name))
}

/// What the worker says of times is between nothing and as much as two clocks differ.
async fn makes_sense(worker: &Worker, handled: u32) {
    let Some(address) = worker.field("admin_addr") else {
        assert_eq!(handled, 0);
        return;
    };
    let (_, said) = get(address.parse().unwrap(), "/metrics").await;
    let of = |name: &'static str| {
        let values = said.lines().filter_map(move |line| {
            let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            let is_it = labels.is_empty() || labels.starts_with('{');
            is_it.then(|| value.parse::<f64>().unwrap())
        });
        values.collect::<Vec<f64>>()
    };
    let most = Duration::from_hours(24) + patience();
    let lag = of("marty_kafka_consumer_lag_seconds");
    let makes_sense = |lag: &f64| (0.0..most.as_secs_f64()).contains(lag);
    assert!(lag.iter().all(makes_sense), "{lag:?}");
    let count: f64 = of("marty_event_end_to_end_seconds_count").iter().sum();
    let sum: f64 = of("marty_event_end_to_end_seconds_sum").iter().sum();
    assert!((0.0..=most.as_secs_f64() * count).contains(&sum), "{sum}");
    let took: f64 = of("messaging_process_duration_seconds_sum").iter().sum();
    assert!((0.0..count).contains(&took) || count < 1.0, "{took}");
}

/// Ids are of the order in which they were made, though times are not.
fn ids_ascend(shop: &Shop, events: u32) {
    let count = usize::try_from(events).unwrap();
    let read = || shop.topics.records(&shop.topic, shop.partitions, count);
    let records = tokio::task::block_in_place(read);
    let mut made = BTreeMap::new();
    for record in &records {
        let order: serde_json::Value = serde_json::from_slice(record.value().unwrap()).unwrap();
        let id = String::from_utf8(record.header("ce_id").unwrap().to_vec()).unwrap();
        let earlier = made.insert(order["number"].as_u64().unwrap(), (id, record.time()));
        assert!(earlier.is_none(), "{order} was published twice");
    }
    let made: Vec<_> = made.into_values().collect();
    assert_eq!(made.len(), count);
    assert!(made.is_sorted_by(|(one, _), (other, _)| one < other));
    assert!(
        !made.is_sorted_by_key(|(_, time)| *time),
        "no clock was set back"
    );
}

/// The example `publisher`.
struct Publisher {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Publisher {
    fn start(clock: &WrongClock, shop: &Shop, brokers: &str) -> Self {
        let mut program = example("publisher");
        clock.rule(&mut program);
        let mut child = program
            .env("MARTY_KAFKA_BROKERS", brokers)
            .env("ORDERS_OF", &shop.name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    fn publish(&mut self, numbers: Range<u32>) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{} {}", numbers.start, numbers.end).unwrap();
    }

    /// Waits until it has published what it was told, so many times.
    fn published(&mut self, times: u32) {
        tokio::task::block_in_place(|| {
            for _ in 0..times {
                let said = self.said.next().unwrap().unwrap();
                assert!(said.starts_with("published "), "{said}");
            }
        });
    }

    /// Waits for the end of the process.
    fn end(mut self) {
        drop(self.child.stdin.take());
        let status = tokio::task::block_in_place(|| self.child.wait());
        assert!(status.unwrap().success());
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
