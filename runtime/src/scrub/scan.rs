//! The one pass over a text: from one byte that could begin something to the next.

use super::{
    Kind, account,
    byte::{before, byte, encoded, run, word_end},
    card, credential, email,
    kind::Match,
    number::Number,
    pair, phone, url,
};

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
        return digits(bytes, start).or_else(|| credential::secret_key(bytes, start, end));
    }
    account::find(bytes, start, end)
        .or_else(|| credential::find(bytes, start, end))
        .or_else(|| credential::secret_key(bytes, start, end))
}

/// The number that begins with the digit at `start`, which no word is before.
fn digits(bytes: &[u8], start: usize) -> Option<Match> {
    let is_fraction =
        matches!(before(bytes, start), b'.' | b',') && before(bytes, start - 1).is_ascii_digit();
    if is_fraction {
        return None;
    }
    let number = Number::read(bytes, start)?;
    if number.groups().last()?.total < FEWEST_DIGITS {
        return None;
    }
    match card::find(&number) {
        Some(end) => Some(Match::new(start, end, Kind::Card)),
        None => phone::local(bytes, start, &number),
    }
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
                b'+' => phone::international(bytes, at, length),
                b'(' => phone::bracketed(bytes, at, length),
                _ => None,
            }
        }
        b':' if bytes.get(at + 1..at + 3) == Some(b"//") => url::user(bytes, at),
        b':' | b'=' => pair::find(bytes, kept, at, 1),
        b'>' => pair::tag(bytes, kept, at),
        b',' => pair::tuple(bytes, kept, at),
        b'+' => phone::international(bytes, at, 1),
        b'(' => phone::bracketed(bytes, at, 1),
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

/// Whatever has fewer is no number of anybody's.
const FEWEST_DIGITS: usize = 7;

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
