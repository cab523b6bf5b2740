//! A project with a service that was made `--with postgres`, before the judges of the field, a real Postgres among them.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use crate::golden::{Golden, passed, succeeds};
use crate::sandbox::Sandbox;
use crate::server;

/// The service with a database comes to a project that has none yet.
static PROJECT: LazyLock<Golden> = LazyLock::new(|| {
    let services: [&[&str]; 2] = [&["order-service"], &["user-service", "--with", "postgres"]];
    Golden::generate_of("golden-postgres", &services)
});

const MONITORING: &str = "observability/monitoring/prometheus";

/// A server that the project's own script starts, and that ends with the value.
struct Postgres {
    script: Child,
    url: String,
}

impl Postgres {
    fn start() -> Self {
        let script = PROJECT.path("services/user-service/tests/database/postgres.sh");
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
fn it_is_formatted_whatever_the_name() {
    let sandbox = Sandbox::new();
    for name in ["a", "user-service", &"x".repeat(63)] {
        let arguments = ["new", name, "--dir", "shop", "--with", "postgres"];
        succeeds(&mut sandbox.marty(arguments));
    }
    let mut command = Command::new(env!("CARGO"));
    let command = command.args(["fmt", "--all", "--check"]);
    succeeds(command.current_dir(sandbox.join("shop")));
}

#[test]
fn clippy_finds_nothing_not_even_pedantically() {
    let arguments = ["clippy", "--locked", "--workspace", "--all-targets"];
    let pedantic = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    succeeds(&mut PROJECT.cargo(arguments.into_iter().chain(pedantic)));
}

#[test]
fn its_documentation_has_no_warnings() {
    let arguments = ["doc", "--locked", "--workspace", "--no-deps"];
    succeeds(PROJECT.cargo(arguments).env("RUSTDOCFLAGS", "-D warnings"));
}

#[test]
fn its_own_tests_pass_with_a_server_of_their_own_and_with_one_that_is_named() {
    let package = ["test", "--locked", "--package", "user-service"];
    let variable = "MARTY_TEST_DATABASE_URL";
    let printed = succeeds(PROJECT.cargo(package).env_remove(variable));
    assert!(passed(&printed) > 80, "{printed}");
    let postgres = Postgres::start();
    let database = package.into_iter().chain(["--test", "database"]);
    let printed = succeeds(PROJECT.cargo(database).env(variable, &postgres.url));
    assert!(passed(&printed) > 30, "{printed}");
}

#[test]
fn marty_check_finds_nothing() {
    let mut check = Command::new(env!("CARGO_BIN_EXE_marty"));
    succeeds(check.arg("check").current_dir(PROJECT.path("")));
}

#[test]
fn prometheus_accepts_its_rules_and_their_tests_pass() {
    let promtool = server::program("prometheus", "promtool");
    let printed = PROJECT.run(
        &promtool,
        MONITORING,
        &["check", "config", "prometheus.yml"],
    );
    assert!(printed.contains("3 rule files found"), "{printed}");
    let rules = "rules/user-service.database.rules.yml";
    let lint = ["check", "rules", "--lint=all", "--lint-fatal", rules];
    let printed = PROJECT.run(&promtool, MONITORING, &lint);
    assert!(printed.contains("1 rules found"), "{printed}");
    let tests = "rules/user-service.database.test.yml";
    PROJECT.run(&promtool, MONITORING, &["test", "rules", tests]);
}

#[test]
fn grafana_s_types_accept_its_dashboard() {
    let check = server::program("dashboard-check", "dashboard-check");
    let directory = "services/user-service/observability/dashboards";
    PROJECT.run(check, directory, &["database.json"]);
}

#[test]
fn actionlint_accepts_its_workflow() {
    let actionlint = server::program("actionlint", "actionlint");
    let workflow = ".github/workflows/user-service.database.yml";
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
    assert!(files("user-service") > 8);
    assert_eq!(files("order-service"), 0);
    let manifest = std::fs::read_to_string(PROJECT.path("services/order-service/Cargo.toml"));
    assert!(!manifest.unwrap().contains("postgres"));
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
    assert!(outcome.contains("[possible values: postgres]"), "{outcome}");
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
