//! What ships agrees with the code it ships with.

use std::fs;
use std::path::Path;

use marty::model::rust::{Exports, Kind, SourceFacts, facts};
use marty::project::contents::{Contents, Role};
use marty_runtime::names;

use crate::golden::{PROJECT, SERVICES, WORKER};

fn read(root: &Path) -> Contents {
    let contents = Contents::read(root).unwrap();
    assert!(contents.unreadable.is_empty(), "{:?}", contents.unreadable);
    contents
}

/// What the sources below `root` export, as read from them.
fn exports(root: &Path, package: &str) -> Vec<(String, &'static str, Vec<String>)> {
    let contents = read(root);
    let read: Vec<_> = contents
        .files
        .iter()
        .filter_map(|file| match &file.role {
            Role::Rust { package: own } if own == package => {
                let (facts, issues) = facts(&file.source.text);
                assert!(issues.is_empty(), "{}: {issues:?}", file.source.path);
                Some((file.source.path.as_str(), facts))
            }
            _ => None,
        })
        .collect();
    let sources: Vec<_> = read
        .iter()
        .map(|(path, facts)| SourceFacts {
            package,
            path,
            depends_on: None,
            facts,
        })
        .collect();
    let exports = Exports::resolve(&sources);
    assert!(exports.unresolved.is_empty(), "{:?}", exports.unresolved);
    let mut found: Vec<_> = exports
        .metrics
        .into_iter()
        .map(|metric| {
            assert!(metric.labels_known, "{}", metric.name);
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            (metric.name, kind, metric.labels)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_names_of_the_runtime_are_read_from_its_sources_as_they_are_compiled() {
    let mut expected: Vec<_> = names::ALL
        .iter()
        .chain(names::EVENTS)
        .map(|metric| {
            let kind = match metric.kind {
                names::Kind::Counter => "counter",
                names::Kind::Gauge => "gauge",
                names::Kind::Histogram => "histogram",
                other => panic!("a kind that this test does not know: {other:?}"),
            };
            let labels = metric
                .labels
                .iter()
                .map(|label| (*label).to_owned())
                .collect();
            (metric.name.to_owned(), kind, labels)
        })
        .collect();
    expected.sort();
    assert_eq!(exports(&PROJECT.path(""), "marty-runtime"), expected);
}

#[test]
fn the_metrics_of_the_generated_service_are_read_from_its_sources() {
    for service in SERVICES {
        let [changes, stored] = match service {
            WORKER => ["directory_changes_total", "directory_users"],
            _ => ["user_changes_total", "users_stored"],
        };
        let expected = [
            (changes.to_owned(), "counter", vec!["change".to_owned()]),
            (stored.to_owned(), "gauge", Vec::new()),
        ];
        assert_eq!(exports(&PROJECT.path(""), service), expected);
    }
}

#[test]
fn the_service_s_readme_has_the_variables_of_the_runtime_and_no_others() {
    let of_services = [
        "MARTY_DATABASE_",
        "MARTY_EVENTS_",
        "MARTY_KAFKA_",
        "MARTY_PII_",
        "MARTY_USERS_",
    ];
    let expected = marty_runtime::config::VARIABLES.iter();
    let expected: Vec<&str> = expected.map(|variable| variable.name).collect();
    for service in SERVICES {
        let readme = PROJECT.path(&format!("services/{service}/README.md"));
        let readme = fs::read_to_string(readme).unwrap();
        let (_, table) = readme.split_once("\n## Configure it\n").unwrap();
        let (table, _) = table.split_once("\n## ").unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let names = rows.filter_map(|row| row.split('`').next());
        let names: Vec<&str> = names
            .filter(|name| !of_services.iter().any(|own| name.starts_with(own)))
            .collect();
        assert_eq!(names, expected, "{service}");
    }
}

#[test]
fn the_versions_of_the_toolchain_agree() {
    let manifest = fs::read_to_string(PROJECT.path("Cargo.toml")).unwrap();
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
    let version = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap();
    let dockerfile = fs::read_to_string(PROJECT.path("services/user-service/Dockerfile")).unwrap();
    assert!(
        dockerfile.contains(&format!("FROM rust:{version}-")),
        "{dockerfile}"
    );
    // A channel like `stable` moves on, and lints that are errors with it.
    let toolchain = fs::read_to_string(PROJECT.path("rust-toolchain.toml")).unwrap();
    assert_eq!(toolchain, include_str!("../../rust-toolchain.toml"));
    let toolchain: toml_edit::DocumentMut = toolchain.parse().unwrap();
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert!(channel.starts_with(&format!("{version}.")), "{channel}");
}

#[test]
fn the_service_observes_itself_through_the_runtime_alone() {
    let others = [
        "log",
        "metrics",
        "opentelemetry",
        "prometheus",
        "tracing",
        "tracing-subscriber",
    ];
    for service in SERVICES {
        let manifest = PROJECT.path(&format!("services/{service}/Cargo.toml"));
        let manifest = fs::read_to_string(manifest).unwrap();
        let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
        for (name, _) in manifest["dependencies"].as_table().unwrap() {
            assert!(!others.contains(&name), "{name}");
        }
        assert!(manifest["dependencies"].get("marty-runtime").is_some());
    }
}
