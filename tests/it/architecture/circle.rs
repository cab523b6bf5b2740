//! Refuses circles among the files of a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{ItemUse, UseTree, Visibility};

use super::{parse, sources_in};

/// Files that call each other because what they parse does.
const GRAMMAR: [&str; 3] = [
    "model::promql::call",
    "model::promql::expression",
    "model::promql::matching",
];

/// What one file names of the crate it is in.
#[derive(Default)]
struct Module {
    is_parent: bool,
    /// What its `use` items bring into it, and from where.
    names: BTreeMap<String, Vec<String>>,
    used: Vec<Vec<String>>,
}

impl Module {
    fn bind(&mut self, tree: &UseTree, mut path: Vec<String>, re_exported: bool) {
        let (word, name) = match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                return self.bind(&inner.tree, path, re_exported);
            }
            UseTree::Group(group) => {
                let trees = group.items.iter();
                return trees.for_each(|tree| self.bind(tree, path.clone(), re_exported));
            }
            UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
            UseTree::Rename(rename) => (rename.ident.to_string(), rename.rename.to_string()),
            UseTree::Glob(_) => return self.used.push(path),
        };
        let is_itself = name == "self";
        let name = path.last().filter(|_| is_itself).cloned().unwrap_or(name);
        if word != "self" {
            path.push(word);
        }
        if !re_exported {
            self.used.push(path.clone());
        }
        self.names.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let re_exported = self.is_parent && !matches!(item.vis, Visibility::Inherited);
        self.bind(&item.tree, Vec::new(), re_exported);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words = path.segments.iter().map(|it| it.ident.to_string());
        self.used.push(words.collect());
        syn::visit::visit_path(self, path);
    }

    /// Who may see an item is nothing that it uses.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

/// The modules of a crate, each by its path below the root.
type Modules = BTreeMap<Vec<String>, Module>;

fn modules(folder: &str) -> Modules {
    let files = sources_in(folder).into_iter();
    files
        .filter_map(|(_, file)| module(folder, &file))
        .collect()
}

/// Nothing for `main.rs`, which is a crate of its own.
fn module(folder: &str, file: &Path) -> Option<(Vec<String>, Module)> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let below: PathBuf = file.strip_prefix(base).unwrap().with_extension("");
    let words = below.iter().map(|it| it.to_string_lossy().into_owned());
    let mut path: Vec<String> = words.collect();
    let is_parent = path.pop_if(|it| *it == "mod" || *it == "lib").is_some();
    let mut module = Module {
        is_parent,
        ..Module::default()
    };
    module.visit_file(&parse(file));
    (path != ["main"]).then_some((path, module))
}

/// The path from the crate's root that `path` is in the module at `place`; nothing if it leads out of the crate.
fn absolute(modules: &Modules, place: &[String], path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([place, rest].concat()),
        "super" => {
            let ups = path.iter().take_while(|it| *it == "super").count();
            let above = place.get(..place.len().checked_sub(ups)?)?;
            Some([above, &path[ups..]].concat())
        }
        _ => {
            let child = [place, std::slice::from_ref(first)].concat();
            modules.contains_key(&child).then(|| [place, path].concat())
        }
    }
}

/// The module that holds what the module at `place` calls `path`: re-exports are followed to where they lead.
fn holder(
    modules: &Modules,
    place: &[String],
    path: &[String],
    steps: usize,
) -> Option<Vec<String>> {
    let bound = path.first().and_then(|it| modules[place].names.get(it));
    let path = bound.map_or(path.to_vec(), |it| [it, &path[1..]].concat());
    let path = absolute(modules, place, &path)?;
    let mut module = Vec::new();
    for (at, word) in path.iter().enumerate() {
        let child = [module.as_slice(), std::slice::from_ref(word)].concat();
        if modules.contains_key(&child) {
            module = child;
        } else if steps > 0 && modules[&module].names.contains_key(word) {
            return holder(modules, &module, &path[at..], steps - 1);
        } else {
            break;
        }
    }
    Some(module)
}

/// The modules that are on circles, or between two, each with those of them that it uses.
fn circles(modules: &Modules) -> BTreeMap<String, BTreeSet<String>> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (place, module) in modules {
        let used = module.used.iter();
        let used = used.filter_map(|path| holder(modules, place, path, 8));
        let from = place.join("::");
        let used = used.map(|path| path.join("::"));
        let recurses = |to: &str| [&*from, to].iter().all(|it| GRAMMAR.contains(it));
        let used = used.filter(|to| !to.is_empty() && *to != from && !recurses(to));
        edges.insert(from.clone(), used.collect());
    }
    loop {
        let used: BTreeSet<String> = edges.values().flatten().cloned().collect();
        let before = edges.len();
        edges.retain(|from, to| !to.is_empty() && used.contains(from));
        let left: BTreeSet<String> = edges.keys().cloned().collect();
        for to in edges.values_mut() {
            to.retain(|it| left.contains(it));
        }
        if edges.len() == before {
            return edges;
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    for folder in ["src", "runtime/src"] {
        let found = circles(&modules(folder));
        assert!(found.is_empty(), "{folder}: {found:#?}");
    }
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let modules = files.iter().map(|(path, code)| {
        let mut module = Module {
            is_parent: !path.contains("::"),
            ..Module::default()
        };
        module.visit_file(&syn::parse_file(code).unwrap());
        let path = path.split("::").filter(|it| !it.is_empty());
        (path.map(str::to_owned).collect(), module)
    });
    let found = circles(&modules.collect());
    assert_eq!(found.keys().collect::<Vec<_>>(), expected);
}

#[test]
fn a_parent_that_only_re_exports_is_on_no_circle() {
    let parent = ("a", "mod b; mod c; pub use b::B; pub(crate) use c::C;");
    let b = ("a::b", "pub struct B;");
    let c = ("a::c", "use super::B; pub(in crate::a) struct C(B);");
    check(&[("", "mod a;"), parent, b, c], &[]);
    let uses_it = ("a", "mod b; mod c; pub use b::B; use c::C; struct A(C);");
    check(&[("", ""), uses_it, b, c], &[]);
    let asks = ("a::c", "struct C(super::A);");
    check(&[("", ""), uses_it, b, asks], &["a", "a::c"]);
}

#[test]
fn a_circle_is_found_through_re_exports_and_without_imports() {
    let parent = ("a", "mod b; mod c; pub use b::B; pub use c::C;");
    let b = ("a::b", "use super::C as Other; pub struct B(Other);");
    let c = ("a::c", "pub struct C; fn f() { crate::a::b::f(); }");
    check(&[("", ""), parent, b, c], &["a::b", "a::c"]);
    let uses_what_it_re_exports = (
        "a",
        "mod b; pub use b::B; pub trait A { fn b(&self) -> B; }",
    );
    let b = ("a::b", "pub struct B(Box<dyn super::A>);");
    check(&[("", ""), uses_what_it_re_exports, b], &["a", "a::b"]);
}
