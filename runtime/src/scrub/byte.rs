//! Reads the bytes of a text: one, as many as are alike, and what is written in place of one.

/// The byte at `at`, or zero where there is none.
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The byte before `at`, or zero where there is none.
pub(super) fn before(bytes: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |at| byte(bytes, at))
}

/// Where the word ends that `start` is in.
pub(super) fn word_end(bytes: &[u8], start: usize) -> usize {
    run(bytes, start, |byte| byte.is_ascii_alphanumeric())
}

/// Where the bytes end that `fits` from `start` on.
pub(super) fn run(bytes: &[u8], start: usize, fits: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| fits(**byte)).count()
}

/// Where the bytes begin that `fits` up to `end`, of which no more than `most` are looked at, nor any before `floor`.
pub(super) fn run_back(
    bytes: &[u8],
    (floor, end): (usize, usize),
    most: usize,
    fits: impl Fn(u8) -> bool,
) -> usize {
    let floor = floor.max(end.saturating_sub(most));
    let rest = bytes.get(floor..end).unwrap_or_default();
    end - rest.iter().rev().take_while(|byte| fits(**byte)).count()
}

/// The byte that is written as `%` and two digits at `at`, as in URLs, and how many bytes that takes. A `%` may be written so itself.
pub(super) fn encoded(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    /// Nobody writes it so more often.
    const DEEPEST: usize = 3;
    let digit = |at: usize| char::from(byte(bytes, at)).to_digit(16);
    let decoded = |at: usize| u8::try_from(digit(at)? * 16 + digit(at + 1)?).ok();
    if byte(bytes, at) != b'%' {
        return None;
    }
    let mut digits = at + 1;
    for _ in 0..DEEPEST {
        if decoded(digits)? != b'%' || decoded(digits + 2).is_none() {
            break;
        }
        digits += 2;
    }
    Some((decoded(digits)?, digits + 2 - at))
}

/// How many bytes a blank takes at `at`, if there is one: itself, or as URLs and forms write it.
pub(super) fn blank(bytes: &[u8], at: usize) -> Option<usize> {
    match byte(bytes, at) {
        b' ' | b'+' => Some(1),
        b'%' => encoded(bytes, at)
            .filter(|(byte, _)| *byte == b' ')
            .map(|(_, length)| length),
        _ => None,
    }
}

/// Whether a word goes on from before `at`. The letter of an escape and the digits of an encoded byte are none.
pub(super) fn continues(bytes: &[u8], at: usize) -> bool {
    let previous = before(bytes, at);
    let is_escape = matches!(previous, b'n' | b'r' | b't')
        && at.checked_sub(2).is_some_and(|at| byte(bytes, at) == b'\\');
    let is_encoded = at.checked_sub(3).is_some_and(|at| byte(bytes, at) == b'%');
    previous.is_ascii_alphanumeric() && !is_escape && !is_encoded
}
