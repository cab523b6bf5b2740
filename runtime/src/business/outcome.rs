//! How a piece of work ended.

use super::ErrorClass;
use crate::metric::{LabelValue, LabelValues};

/// How a piece of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, LabelValue)]
pub enum Outcome {
    /// It did what was asked.
    Success,
    /// The caller was refused for good reason.
    Rejected,
    /// It could not do what was asked.
    Failed,
    /// It was dropped before it ended, as when the caller left.
    Abandoned,
}

/// An outcome and the class of the error, which is empty where there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    pub(super) outcome: Outcome,
    pub(super) error_type: &'static str,
}

impl End {
    pub(super) const SUCCESS: Self = Self {
        outcome: Outcome::Success,
        error_type: "",
    };
    pub(super) const ABANDONED: Self = Self {
        outcome: Outcome::Abandoned,
        error_type: "",
    };
    pub(super) const PANIC: Self = Self {
        outcome: Outcome::Failed,
        error_type: "panic",
    };

    pub(super) fn of<T, E: ErrorClass>(result: &Result<T, E>) -> Self {
        let Err(error) = result else {
            return Self::SUCCESS;
        };
        let outcome = if error.is_rejection() {
            Outcome::Rejected
        } else {
            Outcome::Failed
        };
        Self {
            outcome,
            error_type: error.class(),
        }
    }

    /// Writes the labels `outcome` and `error_type`.
    pub(super) fn write(self, values: &mut LabelValues) {
        values.push(self.outcome.as_label());
        values.push(self.error_type);
    }
}
