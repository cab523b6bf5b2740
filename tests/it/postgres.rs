//! A service that was made `--with postgres`, before the judges of the field, a real Postgres among them.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::golden::{PROJECT, passed, succeeds};
use crate::sandbox::Sandbox;
use crate::server;

const MONITORING: &str = "observability/monitoring/prometheus";

/// A server that the project's own script starts, and that ends with the value.
struct Postgres {
    script: Child,
    url: String,
}

impl Postgres {
    fn start() -> Self {
        let script = PROJECT.path("services/billing-service/tests/database/postgres.sh");
        let mut command = Command::new("sh");
        let command = command.arg(script).stdin(Stdio::piped());
        let mut script = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        let mut printed = BufReader::new(script.stdout.take().unwrap());
        printed.read_line(&mut url).unwrap();
        assert!(
            url.starts_with("postgres://"),
            "no PostgreSQL; run tests/run"
        );
        let url = url.trim().to_owned();
        Self { script, url }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

#[test]
fn its_own_tests_pass_with_a_server_that_is_named() {
    let postgres = Postgres::start();
    // Of the whole project, so that what the other tests built serves.
    let database = ["test", "--locked", "--workspace", "--test", "database"];
    let mut command = PROJECT.cargo(database);
    let printed = succeeds(command.env("MARTY_TEST_DATABASE_URL", &postgres.url));
    assert!(passed(&printed) > 30, "{printed}");
}

/// Alone, it links a runtime without gRPC, which is other code than with it.
#[test]
fn clippy_finds_nothing_in_it_alone() {
    let arguments = ["clippy", "--locked", "--package", "billing-service"];
    let pedantic = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    succeeds(&mut PROJECT.cargo(arguments.into_iter().chain(pedantic)));
}

#[test]
fn prometheus_accepts_its_rules_and_their_tests_pass() {
    let promtool = server::program("prometheus", "promtool");
    let rules = "rules/billing-service.database.rules.yml";
    let lint = ["check", "rules", "--lint=all", "--lint-fatal", rules];
    let printed = PROJECT.run(&promtool, MONITORING, &lint);
    assert!(printed.contains("1 rules found"), "{printed}");
    let tests = "rules/billing-service.database.test.yml";
    PROJECT.run(&promtool, MONITORING, &["test", "rules", tests]);
}

#[test]
fn grafana_s_types_accept_its_dashboard() {
    let check = server::program("dashboard-check", "dashboard-check");
    let directory = "services/billing-service/observability/dashboards";
    PROJECT.run(check, directory, &["database.json"]);
}

#[test]
fn actionlint_accepts_its_workflow() {
    let actionlint = server::program("actionlint", "actionlint");
    let workflow = ".github/workflows/billing-service.database.yml";
    assert_eq!(PROJECT.run(actionlint, "", &[workflow]), "");
}

#[test]
fn only_a_service_with_a_database_has_anything_of_one() {
    let files = |service: &str| {
        let root = PROJECT.path("");
        let tree = crate::sandbox::tree(&root);
        let own = tree.into_keys().filter(|path| path.contains(service));
        own.filter(|path| path.contains("database") || path.contains("postgres"))
            .count()
    };
    assert!(files("billing-service") > 8);
    for other in ["user-service", "order-service"] {
        assert_eq!(files(other), 0);
        let manifest = PROJECT.path(&format!("services/{other}/Cargo.toml"));
        let manifest = std::fs::read_to_string(manifest).unwrap();
        assert!(!manifest.contains("postgres"), "{manifest}");
    }
}

#[test]
fn the_plan_and_the_records_tell_what_it_was_made_with() {
    let sandbox = Sandbox::new();
    let arguments = ["new", "user-service", "--dir", "shop", "--json"];
    let arguments = arguments.into_iter().chain(["--with", "postgres"]);
    let output = sandbox.marty(arguments).output().unwrap();
    let plan = crate::new::checked_by_the_schema(&output.stdout);
    assert_eq!(plan["service"]["with"], serde_json::json!(["postgres"]));
    let lock = sandbox.read("shop/.marty/lock.toml");
    assert!(lock.contains("with = [\"postgres\"]"), "{lock}");
    let service = sandbox.read("shop/services/user-service/service.toml");
    assert!(service.contains("with = [\"postgres\"]"), "{service}");
    let manifest = sandbox.read("shop/Cargo.toml");
    assert!(manifest.contains("\nsqlx = "), "{manifest}");
}

#[test]
fn a_service_cannot_be_made_with_what_there_is_not() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.outcome(&mut sandbox.marty(["new", "a", "--with", "oracle"]));
    assert!(outcome.starts_with("status: 2"), "{outcome}");
    let possible = "[possible values: postgres, events]";
    assert!(outcome.contains(possible), "{outcome}");
    assert!(sandbox.tree().is_empty());
}

#[test]
fn a_kind_that_cannot_have_it_is_told_which_can() {
    let sandbox = Sandbox::new();
    let arguments = ["new", "a", "--kind", "grpc", "--with", "postgres"];
    let outcome = sandbox.outcome(&mut sandbox.marty(arguments));
    assert!(outcome.starts_with("status: 2"), "{outcome}");
    let message = "a service of the kind `grpc` cannot be made with `postgres`; `http` can";
    assert!(outcome.contains(message), "{outcome}");
    assert!(sandbox.tree().is_empty());
}

#[test]
fn a_manifest_that_is_not_understood_is_left_alone() {
    let sandbox = Sandbox::with_project();
    sandbox.write("shop/Cargo.toml", "workspace = 1\n");
    let before = sandbox.tree();
    let arguments = ["new", "order-service", "--with", "postgres"];
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", arguments));
    assert!(outcome.starts_with("status: 2"), "{outcome}");
    assert!(
        outcome.contains("`workspace.dependencies` is not a table"),
        "{outcome}"
    );
    assert_eq!(sandbox.tree(), before);
}
