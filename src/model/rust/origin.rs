//! From the positions in a source's code to those in its text.

use std::ops::Range;

/// The text and how much of its beginning is not Rust: a byte order mark, a `#!` line.
pub(super) struct Origin<'a> {
    pub(super) text: &'a str,
    skipped: usize,
}

impl<'a> Origin<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mark = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Self {
            text,
            skipped: mark + shebang(&text[mark..]),
        }
    }

    pub(super) fn code(&self) -> &'a str {
        &self.text[self.skipped..]
    }

    /// The bytes of the text at `range` of the code.
    pub(super) fn span(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(range.start + self.skipped);
        start
            ..self
                .text
                .ceil_char_boundary((range.end + self.skipped).max(start))
    }
}

/// The length of a `#!` line; `#![…]` is an attribute.
fn shebang(code: &str) -> usize {
    match code.strip_prefix("#!") {
        Some(rest) if !rest.trim_start().starts_with('[') => code.find('\n').unwrap_or(code.len()),
        _ => 0,
    }
}
