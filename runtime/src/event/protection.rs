//! How personal fields are written, and where they stand.

/// How a personal field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// As a hash: equal values are still equal, and nobody gets them back. Not for values of which there are few, such as a
    /// date of birth: all of them are soon tried by who has the key.
    Hash,
    /// Sealed: who has the key gets the value back.
    Seal,
}

/// Where a personal value stands. A sealed token opens in no other place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The event's type, such as `user.created.v1`.
    pub event: &'static str,
    /// The field's name.
    pub field: &'static str,
}
