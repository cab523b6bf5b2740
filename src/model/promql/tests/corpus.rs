//! Every expression of public rule files and dashboards parses.

use std::path::{Path, PathBuf};

use super::super::parse;
use crate::model::node::{Node, Value};
use crate::model::{json, yaml};

/// The expressions of the corpora, or `None` (said on stderr) where they are absent.
pub(super) fn expressions() -> Option<Vec<String>> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let root = std::env::var_os("MARTY_CORPORA").map_or(default, PathBuf::from);
    if !root.is_dir() {
        eprintln!(
            "NOT RUN: no corpora at {}; set MARTY_CORPORA",
            root.display()
        );
        return None;
    }
    let mut found = Vec::new();
    collect_folder(&root, &mut found);
    Some(found)
}

fn collect_folder(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_folder(&path, found);
            continue;
        }
        let text = || std::fs::read_to_string(&path).unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => collect(&json::parse(&text()).0.unwrap(), found),
            Some("yml" | "yaml") => {
                for document in yaml::parse(&text()).documents {
                    collect(&document, found);
                }
            }
            _ => {}
        }
    }
}

fn collect(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                match entry.value.as_str() {
                    Some(text) if entry.key == "expr" => found.push(text.to_owned()),
                    _ => collect(&entry.value, found),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[test]
fn every_public_expression_parses_without_an_issue() {
    let Some(expressions) = expressions() else {
        return;
    };
    assert!(expressions.len() > 1000, "{}", expressions.len());
    eprintln!("{} expressions", expressions.len());
    let refused: Vec<_> = expressions
        .iter()
        .map(|text| (text, parse(text).1))
        .filter(|(_, issues)| !issues.is_empty())
        .collect();
    assert!(
        refused.is_empty(),
        "{} refused: {refused:#?}",
        refused.len()
    );
}
