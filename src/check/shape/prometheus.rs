//! The shape of `prometheus.yml` and of target files.

use super::key::{slips, strangers};
use super::value::{issue, lists};
use crate::check::similar::similar;
use crate::model::node::{Node, Value};
use crate::model::promql::{pattern, strict};
use crate::model::rule_shape::durations;
use crate::model::source::Issue;

/// The parts of a `prometheus.yml`. These and the following are those of Prometheus 3.16; most of
/// its versions bring new ones, so that only what is like one of them is taken for a slip.
const PARTS: &[&str] = &[
    "alerting",
    "global",
    "otlp",
    "remote_read",
    "remote_write",
    "rule_files",
    "runtime",
    "scrape_config_files",
    "scrape_configs",
    "storage",
    "tracing",
];

const GLOBAL: &[&str] = &[
    "always_scrape_classic_histograms",
    "body_size_limit",
    "convert_classic_histograms_to_nhcb",
    "evaluation_interval",
    "external_labels",
    "extra_scrape_metrics",
    "keep_dropped_targets",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "metric_name_escaping_scheme",
    "metric_name_validation_scheme",
    "query_log_file",
    "query_max_duration",
    "query_max_samples_read",
    "query_max_series",
    "rule_query_offset",
    "sample_limit",
    "scrape_failure_log_file",
    "scrape_interval",
    "scrape_native_histograms",
    "scrape_protocols",
    "scrape_timeout",
    "target_limit",
];

const JOB: &[&str] = &[
    "always_scrape_classic_histograms",
    "authorization",
    "basic_auth",
    "bearer_token",
    "bearer_token_file",
    "body_size_limit",
    "convert_classic_histograms_to_nhcb",
    "enable_compression",
    "enable_http2",
    "extra_scrape_metrics",
    "fallback_scrape_protocol",
    "file_sd_configs",
    "follow_redirects",
    "honor_labels",
    "honor_timestamps",
    "http_headers",
    "http_sd_configs",
    "job_name",
    "keep_dropped_targets",
    "kubernetes_sd_configs",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "metric_name_escaping_scheme",
    "metric_name_validation_scheme",
    "metric_relabel_configs",
    "metrics_path",
    "native_histogram_bucket_limit",
    "native_histogram_min_bucket_factor",
    "no_proxy",
    "oauth2",
    "params",
    "proxy_connect_header",
    "proxy_from_environment",
    "proxy_url",
    "relabel_configs",
    "sample_limit",
    "scheme",
    // Of Prometheus 2.
    "scrape_classic_histograms",
    "scrape_failure_log_file",
    "scrape_interval",
    "scrape_native_histograms",
    "scrape_protocols",
    "scrape_timeout",
    "static_configs",
    "target_limit",
    "tls_config",
    "track_timestamps_staleness",
];

/// The keys of a step of relabelling, which has had no others for years.
const STEP: &[&str] = &[
    "action",
    "modulus",
    "regex",
    "replacement",
    "separator",
    "source_labels",
    "target_label",
];

const ACTIONS: &[&str] = &[
    "drop",
    "dropequal",
    "hashmod",
    "keep",
    "keepequal",
    "labeldrop",
    "labelkeep",
    "labelmap",
    "lowercase",
    "replace",
    "uppercase",
];

/// How keys end that name a way to discover targets, of which there are dozens.
const DISCOVERY: &str = "_sd_configs";

/// The interval where none is given.
const INTERVAL: &str = "1m";

/// What is wrong with the shape of a `prometheus.yml`.
pub(in crate::check) fn prometheus(node: &Node) -> Vec<Issue> {
    let mut issues = lists(node, &["rule_files", "scrape_configs"]);
    issues.extend(slips(node, PARTS, "`prometheus.yml`"));
    let global = node.get("global");
    issues.extend(global.into_iter().flat_map(of_global));
    let jobs = node.items_of("scrape_configs").iter();
    issues.extend(jobs.flat_map(|job| of_job(job, global)));
    let alerting = node.get("alerting").into_iter();
    issues.extend(alerting.flat_map(|it| relabelling(it, "alert_relabel_configs")));
    issues
}

/// What is wrong with the shape of a target file.
pub(in crate::check) fn targets(node: &Node) -> Vec<Issue> {
    let groups = node.items().iter();
    groups
        .flat_map(|group| lists(group, &["targets"]))
        .collect()
}

fn of_global(global: &Node) -> Vec<Issue> {
    let mut issues = slips(global, GLOBAL, "`global`");
    issues.extend(durations(global, &["evaluation_interval"]));
    issues.extend(times(global, None));
    issues
}

fn of_job(job: &Node, global: Option<&Node>) -> Vec<Issue> {
    if !matches!(job.value, Value::Mapping(_)) {
        let message = "a job of `scrape_configs` is a mapping".to_owned();
        return vec![issue(job, message)];
    }
    let mut issues = slips(job, JOB, "a job of `scrape_configs`");
    issues.retain(|slip| {
        let entries = job.entries().iter();
        let mut discoveries = entries.filter(|it| it.key.ends_with(DISCOVERY));
        !discoveries.any(|it| it.key_span == slip.span)
    });
    issues.extend(times(job, global));
    issues.extend(lists(job, &["file_sd_configs", "static_configs"]));
    for key in ["relabel_configs", "metric_relabel_configs"] {
        issues.extend(relabelling(job, key));
    }
    for targets in job.items_of("static_configs") {
        issues.extend(strangers(
            targets,
            &["labels", "targets"],
            "`static_configs`",
        ));
    }
    for discovery in job.items_of("file_sd_configs") {
        let known = ["files", "refresh_interval"];
        issues.extend(strangers(discovery, &known, "`file_sd_configs`"));
        issues.extend(lists(discovery, &["files"]));
        issues.extend(durations(discovery, &["refresh_interval"]));
    }
    issues
}

fn times(node: &Node, above: Option<&Node>) -> Vec<Issue> {
    let mut issues = durations(node, &["scrape_interval", "scrape_timeout"]);
    if issues.is_empty() {
        issues.extend(patience(node, above));
    }
    issues
}

/// A timeout that is longer than the interval, which may be that of the parts above. To Prometheus
/// a time of zero is none.
fn patience(node: &Node, above: Option<&Node>) -> Option<Issue> {
    let time = |node: &Node, key: &str| {
        let text = node.given(key)?.scalar()?.decoded;
        let time = strict::duration(&text).filter(|time| *time > 0)?;
        Some((time, text))
    };
    let (timeout, _) = time(node, "scrape_timeout")?;
    let given = time(node, "scrape_interval");
    let inherited = || time(above?, "scrape_interval");
    let usual = || Some((strict::duration(INTERVAL)?, INTERVAL.to_owned()));
    let (interval, written) = given.or_else(inherited).or_else(usual)?;
    (timeout > interval).then_some(())?;
    let message = format!("`scrape_timeout` is longer than the interval, which is `{written}`");
    Some(issue(node.get("scrape_timeout")?, message))
}

fn relabelling(node: &Node, key: &str) -> Vec<Issue> {
    let mut issues = lists(node, &[key]);
    for step in node.items_of(key) {
        issues.extend(strangers(step, STEP, &format!("`{key}`")));
        issues.extend(action(step));
        issues.extend(regex(step));
    }
    issues
}

fn action(step: &Node) -> Option<Issue> {
    let node = step.given("action")?;
    let action = node.scalar()?.decoded.to_lowercase();
    if ACTIONS.contains(&action.as_str()) {
        return None;
    }
    let known: Vec<String> = ACTIONS.iter().map(|it| (*it).to_owned()).collect();
    let meant = similar(&action, &known);
    Some(Issue {
        hint: meant.map(|meant| format!("did you mean `{meant}`?")),
        ..issue(node, format!("`{action}` is no `action` of relabelling"))
    })
}

fn regex(step: &Node) -> Option<Issue> {
    let node = step.given("regex")?;
    // Prometheus looks at a pattern within a group of its own.
    let whole = format!("(?s:{})", node.scalar()?.decoded);
    let mistake = pattern::mistake(&whole)?;
    Some(issue(node, format!("this regular expression {mistake}")))
}
