//! The syntax tree of a PromQL expression.

use crate::model::source::Span;

/// An expression and the bytes it was written as.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is.
    pub span: Span,
}

/// The forms an expression has.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number, for example `0.95`, `1e3`, `Inf`, `0x1f` or `5m` where a number is expected.
    Number(f64),
    /// A string, decoded.
    Text(String),
    /// A Grafana variable that stands for a whole operand, for example `$threshold`.
    Variable(String),
    /// An instant vector selector, for example `up{job="a"}`.
    Selector(Selector),
    /// A range vector selector, for example `up[5m]`; `selector` is always a selector.
    Matrix {
        /// The selector whose samples are taken.
        selector: Box<Expr>,
        /// How far back.
        range: Duration,
    },
    /// A subquery, for example `rate(a[5m])[1h:1m]`.
    Subquery {
        /// What is evaluated at every step.
        expr: Box<Expr>,
        /// How far back.
        range: Duration,
        /// The step; the evaluation interval when missing.
        step: Option<Duration>,
    },
    /// `offset` and `@` on a selector, matrix or subquery.
    Modified {
        /// What is shifted.
        expr: Box<Expr>,
        /// `offset`, with its sign.
        offset: Option<Duration>,
        /// `@`: a timestamp, `start()`, `end()` or a variable, as written.
        at: Option<Name>,
    },
    /// A function call.
    Call {
        /// The function's name.
        function: Name,
        /// Its arguments in order.
        args: Vec<Expr>,
    },
    /// An aggregation, for example `sum by (job) (up)`.
    Aggregate {
        /// The operator, for example `topk`.
        operator: Name,
        /// `by` or `without`.
        grouping: Option<Grouping>,
        /// The parameter of `topk`, `quantile`, `count_values` and their like.
        parameter: Option<Box<Expr>>,
        /// What is aggregated.
        expr: Box<Expr>,
    },
    /// `-a` or `+a`.
    Unary {
        /// Whether the sign is minus.
        negative: bool,
        /// The operand.
        expr: Box<Expr>,
    },
    /// A binary operation.
    Binary {
        /// The operator as written in lower case, for example `+`, `>=`, `unless`.
        operator: Name,
        /// Whether `bool` follows a comparison.
        return_bool: bool,
        /// `on`, `ignoring`, `group_left`, `group_right`.
        matching: Option<Matching>,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// An expression in parentheses.
    Paren(Box<Expr>),
}

/// A word with its position; may contain Grafana variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The word as written (decoded, where it was quoted).
    pub text: String,
    /// Where it is.
    pub span: Span,
}

impl Name {
    /// Whether the word contains a Grafana variable, so that its value is not known here.
    #[must_use]
    pub fn has_variable(&self) -> bool {
        self.text.contains('$') || self.text.contains("[[")
    }
}

/// An instant vector selector.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// The metric's name, if it was written before the braces or quoted inside them.
    pub name: Option<Name>,
    /// The matchers between the braces, `__name__` among them.
    pub matchers: Vec<Matcher>,
}

impl Selector {
    /// The metric's name, written before the braces, quoted inside them or by `__name__="…"`.
    #[must_use]
    pub fn metric(&self) -> Option<&Name> {
        let by_label = || {
            self.matchers.iter().find(|matcher| {
                matcher.label.text == "__name__" && matcher.operator == MatchOperator::Equal
            })
        };
        self.name
            .as_ref()
            .or_else(|| by_label().map(|matcher| &matcher.value))
    }
}

/// One `label op "value"` of a selector.
///
/// A variable that stands for whole matchers, as in `{$filters}`, is the label of a matcher with
/// an empty value.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher {
    /// The label.
    pub label: Name,
    /// The operator.
    pub operator: MatchOperator,
    /// The value, decoded, at the position of the literal without its quotes.
    pub value: Name,
}

/// The four matching operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOperator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

/// A duration.
#[derive(Debug, Clone, PartialEq)]
pub struct Duration {
    /// Milliseconds, negative for a negative offset; `None` where a variable makes it unknown.
    pub milliseconds: Option<i64>,
    /// As written.
    pub name: Name,
}

/// `by (…)` or `without (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Whether it is `without`.
    pub without: bool,
    /// The labels.
    pub labels: Vec<Name>,
}

/// How the series of two operands find each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// Whether it is `on`; `ignoring` otherwise.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<Name>,
    /// `group_left` or `group_right` with the labels it copies.
    pub group: Option<(GroupSide, Vec<Name>)>,
}

/// The side that has many series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupSide {
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

impl Expr {
    /// Calls `visit` for this expression and every one below it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Every selector of this expression and those below it, in the order they were written.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut selectors = Vec::new();
        self.walk(&mut |expr| {
            if let ExprKind::Selector(selector) = &expr.kind {
                selectors.push(selector);
            }
        });
        selectors
    }

    /// The direct operands, in the order they were written.
    #[must_use]
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Variable(_)
            | ExprKind::Selector(_) => Vec::new(),
            ExprKind::Matrix { selector: expr, .. }
            | ExprKind::Subquery { expr, .. }
            | ExprKind::Modified { expr, .. }
            | ExprKind::Unary { expr, .. }
            | ExprKind::Paren(expr) => vec![expr],
            ExprKind::Call { args, .. } => args.iter().collect(),
            ExprKind::Aggregate {
                parameter, expr, ..
            } => parameter
                .iter()
                .map(AsRef::as_ref)
                .chain([expr.as_ref()])
                .collect(),
            ExprKind::Binary { left, right, .. } => vec![left, right],
        }
    }
}
