//! What a rule found: a value, with the place it is about.

use crate::model::source::Span;

/// Something that does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// The file, relative to the project's root.
    pub path: String,
    /// The bytes of the file it is about.
    pub span: Span,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// A word on the place, shown beside it.
    pub label: Option<String>,
    /// Another place that it has to do with.
    pub related: Option<Related>,
    /// What to do about it.
    pub help: Option<String>,
}

/// Another place that a finding has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The file.
    pub path: String,
    /// The bytes of the file.
    pub span: Span,
    /// What is there.
    pub label: String,
}

impl Finding {
    /// A finding that says no more than what is wrong and where.
    #[must_use]
    pub fn new(path: &str, span: &Span, message: impl Into<String>) -> Self {
        Self {
            // The runner writes the name of the rule that it ran.
            rule: "",
            path: path.to_owned(),
            span: span.clone(),
            message: message.into(),
            label: None,
            related: None,
            help: None,
        }
    }

    /// The finding with a word on its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The finding with what to do about it, if that is known.
    #[must_use]
    pub fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The finding with another place.
    #[must_use]
    pub fn related(mut self, path: &str, span: &Span, label: impl Into<String>) -> Self {
        self.related = Some(Related {
            path: path.to_owned(),
            span: span.clone(),
            label: label.into(),
        });
        self
    }
}
