//! Refuses sources that would overflow the stack of a recursive parser.

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// How deep brackets may nest; code that people write stays below 40.
const DEPTH_LIMIT: usize = 128;
/// How many tokens may follow each other without anything that ends an expression: operators,
/// calls and `else if` nest without brackets.
const RUN_LIMIT: usize = 4000;

/// The first token that goes too far, if any does.
pub(super) fn too_complex(tokens: &TokenStream) -> Option<Span> {
    let mut stack = vec![Level::of(tokens.clone())];
    while let Some(level) = stack.last_mut() {
        let Some(token) = level.tokens.next() else {
            stack.pop();
            continue;
        };
        if level.count(&token) > RUN_LIMIT {
            return Some(token.span());
        }
        if let TokenTree::Group(group) = token {
            if stack.len() >= DEPTH_LIMIT {
                return Some(group.span_open());
            }
            stack.push(Level::of(group.stream()));
        }
    }
    None
}

/// The tokens inside one pair of brackets.
struct Level {
    tokens: IntoIter,
    run: usize,
    after_block: bool,
}

impl Level {
    fn of(tokens: TokenStream) -> Self {
        Self {
            tokens: tokens.into_iter(),
            run: 0,
            after_block: false,
        }
    }

    /// How many tokens the expression has that `token` belongs to.
    fn count(&mut self, token: &TokenTree) -> usize {
        let begins_anew = match token {
            TokenTree::Ident(ident) => self.after_block && ident != "else" && ident != "as",
            TokenTree::Punct(punct) => {
                matches!(punct.as_char(), ',' | ';') || self.after_block && punct.as_char() == '#'
            }
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        };
        self.after_block = matches!(
            token,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace
        );
        self.run = if begins_anew { 0 } else { self.run + 1 };
        self.run
    }
}
