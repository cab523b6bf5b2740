//! `marty check` and `marty explain`, on a generated project: clean, and broken once per rule.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

const RULES: &str = "observability/monitoring/prometheus/rules/user-service.rules.yml";
const TESTS: &str = "observability/monitoring/prometheus/rules/user-service.test.yml";
const TARGETS: &str = "observability/monitoring/prometheus/targets/user-service.json";
const DASHBOARD: &str = "services/user-service/observability/dashboards/microservice-detail.json";
const CONFIG: &str = "services/user-service/src/config.rs";
const METRICS: &str = "services/user-service/src/metrics.rs";

/// A generated project with `from` replaced by `to` wherever it stands in the file at `path`.
#[track_caller]
fn broken(path: &str, from: &str, to: &str) -> Sandbox {
    let sandbox = Sandbox::with_project();
    let path = format!("shop/{path}");
    let text = sandbox.read(&path);
    assert!(text.contains(from), "`{from}` is not in {path}");
    sandbox.write(&path, &text.replace(from, to));
    sandbox
}

/// What `marty check` says about a generated project after an edit.
#[track_caller]
fn checked(path: &str, from: &str, to: &str) -> String {
    let sandbox = broken(path, from, to);
    sandbox.outcome(&mut sandbox.marty_in("shop", ["check"]))
}

#[test]
fn a_generated_project_is_clean() {
    let sandbox = Sandbox::with_project();
    assert!(
        sandbox
            .marty_in("shop", ["new", "order-service"])
            .output()
            .unwrap()
            .status
            .success()
    );
    let before = sandbox.tree();
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop/services", ["check"])));
    assert_eq!(sandbox.tree(), before, "a check changes nothing");
}

#[test]
fn a_service_that_is_called_like_cargo_s_build_folder_is_clean() {
    let sandbox = Sandbox::with_project();
    let made = sandbox.marty_in("shop", ["new", "target"]).output();
    assert!(made.unwrap().status.success());
    // A build folder in a service is no source, whatever it holds.
    let built = "shop/services/target/target/src/main.rs";
    sandbox.write(built, "fn (");
    let clean = sandbox.marty_in("shop", ["check"]).output().unwrap();
    assert!(clean.status.success(), "{}", sandbox.describe(&clean));
    sandbox.write("shop/services/target/src/main.rs", "fn (");
    let broken = sandbox.marty_in("shop", ["check"]).output().unwrap();
    assert_eq!(broken.status.code(), Some(1));
}

#[test]
fn a_metric_renamed_in_the_code() {
    let names = "crates/marty-runtime/src/names/process.rs";
    assert_snapshot!(checked(
        names,
        "\"process_open_fds\"",
        "\"process_open_files\""
    ));
}

#[test]
fn a_metric_misspelt_in_a_panel() {
    assert_snapshot!(checked(DASHBOARD, "process_threads{", "process_thread{"));
}

#[test]
fn a_label_dropped_from_the_code() {
    let sandbox = broken(METRICS, "pub change: Change", "pub what: Change");
    let panel = "{\"panels\": [{\"targets\": [{\"expr\": \"sum by (change) (rate(user_changes_total[5m]))\"}]}]}\n";
    sandbox.write(
        "shop/services/user-service/observability/dashboards/changes.json",
        panel,
    );
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["check"])));
}

#[test]
fn a_runbook_deleted() {
    let sandbox = Sandbox::with_project();
    let path = "shop/services/user-service/observability/runbooks/service-down.md";
    std::fs::remove_file(sandbox.join(path)).unwrap();
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["check"])));
}

#[test]
fn an_anchor_that_is_dead() {
    assert_snapshot!(checked(
        RULES,
        "service-down.md",
        "service-down.md#how-to-confirm"
    ));
}

#[test]
fn a_port_that_is_wrong() {
    assert_snapshot!(checked(TARGETS, "user-service:9081", "user-service:9999"));
}

#[test]
fn an_expression_that_is_broken() {
    let broken = "up{service=\"user-service\"} == ";
    assert_snapshot!(checked(RULES, "up{service=\"user-service\"} == 0", broken));
}

#[test]
fn an_alert_without_a_test() {
    assert_snapshot!(checked(
        TESTS,
        "alertname: HighLatency",
        "alertname: HighLatencies"
    ));
}

#[test]
fn files_that_are_broken_in_every_format() {
    let sandbox = Sandbox::with_project();
    for (path, text) in [
        ("shop/marty.toml", "[services\n"),
        (
            "shop/services/user-service/src/lib.rs",
            "pub fn service( {\n",
        ),
        (
            "shop/services/user-service/observability/dashboards/other.json",
            "{\"panels\": [}\n",
        ),
        (
            "shop/observability/monitoring/prometheus/prometheus.yml",
            "scrape_configs: [\n",
        ),
    ] {
        sandbox.write(path, text);
    }
    std::fs::write(
        sandbox.join("shop/services/user-service/src/main.rs"),
        b"\xff",
    )
    .unwrap();
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["check"])));
}

#[test]
fn a_file_that_is_broken_is_one_finding() {
    let sandbox = Sandbox::with_project();
    for path in [
        "crates/marty-runtime/src/names/http.rs",
        "services/user-service/src/metrics.rs",
        CONFIG,
        RULES,
        TESTS,
        TARGETS,
        DASHBOARD,
        "observability/monitoring/prometheus/prometheus.yml",
        "marty.toml",
    ] {
        let path = format!("shop/{path}");
        let before = sandbox.read(&path);
        sandbox.write(&path, &format!("{before}\n}}[\n"));
        let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["check"]));
        assert!(outcome.contains("error[syntax-error]"), "{path}: {outcome}");
        let summary = "checked: 1 finding in ";
        assert!(outcome.contains(summary), "{path}: {outcome}");
        sandbox.write(&path, &before);
    }
}

#[test]
fn ports_and_configuration_that_are_not_there_are_found() {
    let sandbox = Sandbox::with_project();
    let prometheus = "shop/observability/monitoring/prometheus/prometheus.yml";
    std::fs::remove_file(sandbox.join(prometheus)).unwrap();
    let config = format!("shop/{CONFIG}");
    let text = sandbox.read(&config);
    sandbox.write(&config, &text.replace("u16 = 9081", "u16 = 9080 + 1"));
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["check"])));
}

#[test]
fn a_query_of_a_runbook_that_is_wrong() {
    let runbook = "services/user-service/observability/runbooks/service-down.md";
    assert_snapshot!(checked(runbook, "count(up{", "count(ups{"));
}

#[cfg(unix)]
#[test]
fn services_behind_a_link_are_checked() {
    let sandbox = Sandbox::with_project();
    std::fs::rename(sandbox.join("shop/services"), sandbox.join("apps")).unwrap();
    std::os::unix::fs::symlink("../apps", sandbox.join("shop/services")).unwrap();
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["check"]));
    assert!(outcome.starts_with("status: 0\n"), "{outcome}");
}

#[test]
fn findings_as_json() {
    let sandbox = broken(DASHBOARD, "process_threads{", "process_thread{");
    let output = sandbox
        .marty_in("shop", ["check", "--output-format", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = include_str!("../../docs/schema/findings.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&report)
        .map(|it| it.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "unknown-metric");
    let text = sandbox.read(&format!(
        "shop/{}",
        finding["place"]["path"].as_str().unwrap()
    ));
    let line = usize::try_from(finding["place"]["start"]["line"].as_u64().unwrap()).unwrap();
    let column = usize::try_from(finding["place"]["start"]["column"].as_u64().unwrap()).unwrap();
    let found = text
        .lines()
        .nth(line - 1)
        .unwrap()
        .get(column - 1..)
        .unwrap();
    assert!(found.starts_with("process_thread{"), "{found}");
    let bytes = &finding["place"]["bytes"];
    let at = |index: usize| usize::try_from(bytes[index].as_u64().unwrap()).unwrap();
    assert_eq!(&text[at(0)..at(1)], "process_thread");
}

#[test]
fn no_project_is_an_error_that_says_how_to_begin() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty(["check"])));
    let outcome = sandbox.outcome(&mut sandbox.marty(["check", "nowhere"]));
    assert_snapshot!("no_such_directory", outcome);
}

#[test]
fn every_rule_is_explained() {
    let sandbox = Sandbox::new();
    assert_snapshot!("rules", sandbox.outcome(&mut sandbox.marty(["explain"])));
    for rule in marty::check::rules() {
        let outcome = sandbox.outcome(&mut sandbox.marty(["explain", rule.name]));
        for section in [
            "## What it does",
            "## Why is this bad?",
            "## Example",
            "## Use instead",
        ] {
            assert!(outcome.contains(section), "{outcome}");
        }
    }
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty(["explain", "unknown-metric"])));
    assert_snapshot!(
        "an_unknown_rule",
        sandbox.outcome(&mut sandbox.marty(["explain", "unknown-metrics"]))
    );
}
