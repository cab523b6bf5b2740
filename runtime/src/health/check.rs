//! One readiness check: a name and a question to a dependency.

use std::{borrow::Cow, error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use crate::{metric::Counter, unwind::catch};

/// Why a check did not pass that said so itself, and no more than that.
pub(super) const FAILED: &str = "failed";

/// How long a check may take.
const TIME: Duration = Duration::from_secs(1);

type Answer = Pin<Box<dyn Future<Output = Result<(), CheckError>> + Send>>;

/// Why a dependency is not ready. The text goes to the log, never into an answer.
///
/// ```
/// use marty_runtime::CheckError;
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// assert_eq!(CheckError::new(refused).to_string(), "connection refused");
/// assert_eq!(CheckError::new("no leader").to_string(), "no leader");
/// ```
#[derive(Debug)]
pub struct CheckError {
    source: Box<dyn Error + Send + Sync>,
    reason: &'static str,
}

impl CheckError {
    /// Wraps any error, or a text.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
            reason: FAILED,
        }
    }

    /// The same, with a word for the answer.
    #[cfg_attr(
        not(feature = "events"),
        expect(dead_code, reason = "only groups of events fail in more than one way")
    )]
    pub(crate) const fn with_reason(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source, formatter)
    }
}

impl Error for CheckError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

/// A named check.
#[derive(Clone)]
pub(crate) struct Check {
    pub(crate) name: Cow<'static, str>,
    ask: Arc<dyn Fn() -> Answer + Send + Sync>,
}

impl Check {
    pub(crate) fn new<F, Fut>(name: impl Into<Cow<'static, str>>, ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), CheckError>> + Send + 'static,
    {
        Self {
            name: name.into(),
            ask: Arc::new(move || Box::pin(ask())),
        }
    }

    /// Asks, for at most a second. The failure is a word for the answer and a text for the log.
    pub(super) async fn run(&self, panics: &Counter) -> Result<(), Failure> {
        let ask = Arc::clone(&self.ask);
        // The question is put inside, for it may panic before there is anything to wait for.
        let answer = catch(async move { ask().await });
        match tokio::time::timeout(TIME, answer).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(Failure {
                reason: error.reason,
                error: error.to_string(),
            }),
            Ok(Err(_)) => {
                panics.inc();
                Err(Failure {
                    reason: "panicked",
                    error: "the check panicked".to_owned(),
                })
            }
            Err(_) => Err(Failure {
                reason: "timed out",
                error: format!("no answer within {TIME:?}"),
            }),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Check").field(&self.name).finish()
    }
}

/// Why a check did not pass.
pub(super) struct Failure {
    pub(super) reason: &'static str,
    pub(super) error: String,
}
