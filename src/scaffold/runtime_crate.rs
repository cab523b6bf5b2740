//! The bundled runtime: its files and those of its macros, and their manifests as they stand alone in a project.

use std::borrow::Cow;

use toml_edit::{DocumentMut, Item, Table, TomlError, value};

use super::file::Rendered;
use crate::assets::runtime;
use crate::project::root::RUNTIME;

/// Every file of the runtime crate and of its macros.
pub(super) fn files() -> Result<Vec<Rendered>, TomlError> {
    let manifests = [
        Rendered::new(
            format!("{RUNTIME}/Cargo.toml"),
            manifest(runtime::MANIFEST)?,
        ),
        Rendered::new(
            format!("{RUNTIME}/macros/Cargo.toml"),
            manifest(runtime::MACROS_MANIFEST)?,
        ),
    ];
    let prepared = runtime::FILES.iter().map(|file| Rendered {
        path: format!("{RUNTIME}/{}", file.path),
        content: Cow::Borrowed(file.text),
        bundled: Some(file.sha256),
    });
    Ok(manifests.into_iter().chain(prepared).collect())
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
    use std::collections::BTreeMap;
    use std::io::Read as _;
    use std::path::Path;

    use super::{files, manifest};
    use crate::assets::runtime;
    use crate::scaffold::digest::sha256;

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
    fn what_was_prepared_is_what_would_be_made_of_the_files() {
        let mut packed = String::new();
        let mut copy = flate2::read::GzDecoder::new(runtime::COPY);
        copy.read_to_string(&mut packed).unwrap();
        assert_eq!(sha256(packed.as_bytes()), runtime::COPY_SHA256);
        let mut packed: BTreeMap<String, String> = serde_json::from_str(&packed).unwrap();
        for file in files().unwrap() {
            let Some(hash) = file.bundled else { continue };
            assert_eq!(sha256(file.content.as_bytes()), hash, "{}", file.path);
            let path = file.path.strip_prefix("crates/marty-runtime/").unwrap();
            assert_eq!(packed.remove(path).as_deref(), Some(&*file.content));
        }
        assert!(packed.is_empty(), "{:?}", packed.keys());
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
