//! `marty check` and `promtool` on the same files: what one refuses, the other does.

use std::process::Command;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;
use crate::server;

const FOLDER: &str = "shop/observability/monitoring/prometheus";
const RULES: &str = "rules/user-service.rules.yml";
const TESTS: &str = "rules/user-service.test.yml";
const CONFIG: &str = "prometheus.yml";

/// Checks that after an edit both programs say about a file what is expected.
#[track_caller]
fn agree(sandbox: &Sandbox, file: &str, (from, to): (&str, &str), is_right: bool) {
    let path = format!("{FOLDER}/{file}");
    let before = sandbox.read(&path);
    assert!(before.contains(from), "`{from}` is not in {file}");
    sandbox.write(&path, &before.replacen(from, to, 1));
    let subcommand = match file {
        RULES => ["check", "rules"],
        TESTS => ["test", "rules"],
        _ => ["check", "config"],
    };
    let mut promtool = Command::new(server::program("prometheus", "promtool"));
    promtool.args(subcommand).arg(sandbox.join(&path));
    for mut command in [promtool, sandbox.marty_in("shop", ["check"])] {
        let outcome = sandbox.outcome(&mut command);
        let takes = outcome.starts_with("status: 0\n");
        assert_eq!(takes, is_right, "{file}, `{to}`: {outcome}");
    }
    sandbox.write(&path, &before);
}

#[test]
fn what_promtool_refuses_is_found() {
    let sandbox = Sandbox::with_project();
    for (file, from, to) in [
        (RULES, " for:", " fro:"),
        (RULES, " labels:", " label:"),
        (RULES, " rules:", " limits: 1\n    rules:"),
        (RULES, "groups:", "owner: me\ngroups:"),
        (TESTS, " exp_alerts:", " exp_alert:"),
        (TESTS, " eval_time:", " evaltime:"),
        (TESTS, " alertname:", " alertnme:"),
        (TESTS, " values: ", " values: garbage "),
        (CONFIG, " metrics_path:", " metric_path:"),
        (CONFIG, " job_name:", " jobname:"),
        (CONFIG, " relabel_configs:", " relabel_config:"),
        (CONFIG, " scrape_interval: 15s", " scrape_interval: 15 s"),
        (CONFIG, " scrape_timeout: 10s", " scrape_timeout: 16s"),
        (CONFIG, " regex: (.+)", " regex: (.+"),
    ] {
        agree(&sandbox, file, (from, to), false);
    }
}

#[test]
fn every_key_that_promtool_takes_is_taken() {
    let sandbox = Sandbox::with_project();
    let group = " rules:\n      - record: a\n        expr: vector(1)\n        labels: {a: b}\n    \
                 interval: 1m\n    limit: 9\n    query_offset: 1m\n    labels: {a: b}\n  - name: x\n    rules:";
    let test = "tests:\n  - name: a\n    interval: 1m\n    start_timestamp: 5\n    \
                external_labels: {a: b}\n    external_url: http://a\n    input_series: [{series: up, \
                values: '1 _ 2x1 0+1x2 stale {{count:1}}'}]\n    promql_expr_test: [{expr: vector(1), \
                eval_time: 1m, exp_samples: [{labels: '{}', value: 1}]}]\n";
    let job = " metrics_path: /metrics\n    scrape_interval: 20s\n    scrape_timeout: 20s\n    \
               honor_labels: true\n    scheme: http\n    params: {a: [b]}\n    sample_limit: 5\n    \
               static_configs: [{targets: [], labels: {a: b}}]\n    metric_relabel_configs: [{action: \
               Drop, source_labels: [a], separator: a, regex: 1}, {action: hashmod, modulus: 2, \
               source_labels: [a], target_label: a, replacement: a}]";
    for (file, from, to) in [
        (RULES, " rules:", group),
        (RULES, " for:", " keep_firing_for: 1m\n        for:"),
        (TESTS, "tests:\n", test),
        (
            TESTS,
            "tests:\n",
            "fuzzy_compare: true\ngroup_eval_order: []\ntests:\n",
        ),
        (CONFIG, " metrics_path: /metrics", job),
    ] {
        agree(&sandbox, file, (from, to), true);
    }
}

#[test]
fn keys_that_are_misspelt() {
    let sandbox = Sandbox::with_project();
    for (file, from, to) in [
        (RULES, " for:", " fro:"),
        (TESTS, " alertname:", " alertnme:"),
        (CONFIG, " metrics_path:", " metric_path:"),
    ] {
        let path = format!("{FOLDER}/{file}");
        let text = sandbox.read(&path).replacen(from, to, 1);
        sandbox.write(&path, &text);
    }
    let manifest = sandbox.read("shop/marty.toml");
    sandbox.write(
        "shop/marty.toml",
        &format!("{manifest}\n[topics.a]\npartition = 6\n"),
    );
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["check"])));
}

#[test]
fn rules_that_are_deleted() {
    let sandbox = Sandbox::with_project();
    std::fs::remove_file(sandbox.join(&format!("{FOLDER}/{RULES}"))).unwrap();
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["check"])));
}
