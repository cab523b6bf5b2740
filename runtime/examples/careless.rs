//! A service that logs whatever it is sent, in every way there is, and answers with what went wrong.

use std::{error, fmt};

use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use marty_runtime::{
    CheckError, Config, Error, Ports, Service,
    metric::{CounterFamily, Labels, Open},
    tracing,
};

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct OrderLabels {
    note: Open<100>,
}

static ORDERS: CounterFamily<OrderLabels> = marty_runtime::counter!("orders", "Orders by note.");

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = Config::from_env(Ports {
        http: 8081,
        admin: 9081,
    })?;
    let routes = Router::new().route("/orders/{note}", post(order)).route(
        "/numbers",
        post(async |Json(number): Json<u8>| number.to_string()),
    );
    let service = Service::new(marty_runtime::service_info!(), config)
        .http(routes)
        .metric(&ORDERS)
        .check("database", async || {
            Err(CheckError::new(
                "no way to postgres://ada:correct-horse@db/orders",
            ))
        });
    tracing::info!("{service:?}");
    service.run().await
}

async fn order(
    uri: Uri,
    headers: HeaderMap,
    Path(note): Path<String>,
    body: String,
) -> (StatusCode, String) {
    ORDERS
        .get(&OrderLabels {
            note: Open::new(&note),
        })
        .inc();
    let span = tracing::info_span!("order", note, body = %body, uri = tracing::field::Empty);
    span.record("uri", tracing::field::display(&uri));
    span.in_scope(|| log(&uri, &headers, &note, &body));
    let panics = {
        let body = body.clone();
        tokio::spawn(async move { broken(&body) })
    };
    let _ = panics.await;
    let failure = Failure(body, Cause(note));
    tracing::error!(error = &failure as &dyn error::Error, "order failed");
    (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string())
}

fn log(uri: &Uri, headers: &HeaderMap, note: &str, body: &str) {
    tracing::info!("order {note} from {uri} with {headers:?}: {body}");
    tracing::warn!(note, ?uri, ?headers, body, quoted = ?body, "order seen");
    let order = Order {
        note,
        lines: vec![Some(Line { body })],
        pairs: body
            .split('&')
            .skip(1)
            .filter_map(|pair| pair.split_once('='))
            .collect(),
    };
    tracing::info!(?order, "order understood as {order:?}");
    tracing::debug!("order:\n{order:#?}\nof {note}\n{body}");
    tracing::info!(
        "payload {}",
        serde_json::json!({"outer": {"body": body, "note": note}})
    );
}

#[expect(clippy::panic, reason = "what panics say is logged as well")]
fn broken(body: &str) {
    panic!("no order in {body}");
}

#[derive(Debug)]
#[expect(dead_code, reason = "it is shown by its `Debug` form")]
struct Order<'a> {
    note: &'a str,
    lines: Vec<Option<Line<'a>>>,
    pairs: Vec<(&'a str, &'a str)>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "it is shown by its `Debug` form")]
struct Line<'a> {
    body: &'a str,
}

#[derive(Debug)]
struct Failure(String, Cause);

#[derive(Debug)]
struct Cause(String);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no order of {}", self.0)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no stock for {}", self.0)
    }
}

impl error::Error for Failure {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.1)
    }
}

impl error::Error for Cause {}
