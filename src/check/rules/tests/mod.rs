//! The table proves itself: every rule finds its own example and nothing else, and nothing once it
//! is mended.

mod gaps;
mod job;
mod metric;
mod neighbour;
mod scrape;
mod shape;

use std::collections::BTreeSet;

use super::ALL;
use crate::check::{Finding, run};
use crate::model::source::Source;
use crate::project::contents::{Contents, ProjectFile, Role};

const PROMETHEUS: &str = "observability/monitoring/prometheus";

/// A small project in which everything fits.
fn project() -> Vec<(String, String)> {
    let service = "services/user-service";
    let files = [
        (
            "marty.toml".to_owned(),
            "[services.user-service]\nhttp-port = 8081\nadmin-port = 9081\n",
        ),
        (
            "crates/runtime/src/names.rs".to_owned(),
            "pub const METRICS_PATH: &str = \"/metrics\";\n",
        ),
        (
            format!("{service}/src/config.rs"),
            "pub const HTTP_PORT: u16 = 8081;\npub const ADMIN_PORT: u16 = 9081;\n",
        ),
        (
            format!("{service}/src/metrics.rs"),
            "pub static CREATED: CounterFamily<Outcome> = counter!(\"users_created\", \"Users.\");\n\
             impl Labels for Outcome { const NAMES: &'static [&'static str] = &[\"outcome\"]; }\n\
             pub fn export(service: Service) -> Service { service.metric(&CREATED) }\n",
        ),
        (
            format!("{service}/observability/dashboards/users.json"),
            "{\"panels\": [{\"targets\": [\n{\"expr\": \"sum(users_created_total)\"},\n\
             {\"expr\": \"sum by (outcome) (rate(users_created_total{outcome=\\\"ok\\\"}[5m]))\"}\n]}]}\n",
        ),
        (
            format!("{service}/observability/runbooks/no-sign-ups.md"),
            "# No sign-ups\n\n## Confirm\n\nSee [above](#no-sign-ups).\n",
        ),
        (
            format!("{PROMETHEUS}/prometheus.yml"),
            "rule_files: [rules/*.rules.yml]\nscrape_configs:\n  - job_name: all\n    \
             metrics_path: /metrics\n    file_sd_configs: [{files: [targets/*.json]}]\n",
        ),
        (
            format!("{PROMETHEUS}/targets/user-service.json"),
            "[{\"targets\": [\"user-service:9081\"], \"labels\": {\"service\": \"user-service\"}}]\n",
        ),
        (
            format!("{PROMETHEUS}/rules/user-service.rules.yml"),
            "groups:\n  - name: users\n    rules:\n      - alert: NoSignUps\n        \
             expr: sum by (service) (rate(users_created_total{service=\"user-service\"}[5m])) > 5\n        \
             annotations:\n          \
             runbook_url: services/user-service/observability/runbooks/no-sign-ups.md#confirm\n          \
             summary: \"{{ $labels.service }} makes no users\"\n",
        ),
        (
            format!("{PROMETHEUS}/rules/user-service.test.yml"),
            "rule_files: [user-service.rules.yml]\ntests:\n  - input_series:\n      \
             - series: users_created_total{outcome=\"ok\"}\n        values: 0x60\n    \
             alert_rule_test:\n          - alertname: NoSignUps\n            eval_time: 1m\n          \
             - alertname: NoSignUps\n            eval_time: 20m\n            exp_alerts: [{}]\n",
        ),
    ];
    files.map(|(path, text)| (path, text.to_owned())).to_vec()
}

fn contents(files: Vec<(String, String)>) -> Contents {
    let paths: BTreeSet<String> = files.iter().map(|(path, _)| path.clone()).collect();
    let files = files.into_iter().map(|(path, text)| ProjectFile {
        role: Role::of(&path).unwrap_or_else(|| panic!("{path} has no role")),
        source: Source { path, text },
    });
    Contents {
        files: files.collect(),
        paths,
        ..Contents::default()
    }
}

/// The project with `from` replaced by `to` in the file at `path`.
#[track_caller]
fn edited(path: &str, from: &str, to: &str) -> Contents {
    let mut files = project();
    let file = files
        .iter_mut()
        .find(|(other, _)| other == path)
        .unwrap_or_else(|| panic!("{path}"));
    assert!(
        file.1.contains(from),
        "`{from}` is not in {path}:\n{}",
        file.1
    );
    file.1 = file.1.replacen(from, to, 1);
    contents(files)
}

/// What is found after an edit: rule, the text that is pointed at, message, help.
#[track_caller]
fn found(path: &str, from: &str, to: &str) -> Vec<(&'static str, String, String, Option<String>)> {
    let contents = edited(path, from, to);
    let text = |finding: &Finding| {
        let file = contents
            .files
            .iter()
            .find(|file| file.source.path == finding.path)
            .unwrap();
        file.source.text[finding.span.clone()].to_owned()
    };
    let findings = run(&contents).into_iter();
    findings
        .map(|it| (it.rule, text(&it), it.message, it.help))
        .collect()
}

#[track_caller]
fn check(path: &str, from: &str, to: &str, expected: &[(&str, &str, &str, Option<&str>)]) {
    let found = found(path, from, to);
    let found: Vec<_> = found
        .iter()
        .map(|(rule, text, message, help)| {
            (*rule, text.as_str(), message.as_str(), help.as_deref())
        })
        .collect();
    assert_eq!(found, expected);
}

fn rules_file() -> String {
    format!("{PROMETHEUS}/rules/user-service.rules.yml")
}

const DASHBOARD: &str = "services/user-service/observability/dashboards/users.json";

#[test]
fn a_project_in_which_everything_fits_has_no_finding() {
    assert_eq!(run(&contents(project())), []);
}

#[test]
fn every_rule_finds_its_example_and_nothing_else() {
    for rule in ALL {
        let example = &rule.example;
        let findings = run(&edited(example.path, example.mended, example.broken));
        assert!(!findings.is_empty(), "{} finds nothing", rule.name);
        for finding in findings {
            // What a broken file says is lost for other rules, too.
            let expected = finding.rule == rule.name || rule.name == "syntax-error";
            assert!(expected, "{}: {finding:?}", rule.name);
        }
    }
}

#[test]
fn names_are_in_order_and_in_kebab_case() {
    assert!(ALL.is_sorted_by(|one, other| one.name < other.name));
    for rule in ALL {
        assert!(
            rule.name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '-'),
            "{}",
            rule.name
        );
        assert!(!rule.summary.ends_with('.') && !rule.what.is_empty() && !rule.why.is_empty());
    }
}

#[test]
fn a_misspelt_metric_is_answered_with_the_likely_one() {
    check(
        DASHBOARD,
        "sum(users_created_total)",
        "sum(user_created_total)",
        &[(
            "unknown-metric",
            "user_created_total",
            "nothing exports `user_created_total`",
            Some("did you mean `users_created_total`?"),
        )],
    );
}

#[test]
fn a_metric_is_gone_where_the_code_renames_it() {
    let rules: Vec<_> = found(
        "services/user-service/src/metrics.rs",
        "users_created",
        "users_made",
    )
    .into_iter()
    .map(|(rule, text, _, _)| (rule, text))
    .collect();
    assert_eq!(
        rules,
        vec![("unknown-metric", "users_created_total".to_owned()); 4]
    );
}

#[test]
fn a_label_is_gone_where_the_code_drops_it() {
    let found = found(
        "services/user-service/src/metrics.rs",
        "&[\"outcome\"]",
        "&[]",
    );
    let labels: BTreeSet<_> = found
        .iter()
        .map(|(rule, text, _, _)| (*rule, text.as_str()))
        .collect();
    assert_eq!(labels, [("unknown-label", "outcome")].into());
}

#[test]
fn labels_are_followed_through_aggregations_and_into_texts() {
    check(
        &rules_file(),
        "$labels.service",
        "$labels.instance",
        &[(
            "unknown-label",
            "instance",
            "what this rule evaluates has no label `instance`",
            Some("there is `service`"),
        )],
    );
    check(
        DASHBOARD,
        "sum by (outcome)",
        "sum by (outcomes)",
        &[(
            "unknown-label",
            "outcomes",
            "the series here have no label `outcomes`",
            Some("did you mean `outcome`?"),
        )],
    );
}

#[test]
fn what_prometheus_makes_itself_is_known() {
    for query in [
        "up",
        "scrape_duration_seconds{job=\\\"a\\\"}",
        "ALERTS{alertstate=\\\"x\\\"}",
        "users_$kind",
    ] {
        check(DASHBOARD, "sum(users_created_total)", query, &[]);
    }
}

#[test]
fn relabelling_that_may_do_anything_silences_labels() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let freely = "metrics_path: /metrics\n    relabel_configs: [{action: labelmap, regex: a}]\n";
    let mut contents = edited(&prometheus, "metrics_path: /metrics\n", freely);
    let dashboard = contents
        .files
        .iter_mut()
        .find(|file| file.source.path == DASHBOARD)
        .unwrap();
    dashboard.source.text = dashboard
        .source
        .text
        .replace("sum by (outcome)", "sum by (any)");
    assert_eq!(run(&contents), []);
}

#[test]
fn a_metric_whose_name_cannot_be_read_is_reported_where_it_is_declared() {
    let found = found(
        "services/user-service/src/metrics.rs",
        "counter!(\"users_created\"",
        "counter!(name_of(1)",
    );
    assert!(
        found.iter().any(|(rule, text, message, help)| {
            *rule == "unknown-metric"
                && text.contains("name_of")
                && help.as_deref() == Some("write the name as a literal string")
                && message == "the name of this metric cannot be read from the source"
        }),
        "{found:#?}"
    );
}

#[test]
fn an_alert_needs_a_test_in_which_it_is_silent_too() {
    check(
        &format!("{PROMETHEUS}/rules/user-service.test.yml"),
        "eval_time: 1m\n",
        "eval_time: 1m\n            exp_alerts: [{}]\n",
        &[(
            "untested-alert",
            "NoSignUps",
            "the alert `NoSignUps` has no test in which it stays silent",
            Some(
                "add an `alert_rule_test` to `observability/monitoring/prometheus/rules/user-service.test.yml`",
            ),
        )],
    );
}

#[test]
fn a_test_of_an_alert_that_no_rule_defines_is_named() {
    let tests = format!("{PROMETHEUS}/rules/user-service.test.yml");
    let last = "            exp_alerts: [{}]\n";
    let another = format!("{last}          - alertname: NoSignUp\n            eval_time: 1m\n");
    check(
        &tests,
        last,
        &another,
        &[(
            "untested-alert",
            "NoSignUp",
            "no rule defines the alert `NoSignUp`",
            Some("did you mean `NoSignUps`?"),
        )],
    );
    // What a file that is not there would define is not known.
    let mut contents = edited(&tests, last, &another);
    let file = contents.files.last_mut().unwrap();
    file.source.text = file
        .source
        .text
        .replace("rule_files: [", "rule_files: [of-others.yml, ");
    let messages: Vec<_> = run(&contents).into_iter().map(|it| it.message).collect();
    let missing = format!("there is no rule file `{PROMETHEUS}/rules/of-others.yml`");
    assert_eq!(messages, [missing]);
}

#[test]
fn a_runbook_on_the_web_is_not_visited_and_one_below_the_base_is_looked_up() {
    let runbook = "services/user-service/observability/runbooks/no-sign-ups.md#confirm";
    check(&rules_file(), runbook, "https://example.com/x", &[]);
    let mut contents = edited(&rules_file(), runbook, "https://example.com/x.md");
    let manifest = contents
        .files
        .iter_mut()
        .find(|file| file.source.path == "marty.toml")
        .unwrap();
    manifest
        .source
        .text
        .push_str("[runbooks]\nbase-url = \"https://example.com/\"\n");
    let rules: Vec<&str> = run(&contents).iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["missing-runbook"]);
}

#[test]
fn ports_and_paths_must_agree() {
    let message = "`ADMIN_PORT` is 9082, and `marty.toml` says 9081";
    let config = "services/user-service/src/config.rs";
    check(
        config,
        "9081",
        "9082",
        &[("scrape-mismatch", "9082", message, None)],
    );
    check(
        &format!("{PROMETHEUS}/prometheus.yml"),
        "metrics_path: /metrics",
        "metrics_path: /metric",
        &[(
            "scrape-mismatch",
            "/metric",
            "Prometheus asks `/metric`, services answer `/metrics`",
            None,
        )],
    );
    check(
        &format!("{PROMETHEUS}/prometheus.yml"),
        "rules/*.rules.yml",
        "rules/*.yaml",
        &[(
            "scrape-mismatch",
            "",
            "no pattern of `rule_files` in `prometheus.yml` covers this file",
            None,
        )],
    );
    let targets = format!("{PROMETHEUS}/targets/user-service.json");
    let found = found(
        &targets,
        "\"service\": \"user-service\"",
        "\"service\": \"user-servce\"",
    );
    let messages: Vec<&str> = found
        .iter()
        .map(|(_, _, message, _)| message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "no target carries the label `service` with `user-service`",
            "`marty.toml` has no service `user-servce`",
        ]
    );
}

#[test]
fn a_broken_file_is_named_and_the_rest_is_checked() {
    let mut contents = edited(DASHBOARD, "sum(users_created_total)", "sum(nothing");
    let config = contents
        .files
        .iter_mut()
        .find(|it| it.source.path.ends_with("config.rs"))
        .unwrap();
    config.source.text.push_str("fn (\n");
    let rules: Vec<&str> = run(&contents).iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["promql-error", "syntax-error"]);
}
