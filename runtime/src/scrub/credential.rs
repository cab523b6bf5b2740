//! Credentials and keys that are known by their form.

use super::{
    Kind,
    scan::{Match, before, blank, byte, continues, encoded, run},
};

/// How keys of known forms begin, and how many characters follow at least.
const KEYS: [(&[u8], usize); 32] = [
    (b"AKIA", 16),
    (b"ASIA", 16),
    (b"ABIA", 16),
    (b"ACCA", 16),
    (b"AGPA", 16),
    (b"AIDA", 16),
    (b"AROA", 16),
    (b"ANPA", 16),
    (b"AIza", 35),
    (b"ya29.", 20),
    (b"ghp_", 30),
    (b"gho_", 30),
    (b"ghu_", 30),
    (b"ghs_", 30),
    (b"ghr_", 30),
    (b"github_pat_", 30),
    (b"glpat-", 20),
    (b"xoxb-", 10),
    (b"xoxp-", 10),
    (b"xoxa-", 10),
    (b"xoxr-", 10),
    (b"xoxs-", 10),
    (b"xapp-", 10),
    (b"sk_live_", 16),
    (b"sk_test_", 16),
    (b"rk_live_", 16),
    (b"rk_test_", 16),
    (b"npm_", 30),
    (b"hvs.", 20),
    (b"SG.", 30),
    (b"pypi-", 30),
    (b"dop_v1_", 32),
];

/// No key is as short.
const SHORTEST: usize = 14;

/// What begins with the word from `start` to `end`.
pub(super) fn find(bytes: &[u8], start: usize, end: usize) -> Option<Match> {
    match byte(bytes, start) {
        b'B' | b'b' => scheme(bytes, start, end),
        b'e' if bytes.get(start..start + 3) == Some(b"eyJ") => json_web_token(bytes, start),
        b'A' | b'S' | b'd' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b'x' | b'y' => {
            key(bytes, start)
        }
        _ => None,
    }
}

const fn is_base64_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Two parts at least; a third, the signature, may be empty, and the five of an encrypted one are taken as well.
fn json_web_token(bytes: &[u8], start: usize) -> Option<Match> {
    let mut end = run(bytes, start, is_base64_url);
    let mut parts = 1;
    while parts < 5 && byte(bytes, end) == b'.' {
        let next = run(bytes, end + 1, is_base64_url);
        if parts == 1 && next < end + 5 {
            break;
        }
        end = next;
        parts += 1;
    }
    (parts > 1 && end > start + 12).then(|| Match::new(start, end, Kind::Jwt))
}

fn key(bytes: &[u8], start: usize) -> Option<Match> {
    let rest = bytes.get(start..)?;
    let ([first, second, ..], true) = (rest, rest.len() > SHORTEST) else {
        return None;
    };
    // Words of the world are told from keys by their second letter.
    let begins = |(beginning, _): &&(&[u8], usize)| {
        matches!(beginning, [one, two, ..] if one == first && two == second)
            && rest.starts_with(beginning)
    };
    let (beginning, least) = KEYS.iter().find(begins)?;
    let after = start + beginning.len();
    let end = run(bytes, after, |byte| is_base64_url(byte) || byte == b'.');
    (end - after >= *least).then(|| Match::new(start, end, Kind::Key))
}

/// `Bearer` and `Basic`, with blanks or their encoding and then something that is no word of a sentence.
fn scheme(bytes: &[u8], start: usize, end: usize) -> Option<Match> {
    let word = bytes.get(start..end)?;
    let is_bearer = word.eq_ignore_ascii_case(b"bearer");
    if !is_bearer && !word.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let mut value = end + blank(bytes, end)?;
    while let Some(length) = blank(bytes, value) {
        value += length;
    }
    let end = run(bytes, value, |byte| {
        is_base64(byte) || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'=')
    });
    let text = bytes.get(value..end)?;
    let is_value = if is_bearer {
        looks_random(text)
    } else {
        holds_user(text)
    };
    is_value.then(|| Match::new(value, end, Kind::Credentials))
}

/// Whether `text` is long enough, and no word.
fn looks_random(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let word = text.strip_suffix(b".").unwrap_or(text);
    let inner = word.get(1..).unwrap_or_default();
    word.len() >= 6
        && (word.len() >= 24
            || word.iter().any(u8::is_ascii_digit)
            || inner.iter().any(u8::is_ascii_uppercase)
            || word
                .iter()
                .any(|byte| matches!(byte, b'_' | b'~' | b'+' | b'/' | b'=')))
}

/// Whether `text` is base64 of a user, a colon and a password.
fn holds_user(text: &[u8]) -> bool {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut colon = false;
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            let decoded = bits >> count & 0xff;
            if decoded < 0x20 {
                return false;
            }
            colon |= decoded == u32::from(b':');
        }
    }
    colon
}

/// How long the secret keys of AWS are.
const SECRET_KEY: usize = 40;

/// How often the kind of character changes in one at least. At random it is some 25 times of 39; in a path, at the ends of words.
const CHANGES: usize = 14;

/// A secret key of AWS with the word from `start` to `end`: 40 characters of base64 by themselves, and no hash.
pub(super) fn secret_key(bytes: &[u8], start: usize, end: usize) -> Option<Match> {
    let follows = !continues(bytes, start) && !matches!(before(bytes, start), b'_' | b'-' | b'.');
    match before(bytes, start) {
        // It is the first character, or separates the key from others.
        b'/' | b'+' if !is_base64(before(bytes, start - 1)) => {
            forty(bytes, start - 1, end).or_else(|| forty(bytes, start, end))
        }
        _ if follows => forty(bytes, start, end),
        _ => None,
    }
}

fn forty(bytes: &[u8], start: usize, word_end: usize) -> Option<Match> {
    let last = start + SECRET_KEY - 1;
    let has_length = is_base64(byte(bytes, last)) && !is_base64(byte(bytes, last + 1));
    if !has_length && byte(bytes, word_end) != b'%' {
        return None;
    }
    let mut text = [0; SECRET_KEY];
    let end = collect(bytes, start, &mut text)?;
    (!is_base64(byte(bytes, end)) && is_mixed(&text)).then(|| Match::new(start, end, Kind::Key))
}

/// Fills `text` with base64 from `start` on, of which `/` and `+` may be encoded. Says where that ends.
fn collect(bytes: &[u8], start: usize, text: &mut [u8]) -> Option<usize> {
    let mut at = start;
    for place in text {
        let (byte, length) = encoded(bytes, at).unwrap_or((byte(bytes, at), 1));
        if !is_base64(byte) {
            return None;
        }
        *place = byte;
        at += length;
    }
    Some(at)
}

/// Whether capitals, small letters and the rest alternate as they do at random.
fn is_mixed(text: &[u8]) -> bool {
    let class = |byte: &u8| match byte {
        b'a'..=b'z' => 0_u8,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let changes = text
        .windows(2)
        .filter(|pair| matches!(pair, [left, right] if class(left) != class(right)))
        .count();
    let has = |wanted: u8| text.iter().any(|byte| class(byte) == wanted);
    has(0) && has(1) && changes >= CHANGES
}

/// A private key in PEM, which begins with the hyphens at `at`; all of the rest, if its end is missing.
pub(super) fn private_key(bytes: &[u8], at: usize) -> Option<Match> {
    /// No label of a key is longer.
    const LABEL: usize = 64;
    let rest = bytes.get(at..)?;
    let label = rest.strip_prefix(b"-----BEGIN ")?;
    let label = label.get(..LABEL.min(label.len()))?;
    let length = label.windows(5).position(|window| window == b"-----")?;
    let label = label.get(..length)?;
    let is_private = label.windows(11).any(|window| window == b"PRIVATE KEY");
    if !is_private {
        return None;
    }
    let end = rest.windows(9).position(|window| window == b"-----END ");
    let length = match end {
        Some(end) => {
            let close = end + 9;
            let tail = rest.get(close..)?;
            let tail = tail.get(..LABEL.min(tail.len()))?;
            let dashes = tail.windows(5).position(|window| window == b"-----");
            dashes.map_or(close, |dashes| close + dashes + 5)
        }
        None => rest.len(),
    };
    Some(Match::new(at, at + length, Kind::Key))
}
