//! A generated service that publishes and a generated worker, over a real Kafka and before a real Prometheus.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::golden::{LIVE, WORKER, succeeds};
use crate::live::{has_data, queries};
use crate::prometheus::Prometheus;
use crate::server::{self, Process, eventually, free_address};
use crate::service::Service;

/// How long a broker, a group or a scrape may take.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const PUBLISHER: &str = "account-service";
/// The topic of the events, and that of the worker's dead letters.
pub(crate) const TOPICS: [&str; 2] = [
    "domain.user.events",
    "domain.user.events.directory-worker.dlq",
];

/// What requests of the undertaking have in common.
pub(crate) const CORRELATION_ID: &str = "sign-up-17";

/// Where the programs of both are, built with Kafka.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    let both = format!("--package {PUBLISHER} --package {WORKER}");
    let kafka = format!("--features {PUBLISHER}/kafka,{WORKER}/kafka");
    LIVE.build(&format!("build --locked {both} {kafka} --bins --examples"));
    LIVE.target().join("debug")
});

/// One of the programs.
pub(crate) fn program(name: &str) -> PathBuf {
    PROGRAMS.join(name)
}

/// A broker.
pub(crate) struct Kafka {
    pub(crate) address: String,
    _server: Process,
    _folder: tempfile::TempDir,
}

impl Kafka {
    /// Starts one with these topics, at least one of which there has to be.
    pub(crate) fn start(topics: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (address, controller) = (free_address(), free_address());
        let properties = folder.path().join("server.properties");
        let text = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@{controller}\n\
             listeners=PLAINTEXT://{address},CONTROLLER://{controller}\nadvertised.listeners=PLAINTEXT://{address}\n\
             controller.listener.names=CONTROLLER\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             log.dirs={}\nauto.create.topics.enable=false\noffsets.topic.replication.factor=1\n\
             offsets.topic.num.partitions=4\ntransaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\ngroup.initial.rebalance.delay.ms=0\n",
            folder.path().join("log").display()
        );
        fs::write(&properties, text).unwrap();
        let mut format = Command::new(server::program("kafka", "kafka-storage"));
        let id = ["format", "-t", "bXktbWFydHktY2x1c3Rlcg", "-c"];
        succeeds(format.args(id).arg(&properties));
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(server::program("kafka", "kafka-server"))
            .arg(&properties);
        // It says nothing of being ready; who makes a topic waits for it.
        let (server, ()) = Process::start(&mut command, |_| Some(()));
        for topic in topics {
            make(topic, &address);
        }
        Self {
            address,
            _server: server,
            _folder: folder,
        }
    }

    /// Starts the program of a service on it.
    #[track_caller]
    pub(crate) fn run(&self, program: &Path, variables: &[(&str, &str)]) -> Service {
        let mut command = Command::new(program);
        command
            .env("MARTY_EVENTS_TRANSPORT", "kafka")
            .env("MARTY_KAFKA_BROKERS", &self.address)
            .env("MARTY_DRAIN_GRACE", "0s")
            .envs(variables.iter().copied());
        Service::start(&mut command, "127.0.0.1:0")
    }
}

fn make(topic: &str, address: &str) {
    let libraries = server::program("kafka", "kafka-server");
    let libraries = libraries.parent().and_then(Path::parent).unwrap();
    let mut command = Command::new("java");
    command
        .arg("-cp")
        .arg(libraries.join("libs/*"))
        .arg("org.apache.kafka.tools.TopicCommand")
        .args(["--bootstrap-server", address, "--create", "--topic", topic])
        .args(["--partitions", "3"]);
    succeeds(&mut command);
}

/// Sends a request; answers with the status, the header `location` and the body.
pub(crate) fn send(
    service: &Service,
    method: &str,
    path: &str,
    body: &Value,
) -> (u16, String, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", service.http))
        .header("content-type", "application/json")
        .header("x-correlation-id", CORRELATION_ID)
        .body(body);
    let mut answer = agent.run(request.unwrap()).unwrap();
    let location = answer.headers().get("location");
    let location = location.map_or("", |it| it.to_str().unwrap()).to_owned();
    let text = answer.body_mut().read_to_string().unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    (answer.status().as_u16(), location, body)
}

pub(crate) fn user(number: usize) -> Value {
    json!({ "name": "Ada", "email": format!("ada{number}@example.com") })
}

/// What the worker says of each user: the version, or nothing.
fn known(worker: &Service, paths: &[String]) -> BTreeMap<String, Option<u64>> {
    let asked = paths.iter().map(|path| {
        let (status, _, body) = send(worker, "GET", path, &Value::Null);
        let version = (status == 200).then(|| body["version"].as_u64().unwrap());
        (path.clone(), version)
    });
    asked.collect()
}

/// Whom a line of a log is about, and the trace that it belongs to.
type Traced = [String; 2];

/// What a service logged with that message, in an order that does not depend on when.
fn logged(service: &Service, message: &str) -> Vec<Traced> {
    let lines = service.process.printed().into_iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let lines = lines.filter(|line| line["message"] == message);
    let mut found: Vec<Traced> = lines
        .map(|line| {
            assert_eq!(line["correlation_id"], CORRELATION_ID, "{line}");
            ["user_id", "trace_id"].map(|field| line[field].as_str().unwrap().to_owned())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_worker_knows_what_a_service_told_it_over_kafka() {
    let kafka = Kafka::start(&TOPICS);
    let keys = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let publisher = kafka.run(&program(PUBLISHER), &[("MARTY_PII_KEYS", keys)]);
    let worker = kafka.run(&program(WORKER), &[]);

    let paths: Vec<String> = (0..20)
        .map(|number| {
            let (status, path, body) = send(&publisher, "POST", "/users", &user(number));
            assert_eq!(status, 201, "{body}");
            path
        })
        .collect();
    let mut expected: BTreeMap<_, _> = paths.iter().map(|path| (path.clone(), Some(1))).collect();
    for (number, path) in paths.iter().enumerate().skip(5) {
        let (status, _, body) = send(&publisher, "PUT", path, &user(100 + number));
        assert_eq!(status, 200, "{body}");
        expected.insert(path.clone(), Some(2));
    }
    for path in &paths[..3] {
        let (status, _, body) = send(&publisher, "DELETE", path, &Value::Null);
        assert_eq!(status, 204, "{body}");
        expected.insert(path.clone(), None);
    }
    eventually(PATIENCE, || {
        let known = known(&worker, &paths);
        (known == expected)
            .then_some(())
            .ok_or_else(|| format!("{known:#?}"))
    });

    // Each change is handled in the trace of the request that made it.
    let made = logged(&publisher, "user changed");
    assert_eq!(made.len(), 38, "{made:#?}");
    // What the worker answers may be here before the lines that it has written.
    eventually(PATIENCE, || {
        let handled = logged(&worker, "directory changed");
        (handled == made)
            .then_some(())
            .ok_or_else(|| format!("{handled:#?}"))
    });
    let said = worker.process.printed().join("\n");
    assert!(!said.contains("example.com"), "{said}");
    for service in [publisher, worker] {
        assert!(service.process.terminate(PATIENCE).success());
    }
}

#[test]
fn a_service_that_publishes_over_kafka_wants_keys() {
    let mut command = Command::new(program(PUBLISHER));
    let output = command.env("MARTY_EVENTS_TRANSPORT", "kafka").output();
    let output = output.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`MARTY_PII_KEYS`"), "{said}");
}

/// Without a server, as everybody begins: the worker with the events of its demonstration, and the service with users.
#[test]
fn every_panel_about_events_has_data() {
    let start = |name: &str| {
        let mut command = Command::new(program(name));
        Service::start(&mut command, "127.0.0.1:0")
    };
    let (publisher, worker) = (start(PUBLISHER), start("examples/demo"));
    let prometheus = Prometheus::start(&LIVE, &[]);
    prometheus.aim(PUBLISHER, &publisher.admin);
    prometheus.aim(WORKER, &worker.admin);
    let queries = [(PUBLISHER, 10), (WORKER, 20)].map(|(service, least)| {
        let queries = queries(service, "events.json");
        assert!(queries.len() > least, "{queries:#?}");
        queries
    });
    let mut round = 0;
    eventually(PATIENCE, || {
        round += 1;
        send(&publisher, "POST", "/users", &user(round));
        let mut queries = queries.iter().flatten();
        queries.try_for_each(|(title, query)| has_data(&prometheus, title, query))
    });
}
