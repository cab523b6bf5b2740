//! A generated service and a real Prometheus, configured by the generated files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use marty::model::json;
use marty::model::node::{Node, Value};

use crate::golden::LIVE;
use crate::prometheus::Prometheus;
use crate::server::eventually;
use crate::service::Service;

/// How long a scrape, an evaluation and a window of a query may take to show something.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long `ServiceDown` takes to fire: its `for` is a minute, and rules are not edited here.
const UNTIL_IT_FIRES: Duration = Duration::from_secs(150);

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

/// The running user service.
struct Live(Service);

impl Live {
    /// Starts the service on free ports, or with its admin listener where it was before.
    fn start(admin: &str) -> Self {
        let mut command =
            Command::new(LIVE.example(("user-service", None), "stuck", WITH_A_STUCK_ROUTE, &[]));
        // Short, so that a request that is not finished is given up soon.
        command.env("MARTY_REQUEST_TIMEOUT", "700ms");
        Self(Service::start(&mut command, admin))
    }

    /// Sends a request as it is and returns the status of the answer.
    fn send(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.0.http).unwrap();
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
        let mut leaving = TcpStream::connect(&self.0.http).unwrap();
        leaving.write_all(unfinished.as_bytes()).unwrap();
    }
}

/// Every query of a service's dashboard with the title of its panel, variables filled in.
pub(crate) fn queries(service: &str, dashboard: &str) -> Vec<(String, String)> {
    let path = format!("services/{service}/observability/dashboards/{dashboard}");
    let text = fs::read_to_string(LIVE.path(&path)).unwrap();
    let (dashboard, issues) = json::parse(&text);
    assert!(issues.is_empty(), "{issues:?}");
    let mut found = Vec::new();
    collect(&dashboard.unwrap(), "dashboard", &mut found);
    found
        .into_iter()
        .map(|(title, query)| (title, fill_in(&query, service)))
        .collect()
}

fn collect(node: &Node, title: &str, found: &mut Vec<(String, String)>) {
    match &node.value {
        Value::Mapping(entries) => {
            let title = node.get("title").and_then(Node::as_str).unwrap_or(title);
            if let Some(query) = node.get("expr").and_then(Node::as_str) {
                found.push((title.to_owned(), query.to_owned()));
            }
            for entry in entries {
                collect(&entry.value, title, found);
            }
        }
        Value::Sequence(nodes) => nodes.iter().for_each(|node| collect(node, title, found)),
        _ => {}
    }
}

fn fill_in(query: &str, service: &str) -> String {
    let values = [
        ("$service", service),
        ("$instance", ".+"),
        ("$group", ".+"),
        ("$topic", ".+"),
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

pub(crate) fn has_data(prometheus: &Prometheus, title: &str, query: &str) -> Result<(), String> {
    let samples = prometheus
        .some(query)
        .map_err(|error| format!("panel `{title}`: {error}"))?;
    if samples.iter().all(|sample| sample["value"][1] == "NaN") {
        return Err(format!("panel `{title}` has only NaN: {query}"));
    }
    Ok(())
}

#[test]
fn prometheus_finds_the_service_every_panel_has_data_and_its_death_is_noticed() {
    let service = Live::start("127.0.0.1:0");
    let prometheus = Prometheus::start(&LIVE, &[]);
    prometheus.aim("user-service", &service.0.admin);

    eventually(PATIENCE, || {
        prometheus.some("up{job=\"user-service\", service=\"user-service\"} == 1")
    });
    let queries = queries("user-service", "microservice-detail.json");
    assert!(queries.len() > 30, "{queries:#?}");
    let mut round = 0;
    eventually(PATIENCE, || {
        round += 1;
        service.traffic(round);
        queries
            .iter()
            .try_for_each(|(title, query)| has_data(&prometheus, title, query))
    });

    let Service { process, admin, .. } = service.0;
    process.kill();
    let alert = eventually(UNTIL_IT_FIRES, || {
        prometheus
            .firing("ServiceDown", "user-service")?
            .ok_or_else(|| "ServiceDown does not fire".to_owned())
    });
    assert_eq!(alert["labels"]["severity"], "critical");
    assert_eq!(alert["labels"]["service"], "user-service");
    let runbook = alert["annotations"]["runbook_url"].as_str().unwrap();
    assert!(LIVE.path(runbook).is_file(), "{runbook}");

    let _service = Live::start(&admin);
    eventually(PATIENCE, || {
        match prometheus.firing("ServiceDown", "user-service")? {
            None => Ok(()),
            Some(_) => Err("ServiceDown still fires".to_owned()),
        }
    });
}
