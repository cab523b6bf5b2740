//! Refuses sources that would overflow the stack of a recursive parser.
//!
//! How deep a parser recurses is not known before it has run, but no token makes it recurse more
//! than once. So what is counted are the tokens that may stand inside one another.

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Token};

/// How deep brackets may nest; code that people write stays below 40.
const DEPTH_LIMIT: usize = 128;
/// How many tokens may follow each other without anything that ends an expression, those around
/// the brackets they stand in included: signs, operators, calls, types and `else if` nest without
/// brackets.
const RUN_LIMIT: usize = 4000;
/// How many alternatives that are nothing but literals count as one token. Tables of characters
/// have thousands of them, and none is inside of another.
const ALTERNATIVES: usize = 8;

/// The arguments of a macro whose input is a list of expressions, if they can be read as such.
pub(super) fn arguments(call: &Macro) -> Option<Punctuated<Expr, Token![,]>> {
    if too_complex(&call.tokens).is_some() {
        return None;
    }
    call.parse_body_with(Punctuated::parse_terminated).ok()
}

/// The first token that goes too far, if any does. The input of macros need not be Rust, so there
/// only brackets count; who parses it takes [`arguments`].
pub(super) fn too_complex(tokens: &TokenStream) -> Option<Span> {
    let mut stack = vec![Level::of(tokens.clone(), Some(0))];
    while let Some(level) = stack.last_mut() {
        let Some(token) = level.tokens.next() else {
            stack.pop();
            continue;
        };
        if level.count(&token) > RUN_LIMIT {
            return Some(token.span());
        }
        let inner = level.inner(&token);
        level.pass(token);
        if let Some((group, around)) = inner {
            if stack.len() >= DEPTH_LIMIT {
                return Some(group.span_open());
            }
            stack.push(Level::of(group.stream(), around));
        }
    }
    None
}

/// The tokens inside one pair of brackets.
struct Level {
    tokens: IntoIter,
    /// The count outside of the brackets; none in a macro's input.
    around: Option<usize>,
    run: usize,
    /// Whether the expression is `1 | 2 | 4..=8` so far.
    only_literals: bool,
    /// How many alternatives it has.
    alternatives: usize,
    /// How many `<` are open that may be brackets.
    angles: usize,
    /// Whether the last `<` was counted as open.
    opened: bool,
    /// Whether the parameters of a closure are open.
    parameters: bool,
    /// The last token and the one before it.
    last: [Option<TokenTree>; 2],
}

impl Level {
    fn of(tokens: TokenStream, around: Option<usize>) -> Self {
        Self {
            tokens: tokens.into_iter(),
            around,
            run: 0,
            only_literals: true,
            alternatives: 0,
            angles: 0,
            opened: false,
            parameters: false,
            last: [None, None],
        }
    }

    /// How many tokens the expression has that `token` belongs to.
    fn count(&mut self, token: &TokenTree) -> usize {
        if self.begins_anew(token) {
            self.run = 0;
            self.only_literals = true;
            self.alternatives = 0;
            self.angles = 0;
            self.parameters = false;
        } else {
            self.run += 1;
            self.literals(token);
        }
        if let TokenTree::Punct(punct) = token {
            self.brackets(punct);
        }
        self.around.map_or(0, |around| around + self.run)
    }

    fn begins_anew(&self, token: &TokenTree) -> bool {
        match token {
            TokenTree::Ident(ident) => {
                self.after_block() && ["as", "else", "in"].iter().all(|word| ident != word)
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => true,
                // Between these brackets a comma ends nothing that is nested.
                ',' => self.angles == 0 && !self.parameters,
                '>' => self.follows('='),
                '#' => self.after_block(),
                _ => false,
            },
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        }
    }

    fn literals(&mut self, token: &TokenTree) {
        let after_literal = matches!(&self.last[0], Some(TokenTree::Literal(_)));
        let mark = match token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        self.only_literals &= match mark {
            '|' => after_literal,
            '.' => after_literal || self.follows('.'),
            '=' => self.follows('.'),
            _ => matches!(token, TokenTree::Literal(_)),
        };
        if self.only_literals && mark == '|' {
            self.alternatives += 1;
            self.run = self.alternatives / ALTERNATIVES;
        }
    }

    /// Keeps count of the brackets that are no groups.
    fn brackets(&mut self, punct: &Punct) {
        match punct.as_char() {
            '<' => {
                self.opened = match &self.last[0] {
                    Some(TokenTree::Literal(_)) => false,
                    Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
                    _ if self.follows('<') => self.opened,
                    _ => true,
                };
                self.angles += usize::from(self.opened);
            }
            '=' if self.follows('<') && self.opened => self.angles = self.angles.saturating_sub(1),
            '>' if !self.follows('-') => self.angles = self.angles.saturating_sub(1),
            '|' if self.parameters => self.parameters = false,
            '|' => self.parameters = !self.after_operand() && !self.follows('|'),
            _ => {}
        }
    }

    /// The brackets that `token` is, with the count outside of them.
    fn inner(&self, token: &TokenTree) -> Option<(Group, Option<usize>)> {
        let TokenTree::Group(group) = token else {
            return None;
        };
        let around = self.around.filter(|_| !self.is_macro());
        Some((group.clone(), around.map(|around| around + self.run)))
    }

    fn pass(&mut self, token: TokenTree) {
        self.last[1] = self.last[0].replace(token);
    }

    fn after_block(&self) -> bool {
        matches!(
            &self.last[0],
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace
        )
    }

    /// Whether the last token is `sign` and belongs together with what comes.
    fn follows(&self, sign: char) -> bool {
        matches!(
            &self.last[0],
            Some(TokenTree::Punct(punct))
                if punct.as_char() == sign && punct.spacing() == Spacing::Joint
        )
    }

    /// Whether `|` is an operator here; otherwise it opens the parameters of a closure.
    fn after_operand(&self) -> bool {
        match &self.last[0] {
            Some(TokenTree::Literal(_)) => true,
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
            Some(TokenTree::Ident(_)) => self.is_name(0),
            _ => false,
        }
    }

    /// Whether what comes is the input of `name!`.
    fn is_macro(&self) -> bool {
        match (&self.last[1], &self.last[0]) {
            (Some(TokenTree::Ident(_)), Some(TokenTree::Punct(punct))) => {
                punct.as_char() == '!' && self.is_name(1)
            }
            _ => false,
        }
    }

    /// Whether this last token is a word that is no keyword and no lifetime's.
    fn is_name(&self, back: usize) -> bool {
        let before = self.last.get(back + 1).and_then(Option::as_ref);
        let lifetime = matches!(before, Some(TokenTree::Punct(it)) if it.as_char() == '\'');
        let Some(TokenTree::Ident(ident)) = self.last.get(back).and_then(Option::as_ref) else {
            return false;
        };
        !lifetime && syn::parse_str::<syn::Ident>(&ident.to_string()).is_ok()
    }
}
