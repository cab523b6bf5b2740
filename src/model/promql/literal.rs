//! Numbers, durations and strings of PromQL.

use super::token::Kind;
use crate::model::source::Issue;

/// The units of a duration with their milliseconds, in the order they must be written.
const UNITS: &[(&str, i64)] = &[
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// How many bytes at the start of `rest`, which starts with a digit or a dot, belong to a number.
pub(super) fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut length = 0;
    while let Some(&byte) = bytes.get(length) {
        let exponent_sign = matches!(byte, b'+' | b'-')
            && !hex
            && length > 0
            && matches!(bytes[length - 1], b'e' | b'E')
            && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || exponent_sign) {
            break;
        }
        length += 1;
    }
    length
}

/// The value of a number or a duration.
pub(super) fn number(text: &str) -> Option<Kind> {
    decimal(text)
        .or_else(|| integer(text))
        .map(Kind::Number)
        .or_else(|| duration(text).map(Kind::Duration))
}

fn decimal(text: &str) -> Option<f64> {
    let shape = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-' | b'_'));
    if !shape || !underscores_separate_digits(text) {
        return None;
    }
    let octal =
        text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if octal {
        return integer(&format!("0o{text}"));
    }
    text.replace('_', "").parse().ok()
}

fn integer(text: &str) -> Option<f64> {
    let (radix, digits) = match text.get(..2)? {
        "0x" | "0X" => (16, &text[2..]),
        "0o" => (8, &text[2..]),
        _ => return None,
    };
    let digits = digits.strip_prefix('_').unwrap_or(digits);
    if !underscores_separate_digits(digits) {
        return None;
    }
    let mut value = 0.0;
    for digit in digits.chars().filter(|c| *c != '_') {
        value = value * f64::from(radix) + f64::from(digit.to_digit(radix)?);
    }
    (!digits.is_empty()).then_some(value)
}

fn underscores_separate_digits(text: &str) -> bool {
    text.split('_').count() == 1
        || text.split('_').all(|part| {
            part.starts_with(|c: char| c.is_ascii_hexdigit())
                && part.ends_with(|c: char| c.is_ascii_hexdigit())
        })
}

/// The milliseconds of a duration such as `1h30m`.
pub(super) fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut units = UNITS;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let place = units
            .iter()
            .position(|(unit, _)| *unit == &rest[..letters])?;
        total = total.checked_add(count.checked_mul(units[place].1)?)?;
        units = &units[place + 1..];
        rest = &rest[letters..];
    }
    Some(total)
}

/// The decoded string that starts with the quote at `at`, and where it ends.
pub(super) fn string(text: &str, at: usize) -> Result<(String, usize), Issue> {
    let mut decoded = Vec::new();
    let mut rest = text[at..].chars();
    let quote = rest.next();
    loop {
        let here = text.len() - rest.as_str().len();
        let Some(c) = rest.next() else {
            return Err(unterminated(at));
        };
        if Some(c) == quote {
            let end = here + c.len_utf8();
            return Ok((String::from_utf8_lossy(&decoded).into_owned(), end));
        }
        match c {
            '\n' if quote != Some('`') => return Err(unterminated(at)),
            '\\' if quote != Some('`') => {
                let length = escape(rest.as_str(), quote, &mut decoded)
                    .ok_or_else(|| bad_escape(rest.as_str(), here))?;
                rest = rest.as_str()[length..].chars();
            }
            _ => decoded.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn unterminated(at: usize) -> Issue {
    Issue {
        message: "string is never closed".to_owned(),
        span: at..at + 1,
        hint: None,
    }
}

fn bad_escape(after: &str, at: usize) -> Issue {
    let found = after.chars().next().map_or(String::new(), String::from);
    let hint = format!("write `\\\\{found}` for a backslash, or quote with backticks");
    Issue {
        message: format!("unknown escape sequence `\\{}`", found.escape_debug()),
        span: at..at + 1 + found.len(),
        hint: Some(hint),
    }
}

/// Decodes what follows a backslash; answers how many bytes of `rest` that is.
fn escape(rest: &str, quote: Option<char>, decoded: &mut Vec<u8>) -> Option<usize> {
    let first = rest.chars().next()?;
    let plain = match first {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        c if Some(c) == quote => u8::try_from(c).ok()?,
        'x' => return byte(rest.get(1..3)?, 16, decoded).map(|()| 3),
        '0'..='7' => return byte(rest.get(..3)?, 8, decoded).map(|()| 3),
        'u' => return scalar(rest.get(1..5)?, decoded).map(|()| 5),
        'U' => return scalar(rest.get(1..9)?, decoded).map(|()| 9),
        _ => return None,
    };
    decoded.push(plain);
    Some(1)
}

fn byte(digits: &str, radix: u32, decoded: &mut Vec<u8>) -> Option<()> {
    let shape = digits.chars().all(|c| c.is_digit(radix));
    let value = u8::from_str_radix(digits, radix).ok().filter(|_| shape)?;
    decoded.push(value);
    Some(())
}

fn scalar(digits: &str, decoded: &mut Vec<u8>) -> Option<()> {
    let shape = digits.chars().all(|c| c.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| shape)?;
    let c = char::from_u32(value)?;
    decoded.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

/// A duration in the unit of numbers.
#[expect(clippy::cast_precision_loss, reason = "no duration needs 53 bits")]
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
