//! The values of series in rule tests, as `promtool` reads them. Histograms are not looked into.

use super::source::Span;

/// The first of the values that is none, if there is one.
#[must_use]
pub fn mistake(values: &str) -> Option<Span> {
    if values.contains("{{") {
        return None;
    }
    let mut at = 0;
    for item in values.split(char::is_whitespace) {
        if !item.is_empty() && !is_item(item) {
            return Some(at..at + item.len());
        }
        at += item.len() + values.get(at + item.len()..)?.chars().next()?.len_utf8();
    }
    None
}

/// Whether an item is a value, or several as in `_x5`, `1x5` and `0+1x5`.
fn is_item(item: &str) -> bool {
    let (value, times) = match item.split_once('x') {
        Some((value, times)) => (value, Some(times)),
        None => (item, None),
    };
    if !times.is_none_or(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    match step(unsigned) {
        _ if value == "_" => true,
        Some((start, step)) => {
            times.is_some() && (is_word(start) || is_number(start)) && is_number(step)
        }
        None => is_number(unsigned) || (is_word(unsigned) && times.is_none()),
    }
}

/// What a value is before and after the sign of its step.
fn step(value: &str) -> Option<(&str, &str)> {
    let mut signs = value.match_indices(['+', '-']).map(|(at, _)| at);
    let is_exponent = |at: usize| {
        let before = value.get(..at).unwrap_or_default();
        let number = before.strip_suffix(['e', 'E']);
        number.is_some_and(|it| it.ends_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let at = signs.find(|at| !is_exponent(*at))?;
    Some((value.get(..at)?, value.get(at + 1..)?))
}

fn is_word(text: &str) -> bool {
    text == "stale"
        || ["inf", "nan"]
            .iter()
            .any(|it| text.eq_ignore_ascii_case(it))
}

fn is_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && !(text.starts_with(['_', '+', '-']) || text.ends_with('_'))
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"._eE+-".contains(&b))
        && text.replace('_', "").parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::mistake;

    #[test]
    fn what_promtool_reads_is_a_value() {
        for right in [
            "",
            "1",
            " 1  2 ",
            "1\t2",
            "_",
            "_x5",
            "_ _",
            "stale",
            "5 5x5 _ stale",
            "nan",
            "NaN",
            "+Inf",
            "-inf",
            "+1",
            "-1",
            "1x5",
            "1x0",
            "0x60",
            "007",
            "1+1x5",
            "-1-1x5",
            "1e3x5",
            "1e+3x2",
            "1e-3+2e-3x2",
            ".5",
            "5.",
            "1.5x3",
            "1_000x3",
            "Inf+1x3",
            "stale+1x2",
            "0x6 0+1x60\n",
            "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}x5",
        ] {
            assert_eq!(mistake(right), None, "{right}");
        }
    }

    #[test]
    fn what_promtool_does_not_read_is_named() {
        for (values, wrong) in [
            ("garbage", "garbage"),
            ("1 2 x5", "x5"),
            ("_x", "_x"),
            ("1x", "1x"),
            ("_3", "_3"),
            ("stalex3", "stalex3"),
            ("NaNx3", "NaNx3"),
            ("1+1", "1+1"),
            ("1 + 1x5", "+"),
            ("1--1x5", "1--1x5"),
            ("1x1.5", "1x1.5"),
            ("1x-1", "1x-1"),
            ("1, 2", "1,"),
            ("1x5x5", "1x5x5"),
            ("_+1x3", "_+1x3"),
            ("1m", "1m"),
            ("1e", "1e"),
            ("1.2.3", "1.2.3"),
            ("Stale", "Stale"),
            ("1+Infx3", "1+Infx3"),
            ("1 é", "é"),
            ("{count:1}", "{count:1}"),
        ] {
            let span = mistake(values).unwrap_or_else(|| panic!("{values}"));
            assert_eq!(&values[span], wrong);
        }
    }
}
