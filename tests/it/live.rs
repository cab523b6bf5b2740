//! A generated service and a real Prometheus, configured by the generated files.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use marty::model::json;
use marty::model::node::{Node, Value};
use tempfile::TempDir;

use crate::golden::Golden;
use crate::server::{self, Process, eventually};

/// How long a scrape, an evaluation and a window of a query may take to show something.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long `ServiceDown` takes to fire: its `for` is a minute, and rules are not edited here.
const UNTIL_IT_FIRES: Duration = Duration::from_secs(150);

/// The project whose service runs here. It is another than that of the other tests, for it gets a file of its own.
static PROJECT: LazyLock<Golden> = LazyLock::new(|| Golden::generate("live"));

/// The generated service, and one route that never answers: the service itself has no fault that could be asked for.
const WITH_A_STUCK_ROUTE: &str = "//! The service with a route that never answers.

use marty_runtime::axum::{Router, routing::get};
use user_service::config::Settings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stuck = Router::new().route(\"/stuck\", get(std::future::pending::<()>));
    let service = user_service::service(&Settings::from_env()?);
    Ok(service.http(stuck).run().await?)
}
";

/// A running user service.
struct Service {
    process: Process,
    http: String,
    admin: String,
}

impl Service {
    /// Starts the service on free ports, or with its admin listener where it was before.
    fn start(admin: &str) -> Self {
        let mut addresses = BTreeMap::new();
        let mut command = Command::new(PROJECT.example("stuck", WITH_A_STUCK_ROUTE));
        command
            .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
            .env("MARTY_ADMIN_ADDR", admin)
            .env("MARTY_LOG_FORMAT", "json")
            // Short, so that a request that is not finished is given up soon.
            .env("MARTY_REQUEST_TIMEOUT", "700ms");
        let (process, (http, admin)) = Process::start(&mut command, |line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            for name in ["http_addr", "admin_addr"] {
                if let Some(address) = line[name].as_str() {
                    addresses.insert(name, address.to_owned());
                }
            }
            Some((
                addresses.get("http_addr")?.clone(),
                addresses.get("admin_addr")?.clone(),
            ))
        });
        Self {
            process,
            http,
            admin,
        }
    }

    /// Sends a request as it is and returns the status of the answer.
    fn send(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn request(&self, method: &str, path: &str, body: &str) -> u16 {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    /// Requests of every kind: answered, refused, unknown, failed, slow, and left alone.
    fn traffic(&self, round: u32) {
        let user = format!("{{\"name\": \"Ada\", \"email\": \"ada{round}@example.com\"}}");
        assert_eq!(self.request("POST", "/users", &user), 201);
        assert_eq!(self.request("GET", "/users", ""), 200);
        assert_eq!(self.request("POST", "/users", &user), 409);
        assert_eq!(self.request("POST", "/users", "{"), 400);
        assert_eq!(self.request("GET", "/not/there", ""), 404);
        assert_eq!(self.request("BREW", "/users", ""), 405);
        assert_eq!(self.request("GET", "/stuck", ""), 503);
        let unfinished = "POST /users HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
        assert_eq!(self.send(unfinished), 408);
        let mut leaving = TcpStream::connect(&self.http).unwrap();
        leaving.write_all(unfinished.as_bytes()).unwrap();
    }
}

/// A running Prometheus.
struct Prometheus {
    _process: Process,
    directory: TempDir,
    address: String,
}

impl Prometheus {
    /// Starts Prometheus from the generated files. Only addresses and intervals differ.
    fn start(admin: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        copy(
            &PROJECT.path("observability/monitoring/prometheus"),
            directory.path(),
        );
        let path = directory.path().join("prometheus.yml");
        let generated = fs::read_to_string(&path).unwrap();
        let shortened = generated
            .replace("scrape_interval: 15s", "scrape_interval: 1s")
            .replace("scrape_timeout: 10s", "scrape_timeout: 1s")
            .replace("evaluation_interval: 15s", "evaluation_interval: 1s");
        assert_eq!(generated.lines().count(), shortened.lines().count());
        assert_ne!(generated, shortened);
        fs::write(&path, shortened).unwrap();
        let mut command = Command::new(server::program("prometheus", "prometheus"));
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.path().join("data").display()
            ))
            .arg("--web.listen-address=127.0.0.1:0");
        let (process, address) = Process::start(&mut command, |line| {
            let rest = line.split_once("msg=\"Listening on\"")?.1;
            Some(rest.split_once("address=")?.1.to_owned())
        });
        let prometheus = Self {
            _process: process,
            directory,
            address,
        };
        prometheus.aim(admin);
        prometheus
    }

    /// Puts the address under which the service answers here in the place of the generated one.
    fn aim(&self, admin: &str) {
        let path = self.directory.path().join("targets/user-service.json");
        let generated = fs::read_to_string(&path).unwrap();
        assert!(generated.contains("user-service:9081"), "{generated}");
        let staged = self.directory.path().join("user-service.json");
        fs::write(&staged, generated.replace("user-service:9081", admin)).unwrap();
        // Prometheus watches the folder, and must not read half a file.
        fs::rename(staged, path).unwrap();
    }

    fn get(&self, path: &str) -> Result<serde_json::Value, String> {
        let url = format!("http://{}{path}", self.address);
        let mut response = ureq::get(&url).call().map_err(|error| error.to_string())?;
        response
            .body_mut()
            .read_json()
            .map_err(|error| error.to_string())
    }

    /// The samples that a query returns now.
    fn query(&self, query: &str) -> Result<Vec<serde_json::Value>, String> {
        let url = format!("http://{}/api/v1/query", self.address);
        let mut response = ureq::get(&url)
            .query("query", query)
            .call()
            .map_err(|error| error.to_string())?;
        let answer: serde_json::Value = response
            .body_mut()
            .read_json()
            .map_err(|error| error.to_string())?;
        let result = &answer["data"]["result"];
        result
            .as_array()
            .cloned()
            .ok_or_else(|| format!("{query}: {answer}"))
    }

    /// The firing alert of this name for the user service, if there is one.
    fn firing(&self, name: &str) -> Result<Option<serde_json::Value>, String> {
        let answer = self.get("/api/v1/alerts")?;
        let alerts = answer["data"]["alerts"]
            .as_array()
            .ok_or("no alerts in the answer")?;
        let found = alerts.iter().find(|alert| {
            let labels = &alert["labels"];
            labels["alertname"] == name
                && labels["service"] == "user-service"
                && alert["state"] == "firing"
        });
        Ok(found.cloned())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every query of a dashboard with the title of its panel, variables filled in.
fn queries() -> Vec<(String, String)> {
    let path = "services/user-service/observability/dashboards/microservice-detail.json";
    let text = fs::read_to_string(PROJECT.path(path)).unwrap();
    let (dashboard, issues) = json::parse(&text);
    assert!(issues.is_empty(), "{issues:?}");
    let mut found = Vec::new();
    collect(&dashboard.unwrap(), "dashboard", &mut found);
    assert!(found.len() > 30, "{found:#?}");
    found
}

fn collect(node: &Node, title: &str, found: &mut Vec<(String, String)>) {
    match &node.value {
        Value::Mapping(entries) => {
            let title = node.get("title").and_then(Node::as_str).unwrap_or(title);
            if let Some(query) = node.get("expr").and_then(Node::as_str) {
                found.push((title.to_owned(), fill_in(query)));
            }
            for entry in entries {
                collect(&entry.value, title, found);
            }
        }
        Value::Sequence(nodes) => nodes.iter().for_each(|node| collect(node, title, found)),
        _ => {}
    }
}

fn fill_in(query: &str) -> String {
    let values = [
        ("$service", "user-service"),
        ("$instance", ".+"),
        ("$route", ".+"),
        ("$__rate_interval", "30s"),
        ("$__range", "1m"),
    ];
    let filled = values.iter().fold(query.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    });
    assert!(!filled.contains('$'), "an unknown variable in {filled}");
    filled
}

fn has_data(prometheus: &Prometheus, title: &str, query: &str) -> Result<(), String> {
    let samples = prometheus.query(query)?;
    if samples.is_empty() {
        return Err(format!("panel `{title}` has no data: {query}"));
    }
    if samples.iter().all(|sample| sample["value"][1] == "NaN") {
        return Err(format!("panel `{title}` has only NaN: {query}"));
    }
    Ok(())
}

#[test]
fn prometheus_finds_the_service_every_panel_has_data_and_its_death_is_noticed() {
    let service = Service::start("127.0.0.1:0");
    let prometheus = Prometheus::start(&service.admin);

    eventually(PATIENCE, || {
        let up = prometheus.query("up{job=\"user-service\", service=\"user-service\"} == 1")?;
        if up.is_empty() {
            Err("the service is not up".to_owned())
        } else {
            Ok(())
        }
    });
    let queries = queries();
    let mut round = 0;
    eventually(PATIENCE, || {
        round += 1;
        service.traffic(round);
        queries
            .iter()
            .try_for_each(|(title, query)| has_data(&prometheus, title, query))
    });

    let admin = service.admin.clone();
    service.process.kill();
    let alert = eventually(UNTIL_IT_FIRES, || {
        prometheus
            .firing("ServiceDown")?
            .ok_or_else(|| "ServiceDown does not fire".to_owned())
    });
    assert_eq!(alert["labels"]["severity"], "critical");
    assert_eq!(alert["labels"]["service"], "user-service");
    let runbook = alert["annotations"]["runbook_url"].as_str().unwrap();
    assert!(PROJECT.path(runbook).is_file(), "{runbook}");

    let _service = Service::start(&admin);
    eventually(PATIENCE, || match prometheus.firing("ServiceDown")? {
        None => Ok(()),
        Some(_) => Err("ServiceDown still fires".to_owned()),
    });
}
