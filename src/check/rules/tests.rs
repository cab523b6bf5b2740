//! The table proves itself: every rule finds its own example and nothing else, and nothing once it
//! is mended.

use std::collections::BTreeSet;

use super::ALL;
use crate::check::{Finding, run};
use crate::model::source::Source;
use crate::project::contents::{Contents, ProjectFile, Role, Unreadable};

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
             impl Labels for Outcome { const NAMES: &'static [&'static str] = &[\"outcome\"]; }\n",
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
        found.iter().any(|(rule, text, message, _)| {
            *rule == "unknown-metric"
                && text.contains("name_of")
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

/// What is found after one file of a project is replaced by something that cannot be read, and
/// the metric and the alert of another service are misspelt.
#[track_caller]
fn lost(path: &str) -> Vec<(&'static str, String)> {
    let other = |(path, text): &(String, String)| {
        let name = |it: &str| {
            it.replace("user-service", "order-service")
                .replace("users", "orders")
        };
        (
            name(path),
            name(text).replace("sum(orders_created_total)", "sum(orders_total)"),
        )
    };
    let mut files = project();
    let others: Vec<_> = files[2..]
        .iter()
        .filter(|(path, _)| path.contains("user-service"))
        .map(other)
        .collect();
    files.extend(others);
    files[0].1 += "[services.order-service]\nhttp-port = 8081\nadmin-port = 9081\n";
    let last = files.len() - 1;
    files[last].1 = files[last].1.replace("NoSignUps", "Others");
    let file = files.iter_mut().find(|(other, _)| other == path).unwrap();
    file.1 = "{ [".to_owned();
    let findings = run(&contents(files)).into_iter();
    findings.map(|it| (it.rule, it.path)).collect()
}

#[test]
fn a_broken_file_is_one_finding_and_other_services_are_judged_as_before() {
    let service = "services/user-service";
    let orders = "services/order-service/observability/dashboards/orders.json";
    let rules = format!("{PROMETHEUS}/rules/order-service.rules.yml");
    for path in [
        format!("{service}/src/metrics.rs"),
        format!("{service}/src/config.rs"),
        format!("{PROMETHEUS}/targets/user-service.json"),
        format!("{PROMETHEUS}/rules/user-service.test.yml"),
    ] {
        let mut found = lost(&path);
        found.sort();
        let mut expected = [
            ("syntax-error", path.clone()),
            ("unknown-metric", orders.to_owned()),
            ("untested-alert", rules.clone()),
        ];
        expected.sort();
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn what_all_services_share_is_missed_by_all() {
    for path in [
        "marty.toml",
        "crates/runtime/src/names.rs",
        &format!("{PROMETHEUS}/rules/user-service.rules.yml"),
    ] {
        let found = lost(path);
        assert!(!found.iter().any(|(rule, _)| *rule == "unknown-metric"));
        assert!(
            found.contains(&("syntax-error", path.to_owned())),
            "{found:?}"
        );
    }
    let found = lost(&format!("{PROMETHEUS}/prometheus.yml"));
    assert!(
        !found.iter().any(|(rule, _)| *rule == "scrape-mismatch"),
        "{found:?}"
    );
}

#[test]
fn a_file_that_is_not_read_is_missed_like_a_broken_one() {
    let mut contents = contents(project());
    let at = contents
        .files
        .iter()
        .position(|file| file.source.path.ends_with("metrics.rs"))
        .unwrap();
    let file = contents.files.remove(at);
    let (path, reason) = (file.source.path, "it is not UTF-8".to_owned());
    contents.unreadable.push(Unreadable { path, reason });
    let rules: Vec<_> = run(&contents).iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["syntax-error"]);
}

/// A project of two services of which both export `jobs_total`, with different labels, and the
/// second has the dashboard with `query`.
#[track_caller]
fn of_two_services(query: &str) -> Vec<String> {
    let mut files = project();
    files[0].1 += "[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n";
    let metric = |labels: &str| {
        format!(
            "pub static JOBS: CounterFamily<Job> = counter!(\"jobs\", \"Jobs.\");\n\
             impl Labels for Job {{ const NAMES: &'static [&'static str] = &[\"{labels}\"]; }}\n"
        )
    };
    let orders = "services/order-service";
    let config = "pub const HTTP_PORT: u16 = 8082;\npub const ADMIN_PORT: u16 = 9082;\n";
    let targets = files[7].1.replace("user-service", "order-service");
    files[3].1 += &metric("kind");
    files.extend([
        (format!("{orders}/src/config.rs"), config.to_owned()),
        (format!("{orders}/src/metrics.rs"), metric("size")),
        (
            format!("{orders}/observability/dashboards/jobs.json"),
            format!("{{\"panels\": [{{\"targets\": [{{\"expr\": \"{query}\"}}]}}]}}"),
        ),
        (
            format!("{PROMETHEUS}/targets/order-service.json"),
            targets.replace("9081", "9082"),
        ),
    ]);
    let findings = run(&contents(files)).into_iter();
    findings.map(|finding| finding.message).collect()
}

#[test]
fn a_query_looks_at_the_services_that_its_matchers_take() {
    let elsewhere = ["`users_created_total` is exported by `user-service`, not by `order-service`"];
    for matchers in [
        "",
        "{service=\\\"order-service\\\"}",
        "{service=~\\\"order.*\\\"}",
        "{service!~\\\"user.+\\\"}",
        "{service!=\\\"user-service\\\"}",
    ] {
        let query = format!("users_created_total{matchers}");
        assert_eq!(of_two_services(&query), elsewhere, "{matchers}");
    }
    for matchers in [
        "{service=\\\"user-service\\\"}",
        "{service=~\\\"user.*\\\"}",
        "{service=~\\\"user-service|order-service\\\"}",
        "{job=~\\\"use.-service\\\"}",
        "{service!=\\\"order-service\\\"}",
        "{service=~\\\"$service\\\"}",
        "{service=\\\"$service\\\"}",
    ] {
        let query = format!("users_created_total{matchers}");
        assert_eq!(of_two_services(&query), [""; 0], "{matchers}");
    }
    // As in Prometheus, a regular expression is about the whole value.
    let query = "users_created_total{service=~\\\"user|order-service\\\"}";
    assert_eq!(of_two_services(query), elsewhere);
}

#[test]
fn a_metric_of_several_services_has_the_labels_of_each() {
    let by =
        |matchers: &str| of_two_services(&format!("sum by (kind, size) (jobs_total{matchers})"));
    assert_eq!(by("{service=~\\\".+\\\"}"), [""; 0]);
    assert_eq!(by(""), ["the series here have no label `kind`"]);
}

#[test]
fn metrics_of_something_else_are_taken_as_given() {
    let queried = |listed: &str| {
        let query = "sum by (cpu) (rate(node_cpu_seconds_total[5m])) + pg_up";
        let mut contents = edited(DASHBOARD, "sum(users_created_total)", query);
        contents.files[0].source.text += listed;
        let findings = run(&contents).into_iter();
        findings.map(|it| it.message).collect::<Vec<_>>()
    };
    let nothing = ["node_cpu_seconds_total", "pg_up"].map(|it| format!("nothing exports `{it}`"));
    assert_eq!(queried(""), nothing);
    assert_eq!(
        queried("[check]\nexternal-metrics = [\"node_*\", \"redis_*\"]\n"),
        nothing[1..]
    );
    let both = "[check]\nexternal-metrics = [\"node_cpu_*_total\", \"pg_u?\"]\n";
    assert_eq!(queried(both), [""; 0]);
}

#[test]
fn what_marty_toml_says_in_another_shape_is_a_finding() {
    for (text, at, message) in [
        ("services = 5\n", "5", "`services` is not a table"),
        ("[services]\na = 1\n", "1", "`services.a` is not a table"),
        ("check = 1\n", "1", "`check` is not a table"),
        (
            "[check]\nexternal-metrics = \"node_*\"\n",
            "\"node_*\"",
            "`external-metrics` is a list",
        ),
        (
            "[check]\nexternal-metrics = [3]\n",
            "3",
            "a pattern of `external-metrics` is a string",
        ),
    ] {
        let contents = contents(vec![("marty.toml".to_owned(), text.to_owned())]);
        let findings = run(&contents);
        let finding = findings
            .iter()
            .find(|it| it.rule == "syntax-error")
            .unwrap();
        let found = (finding.rule, &text[finding.span.clone()], &*finding.message);
        assert_eq!(found, ("syntax-error", at, message));
    }
}

const CONFIG: &str = "services/user-service/src/config.rs";

#[test]
fn a_port_that_cannot_be_read_is_a_finding() {
    let message = "`ADMIN_PORT` of `user-service` cannot be read from its sources";
    let help = "write it as a number: `pub const ADMIN_PORT: u16 = …;`";
    let unreadable = ("scrape-mismatch", "ADMIN_PORT", message, Some(help));
    check(CONFIG, "9081", "9080 + 1", &[unreadable]);
    check(
        CONFIG,
        "ADMIN_PORT",
        "PORT_OF_ADMIN",
        &[("scrape-mismatch", "", message, Some(help))],
    );
    for (to, at, message) in [
        ("", "user-service", "`user-service` has no `admin-port`"),
        (
            "admin-port = \"9081\"\n",
            "\"9081\"",
            "`admin-port` is not a port",
        ),
        (
            "admin-port = 99081\n",
            "99081",
            "`admin-port` is not a port",
        ),
    ] {
        let expected = [("scrape-mismatch", at, message, None)];
        check("marty.toml", "admin-port = 9081\n", to, &expected);
    }
}

#[test]
fn ports_are_found_in_whichever_file_of_the_service() {
    let moved = |from: &str, to: &str| {
        let mut contents = edited(CONFIG, from, to);
        let mut files = contents.files.iter_mut();
        let file = files.find(|it| it.source.path == CONFIG).unwrap();
        file.source.path = "services/user-service/src/settings.rs".to_owned();
        let findings = run(&contents).into_iter();
        findings.map(|it| (it.path, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(moved("9081", "9081"), []);
    let wrong = "`ADMIN_PORT` is 9082, and `marty.toml` says 9081".to_owned();
    let settings = "services/user-service/src/settings.rs".to_owned();
    assert_eq!(moved("9081", "9082"), [(settings, wrong)]);
    let lost = "`ADMIN_PORT` of `user-service` cannot be read from its sources".to_owned();
    assert_eq!(moved("ADMIN_PORT", "A"), [("marty.toml".to_owned(), lost)]);
}

#[test]
fn services_that_nothing_scrapes_are_found() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let mut contents = contents(project());
    contents.files.retain(|it| it.source.path != prometheus);
    let messages: Vec<_> = run(&contents).into_iter().map(|it| it.message).collect();
    assert_eq!(
        messages,
        [format!("nothing is scraped: there is no `{prometheus}`")]
    );
    let found = found(
        &format!("{PROMETHEUS}/targets/user-service.json"),
        "[\"user-service:9081\"]",
        "[]",
    );
    let messages: Vec<_> = found.iter().map(|it| it.2.as_str()).collect();
    assert_eq!(
        messages,
        ["there is no target of `user-service` in this group"]
    );
}

#[test]
fn a_list_that_is_none_is_a_finding_and_hides_what_depends_on_it() {
    for (path, from, to, message) in [
        (
            "prometheus.yml",
            "scrape_configs:\n  - job_name: all\n    metrics_path: /metrics\n    \
             file_sd_configs: [{files: [targets/*.json]}]\n",
            "scrape_configs: 5\n",
            "`scrape_configs` is a list",
        ),
        (
            "prometheus.yml",
            "[rules/*.rules.yml]",
            "rules/*.rules.yml",
            "`rule_files` is a list",
        ),
        (
            "targets/user-service.json",
            "[\"user-service:9081\"]",
            "\"user-service:9081\"",
            "`targets` is a list",
        ),
        (
            "rules/user-service.test.yml",
            "exp_alerts: [{}]",
            "exp_alerts: yes",
            "`exp_alerts` is a list",
        ),
    ] {
        let found = found(&format!("{PROMETHEUS}/{path}"), from, to);
        let messages: Vec<_> = found.iter().map(|it| (it.0, it.2.as_str())).collect();
        assert!(
            messages.contains(&("syntax-error", message)),
            "{messages:?}"
        );
        let [(..)] = found.as_slice() else {
            panic!("{found:#?}");
        };
    }
}

#[test]
fn the_path_of_metrics_is_that_of_jobs_that_scrape_services() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let probe = "scrape_configs:\n  - job_name: probe\n    metrics_path: /probe\n    \
                 file_sd_configs: [{files: [probes/*.json]}]\n";
    check(&prometheus, "scrape_configs:\n", probe, &[]);
    check(&prometheus, "    metrics_path: /metrics\n", "", &[]);
    let mut contents = edited(&prometheus, "    metrics_path: /metrics\n", "");
    let names = &mut contents.files[1].source.text;
    *names = names.replace("/metrics", "/stats");
    let findings = run(&contents);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    let text = &contents
        .files
        .iter()
        .find(|file| file.source.path == prometheus)
        .unwrap()
        .source
        .text;
    assert_eq!(&text[finding.span.clone()], "all");
    assert_eq!(
        finding.message,
        "Prometheus asks `/metrics`, services answer `/stats`"
    );
}

#[test]
fn absolute_patterns_cover_files_of_that_name() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let to = "/etc/prometheus/rules/*.rules.yml";
    check(&prometheus, "rules/*.rules.yml", to, &[]);
}

#[test]
fn queries_of_runbooks_and_of_texts_are_held_to_the_contract() {
    let runbook = "services/user-service/observability/runbooks/no-sign-ups.md";
    for query in [
        "sum(users_create_total",
        "users_create_total",
        "sum by (result) (users_created_total)",
    ] {
        let block = format!("# No sign-ups\n\n```promql\n{query}\n```\n\n```sh\n{query}\n```");
        let in_runbook = found(runbook, "# No sign-ups", &block);
        let action = format!("{{{{ query `{query}` }}}}");
        let in_text = found(&rules_file(), "makes no users", &action);
        let in_panel = found(DASHBOARD, "sum(users_created_total)", query);
        assert_eq!(in_runbook.len(), 1, "{in_runbook:?}");
        assert_eq!(in_runbook, in_panel);
        assert_eq!(in_text, in_panel);
    }
}

#[test]
fn a_family_behind_an_alias_or_made_at_its_first_use_is_known() {
    let metrics = "services/user-service/src/metrics.rs";
    let declaration =
        "pub static CREATED: CounterFamily<Outcome> = counter!(\"users_created\", \"Users.\");\n";
    let (alias, late) = (
        "type Created = CounterFamily<Outcome>;\n",
        "LazyLock::new(|| CounterFamily::counter(\"users_created_total\", \"Users.\"))",
    );
    for other in [
        format!("pub static CREATED: Created = counter!(\"users_created\", \"\");\n{alias}"),
        format!("{alias}pub static CREATED: LazyLock<Created> = {late};\n"),
        format!("pub static CREATED: LazyLock<CounterFamily<Outcome>> = {late};\n"),
        format!("pub static CREATED: &LazyLock<CounterFamily<Outcome>> = &{late};\n"),
        "use other::Created;\npub static CREATED: Created = \
         Created::counter(\"users_created_total\", \"\");\n"
            .to_owned(),
    ] {
        check(metrics, declaration, &other, &[]);
    }
    for (other, at) in [
        (
            format!("{alias}pub static CREATED: Created = make();\n"),
            "make()",
        ),
        (
            "pub static CREATED: OnceLock<CounterFamily> = OnceLock::new();\n".to_owned(),
            "OnceLock::new()",
        ),
    ] {
        let found = found(metrics, declaration, &other);
        let found: Vec<_> = found.iter().map(|it| (it.0, it.1.as_str())).collect();
        assert_eq!(found, [("unknown-metric", at)]);
    }
}
