//! An event that cannot be handled is tried again, rejected or skipped; none is lost, and the others go on.

use std::sync::Arc;

use crate::{
    flaky::Flaky,
    support::{TOPIC, TestWorker, await_that, created, header, somebody, strange, updated},
};

#[test]
fn tries_again_until_the_directory_can_be_reached() {
    let worker = TestWorker::start_with(Arc::new(Flaky::new(2)));
    let ada = somebody();
    worker.publish(&created(ada));
    worker.await_end();
    assert_eq!(worker.api.entry(ada).unwrap()["version"], 1);
    let retried = [
        ("event_type", "user.created.v1"),
        ("error_type", "unavailable"),
    ];
    worker.await_delta("marty_event_retries_total", &retried, 2.0);
    worker.await_attempts("retry", 2.0);
    worker.await_attempts("ok", 1.0);
    worker.await_dead_letters(0);
    worker.stop();
}

#[test]
fn gives_up_after_five_attempts_and_keeps_a_dead_letter() {
    let worker = TestWorker::start_with(Arc::new(Flaky::new(5)));
    let (ada, bob) = (somebody(), somebody());
    worker.publish(&created(ada));
    let letters = worker.await_dead_letters(1);
    let original = &worker.memory.records(TOPIC)[0];
    let letter = &letters[0];
    assert_eq!(letter.record.value(), original.record.value());
    assert_eq!(letter.record.key(), original.record.key());
    let partition = original.partition.to_string();
    for (name, expected) in [
        ("ce_type", "user.created.v1"),
        ("dlq-original-topic", TOPIC),
        ("dlq-original-partition", &*partition),
        ("dlq-original-offset", "0"),
        ("dlq-attempts", "5"),
        ("dlq-error-class", "unavailable"),
    ] {
        assert_eq!(header(letter, name), expected, "{name}");
    }
    let message = header(letter, "dlq-error-message");
    assert!(message.contains("cannot be reached"), "{message}");
    assert!(!message.contains("10.0.0.7"), "{message}");

    worker.publish(&created(bob));
    worker.await_end();
    assert!(worker.api.entry(bob).is_some());
    assert_eq!(worker.api.entry(ada), None);
    worker.stop();
}

#[test]
fn rejects_at_once_what_can_never_be_handled() {
    let worker = TestWorker::start();
    worker.publish(&updated(somebody(), 0));
    let letters = worker.await_dead_letters(1);
    assert_eq!(header(&letters[0], "dlq-attempts"), "1");
    assert_eq!(header(&letters[0], "dlq-error-class"), "no_version");
    let reason = [("reason", "no_version")];
    worker.await_delta("marty_event_dead_lettered_total", &reason, 1.0);
    worker.await_delta("marty_event_retries_total", &[], 0.0);
    worker.stop();
}

#[test]
fn rejects_what_is_no_event_and_skips_what_is_another_s() {
    let worker = TestWorker::start();
    let ada = somebody();
    let of_type = |kind| {
        [
            ("ce_specversion", "1.0"),
            ("ce_id", "1"),
            ("ce_source", "/a"),
            ("ce_type", kind),
            ("content-type", "application/json"),
        ]
    };
    for record in [
        strange(&[], b"hello"),
        strange(&of_type("user.created.v1"), b"not JSON"),
        strange(&of_type("user.created.v1"), b"{\"user_id\": 17}"),
        strange(&of_type("user.praised.v1"), b"{}"),
    ] {
        worker.memory.put(TOPIC, record).unwrap();
    }
    worker.publish(&created(ada));
    worker.await_end();
    worker.await_dead_letters(3);
    worker.await_attempts("skipped", 1.0);
    assert!(worker.api.entry(ada).is_some());
    worker.stop();
}

#[test]
fn loses_nothing_while_dead_letters_are_not_taken() {
    let worker = TestWorker::start();
    let dead_letters = format!("{TOPIC}.{}.dlq", env!("CARGO_PKG_NAME"));
    worker.memory.refuse(&dead_letters, true);
    let ada = somebody();
    worker.publish(&updated(ada, 0));
    worker.publish(&created(ada));
    await_that(|| worker.admin.get("/readyz").0 == 503);
    assert_eq!(worker.api.entry(ada), None);
    worker.memory.refuse(&dead_letters, false);
    worker.await_end();
    worker.await_dead_letters(1);
    assert!(worker.api.entry(ada).is_some());
    await_that(|| worker.admin.get("/readyz").0 == 200);
    worker.stop();
}
