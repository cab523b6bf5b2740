//! E-mail addresses.

use super::{
    Kind,
    scan::{Match, before, byte, encoded, run, run_back},
};

/// The longest part before the `@` that RFC 5321 allows.
const LONGEST_LOCAL: usize = 64;

/// The address around the sign of `sign` bytes at `at`.
pub(super) fn find(bytes: &[u8], kept: usize, at: usize, sign: usize) -> Option<Match> {
    let start = local(bytes, kept, at)?;
    let domain = at + sign;
    let end = literal(bytes, domain).or_else(|| name(bytes, domain))?;
    Some(Match::new(start, end, Kind::Email))
}

/// Where the part before the `@` begins.
fn local(bytes: &[u8], kept: usize, at: usize) -> Option<usize> {
    if before(bytes, at) == b'"' {
        let quote = run_back(bytes, (kept, at - 1), LONGEST_LOCAL, |byte| byte != b'"');
        return (before(bytes, quote) == b'"' && quote > kept).then(|| quote - 1);
    }
    let mut start = run_back(bytes, (kept, at), LONGEST_LOCAL, is_local);
    let is_escape = before(bytes, start) == b'\\' && start > kept && start + 1 < at;
    start += usize::from(is_escape);
    // What is quoted or listed begins with such a sign; an address does not.
    while start < at && matches!(byte(bytes, start), b'.' | b'\'' | b'-' | b'*' | b'%') {
        start += 1;
    }
    (start < at).then_some(start)
}

/// Less than RFC 5322 allows: signs that separate things elsewhere are taken for that.
const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(
            byte,
            b'.' | b'_' | b'+' | b'-' | b'\'' | b'~' | b'#' | b'$' | b'*' | b'%' | b'!'
        )
}

/// Where an address in brackets ends.
fn literal(bytes: &[u8], start: usize) -> Option<usize> {
    if byte(bytes, start) != b'[' {
        return None;
    }
    let end = run(bytes, start + 1, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':')
    });
    (byte(bytes, end) == b']' && end > start + 3).then_some(end + 1)
}

/// Where a domain of two labels or more ends, the last of them a word.
fn name(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = label_end(bytes, start);
    let mut found = None;
    while byte(bytes, end) == b'.' && end > start {
        let label = end + 1;
        end = label_end(bytes, label);
        if end == label {
            break;
        }
        let text = bytes.get(label..end).unwrap_or_default();
        let is_word = text
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
        let is_encoded = text.starts_with(b"xn--");
        found = (text.len() >= 2 && (is_word || is_encoded)).then_some(end);
    }
    found
}

/// Where a label ends. Letters that are not of ASCII may be encoded.
fn label_end(bytes: &[u8], start: usize) -> usize {
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80;
    let mut end = run(bytes, start, is_label);
    while let Some((_, length)) = encoded(bytes, end).filter(|(byte, _)| *byte >= 0x80) {
        end = run(bytes, end + length, is_label);
    }
    end
}
