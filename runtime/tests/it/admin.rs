//! What the admin listener shows and changes for who has the token.

use std::net::SocketAddr;

use marty_runtime::{Config, Ports, Service, axum::Router, task::Stop};
use serde_json::{Value, json};

#[cfg(feature = "http")]
use crate::process::{Process, hello};
use crate::support::{Answer, Live, get, get_with, send, service};

const TOKEN: &str = "authorization: Bearer hunter2\r\n";

fn put(address: SocketAddr, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!("PUT {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    let request = format!("{head}{TOKEN}content-length: {length}\r\n\r\n{body}");
    send(address, request.as_bytes())
}

fn json_of(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn guarded() -> Service {
    let ports = Ports { http: 0, admin: 0 };
    let read = |name: &str| match name {
        "MARTY_ADMIN_TOKEN" => Some("hunter2".to_owned()),
        "MARTY_DRAIN_GRACE" => Some("0s".to_owned()),
        _ => None,
    };
    let config = Config::from_lookup(ports, read).unwrap();
    Service::new(marty_runtime::service_info!(), config)
        .task("idle", async |stop: Stop| stop.requested().await)
}

const PATHS: [&str; 3] = ["/admin/config", "/admin/log-level", "/admin/tasks"];

#[test]
fn is_not_there_without_a_token() {
    let live = Live::start(service(Router::new()));
    for path in PATHS {
        assert_eq!(get_with(live.admin, path, TOKEN).status, 404, "{path}");
        assert_eq!(
            get_with(live.admin, path, "authorization: Bearer \r\n").status,
            404
        );
    }
    assert_eq!(put(live.admin, "/admin/log-level", "{}").status, 404);
    live.stop().unwrap();
}

#[test]
fn refuses_and_counts_who_has_not_the_token() {
    let live = Live::start(guarded());
    assert_eq!(live.value("marty_admin_refusals_total"), Some(0.0));
    for path in PATHS {
        for headers in [
            "",
            "authorization: Bearer hunter3\r\n",
            "authorization: Basic hunter2\r\n",
        ] {
            let answer = get_with(live.admin, path, headers);
            assert_eq!(answer.status, 401, "{path} {headers}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
        }
    }
    assert_eq!(live.value("marty_admin_refusals_total"), Some(9.0));
    for open in ["/metrics", "/livez", "/readyz", "/startupz"] {
        assert_eq!(get(live.admin, open).status, 200, "{open}");
    }
    live.stop().unwrap();
}

#[test]
fn shows_settings_without_secrets_and_tasks() {
    let live = Live::start(guarded());
    let answer = get_with(live.admin, "/admin/config", TOKEN);
    assert!(!answer.body.contains("hunter2"), "{}", answer.body);
    let settings = json_of(&answer);
    let settings = settings["settings"].as_array().unwrap();
    let token = json!({"name": "MARTY_ADMIN_TOKEN", "value": "***", "origin": "MARTY_ADMIN_TOKEN"});
    assert!(settings.contains(&token), "{settings:?}");
    let log = json!({"name": "MARTY_LOG", "value": "info", "origin": "default"});
    assert!(settings.contains(&log), "{settings:?}");

    live.await_value("marty_task_up{task=\"idle\"}", 1.0);
    let tasks = json_of(&get_with(live.admin, "/admin/tasks", TOKEN));
    let task = &tasks["tasks"][0];
    assert_eq!(
        (&task["name"], &task["state"], &task["restarts"]),
        (&json!("idle"), &json!("running"), &json!(0))
    );
    assert!(task["since"].is_string());
    live.stop().unwrap();
}

#[cfg(all(feature = "pprof", target_os = "linux"))]
#[test]
fn takes_a_profile_for_who_has_the_token() {
    let live = Live::start(guarded());
    let path = "/debug/pprof/profile?seconds=0";
    assert_eq!(get(live.admin, path).status, 401);
    let answer = get_with(live.admin, path, TOKEN);
    assert_eq!(answer.status, 400);
    let detail = "`seconds` has to be a whole number from 1 to 60";
    assert!(answer.body.contains(detail), "{answer:?}");
    live.stop().unwrap();
}

#[test]
fn says_that_the_log_is_somebody_else_s() {
    let live = Live::start(guarded());
    assert_eq!(get_with(live.admin, "/admin/log-level", TOKEN).status, 409);
    live.stop().unwrap();
}

#[cfg(feature = "http")]
#[test]
fn changes_what_is_logged_and_leaves_an_audit() {
    let mut process = Process::start(hello().env("MARTY_ADMIN_TOKEN", "hunter2"));
    let level = |admin| json_of(&get_with(admin, "/admin/log-level", TOKEN));
    assert_eq!(
        level(process.admin),
        json!({"filter": "info", "configured": "info"})
    );
    let change = r#"{"filter": "error,marty_runtime::admin=debug"}"#;
    let changed = json_of(&put(process.admin, "/admin/log-level", change));
    assert_eq!(changed["filter"], "error,marty_runtime::admin=debug");
    let audit = process.await_line("log level changed");
    assert_eq!(
        (&audit["from"], &audit["to"]),
        (&json!("info"), &changed["filter"])
    );
    assert!(
        audit["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{audit}"
    );
    // Nobody had asked for lines of that level before.
    let answered = process.await_line("admin request answered");
    assert_eq!(answered["level"], "debug");

    json_of(&put(
        process.admin,
        "/admin/log-level",
        r#"{"filter": "off", "for": "50ms"}"#,
    ));
    assert_eq!(process.await_line("log level changed")["lasts"], "50ms");
    let fell_back = process.await_line("log level fell back");
    assert_eq!(
        (&fell_back["from"], &fell_back["to"]),
        (&json!("off"), &json!("info"))
    );
    assert_eq!(
        level(process.admin),
        json!({"filter": "info", "configured": "info"})
    );
}

#[cfg(feature = "http")]
#[test]
fn refuses_a_change_that_it_does_not_understand() {
    let process = Process::start(hello().env("MARTY_ADMIN_TOKEN", "hunter2"));
    let refuses = |body: &str, expected: &str| {
        let answer = put(process.admin, "/admin/log-level", body);
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains(expected), "{answer:?}");
    };
    refuses(
        r#"{"filter": "loud"}"#,
        "`filter` is \\\"loud\\\", but has to be a level",
    );
    refuses(
        r#"{"filter": "info", "for": "10"}"#,
        "`for` is \\\"10\\\", but has to be a time",
    );
    refuses(r#"{"level": "info"}"#, "unknown field `level`");
    let long = format!(r#"{{"filter": "{}"}}"#, "x".repeat(5000));
    assert_eq!(put(process.admin, "/admin/log-level", &long).status, 413);
    let audit = json_of(&get_with(process.admin, "/admin/log-level", TOKEN));
    assert_eq!(audit["filter"], "info");
}
