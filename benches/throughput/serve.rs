//! The servers: the same work in each.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{Json, Router, extract::Path, routing::get};
use marty_runtime::{Config, Ports, Service};
use serde::Serialize;
use tokio::{net::TcpListener, runtime::Runtime};
use tonic::transport::server::{Server, TcpIncoming};

use crate::call::Users;

#[derive(Serialize)]
struct User {
    id: u64,
    name: String,
}

fn routes() -> Router {
    Router::new().route(
        "/users/{id}",
        get(async |Path(id): Path<u64>| {
            Json(User {
                id,
                name: format!("user {id}"),
            })
        }),
    )
}

/// Serves until the process is killed. Its address is the first line on the standard error.
pub(crate) fn run(kind: &str) {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        match kind {
            "bare-axum" => bare_axum().await,
            "bare-tonic" => bare_tonic().await,
            "marty-http" => marty(|service| service.http(routes())).await,
            _ => marty(|service| service.grpc(Users)).await,
        }
    });
}

fn tell(address: SocketAddr) {
    eprintln!("{address}");
}

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn bare_axum() {
    let listener = TcpListener::bind(ANY).await.expect("a port");
    tell(listener.local_addr().expect("its address"));
    let served = axum::serve(listener, routes()).await;
    served.expect("an end that is no error");
}

async fn bare_tonic() {
    let incoming = TcpIncoming::bind(ANY).expect("a port");
    tell(incoming.local_addr().expect("its address"));
    let server = Server::builder().add_service(Users);
    let ended = server.serve_with_incoming(incoming).await;
    ended.expect("an end that is no error");
}

/// As a generated service: all of its telemetry is on.
async fn marty(of: impl FnOnce(Service) -> Service) {
    let ports = Ports {
        http: 8080,
        admin: 9090,
    };
    let config = Config::from_env(ports).expect("a configuration");
    let service = of(Service::new(marty_runtime::service_info!(), config));
    let running = service.start().await.expect("a service");
    tell(running.http_addr());
    std::future::pending::<()>().await;
}
