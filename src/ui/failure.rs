//! Why a command did not do what it was asked, in the form in which it is shown.

use std::error::Error;
use std::fmt;

use super::style::{ERROR, HINT, styled};

/// What went wrong, the causes below it, and what to do.
#[derive(Debug)]
pub struct Failure {
    messages: Vec<String>,
    hints: Vec<String>,
}

impl Failure {
    /// A failure with the causes that `error` names.
    pub fn new(error: &dyn Error) -> Self {
        let mut messages = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            messages.push(error.to_string());
            cause = error.source();
        }
        Self {
            messages,
            hints: Vec::new(),
        }
    }

    /// A failure without a cause.
    #[must_use]
    pub fn message(message: impl Into<String>) -> Self {
        Self {
            messages: vec![message.into()],
            hints: Vec::new(),
        }
    }

    /// The failure with why it came to that.
    #[must_use]
    pub fn cause(mut self, error: &dyn Error) -> Self {
        self.messages.extend(Self::new(error).messages);
        self
    }

    /// The failure with something to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The failure with several things to do about it.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, message) in self.messages.iter().enumerate() {
            let label = if level == 0 {
                styled(ERROR, "error")
            } else {
                "  cause".to_owned()
            };
            writeln!(f, "{label}: {}", message.replace('\n', "\n    "))?;
        }
        for hint in &self.hints {
            writeln!(f, "{}: {hint}", styled(HINT, "hint"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::Failure;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `a`")]
    struct Unreadable(#[source] io::Error);

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let error = Unreadable(io::Error::other("no\nluck"));
        let text = Failure::new(&error).hint("try `b`").to_string();
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "error: cannot read `a`\n  cause: no\n    luck\nhint: try `b`\n"
        );
    }
}
