//! The tree that YAML, JSON and TOML documents are read into: values with byte positions.
//!
//! One tree for the three formats, so that whoever asks for `groups[0].rules[2].expr` need not know
//! which format it came from. Types are kept as written; nothing is converted or defaulted here.

use super::source::Span;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The bytes of the value, without its key.
    pub span: Span,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number as written, for example `1e3` or `0x1F`.
    Number(String),
    /// A string, decoded.
    Text(Text),
    /// A sequence or array.
    Sequence(Vec<Node>),
    /// A mapping, object or table in the order of the file; duplicate keys are kept.
    Mapping(Vec<Entry>),
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, decoded.
    pub key: String,
    /// The bytes of the key.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A decoded string that can tell where in the file each of its bytes came from.
///
/// Quotes, escapes, indentation and folding make a string differ from the bytes it was written as.
/// A mistake inside a PromQL expression is found in the decoded string and shown in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The decoded string.
    pub decoded: String,
    /// Pairs of (offset in `decoded`, offset in the file), ascending; between two pairs both
    /// advance byte by byte. Where two pairs share an offset in `decoded`, the first tells where
    /// what comes before ends in the file and the last where what follows begins.
    pub map: Vec<(usize, usize)>,
}

impl Text {
    /// A string that stands in the file exactly as decoded, starting at `offset`.
    #[must_use]
    pub fn verbatim(decoded: &str, offset: usize) -> Self {
        Self {
            decoded: decoded.to_owned(),
            map: vec![(0, offset)],
        }
    }

    /// The bytes of the file that `span` of the decoded string was written as.
    #[must_use]
    pub fn locate(&self, span: &Span) -> Span {
        let start = self.offset(span.start);
        let end = if span.end > span.start {
            self.end(span.end)
        } else {
            start
        };
        start..end.max(start)
    }

    fn offset(&self, decoded: usize) -> usize {
        let index = self.map.partition_point(|(from, _)| *from <= decoded);
        match index.checked_sub(1).and_then(|at| self.map.get(at)) {
            Some((from, to)) => to + (decoded - from),
            None => decoded,
        }
    }

    /// An end is located through what stands before it, so that a span never runs over an escape
    /// or a line's indentation that follows.
    fn end(&self, decoded: usize) -> usize {
        let index = self.map.partition_point(|(from, _)| *from < decoded);
        match self.map.get(index) {
            Some((from, to)) if *from == decoded => *to,
            _ => self.offset(decoded - 1) + 1,
        }
    }
}

/// Puts a [`Text`] together from the pieces it was written as, in the order of the file.
#[derive(Debug)]
pub(super) struct TextBuilder {
    text: Text,
    start: usize,
    end: usize,
    in_step: bool,
}

impl TextBuilder {
    /// A text whose first piece stands at or behind `start`.
    pub(super) fn new(start: usize) -> Self {
        Self {
            text: Text::default(),
            start,
            end: start,
            in_step: false,
        }
    }

    /// Appends a piece that stands at `offset` as it is.
    pub(super) fn verbatim(&mut self, piece: &str, offset: usize) {
        if piece.is_empty() {
            return;
        }
        if !(self.in_step && self.end == offset) {
            self.jump(offset);
        }
        self.text.decoded.push_str(piece);
        self.end = offset + piece.len();
        self.in_step = true;
    }

    /// Appends a piece that was written as the bytes of `span`, such as an escape.
    pub(super) fn written_as(&mut self, piece: &str, span: &Span) {
        if piece.is_empty() {
            return;
        }
        self.jump(span.start);
        let at = self.text.decoded.len();
        self.text
            .map
            .extend((1..piece.len()).map(|byte| (at + byte, span.start)));
        self.text.decoded.push_str(piece);
        self.end = span.end;
        self.in_step = false;
    }

    /// The text.
    pub(super) fn finish(mut self) -> Text {
        if self.text.decoded.is_empty() {
            self.text.map.push((0, self.start));
        } else if !self.in_step {
            self.text.map.push((self.text.decoded.len(), self.end));
        }
        self.text
    }

    fn jump(&mut self, offset: usize) {
        let at = self.text.decoded.len();
        if at > 0 && self.end != offset {
            self.text.map.push((at, self.end));
        }
        self.text.map.push((at, offset));
    }
}

impl Node {
    /// The value under `key`, if this is a mapping that has it; the last one wins, as in YAML.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry under `key`, if this is a mapping that has it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; none for anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The string, if this is one.
    #[must_use]
    pub fn text(&self) -> Option<&Text> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What a reader that wants a string takes a scalar for: YAML need not quote `500` or `true`.
    #[must_use]
    pub fn scalar(&self) -> Option<Text> {
        let start = self.span.start;
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(Text::verbatim(number, start)),
            Value::Bool(yes) => Some(Text::verbatim(if *yes { "true" } else { "false" }, start)),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// The value under `key`, if there is one that is not null.
    #[must_use]
    pub fn given(&self, key: &str) -> Option<&Node> {
        self.get(key).filter(|node| node.value != Value::Null)
    }

    /// The elements of the sequence under a key; none where there is no such sequence.
    #[must_use]
    pub fn items_of(&self, key: &str) -> &[Node] {
        self.get(key).map(Self::items).unwrap_or_default()
    }

    /// The decoded string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.text().map(|text| text.decoded.as_str())
    }

    /// The integer, if this is a number that is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match &self.value {
            Value::Number(number) => number.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Node, Text, TextBuilder, Value};

    #[test]
    fn a_span_covers_an_escape_as_a_whole() {
        // `a\u00e9b` in quotes at offset 1: one escape of six bytes for a character of two.
        let mut builder = TextBuilder::new(1);
        builder.verbatim("a", 1);
        builder.written_as("é", &(2..8));
        builder.verbatim("b", 8);
        let text = builder.finish();
        assert_eq!(text.locate(&(0..1)), 1..2);
        assert_eq!(text.locate(&(1..3)), 2..8);
        assert_eq!(text.locate(&(3..4)), 8..9);
        assert_eq!(text.locate(&(0..4)), 1..9);
    }

    #[test]
    fn a_span_is_located_through_escapes_and_indentation() {
        // `a\nb` written as the two lines of a block scalar at offsets 10 and 20.
        let text = Text {
            decoded: "ab\ncd".to_owned(),
            map: vec![(0, 10), (3, 20)],
        };
        assert_eq!(text.locate(&(0..2)), 10..12);
        assert_eq!(text.locate(&(3..5)), 20..22);
        assert_eq!(text.locate(&(1..4)), 11..21);
        assert_eq!(text.locate(&(5..5)), 22..22);
    }

    #[test]
    fn the_last_of_duplicate_keys_wins() {
        let entry = |number: &str| Entry {
            key: "a".to_owned(),
            key_span: 0..1,
            value: Node {
                value: Value::Number(number.to_owned()),
                span: 0..1,
            },
        };
        let node = Node {
            value: Value::Mapping(vec![entry("1"), entry("2")]),
            span: 0..1,
        };
        assert_eq!(node.get("a").and_then(Node::as_u64), Some(2));
        assert_eq!(node.get("b"), None);
    }
}
