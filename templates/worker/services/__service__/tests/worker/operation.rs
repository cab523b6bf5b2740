//! What those who run the worker see of it: readiness, failures of the directory, lag, and the log.

use std::sync::Arc;

use crate::{
    flaky::Flaky,
    support::{TestWorker, await_that, created, somebody},
};

#[test]
fn is_alive_and_ready() {
    let worker = TestWorker::start();
    for path in ["/livez", "/startupz", "/readyz"] {
        assert_eq!(worker.admin.get(path).0, 200, "{path}");
    }
    worker.stop();
}

#[test]
fn is_alive_but_not_ready_without_its_directory() {
    let worker = TestWorker::start_with(Arc::new(Flaky::new(1)));
    assert_eq!(worker.admin.get("/livez").0, 200);
    let (status, text) = worker.admin.get("/readyz");
    assert_eq!(status, 503);
    assert!(text.contains("directory"), "{text}");
    worker.stop();
}

#[test]
fn keeps_the_cause_of_a_failure_to_itself() {
    let worker = TestWorker::start_with(Arc::new(Flaky::new(1)));
    let (status, text) = worker.api.get(&format!("/users/{}", somebody()));
    assert_eq!(status, 503);
    assert!(text.contains("the directory cannot be reached"), "{text}");
    assert!(!text.contains("10.0.0.7"), "{text}");
    worker.stop();
}

#[test]
fn refuses_what_it_has_no_answer_for() {
    let worker = TestWorker::start();
    assert_eq!(worker.api.get("/users/17").0, 400);
    assert_eq!(worker.api.get("/").0, 404);
    assert_eq!(worker.api.get(&format!("/users/{}", somebody())).0, 404);
    worker.stop();
}

#[test]
fn shows_how_far_behind_it_is() {
    let worker = TestWorker::start();
    worker.publish(&created(somebody()));
    worker.await_end();
    let lag = |scrape: &str| {
        let mut lines = scrape.lines();
        let own = |line: &&str| line.starts_with("marty_kafka_consumer_lag_messages{");
        let lines = lines.by_ref().filter(own);
        lines
            .map(|line| line.rsplit(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // One line for each partition, whether or not anything was in it.
    await_that(|| lag(&worker.admin.get("/metrics").1) == ["0", "0", "0"]);
    worker.stop();
}

#[test]
fn logs_a_change_inside_the_handling_of_its_event() {
    let worker = TestWorker::start();
    let ada = somebody();
    worker.publish(&created(ada));
    let changed = worker.wait(worker.capture.await_event("directory changed"));
    assert_eq!(changed.field("change").unwrap(), "entered");
    assert_eq!(changed.field("user_id").unwrap(), &*ada.to_string());
    worker.stop();
}
