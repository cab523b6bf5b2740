//! The bundled runtime: its files and those of its macros, and their manifests as they stand alone in a project.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, TomlError, value};

use super::file::Rendered;
use crate::assets;

/// What a file of nothing but tests is called.
const TESTS: &str = "/tests.rs";

/// Where the runtime lies in a project.
const DIRECTORY: &str = "crates/marty-runtime";

/// Every file of the runtime crate and of its macros.
pub(super) fn files() -> Result<Vec<Rendered>, TomlError> {
    let manifests = [
        Rendered {
            path: format!("{DIRECTORY}/Cargo.toml"),
            content: manifest(assets::RUNTIME_MANIFEST)?,
        },
        Rendered {
            path: format!("{DIRECTORY}/macros/Cargo.toml"),
            content: manifest(assets::MACROS_MANIFEST)?,
        },
    ];
    let sources = assets::runtime().into_iter();
    let sources = sources.filter(|asset| !asset.path.ends_with(TESTS));
    let sources = sources.map(|asset| {
        let text = String::from_utf8_lossy(asset.bytes);
        let extension = Path::new(&asset.path).extension();
        let is_code = extension.is_some_and(|it| it == "rs");
        Rendered {
            path: format!("{DIRECTORY}/{}", asset.path),
            content: if is_code {
                without_tests(&text)
            } else {
                text.into_owned()
            },
        }
    });
    Ok(manifests.into_iter().chain(sources).collect())
}

/// A source less what is compiled for tests only: what those need is not among a project's dependencies.
///
/// The sources are formatted, so an item ends where a line is its closing brace and stands as far to the right as the item.
fn without_tests(source: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        while kept.last().is_some_and(|before| belongs_to_next(before)) {
            kept.pop();
        }
        let mut item = lines.by_ref().skip_while(|line| belongs_to_next(line));
        if item.next().is_some_and(|first| !first.ends_with(';')) {
            let _ = lines.find(|line| line.strip_suffix('}').is_some_and(|it| it.len() == indent));
        }
    }
    let text = kept.join("\n");
    format!("{}\n", text.trim_end())
}

/// Whether a line says something of the item that follows, or parts it from the one before.
fn belongs_to_next(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with("///") || line.starts_with("#[")
}

/// The manifest less what only this repository has: the tests' dependencies, and so the tests.
fn manifest(text: &str) -> Result<String, TomlError> {
    let mut manifest: DocumentMut = text.parse()?;
    for section in ["dev-dependencies", "example", "test", "bench"] {
        manifest.remove(section);
    }
    let lib = manifest.entry("lib").or_insert(Item::Table(Table::new()));
    for tests in ["test", "doctest"] {
        lib[tests] = value(false);
    }
    let text = manifest.to_string();
    Ok(format!("{}\n", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{files, manifest, without_tests};

    #[test]
    fn a_source_has_no_tests_and_nothing_else_is_missing() {
        let source = "mod a;\n#[cfg(test)]\nmod tests;\n\nimpl A {\n    fn a() {}\n\n    /// For tests.\n    #[cfg(test)]\n    #[must_use]\n    fn b() {\n        {}\n    }\n\n    fn c() {}\n}\n\n#[cfg(test)]\nmod tests {\n    fn d() {\n    }\n}\n";
        let expected = "mod a;\n\nimpl A {\n    fn a() {}\n\n    fn c() {}\n}\n";
        assert_eq!(without_tests(source), expected);
    }

    #[test]
    fn every_source_of_a_project_can_be_read_and_has_no_tests() {
        let sources = files().unwrap().into_iter();
        let is_code = |path: &str| Path::new(path).extension().is_some_and(|it| it == "rs");
        for source in sources.filter(|file| is_code(&file.path)) {
            let parsed = syn::parse_file(&source.content);
            assert!(parsed.is_ok(), "{}: {:?}", source.path, parsed.err());
            assert!(!source.content.contains("cfg(test)"), "{}", source.path);
        }
    }

    #[test]
    fn what_only_tests_need_is_left_out() {
        let text = "[package]\nname = \"a\"\n\n[dependencies]\nb = \"1\" # why\n\n[dev-dependencies]\nc = \"1\"\n\n[[test]]\nname = \"it\"\n";
        let expected = "[package]\nname = \"a\"\n\n[dependencies]\nb = \"1\" # why\n\n[lib]\ntest = false\ndoctest = false\n";
        assert_eq!(manifest(text).unwrap(), expected);
    }

    #[test]
    fn the_manifests_need_nothing_of_this_workspace_but_lints() {
        let files = files().unwrap();
        let manifests = files
            .iter()
            .filter(|file| file.path.ends_with("Cargo.toml"))
            .map(|file| &file.content);
        let mut paths = Vec::new();
        for manifest in manifests {
            let lines = || manifest.lines();
            let inherited: Vec<&str> = lines()
                .filter(|line| line.contains("workspace = true"))
                .collect();
            assert_eq!(
                inherited,
                ["workspace = true"],
                "only `[lints]` is inherited"
            );
            paths.extend(lines().filter(|line| line.contains("path =")));
        }
        let [macros] = paths[..] else {
            panic!("{paths:?}: no crate but that of the macros is needed")
        };
        assert!(macros.contains("path = \"macros\""), "{macros}");
    }
}
