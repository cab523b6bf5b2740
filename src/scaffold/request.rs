//! What a plan is made for.

use super::extra::Extra;
use super::kind::Kind;
use crate::project::name::ServiceName;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The service's name.
    pub name: ServiceName,
    /// Its kind.
    pub kind: Kind,
    /// What it is to have beside that.
    pub with: Vec<Extra>,
}
