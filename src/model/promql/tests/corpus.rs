//! The expressions that another parser has to agree on: those of our own files, and of public ones
//! where they are there. That all of them parse is tested with the files as a whole.

use std::path::{Path, PathBuf};

use crate::model::node::{Node, Value};
use crate::model::{json, yaml};

/// The expressions of `alerts/`, `dashboards/` and the corpora.
pub(super) fn expressions() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = here.join("../shared/corpora");
    let root = std::env::var_os("MARTY_CORPORA").map_or(beside, PathBuf::from);
    let mut found = Vec::new();
    for folder in [here.join("alerts"), here.join("dashboards"), root] {
        if folder.is_dir() {
            collect_folder(&folder, &mut found);
        }
    }
    found
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
