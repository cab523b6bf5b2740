//! What a plain scalar means, by the core schema of YAML 1.2.

use crate::model::node::{Text, Value};

/// The value of a plain scalar without a tag.
pub(super) fn resolve(text: Text) -> Value {
    match text.decoded.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        plain if is_number(plain) => Value::Number(text.decoded),
        _ => Value::Text(text),
    }
}

fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, u8::is_ascii_hexdigit);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| (b'0'..=b'7').contains(byte));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    is_decimal(unsigned)
        || matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_one = exponent.is_none_or(|exponent| {
        all(
            exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
            u8::is_ascii_digit,
        )
    });
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_is_one
}

fn all(text: &str, accepted: impl Fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.as_bytes().iter().all(accepted)
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::model::node::{Text, Value};

    #[track_caller]
    fn check(plain: &str, expected: &Value) {
        assert_eq!(&resolve(Text::verbatim(plain, 0)), expected, "{plain}");
    }

    #[test]
    fn nothing_and_its_spellings_are_null() {
        for plain in ["", "~", "null", "Null", "NULL"] {
            check(plain, &Value::Null);
        }
    }

    #[test]
    fn only_true_and_false_are_booleans() {
        check("true", &Value::Bool(true));
        check("FALSE", &Value::Bool(false));
        for plain in ["yes", "no", "on", "off", "y", "n", "tRUE"] {
            check(plain, &Value::Text(Text::verbatim(plain, 0)));
        }
    }

    #[test]
    fn numbers_are_kept_as_written() {
        for plain in [
            "0", "-1", "+12", "007", "0x1F", "0o17", "1.5", ".5", "1.", "1e3", "1.5E-3", ".inf",
            "-.Inf", ".nan",
        ] {
            check(plain, &Value::Number(plain.to_owned()));
        }
    }

    #[test]
    fn what_only_begins_like_a_number_is_text() {
        for plain in [
            "5m",
            "1h30m",
            "1_000",
            "0x",
            "0xg",
            "0o8",
            ".",
            "-",
            "+",
            "1e",
            "e3",
            "1.2.3",
            "--1",
            "-.nan",
            "inf",
            "2026-01-01",
            "12:30",
            "1 2",
        ] {
            check(plain, &Value::Text(Text::verbatim(plain, 0)));
        }
    }
}
