//! What comes of asking a cache.

/// What came of asking a cache for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// It had the value, or somebody else was getting it already.
    Hit,
    /// It did not have the value.
    Miss,
    /// It did not have the value, and the value could not be got.
    Error,
}

impl Lookup {
    pub(super) const fn as_label(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Error => "error",
        }
    }
}
