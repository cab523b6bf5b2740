//! The one pass over a text: from one byte that could begin something to the next.

use super::{Kind, account, credential, email, number, pair, url};

/// A part of a text that is taken out, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

impl Match {
    pub(super) const fn new(start: usize, end: usize, kind: Kind) -> Self {
        Self { start, end, kind }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    /// A letter or digit of ASCII: a word is as many as follow each other.
    Word,
    /// Something of interest can be at either side.
    Sign,
}

/// Looked up instead of compared, for nearly all of a text is nothing.
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = u8::MIN;
    loop {
        classes[byte as usize] = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Class::Word,
            b'@' | b'%' | b':' | b'=' | b'+' | b'(' | b'-' | b'>' | b',' | b'\\' => Class::Sign,
            _ => Class::Other,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

/// The first thing to be taken out from `at` on. What was taken out before ends at `kept`.
pub(super) fn find(bytes: &[u8], kept: usize, mut at: usize) -> Option<Match> {
    while let Some(&byte) = bytes.get(at) {
        let found = match CLASSES[usize::from(byte)] {
            Class::Other => {
                at += 1;
                continue;
            }
            Class::Word => {
                let start = at;
                at = word_end(bytes, start);
                if at - start == 8 && is_uuid(bytes, start) {
                    at = start + UUID;
                    continue;
                }
                word(bytes, start, at)
            }
            Class::Sign => {
                let start = at;
                at += length(bytes, start);
                sign(bytes, kept, start)
            }
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// What begins with the word from `start` to `end`.
fn word(bytes: &[u8], start: usize, end: usize) -> Option<Match> {
    if byte(bytes, start).is_ascii_digit() {
        return number::local(bytes, start).or_else(|| credential::secret_key(bytes, start, end));
    }
    account::find(bytes, start, end)
        .or_else(|| credential::find(bytes, start, end))
        .or_else(|| credential::secret_key(bytes, start, end))
}

/// What is at either side of the sign at `at`.
fn sign(bytes: &[u8], kept: usize, at: usize) -> Option<Match> {
    match byte(bytes, at) {
        b'@' => email::find(bytes, kept, at, 1),
        b'%' => {
            let (byte, length) = encoded(bytes, at)?;
            match byte {
                b'@' => email::find(bytes, kept, at, length),
                b'=' => pair::find(bytes, kept, at, length),
                b':' => {
                    url::encoded_user(bytes, at).or_else(|| pair::find(bytes, kept, at, length))
                }
                b'+' => number::international(bytes, at, length),
                b'(' => number::bracketed(bytes, at, length),
                _ => None,
            }
        }
        b':' if bytes.get(at + 1..at + 3) == Some(b"//") => url::user(bytes, at),
        b':' | b'=' => pair::find(bytes, kept, at, 1),
        b'>' => pair::tag(bytes, kept, at),
        b',' => pair::tuple(bytes, kept, at),
        b'+' => number::international(bytes, at, 1),
        b'(' => number::bracketed(bytes, at, 1),
        b'-' if byte(bytes, at + 1) == b'-' => {
            pair::flag(bytes, at).or_else(|| credential::private_key(bytes, at))
        }
        _ => None,
    }
}

/// How many bytes belong to the sign at `at`: what stands for something else is no part of a word.
fn length(bytes: &[u8], at: usize) -> usize {
    if byte(bytes, at) == b'\\' {
        let end = run(bytes, at, |byte| byte == b'\\');
        let is_escape = matches!(byte(bytes, end), b'n' | b'r' | b't');
        return end + usize::from(is_escape) - at;
    }
    encoded(bytes, at).map_or(1, |(_, length)| length)
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

/// How long a UUID is.
const UUID: usize = 36;

/// Whether a UUID begins at `start`. Its groups of digits are nothing by themselves.
fn is_uuid(bytes: &[u8], start: usize) -> bool {
    let Some(text) = bytes.get(start..start + UUID) else {
        return false;
    };
    let fits = |(index, byte): (usize, &u8)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.iter().enumerate().all(fits) && !byte(bytes, start + UUID).is_ascii_alphanumeric()
}

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
