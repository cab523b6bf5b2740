//! What is said of a service's health, as JSON and as text.

use std::{borrow::Cow, fmt};

use serde::Serialize;

use super::check::FAILED;

/// Where the service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Starting,
    Ready,
    Draining,
}

/// What `/readyz` says.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) ready: bool,
    pub(super) state: State,
    pub(super) checks: Vec<Answer>,
}

/// What one check said.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Answer {
    pub(super) name: Cow<'static, str>,
    pub(super) up: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
}

/// The form of `/readyz?verbose`: a line for the service itself, one for each check, and what follows from them.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            State::Starting => formatter.write_str("[-]service failed: starting\n")?,
            State::Ready => formatter.write_str("[+]service ok\n")?,
            State::Draining => formatter.write_str("[-]service failed: draining\n")?,
        }
        for Answer { name, up, reason } in &self.checks {
            match reason {
                _ if *up => writeln!(formatter, "[+]{name} ok")?,
                Some(reason) if *reason != FAILED => {
                    writeln!(formatter, "[-]{name} failed: {reason}")?;
                }
                _ => writeln!(formatter, "[-]{name} failed")?,
            }
        }
        let end = if self.ready { "passed" } else { "failed" };
        writeln!(formatter, "readyz check {end}")
    }
}
