//! An event that is delivered twice has its effect once.

use crate::support::{TOPIC, TestWorker, created, somebody};

#[test]
fn handles_an_event_once() {
    let worker = TestWorker::start();
    let ada = somebody();
    let record = worker.record(&created(ada));
    for _ in 0..3 {
        worker.memory.put(TOPIC, record.clone()).unwrap();
    }
    worker.await_end();
    let created = [("event_type", "user.created.v1")];
    worker.await_delta("marty_event_duplicates_total", &created, 2.0);
    let entered = [("change", "entered")];
    worker.await_delta("directory_changes_total", &entered, 1.0);
    worker.await_attempts("ok", 1.0);
    assert!(worker.api.entry(ada).is_some());
    worker.stop();
}

#[test]
fn takes_two_events_of_one_kind_for_two() {
    let worker = TestWorker::start();
    let ada = somebody();
    worker.publish(&created(ada));
    worker.publish(&created(ada));
    worker.await_end();
    worker.await_delta("marty_event_duplicates_total", &[], 0.0);
    worker.await_attempts("skipped", 1.0);
    worker.stop();
}
