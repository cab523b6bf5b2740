//! Where the characters of plain and quoted scalars stand.
//!
//! The scalar is decoded a second time, noting the place of every piece.

use crate::model::node::{Text, TextBuilder};
use crate::model::source::Span;

/// A plain scalar that was written as `raw`, which begins at `offset` of the file.
pub(super) fn plain(raw: &str, offset: usize) -> Text {
    Decoder::new(raw, offset).decode(|_| None)
}

/// A single-quoted scalar; `raw` includes the quotes.
pub(super) fn single_quoted(raw: &str, offset: usize) -> Option<Text> {
    let inner = raw.strip_prefix('\'')?.strip_suffix('\'')?;
    let text = Decoder::new(inner, offset + 1).decode(|rest| {
        rest.starts_with("''").then(|| Escape {
            decoded: "'".to_owned(),
            length: 2,
        })
    });
    Some(text)
}

/// A double-quoted scalar; `raw` includes the quotes.
pub(super) fn double_quoted(raw: &str, offset: usize) -> Option<Text> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    Some(Decoder::new(inner, offset + 1).decode(escape))
}

/// Bytes that stand for something else.
struct Escape {
    decoded: String,
    length: usize,
}

struct Decoder<'a> {
    raw: &'a str,
    offset: usize,
    at: usize,
    builder: TextBuilder,
}

impl<'a> Decoder<'a> {
    fn new(raw: &'a str, offset: usize) -> Self {
        Self {
            raw,
            offset,
            at: 0,
            builder: TextBuilder::new(offset),
        }
    }

    fn decode(mut self, escape: impl Fn(&str) -> Option<Escape>) -> Text {
        while let Some(first) = self.rest().chars().next() {
            if matches!(first, ' ' | '\t' | '\r' | '\n') {
                self.white_space();
            } else if let Some(escape) = escape(self.rest()) {
                let span = self.span(self.at, self.at + escape.length);
                self.builder.written_as(&escape.decoded, &span);
                self.at += escape.length;
            } else if first == '\\' && self.rest()[1..].starts_with(['\r', '\n']) {
                // A backslash at the end of a line takes the line break away.
                self.at += 1;
                self.fold("");
            } else {
                let length = first.len_utf8();
                self.builder
                    .verbatim(&self.raw[self.at..self.at + length], self.offset + self.at);
                self.at += length;
            }
        }
        self.builder.finish()
    }

    fn white_space(&mut self) {
        let blanks = run(self.rest(), " \t");
        if self.rest()[blanks..].starts_with(['\r', '\n']) {
            self.at += blanks;
            self.fold(" ");
        } else {
            self.builder
                .verbatim(&self.raw[self.at..self.at + blanks], self.offset + self.at);
            self.at += blanks;
        }
    }

    /// Folds the line breaks at the cursor: a single one becomes `joint`, more become one less.
    fn fold(&mut self, joint: &str) {
        let length = run(self.rest(), " \t\r\n");
        let breaks = self.rest()[..length]
            .replace("\r\n", "\n")
            .matches(['\r', '\n'])
            .count();
        let last = self.rest()[..length]
            .rfind(['\r', '\n'])
            .map_or(length, |at| at + 1);
        let span = self.span(self.at, self.at + last);
        let decoded = if breaks == 1 {
            joint.to_owned()
        } else {
            "\n".repeat(breaks - 1)
        };
        self.builder.written_as(&decoded, &span);
        self.at += length;
    }

    fn rest(&self) -> &'a str {
        &self.raw[self.at..]
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.offset + start..self.offset + end
    }
}

fn run(text: &str, of: &str) -> usize {
    text.len() - text.trim_start_matches(|char| of.contains(char)).len()
}

fn escape(rest: &str) -> Option<Escape> {
    let code = rest.strip_prefix('\\')?.chars().next()?;
    let digits = match code {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => {
            let decoded = simple(code)?.to_string();
            return Some(Escape {
                decoded,
                length: 1 + code.len_utf8(),
            });
        }
    };
    let value = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    if let Some(low) = surrogate(value, rest.get(6..).unwrap_or_default()) {
        return Some(Escape {
            decoded: low.to_string(),
            length: 12,
        });
    }
    Some(Escape {
        decoded: char::from_u32(value)?.to_string(),
        length: 2 + digits,
    })
}

/// The character of a pair of `\u` escapes, as JSON writes characters beyond the basic plane.
fn surrogate(high: u32, rest: &str) -> Option<char> {
    let low = u16::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    let high = u16::try_from(high)
        .ok()
        .filter(|unit| (0xD800..0xDC00).contains(unit))?;
    char::decode_utf16([high, low]).next()?.ok()
}

fn simple(code: char) -> Option<char> {
    Some(match code {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => code,
        _ => return None,
    })
}
