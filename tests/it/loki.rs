//! What takes logs where Loki would: over HTTP at its path for OTLP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// Where Loki takes logs.
const REQUEST: &str = "POST /otlp/v1/logs HTTP/1.1";

/// A log record that has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    /// The name of the service, of its resource.
    pub(crate) service: Value,
    /// The record as OTLP has it in JSON.
    pub(crate) record: Value,
}

impl Logged {
    /// An attribute that is a text.
    pub(crate) fn attribute(&self, name: &str) -> &Value {
        attribute(&self.record, name)
    }
}

/// The catcher of logs. It listens until the process of the tests ends.
pub(crate) struct Loki {
    /// What an exporter of OTLP is told.
    pub(crate) endpoint: String,
    caught: Arc<Mutex<Vec<Result<Logged, String>>>>,
}

impl Loki {
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/otlp", listener.local_addr().unwrap());
        let caught = Arc::<Mutex<Vec<_>>>::default();
        let into = Arc::clone(&caught);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let into = Arc::clone(&into);
                thread::spawn(move || {
                    while let Some(logs) = take(&stream) {
                        into.lock().unwrap().extend(logs);
                    }
                });
            }
        });
        Self { endpoint, caught }
    }

    /// What has arrived so far. Whatever was not sent as Loki takes it is an error.
    pub(crate) fn caught(&self) -> Result<Vec<Logged>, String> {
        self.caught.lock().unwrap().iter().cloned().collect()
    }
}

/// Takes one request, and answers it.
fn take(stream: &TcpStream) -> Option<Vec<Result<Logged, String>>> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let found = name.eq_ignore_ascii_case("content-length");
        found.then(|| value.parse().ok()).flatten()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let logs = match serde_json::from_slice(&body) {
        Ok(body) if head[0] == REQUEST => records(&body).into_iter().map(Ok).collect(),
        _ => vec![Err(format!("{head:?}"))],
    };
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    (&mut &*stream).write_all(answer.as_bytes()).ok()?;
    Some(logs)
}

fn records(body: &Value) -> Vec<Logged> {
    let mut found = Vec::new();
    for of_resource in each(&body["resourceLogs"]) {
        let service = attribute(&of_resource["resource"], "service.name");
        for record in each(&of_resource["scopeLogs"]).flat_map(|scope| each(&scope["logRecords"])) {
            found.push(Logged {
                service: service.clone(),
                record: record.clone(),
            });
        }
    }
    found
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn attribute<'a>(of: &'a Value, name: &str) -> &'a Value {
    let found = each(&of["attributes"]).find(|attribute| attribute["key"] == name);
    found.map_or(&Value::Null, |found| &found["value"]["stringValue"])
}
