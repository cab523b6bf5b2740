//! Keeps the tables of `ARCHITECTURE.md` true.

mod circle;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

const HOUSE: &str = include_str!("../../../ARCHITECTURE.md");

/// The rows of the table under a heading, each cell without its backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let section = HOUSE
        .split_once(heading)
        .unwrap_or_else(|| panic!("no {heading}"))
        .1;
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        row.trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}

/// The words in backticks.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Every Rust file of `src/` with the room it is in, less those that hold nothing but tests.
fn sources() -> Vec<(String, PathBuf)> {
    sources_in("src")
}

fn sources_in(folder: &str) -> Vec<(String, PathBuf)> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    collect(&base, &mut found);
    found.retain(|path| {
        !path.components().any(|part| {
            matches!(
                part.as_os_str().to_string_lossy().as_ref(),
                "tests" | "tests.rs"
            )
        })
    });
    found
        .into_iter()
        .map(|path| {
            let first = path
                .strip_prefix(&base)
                .unwrap()
                .components()
                .next()
                .unwrap();
            let room = first
                .as_os_str()
                .to_string_lossy()
                .trim_end_matches(".rs")
                .to_owned();
            (room, path)
        })
        .collect()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The file without its unit tests.
fn parse(path: &Path) -> syn::File {
    let mut file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
    file.items
        .retain(|item| !matches!(item, syn::Item::Mod(module) if is_test(&module.attrs)));
    file
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|argument| argument == "test")
    })
}

/// The rooms that a file names by `crate::`, or by `marty::` in the binary.
#[derive(Default)]
struct Imports(BTreeSet<String>);

impl<'ast> Visit<'ast> for Imports {
    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        if path.ident == "crate" || path.ident == "marty" {
            self.of_tree(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter();
        let first = segments.next().map(|segment| segment.ident.to_string());
        if matches!(first.as_deref(), Some("crate" | "marty")) {
            self.0
                .extend(segments.next().map(|segment| segment.ident.to_string()));
        }
        syn::visit::visit_path(self, path);
    }
}

impl Imports {
    fn of_tree(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => _ = self.0.insert(path.ident.to_string()),
            syn::UseTree::Name(name) => _ = self.0.insert(name.ident.to_string()),
            syn::UseTree::Rename(rename) => _ = self.0.insert(rename.ident.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.of_tree(tree)),
            syn::UseTree::Glob(_) => panic!("a glob import of the crate's root"),
        }
    }
}

/// Every word of a file in order, paths put together: `std::fs::read` gives `std`, `std::fs`,
/// `std::fs::read`, `fs`, and so on; a method that is called keeps its dot.
fn paths(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let mut path: Vec<String> = Vec::new();
    let mut colons = 0;
    let mut after_dot = false;
    for token in tokens {
        let is_dot = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '.');
        match token {
            TokenTree::Ident(word) => {
                if after_dot {
                    found.insert(format!(".{word}"));
                }
                if colons != 2 {
                    path.clear();
                }
                path.push(word.to_string());
                for start in 0..path.len() {
                    found.insert(path[start..].join("::"));
                }
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => {
                // `std::{fs, io}` names `std::fs`.
                if colons == 2 {
                    let prefix = path.join("::");
                    let mut inner = BTreeSet::new();
                    paths(group.stream(), &mut inner);
                    found.extend(inner.iter().map(|name| format!("{prefix}::{name}")));
                    found.extend(inner);
                } else {
                    paths(group.stream(), found);
                }
                path.clear();
                colons = 0;
            }
            _ => {
                path.clear();
                colons = 0;
            }
        }
        after_dot = is_dot;
    }
}

#[test]
fn words_are_found_in_every_form_that_code_gives_them() {
    let code =
        "use std::{fs, io::{self, Read}}; fn f() { a.b().exists(); let exists = x::is_dir; }";
    let mut found = BTreeSet::new();
    paths(code.parse().unwrap(), &mut found);
    for word in [
        "std::fs",
        "std::io::Read",
        "io::Read",
        ".exists",
        ".b",
        "x::is_dir",
    ] {
        assert!(found.contains(word), "{word} is not in {found:?}");
    }
    assert!(!found.contains(".is_dir") && !found.contains(".fs"));
}

#[test]
fn every_room_is_in_the_table_and_every_row_has_a_room() {
    let rows: BTreeSet<String> = table("## The rooms of `src/`")
        .iter()
        .flat_map(|row| words(&row[0]))
        .collect();
    let rooms: BTreeSet<String> = sources().into_iter().map(|(room, _)| room).collect();
    assert_eq!(rooms, rows);
}

#[test]
fn imports_run_the_way_the_table_says() {
    let allowed: BTreeMap<String, BTreeSet<String>> = table("## The rooms of `src/`")
        .into_iter()
        .map(|row| {
            (
                words(&row[0]).pop_first().unwrap(),
                words(row.last().unwrap()),
            )
        })
        .collect();
    let mut wrong = Vec::new();
    for (room, path) in sources() {
        let mut imports = Imports::default();
        imports.visit_file(&parse(&path));
        for import in imports
            .0
            .difference(&allowed[&room])
            .filter(|import| **import != room)
        {
            wrong.push(format!("{}: `{room}` imports `{import}`", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn imports_make_no_circle() {
    let rows = table("## The rooms of `src/`");
    let mut imports: BTreeMap<String, BTreeSet<String>> = rows
        .iter()
        .map(|row| {
            (
                words(&row[0]).pop_first().unwrap(),
                words(row.last().unwrap()),
            )
        })
        .collect();
    while !imports.is_empty() {
        let free: Vec<String> = imports
            .iter()
            .filter(|(_, rooms)| rooms.iter().all(|room| !imports.contains_key(room)))
            .map(|(room, _)| room.clone())
            .collect();
        assert!(!free.is_empty(), "a circle among {:?}", imports.keys());
        imports.retain(|room, _| !free.contains(room));
    }
}

#[test]
fn only_who_has_a_key_uses_it() {
    holds("## The keys", "src");
    holds("Its keys, by the file", "runtime/src");
}

#[track_caller]
fn holds(heading: &str, folder: &str) {
    let keys: Vec<(BTreeSet<String>, BTreeSet<String>)> = table(heading)
        .iter()
        .map(|row| (words(&row[1]), words(row.get(2).map_or("", String::as_str))))
        .collect();
    assert!(!keys.is_empty(), "no keys below `{heading}`");
    let mut wrong = Vec::new();
    for (room, path) in sources_in(folder) {
        let mut used = BTreeSet::new();
        paths(quote::ToTokens::to_token_stream(&parse(&path)), &mut used);
        for (words, owners) in &keys {
            for word in words
                .intersection(&used)
                .filter(|_| !owners.contains(&room))
            {
                wrong.push(format!("{}: `{room}` uses `{word}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_scaffold_touches_the_disk_in_two_places() {
    let places = ["apply.rs", "filesystem.rs", "site.rs", "undo.rs"];
    for (room, path) in sources() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if room != "scaffold" || places.contains(&name.as_str()) {
            continue;
        }
        let mut used = BTreeSet::new();
        paths(quote::ToTokens::to_token_stream(&parse(&path)), &mut used);
        assert!(!used.contains("fs"), "{}", path.display());
    }
}

#[test]
fn the_runtime_knows_nothing_of_the_program() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/Cargo.toml");
    let manifest: toml_edit::DocumentMut = fs::read_to_string(manifest).unwrap().parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    let local: Vec<&str> = dependencies
        .iter()
        .filter(|(_, item)| item.get("path").is_some())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(local, ["marty-macros"]);
    assert!(!dependencies.contains_key("marty"));
}
