//! Background tasks of a service that runs.

use std::{future::pending, sync::Arc, time::Duration};

use marty_runtime::{
    axum::{Router, routing::get as on_get},
    task::{OnEnd, Restart, Stop},
};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::support::{Live, PATIENCE, get, service, with_config};

#[test]
fn is_not_ready_any_more_once_a_task_has_ended() {
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let live = Live::start(service(Router::new()).task("read-prices", move |_| {
        let inside = Arc::clone(&inside);
        async move { inside.acquire().await.unwrap().forget() }
    }));
    live.await_value("marty_task_up{task=\"read-prices\"}", 1.0);
    live.await_value("marty_health_check_up{check=\"task:read-prices\"}", 1.0);
    gate.add_permits(1);
    live.await_value("marty_task_up{task=\"read-prices\"}", 0.0);
    live.await_value("marty_health_check_up{check=\"task:read-prices\"}", 0.0);
    let answer = get(live.admin, "/readyz");
    assert_eq!(answer.status, 503);
    let found: Value = serde_json::from_str(&answer.body).unwrap();
    let expected = json!([{"name": "task:read-prices", "up": false, "reason": "failed"}]);
    assert_eq!(found["checks"], expected);
    live.stop().unwrap();
}

#[test]
fn stays_ready_while_a_task_is_started_anew_and_counts_its_panics() {
    let gate = Arc::new(Semaphore::new(2));
    let inside = Arc::clone(&gate);
    let policy = Restart::default().after(Duration::ZERO, Duration::ZERO);
    let task = move |stop: Stop| {
        let inside = Arc::clone(&inside);
        async move {
            assert!(
                inside.try_acquire().map(SemaphorePermit::forget).is_err(),
                "of a task"
            );
            stop.requested().await;
        }
    };
    let service = service(Router::new()).task_with("read-prices", OnEnd::Restart(policy), task);
    let live = Live::start(service);
    live.await_value("marty_task_restarts_total{task=\"read-prices\"}", 2.0);
    live.await_value("marty_task_up{task=\"read-prices\"}", 1.0);
    assert_eq!(live.value("marty_panics_total"), Some(2.0));
    assert_eq!(get(live.admin, "/readyz").status, 200);
    live.stop().unwrap();
}

#[cfg(feature = "http")]
#[test]
fn stops_tasks_only_when_the_requests_are_finished() {
    let (asked, stopped) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (asks, stops) = (Arc::clone(&asked), Arc::clone(&stopped));
    let routes = Router::new().route(
        "/wait",
        on_get(async move || {
            asks.add_permits(1);
            // Would never be answered if the task had stopped before: the request waits for it no longer than the deadline.
            let still = stops.try_acquire().is_err();
            tokio::time::sleep(Duration::from_millis(50)).await;
            (still && stops.try_acquire().is_err()).to_string()
        }),
    );
    let stops = Arc::clone(&stopped);
    let live = Live::start(service(routes).task("serves-requests", move |stop: Stop| {
        let stops = Arc::clone(&stops);
        async move {
            stop.requested().await;
            stops.add_permits(1);
        }
    }));
    let http = live.http;
    let request = std::thread::spawn(move || get(http, "/wait"));
    while asked.available_permits() == 0 {
        std::thread::yield_now();
    }
    live.stop().unwrap();
    assert_eq!(request.join().unwrap().body, "true");
    assert_eq!(stopped.available_permits(), 1);
}

#[test]
fn reports_a_task_that_does_not_stop() {
    let service = with_config(Router::new(), |config| {
        config.shutdown_deadline = Duration::from_millis(400);
    });
    let live = Live::start(service.task("deaf", async |_| pending::<()>().await));
    live.await_value("marty_task_up{task=\"deaf\"}", 1.0);
    let begun = std::time::Instant::now();
    let error = live.stop().unwrap_err();
    assert_eq!(error.overrun_phase(), Some("stop tasks"));
    assert!(begun.elapsed() < PATIENCE);
}

#[test]
fn refuses_tasks_of_the_same_name() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = service(Router::new())
        .task("twice", async |_| ())
        .task("twice", async |_| ());
    let error = runtime.block_on(service.start()).unwrap_err();
    assert_eq!(error.to_string(), "there are two tasks named `twice`");
}
