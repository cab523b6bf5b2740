//! What a rule is, and how it explains itself.

use std::fmt::Write as _;

use super::facts::Facts;
use super::finding::Finding;

/// A rule. One file holds one rule with all there is to say about it.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in kebab case; never changes.
    pub name: &'static str,
    /// What it says in one line.
    pub summary: &'static str,
    /// What it looks for.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// A project that breaks it, and how to mend that.
    pub example: Example,
    /// Looks for it.
    pub(super) check: fn(&Facts<'_>, &mut Vec<Finding>),
}

/// A place in a project, broken and mended.
#[derive(Debug)]
pub struct Example {
    /// The file.
    pub path: &'static str,
    /// Lines of it that break the rule.
    pub broken: &'static str,
    /// The same lines as they should be.
    pub mended: &'static str,
}

impl Rule {
    /// The rule's documentation, as Markdown.
    #[must_use]
    pub fn explanation(&self) -> String {
        let Example {
            path,
            broken,
            mended,
        } = &self.example;
        let language = match path.rsplit('.').next() {
            Some("yml") => "yaml",
            Some("rs") => "rust",
            Some("md") => "markdown",
            Some(extension) => extension,
            None => "",
        };
        let mut text = format!("# {}\n\n{}.\n", self.name, self.summary);
        let _ = write!(text, "\n## What it does\n\n{}\n", self.what.trim());
        let _ = write!(text, "\n## Why is this bad?\n\n{}\n", self.why.trim());
        let _ = write!(
            text,
            "\n## Example\n\n`{path}`:\n\n```{language}\n{}\n```\n",
            broken.trim_end()
        );
        let _ = write!(
            text,
            "\n## Use instead\n\n```{language}\n{}\n```\n",
            mended.trim_end()
        );
        text
    }
}
