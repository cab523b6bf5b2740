//! Prepares the runtime as projects get it: each of its files without its tests, its hash and what it
//! declares, and one pristine copy of all. What is the same for every project is then done once, not by every run.
//!
//! The files and a list of them are written for `assets::runtime` to embed.

#![expect(clippy::print_stdout, reason = "cargo is told things that way")]

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use model::rust::Facts;

#[path = "../src/scaffold/digest.rs"]
mod digest;
mod model;
#[path = "../src/scaffold/pack.rs"]
mod pack;
mod source;

/// Where the runtime's files are, and what their paths begin with in a crate of its own.
const TREES: &[(&str, &str)] = &[("runtime/src", "src"), ("runtime/macros/src", "macros/src")];

/// What lies beside them.
const FILES: &[(&str, &str)] = &[
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("runtime/README.md", "README.md"),
    ("runtime/build.rs", "build.rs"),
];

/// The other trees that are embedded.
const TEMPLATES: &[&str] = &["templates", "dashboards", "alerts"];

/// The manifests, which are made when they are written.
const MANIFESTS: &[&str] = &["runtime/Cargo.toml", "runtime/macros/Cargo.toml"];

fn main() -> Result<(), Box<dyn Error>> {
    // A file that is added or removed changes what is embedded too, here and in `assets`.
    let bundled = TREES.iter().chain(FILES).map(|(place, _)| *place);
    let others = TEMPLATES.iter().chain(MANIFESTS).copied();
    for place in bundled.chain(others) {
        println!("cargo::rerun-if-changed={place}");
    }
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("no `OUT_DIR`")?);
    let runtime = prepare(&runtime()?, &target)?;
    fs::write(target.join("fingerprint.txt"), fingerprint(&runtime)?)?;
    Ok(())
}

/// Where each file of the runtime is, by its path in a crate of its own.
fn runtime() -> Result<BTreeMap<String, PathBuf>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for (place, path) in FILES {
        files.insert((*path).to_owned(), PathBuf::from(place));
    }
    for (tree, path) in TREES {
        collect(Path::new(tree), path, &mut files)?;
    }
    Ok(files)
}

/// Tells what one marty makes projects of from what another does.
fn fingerprint(runtime: &str) -> Result<String, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for tree in TEMPLATES {
        collect(Path::new(tree), tree, &mut files)?;
    }
    files.extend(
        MANIFESTS
            .iter()
            .map(|it| ((*it).to_owned(), PathBuf::from(it))),
    );
    let mut all = runtime.as_bytes().to_vec();
    for (path, place) in files {
        let hash = digest::sha256(&fs::read(place)?);
        all.extend(format!("{hash} {path}\n").into_bytes());
    }
    Ok(digest::sha256(&all))
}

/// The files below a directory, by their path behind `prefix`; those that only hold tests are none.
fn collect(
    directory: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let path = format!("{prefix}/{}", name.to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if name != "tests.rs" {
            files.insert(path, entry.path());
        }
    }
    Ok(())
}

/// Writes each file, the pristine copy of all, what they declare, and the list of them. Returns the hash of that copy, by which it
/// can be told whether any file has changed.
fn prepare(files: &BTreeMap<String, PathBuf>, target: &Path) -> Result<String, Box<dyn Error>> {
    let mut list = String::from("&[\n");
    let mut texts = BTreeMap::new();
    let mut declared = BTreeMap::new();
    for (at, (path, place)) in files.iter().enumerate() {
        let mut text = fs::read_to_string(place).map_err(|error| describe(place, error))?;
        if place.extension() == Some(OsStr::new("rs")) {
            text = source::without_tests(&text);
            declared.insert(path, facts(place, &text)?);
        }
        let plain = format!("{at}.txt");
        fs::write(target.join(&plain), &text)?;
        let hash = digest::sha256(text.as_bytes());
        writeln!(list, "    bundled!({path:?}, {plain:?}, {hash:?}),")?;
        texts.insert(path, text);
    }
    list += "]\n";
    fs::write(target.join("runtime.rs"), &list)?;
    fs::write(
        target.join("declared.json"),
        serde_json::to_string(&declared)?,
    )?;
    let copy = serde_json::to_string(&texts)?;
    let hash = digest::sha256(copy.as_bytes());
    fs::write(target.join("runtime.json.gz"), pack::pack(copy.as_bytes())?)?;
    fs::write(target.join("runtime.sha256"), &hash)?;
    Ok(hash)
}

fn facts(place: &Path, text: &str) -> Result<Facts, String> {
    let (facts, issues) = model::rust::facts(text);
    match issues.into_iter().next() {
        Some(issue) => Err(describe(place, issue.message)),
        None => Ok(facts),
    }
}

fn describe(place: &Path, error: impl std::fmt::Display) -> String {
    format!("`{}`: {error}", place.display())
}
