//! What cannot be read is one finding, and hides only what depends on it.

use super::{PROMETHEUS, check, contents, found, project};
use crate::check::run;
use crate::project::contents::Unreadable;

/// What is found after one file of a project is replaced by something that cannot be read, and
/// the metric and the alert of another service are misspelt.
#[track_caller]
fn lost(path: &str) -> Vec<(&'static str, String)> {
    let other = |(path, text): &(String, String)| {
        let name = |it: &str| {
            it.replace("user-service", "order-service")
                .replace("users", "orders")
                .replace("8081", "8082")
                .replace("9081", "9082")
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
    files[0].1 += "[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n";
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
            ("untested-alert", rules.replace(".rules.", ".test.")),
        ];
        expected.sort();
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn missing_targets_are_one_finding_and_labels_of_other_services_are_known() {
    let query = "sum by (service, zone) (up{service=\"user-service\"}) < 1";
    let rule = format!("      - record: up:zone\n        expr: {query}\n");
    let messages = |is_there: bool, query: &str| {
        let mut files = project();
        files[8].1 += &rule.replace("up{service=\"user-service\"}", query);
        let targets = files[7].1.replace("user-service", "order-service");
        files[0].1 += "[services.order-service]\n";
        files.push((format!("{PROMETHEUS}/targets/order-service.json"), targets));
        files.retain(|(path, _)| is_there || !path.ends_with("targets/user-service.json"));
        let findings = run(&contents(files)).into_iter();
        let told = findings.filter(|it| !it.message.contains("`order-service`"));
        told.map(|it| it.message).collect::<Vec<_>>()
    };
    let unknown = "the series here have no label `zone`";
    let missing = "no target carries the label `service` with `user-service`";
    let (own, other) = (
        "up{service=\"user-service\"}",
        "up{service=\"order-service\"}",
    );
    assert_eq!(messages(true, own), [unknown]);
    assert_eq!(messages(false, own), [missing]);
    assert_eq!(messages(false, other), [missing, unknown]);
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

#[test]
fn a_key_of_marty_toml_that_is_misspelt_is_found_and_those_of_others_are_left_alone() {
    let keys = |text: &str| {
        let contents = contents(vec![("marty.toml".to_owned(), text.to_owned())]);
        let findings = run(&contents).into_iter();
        let broken = findings.filter(|it| it.rule == "syntax-error");
        broken
            .map(|it| (text[it.span].to_owned(), it.message, it.help))
            .collect::<Vec<_>>()
    };
    for (text, at, owner, meant) in [
        (
            "[check]\nexternal-metric = []\n",
            "external-metric",
            "[check]",
            Some("external-metrics"),
        ),
        ("[check]\nours = 1\n", "ours", "[check]", None),
        ("[chek]\n", "chek", "marty.toml", Some("check")),
        ("[service.a]\n", "service", "marty.toml", Some("services")),
        (
            "[runbooks]\nbase_url = \"\"\n",
            "base_url",
            "[runbooks]",
            Some("base-url"),
        ),
    ] {
        let message = format!("`{at}` is no key of `{owner}`");
        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
        assert_eq!(keys(text), [(at.to_owned(), message, help)]);
    }
    for text in [
        "[check]\n[checks]\n",
        "[product]\n[team]\n",
        "[project]\nname = \"a\"\nnames = 1\nowner = \"b\"\n[runbooks]\nurl = \"\"\n",
    ] {
        assert_eq!(keys(text), [], "{text}");
    }
}

#[test]
fn a_part_of_prometheus_yml_that_is_misspelt_is_one_finding() {
    let path = format!("{PROMETHEUS}/prometheus.yml");
    for (part, slip) in [
        ("scrape_configs", "scrape_config"),
        ("scrape_configs", "scrap_config"),
        ("rule_files", "rules_files"),
    ] {
        let message = format!("`{slip}` is no key of `prometheus.yml`");
        let help = format!("did you mean `{part}`?");
        let expected = [("syntax-error", slip, &*message, Some(&*help))];
        check(&path, &format!("{part}:"), &format!("{slip}:"), &expected);
    }
    let more = "global: {}\nstorage: {}\nrule_files:";
    check(&path, "rule_files:", more, &[]);
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
fn resources_that_lie_among_rules_are_not_read_as_rules() {
    let resource = |path: &str| {
        let mut files = project();
        files.push((
            path.to_owned(),
            "apiVersion: 1\ngroups:\n  - rules: [{uid: a}]\n".to_owned(),
        ));
        let findings = run(&contents(files)).into_iter();
        findings.map(|it| it.rule).collect::<Vec<_>>()
    };
    assert_eq!(resource("observability/grafana/alerts/a.yml"), [""; 0]);
    // Prometheus would refuse it.
    let loaded = resource(&format!("{PROMETHEUS}/rules/a.rules.yml"));
    assert_eq!(loaded, ["syntax-error"]);
}
