//! The tables of the README say what the code says.

use marty_runtime::config::VARIABLES;
use marty_runtime::names::{self, Kind};

const README: &str = include_str!("../../README.md");

/// The cells of the table under `heading`, without its header.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = README.split_once(&format!("\n{heading}\n")).unwrap();
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        row.trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    rows.skip(2).map(cells).collect()
}

#[test]
fn lists_the_metrics_that_are_exported() {
    assert_eq!(table("## Metrics"), rows(names::ALL));
    assert_eq!(table("### Metrics of events"), rows(names::EVENTS));
}

fn rows(metrics: &[&names::Metric]) -> Vec<Vec<String>> {
    let rows = metrics.iter().map(|metric| {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            _ => "histogram",
        };
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        vec![
            format!("`{}`", metric.name),
            kind.to_owned(),
            labels.join(", "),
            metric.help.to_owned(),
        ]
    });
    rows.collect()
}

#[test]
fn lists_the_variables_that_are_read() {
    let expected: Vec<Vec<String>> = VARIABLES
        .iter()
        .map(|variable| {
            let cells = [
                format!("`{}`", variable.name),
                format!("`{}`", variable.default),
                variable.meaning.to_owned(),
            ];
            cells.to_vec()
        })
        .collect();
    assert_eq!(table("## Configuration"), expected);
}
