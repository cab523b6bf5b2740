//! Runs the event parser over a text, document by document.

use granit_parser::{Event, Parser, ScanError};

use super::tree::Builder;
use crate::model::node::Node;
use crate::model::source::Issue;

/// What a YAML text holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The documents that could be read, in the order of the text; an empty one is `null`.
    pub documents: Vec<Node>,
    /// What is wrong with the text.
    pub issues: Vec<Issue>,
}

/// Reads every document of `text`. A broken document is left out and becomes an issue; the ones
/// behind it are read all the same.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::new(text);
    let mut parsed = Parsed::default();
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((Event::DocumentEnd, _))) => parsed.documents.extend(builder.finish_document()),
            Some(Ok((event, span))) => builder.accept(event, &span),
            Some(Err(error)) => {
                builder.abandon_document(issue(text, &error));
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    parsed.issues = builder.into_issues();
    parsed
}

fn issue(text: &str, error: &ScanError) -> Issue {
    let offset = error.marker().byte_offset().unwrap_or(text.len());
    let start = text.floor_char_boundary(offset);
    let width = text[start..].chars().next().map_or(0, char::len_utf8);
    Issue {
        message: lowercase(&error.info()),
        span: start..start + width,
        hint: None,
    }
}

fn lowercase(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
