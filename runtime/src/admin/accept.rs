//! Which of the two exposition formats a scraper asks for.

use crate::metric::Format;

/// The media type of a format.
pub(super) const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Text => "text/plain; version=0.0.4; charset=utf-8",
        Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
    }
}

/// The format that `accept` prefers. OpenMetrics has to be asked for by name; `text/plain` wins only with a higher weight.
pub(super) fn preferred(accept: &str) -> Format {
    let weight = |media_type: &str| {
        let ranges = accept
            .split(',')
            .map(str::trim)
            .filter(|range| type_of(range).eq_ignore_ascii_case(media_type));
        ranges.map(weight_of).fold(0.0, f32::max)
    };
    let open_metrics = weight("application/openmetrics-text");
    if open_metrics > 0.0 && open_metrics >= weight("text/plain") {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

fn type_of(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}

/// The parameter `q`, which is 1 if there is none and 0 if it is no number.
fn weight_of(range: &str) -> f32 {
    let parameters = range
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.trim().split_once('='));
    let weight = parameters
        .filter(|(name, _)| name.eq_ignore_ascii_case("q"))
        .last();
    weight.map_or(1.0, |(_, value)| value.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: Format) {
        assert_eq!(preferred(accept), expected, "{accept}");
    }

    #[test]
    fn answers_in_the_format_asked_for() {
        check("", Format::Text);
        check("*/*", Format::Text);
        check("text/plain", Format::Text);
        check("application/openmetrics-text", Format::OpenMetrics);
        check(
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::OpenMetrics,
        );
        check("application/openmetrics-text;q=0", Format::Text);
        check("application/openmetrics-text;q=nonsense", Format::Text);
        check(
            "application/openmetrics-text;q=0.3,text/plain;q=0.8",
            Format::Text,
        );
    }

    #[test]
    fn answers_prometheus_in_openmetrics() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        check(prometheus, Format::OpenMetrics);
    }
}
