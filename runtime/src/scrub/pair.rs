//! Names with values beside them, in all the forms in which text has those.

use super::{
    Kind,
    field::{self, Form, Named},
    scan::{Match, before, byte, run, run_back},
    value,
};

/// The longest name that is looked back for.
const LONGEST: usize = 64;

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// What separates the parts of what `Debug` shows, also where that is quoted itself.
const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// The name that ends before `end`, less the quotes and blanks around it.
fn name_before(bytes: &[u8], kept: usize, end: usize) -> (usize, usize) {
    let end = run_back(bytes, (kept, end), 8, |byte| {
        matches!(
            byte,
            b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\' | b']' | b':'
        )
    });
    let start = run_back(bytes, (kept, end), LONGEST, is_name);
    // The letter of an escape is no part of the name after it.
    let is_escape = before(bytes, start) == b'\\'
        && matches!(byte(bytes, start), b'n' | b'r' | b't')
        && start + 1 < end
        && start > kept;
    (start + usize::from(is_escape), end)
}

/// The value of the pair whose sign, a `:` or `=` of `length` bytes, is at `at`.
pub(super) fn find(bytes: &[u8], kept: usize, at: usize, length: usize) -> Option<Match> {
    let after = at + length;
    // Neither paths nor comparisons are pairs.
    let is_other = matches!(byte(bytes, after), b':' | b'=' | b'~')
        || matches!(before(bytes, at), b'!' | b'<' | b'>' | b'=')
        || (byte(bytes, at) == b':' && before(bytes, at) == b':');
    if is_other {
        return None;
    }
    let (start, end) = name_before(bytes, kept, at);
    if start == end {
        return None;
    }
    let name = bytes.get(start..end)?;
    let in_query = matches!(before(bytes, start), b'?' | b'&');
    let named = field::named(name).or_else(|| query(name).filter(|_| in_query))?;
    let after = if byte(bytes, after) == b'>' {
        after + 1
    } else {
        after
    };
    let value = run(bytes, after, |byte| matches!(byte, b' ' | b'\t'));
    let spaced = value > after;
    value::find(bytes, value, named, spaced)
}

/// What signs or grants a request in its query, though elsewhere the name says nothing.
fn query(name: &[u8]) -> Option<Named> {
    const NAMES: [&[u8]; 7] = [
        b"key",
        b"code",
        b"sig",
        b"signature",
        b"x-amz-signature",
        b"x-amz-credential",
        b"state",
    ];
    let known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
    known.then_some(Named {
        kind: Kind::Secret,
        form: Form::Spoken,
    })
}

/// The text of the XML element whose opening tag ends at `at`.
pub(super) fn tag(bytes: &[u8], kept: usize, at: usize) -> Option<Match> {
    let start = run_back(bytes, (kept, at), LONGEST, is_name);
    if start == at || !matches!(before(bytes, start), b'<' | b':') {
        return None;
    }
    let named = field::named(bytes.get(start..at)?)?;
    let end = run(bytes, at + 1, |byte| byte != b'<');
    value::whole(bytes, at + 1, end, named.kind).filter(|_| byte(bytes, end + 1) == b'/')
}

/// The second of a pair of texts, as `Debug` shows it: `("password", "hunter2")`.
pub(super) fn tuple(bytes: &[u8], kept: usize, at: usize) -> Option<Match> {
    if before(bytes, at) != b'"' {
        return None;
    }
    let (start, end) = name_before(bytes, kept, at);
    let quote = run_back(bytes, (kept, start), 9, |byte| matches!(byte, b'\\' | b'"'));
    let open = run_back(bytes, (kept, quote), LONGEST, is_space);
    if start == end || quote == start || !matches!(before(bytes, open), b'(' | b'[') {
        return None;
    }
    let named = field::named(bytes.get(start..end)?)?;
    let value = run(bytes, at + 1, is_space);
    matches!(byte(bytes, value), b'"' | b'\\' | b'S' | b'b')
        .then(|| value::find(bytes, value, named, true))
        .flatten()
}

/// The value of the flag that begins with the two hyphens at `at`, with a blank before it.
pub(super) fn flag(bytes: &[u8], at: usize) -> Option<Match> {
    if matches!(before(bytes, at), b'-') || before(bytes, at).is_ascii_alphanumeric() {
        return None;
    }
    let start = at + 2;
    let end = run(bytes, start, is_name);
    if start == end || end - start > LONGEST || byte(bytes, end) != b' ' {
        return None;
    }
    let named = field::named(bytes.get(start..end)?)?;
    let value = run(bytes, end, |byte| byte == b' ');
    if byte(bytes, value) == b'-' {
        return None;
    }
    value::find(bytes, value, named, false)
}
