//! What the README says happens, happens.

use std::process::Command;

use crate::golden::PROJECT;
use crate::sandbox::Sandbox;
use crate::server::Process;

const README: &str = include_str!("../../README.md");

/// The blocks of code in that language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let blocks = README.split("```").skip(1).step_by(2);
    blocks.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

/// A text with every number as `0`: times, ports and places differ from run to run.
fn without_numbers(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if c != '0' || !shape.ends_with('0') {
            shape.push(c);
        }
    }
    shape
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// All of it but the installation, which would build again what this test runs.
#[test]
fn the_first_command_ends_with_a_service_that_says_it_started() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.join("clone")).unwrap();
    let mut commands = blocks("sh").next().unwrap().trim().split(" && ");
    assert_eq!(commands.next(), Some("cargo install --locked --path ."));
    let mut directory = "clone".to_owned();
    let mut started = None;
    for command in commands {
        assert_eq!(started, None, "`{command}` comes after the service");
        match command.split(' ').collect::<Vec<_>>().as_slice() {
            ["marty", arguments @ ..] => succeeds(&mut sandbox.marty_in(&directory, arguments)),
            ["cd", to] => directory = format!("{directory}/{to}"),
            ["cargo", "run"] => {
                let root = sandbox.join(&directory);
                succeeds(PROJECT.cargo(["build"]).current_dir(&root));
                let mut run = PROJECT.cargo(["run"]);
                // Free ports; everything else is as it comes.
                run.current_dir(&root)
                    .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
                    .env("MARTY_ADMIN_ADDR", "127.0.0.1:0")
                    .env("MARTY_LOG_FORMAT", "text");
                let line = |line: &str| line.contains("service started").then(|| line.to_owned());
                started = Some(Process::start(&mut run, line).1);
            }
            _ => panic!("`{command}` is new to this test"),
        }
    }
    let sample = blocks("text").next().unwrap().trim();
    assert_eq!(without_numbers(&started.unwrap()), without_numbers(sample));
    let config = sandbox.read("shop/marty.toml");
    for (key, address) in [("http-port", "http_addr"), ("admin-port", "admin_addr")] {
        let (_, rest) = config.split_once(&format!("{key} = ")).unwrap();
        let port = rest.lines().next().unwrap();
        let address = format!("{address}=127.0.0.1:{port}");
        assert!(sample.contains(&address), "{address} is not in {sample}");
    }
}

#[test]
fn a_broken_contract_is_shown_as_it_is_printed() {
    let sandbox = Sandbox::with_project();
    let panel = "shop/services/user-service/observability/dashboards/microservice-detail.json";
    let text = sandbox.read(panel);
    sandbox.write(panel, &text.replace("process_threads{", "process_thread{"));
    let output = sandbox.marty_in("shop", ["check"]).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    let shown = blocks("text").find(|block| block.starts_with("error["));
    assert_eq!(
        without_numbers(&printed.concat()),
        without_numbers(shown.unwrap())
    );
}
