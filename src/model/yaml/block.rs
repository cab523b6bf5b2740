//! Where the characters of literal (`|`) and folded (`>`) block scalars stand.
//!
//! The parser has decoded them already, so that indentation and chomping need not be worked out
//! again: what it found is followed line by line. It places a block scalar at the first character
//! of its first line that is not blank, behind the indentation.

use crate::model::node::{Text, TextBuilder};
use crate::model::source::Span;

/// A line of a block scalar: where its content begins, the content, where its line break ends.
struct Line<'a> {
    start: usize,
    content: &'a str,
    end: usize,
}

impl Line<'_> {
    /// The line break.
    fn joint(&self) -> Span {
        self.start + self.content.len()..self.end
    }
}

/// A literal block scalar that decodes to `decoded` and stands at `span` of `source`.
pub(super) fn literal(decoded: &str, source: &str, span: &Span) -> Option<Text> {
    let mut builder = TextBuilder::new(span.start);
    let (blank, rest) = leading_breaks(decoded);
    builder.written_as(blank, &(span.start..span.start));
    let lines = lines(source, span);
    let mut lines = lines.iter();
    for piece in rest.split_inclusive('\n') {
        let Some(line) = lines.next() else {
            // The last line of a file may lack the line break it is read with.
            builder.written_as(piece, &(span.end..span.end));
            continue;
        };
        let content = piece.strip_suffix('\n').unwrap_or(piece);
        if line.content != content {
            return None;
        }
        builder.verbatim(content, line.start);
        builder.written_as(&piece[content.len()..], &line.joint());
    }
    Some(builder.finish())
}

/// A folded block scalar that decodes to `decoded` and stands at `span` of `source`.
pub(super) fn folded(decoded: &str, source: &str, span: &Span) -> Option<Text> {
    let mut builder = TextBuilder::new(span.start);
    let (blank, mut rest) = leading_breaks(decoded);
    builder.written_as(blank, &(span.start..span.start));
    let mut joint: Option<Span> = None;
    for line in lines(source, span) {
        if line.content.is_empty() {
            joint = joint.map(|joint| joint.start..line.end);
            continue;
        }
        if let Some(joint) = &joint {
            let glue = glue(rest);
            builder.written_as(&rest[..glue], joint);
            rest = &rest[glue..];
        }
        rest = rest.strip_prefix(line.content)?;
        builder.verbatim(line.content, line.start);
        joint = Some(line.joint());
    }
    builder.written_as(rest, &joint.unwrap_or(span.start..span.start));
    leading_breaks(rest).1.is_empty().then(|| builder.finish())
}

/// How many bytes of `rest` join the line before it and the next.
fn glue(rest: &str) -> usize {
    match leading_breaks(rest).0.len() {
        0 => usize::from(rest.starts_with(' ')),
        breaks => breaks,
    }
}

fn leading_breaks(text: &str) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches('\n').len())
}

/// The lines at `span`, each without the indentation that the first one has in front of `span`.
fn lines<'a>(source: &'a str, span: &Span) -> Vec<Line<'a>> {
    let line_start = source[..span.start]
        .rfind(['\r', '\n'])
        .map_or(0, |at| at + 1);
    let indentation = span.start - line_start;
    let mut lines = Vec::new();
    let mut at = line_start;
    while at < span.end {
        let rest = &source[at..span.end];
        let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let broken = match &rest.as_bytes()[length..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        lines.push(Line {
            start: at + indentation.min(length),
            content: rest[..length].get(indentation..).unwrap_or_default(),
            end: at + length + broken,
        });
        at += length + broken;
    }
    lines
}

#[cfg(test)]
mod tests {
    use crate::model::node::Node;
    use crate::model::yaml;

    /// Parses `e: <block>` and checks that `part` of the decoded text is found where it stands.
    #[track_caller]
    fn check(source: &str, decoded: &str, parts: &[&str]) {
        let parsed = yaml::parse(source);
        let node = parsed.documents[0].get("e").unwrap();
        let text = node.text().unwrap();
        assert_eq!(node.as_str(), Some(decoded));
        for part in parts {
            let at = decoded.find(part).unwrap();
            let found = text.locate(&(at..at + part.len()));
            assert_eq!(&source[found.clone()], *part, "{found:?}");
            assert_eq!(Some(found.start), source.find(part), "{part}");
        }
    }

    #[test]
    fn a_literal_scalar_is_found_line_by_line() {
        check(
            "e: |-\n    up == \n    or\n    absent(x)\nb: 1\n",
            "up == \nor\nabsent(x)",
            &["up", "==", "or", "absent(x)"],
        );
        check("e: |\n\n\n  x\n\n  y\n", "\n\nx\n\ny\n", &["x", "y"]);
        check("e: |2\n    x\n  y\n", "  x\ny\n", &["x", "y"]);
        check("e: | # c\n  x", "x\n", &["x"]);
        check("e: |+\r\n  x\r\n  y\r\n\r\n", "x\ny\n\n", &["x", "y"]);
    }

    #[test]
    fn a_folded_scalar_is_found_line_by_line() {
        check(
            "e: >-\n\n  up\n  == 0\n\n  z\n",
            "\nup == 0\nz",
            &["up", "== 0", "z"],
        );
        check(
            "e: >\n  a\n    kept\n  b\n",
            "a\n  kept\nb\n",
            &["kept", "b"],
        );
    }

    #[test]
    fn a_scalar_without_content_is_found_too() {
        for source in ["e: |\n", "e: |+\n\n\nb: 1\n", "e: >\n"] {
            let parsed = yaml::parse(source);
            assert!(
                parsed.documents[0].get("e").and_then(Node::text).is_some(),
                "{source:?}"
            );
        }
    }
}
