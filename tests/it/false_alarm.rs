//! Rules on small projects in memory: what is right in a form that is easily misread is not
//! complained about, and what is wrong beside it still is.

use marty::check;
use marty::model::source::Source;
use marty::project::contents::{Contents, ProjectFile, Role};

const RULES: &str = "observability/monitoring/prometheus/rules/shop.rules.yml";
const SCRAPE: &str = "observability/monitoring/prometheus/prometheus.yml";
const RUNBOOK: &str = "services/shop/observability/runbooks/down.md";
const DASHBOARD: &str = "services/shop/observability/dashboards/shop.json";

/// A project with one service, one counter with the label `outcome`, and one scrape job.
const PROJECT: &[(&str, &str)] = &[
    ("marty.toml", "[services.shop]\n"),
    (
        "services/shop/src/lib.rs",
        "static ORDERS: CounterFamily<Order> = counter!(\"orders\", \"Orders.\");
         impl Labels for Order { const NAMES: &'static [&'static str] = &[\"outcome\"]; }
         static QUEUE: GaugeFamily = gauge!(\"queue\", \"Waiting.\");",
    ),
    (
        SCRAPE,
        "scrape_configs:\n- job_name: shop\n  static_configs:\n  - targets: [shop:80]\n    labels: {zone: a}\n",
    ),
];

/// What a rule says about the project with `files` in it, as `message` by line.
fn findings(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut contents = Contents::default();
    for (path, text) in PROJECT.iter().chain(files) {
        contents.paths.insert((*path).to_owned());
        contents.files.push(ProjectFile {
            role: Role::of(path).unwrap(),
            source: Source {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            },
        });
    }
    let findings = check::run(&contents);
    let syntax = findings.iter().find(|it| it.rule == "syntax-error");
    assert!(syntax.is_none(), "{syntax:?}");
    let of_rule = findings.into_iter().filter(|it| it.rule == rule);
    of_rule.map(|it| it.message).collect()
}

fn alert(expr: &str, summary: &str) -> String {
    format!(
        "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: '{expr}'\n    annotations:\n      summary: '{summary}'\n"
    )
}

fn panel(expr: &str, legend: &str) -> String {
    let target = serde_json::json!({"expr": expr, "legendFormat": legend});
    serde_json::json!({"panels": [{"targets": [target]}]}).to_string()
}

fn variable(query: &str) -> String {
    let list = serde_json::json!([{"name": "a", "type": "query", "query": query}]);
    serde_json::json!({"templating": {"list": list}}).to_string()
}

/// What `unknown-label` says about an alert.
fn of_alert(expr: &str, summary: &str) -> Vec<String> {
    findings("unknown-label", &[(RULES, &alert(expr, summary))])
}

/// What `unknown-label` says about a panel.
fn of_panel(expr: &str, legend: &str) -> Vec<String> {
    findings("unknown-label", &[(DASHBOARD, &panel(expr, legend))])
}

/// What `unknown-label` says about a variable of a dashboard.
fn of_variable(query: &str) -> Vec<String> {
    findings("unknown-label", &[(DASHBOARD, &variable(query))])
}

#[test]
fn labels_that_are_not_there_are_named() {
    let outcom = ["`orders_total` has no label `outcom`"];
    assert_eq!(of_panel("orders_total{outcom=\"a\"}", ""), outcom);
    let here = ["the series here have no label `outcom`"];
    assert_eq!(of_panel("topk by (outcom) (3, orders_total)", ""), here);
    let panel = ["the series of this panel have no label `outcom`"];
    assert_eq!(
        of_panel("sum by (zone) (orders_total)", "{{outcom}}"),
        panel
    );
    let variable = ["the series of this variable have no label `outcom`"];
    assert_eq!(of_variable("label_values(orders_total, outcom)"), variable);
    let text = ["what this rule evaluates has no label `outcom`"];
    assert_eq!(of_alert("orders_total > 1", "{{ $labels.outcom }}"), text);
    assert_eq!(
        of_alert("absent(orders_total)", "{{ $labels.outcom }}"),
        text
    );
}

#[test]
fn buckets_keep_the_label_that_tells_them_apart() {
    let lost = ["what `histogram_quantile` gets has no label `le`"];
    let quantile = |vector: &str| format!("histogram_quantile(0.9, {vector})");
    for vector in [
        "sum by (service) (rate(a_bucket[5m]))",
        "sum(rate(a_bucket[5m]))",
        "(sum by (service) (rate({__name__=\"a_bucket\"}[5m])))",
        "sum by (service) (rate(a_bucket[5m])) / on (service) sum by (service) (b_bucket)",
    ] {
        assert_eq!(of_panel(&quantile(vector), ""), lost, "{vector}");
        assert_eq!(of_alert(&quantile(vector), ""), lost, "{vector}");
    }
    for vector in [
        "sum by (service, le) (rate(a_bucket[5m]))",
        "sum without (service) (rate(a_bucket[5m]))",
        "rate(a_bucket[5m])",
        "sum by (service) (rate(a[5m]))",
        "sum by (service) (a:rate5m)",
        "sum by (service) (a_bucket) or sum by (service) (a)",
        "sum by ($by) (rate(a_bucket[5m]))",
        "sum by (service) (rate(${metric}_bucket[5m]))",
        "label_replace(sum(a_bucket), \"le\", \"1\", \"\", \"\")",
    ] {
        assert_eq!(of_panel(&quantile(vector), ""), [""; 0], "{vector}");
    }
}

#[test]
fn variables_are_for_dashboards() {
    let of = |path: &str, text: &str| findings("promql-error", &[(path, text)]);
    for expr in ["rate(a[$__rate_interval])", "a{service=~\"$service\"}"] {
        assert_eq!(of(DASHBOARD, &panel(expr, "")), [""; 0], "{expr}");
        let refused = of(RULES, &alert(expr, ""));
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(
            refused[0].contains("is a variable of Grafana"),
            "{refused:?}"
        );
    }
}

#[test]
fn the_name_of_a_metric_is_a_label() {
    let none: [&str; 0] = [];
    assert_eq!(
        of_panel("count by (__name__) (orders_total)", "{{__name__}}"),
        none
    );
    assert_eq!(of_panel("orders_total * on (__name__) queue", ""), none);
    assert_eq!(of_variable("label_values(orders_total, __name__)"), none);
    assert_eq!(
        of_variable("label_values({__name__=\"orders_total\"}, zone)"),
        none
    );
}

#[test]
fn labels_that_variables_name_are_not_known() {
    let none: [&str; 0] = [];
    assert_eq!(of_variable("label_values(orders_total, $label)"), none);
    assert_eq!(of_variable("label_values(orders_total, ${label})"), none);
    for expr in [
        "label_replace(orders_total, \"$a\", \"\", \"zone\", \"\")",
        "count_values(\"${a}\", orders_total)",
        "orders_total * on (zone) group_left ($a) queue",
        "orders_total * on ($a) queue",
        "orders_total $op queue",
        "$fn(orders_total)",
        "$agg(orders_total) by (zone)",
        "sum $by (orders_total)",
        "absent(orders_total{$a=\"b\"})",
    ] {
        assert_eq!(of_panel(expr, "{{anything}}"), none, "{expr}");
    }
}

#[test]
fn aggregations_are_known_in_whatever_case() {
    let none: [&str; 0] = [];
    assert_eq!(of_panel("TOPK(3, orders_total)", "{{outcome}}"), none);
    assert_eq!(of_panel("Count_Values(\"a\", orders_total)", "{{a}}"), none);
}

#[test]
fn what_is_absent_has_the_labels_it_was_looked_for_by() {
    let none: [&str; 0] = [];
    for expr in [
        "absent(orders_total{outcome=\"a\"})",
        "absent((orders_total{outcome=\"a\"} offset 5m))",
        "absent(orders_total{outcome=\"a\"} @ end())",
        "absent_over_time(orders_total{outcome=\"a\"}[5m])",
        "absent_over_time(orders_total{outcome=\"a\"}[5m] offset 1h)",
    ] {
        assert_eq!(of_alert(expr, "{{ $labels.outcome }}"), none, "{expr}");
    }
}

#[test]
fn texts_may_query_themselves() {
    let text = "{{ range query \"up\" }}{{ .Labels.anything }}{{ end }}{{ .Labels.zone }}";
    let none: [&str; 0] = [];
    assert_eq!(of_alert("queue > 1", text), none);
}

#[test]
fn targets_in_the_configuration_have_labels() {
    let none: [&str; 0] = [];
    assert_eq!(of_panel("sum by (zone) (queue)", "{{zone}}"), none);
    let elsewhere = "scrape_configs:\n- job_name: b\n  http_sd_configs: [{url: http://a}]\n";
    let dashboard = panel("sum by (anything) (queue)", "");
    let files = [(SCRAPE, elsewhere), (DASHBOARD, dashboard.as_str())];
    assert_eq!(findings("unknown-label", &files), none);
}

/// What is said about a runbook that an alert leads to by `url`.
fn of_runbook(url: &str, text: &str) -> Vec<String> {
    let rules = format!(
        "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    annotations: {{runbook_url: '{url}'}}\n"
    );
    let files = [(RULES, rules.as_str()), (RUNBOOK, text)];
    ["broken-runbook", "missing-runbook"]
        .iter()
        .flat_map(|rule| findings(rule, &files))
        .collect()
}

#[test]
fn links_that_lead_nowhere_are_named() {
    let no_heading = format!("`{RUNBOOK}` has no heading for `#b`");
    assert_eq!(
        of_runbook(&format!("{RUNBOOK}#b"), "# A\n"),
        [no_heading.as_str()]
    );
    assert_eq!(
        of_runbook(RUNBOOK, "# A\n\n[b](#b)\n"),
        [no_heading.as_str()]
    );
    let gone = "this leads to `services/shop/observability/runbooks/b.md`, which does not exist";
    assert_eq!(of_runbook(RUNBOOK, "[b](b.md)\n"), [gone]);
    let missing = "the runbook of the alert `A` does not exist";
    assert_eq!(of_runbook("./services/b.md", ""), [missing]);
}

#[test]
fn links_in_every_form_of_markdown_lead_somewhere() {
    let none: [&str; 0] = [];
    for link in [
        "[a](#two-words)",
        "[a](#two%2Dwords)",
        "[a](<#two-words> 'title')",
        "[a](#by-hand)",
        "[a](#)",
        "[a](down.md?plain=1#L3)",
        "[a](./down.md#linked)",
        "[a](../../../../marty.toml)",
        "[a](../../../..)",
        "[a](../../../../../elsewhere/b.md)",
        "[a](../runbooks/)",
        "`[a](b.md)`",
        "    [a](b.md)",
        "````\n```\n[a](b.md)\n```\n````",
    ] {
        let text = format!(
            "Two words\n=========\n\n## [Linked](down.md)\n\n<a name=\"by-hand\"></a>\n\n{link}\n"
        );
        assert_eq!(of_runbook(RUNBOOK, &text), none, "{link}");
    }
}

#[test]
fn runbooks_are_found_however_their_path_is_written() {
    let none: [&str; 0] = [];
    for url in [
        format!("./{RUNBOOK}"),
        format!("/{RUNBOOK}#a-b"),
        format!("services/../{RUNBOOK}#a%2Db"),
        RUNBOOK.replace("down", "d%6Fwn"),
    ] {
        assert_eq!(of_runbook(&url, "# A b\n"), none, "{url}");
    }
}
