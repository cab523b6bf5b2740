//! The OpenMetrics 1.0 text format. The older text format is the `prometheus` crate's own.

use std::fmt::{Arguments, Write};

use prometheus::proto::{Bucket, LabelPair, Metric, MetricFamily, MetricType};

/// Renders `families`, which are sorted and not empty.
pub(crate) fn encode(families: &[MetricFamily]) -> String {
    let mut text = String::with_capacity(256 * families.len());
    for family in families {
        encode_family(&mut text, family);
    }
    text.push_str("# EOF\n");
    text
}

fn encode_family(text: &mut String, family: &MetricFamily) {
    let kind = family.get_field_type();
    // The family of a counter is named without the suffix that its samples carry.
    let name = match kind {
        MetricType::COUNTER => family
            .name()
            .strip_suffix("_total")
            .unwrap_or(family.name()),
        _ => family.name(),
    };
    push_all(
        text,
        &[
            "# TYPE ",
            name,
            " ",
            type_name(kind),
            "\n# HELP ",
            name,
            " ",
        ],
    );
    push_escaped(text, family.help());
    text.push('\n');
    for metric in family.get_metric() {
        encode_metric(text, name, kind, metric);
    }
}

fn encode_metric(text: &mut String, name: &str, kind: MetricType, metric: &Metric) {
    let labels = metric.get_label();
    match kind {
        MetricType::COUNTER => sample(
            text,
            &[name, "_total"],
            labels,
            None,
            metric.get_counter().get_value(),
        ),
        MetricType::HISTOGRAM => encode_histogram(text, name, metric),
        // The runtime makes neither summaries nor untyped metrics, and no collector can be added from outside.
        _ => sample(text, &[name], labels, None, metric.get_gauge().get_value()),
    }
}

fn encode_histogram(text: &mut String, name: &str, metric: &Metric) {
    let labels = metric.get_label();
    let histogram = metric.get_histogram();
    let buckets = histogram.get_bucket();
    for bucket in buckets {
        sample(
            text,
            &[name, "_bucket"],
            labels,
            Some(bucket.upper_bound()),
            float(bucket.cumulative_count()),
        );
    }
    if !buckets
        .last()
        .map_or(0.0, Bucket::upper_bound)
        .is_infinite()
    {
        sample(
            text,
            &[name, "_bucket"],
            labels,
            Some(f64::INFINITY),
            float(histogram.get_sample_count()),
        );
    }
    sample(
        text,
        &[name, "_count"],
        labels,
        None,
        float(histogram.get_sample_count()),
    );
    sample(
        text,
        &[name, "_sum"],
        labels,
        None,
        histogram.get_sample_sum(),
    );
}

fn sample(text: &mut String, name: &[&str], labels: &[LabelPair], bound: Option<f64>, value: f64) {
    push_all(text, name);
    let mut opening = '{';
    for label in labels {
        text.push(opening);
        opening = ',';
        push_all(text, &[label.name(), "=\""]);
        push_escaped(text, label.value());
        text.push('"');
    }
    if let Some(bound) = bound {
        text.push(opening);
        opening = ',';
        text.push_str("le=\"");
        push_bound(text, bound);
        text.push('"');
    }
    text.push_str(if opening == ',' { "} " } else { " " });
    push_number(text, value);
    text.push('\n');
}

const fn type_name(kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        _ => "gauge",
    }
}

fn push_all(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

fn push_escaped(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

fn push_number(text: &mut String, value: f64) {
    if value.is_infinite() {
        text.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if value.abs() < 1e15 {
        push(text, format_args!("{value}"));
    } else {
        push(text, format_args!("{value:?}"));
    }
}

/// Unlike a value, a bound has to be a float in its canonical form, which keeps its point (`1.0`).
fn push_bound(text: &mut String, bound: f64) {
    if bound.is_infinite() {
        text.push_str("+Inf");
    } else {
        push(text, format_args!("{bound:?}"));
    }
}

fn push(text: &mut String, arguments: Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}

#[expect(clippy::cast_precision_loss, reason = "the format knows only floats")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Collect, CounterFamily, GaugeFamily, HistogramFamily};

    #[test]
    fn ends_with_the_mark_even_when_empty() {
        assert_eq!(encode(&[]), "# EOF\n");
    }

    #[test]
    fn names_the_family_of_a_counter_without_its_suffix() {
        let family: CounterFamily = crate::counter!("mails_sent", "Mails \"sent\" \\ lost.\nAll.");
        family.get(&()).add(3);
        let expected = "# TYPE mails_sent counter\n# HELP mails_sent Mails \\\"sent\\\" \\\\ lost.\\nAll.\nmails_sent_total 3\n# EOF\n";
        assert_eq!(encode(&[family.collect()]), expected);
    }

    #[test]
    fn writes_bounds_in_their_canonical_form() {
        let family: HistogramFamily = crate::histogram!("wait_seconds", "Wait.", [0.5, 1.0]);
        family.get(&()).observe(0.75);
        let expected = "# TYPE wait_seconds histogram\n# HELP wait_seconds Wait.\n\
             wait_seconds_bucket{le=\"0.5\"} 0\nwait_seconds_bucket{le=\"1.0\"} 1\nwait_seconds_bucket{le=\"+Inf\"} 1\n\
             wait_seconds_count 1\nwait_seconds_sum 0.75\n# EOF\n";
        assert_eq!(encode(&[family.collect()]), expected);
    }

    #[test]
    fn writes_what_is_not_a_number() {
        let family: GaugeFamily = crate::gauge!("ratio", "Ratio.");
        let gauge = family.get(&());
        for (value, expected) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            gauge.set(value);
            assert!(
                encode(&[family.collect()]).contains(&format!("\nratio {expected}\n")),
                "{expected}"
            );
        }
    }
}
