//! Nothing secret and nothing personal that is sent to a service that logs everything comes out of it.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command},
    thread::{self, JoinHandle},
};

use crate::{
    process::example,
    support::{get, get_with, send},
};

/// What is known by its form, wherever it stands.
const BY_FORM: [&str; 36] = [
    "ada.lovelace@engine.example.org",
    "o'hara+orders@mail.example.co.uk",
    "grace_hopper@navy.example.mil",
    "j\u{fc}rgen@m\u{fc}ller.example.de",
    "+49 151 23456789",
    "+14155552671",
    "+44 (0)20 7946 0958",
    "+33-6-12-34-56-78",
    "(415) 555-2671",
    "415-555-2672",
    "1-800-555-2673",
    "0151 23456780",
    "030/12345678",
    "06 12 34 56 79",
    "0044 20 7946 0959",
    "4111111111111111",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "378282246310005",
    "6011 0009 9013 9424",
    "3530111333300000",
    "30569309025904",
    "DE89370400440532013000",
    "DE02 1203 0000 0000 2020 51",
    "GB82WEST12345698765432",
    "FR14 2004 1010 0505 0001 3M02 606",
    "NL91ABNA0417164300",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYQ",
    "Bearer 7Fq2mZ9xK4vB1nT8",
    "Basic YWRhOmNvcnJlY3QtaG9yc2U=",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "xoxb-123456789012-abcdefghijkl",
    "https://ada:correct-horse@example.com/x",
    "postgres://svc:battery-staple@db:5432/orders",
];

/// What is known by the name beside it.
const BY_NAME: [(&str, &str); 28] = [
    ("password", "hunter2-of-ada"),
    ("passwd", "swordfish"),
    ("user_password", "tr0ub4dor"),
    ("newPassword", "Summer2026!"),
    ("passphrase", "correcthorsebattery"),
    ("pin", "48392017"),
    ("otp", "913375"),
    ("cvv", "737-x"),
    ("secret", "the-cake-is-a-lie"),
    ("client_secret", "cs-8842-zz"),
    ("api_key", "key-of-grace-1"),
    ("x-api-key", "key-of-grace-2"),
    ("apikey", "key-of-grace-3"),
    ("access_token", "at-0193-xyz"),
    ("refreshToken", "rt-0194-xyz"),
    ("id_token", "it-0195-xyz"),
    ("csrf", "csrf-5511-q"),
    ("session_id", "sess-9f8e7d"),
    ("authorization", "Token-of-ada-17"),
    ("cookie", "sid=abc-of-ada"),
    ("private_key", "pk-material-99"),
    ("first_name", "Augusta"),
    ("last_name", "Lovelace-King"),
    ("date_of_birth", "1815-12-10"),
    ("street", "St-James-Square-12"),
    ("ssn", "078-05-1120"),
    ("phone", "5550142"),
    ("account_number", "00012345678"),
];

/// What is nobody's, and has to be in the log as often as it was sent.
const PLAIN: &str = "canary-of-nobody";

/// Beginnings and ends of values are secret as well.
const SHOWN: usize = 9;

struct Run {
    child: Child,
    http: SocketAddr,
    admin: SocketAddr,
    log: JoinHandle<String>,
}

impl Run {
    fn start(format: &str) -> Self {
        let mut command = example("careless");
        command.envs([
            ("MARTY_LOG_FORMAT", format),
            ("MARTY_LOG", "debug"),
            ("MARTY_LOG_REPEATS", "0"),
            ("MARTY_DRAIN_GRACE", "0s"),
        ]);
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut begun = String::new();
        while !begun.contains("service started") {
            assert_ne!(log.read_line(&mut begun).unwrap(), 0, "{begun}");
        }
        let address = |name: &str| {
            let (_, rest) = begun.split_once(name).unwrap();
            let rest = rest.trim_start_matches(|sign: char| !sign.is_ascii_digit());
            let is_part = |sign: char| sign.is_ascii_digit() || matches!(sign, '.' | ':');
            let end = rest.find(|sign| !is_part(sign)).unwrap_or(rest.len());
            rest[..end].parse().unwrap()
        };
        let (http, admin) = (address("http_addr"), address("admin_addr"));
        let log = thread::spawn(move || {
            log.read_to_string(&mut begun).unwrap();
            begun
        });
        Self {
            child,
            http,
            admin,
            log,
        }
    }

    fn order(&self, note: &str, query: &str, headers: &str, body: &str) -> String {
        let (note, query) = (encoded(note), encoded(query));
        let length = body.len();
        let request = format!(
            "POST /orders/{note}?{query} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n\r\n{body}"
        );
        let answer = send(self.http, request.as_bytes());
        assert_eq!(answer.status, 500, "{}", answer.head);
        answer.body
    }

    /// Whatever comes out of the service: its log, its metrics, its answers.
    fn end(mut self) -> String {
        let mut shown = get(self.admin, "/readyz").body;
        shown += &get(self.admin, "/metrics").body;
        let open = "accept: application/openmetrics-text; version=1.0.0\r\n";
        shown += &get_with(self.admin, "/metrics", open).body;
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(killed.unwrap().success());
        shown += &self.log.join().unwrap();
        self.child.wait().unwrap();
        let mut errors = String::new();
        let mut stream = self.child.stderr.take().unwrap();
        stream.read_to_string(&mut errors).unwrap();
        shown + &errors
    }
}

/// As browsers write it in a path and in the values of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'=' | b'&') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

/// Sends every value in every place where one can be.
fn send_all(run: &Run) -> String {
    let mut answers = String::new();
    for value in BY_FORM {
        let note = format!("x-note: {PLAIN} {value}");
        let note = if value.is_ascii() {
            note.as_str()
        } else {
            "x-note: none"
        };
        let correlation = format!("{note}\r\nx-correlation-id: {}", value.replace(' ', "-"));
        // What follows the name of a scheme and a hyphen is an id like any other.
        let correlation = if value.is_ascii() && !value.starts_with('B') {
            correlation.as_str()
        } else {
            note
        };
        answers += &run.order(value, &format!("q={value}&n=1"), correlation, value);
        answers += &run.order(
            "n",
            "n=1",
            note,
            &format!("{PLAIN} of {value}, and of {value}.\n{value}\n"),
        );
        let json = serde_json::json!({"n": PLAIN, "list": [{"value": value}]}).to_string();
        answers += &run.order(PLAIN, &format!("n={value}"), note, &json);
        let pairs = format!("n=1&value={}", encoded(value));
        answers += &run.order("n", &pairs, note, &pairs);
    }
    for (name, value) in BY_NAME {
        let header = format!("{}: {value}", name.replace('_', "-"));
        let pair = format!("{name}={value}");
        answers += &run.order(
            "n",
            &format!("{pair}&n=1"),
            &header,
            &format!("n={PLAIN}&{pair}"),
        );
        let json = serde_json::json!({"n": PLAIN, "inner": {name: value}}).to_string();
        answers += &run.order("n", "n=1", &header, &json);
        let debug = format!("Form {{ {name}: Some({value:?}), n: 1 }} and {name}: {value}");
        answers += &run.order("n", "n=1", &header, &debug);
        let yaml = format!("n: {PLAIN}\n{name}: {value}\nm: 1\n");
        answers += &run.order("n", "n=1", &header, &yaml);
        let xml = format!("<form><{name}>{value}</{name}></form>");
        answers += &run.order("n", "n=1", &header, &xml);
    }
    answers
}

/// What of a value is secret: of a URL the user, and of credentials what follows the scheme.
fn secret_of(value: &str) -> &str {
    let user = value
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'));
    let token = value
        .strip_prefix("Bearer ")
        .or_else(|| value.strip_prefix("Basic "));
    user.map_or_else(|| token.unwrap_or(value), |(user, _)| user)
}

/// Whether `shown` has the value, or much of its beginning or its end.
fn leaks<'a>(shown: &'a str, value: &str) -> Option<&'a str> {
    let characters: Vec<char> = value.chars().collect();
    let size = SHOWN.min(characters.len());
    let beginning: String = characters[..size].iter().collect();
    let end: String = characters[characters.len() - size..].iter().collect();
    let found = [value, &beginning, &end, &encoded(value)]
        .into_iter()
        .find_map(|part| shown.find(part))?;
    let start = shown.floor_char_boundary(found.saturating_sub(120));
    let end = shown.ceil_char_boundary((found + 60).min(shown.len()));
    Some(&shown[start..end])
}

#[track_caller]
fn check(format: &str) {
    let run = Run::start(format);
    let answers = send_all(&run);
    let shown = answers + &run.end();
    let values = BY_FORM.into_iter().chain(BY_NAME.map(|(_, value)| value));
    let leaked: Vec<_> = values
        .filter_map(|value| Some((value, leaks(&shown, secret_of(value))?)))
        .collect();
    assert!(leaked.is_empty(), "{} leak: {leaked:#?}", leaked.len());
    let plain = shown.matches(PLAIN).count();
    assert!(plain > 10 * BY_FORM.len(), "{plain} times");
    for mark in [
        "[email]",
        "[phone]",
        "[card]",
        "[iban]",
        "[jwt]",
        "[key]",
        "[credentials]",
        "[secret]",
        "[personal]",
    ] {
        assert!(shown.contains(mark), "nothing became {mark}");
    }
    assert!(
        shown.contains("marty_log_events_dropped_total 0"),
        "lines were lost"
    );
    for message in [
        "order failed",
        "panicked",
        "order understood",
        "readiness check did not pass",
    ] {
        assert!(shown.contains(message), "nothing says {message}");
    }
}

#[test]
fn no_secret_leaves_a_service_that_logs_json() {
    check("json");
}

#[test]
fn no_secret_leaves_a_service_that_logs_text() {
    check("text");
}
