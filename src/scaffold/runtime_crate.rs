//! The bundled runtime: its files and those of its macros, and their manifests as they stand alone in a project.

use toml_edit::{DocumentMut, Item, Table, TomlError, value};

use super::file::Rendered;
use crate::assets;

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
    let sources = assets::runtime().into_iter().map(|asset| Rendered {
        path: format!("{DIRECTORY}/{}", asset.path),
        content: String::from_utf8_lossy(asset.bytes).into_owned(),
    });
    Ok(manifests.into_iter().chain(sources).collect())
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
    use super::{files, manifest};

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
