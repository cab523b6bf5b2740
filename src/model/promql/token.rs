//! The tokens of PromQL.

use crate::model::source::Span;

/// A token and the bytes it was written as.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// The forms a token has.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// An identifier, a keyword, a Grafana variable or a mix of text and variables.
    Word,
    /// A number.
    Number(f64),
    /// A duration in milliseconds.
    Duration(i64),
    /// A string, decoded.
    Text(String),
    /// An operator or a punctuation mark.
    Symbol(&'static str),
    /// The end of the text.
    End,
}
