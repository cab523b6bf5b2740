//! One file's text, positions in it, and what is wrong with it.

use std::ops::Range;

/// A range of bytes in a [`Source`]'s text; `start <= end`, both on character boundaries.
pub type Span = Range<usize>;

/// A file's text with the path it is reported under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path relative to the project's root, with `/` on every platform.
    pub path: String,
    /// The whole text, as it is on disk.
    pub text: String,
}

/// A mistake found while parsing: a message and the bytes it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// A lowercase phrase without a final period.
    pub message: String,
    /// Where it is, in bytes of the text that was parsed.
    pub span: Span,
    /// What to do about it, if that is known; same style as the message.
    pub hint: Option<String>,
}
