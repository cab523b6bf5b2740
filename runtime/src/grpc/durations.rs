//! How long the calls of one method took, by the codes they ended with.

use std::sync::OnceLock;

use tonic::Code;

use super::status::{self, CODES};
use crate::metric::Histogram;

/// The series of one method, each made when its code has first come. To find one takes no lock.
pub(crate) struct Durations([OnceLock<Histogram>; CODES]);

impl Durations {
    pub(crate) const fn new() -> Self {
        Self([const { OnceLock::new() }; CODES])
    }

    /// The series of a code. `make` is given the code's name, if there is none yet.
    pub(crate) fn of(
        &self,
        code: Code,
        make: impl FnOnce(&'static str) -> Histogram,
    ) -> Option<&Histogram> {
        // The array has a place for every code.
        let place = self.0.get(code as usize)?;
        Some(place.get_or_init(|| make(status::name(code))))
    }
}
