//! The place in the tokens where the parser is, and how it says what it found there.

use super::ast::Name;
use super::lexer;
use super::token::{Kind, Token};
use crate::model::source::{Issue, Span};

/// How deep expressions may nest; the tree is walked and dropped recursively.
pub(super) const MAX_DEPTH: usize = 100;
/// How many operators and modifiers an expression may have; each may make the tree one level deeper.
pub(super) const MAX_OPERATORS: usize = 1000;

/// The tokens of one expression and a place among them.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    tokens: Vec<Token>,
    place: usize,
    depth: usize,
    operators: usize,
    /// Mistakes that did not stop the parser.
    pub(super) issues: Vec<Issue>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Issue> {
        Ok(Self {
            text,
            tokens: lexer::tokens(text)?,
            place: 0,
            depth: 0,
            operators: 0,
            issues: Vec::new(),
        })
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.peek(0).kind
    }

    pub(super) fn span(&self) -> Span {
        self.peek(0).span.clone()
    }

    /// The token `ahead` places on; the last one for ever after the end.
    pub(super) fn peek(&self, ahead: usize) -> &Token {
        let place = (self.place + ahead).min(self.tokens.len() - 1);
        &self.tokens[place]
    }

    /// The end of the token before this place.
    pub(super) fn last_end(&self) -> usize {
        match self.place.checked_sub(1) {
            Some(before) => self.tokens[before].span.end,
            None => 0,
        }
    }

    pub(super) fn advance(&mut self) {
        self.place = (self.place + 1).min(self.tokens.len() - 1);
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.symbol_ahead(0, symbol)
    }

    pub(super) fn symbol_ahead(&self, ahead: usize, symbol: &str) -> bool {
        matches!(self.peek(ahead).kind, Kind::Symbol(found) if found == symbol)
    }

    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    /// The text of the word here, if there is one.
    pub(super) fn word(&self) -> Option<&'a str> {
        (*self.kind() == Kind::Word).then(|| &self.text[self.span()])
    }

    /// Whether the word `ahead` places on contains a Grafana variable.
    pub(super) fn variable_ahead(&self, ahead: usize) -> bool {
        let token = self.peek(ahead);
        token.kind == Kind::Word && self.text[token.span.clone()].contains(['$', '['])
    }

    /// Whether a variable's value may be what `issue` complains about: it may hold an operator,
    /// a matcher, a whole clause.
    pub(super) fn is_variable_at(&self, issue: &Issue) -> bool {
        let at = self
            .tokens
            .partition_point(|token| token.span.end <= issue.span.start);
        let variable = |token: &Token| {
            token.kind == Kind::Word && self.text[token.span.clone()].contains(['$', '['])
        };
        let bracket = self.tokens.get(at).is_none_or(|token| {
            matches!(
                token.kind,
                Kind::End | Kind::Symbol("(" | ")" | "[" | "]" | "{" | "}")
            )
        });
        let around = self.tokens.get(at.saturating_sub(1)..=at);
        !bracket && around.is_some_and(|tokens| tokens.iter().any(variable))
    }

    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_any_keyword(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is_keyword(keyword))
    }

    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    /// The token here as a name, and goes past it.
    pub(super) fn take_name(&mut self) -> Name {
        let span = self.span();
        self.advance();
        Name {
            text: self.text[span.clone()].to_owned(),
            span,
        }
    }

    /// Goes past the closing partner of the symbol at `open`.
    pub(super) fn close(&mut self, open: &Span, symbol: &str, expected: &str) -> Result<(), Issue> {
        if self.eat(symbol) {
            return Ok(());
        }
        if *self.kind() == Kind::End {
            return Err(Issue {
                message: format!("`{}` is never closed", &self.text[open.clone()]),
                span: open.clone(),
                hint: Some(format!("add `{symbol}`")),
            });
        }
        Err(self.expected(expected))
    }

    /// The mistake that something other than `expected` is here.
    pub(super) fn expected(&self, expected: &str) -> Issue {
        self.expected_with(expected, None)
    }

    pub(super) fn expected_with(&self, expected: &str, hint: Option<&str>) -> Issue {
        Issue {
            message: format!("expected {expected}, found {}", self.found()),
            span: self.span(),
            hint: hint.map(str::to_owned),
        }
    }

    fn found(&self) -> String {
        match self.kind() {
            Kind::End => "the end".to_owned(),
            _ => format!("`{}`", &self.text[self.span()]),
        }
    }

    /// Counts an operator at `span`.
    pub(super) fn count_operator(&mut self, span: &Span) -> Result<(), Issue> {
        self.operators += 1;
        if self.operators <= MAX_OPERATORS {
            return Ok(());
        }
        Err(Issue {
            message: format!("expression has more than {MAX_OPERATORS} operators"),
            span: span.clone(),
            hint: Some("record parts of it by rules".to_owned()),
        })
    }

    /// Runs `parse` one level deeper.
    pub(super) fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Issue>,
    ) -> Result<T, Issue> {
        if self.depth >= MAX_DEPTH {
            return Err(Issue {
                message: format!("expression nests deeper than {MAX_DEPTH} levels"),
                span: self.span(),
                hint: None,
            });
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// The string here as a name at the position between its quotes.
    pub(super) fn quoted(&mut self, decoded: String) -> Name {
        let span = self.span();
        self.advance();
        Name {
            text: decoded,
            span: span.start + 1..span.end - 1,
        }
    }
}
