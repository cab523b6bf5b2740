//! Who a URL says is asking.

use super::{
    Kind,
    scan::{Match, byte, encoded, run},
};

/// How far a `@` is looked for behind a password that should have been encoded.
const FARTHEST: usize = 1024;

/// The user and the password before the host, where `://` is at `at`.
pub(super) fn user(bytes: &[u8], at: usize) -> Option<Match> {
    let start = at + 3;
    let end = run(bytes, start, |byte| {
        !is_end(byte) && !matches!(byte, b'/' | b'?' | b'#')
    });
    let authority = bytes.get(start..end)?;
    let user = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(user) => user,
        None => unencoded(bytes, start, authority)?,
    };
    let text = bytes.get(start..start + user)?;
    (!text.is_empty() && !Kind::is_mark(text))
        .then(|| Match::new(start, start + user, Kind::Credentials))
}

const fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\')
        || byte < 0x20
}

/// A password with a `/` in it ends the authority too early: what looks like its port is no number then.
fn unencoded(bytes: &[u8], start: usize, authority: &[u8]) -> Option<usize> {
    let colon = authority.iter().position(|byte| *byte == b':')?;
    let port = authority.get(colon + 1..)?;
    if byte(authority, 0) == b'[' || port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let near = bytes.get(..bytes.len().min(start + FARTHEST))?;
    let end = run(near, start, |byte| !is_end(byte));
    bytes
        .get(start..end)?
        .iter()
        .rposition(|byte| *byte == b'@')
}

/// The same where the URL is encoded, as in the query of another, and its `:` is at `at`.
pub(super) fn encoded_user(bytes: &[u8], at: usize) -> Option<Match> {
    let is_next = |at: usize, wanted: u8| {
        let (_, length) = encoded(bytes, at).filter(|(byte, _)| *byte == wanted)?;
        Some(at + length)
    };
    let start = is_next(is_next(is_next(at, b':')?, b'/')?, b'/')?;
    let mut user = None;
    let mut next = start;
    while next < bytes.len().min(start + FARTHEST) && !is_end(byte(bytes, next)) {
        match encoded(bytes, next) {
            Some((b'/' | b'?' | b'#', _)) => break,
            Some((byte, length)) => {
                user = (byte == b'@').then_some(next).or(user);
                next += length;
            }
            None if matches!(byte(bytes, next), b'&' | b'/') => break,
            None => next += 1,
        }
    }
    let user = user.filter(|user| *user > start)?;
    let text = bytes.get(start..user)?;
    (!Kind::is_mark(text)).then(|| Match::new(start, user, Kind::Credentials))
}
