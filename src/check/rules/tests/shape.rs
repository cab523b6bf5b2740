//! What Prometheus, `promtool` and our own commands refuse in rules, tests and `marty.toml` is found
//! here already.

use super::{PROMETHEUS, check, contents, edited, project, rules_file};
use crate::check::run;

fn tests_file() -> String {
    format!("{PROMETHEUS}/rules/user-service.test.yml")
}

/// Checks that the only finding after an edit is of the syntax, and where, what and with which help.
#[track_caller]
pub(super) fn refused(path: &str, from: &str, to: &str, expected: (&str, &str, Option<&str>)) {
    let (at, message, help) = expected;
    check(path, from, to, &[("syntax-error", at, message, help)]);
}

/// Checks that after an edit a key is the only finding.
#[track_caller]
fn no_key(path: &str, from: &str, to: &str, (owner, meant): (&str, Option<&str>)) {
    let key = to
        .trim_start_matches("- ")
        .split(':')
        .next()
        .unwrap()
        .trim();
    let message = format!("`{key}` is no key of {owner}");
    let help = meant.map(|meant| format!("did you mean `{meant}`?"));
    refused(path, from, to, (key, &message, help.as_deref()));
}

#[test]
fn keys_of_rule_files_that_prometheus_does_not_know_are_found() {
    let path = rules_file();
    for (from, to, owner, meant) in [
        ("groups:", "group:", "a rule file", Some("groups")),
        ("groups:", "ours: 1\ngroups:", "a rule file", None),
        ("- name:", "- nane:", "a group", Some("name")),
        ("rules:", "rulse:", "a group", Some("rules")),
        ("- alert:", "- alret:", "a rule", Some("alert")),
        ("expr:", "exprs:", "a rule", Some("expr")),
        (
            "annotations:",
            "fro: 5m\n        annotations:",
            "a rule",
            Some("for"),
        ),
        (
            "annotations:",
            "label: {a: b}\n        annotations:",
            "a rule",
            Some("labels"),
        ),
        (
            "annotations:",
            "owner: b\n        annotations:",
            "a rule",
            None,
        ),
    ] {
        no_key(&path, from, to, (owner, meant));
    }
    let all = "limit: 1\n    query_offset: 1m\n    interval: 1m\n    labels: {a: b}\n    rules:";
    check(&path, "rules:", all, &[]);
    let all = "for: 0s\n        keep_firing_for: 1m\n        labels: {a: b}\n        annotations:";
    check(&path, "annotations:", all, &[]);
}

#[test]
fn files_of_others_than_prometheus_have_keys_of_their_own() {
    let elsewhere = |rules: &str| {
        let mut files = project();
        let path = "observability/vmalert/alerts/a.yml".to_owned();
        files.push((path, format!("groups:\n- name: a\n{rules}")));
        let findings = run(&contents(files)).into_iter();
        let broken = findings.filter(|it| it.rule == "syntax-error");
        broken.map(|it| it.message).collect::<Vec<_>>()
    };
    assert_eq!(elsewhere("  type: graphite\n  tenant: 1\n"), [""; 0]);
    assert_eq!(elsewhere("  rule: []\n"), ["`rule` is no key of a group"]);
    let template = "groups:\n  - \"{{ a }}\": 1\n    name:";
    check(&rules_file(), "groups:\n  - name:", template, &[]);
}

#[test]
fn keys_of_rule_tests_that_promtool_does_not_know_are_found() {
    let path = tests_file();
    for (from, to, owner, meant) in [
        ("tests:", "test:", "a file of rule tests", Some("tests")),
        (
            "- input_series:",
            "- input_serie:",
            "a test",
            Some("input_series"),
        ),
        ("values:", "value:", "`input_series`", Some("values")),
        (
            "alert_rule_test:",
            "alert_rule_tests:",
            "a test",
            Some("alert_rule_test"),
        ),
        (
            "- alertname:",
            "- alertnme:",
            "`alert_rule_test`",
            Some("alertname"),
        ),
        (
            "eval_time:",
            "evaltime:",
            "`alert_rule_test`",
            Some("eval_time"),
        ),
        (
            "exp_alerts:",
            "exp_alert:",
            "`alert_rule_test`",
            Some("exp_alerts"),
        ),
    ] {
        no_key(&path, from, to, (owner, meant));
    }
}

#[test]
fn keys_of_what_tests_expect_are_those_that_promtool_knows() {
    let path = tests_file();
    for (to, key, owner, meant) in [
        (
            "[{exp_lables: {}}]",
            "exp_lables",
            "`exp_alerts`",
            "exp_labels",
        ),
        (
            "[{}]\n    promql_expr_test: [{exprs: up}]",
            "exprs",
            "`promql_expr_test`",
            "expr",
        ),
        (
            "[{}]\n    promql_expr_test: [{expr: up, exp_samples: [{vale: 1}]}]",
            "vale",
            "`exp_samples`",
            "value",
        ),
    ] {
        let message = format!("`{key}` is no key of {owner}");
        let help = format!("did you mean `{meant}`?");
        refused(&path, "[{}]", to, (key, &message, Some(&help)));
    }
    let all = "evaluation_interval: 1m\nfuzzy_compare: true\ngroup_eval_order: [users]\ntests:\n  - \
               name: a\n    interval: 1m\n    start_timestamp: 5\n    external_labels: {a: b}\n    \
               external_url: http://a\n    promql_expr_test: [{expr: up, eval_time: 1m, exp_samples: \
               [{value: 1, labels: up, histogram: '{{}}'}]}]\n  - input_series:";
    check(&path, "tests:\n  - input_series:", all, &[]);
}

#[test]
fn values_of_rule_tests_that_promtool_cannot_read_are_found() {
    let path = tests_file();
    let times = Some("durations look like `5m` or `1h30m`, largest unit first");
    let values = Some("values look like `1 2.5 _ stale`, `0x60` or `0+1x60`");
    let series = "`garbage` is no value of a series";
    refused(&path, "0x60", "\"1 garbage\"", ("garbage", series, values));
    let wrong = "`eval_time` is not a duration";
    refused(&path, "20m", "20 m", ("20 m", wrong, times));
    let wrong = "`interval` is not a duration";
    let interval = "- interval: 1\n    input_series:";
    refused(&path, "- input_series:", interval, ("1", wrong, times));
    let nameless = "the test of an alert has an `alertname`";
    refused(
        &path,
        "alertname: NoSignUps",
        "alertname: ''",
        ("''", nameless, None),
    );
}

#[test]
fn what_marty_toml_says_and_our_commands_refuse_is_found() {
    let found = |text: &str| {
        let contents = contents(vec![("marty.toml".to_owned(), text.to_owned())]);
        let findings = run(&contents).into_iter();
        let broken = findings.filter(|it| it.rule == "syntax-error");
        broken
            .map(|it| (text[it.span].to_owned(), it.message))
            .collect::<Vec<_>>()
    };
    for (text, at, message) in [
        ("topics = 1\n", "1", "`topics` is not a table"),
        ("[topics]\na = 1\n", "1", "`topics.a` is not a table"),
        (
            "[topcis.a]\n",
            "topcis",
            "`topcis` is no key of `marty.toml`",
        ),
        (
            "[topics.\"a.b\"]\npartition = 6\n",
            "partition",
            "`partition` is no key of `[topics.\"a.b\"]`",
        ),
        (
            "[topics.a]\npartitions = 0\n",
            "0",
            "`topics.\"a\".partitions` has to be a number from 1 to 65535",
        ),
        (
            "[project]\nname = \"My Shop\"\n",
            "\"My Shop\"",
            "`project.name` is \"My Shop\", and has to be made of letters `a-z` and `A-Z`, digits, `-`, `_` and `.`",
        ),
        (
            "[runbooks]\nbase-url = \"x y\"\n",
            "\"x y\"",
            "`runbooks.base-url` is \"x y\", and has to be empty or a URL that begins with `https://` or `http://`, without blanks and quotes",
        ),
    ] {
        assert_eq!(found(text), [(at.to_owned(), message.to_owned())]);
    }
    let right = "[project]\nname = \"shop\"\n[topics.\"a.b\"]\npartitions = 6\nreplication = 1\nretention-hours = 9\n[topics.c]\n";
    assert_eq!(found(right), []);
}

#[test]
fn an_alert_whose_rule_file_is_gone_or_says_nothing_is_defined_by_no_rule() {
    let undefined = "no rule defines the alert `NoSignUps`";
    for nothing in ["", "# Nothing yet.\n", "groups: []\n"] {
        let mut files = project();
        files.iter_mut().find(|it| it.0 == rules_file()).unwrap().1 = nothing.to_owned();
        let findings = run(&contents(files)).into_iter();
        let messages: Vec<_> = findings.map(|it| it.message).collect();
        assert_eq!(messages, [undefined], "{nothing}");
    }
    let gone = |rule_files: &str| {
        let mut contents = edited(&tests_file(), "user-service.rules.yml", rule_files);
        contents.files.retain(|it| it.source.path != rules_file());
        contents.paths.remove(&rules_file());
        let findings = run(&contents).into_iter();
        findings.map(|it| it.message).collect::<Vec<_>>()
    };
    let missing = format!("there is no rule file `{}`", rules_file());
    assert_eq!(gone("user-service.rules.yml"), [missing]);
    assert_eq!(gone("user-*.rules.yml"), [undefined]);
    // Where these are is not known.
    for elsewhere in [
        "/etc/a.yml",
        "../../../../../a.yml",
        "'user-service[.]rules.yml'",
    ] {
        assert_eq!(gone(elsewhere), [""; 0], "{elsewhere}");
    }
}
