//! A pristine copy and the hash that names it.

use std::borrow::Cow;
use std::io;

use super::digest::sha256;
use super::pack::pack;

/// A pristine copy and the hash of what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// The hash of what was packed, in hexadecimal.
    pub(super) sha256: String,
    /// What is written.
    pub(super) packed: Cow<'static, [u8]>,
}

impl Copy {
    /// The copy of `content`.
    pub(super) fn of(content: &[u8]) -> io::Result<Self> {
        Ok(Self {
            sha256: sha256(content),
            packed: Cow::Owned(pack(content)?),
        })
    }
}
