//! The builder.

use std::{fmt, future::Future, io, sync::Arc};

use axum::Router;

#[cfg(feature = "events")]
use super::buses::Events;
#[cfg(feature = "grpc")]
use super::rpc::Rpc;
use super::{Error, Running, ServiceInfo, panics::Panics, print, running::flush_telemetry, signal};
use crate::{
    admin::Admin,
    cache,
    config::{Config, LONGEST_TIME},
    database,
    health::{Check, CheckError},
    logging,
    metric::{Collect, Family, Instrument, Labels},
    task::Task,
};

/// A service: routes, metrics and checks, put together and then run.
///
/// ```
/// use axum::{Router, routing::get};
/// use marty_runtime::{CheckError, Config, Service, metric::GaugeFamily};
///
/// static USERS_STORED: GaugeFamily = marty_runtime::gauge!("users_stored", "Users in the repository.");
///
/// # #[cfg(feature = "http")]
/// fn service(config: Config) -> Service {
///     Service::new(marty_runtime::service_info!(), config)
///         .http(Router::new().route("/greeting", get(async || "hello")))
///         .metric(&USERS_STORED)
///         .check("database", async || Err(CheckError::new("not connected")))
/// }
///
/// # #[cfg(not(feature = "http"))]
/// # fn main() {}
/// # #[cfg(feature = "http")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), marty_runtime::Error> {
/// let running = service(Config::for_tests()).start().await?;
/// assert_ne!(running.http_addr(), running.admin_addr());
/// running.stop().await
/// # }
/// ```
#[must_use = "a service does nothing until it is run"]
pub struct Service {
    pub(super) info: ServiceInfo,
    pub(super) config: Config,
    pub(super) routes: Router,
    pub(super) families: Vec<Arc<dyn Collect>>,
    pub(super) checks: Vec<Check>,
    pub(super) tasks: Vec<Task>,
    #[cfg(feature = "events")]
    pub(super) events: Events,
    #[cfg(feature = "grpc")]
    pub(super) rpc: Rpc,
    pub(super) pools: Vec<Arc<dyn database::Pool>>,
    pub(super) caches: Vec<Arc<dyn cache::Cache>>,
}

impl Service {
    /// A service without routes.
    pub fn new(info: ServiceInfo, config: Config) -> Self {
        Self {
            info,
            config,
            routes: Router::new(),
            families: Vec::new(),
            checks: Vec::new(),
            tasks: Vec::new(),
            #[cfg(feature = "events")]
            events: Events::default(),
            #[cfg(feature = "grpc")]
            rpc: Rpc::default(),
            pools: Vec::new(),
            caches: Vec::new(),
        }
    }

    /// Exports `family`.
    pub fn metric<L: Labels, I: Instrument>(mut self, family: &'static Family<L, I>) -> Self {
        self.families.push(Arc::new(family));
        self
    }

    /// Asks `check` whether the service is ready, at most once a second and for at most a second.
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), CheckError>> + Send + 'static,
    {
        self.checks.push(Check::new(name, check));
        self
    }

    /// Starts the service and runs it until SIGTERM or SIGINT, and then through its shutdown. A second signal ends the process at once.
    ///
    /// It owns the process: it installs the log, and reports panics there. A process that is still there at the shutdown's deadline,
    /// because a thread of it is blocked or `main` has not returned, ends with status 1. All that was logged until it returns is
    /// written then, if somebody reads it.
    ///
    /// With `--print-config` among the process's arguments it prints every setting, its value and where that came from, and
    /// returns at once. Other arguments are the program's own; one that has none calls
    /// [`refuse_unknown_arguments`](crate::refuse_unknown_arguments) first.
    ///
    /// # Errors
    ///
    /// If the service cannot start, or its shutdown overran the deadline.
    pub async fn run(self) -> Result<(), Error> {
        if print::asked() {
            print::settings(self.config.record())?;
            return Ok(());
        }
        let panics = if logging::install(self.info, &self.config) {
            Panics::all()
        } else {
            Panics::caught()
        };
        print::strays(self.config.record());
        let ended = self.run_to_its_end(panics).await;
        logging::flush();
        ended
    }

    async fn run_to_its_end(self, panics: Panics) -> Result<(), Error> {
        let begins = signal::watch(self.config.shutdown_deadline.min(LONGEST_TIME)).await;
        let begins = begins.map_err(Error::signal)?;
        let (running, _) = self.start_counting(panics).await?;
        let shutdown = begins
            .await
            .map_err(|gone| Error::signal(io::Error::other(gone)))?;
        running
            .then(flush_telemetry())
            .shut_down(shutdown.deadline, shutdown.signal.leaves_grace())
            .await
    }

    /// Starts the service and returns once both listeners answer. It touches nothing of the process: neither its log nor its signals.
    ///
    /// # Errors
    ///
    /// If an address cannot be bound, two checks have the same name, or two metrics have a name in common, be it of a sample.
    pub async fn start(self) -> Result<Running, Error> {
        let (running, _) = self.start_shown().await?;
        Ok(running)
    }

    /// Starts the service, and also says what its admin listener shows.
    pub(crate) async fn start_shown(self) -> Result<(Running, Arc<Admin>), Error> {
        self.start_counting(Panics::caught()).await
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("info", &self.info)
            .field("config", &self.config)
            .field("checks", &self.checks)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refuses_checks_of_the_same_name() {
        let service = Service::new(crate::service_info!(), Config::for_tests());
        let service = service
            .check("db", async || Ok(()))
            .check("db", async || Ok(()));
        let error = service.start().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "there are two readiness checks named `db`"
        );
    }

    #[tokio::test]
    async fn names_address_and_variable_when_a_port_is_taken() {
        let running = Service::new(crate::service_info!(), Config::for_tests())
            .start()
            .await
            .unwrap();
        let mut config = Config::for_tests();
        config.http_addr = running.http_addr();
        let error = Service::new(crate::service_info!(), config)
            .start()
            .await
            .unwrap_err();
        let text = format!("{error:?}");
        let expected = format!(
            "cannot listen on {}, which `MARTY_HTTP_ADDR` sets: ",
            running.http_addr()
        );
        assert!(text.starts_with(&expected), "{text}");
        running.stop().await.unwrap();
    }
}
