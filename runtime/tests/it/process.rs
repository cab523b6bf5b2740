//! A whole process: its log, its signals, its exit status.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use serde_json::Value;

use crate::support::{connect, get_with};

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    http: SocketAddr,
}

fn hello() -> Command {
    // Cargo builds the package's examples before it runs the package's tests.
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples/hello"));
    command
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.envs([
        ("MARTY_HTTP_ADDR", "127.0.0.1:0"),
        ("MARTY_ADMIN_ADDR", "127.0.0.1:0"),
    ]);
    command
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = next(&mut lines);
        assert_eq!(started["message"], "service started");
        let http = started["http_addr"].as_str().unwrap().parse().unwrap();
        Self { child, lines, http }
    }

    /// The next line whose message is `message`.
    fn await_line(&mut self, message: &str) -> Value {
        loop {
            let line = next(&mut self.lines);
            if line["message"] == message {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The rest of the log's messages with their phases, and the status.
    fn end(mut self) -> (Vec<String>, ExitStatus) {
        let lines = self.lines.by_ref().map(|line| parse(&line.unwrap()));
        let said = lines.map(|line| match line["phase"].as_str() {
            Some(phase) => format!("{}: {phase}", line["message"].as_str().unwrap()),
            None => line["message"].as_str().unwrap().to_owned(),
        });
        let said = said.collect();
        (said, self.child.wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Value {
    parse(&lines.next().unwrap().unwrap())
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn ends_in_order_on_sigterm() {
    let mut process = Process::start(hello().env("MARTY_DRAIN_GRACE", "10ms"));
    process.signal("TERM");
    let begins = process.await_line("shutdown begins");
    assert_eq!(begins["signal"], "SIGTERM");
    let (said, status) = process.end();
    let expected = ["drain grace", "finish requests", "close admin listener"];
    assert_eq!(
        said,
        expected.map(|phase| format!("shutdown phase done: {phase}"))
    );
    assert!(status.success());
}

#[test]
fn skips_the_grace_on_sigint() {
    let mut process = Process::start(hello().env("MARTY_DRAIN_GRACE", "20s"));
    process.signal("INT");
    process.await_line("shutdown begins");
    let (said, status) = process.end();
    let expected = ["finish requests", "close admin listener"];
    assert_eq!(
        said,
        expected.map(|phase| format!("shutdown phase done: {phase}"))
    );
    assert!(status.success());
}

#[test]
fn ends_at_once_on_a_second_signal() {
    let mut process = Process::start(&mut hello());
    let mut waiting = connect(process.http);
    waiting
        .write_all(b"GET /slow HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    process.await_line("slow request began");
    process.signal("TERM");
    process.await_line("shutdown begins");
    process.signal("INT");
    let (said, status) = process.end();
    assert_eq!(said, ["second signal: the process ends at once"]);
    assert_eq!(status.code(), Some(130));
}

#[test]
fn says_in_its_status_that_the_deadline_was_overrun() {
    let deadline = [
        ("MARTY_DRAIN_GRACE", "0s"),
        ("MARTY_SHUTDOWN_DEADLINE", "100ms"),
    ];
    let mut process = Process::start(hello().envs(deadline));
    let mut waiting = connect(process.http);
    waiting
        .write_all(b"GET /slow HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    process.await_line("slow request began");
    process.signal("TERM");
    // The error ratio counts it: the client is not to blame.
    let answered = process.await_line("request answered");
    assert_eq!(answered["http_response_status_code"], 503);
    let cut = process.await_line("shutdown phase cut off at its deadline");
    assert_eq!(
        (&cut["level"], &cut["phase"]),
        (&"error".into(), &"finish requests".into())
    );
    let (_, status) = process.end();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn puts_the_correlation_id_on_every_line_of_a_request() {
    let mut process = Process::start(&mut hello());
    let answer = get_with(process.http, "/hello", "x-correlation-id: order-17\r\n");
    assert_eq!(answer.header("x-correlation-id"), Some("order-17"));
    for message in ["somebody came", "request answered"] {
        let line = process.await_line(message);
        assert_eq!(line["correlation_id"], "order-17");
        assert_eq!(line["http_route"], "/hello");
        assert_eq!(line["service"], "marty-runtime");
    }
    let replaced = get_with(process.http, "/hello", "x-correlation-id: not harmless\r\n");
    let id = replaced.header("x-correlation-id").unwrap().to_owned();
    assert_eq!(id.len(), 36);
    assert_eq!(process.await_line("request answered")["correlation_id"], id);
}

#[test]
fn says_which_variable_is_wrong_and_fails() {
    for (name, value, expected) in [
        (
            "MARTY_HTTP_ADDR",
            "nowhere",
            "`MARTY_HTTP_ADDR` is \"nowhere\", but has to be an address with a port",
        ),
        (
            "MARTY_ADMIN_ADDR",
            "192.0.2.1:9",
            "cannot listen on 192.0.2.1:9, which `MARTY_ADMIN_ADDR` sets",
        ),
    ] {
        let output = hello().env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}
