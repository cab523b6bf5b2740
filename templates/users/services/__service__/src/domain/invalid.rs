//! Why a text was refused.

/// Why a text is not a value of the domain, as a phrase that follows the field's name, such as "is empty".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(&'static str);

impl Invalid {
    pub(super) const fn because(reason: &'static str) -> Self {
        Self(reason)
    }
}
