//! Where the value beside a name ends.

use super::{
    Kind,
    field::{Form, Named},
    scan::{Match, before, byte, run},
};

/// The value at `start`. `spaced` says that a blank is before it, as in sentences.
pub(super) fn find(bytes: &[u8], start: usize, named: Named, spaced: bool) -> Option<Match> {
    // `b"..."` is how `Debug` shows bytes in some crates.
    let is_bytes = byte(bytes, start) == b'b' && byte(bytes, start + 1) == b'"';
    let start = if is_bytes { start + 1 } else { start };
    if let Some(content) = quote(bytes, start) {
        let (end, _) = quoted(bytes, content);
        let text = bytes.get(content.start..end)?;
        // A parser that shows what it has met.
        if named.form == Form::Spoken && !text.iter().any(u8::is_ascii_alphanumeric) {
            return None;
        }
        return whole(bytes, content.start, end, named.kind);
    }
    if let Some(end) = nested(bytes, start).filter(|end| is_over(bytes, *end)) {
        let shown = bytes.get(start..end)?;
        return shown
            .iter()
            .any(|byte| matches!(byte, b'"' | b'0'..=b'9') || byte.is_ascii_alphabetic())
            .then(|| whole(bytes, start, end, named.kind))
            .flatten();
    }
    let end = match named.form {
        Form::Known => return None,
        Form::Any | Form::Spoken => bare(bytes, start),
        Form::Authorization => authorization(bytes, start),
        Form::Cookie => cookie(bytes, start),
        Form::Digits => digits(bytes, start)?,
        Form::Words => words(bytes, start, spaced),
    };
    let can_be_word = matches!(
        named.form,
        Form::Spoken | Form::Authorization | Form::Cookie
    );
    let text = bytes.get(start..end)?;
    if can_be_word && spaced && is_spoken(text) {
        return None;
    }
    whole(bytes, start, end, named.kind)
}

/// The value from `start` to `end`, unless it says nothing.
pub(super) fn whole(bytes: &[u8], start: usize, end: usize, kind: Kind) -> Option<Match> {
    const NOTHING: [&[u8]; 9] = [
        b"",
        b"None",
        b"null",
        b"nil",
        b"undefined",
        b"true",
        b"false",
        b"Some",
        b"none",
    ];
    let text = bytes.get(start..end)?;
    let says_nothing = NOTHING.contains(&text)
        || Kind::is_mark(text)
        || text
            .iter()
            .all(|byte| matches!(byte, b'*' | b'.' | b'<' | b'>') || byte.is_ascii_whitespace());
    (!says_nothing).then(|| Match::new(start, end, kind))
}

/// A word of a sentence: in lower case, and with nothing else than an end of it.
fn is_spoken(text: &[u8]) -> bool {
    let word = text.trim_ascii_end();
    let word = word.strip_suffix(b".").unwrap_or(word);
    word.len() <= 20 && word.iter().all(u8::is_ascii_lowercase)
        || !text.iter().any(u8::is_ascii_alphanumeric)
}

/// What is between quotes that `backslashes` are before.
#[derive(Clone, Copy)]
struct Content {
    start: usize,
    sign: u8,
    backslashes: usize,
}

fn quote(bytes: &[u8], start: usize) -> Option<Content> {
    let at = run(bytes, start, |byte| byte == b'\\');
    let sign = byte(bytes, at);
    matches!(sign, b'"' | b'\'' | b'`').then_some(Content {
        start: at + 1,
        sign,
        backslashes: at - start,
    })
}

/// Where the content ends, and where its closing quote does.
///
/// Text that was quoted `n` times over has `2^n - 1` backslashes before each quote, and more before the quotes within.
fn quoted(bytes: &[u8], content: Content) -> (usize, usize) {
    let step = 2 * (content.backslashes + 1);
    let mut at = content.start;
    loop {
        let slashes = run(bytes, at, |byte| byte != b'\\' && byte != content.sign);
        let quote = run(bytes, slashes, |byte| byte == b'\\');
        if quote >= bytes.len() {
            return (bytes.len(), bytes.len());
        }
        let count = quote - slashes;
        let closes = count < content.backslashes || count % step == content.backslashes;
        if byte(bytes, quote) == content.sign && closes {
            let end = quote - content.backslashes.min(count);
            return (end, quote + 1);
        }
        at = quote + 1;
    }
}

/// How far the end of what is nested is looked for.
const LONGEST_NESTED: usize = 8 * 1024;

/// Where `Some("…")`, `Secret { … }`, `[…]` and the like end, quotes within them heeded.
fn nested(bytes: &[u8], start: usize) -> Option<usize> {
    let name = run(bytes, start, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')
    });
    let open = if name > start && byte(bytes, name) == b' ' && byte(bytes, name + 1) == b'{' {
        name + 1
    } else {
        name
    };
    if !matches!(byte(bytes, open), b'(' | b'[' | b'{') {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = open;
    while at < bytes.len().min(open + LONGEST_NESTED) {
        match byte(bytes, at) {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'"' | b'\\' => {
                if let Some(content) = quote(bytes, at) {
                    at = quoted(bytes, content).1;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Whether a value can end at `at`.
fn is_over(bytes: &[u8], at: usize) -> bool {
    let next = byte(bytes, at);
    next == 0
        || next.is_ascii_whitespace()
        || matches!(next, b'"' | b'\'' | b'`' | b'\\' | b'<')
        || (matches!(next, b',' | b';' | b'&' | b')' | b']' | b'}') && separates(bytes, at))
}

/// Whether the sign at `at` separates the value from what follows, and is no part of it.
fn separates(bytes: &[u8], at: usize) -> bool {
    let next = at + 1;
    let after = byte(bytes, next);
    match byte(bytes, at) {
        b')' | b']' | b'}' => {
            after == 0
                || after.is_ascii_whitespace()
                || matches!(
                    after,
                    b',' | b';' | b'.' | b')' | b']' | b'}' | b'"' | b'\'' | b'\\' | b':'
                )
        }
        _ => {
            let name = run(bytes, next, |byte| {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'_' | b'-' | b'.' | b'"' | b'\\' | b'%')
            });
            after == 0
                || after.is_ascii_whitespace()
                || (name > next && matches!(byte(bytes, name), b'=' | b':'))
        }
    }
}

/// Where a value ends that nothing quotes.
fn bare(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < bytes.len() && !is_over(bytes, end) {
        end += 1;
    }
    end
}

/// The scheme as well as what follows it; all of the line, where that has several parts.
fn authorization(bytes: &[u8], start: usize) -> usize {
    const SCHEMES: [&[u8]; 7] = [
        b"bearer",
        b"basic",
        b"token",
        b"negotiate",
        b"ntlm",
        b"apikey",
        b"key",
    ];
    let end = bare(bytes, start);
    if byte(bytes, end) != b' ' {
        return end;
    }
    let scheme = bytes.get(start..end).unwrap_or_default();
    let is_known = |known: &&[u8]| known.eq_ignore_ascii_case(scheme);
    if SCHEMES.iter().any(is_known) {
        return bare(bytes, run(bytes, end, |byte| byte == b' '));
    }
    let is_parted = scheme.eq_ignore_ascii_case(b"digest") || scheme.starts_with(b"AWS4-");
    if is_parted { line(bytes, end) } else { end }
}

fn line(bytes: &[u8], start: usize) -> usize {
    run(bytes, start, |byte| !matches!(byte, b'\n' | b'\r'))
}

/// All of the pairs that follow each other.
fn cookie(bytes: &[u8], start: usize) -> usize {
    let mut end = run(bytes, start, is_of_cookie);
    while byte(bytes, end) == b';' {
        let next = run(bytes, end + 1, |byte| byte == b' ');
        let after = run(bytes, next, is_of_cookie);
        if after == next {
            break;
        }
        end = after;
    }
    end
}

const fn is_of_cookie(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, b';' | b'"' | b'\'' | b'\\' | 0)
}

/// Digits and letters in groups, as numbers of cards, accounts and telephones are written. Nothing, if it has no digits to speak of.
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = run(bytes, start, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'(' | b')' | b'-' | b'.' | b'/')
    });
    loop {
        let next = end + 1;
        let group = run(bytes, next, |byte| {
            byte.is_ascii_digit() || matches!(byte, b'(' | b')' | b'-' | b'/')
        });
        let is_group = byte(bytes, end) == b' '
            && group > next
            && !byte(bytes, group).is_ascii_alphabetic()
            && !matches!(byte(bytes, group), b'=' | b':');
        if !is_group {
            break;
        }
        end = group;
    }
    while end > start && matches!(before(bytes, end), b'.' | b'-' | b')') {
        end -= 1;
    }
    let text = bytes.get(start..end)?;
    let count = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    (count >= 4).then_some(end)
}

/// A word, and those that follow it where a blank is before the first.
fn words(bytes: &[u8], start: usize, spaced: bool) -> usize {
    if spaced {
        run(bytes, start, |byte| {
            !matches!(
                byte,
                b',' | b';' | b'\n' | b'\r' | b'"' | b'\'' | b'}' | b')' | b']' | b'&' | b'|'
            )
        })
    } else {
        bare(bytes, start)
    }
}
