//! What a scrape is answered in: the Prometheus text format 0.0.4, and OpenMetrics 1.0.
//!
//! Both are written here, for they differ only in how counters are named, how bounds and texts are spelt, and in the end mark.

use std::{
    fmt::{Arguments, Write},
    time::UNIX_EPOCH,
};

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::exemplar::{Exemplars, Kept};

/// A format a scrape is answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// Renders `families`, which are sorted and not empty. Only OpenMetrics has a place for `exemplars`.
pub(crate) fn encode(families: &[MetricFamily], format: Format, exemplars: &Exemplars) -> String {
    let mut text = String::with_capacity(1024 * families.len());
    for family in families {
        encode_family(&mut text, family, (format, exemplars));
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn encode_family(
    text: &mut String,
    family: &MetricFamily,
    (format, exemplars): (Format, &Exemplars),
) {
    let kind = family.get_field_type();
    let name = match (format, kind) {
        // The family of a counter is named without the suffix that its samples carry.
        (Format::OpenMetrics, MetricType::COUNTER) => family
            .name()
            .strip_suffix("_total")
            .unwrap_or(family.name()),
        _ => family.name(),
    };
    push_all(text, &["# HELP ", name, " "]);
    push_escaped(text, family.help(), format == Format::OpenMetrics);
    push_all(text, &["\n# TYPE ", name, " ", type_name(kind), "\n"]);
    for metric in family.get_metric() {
        let labels = metric.get_label();
        match kind {
            MetricType::COUNTER => {
                let suffix = if format == Format::OpenMetrics {
                    "_total"
                } else {
                    ""
                };
                sample(
                    text,
                    [name, suffix],
                    labels,
                    metric.get_counter().get_value(),
                );
            }
            MetricType::HISTOGRAM => {
                let values = labels.iter().map(LabelPair::value);
                let exemplars = exemplars.of(name, values);
                encode_histogram(text, name, metric, (format, exemplars));
            }
            // The runtime makes neither summaries nor untyped metrics, and no collector can be added from outside.
            _ => sample(text, [name, ""], labels, metric.get_gauge().get_value()),
        }
    }
}

fn encode_histogram(
    text: &mut String,
    name: &str,
    metric: &Metric,
    (format, exemplars): (Format, &[Option<Kept>]),
) {
    let labels = metric.get_label();
    let histogram = metric.get_histogram();
    let count = float(histogram.get_sample_count());
    let mut exemplars = exemplars.iter();
    for bucket in histogram.get_bucket() {
        let bound = Some((bucket.upper_bound(), format));
        sample_with(
            text,
            [name, "_bucket"],
            (labels, bound),
            float(bucket.cumulative_count()),
        );
        push_exemplar(text, exemplars.next());
    }
    sample_with(
        text,
        [name, "_bucket"],
        (labels, Some((f64::INFINITY, format))),
        count,
    );
    push_exemplar(text, exemplars.next());
    sample(text, [name, "_sum"], labels, histogram.get_sample_sum());
    sample(text, [name, "_count"], labels, count);
}

/// Writes an exemplar behind the bucket that was written last.
fn push_exemplar(text: &mut String, exemplar: Option<&Option<Kept>>) {
    let Some(Some(kept)) = exemplar else {
        return;
    };
    let Kept {
        exemplar,
        value,
        time,
    } = kept;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, milliseconds) = (since.as_secs(), since.subsec_millis());
    text.truncate(text.trim_end_matches('\n').len());
    push(text, format_args!(" # {exemplar} "));
    push_number(text, *value);
    push(text, format_args!(" {seconds}.{milliseconds:03}\n"));
}

fn sample(text: &mut String, name: [&str; 2], labels: &[LabelPair], value: f64) {
    sample_with(text, name, (labels, None), value);
}

fn sample_with(
    text: &mut String,
    name: [&str; 2],
    (labels, bound): (&[LabelPair], Option<(f64, Format)>),
    value: f64,
) {
    push_all(text, &name);
    let mut opening = '{';
    for label in labels {
        text.push(opening);
        opening = ',';
        push_all(text, &[label.name(), "=\""]);
        push_escaped(text, label.value(), true);
        text.push('"');
    }
    if let Some((bound, format)) = bound {
        text.push(opening);
        opening = ',';
        text.push_str("le=\"");
        push_bound(text, bound, format);
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
    for part in parts {
        text.push_str(part);
    }
}

/// Escapes what would end a text. Quotes only where the format quotes, or says so.
fn push_escaped(text: &mut String, value: &str, quotes: bool) {
    let acts = |byte: u8| matches!(byte, b'\\' | b'\n') || (quotes && byte == b'"');
    let mut rest = value;
    // Nearly all texts have nothing to be escaped, and are written in one piece.
    while let Some(at) = rest.bytes().position(acts) {
        let (plain, escaped) = rest.split_at(at);
        text.push_str(plain);
        text.push_str(match escaped.as_bytes() {
            [b'\\', ..] => "\\\\",
            [b'"', ..] => "\\\"",
            _ => "\\n",
        });
        rest = escaped.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
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

/// In OpenMetrics a bound is a float in its canonical form, which keeps its point (`1.0`).
fn push_bound(text: &mut String, bound: f64, format: Format) {
    if format == Format::OpenMetrics && bound.is_finite() {
        push(text, format_args!("{bound:?}"));
    } else {
        push_number(text, bound);
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
    use crate::metric::{Collect, CounterFamily, Exemplar, GaugeFamily, HistogramFamily};

    #[track_caller]
    fn check(family: &MetricFamily, expected_text: &str, expected_open_metrics: &str) {
        let families = std::slice::from_ref(family);
        let none = Exemplars::default();
        assert_eq!(encode(families, Format::Text, &none), expected_text);
        assert_eq!(
            encode(families, Format::OpenMetrics, &none),
            expected_open_metrics
        );
    }

    #[test]
    fn ends_open_metrics_with_the_mark_even_when_empty() {
        assert_eq!(
            encode(&[], Format::OpenMetrics, &Exemplars::default()),
            "# EOF\n"
        );
        assert_eq!(encode(&[], Format::Text, &Exemplars::default()), "");
    }

    #[test]
    fn names_a_counter_as_each_format_does() {
        let family: CounterFamily = crate::counter!("mails_sent", "Mails \"sent\" \\ lost.\nAll.");
        family.get(&()).add(3);
        check(
            &family.collect(),
            "# HELP mails_sent_total Mails \"sent\" \\\\ lost.\\nAll.\n\
             # TYPE mails_sent_total counter\nmails_sent_total 3\n",
            "# HELP mails_sent Mails \\\"sent\\\" \\\\ lost.\\nAll.\n\
             # TYPE mails_sent counter\nmails_sent_total 3\n# EOF\n",
        );
    }

    #[test]
    fn spells_bounds_as_each_format_does() {
        let family: HistogramFamily = crate::histogram!("wait_seconds", "Wait.", [0.5, 1.0]);
        family.get(&()).observe(0.75);
        let expected = |one: &str, end: &str| {
            format!(
                "# HELP wait_seconds Wait.\n# TYPE wait_seconds histogram\n\
                 wait_seconds_bucket{{le=\"0.5\"}} 0\nwait_seconds_bucket{{le=\"{one}\"}} 1\n\
                 wait_seconds_bucket{{le=\"+Inf\"}} 1\n\
                 wait_seconds_sum 0.75\nwait_seconds_count 1\n{end}"
            )
        };
        check(
            &family.collect(),
            &expected("1", ""),
            &expected("1.0", "# EOF\n"),
        );
    }

    #[test]
    fn refers_to_a_trace_behind_the_bucket_in_open_metrics() {
        let family: HistogramFamily = crate::histogram!("wait_seconds", "Wait.", [0.5, 1.0]);
        let exemplar = Exemplar::new([0xab; 16], [0xcd; 8]);
        family.get(&()).observe_with(0.75, exemplar);
        family.get(&()).observe_with(8.0, exemplar);
        let mut exemplars = Exemplars::default();
        exemplars.insert(family.name(), family.exemplars());
        let families = [family.collect()];
        let text = encode(&families, Format::OpenMetrics, &exemplars);
        let ids = format!(
            "{{trace_id=\"{}\",span_id=\"{}\"}}",
            "ab".repeat(16),
            "cd".repeat(8)
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "wait_seconds_bucket{le=\"0.5\"} 0");
        for (line, start) in [
            (lines[3], "wait_seconds_bucket{le=\"1.0\"} 1 # {ids} 0.75 "),
            (lines[4], "wait_seconds_bucket{le=\"+Inf\"} 2 # {ids} 8 "),
        ] {
            let time = line.strip_prefix(&*start.replace("{ids}", &ids)).unwrap();
            assert!(time.parse::<f64>().unwrap() > 1e9, "{line}");
        }
        assert!(lines[5].starts_with("wait_seconds_sum"));
    }

    #[test]
    fn writes_what_is_not_a_finite_number() {
        let family: GaugeFamily = crate::gauge!("ratio", "Ratio.");
        let gauge = family.get(&());
        for (value, expected) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            gauge.set(value);
            let line = format!("\nratio {expected}\n");
            for format in [Format::Text, Format::OpenMetrics] {
                assert!(
                    encode(&[family.collect()], format, &Exemplars::default()).contains(&line),
                    "{expected}"
                );
            }
        }
    }
}
