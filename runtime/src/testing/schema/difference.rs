//! A place where what is written is not what is read.

/// A place where what is written is not what is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) what: What,
}

/// What is different there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Who reads requires the field, and it may be missing.
    Missing,
    /// The field is written, and who reads has forgotten it.
    Gone,
    /// The field is written, and who reads refuses what it does not know.
    Refused,
    /// Something is written that who reads does not take.
    Unlike { written: String, read: String },
}

impl Difference {
    pub(super) const fn new(path: String, what: What) -> Self {
        Self { path, what }
    }

    /// How much it says that two things are no forms of the same: what tells variants apart counts most.
    pub(super) const fn weight(&self) -> usize {
        match self.what {
            What::Unlike { .. } => 100,
            What::Missing | What::Refused => 10,
            What::Gone => 1,
        }
    }

    /// What who reads takes at `path` instead of `value`.
    pub(super) fn taken_for(&self, path: &str, value: &str) -> Option<&str> {
        match &self.what {
            What::Unlike { written, read } if self.path == path && written == value => Some(read),
            _ => None,
        }
    }
}
