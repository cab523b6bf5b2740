//! A plan, or what became of it, as JSON: `docs/schema/plan.schema.json` describes it.

use serde::Serialize;

use super::digest::sha256;
use super::extra::Extra;
use super::file::Class;
use super::kind::Kind;
use super::plan::{Action, Plan};

/// The version of the format.
const SCHEMA: u32 = 1;

/// What `marty new --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    schema: u32,
    applied: bool,
    root: String,
    project: String,
    new_project: bool,
    service: Service,
    changes: Vec<Change>,
    next: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Service {
    name: String,
    kind: Kind,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    with: Vec<Extra>,
    team: String,
    tier: String,
    http_port: u16,
    admin_port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Change {
    path: String,
    action: &'static str,
    class: Class,
    bytes: usize,
    sha256: String,
}

impl Outcome {
    /// The outcome of `plan`: `applied` tells whether it was carried out, `next` are the commands
    /// to go on with.
    #[must_use]
    pub fn new(plan: &Plan, applied: bool, next: Vec<String>) -> Self {
        let answers = plan.answers();
        let service = Service {
            name: answers.name.to_string(),
            kind: answers.kind,
            with: answers.with.clone(),
            team: answers.team.clone(),
            tier: answers.tier.clone(),
            http_port: answers.ports.http,
            admin_port: answers.ports.admin,
        };
        let changes = plan.changes().iter().map(|change| Change {
            path: change.path.clone(),
            action: match change.action {
                Action::Create => "create",
                Action::Update { .. } => "update",
            },
            class: change.class,
            bytes: change.content.len(),
            sha256: sha256(&change.content),
        });
        Self {
            schema: SCHEMA,
            applied,
            root: plan.root().display().to_string(),
            project: plan.project().to_owned(),
            new_project: plan.is_new_project(),
            service,
            changes: changes.collect(),
            next,
        }
    }
}
