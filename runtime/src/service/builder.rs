//! The builder.

use std::{
    collections::BTreeSet, fmt, future::Future, io, net::SocketAddr, sync::Arc, time::Duration,
};

use axum::{Router, middleware};

use super::{
    Error, Running, ServiceInfo, info, print,
    running::{close_admin, drain_grace, finish_requests},
    signal, task,
};
use crate::{
    admin::{self, Admin, Guard},
    business,
    config::{Config, LONGEST_TIME, Variable, variable},
    health::{Check, CheckError, Health},
    http::{HttpMetrics, ObserveLayer, Protection, protect},
    logging,
    metric::{Collect, Counter, CounterFamily, Family, Instrument, Labels, Registry},
    names,
    serve::{Limits, Listener},
    task::Task,
    unwind::PANICS,
};

/// Connections of the admin listener: a scraper, a few probes and a person.
const ADMIN_LIMITS: Limits = Limits {
    connections: 64,
    header_timeout: Duration::from_secs(10),
    tells_peer: true,
};

/// A service: routes, metrics and checks, put together and then run.
///
/// ```
/// use axum::{Router, routing::get};
/// use marty_runtime::{CheckError, Config, Service, metric::GaugeFamily};
///
/// static USERS_STORED: GaugeFamily = marty_runtime::gauge!("users_stored", "Users in the repository.");
///
/// fn service(config: Config) -> Service {
///     Service::new(marty_runtime::service_info!(), config)
///         .http(Router::new().route("/greeting", get(async || "hello")))
///         .metric(&USERS_STORED)
///         .check("database", async || Err(CheckError::new("not connected")))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), marty_runtime::Error> {
/// let running = service(Config::for_tests()).start().await?;
/// assert_ne!(running.http_addr(), running.admin_addr());
/// running.stop().await
/// # }
/// ```
#[must_use = "a service does nothing until it is run"]
pub struct Service {
    info: ServiceInfo,
    config: Config,
    routes: Router,
    families: Vec<Arc<dyn Collect>>,
    checks: Vec<Check>,
    pub(super) tasks: Vec<Task>,
    #[cfg(feature = "events")]
    pub(super) events: super::events::Events,
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
            events: super::events::Events::none(),
        }
    }

    /// Serves `routes` on the public listener, besides those added before.
    ///
    /// # Panics
    ///
    /// If two routes have the same path and method, or two sets of routes a fallback, as [`Router::merge`] does.
    pub fn http(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
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
    /// returns at once.
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
        let running = self.start_counting(panics).await?;
        let shutdown = begins
            .await
            .map_err(|gone| Error::signal(io::Error::other(gone)))?;
        running
            .shut_down(shutdown.deadline, shutdown.signal.leaves_grace())
            .await
    }

    /// Starts the service and returns once both listeners answer. It touches nothing of the process: neither its log nor its signals.
    ///
    /// # Errors
    ///
    /// If an address cannot be bound, two checks have the same name, or two metrics have a name in common, be it of a sample.
    pub async fn start(self) -> Result<Running, Error> {
        self.start_counting(Panics::caught()).await
    }

    async fn start_counting(self, panics: Panics) -> Result<Running, Error> {
        let Self {
            info,
            config,
            routes,
            families,
            mut checks,
            tasks,
            #[cfg(feature = "events")]
            events,
        } = self;
        let board = task::board(&tasks, &mut checks)?;
        #[cfg(feature = "events")]
        checks.extend(events.checks());
        config.record().refuse_unknown_keys()?;
        refuse_twins(&checks)?;
        let http_metrics = HttpMetrics::new();
        let health = Arc::new(Health::new(checks, panics.caught.clone()));
        let guard = Guard::new(config.admin_token.clone());
        let own = http_metrics
            .families()
            .into_iter()
            .chain(info::families(info, &config))
            .chain(board.families())
            .chain([Arc::clone(health.up()) as Arc<dyn Collect>, panics.exported])
            .chain([guard.refusals()]);
        let mut registry = Registry::new()?;
        own.chain(of_the_process())
            .chain(families)
            .try_for_each(|family| registry.register(family))?;

        let admin = bind(config.admin_addr, &variable::ADMIN_ADDR).await?;
        let http = bind(config.http_addr, &variable::HTTP_ADDR).await?;
        #[cfg(feature = "events")]
        let [drain_consumers, flush_producers] = events.start()?;
        let tasks = crate::task::start(tasks, Arc::clone(&board), &panics.caught);
        let state = Admin {
            registry,
            health: Arc::clone(&health),
            guard,
            settings: Arc::clone(config.record()),
            tasks: board,
        };
        let admin = admin.serve(admin::routes(state.into()), ADMIN_LIMITS, Arc::default());
        let cut_off = http_metrics.cut_off();
        let routes = stack(routes, http_metrics, protection(&config, panics.caught));
        let http = http.serve(routes, limits(&config), cut_off);
        let addresses = [http.address(), admin.address()];
        // In the order of the contract: a further part of the shutdown has its place here.
        let phases = vec![
            drain_grace(config.drain_grace),
            finish_requests(http),
            #[cfg(feature = "events")]
            drain_consumers,
            task::stop_tasks(tasks),
            #[cfg(feature = "events")]
            flush_producers,
            close_admin(admin),
        ];
        Ok(Running::new(addresses, health, phases, &config))
    }
}

/// What requests may take.
fn protection(config: &Config, panics: Counter) -> Protection {
    Protection {
        request_timeout: config.request_timeout,
        max_body_bytes: config.max_body_bytes,
        panics,
    }
}

/// What connections of the public listener may take.
fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.max_connections,
        header_timeout: config.header_timeout.min(LONGEST_TIME),
        tells_peer: false,
    }
}

/// Refuses checks that have a name in common.
fn refuse_twins(checks: &[Check]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match checks.iter().find(|check| !seen.insert(&*check.name)) {
        Some(twin) => Err(Error::check(&twin.name)),
        None => Ok(()),
    }
}

/// The families that are the process's, not one service's.
fn of_the_process() -> Vec<Arc<dyn Collect>> {
    let mut families = Vec::from(business::families());
    families.extend(logging::families());
    #[cfg(feature = "events")]
    families.extend(crate::bus::families());
    families
}

/// Who counts panics.
struct Panics {
    exported: Arc<dyn Collect>,
    /// What counts those that are caught.
    caught: Counter,
}

impl Panics {
    /// The hook counts all, and those that are caught are among them.
    fn all() -> Self {
        Self {
            exported: Arc::new(&PANICS),
            caught: Counter::create(()),
        }
    }

    /// Nothing is known but those that are caught: the hook is somebody else's.
    fn caught() -> Self {
        let names::Metric { name, help, .. } = names::MARTY_PANICS;
        let family = CounterFamily::<()>::counter(name, help);
        let caught = family.get(&());
        Self {
            exported: Arc::new(family),
            caught,
        }
    }
}

/// Puts the layers around the routes.
fn stack(routes: Router, metrics: HttpMetrics, protection: Protection) -> Router {
    let protect = middleware::from_fn_with_state(Arc::new(protection), protect);
    // Only a router whose state is given has its handlers boxed; otherwise the layers, and their caches, were made anew for each request.
    routes
        .layer((ObserveLayer::new(metrics), protect))
        .with_state(())
}

async fn bind(address: SocketAddr, variable: &Variable) -> Result<Listener, Error> {
    Listener::bind(address)
        .await
        .map_err(|source| Error::bind(address, variable.name, source))
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
    use axum::{body::Body, extract::Request, routing::get};
    use tower::ServiceExt;

    use super::*;

    /// Numbers that look random and are the same every time.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            self.0 >> 33
        }

        fn word(&mut self) -> String {
            (0..=self.next() % 12)
                .map(|_| char::from(b'A' + u8::try_from(self.next() % 26).unwrap()))
                .collect()
        }
    }

    #[tokio::test]
    async fn begins_no_series_for_what_callers_make_up() {
        let metrics = HttpMetrics::new();
        let protection = Protection {
            request_timeout: Duration::from_secs(1),
            max_body_bytes: 10,
            panics: Counter::create(()),
        };
        let routes = Router::new().route("/users/{id}", get(async || "user"));
        let stacked = stack(routes, metrics.clone(), protection);
        let mut noise = Noise(7);
        for _ in 0..10_000 {
            let path = match noise.next() % 3 {
                0 => format!("/users/{}", noise.word()),
                1 => format!("/{}/{}?{}", noise.word(), noise.word(), noise.word()),
                _ => format!("/%{:02x}%ff/{}", noise.next() % 256, noise.word()),
            };
            let method = if noise.next().is_multiple_of(2) {
                "GET".to_owned()
            } else {
                noise.word()
            };
            let request = Request::builder()
                .method(&*method)
                .uri(path)
                .header("host", "test")
                .body(Body::empty())
                .unwrap();
            let response = stacked.clone().oneshot(request).await.unwrap();
            assert!(!response.status().is_server_error());
        }
        let series: usize = metrics
            .families()
            .iter()
            .map(|family| family.series())
            .sum();
        // Two methods, two routes, and for each pair one status: 4 of each histogram, and 2 gauges.
        assert_eq!(series, 3 * 4 + 2);
    }

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
