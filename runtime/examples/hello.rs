//! A service of one greeting, one that takes its time, and one that fails. It also tells how long a text is.

use std::time::Duration;

use axum::{
    Router,
    routing::{get, post},
};
use marty_runtime::{Config, Error, Ports, Service, config::Lookup, metric::CounterFamily};

static GREETINGS: CounterFamily = marty_runtime::counter!("greetings", "Greetings given.");

#[tokio::main]
async fn main() -> Result<(), Error> {
    marty_runtime::refuse_unknown_arguments();
    let config = Config::from_env(Ports {
        http: 8081,
        admin: 9081,
    })?;
    // Read only to have a setting of one's own.
    let greeting = Lookup::from_env().parse("MARTY_GREETING", "hello".to_owned())?;
    marty_runtime::tracing::debug!(greeting, "greets");
    let routes = Router::new()
        .route("/hello", get(hello))
        .route("/slow", get(slow))
        .route("/length", post(async |text: String| text.len().to_string()))
        .route("/panic", get(fail))
        .route("/panic-elsewhere", get(fail_elsewhere));
    Service::new(marty_runtime::service_info!(), config)
        .http(routes)
        .metric(&GREETINGS)
        .run()
        .await
}

async fn hello() -> &'static str {
    GREETINGS.get(&()).inc();
    marty_runtime::tracing::info!("somebody came");
    "hello\n"
}

async fn slow() -> &'static str {
    marty_runtime::tracing::info!("slow request began");
    tokio::time::sleep(Duration::from_secs(30)).await;
    "hello at last\n"
}

async fn fail() -> &'static str {
    first_greeting()
}

async fn fail_elsewhere() -> &'static str {
    let task = tokio::spawn(async { first_greeting() });
    task.await.unwrap_or("hello anyway\n")
}

fn first_greeting() -> &'static str {
    let greetings: Vec<&str> = Vec::new();
    greetings[0]
}
