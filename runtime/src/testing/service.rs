//! A service that a test has started.

use std::{io, net::SocketAddr};

use axum::{body::Bytes, http::Request};

use super::{Answer, Client, Metrics, fail, sample::listed};
use crate::{Error, Running, Service, names};

/// Starts `service` where its configuration says; that of [`Config::for_tests`](crate::Config::for_tests) says free ports of the
/// loopback interface. It touches nothing of the process: many tests of one process can each have their own.
///
/// # Errors
///
/// As [`Service::start`].
pub async fn start(service: Service) -> Result<TestService, Error> {
    let (running, shown) = service.start_shown().await?;
    Ok(TestService {
        client: Client::new(running.http_addr()),
        metrics: Metrics::new(shown),
        running,
    })
}

/// A service that a test has started. Dropping it cuts off what is not answered; [`TestService::stop`] ends it in order, and
/// finds fault with one that does not.
///
/// ```
/// use marty_runtime::axum::{Router, http::Request, routing::post};
/// use marty_runtime::{Config, Service, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let routes = Router::new().route("/echo", post(async |text: String| text));
/// let service = Service::new(marty_runtime::service_info!(), Config::for_tests()).http(routes);
/// let service = testing::start(service).await?;
///
/// let answer = service.send(Request::post("/echo").body("anybody here?")?).await?;
/// assert_eq!(answer.text(), "anybody here?");
/// assert_eq!(service.url("/echo"), format!("http://{}/echo", service.http_addr()));
/// assert_eq!(service.admin().get("/readyz").await?.status(), 200);
/// service.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends the service at once"]
pub struct TestService {
    running: Running,
    client: Client,
    metrics: Metrics,
}

impl TestService {
    /// Address of the public listener.
    #[must_use]
    pub const fn http_addr(&self) -> SocketAddr {
        self.running.http_addr()
    }

    /// Address of the admin listener.
    #[must_use]
    pub const fn admin_addr(&self) -> SocketAddr {
        self.running.admin_addr()
    }

    /// The URL of a path on the public listener.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http_addr())
    }

    /// Sends a request to the public listener.
    ///
    /// # Errors
    ///
    /// If no answer comes, or not the whole of it.
    pub async fn send<B: Into<Bytes>>(&self, request: Request<B>) -> io::Result<Answer> {
        self.client.send(request).await
    }

    /// Asks the public listener for `path`.
    ///
    /// # Errors
    ///
    /// If no answer comes, or not the whole of it.
    pub async fn get(&self, path: &str) -> io::Result<Answer> {
        self.client.get(path).await
    }

    /// A client of the admin listener.
    #[must_use]
    pub const fn admin(&self) -> Client {
        Client::new(self.admin_addr())
    }

    /// The service's metrics.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Ends the service as SIGTERM does.
    ///
    /// # Panics
    ///
    /// If it did not end in order: a request was cut off at the deadline, or one is still counted as active.
    pub async fn stop(self) {
        if let Err(error) = self.running.stop().await {
            fail(&format!("the service did not end in order: {error}"));
        }
        let active = names::HTTP_SERVER_ACTIVE_REQUESTS.name;
        let samples = self.metrics.samples();
        let left = samples.iter().filter(|sample| sample.name == active);
        let left: Vec<_> = left.filter(|sample| sample.value != 0.0).collect();
        assert!(
            left.is_empty(),
            "the service has ended, and requests still count as active:{}",
            listed(left)
        );
    }
}
