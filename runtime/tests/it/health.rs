//! Health over the admin listener.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use marty_runtime::{CheckError, axum::Router};
use serde_json::{Value, json};

use crate::support::{Live, get, service};

fn json_of(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

#[test]
fn says_that_it_is_alive_started_and_ready() {
    let live = Live::start(service(Router::new()));
    for path in ["/livez", "/startupz", "/readyz"] {
        let answer = get(live.admin, path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{path}"
        );
    }
    let nothing = get(live.admin, "/admin");
    assert_eq!(
        (nothing.status, nothing.header("content-type")),
        (404, Some("application/problem+json"))
    );
    live.stop().unwrap();
}

#[test]
fn names_the_checks_that_keep_it_from_being_ready() {
    let service = service(Router::new())
        .check("cache", async || Ok(()))
        .check("database", async || {
            Err(CheckError::new("password is hunter2"))
        })
        .check("broker", async || panic!("of a check"))
        .check("mail", std::future::pending);
    let live = Live::start(service);
    let answer = get(live.admin, "/readyz");
    assert_eq!(answer.status, 503);
    let expected = json!({"ready": false, "state": "ready", "checks": [
        {"name": "cache", "up": true},
        {"name": "database", "up": false, "reason": "failed"},
        {"name": "broker", "up": false, "reason": "panicked"},
        {"name": "mail", "up": false, "reason": "timed out"},
    ]});
    assert_eq!(json_of(&answer.body), expected);
    let answer = get(live.admin, "/readyz?verbose");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (503, Some("text/plain; charset=utf-8"))
    );
    let expected = "[+]service ok\n[+]cache ok\n[-]database failed\n[-]broker failed: panicked\n\
                    [-]mail failed: timed out\nreadyz check failed\n";
    assert_eq!(answer.body, expected);
    assert_eq!(
        live.value("marty_health_check_up{check=\"cache\"}"),
        Some(1.0)
    );
    assert_eq!(
        live.value("marty_health_check_up{check=\"database\"}"),
        Some(0.0)
    );
    assert_eq!(get(live.admin, "/livez").status, 200);
    live.stop().unwrap();
}

#[test]
fn says_in_words_what_it_was_asked_in_words() {
    let live = Live::start(service(Router::new()).check("cache", async || Ok(())));
    let ready = "[+]service ok\n[+]cache ok\nreadyz check passed\n";
    for query in ["verbose", "verbose=1", "timeout=1s&verbose"] {
        let answer = get(live.admin, &format!("/readyz?{query}"));
        assert_eq!((answer.status, &*answer.body), (200, ready), "{query}");
    }
    let alive = "[+]service ok\nlivez check passed\n";
    assert_eq!(get(live.admin, "/livez?verbose").body, alive);
    for query in ["", "verbos", "quiet=verbose"] {
        let body = get(live.admin, &format!("/readyz?{query}")).body;
        assert_eq!(json_of(&body)["ready"], true, "{query}");
    }
    live.stop().unwrap();
}

#[test]
fn asks_a_check_once_however_many_callers_come() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let live = Live::start(service(Router::new()).check("database", move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }
    }));
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope
                .spawn(|| (0..10).for_each(|_| assert_eq!(get(live.admin, "/readyz").status, 200)));
        }
    });
    // Once a second at most, however long the eighty took.
    let allowed = 1 + usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!((1..=allowed).contains(&asked.load(Ordering::Relaxed)));
    live.stop().unwrap();
}
