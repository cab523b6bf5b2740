//! Rule files and dashboards that others wrote: whatever Prometheus and Grafana take, is taken.
//!
//! They lie beside the repository, or where `MARTY_CORPORA` says. They are not part of it, so
//! where they are missing the tests say that they proved nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use marty::model::node::{Node, Value};
use marty::model::source::Issue;
use marty::model::{json, promql, yaml};

/// Fewer files than these mean that the wrong folder was looked at.
const RULE_FILES: usize = 120;
const DASHBOARDS: usize = 33;

/// The files of the corpora with one of the extensions.
fn files(extensions: &[&str]) -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let root = std::env::var_os("MARTY_CORPORA").map_or(beside, PathBuf::from);
    if !root.is_dir() {
        let message = format!("\nNOT RUN: there are no corpora in {}\n", root.display());
        // Past the test harness, which would swallow it.
        let _ = std::io::stderr().write_all(message.as_bytes());
        return None;
    }
    let mut found = Vec::new();
    collect(&root, extensions, &mut found);
    found.sort();
    Some(found)
}

fn collect(directory: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let extension = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            collect(&path, extensions, found);
        } else if extensions.contains(&extension.as_str()) {
            found.push(path);
        }
    }
}

/// Every text under a key called `expr`, with the issues that PromQL has with it.
fn expressions(node: &Node, found: &mut Vec<(String, Vec<Issue>)>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                match entry.value.as_str() {
                    Some(text) if entry.key == "expr" => {
                        found.push((text.to_owned(), promql::parse(text).1));
                    }
                    _ => expressions(&entry.value, found),
                }
            }
        }
        Value::Sequence(nodes) => nodes.iter().for_each(|node| expressions(node, found)),
        _ => {}
    }
}

#[track_caller]
fn all_are_taken(found: &[(String, Vec<Issue>)], at_least: usize) {
    let wrong: Vec<_> = found
        .iter()
        .filter(|(_, issues)| !issues.is_empty())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let different: BTreeSet<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
    assert!(
        different.len() >= at_least,
        "{} expressions",
        different.len()
    );
}

#[test]
fn every_rule_file_is_read() {
    let Some(files) = files(&["yml", "yaml"]) else {
        return;
    };
    assert!(files.len() >= RULE_FILES, "{} files", files.len());
    let mut found = Vec::new();
    for path in files {
        let parsed = yaml::parse(&fs::read_to_string(&path).unwrap());
        assert!(
            parsed.issues.is_empty(),
            "{}: {:?}",
            path.display(),
            parsed.issues
        );
        parsed
            .documents
            .iter()
            .for_each(|document| expressions(document, &mut found));
    }
    all_are_taken(&found, 500);
}

#[test]
fn every_dashboard_is_read() {
    let Some(files) = files(&["json"]) else {
        return;
    };
    assert!(files.len() >= DASHBOARDS, "{} files", files.len());
    let mut found = Vec::new();
    for path in files {
        let (dashboard, issues) = json::parse(&fs::read_to_string(&path).unwrap());
        assert!(issues.is_empty(), "{}: {issues:?}", path.display());
        expressions(&dashboard.unwrap(), &mut found);
    }
    all_are_taken(&found, 300);
}
