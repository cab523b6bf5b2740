//! How a command ends that does not get to its end.

use super::status::Status;
use crate::ui::{Failure, OutputError, Ui};

/// Why a command ended early.
pub(super) enum Stop {
    /// It could not do what it was asked.
    Failure(Failure),
    /// Nobody takes its output any more.
    Output(OutputError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<OutputError> for Stop {
    fn from(error: OutputError) -> Self {
        Self::Output(error)
    }
}

impl Stop {
    /// Says why, unless nobody listens.
    pub(super) fn tell(self, ui: &mut Ui) -> Status {
        match self {
            Self::Output(error) if error.reader_left() => return Status::Success,
            Self::Output(error) => ui.fail(&Failure::new(&error)),
            Self::Failure(failure) => ui.fail(&failure),
        }
        Status::Failure
    }
}
