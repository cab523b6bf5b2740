//! Rule files and dashboards in all the forms that people write: whatever Prometheus and Grafana
//! take, is taken.
//!
//! Our own lie in `tests/fixtures`. Those of others are no part of the repository: they are taken
//! from where `MARTY_CORPORA` says, or from beside the repository if they are there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use marty::check;
use marty::model::dashboard::Dashboard;
use marty::model::node::Node;
use marty::model::rule::RuleFile;
use marty::model::source::Source;
use marty::model::{json, promql, yaml};
use marty::project::contents::{Contents, ProjectFile, Role};

/// What was found in the files of one form.
#[derive(Default)]
struct Tally {
    /// The expressions in their trees.
    expressions: BTreeSet<String>,
    /// The queries in what is made of the trees.
    queries: usize,
}

/// The folders to read.
fn roots() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut roots = vec![here.join("tests/fixtures")];
    match std::env::var_os("MARTY_CORPORA") {
        Some(named) => roots.push(PathBuf::from(named)),
        None => roots.extend(Some(here.join("../shared/corpora")).filter(|it| it.is_dir())),
    }
    roots
}

fn files(root: &Path, extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(root, extensions, &mut found);
    found.sort();
    let read = |path: &PathBuf| Source {
        path: path.to_string_lossy().into_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    found.iter().map(read).collect()
}

fn collect(directory: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory);
    for entry in entries.unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.unwrap().path();
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect(&path, extensions, found);
        } else if extensions.contains(&&*extension) {
            found.push(path);
        }
    }
}

/// Every text under a key called `expr` that is there for Prometheus.
fn expressions(node: &Node, found: &mut BTreeSet<String>) {
    let source = node.get("datasource").and_then(|it| it.get("type"));
    if source.and_then(Node::as_str) == Some("loki") {
        return;
    }
    for entry in node.entries() {
        match entry.value.as_str() {
            Some(text) if entry.key == "expr" && !text.trim().is_empty() => {
                found.insert(text.to_owned());
            }
            _ => expressions(&entry.value, found),
        }
    }
    node.items()
        .iter()
        .for_each(|item| expressions(item, found));
}

/// What `marty check` says about the syntax of these files. Resources of Kubernetes are nothing
/// that Prometheus reads.
fn complaints(files: Vec<Source>, role: &Role) -> String {
    let plain = files
        .into_iter()
        .filter(|file| !file.text.contains("\nkind: PrometheusRule"));
    let files = plain.map(|source| ProjectFile {
        role: role.clone(),
        source,
    });
    let contents = Contents {
        files: files.collect(),
        ..Contents::default()
    };
    let mut complaints = String::new();
    for finding in check::run(&contents) {
        if matches!(finding.rule, "syntax-error" | "promql-error") {
            writeln!(complaints, "{}: {}", finding.path, finding.message).unwrap();
        }
    }
    complaints
}

/// Reads all files of a form and says what was read, past the test harness.
fn read_all(extensions: &[&str], role: &Role, model: fn(&Source, &mut Tally)) {
    for root in roots() {
        let files = files(&root, extensions);
        let mut tally = Tally::default();
        for file in &files {
            model(file, &mut tally);
        }
        let (count, different) = (files.len(), tally.expressions.len());
        let queries = tally.queries;
        let said = format!(
            "\nread {count} {} files with {different} different expressions in {}\n",
            extensions[0],
            root.display()
        );
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        assert!(count > 0 && different > 0, "{said}");
        assert!(
            queries >= different,
            "{queries} of them in the models: {said}"
        );
        for text in &tally.expressions {
            assert_eq!(promql::parse(text).1, [], "{text}");
        }
        assert_eq!(complaints(files, role), "");
    }
}

#[test]
fn every_rule_file_is_read() {
    let model = |file: &Source, tally: &mut Tally| {
        let parsed = yaml::parse(&file.text);
        assert_eq!(parsed.issues, [], "{}", file.path);
        let Some(document) = parsed.documents.first() else {
            return;
        };
        // The operator wraps a rule file into a resource of Kubernetes.
        let rules = document.get("spec").unwrap_or(document);
        let model = RuleFile::of(rules);
        assert_eq!(model.issues, [], "{}", file.path);
        let queries = model.rules.iter().filter(|rule| rule.query.is_some());
        tally.queries += queries.count();
        expressions(rules, &mut tally.expressions);
    };
    read_all(&["yml", "yaml"], &Role::Rules, model);
}

#[test]
fn every_dashboard_is_read() {
    let model = |file: &Source, tally: &mut Tally| {
        let (dashboard, issues) = json::parse(&file.text);
        assert_eq!(issues, [], "{}", file.path);
        let dashboard = dashboard.unwrap();
        let model = Dashboard::of(&dashboard);
        assert_eq!(model.issues, [], "{}", file.path);
        tally.queries += model.queries.len();
        expressions(&dashboard, &mut tally.expressions);
    };
    read_all(&["json"], &Role::Dashboard, model);
}
