//! YAML read into trees whose every value knows its bytes.
//!
//! Syntax is the parser crate's business; what plain scalars mean, aliases, merge keys and where
//! each character of a decoded string stands is decided here. Nothing here knows what a document
//! is for.

mod anchor;
mod block;
mod flow;
mod merge;
mod parse;
mod schema;
mod tree;

pub use parse::{Parsed, parse};
