//! What depends on where the streams lead: prompts, colour, a reader that leaves.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// What is shown before the program's status.
const STATUS: &str = "exit-status=";

/// The program on a pseudo terminal.
fn terminal(sandbox: &Sandbox, arguments: &str) -> Child {
    // The terminal's own status cannot be relied on: it may see the end of the output before that of the program.
    let program = env!("CARGO_BIN_EXE_marty");
    let line = format!("{program} {arguments}; echo {STATUS}$?");
    Command::new("script")
        .args([
            "--quiet",
            "--echo",
            "never",
            "--command",
            &line,
            "/dev/null",
        ])
        .current_dir(sandbox.path())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs the program on a pseudo terminal, types `input`, and returns what the screen showed.
fn on_a_terminal(sandbox: &Sandbox, arguments: &str, input: &str) -> (Option<i32>, String) {
    let mut terminal = terminal(sandbox, arguments);
    terminal
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let mut screen = String::new();
    terminal
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut screen)
        .unwrap();
    terminal.wait().unwrap();
    let plain = anstream::adapter::strip_str(&screen)
        .to_string()
        .replace('\r', "");
    (status_on(&plain), plain)
}

/// The status of the program, as the screen shows it last.
fn status_on(screen: &str) -> Option<i32> {
    let (_, status) = screen.rsplit_once(STATUS)?;
    status.trim().parse().ok()
}

#[test]
fn a_missing_name_is_asked_for_and_the_equivalent_command_is_said() {
    let sandbox = Sandbox::new();
    let (status, screen) = on_a_terminal(
        &sandbox,
        "new --color never",
        "User\ruser-service\rftp\rgrpc\ry\r",
    );
    assert_eq!(status, Some(0), "{screen}");
    assert!(screen.contains("name of the service"), "{screen}");
    assert!(screen.contains("`user` would do"), "{screen}");
    assert!(
        screen.contains("there is no kind `ftp`; the kinds are `http`, `grpc`, `worker`"),
        "{screen}"
    );
    assert!(
        screen.contains("same as: marty new user-service --kind grpc --color never"),
        "{screen}"
    );
    assert!(sandbox.join("user-service/marty.toml").is_file());
}

#[test]
fn who_says_no_gets_nothing() {
    let sandbox = Sandbox::new();
    let (status, screen) = on_a_terminal(&sandbox, "new", "user-service\r\rn");
    assert_eq!(status, Some(0), "{screen}");
    assert!(screen.contains("nothing was written"), "{screen}");
    assert!(sandbox.tree().is_empty());
}

#[test]
fn who_leaves_without_an_answer_gets_nothing_and_keeps_the_cursor() {
    let sandbox = Sandbox::new();
    let mut terminal = terminal(&sandbox, "new");
    // Its end would be a key, too: it stays open.
    let mut keys = terminal.stdin.take().unwrap();
    let mut shown = terminal.stdout.take().unwrap();
    keys.write_all(b"user-service\r\r").unwrap();
    let mut screen = Vec::new();
    let question = b"create the project";
    while !screen.windows(question.len()).any(|it| it == question) {
        let mut byte = [0];
        shown.read_exact(&mut byte).unwrap();
        screen.extend(byte);
    }
    keys.write_all(b"\x1b").unwrap();
    shown.read_to_end(&mut screen).unwrap();
    let screen = String::from_utf8(screen).unwrap();
    terminal.wait().unwrap();
    let plain = anstream::adapter::strip_str(&screen).to_string();
    assert_eq!(status_on(&plain), Some(2), "{screen}");
    assert!(plain.contains("the question was not answered"), "{plain}");
    assert!(plain.contains("nothing was written"), "{plain}");
    assert!(!screen.contains("\x1b[?25l"), "{screen:?}");
    assert!(sandbox.tree().is_empty());
}

#[test]
fn who_says_yes_beforehand_is_asked_for_name_and_kind_alone() {
    for flag in ["--yes", "-y"] {
        let sandbox = Sandbox::new();
        let (status, screen) = on_a_terminal(&sandbox, &format!("new {flag}"), "user-service\r\r");
        assert_eq!(status, Some(0), "{screen}");
        assert!(screen.contains("name of the service"), "{screen}");
        assert!(
            screen.contains("kind of service, http or grpc or worker"),
            "{screen}"
        );
        assert!(!screen.contains("create the project"), "{screen}");
        assert!(screen.contains("created the project"), "{screen}");
        assert!(sandbox.join("user-service/marty.toml").is_file());
    }
}

#[test]
fn nothing_is_asked_when_nothing_is_missing_or_nothing_may_be() {
    let sandbox = Sandbox::new();
    let (status, screen) = on_a_terminal(&sandbox, "new user-service", "");
    assert_eq!(status, Some(0), "{screen}");
    assert!(!screen.contains('?'), "{screen}");
    let (status, screen) = on_a_terminal(&sandbox, "new --no-input", "");
    assert_eq!(status, Some(2), "{screen}");
    assert!(screen.contains("a service needs a name"), "{screen}");
}

#[test]
fn colour_is_shown_only_where_it_is_wanted() {
    let sandbox = Sandbox::new();
    let colored = |command: &mut Command| {
        let output = command.output().unwrap();
        output.stderr.contains(&b'\x1b')
    };
    assert!(!colored(&mut sandbox.marty(["new", "A"])));
    assert!(colored(
        &mut sandbox.marty(["new", "A", "--color", "always"])
    ));
    assert!(!colored(
        sandbox
            .marty(["new", "A"])
            .env("NO_COLOR", "1")
            .env("CLICOLOR_FORCE", "1")
    ));
    assert!(!colored(
        &mut sandbox.marty(["new", "A", "--color", "never"])
    ));
    // What cannot be parsed may still say what it wants.
    for always in [&["--color", "always"][..], &["--color=always"]] {
        let arguments = ["new", "--nope"].iter().chain(always);
        assert!(colored(&mut sandbox.marty(arguments)), "{always:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let sandbox = Sandbox::new();
    for arguments in [&["new", "user-service", "--diff"][..], &["--help"]] {
        let mut child = sandbox
            .marty(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn a_check_says_by_its_status_what_nobody_reads() {
    let sandbox = Sandbox::with_project();
    sandbox.write("shop/services/user-service/src/main.rs", "fn (");
    for format in ["full", "json"] {
        let mut child = sandbox
            .marty_in("shop", ["check", "--output-format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let sandbox = Sandbox::new();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = sandbox.marty(["new", "user-service", "--dry-run"]);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(String::from_utf8_lossy(&output.stderr));
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = sandbox
        .marty(["new", "user-service", "--json"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.starts_with("created the project `user-service`"),
        "{said}"
    );
}

#[test]
fn help_and_version_are_data() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty(["--version"])));
    for command in ["", "new", "check", "explain"] {
        let mut arguments: Vec<&str> = vec![command, "--help"];
        arguments.retain(|argument| !argument.is_empty());
        let name = format!("help_{command}");
        assert_snapshot!(name, sandbox.outcome(&mut sandbox.marty(arguments)));
    }
}
