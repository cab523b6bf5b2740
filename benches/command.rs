//! How long commands take from start to exit, beside a peer in the same run.
//!
//! `marty new` is set beside `cargo generate` with a local template of the same files. That is
//! looked for in `CARGO_GENERATE` and in `PATH`; without it there is nothing to compare with, and the
//! benchmark fails.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot begin has nothing better to do"
)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MARTY: &str = env!("CARGO_BIN_EXE_marty");

/// Runs of each command; they take turns, so that a busy machine is busy for all of them.
const RUNS: usize = 21;

fn main() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let template = template(place.path());
    let project = place.path().join("project/user-service");
    let peer = peer();
    let mut times: [Vec<Duration>; 5] = Default::default();
    for run in 0..RUNS {
        let target = place.path().join(format!("run-{run}"));
        fs::create_dir(&target).expect("a directory");
        let commands = [
            marty(&["--help"]),
            marty(&["check", &project.to_string_lossy()]),
            marty(&[
                "new",
                "user-service",
                "--dir",
                &target.join("marty").to_string_lossy(),
            ]),
            generate(&peer, &template, &target),
            // What starting any process costs here.
            Command::new("true"),
        ];
        for (mut command, times) in commands.into_iter().zip(&mut times) {
            times.push(elapsed(&mut command));
        }
        let same = |made: &str| {
            target
                .join(made)
                .join("services/user-service/Cargo.toml")
                .is_file()
        };
        assert!(same("marty") && same("user-service"));
    }
    let [help, check, new, generate, nothing] = times.map(median);
    println!("median of {RUNS} runs, start to exit");
    println!("true             {nothing:>10.1?}");
    println!("marty --help     {help:>10.1?}");
    println!("marty check      {check:>10.1?}");
    println!("marty new        {new:>10.1?}");
    let ratio = new.as_secs_f64() / generate.as_secs_f64();
    println!("cargo generate   {generate:>10.1?}  marty new takes {ratio:.2} of it");
}

/// The program that `marty new` is measured against.
fn peer() -> OsString {
    let peer = env::var_os("CARGO_GENERATE").unwrap_or_else(|| OsString::from("cargo-generate"));
    let version = Command::new(&peer).arg("--version").output();
    assert!(
        version.is_ok_and(|version| version.status.success()),
        "`{}` does not run; `cargo install --locked cargo-generate@0.23.7` installs it",
        peer.display()
    );
    peer
}

fn marty(arguments: &[&str]) -> Command {
    let mut command = Command::new(MARTY);
    command.args(arguments);
    command
}

fn generate(peer: &OsString, template: &Path, target: &Path) -> Command {
    let mut command = Command::new(peer);
    command
        .args([
            "generate",
            "--silent",
            "--vcs",
            "none",
            "--name",
            "user-service",
            "--path",
        ])
        .arg(template)
        .arg("--destination")
        .arg(target);
    command
}

/// A template for `cargo generate` of the files that `marty new` makes, less its own records.
fn template(place: &Path) -> std::path::PathBuf {
    let template = place.join("project/user-service");
    let made = marty(&["new", "user-service"])
        .current_dir({
            fs::create_dir(place.join("project")).expect("a directory");
            place.join("project")
        })
        .output()
        .expect("marty");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let copy = place.join("template");
    copy_as_template(&template, &copy);
    copy
}

fn copy_as_template(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (source, name) = (entry.path(), entry.file_name());
        if name == ".marty" {
            continue;
        }
        let target = to.join(
            name.to_string_lossy()
                .replace("user-service", "{{project-name}}"),
        );
        if source.is_dir() {
            copy_as_template(&source, &target);
        } else {
            let text = fs::read_to_string(&source).expect("text");
            // What is not a placeholder must stay as it is.
            let text = format!("{{% raw %}}{text}{{% endraw %}}")
                .replace("user-service", "{% endraw %}{{project-name}}{% raw %}");
            fs::write(target, text).expect("a file");
        }
    }
}

fn elapsed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let elapsed = start.elapsed();
    // What fails early is quick, and no measure of anything.
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
