//! Turns parser events into a tree: aliases, merge keys and duplicate keys are settled here.

use std::collections::HashSet;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::anchor::Anchors;
use super::merge::{merge, merge_into};
use super::{block, flow, schema};
use crate::model::node::{Entry, Node, Text, Value};
use crate::model::source::{Issue, Span};

/// Builds one document after the other.
pub(super) struct Builder<'a> {
    source: &'a str,
    frames: Vec<Frame>,
    root: Option<Node>,
    anchors: Anchors,
    issues: Vec<Issue>,
}

/// A collection that is still open.
struct Frame {
    kind: Kind,
    start: usize,
    end: usize,
    is_block: bool,
    anchor: usize,
}

enum Kind {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        merged: Vec<Entry>,
        key: Option<Key>,
    },
}

struct Key {
    name: String,
    span: Span,
    is_merge: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            frames: Vec::new(),
            root: None,
            anchors: Anchors::default(),
            issues: Vec::new(),
        }
    }

    /// Takes one event of the current document.
    pub(super) fn accept(&mut self, event: Event<'_>, span: &granit_parser::Span) {
        let span = self.bytes(span);
        match event {
            Event::SequenceStart(style, anchor, _) => {
                self.open(Kind::Sequence(Vec::new()), style, anchor, &span);
            }
            Event::MappingStart(style, anchor, _) => {
                let kind = Kind::Mapping {
                    entries: Vec::new(),
                    merged: Vec::new(),
                    key: None,
                };
                self.open(kind, style, anchor, &span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&span),
            Event::Scalar(decoded, style, anchor, tag) => {
                let text = self.text(&decoded, style, &span);
                let is_merge = style == ScalarStyle::Plain && tag.is_none() && decoded == "<<";
                let node = Node {
                    value: scalar(text, style, tag.as_deref()),
                    span,
                };
                self.anchor(anchor, &node);
                self.place(node, is_merge);
            }
            Event::Alias(anchor) => {
                let node = self.copy(anchor, span);
                self.place(node, false);
            }
            Event::UnresolvedAlias(name) => {
                self.issue(
                    format!("no anchor `&{name}` comes before this alias"),
                    span.clone(),
                );
                self.place(
                    Node {
                        value: Value::Null,
                        span,
                    },
                    false,
                );
            }
            _ => {}
        }
    }

    /// The document whose end was reached.
    pub(super) fn finish_document(&mut self) -> Option<Node> {
        self.anchors.clear();
        self.frames.clear();
        self.root.take()
    }

    /// Forgets the document that `issue` makes unreadable.
    pub(super) fn abandon_document(&mut self, issue: Issue) {
        self.finish_document();
        self.issues.push(issue);
    }

    /// Everything found wrong, in the order it was found.
    pub(super) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    fn issue(&mut self, message: String, span: Span) {
        self.issues.push(Issue {
            message,
            span,
            hint: None,
        });
    }

    fn bytes(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let end = self.source.floor_char_boundary(range.end);
        self.source.floor_char_boundary(range.start).min(end)..end
    }

    fn text(&self, decoded: &str, style: ScalarStyle, span: &Span) -> Text {
        let raw = &self.source[span.clone()];
        let text = match style {
            ScalarStyle::Plain => Some(flow::plain(raw, span.start)),
            ScalarStyle::SingleQuoted => flow::single_quoted(raw, span.start),
            ScalarStyle::DoubleQuoted => flow::double_quoted(raw, span.start),
            ScalarStyle::Literal => block::literal(decoded, self.source, span),
            ScalarStyle::Folded => block::folded(decoded, self.source, span),
        };
        // What the parser decoded is what counts; a text that cannot be followed is placed as
        // a whole.
        text.filter(|text| text.decoded == decoded)
            .unwrap_or_else(|| whole(decoded, span))
    }

    fn open(&mut self, kind: Kind, style: StructureStyle, anchor: usize, span: &Span) {
        let is_block = style == StructureStyle::Block;
        self.frames.push(Frame {
            kind,
            start: span.start,
            end: span.end,
            is_block,
            anchor,
        });
    }

    fn close(&mut self, span: &Span) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        // A block collection ends with its last value and not where the next line begins.
        let end = if frame.is_block { frame.end } else { span.end };
        let value = match frame.kind {
            Kind::Sequence(items) => Value::Sequence(items),
            Kind::Mapping {
                entries, merged, ..
            } => {
                self.report_duplicates(&entries);
                Value::Mapping(merge(merged, entries))
            }
        };
        let node = Node {
            value,
            span: frame.start..end.max(frame.start),
        };
        self.anchor(frame.anchor, &node);
        self.place(node, false);
    }

    /// Puts a finished value where it belongs: the root, an item, a key, or a key's value.
    fn place(&mut self, node: Node, is_merge: bool) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.end = frame.end.max(node.span.end);
        let (entries, merged, key) = match &mut frame.kind {
            Kind::Sequence(items) => return items.push(node),
            Kind::Mapping {
                entries,
                merged,
                key,
            } => (entries, merged, key),
        };
        let Some(taken) = key.take() else {
            *key = Some(Key {
                span: node.span.clone(),
                is_merge,
                name: String::new(),
            });
            return self.name_key(node);
        };
        if !taken.is_merge {
            let (key, key_span) = (taken.name, taken.span);
            return entries.push(Entry {
                key,
                key_span,
                value: node,
            });
        }
        let span = node.span.clone();
        if !merge_into(merged, node) {
            self.issue(
                "`<<` takes a mapping or a list of mappings".to_owned(),
                span,
            );
        }
    }

    fn name_key(&mut self, node: Node) {
        let name = match node.value {
            Value::Text(text) => text.decoded,
            Value::Number(number) => number,
            Value::Null | Value::Bool(_) => self.source[node.span.clone()].to_owned(),
            Value::Sequence(_) | Value::Mapping(_) => {
                self.issue("a key must be a scalar".to_owned(), node.span.clone());
                self.source[node.span.clone()].to_owned()
            }
        };
        if let Some(Frame {
            kind: Kind::Mapping { key: Some(key), .. },
            ..
        }) = self.frames.last_mut()
        {
            key.name = name;
        }
    }

    fn report_duplicates(&mut self, entries: &[Entry]) {
        let mut seen = HashSet::new();
        for entry in entries {
            if !seen.insert(entry.key.as_str()) {
                let message = format!("key `{}` appears twice", entry.key);
                self.issues.push(Issue {
                    message,
                    span: entry.key_span.clone(),
                    hint: None,
                });
            }
        }
    }

    fn anchor(&mut self, anchor: usize, node: &Node) {
        if anchor != 0
            && let Err(Some(message)) = self.anchors.keep(anchor, node)
        {
            self.issue(message.to_owned(), node.span.clone());
        }
    }

    fn copy(&mut self, anchor: usize, span: Span) -> Node {
        let value = self.anchors.copy(anchor, self.frames.len());
        let value = value.unwrap_or_else(|message| {
            if let Some(message) = message {
                self.issue(message.to_owned(), span.clone());
            }
            Value::Null
        });
        Node { value, span }
    }
}

fn scalar(text: Text, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    match tag.map(Tag::core_suffix) {
        None if style == ScalarStyle::Plain => schema::resolve(text),
        Some(Some("null" | "bool" | "int" | "float")) => schema::resolve(text),
        _ => Value::Text(text),
    }
}

/// A text of which only the whole can be placed.
fn whole(decoded: &str, span: &Span) -> Text {
    let mut builder = crate::model::node::TextBuilder::new(span.start);
    builder.written_as(decoded, span);
    builder.finish()
}
