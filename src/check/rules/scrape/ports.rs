//! The ports of a service, wherever they are written down.

use std::collections::BTreeMap;

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::model::node::{Entry, Node, Text};
use crate::model::scrape::TargetGroup;
use crate::model::source::{Source, Span};
use crate::project::root::MANIFEST;

/// The constants that hold a service's ports, and the keys that do in `marty.toml`.
const PORTS: &[(&str, &str)] = &[("HTTP_PORT", "http-port"), ("ADMIN_PORT", "admin-port")];

/// Compares the ports of `marty.toml` with those in the sources.
pub(super) fn check(facts: &Facts<'_>, service: &Entry, findings: &mut Vec<Finding>) {
    for (constant, key) in PORTS {
        let Some(recorded) = service.value.entry(key) else {
            let message = format!("`{}` has no `{key}`", service.key);
            findings.push(Finding::new(MANIFEST, &service.key_span, message));
            continue;
        };
        let span = &recorded.value.span;
        let Some(port) = port(&recorded.value) else {
            let message = format!("`{key}` is not a port");
            findings.push(Finding::new(MANIFEST, span, message));
            continue;
        };
        let Some(declared) = declared(facts, &service.key, constant) else {
            let finding = unreadable(facts, &service.key, constant);
            findings.extend(finding.map(|it| it.related(MANIFEST, span, "recorded here")));
            continue;
        };
        if declared.port != port {
            let message = format!(
                "`{constant}` is {}, and `marty.toml` says {port}",
                declared.port
            );
            let finding = Finding::new(declared.path, declared.span, message);
            findings.push(finding.related(MANIFEST, span, "recorded here"));
        }
    }
}

/// Ports of `marty.toml` that are given away twice: the second who asks for one does not start.
pub(super) fn taken_twice(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let services = facts.services();
    let recorded = services.flat_map(|service| {
        PORTS.iter().filter_map(move |(_, key)| {
            let node = service.value.get(key)?;
            Some((
                port(node)?,
                &node.span,
                format!("`{key}` of `{}`", service.key),
            ))
        })
    });
    let mut recorded: Vec<_> = recorded.collect();
    recorded.sort_by_key(|(_, span, _)| span.start);
    let mut owners = BTreeMap::new();
    for (port, span, owner) in &recorded {
        let (first, by) = owners.entry(port).or_insert((span, owner));
        if *first != span {
            let message = format!("{port} is the {by} already");
            let finding = Finding::new(MANIFEST, span, message);
            findings.push(finding.related(MANIFEST, first, "taken here"));
        }
    }
}

/// The port that a value is, if it is one.
pub(super) fn port(node: &Node) -> Option<u64> {
    node.as_u64()
        .filter(|port| (1..=u64::from(u16::MAX)).contains(port))
}

/// A port in the sources.
struct Declared<'a> {
    port: u64,
    path: &'a str,
    span: &'a Span,
}

/// The constant of a service that holds a port: that of `config.rs`, or else the first.
fn declared<'a>(facts: &'a Facts<'_>, service: &str, constant: &str) -> Option<Declared<'a>> {
    let config = config(service);
    let own = facts.sources.iter().filter(|file| file.value.0 == service);
    let numbers = own.flat_map(|file| {
        let named = file
            .value
            .1
            .numbers
            .iter()
            .filter(|number| number.path.rsplit("::").next() == Some(constant));
        named.map(|number| Declared {
            port: number.value,
            path: &file.source.path,
            span: &number.span,
        })
    });
    numbers.min_by_key(|declared| declared.path != config)
}

/// Says that a port cannot be read from the sources, unless they are broken.
fn unreadable(facts: &Facts<'_>, service: &str, constant: &str) -> Option<Finding> {
    if facts.gaps.sources(service) {
        return None;
    }
    let help = format!("write it as a number: `pub const {constant}: u16 = …;`");
    let config = config(service);
    let mut files = facts.sources.iter();
    let (path, span) = match files.find(|file| file.source.path == config) {
        Some(file) => (config, place(file.source, constant)),
        None => (MANIFEST.to_owned(), place_of_service(facts, service)),
    };
    let message = format!("`{constant}` of `{service}` cannot be read from its sources");
    Some(Finding::new(&path, &span, message).help(Some(help)))
}

fn config(service: &str) -> String {
    format!("services/{service}/src/config.rs")
}

/// Where a file declares a constant, as far as that can be told from its text alone.
fn place(source: &Source, constant: &str) -> Span {
    let keyword = "const ";
    let at = source.text.find(&format!("{keyword}{constant}:"));
    at.map_or(0..0, |at| {
        at + keyword.len()..at + keyword.len() + constant.len()
    })
}

fn place_of_service(facts: &Facts<'_>, service: &str) -> Span {
    let mut services = facts.services();
    let found = services.find(|entry| entry.key == service);
    found.map_or(0..0, |entry| entry.key_span.clone())
}

/// Compares the ports of a group of targets with the one that metrics are on.
pub(super) fn of_targets(
    path: &str,
    group: &TargetGroup,
    service: &Entry,
    findings: &mut Vec<Finding>,
) {
    let Some(admin) = service.value.get("admin-port").and_then(port) else {
        return;
    };
    for (target, span) in &group.targets {
        let port = port_of(target);
        if port != Some(admin) {
            let found = port.map_or("no port".to_owned(), |port| format!("port {port}"));
            let message = format!(
                "this target has {found}, and `{}` answers on {admin}",
                service.key
            );
            let help = "metrics are on the admin port of `marty.toml`".to_owned();
            findings.push(Finding::new(path, span, message).help(Some(help)));
        }
    }
}

/// Whether one of the targets is where `service` answers with its metrics.
pub(super) fn reaches(group: &TargetGroup, service: &Entry) -> bool {
    let admin = service.value.get("admin-port").and_then(port);
    let mut targets = group.targets.iter();
    admin.is_some() && targets.any(|(target, _)| port_of(target) == admin)
}

fn port_of(target: &Text) -> Option<u64> {
    let (_, port) = target.decoded.rsplit_once(':')?;
    port.parse().ok()
}
