//! Everything that decides what a service looks like.

use super::extra::Extra;
use super::kind::Kind;
use crate::project::name::ServiceName;
use crate::project::port::Ports;

/// The answers a service is made from. Equal answers make equal files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Its name.
    pub name: ServiceName,
    /// Its kind.
    pub kind: Kind,
    /// What it has beside that, sorted.
    pub with: Vec<Extra>,
    /// The team that runs it, in alerts and target labels.
    pub team: String,
    /// How much depends on it, in target labels.
    pub tier: String,
    /// Its ports.
    pub ports: Ports,
}

impl Answers {
    /// The answers of somebody who was asked for nothing but a name, a kind and free ports.
    #[must_use]
    pub fn new(name: ServiceName, kind: Kind, ports: Ports) -> Self {
        Self {
            name,
            kind,
            with: Vec::new(),
            team: "platform".to_owned(),
            tier: "standard".to_owned(),
            ports,
        }
    }

    /// The answers of somebody who also asked for these.
    #[must_use]
    pub fn with(mut self, extras: &[Extra]) -> Self {
        self.with = extras.to_vec();
        self.with.sort_unstable();
        self.with.dedup();
        self
    }
}
