//! Where the characters of literal (`|`) and folded (`>`) block scalars stand.
//!
//! The parser has decoded them already, so that indentation and chomping need not be worked out
//! again: every line's content is found at the end of its line of the file.

use crate::model::node::{Text, TextBuilder};

/// A line of the file: where it begins, what stands on it, and where its line break ends.
struct Line<'a> {
    start: usize,
    content: &'a str,
    end: usize,
}

/// A literal block scalar that decodes to `decoded` and was written as `raw`, header included.
pub(super) fn literal(decoded: &str, raw: &str, offset: usize) -> Option<Text> {
    let lines = lines(raw, offset);
    let mut builder = TextBuilder::new(lines.first().map_or(offset + raw.len(), |line| line.start));
    let mut lines = lines.iter();
    for piece in decoded.split_inclusive('\n') {
        let Some(line) = lines.next() else {
            // The last line of a file may lack the line break it is read with.
            builder.written_as(piece, &(offset + raw.len()..offset + raw.len()));
            continue;
        };
        let content = piece.strip_suffix('\n').unwrap_or(piece);
        let indent = line.content.strip_suffix(content)?.len();
        builder.verbatim(content, line.start + indent);
        let end = line.start + line.content.len();
        builder.written_as(&piece[content.len()..], &(end..line.end));
    }
    Some(builder.finish())
}

/// A folded block scalar that decodes to `decoded` and was written as `raw`, header included.
pub(super) fn folded(decoded: &str, raw: &str, offset: usize) -> Option<Text> {
    let lines = lines(raw, offset);
    let indent = indent(decoded, &lines);
    let start = lines.first().map_or(offset + raw.len(), |line| line.start);
    let mut builder = TextBuilder::new(start);
    let (mut rest, mut joint) = (decoded, start..start);
    let mut is_first = true;
    for line in &lines {
        let content = line.content.get(indent..).unwrap_or_default();
        if content.is_empty() {
            joint.end = line.end;
            continue;
        }
        let glue = glue(rest, is_first);
        builder.written_as(&rest[..glue], &joint);
        rest = rest[glue..].strip_prefix(content)?;
        builder.verbatim(content, line.start + indent);
        joint = line.start + line.content.len()..line.end;
        is_first = false;
    }
    builder.written_as(rest, &joint);
    rest.trim_end_matches('\n')
        .is_empty()
        .then(|| builder.finish())
}

/// How many bytes of `rest` join the line before it and the next.
fn glue(rest: &str, is_first: bool) -> usize {
    let breaks = rest.len() - rest.trim_start_matches('\n').len();
    if breaks == 0 && !is_first && rest.starts_with(' ') {
        1
    } else {
        breaks
    }
}

/// The columns that indentation takes: what the first line with content lost in decoding.
fn indent(decoded: &str, lines: &[Line<'_>]) -> usize {
    let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let Some(line) = lines
        .iter()
        .find(|line| !line.content.trim_matches(' ').is_empty())
    else {
        return decoded.split('\n').map(str::len).max().map_or(0, |kept| {
            lines
                .iter()
                .map(|line| line.content.len())
                .max()
                .unwrap_or(0)
                .saturating_sub(kept)
        });
    };
    let first = decoded
        .lines()
        .find(|line| !line.trim_matches(' ').is_empty())
        .unwrap_or_default();
    spaces(line.content).saturating_sub(spaces(first))
}

/// The lines behind the header.
fn lines(raw: &str, offset: usize) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let broken = match &rest.as_bytes()[length..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        let end = at + length + broken;
        lines.push(Line {
            start: offset + at,
            content: &rest[..length],
            end: offset + end,
        });
        at = end;
    }
    if !lines.is_empty() {
        lines.remove(0);
    }
    lines
}
