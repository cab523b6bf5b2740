//! A whole process: its log, its signals, its exit status.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
};

use serde_json::Value;

use crate::support::{PATIENCE, connect, get, get_with, receive};

pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
}

pub(crate) fn hello() -> Command {
    example("hello")
}

pub(crate) fn example(name: &str) -> Command {
    // Cargo builds the package's examples before it runs the package's tests.
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples").join(name));
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
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = loop {
            let line = next(&mut lines);
            if line["message"] == "service started" {
                break line;
            }
        };
        let address = |name| started[name].as_str().unwrap().parse().unwrap();
        let (http, admin) = (address("http_addr"), address("admin_addr"));
        Self {
            child,
            lines,
            http,
            admin,
        }
    }

    /// The next line whose message is `message`.
    pub(crate) fn await_line(&mut self, message: &str) -> Value {
        loop {
            let line = next(&mut self.lines);
            if line["message"] == message {
                return line;
            }
        }
    }

    /// The next line, whatever it says.
    #[cfg(feature = "otlp")]
    pub(crate) fn next_line(&mut self) -> Value {
        next(&mut self.lines)
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(signal(self.child.id(), name).success());
    }

    /// Sends a request whose answer nobody waits for.
    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = connect(self.http);
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// The value of a metric without labels.
    pub(crate) fn value(&self, metric: &str) -> f64 {
        let scrape = get(self.admin, "/metrics").body;
        let mut samples = scrape.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = samples.find(|(name, _)| *name == metric).unwrap();
        value.parse().unwrap()
    }

    /// The rest of the log's messages with their phases, and the status. A process that does not end by itself is killed.
    pub(crate) fn end(mut self) -> (Vec<String>, ExitStatus) {
        let (ended, waits) = mpsc::channel::<()>();
        let id = self.child.id();
        let killer = thread::spawn(move || {
            if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                signal(id, "KILL");
            }
        });
        let lines = self.lines.by_ref().map(|line| parse(&line.unwrap()));
        let said = lines.map(|line| match line["phase"].as_str() {
            Some(phase) => format!("{}: {phase}", line["message"].as_str().unwrap()),
            None => line["message"].as_str().unwrap().to_owned(),
        });
        let said = said.collect();
        drop(ended);
        killer.join().unwrap();
        (said, self.child.wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(id: u32, name: &str) -> ExitStatus {
    let id = id.to_string();
    let mut kill = Command::new("kill");
    kill.args(["-s", name, &id]).status().unwrap()
}

fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Value {
    parse(&lines.next().unwrap().unwrap())
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Sends a body without end, as far as it is taken.
fn flood(address: SocketAddr) {
    let mut stream = connect(address);
    let head = "POST /length HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut sent = stream.write_all(head.as_bytes());
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..256 {
        sent = sent.and_then(|()| stream.write_all(chunk.as_bytes()));
    }
    // Answered or not, it was cut short: all of it is 16 MiB, and 64 KiB may come.
    let _ = stream.read(&mut [0; 64]);
    assert!(sent.is_err(), "a body without end was taken whole");
}

#[test]
fn keeps_its_memory_whatever_is_sent() {
    let mut command = hello();
    command.env("MARTY_MAX_BODY_BYTES", "65536");
    let process = Process::start(&mut command);
    flood(process.http);
    let before = process.value("process_resident_memory_bytes");
    for _ in 0..16 {
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| flood(process.http));
            }
        });
    }
    let grown = process.value("process_resident_memory_bytes") - before;
    // 256 bodies of 16 MiB are 4 GiB; 16 connections hold 128 KiB each.
    assert!(grown < 32.0 * 1024.0 * 1024.0, "{grown} bytes more");
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
    let _waiting = process.ask("/slow");
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
        ("MARTY_SHUTDOWN_DEADLINE", "2s"),
    ];
    let mut process = Process::start(hello().envs(deadline));
    let _waiting = process.ask("/slow");
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

/// What is logged last, and the status, when the deadline comes.
#[track_caller]
fn stuck_until_the_deadline(path: &str) -> (String, Option<i32>) {
    let deadline = [
        ("MARTY_DRAIN_GRACE", "0s"),
        ("MARTY_SHUTDOWN_DEADLINE", "300ms"),
    ];
    let mut process = Process::start(example("stuck").envs(deadline));
    let _waiting = process.ask(path);
    process.await_line("thread blocked");
    process.signal("TERM");
    let (mut said, status) = process.end();
    (said.pop().unwrap(), status.code())
}

#[test]
fn ends_at_the_deadline_whatever_is_blocked() {
    for path in ["/wait", "/leave", "/workers"] {
        let (last, status) = stuck_until_the_deadline(path);
        let expected = "process still there at the shutdown's deadline: it ends at once";
        assert_eq!((last.as_str(), status), (expected, Some(1)), "{path}");
    }
}

#[test]
fn ends_on_a_second_signal_after_its_shutdown_as_well() {
    let mut process = Process::start(example("stuck").env("MARTY_SHUTDOWN_DEADLINE", "1h"));
    let answered = get_with(process.http, "/leave", "");
    assert_eq!(answered.status, 200);
    process.await_line("thread blocked");
    process.signal("INT");
    let closed = process.await_line("shutdown phase done");
    assert_eq!(closed["phase"], "finish requests");
    process.await_line("shutdown phase done");
    process.signal("TERM");
    let (said, status) = process.end();
    assert_eq!(said, ["second signal: the process ends at once"]);
    assert_eq!(status.code(), Some(128 + 15));
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
fn keeps_the_correlation_id_where_only_warnings_are_logged() {
    let mut command = hello();
    let mut process = Process::start(command.env("MARTY_LOG", "warn,marty_runtime::service=info"));
    get_with(process.http, "/panic", "x-correlation-id: order-17\r\n");
    let panicked = process.await_line("panicked");
    assert_eq!(panicked["correlation_id"], "order-17");
    assert_eq!(panicked["http_route"], "/panic");
    process.signal("INT");
    let (said, _) = process.end();
    assert!(
        !said.contains(&"request answered".to_owned()),
        "information is not asked for: {said:?}"
    );
}

#[test]
fn counts_every_panic_once_wherever_it_is() {
    let process = Process::start(&mut hello());
    assert_eq!(get(process.http, "/panic").status, 500);
    assert_eq!(get(process.http, "/panic-elsewhere").body, "hello anyway\n");
    let panics = process.value("marty_panics_total");
    assert!((panics - 2.0).abs() < f64::EPSILON, "{panics}");
}

#[test]
fn goes_on_when_nobody_reads_its_log() {
    let mut process = Process::start(&mut hello());
    for _ in 0..40 {
        let mut stream = connect(process.http);
        let one = "GET /hello HTTP/1.1\r\nhost: test\r\n\r\n";
        let last = "GET /hello HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
        let requests = [&one.repeat(99), last].concat();
        stream.write_all(requests.as_bytes()).unwrap();
        assert_eq!(receive(stream).status, 200);
    }
    assert_eq!(get(process.admin, "/livez").status, 200);
    assert!(process.value("marty_log_events_dropped_total") > 0.0);
    process.signal("INT");
    assert!(process.child.wait().unwrap().success());
}

/// What a service shows on a pseudo terminal until it is interrupted from the keyboard.
fn on_a_terminal(format: &str) -> String {
    let service = hello();
    // The terminal's own status cannot be relied on: it may see the end of the output before that of the program.
    let program = service.get_program().to_str().unwrap();
    let line = format!("trap : INT; {program}; echo exit-status=$?");
    let mut terminal = Command::new("script");
    terminal
        .args(["--quiet", "--echo", "never", "--command", &line])
        .arg("/dev/null");
    for (name, value) in service.get_envs() {
        terminal.env(name, value.unwrap());
    }
    terminal.env("MARTY_LOG_FORMAT", format);
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut terminal = terminal.spawn().unwrap();
    let mut screen = BufReader::new(terminal.stdout.take().unwrap());
    let mut shown = String::new();
    while !shown.contains("service started") {
        assert_ne!(screen.read_line(&mut shown).unwrap(), 0, "{shown}");
    }
    let mut keyboard = terminal.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    screen.read_to_string(&mut shown).unwrap();
    terminal.wait().unwrap();
    assert!(shown.trim_end().ends_with("exit-status=0"), "{shown}");
    shown
}

#[test]
fn writes_text_on_a_terminal_unless_told_otherwise() {
    let text = on_a_terminal("auto");
    assert!(text.contains(" INFO "), "{text}");
    let object = |text: &str| {
        text.lines()
            .any(|line| serde_json::from_str::<Value>(line).is_ok())
    };
    assert!(!object(&text), "{text}");
    assert!(object(&on_a_terminal("json")));
}

#[test]
fn writes_text_elsewhere_when_told_to() {
    let mut command = hello();
    let mut child = command.env("MARTY_LOG_FORMAT", "text").spawn().unwrap();
    let mut started = String::new();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    log.read_line(&mut started).unwrap();
    assert!(started.contains(" INFO "), "{started}");
    child.kill().unwrap();
    child.wait().unwrap();
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
