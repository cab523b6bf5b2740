//! Tells the crate which compiler and which revision it is built from, for `marty_build_info`.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=MARTY_GIT_REVISION");
    println!("cargo::rustc-env=MARTY_BUILD_RUSTC={}", rustc_version());
    println!("cargo::rustc-env=MARTY_BUILD_REVISION={}", revision());
}

/// The first line of `rustc --version` without the word `rustc`, or `unknown`.
fn rustc_version() -> String {
    env::var_os("RUSTC")
        .and_then(|rustc| Command::new(rustc).arg("--version").output().ok())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .and_then(|text| {
            text.lines()
                .next()
                .map(|line| line.trim_start_matches("rustc ").trim().to_owned())
        })
        .filter(|version| !version.is_empty())
        .unwrap_or_else(unknown)
}

/// The revision the environment names. A build outside a repository has none, and an image build usually has no `.git`.
fn revision() -> String {
    env::var("MARTY_GIT_REVISION")
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(unknown)
}

fn unknown() -> String {
    "unknown".to_owned()
}
