//! A PromQL expression as it stands in another file.

use super::node::{Node, Text};
use super::promql;
use super::promql::ast::Expr;
use super::source::{Issue, Span};

/// An expression, its tree, and how its bytes are found in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    text: Text,
    expr: Option<Expr>,
    issues: Vec<Issue>,
}

impl Query {
    /// The expression that a node holds; a number is one too, and so is `true`, a metric's name.
    #[must_use]
    pub fn of(node: &Node) -> Option<Self> {
        node.scalar().map(Self::parse)
    }

    /// The expression that a node holds for Prometheus itself, which knows no variables.
    #[must_use]
    pub fn of_prometheus(node: &Node) -> Option<Self> {
        let text = node.scalar()?;
        let parsed = promql::strict::parse(&text.decoded);
        Some(Self::parsed(text, parsed))
    }

    /// The expression that a text holds.
    #[must_use]
    pub fn parse(text: Text) -> Self {
        let parsed = promql::parse(&text.decoded);
        Self::parsed(text, parsed)
    }

    fn parsed(text: Text, (expr, mut issues): (Option<Expr>, Vec<Issue>)) -> Self {
        for issue in &mut issues {
            issue.span = text.locate(&issue.span);
        }
        Self { text, expr, issues }
    }

    /// The tree, if the syntax is right.
    #[must_use]
    pub fn expr(&self) -> Option<&Expr> {
        self.expr.as_ref()
    }

    /// What is wrong with it, at its place in the file.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Where a part of the expression stands in the file.
    #[must_use]
    pub fn locate(&self, span: &Span) -> Span {
        self.text.locate(span)
    }
}
