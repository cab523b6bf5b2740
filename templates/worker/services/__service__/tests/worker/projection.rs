//! The directory is what the events say.

use crate::support::{TestWorker, created, deleted, somebody, updated};

#[test]
fn knows_who_was_created() {
    let worker = TestWorker::start();
    let (ada, bob) = (somebody(), somebody());
    worker.publish(&created(ada));
    worker.await_end();
    let entry = worker.api.entry(ada).unwrap();
    assert_eq!(entry["id"], ada.to_string());
    assert_eq!(entry["version"], 1);
    assert_eq!(worker.api.entry(bob), None);
    worker.stop();
}

#[test]
fn follows_a_user_from_the_first_event_to_the_last() {
    let worker = TestWorker::start();
    let ada = somebody();
    worker.publish(&created(ada));
    worker.await_end();
    let first = worker.api.entry(ada).unwrap();
    worker.publish(&updated(ada, 2));
    worker.await_end();
    let second = worker.api.entry(ada).unwrap();
    assert_eq!(second["version"], 2);
    assert_ne!(second["email"], first["email"]);
    worker.publish(&deleted(ada));
    worker.await_end();
    assert_eq!(worker.api.entry(ada), None);
    worker.await_attempts("ok", 3.0);
    worker.stop();
}

#[test]
fn takes_a_user_whose_creation_it_never_saw() {
    let worker = TestWorker::start();
    let ada = somebody();
    worker.publish(&updated(ada, 7));
    worker.await_end();
    assert_eq!(worker.api.entry(ada).unwrap()["version"], 7);
    worker.stop();
}

#[test]
fn does_not_go_back_when_events_come_late() {
    let worker = TestWorker::start();
    let (ada, bob) = (somebody(), somebody());
    worker.publish(&updated(ada, 3));
    worker.publish(&updated(ada, 2));
    worker.publish(&created(bob));
    worker.publish(&deleted(bob));
    worker.publish(&updated(bob, 2));
    worker.await_end();
    assert_eq!(worker.api.entry(ada).unwrap()["version"], 3);
    assert_eq!(worker.api.entry(bob), None);
    worker.await_attempts("ok", 3.0);
    worker.await_attempts("skipped", 2.0);
    worker.await_dead_letters(0);
    worker.stop();
}

#[test]
fn knows_a_person_by_a_token_alone() {
    let worker = TestWorker::start();
    let (ada, same) = (somebody(), somebody());
    worker.publish(&created(ada));
    worker.publish(&created(same));
    worker.await_end();
    let (ada, same) = (worker.api.entry(ada), worker.api.entry(same));
    let email = ada.unwrap()["email"].as_str().unwrap().to_owned();
    assert!(email.starts_with("h1."), "{email}");
    assert_eq!(same.unwrap()["email"], *email);
    let said = worker.capture.to_string();
    assert!(!said.contains("ada@example.com"), "{said}");
    assert!(!said.contains(&email), "{said}");
    worker.stop();
}
