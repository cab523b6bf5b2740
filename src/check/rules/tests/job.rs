//! What Prometheus refuses in its own configuration is found here already.

use super::shape::refused;
use super::{PROMETHEUS, check, contents, found, project};
use crate::check::run;

#[test]
fn parts_of_jobs_that_prometheus_refuses_are_found() {
    let path = format!("{PROMETHEUS}/prometheus.yml");
    let job = "a job of `scrape_configs`";
    for (from, to, owner, meant) in [
        ("- job_name:", "- jobname:", job, "job_name"),
        ("metrics_path:", "metric_path:", job, "metrics_path"),
        (
            "file_sd_configs:",
            "file_sd_config:",
            job,
            "file_sd_configs",
        ),
        (
            "metrics_path:",
            "relabel_config: []\n    metrics_path:",
            job,
            "relabel_configs",
        ),
        (
            "rule_files:",
            "global: {scrape_intervall: 1m}\nrule_files:",
            "`global`",
            "scrape_interval",
        ),
        (
            "metrics_path:",
            "relabel_configs: [{targetlabel: a}]\n    metrics_path:",
            "`relabel_configs`",
            "target_label",
        ),
        (
            "metrics_path:",
            "static_configs: [{target: [a]}]\n    metrics_path:",
            "`static_configs`",
            "targets",
        ),
    ] {
        let found = found(&path, from, to);
        let key = found[0].1.as_str();
        assert!(to.contains(&format!("{key}:")), "{found:?}");
        let message = format!("`{key}` is no key of {owner}");
        let help = format!("did you mean `{meant}`?");
        refused(&path, from, to, (key, &message, Some(&help)));
    }
    // Ways to discover targets are many, and new settings come with new versions.
    let others = "ecs_sd_configs: []\n    eks_sd_configs: []\n    metrics_path:";
    check(&path, "metrics_path:", others, &[]);
    let others = "global: {series_limit: 5}\nrule_files:";
    check(&path, "rule_files:", others, &[]);
}

#[test]
fn times_patterns_and_actions_that_prometheus_refuses_are_found() {
    let path = format!("{PROMETHEUS}/prometheus.yml");
    let times = Some("durations look like `5m` or `1h30m`, largest unit first");
    let job = |to: &str| format!("{to}\n    metrics_path:");
    let global = |to: &str| format!("global: {{{to}}}\nrule_files:");
    let wrong = "`scrape_interval` is not a duration";
    let interval = job("scrape_interval: 15 s");
    refused(&path, "metrics_path:", &interval, ("15 s", wrong, times));
    refused(
        &path,
        "rule_files:",
        &global("scrape_interval: 15"),
        ("15", wrong, times),
    );
    let longer = "`scrape_timeout` is longer than the interval, which is `1m`";
    refused(
        &path,
        "metrics_path:",
        &job("scrape_timeout: 61s"),
        ("61s", longer, None),
    );
    refused(
        &path,
        "rule_files:",
        &global("scrape_timeout: 2m"),
        ("2m", longer, None),
    );
    let pattern = "this regular expression has a group that is not closed";
    let regex = job("relabel_configs: [{regex: '(.+', target_label: a}]");
    refused(&path, "metrics_path:", &regex, ("'(.+'", pattern, None));
    let action = "`dorp` is no `action` of relabelling";
    let step = job("metric_relabel_configs: [{action: dorp}]");
    let help = Some("did you mean `drop`?");
    refused(&path, "metrics_path:", &step, ("dorp", action, help));
    for right in [
        job("scrape_timeout: 1m"),
        job("scrape_interval: 0s\n    scrape_timeout: 5s"),
        job("scrape_interval: 2m\n    scrape_timeout: 90s"),
        job("relabel_configs: [{action: Drop, regex: 1}, {regex: 'a)(b', target_label: a}]"),
    ] {
        check(&path, "metrics_path:", &right, &[]);
    }
    let shorter =
        "global: {scrape_interval: 15s}\nscrape_configs:\n  - scrape_timeout: 20s\n    job";
    let message = "`scrape_timeout` is longer than the interval, which is `15s`";
    refused(
        &path,
        "scrape_configs:\n  - job",
        shorter,
        ("20s", message, None),
    );
}

#[test]
fn a_prometheus_yml_that_says_nothing_is_there_all_the_same() {
    let path = format!("{PROMETHEUS}/prometheus.yml");
    for nothing in ["", "# Nothing yet.\n"] {
        let mut files = project();
        files.iter_mut().find(|it| it.0 == path).unwrap().1 = nothing.to_owned();
        let findings = run(&contents(files)).into_iter();
        let messages: Vec<_> = findings.map(|it| it.message).collect();
        let uncovered =
            |key: &str| format!("no pattern of `{key}` in `prometheus.yml` covers this file");
        let expected = [uncovered("rule_files"), uncovered("file_sd_configs")];
        assert_eq!(messages, expected, "{nothing}");
    }
}
