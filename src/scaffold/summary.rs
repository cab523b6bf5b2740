//! A plan in words, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::base;
use super::plan::{Action, Plan};
use super::site::Site;
use crate::project::port;
use crate::project::root::RUNTIME;

/// Every path of the plan and what happens to it; the pristine copies in one line.
#[must_use]
pub fn listing(plan: &Plan) -> String {
    let mut text = String::new();
    let mut copies = 0;
    for change in plan.changes() {
        if change.path.starts_with(base::DIRECTORY) {
            copies += 1;
            continue;
        }
        let action = match change.action {
            Action::Create => "create",
            Action::Update { .. } => "update",
        };
        let _ = writeln!(text, "{action}  {}", change.path);
    }
    if copies > 0 {
        let _ = writeln!(
            text,
            "create  {}/*.gz  ({copies} pristine copies)",
            base::DIRECTORY
        );
    }
    text
}

/// What is made, in one line, to go on behind "created" or "would create".
#[must_use]
pub fn headline(plan: &Plan) -> String {
    let answers = plan.answers();
    let root = plan.root().display();
    let with = answers.with.iter().map(|extra| format!("`{extra}`"));
    let with: Vec<String> = with.collect();
    let with = if with.is_empty() {
        String::new()
    } else {
        format!(" with {}", with.join(" and "))
    };
    let kind = answers.kind.title();
    let service = format!("the {kind} `{}`{with}", answers.name);
    if plan.is_new_project() {
        format!(
            "the project `{}` in `{root}` with {service}",
            plan.project()
        )
    } else {
        format!("{service} in the project `{}` in `{root}`", plan.project())
    }
}

/// The places to know of, one a line.
#[must_use]
pub fn places(plan: &Plan) -> String {
    let answers = plan.answers();
    let service = format!("services/{}", answers.name);
    let mut places = vec![
        (service.clone(), "its code, tests, Dockerfile and README"),
        (
            format!("{service}/observability"),
            "its dashboard and runbooks",
        ),
        (
            "observability/monitoring/prometheus".to_owned(),
            "where Prometheus finds it, its alerts and their tests",
        ),
        ("marty.toml".to_owned(), "its ports"),
    ];
    if plan.is_new_project() {
        places.push((RUNTIME.to_owned(), "metrics, logs, health and shutdown"));
        places.push((
            ".marty".to_owned(),
            "what was generated, for marty; commit it",
        ));
    }
    let width = places
        .iter()
        .map(|(path, _)| path.len())
        .max()
        .unwrap_or_default();
    let lines = places
        .iter()
        .map(|(path, what)| format!("  {path:width$}  {what}\n"));
    lines.collect()
}

/// Where the service will listen.
#[must_use]
pub fn listeners(plan: &Plan) -> String {
    let ports = plan.answers().ports;
    format!(
        "  http://127.0.0.1:{}  its interface\n  http://127.0.0.1:{}  /metrics, /livez, /readyz, /startupz\n",
        ports.http, ports.admin
    )
}

/// Why the service has not the ports that a first one gets; nothing if it has.
#[must_use]
pub fn passed_over(plan: &Plan, site: &Site) -> String {
    let (first, own) = (port::first(), plan.answers().ports);
    let (mut taken, mut holders) = (BTreeSet::new(), Vec::new());
    for (name, mut ports) in site.services() {
        ports.retain(|port| [first.http, first.admin].contains(port));
        if !ports.is_empty() {
            holders.push(format!("`{name}`"));
            taken.extend(ports);
        }
    }
    let taken: Vec<String> = taken.iter().map(u16::to_string).collect();
    let subject = match taken.as_slice() {
        [] => return String::new(),
        [port] => format!("port {port} is"),
        ports => format!("ports {} are", ports.join(" and ")),
    };
    let holders = holders.join(" and ");
    format!(
        "  {subject} taken by {holders}; this service gets {} and {}\n",
        own.http, own.admin
    )
}
