//! Which crates the crates of a project depend on, as their manifests say.
//!
//! Only names and folders are looked at: whether there is such a crate is Cargo's business.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::node::{Entry, Node};
use crate::model::toml;
use crate::project::contents::{Contents, Role};

/// The file that says what a crate is made of.
const CARGO: &str = "Cargo.toml";

/// The dependencies of each crate, by its folder; a crate whose manifest is broken has none here.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    crates: BTreeMap<String, BTreeSet<String>>,
}

impl Dependencies {
    /// Reads the manifests of a project.
    pub(super) fn of(contents: &Contents) -> Self {
        let root = contents.files.iter().find(|it| it.source.path == CARGO);
        let shared = root.and_then(|it| sound(&it.source.text));
        let workspace = shared.as_ref().and_then(|it| it.get("workspace"));
        let shared = entries(workspace, "dependencies");
        let manifests = contents.files.iter().filter(|it| it.role == Role::Toml);
        let crates = manifests.filter_map(|file| {
            let folder = file.source.path.strip_suffix(CARGO)?.strip_suffix('/')?;
            let manifest = sound(&file.source.text)?;
            let written = tables(&manifest);
            let names = written.flat_map(|entry| {
                let inherited = shared.iter().filter(|it| it.key == entry.key);
                inherited.chain([entry]).flat_map(names)
            });
            Some((folder.to_owned(), names.collect()))
        });
        Self {
            crates: crates.collect(),
        }
    }

    /// What the crate depends on whose source is at `path`; none if that is not known.
    pub(super) fn of_source(&self, path: &str) -> Option<&BTreeSet<String>> {
        let end = path.match_indices('/').nth(1)?.0;
        self.crates.get(path.get(..end)?)
    }
}

fn sound(text: &str) -> Option<Node> {
    let (manifest, issues) = toml::parse(text);
    manifest.filter(|_| issues.is_empty())
}

/// What a manifest depends on for every target and for some.
fn tables(manifest: &Node) -> impl Iterator<Item = &Entry> {
    let targets = entries(Some(manifest), "target").iter();
    let owners = targets.map(|target| &target.value).chain([manifest]);
    owners.flat_map(|owner| entries(Some(owner), "dependencies"))
}

fn entries<'a>(node: Option<&'a Node>, key: &str) -> &'a [Entry] {
    let found = node.and_then(|node| node.get(key));
    found.map(Node::entries).unwrap_or_default()
}

/// The names that a dependency may go by: its own, that of its package, and that of its folder.
fn names(entry: &Entry) -> impl Iterator<Item = String> {
    let of = |key| entry.value.get(key).and_then(Node::as_str);
    let folder = of("path").and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    let names = [Some(entry.key.as_str()), of("package"), folder];
    names.into_iter().flatten().map(|it| it.replace('-', "_"))
}
