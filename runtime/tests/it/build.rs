//! What the build script tells the crate.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

const MANIFEST_DIR: &str = env!("CARGO_MANIFEST_DIR");

/// The script as a program: cargo would build the whole crate anew for each of its answers.
fn script() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-script");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-o"]).arg(&program);
    rustc.arg(Path::new(MANIFEST_DIR).join("build.rs"));
    assert!(rustc.status().unwrap().success());
    program
}

#[test]
fn takes_the_revision_from_the_environment() {
    let script = script();
    let told = |revision: Option<&str>| {
        let mut command = Command::new(&script);
        command.env_remove("MARTY_GIT_REVISION");
        if let Some(revision) = revision {
            command.env("MARTY_GIT_REVISION", revision);
        }
        let lines = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let mut lines = lines.lines();
        assert!(lines.any(|line| line == "cargo::rerun-if-env-changed=MARTY_GIT_REVISION"));
        let found =
            lines.find_map(|line| line.strip_prefix("cargo::rustc-env=MARTY_BUILD_REVISION="));
        found.unwrap().to_owned()
    };
    assert_eq!(told(Some("c0ffee1")), "c0ffee1");
    assert_eq!(told(Some(" c0ffee1\n")), "c0ffee1");
    assert_eq!(told(Some("")), "unknown");
    assert_eq!(told(None), "unknown");
}
