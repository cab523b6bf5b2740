//! Event workers, and services that were made `--with events`: what they are refused, and what their artefacts are worth.

use std::fs;

use crate::golden::{PROJECT, WORKER, succeeds};
use crate::sandbox::Sandbox;
use crate::server;

const MONITORING: &str = "observability/monitoring/prometheus";

/// The services that publish, and the one that handles.
const WITH_EVENTS: [&str; 3] = ["account-service", "courier-service", WORKER];

#[test]
fn what_a_service_is_made_with_is_recorded() {
    let sandbox = Sandbox::new();
    let arguments = ["new", "user-service", "--with", "events", "--json"];
    let output = sandbox.marty(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let plan = crate::new::checked_by_the_schema(&output.stdout);
    assert_eq!(plan["service"]["with"], serde_json::json!(["events"]));
    let service = sandbox.read("user-service/services/user-service/service.toml");
    assert!(service.contains("with = [\"events\"]"), "{service}");
}

#[test]
fn a_worker_is_planned_as_what_it_is() {
    let sandbox = Sandbox::new();
    let arguments = ["new", "mailer", "--kind", "worker", "--json", "--dry-run"];
    let output = sandbox.marty(arguments).output().unwrap();
    let plan = crate::new::checked_by_the_schema(&output.stdout);
    assert_eq!(plan["service"]["kind"], "worker");
    let next = plan["next"].as_array().unwrap();
    let demo = "cargo run --package mailer --example demo";
    assert!(next.iter().any(|command| command == demo), "{next:?}");
    let changes = plan["changes"].as_array().unwrap().iter();
    let paths: Vec<&str> = changes.filter_map(|it| it["path"].as_str()).collect();
    for path in [
        "services/mailer/src/handler.rs",
        "services/mailer/events/user.created.v1.json",
        "services/mailer/observability/dashboards/events.json",
        "observability/monitoring/prometheus/rules/mailer.events.rules.yml",
        "observability/monitoring/prometheus/targets/mailer.json",
    ] {
        assert!(paths.contains(&path), "{paths:#?}");
    }
    let of_users = |path: &&&str| path.contains("/src/repository/users.rs");
    assert_eq!(paths.iter().find(of_users), None);
}

#[test]
fn a_worker_is_made_with_nothing_that_it_has_or_cannot_have() {
    for (extra, can) in [("events", "`http`, `grpc`"), ("postgres", "`http`")] {
        let sandbox = Sandbox::new();
        let arguments = ["new", "a", "--kind", "worker", "--with", extra];
        let outcome = sandbox.outcome(&mut sandbox.marty(arguments));
        assert!(sandbox.tree().is_empty(), "something was written");
        let message =
            format!("a service of the kind `worker` cannot be made with `{extra}`; {can} can");
        assert!(outcome.contains(&message), "{outcome}");
    }
}

/// The client of Kafka is written in C and takes long to compile: nobody pays for it who did not ask.
#[test]
fn kafka_is_compiled_for_who_asks_for_it_and_for_images() {
    for service in WITH_EVENTS {
        let tree = |features: &[&str]| {
            let arguments = ["tree", "--locked", "--prefix", "none", "--package", service];
            succeeds(&mut PROJECT.cargo(arguments.iter().chain(features)))
        };
        assert!(!tree(&[]).contains("rdkafka"), "{service}");
        assert!(tree(&["--features", "kafka"]).contains("rdkafka v"));
        let dockerfile = PROJECT.path(&format!("services/{service}/Dockerfile"));
        let dockerfile = fs::read_to_string(dockerfile).unwrap();
        assert!(dockerfile.contains("--features kafka"), "{dockerfile}");
    }
}

/// Schemas are for tests: what ships has nothing that makes them.
#[test]
fn what_describes_events_is_compiled_for_tests_alone() {
    for service in WITH_EVENTS {
        let tree = |edges: &str| {
            let arguments = ["tree", "--locked", "--prefix", "none", "--package", service];
            succeeds(&mut PROJECT.cargo(arguments.into_iter().chain(["--edges", edges])))
        };
        assert!(tree("normal,build,dev").contains("schemars v"), "{service}");
        assert!(!tree("normal,build").contains("schemars"), "{service}");
    }
}

/// Alone, each links a runtime that has other features than with the rest.
#[test]
fn clippy_finds_nothing_in_each_alone() {
    for service in WITH_EVENTS {
        let arguments = ["clippy", "--locked", "--package", service];
        let pedantic = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
        succeeds(&mut PROJECT.cargo(arguments.into_iter().chain(pedantic)));
    }
}

#[test]
fn prometheus_accepts_their_rules_and_the_rules_tests_pass() {
    let promtool = server::program("prometheus", "promtool");
    for service in WITH_EVENTS {
        let rules = format!("rules/{service}.events.rules.yml");
        let lint = ["check", "rules", "--lint=all", "--lint-fatal", &rules];
        let printed = PROJECT.run(&promtool, MONITORING, &lint);
        let count = if service == WORKER { 5 } else { 1 };
        assert!(
            printed.contains(&format!("{count} rules found")),
            "{printed}"
        );
        let tests = format!("rules/{service}.events.test.yml");
        PROJECT.run(&promtool, MONITORING, &["test", "rules", &tests]);
    }
}

#[test]
fn grafana_s_types_accept_their_dashboards() {
    let check = server::program("dashboard-check", "dashboard-check");
    for service in WITH_EVENTS {
        let directory = format!("services/{service}/observability/dashboards");
        PROJECT.run(&check, &directory, &["events.json"]);
    }
}

/// What the runtime counts of events is known to the checks like everything else that it exports.
#[test]
fn the_checks_know_the_metrics_of_events() {
    let sandbox = Sandbox::new();
    let arguments = ["new", "mailer", "--kind", "worker", "--dir", "shop"];
    succeeds(&mut sandbox.marty(arguments));
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["check"]));
    assert!(outcome.starts_with("status: 0\n"), "{outcome}");

    let (known, misspelt) = (
        "marty_event_dead_lettered_total",
        "marty_event_dead_letter_total",
    );
    let rules = "observability/monitoring/prometheus/rules/mailer.events.rules.yml";
    let dashboard = "services/mailer/observability/dashboards/events.json";
    for path in [rules, dashboard] {
        let path = format!("shop/{path}");
        let text = sandbox.read(&path);
        assert!(text.contains(known), "{path}");
        sandbox.write(&path, &text.replace(known, misspelt));
        let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["check"]));
        assert!(outcome.starts_with("status: 1\n"), "{outcome}");
        let message = format!("nothing exports `{misspelt}`");
        assert!(outcome.contains(&message), "{outcome}");
        assert!(
            outcome.contains(&format!("did you mean `{known}`?")),
            "{outcome}"
        );
        sandbox.write(&path, &text);
    }
}
