//! How a service starts: it is put together and judged before a socket is bound, and ready once all of it runs.

use std::{collections::BTreeSet, mem, sync::Arc, time::Duration};

use axum::{Router, middleware};

#[cfg(feature = "grpc")]
use super::grpc::Served;
use super::{
    Error, Running, Service, info,
    public::{Public, Serving, bind, limits},
    running::{close_admin, drain_grace, finish_requests},
    task::{board, stop_tasks},
};
#[cfg(feature = "grpc")]
use crate::grpc::GrpcMetrics;
use crate::{
    admin::{self, Admin, Guard},
    business, cache,
    config::{Config, variable},
    database,
    health::{Check, Health},
    http::{HttpMetrics, ObserveLayer, Protection, protect},
    logging,
    metric::{Collect, Counter, CounterFamily, Instrument, Registry},
    names,
    serve::{Limits, Server},
    task::{self, Board},
    trace,
    unwind::PANICS,
};

/// Connections of the admin listener: a scraper, a few probes and a person.
const ADMIN_LIMITS: Limits = Limits {
    connections: 64,
    header_timeout: Duration::from_secs(10),
    #[cfg(feature = "grpc")]
    http2: false,
    tells_peer: true,
};

/// A service that is put together, and holds no socket yet.
struct Parts {
    http_metrics: HttpMetrics,
    #[cfg(feature = "grpc")]
    rpc: Option<Served>,
    health: Arc<Health>,
    board: Arc<Board>,
    guard: Guard,
    registry: Registry,
}

impl Service {
    /// Starts the service, and also says what its admin listener shows.
    pub(super) async fn start_counting(
        mut self,
        panics: Panics,
    ) -> Result<(Running, Arc<Admin>), Error> {
        #[cfg_attr(
            not(feature = "grpc"),
            expect(unused_mut, reason = "only gRPC is taken out")
        )]
        let mut parts = self.put_together(&panics)?;
        let admin = bind(self.config.admin_addr, &variable::ADMIN_ADDR).await?;
        let public = Public {
            listener: bind(self.config.http_addr, &variable::HTTP_ADDR).await?,
            cut_off: parts.http_metrics.cut_off(),
            routes: self.routes(&parts.http_metrics, &panics.caught),
            limits: limits(&self.config),
        };
        #[cfg(feature = "grpc")]
        let serving = parts.serve(public, &self.config).await?;
        #[cfg(not(feature = "grpc"))]
        let serving = Serving {
            http: public.serve(),
            grpc: None,
        };
        let tasks = mem::take(&mut self.tasks);
        let tasks = task::start(tasks, Arc::clone(&parts.board), &panics.caught);
        let health = Arc::clone(&parts.health);
        let shown = Arc::new(parts.shown(&self.config));
        let routes = admin::routes(Arc::clone(&shown));
        let admin = admin.serve(routes, ADMIN_LIMITS, Arc::default());
        let addresses = [serving.http.address(), admin.address()];
        let grpc = serving.grpc.as_ref().map(Server::address);
        // In the order of the contract: a further part of the shutdown has its place here.
        let phases = vec![
            drain_grace(self.config.drain_grace),
            finish_requests(serving),
            stop_tasks(tasks),
            close_admin(admin),
        ];
        let running = Running::new(addresses, grpc, health, phases, &self.config);
        Ok((running, shown))
    }

    /// Takes what was added and finds out whether it fits together.
    fn put_together(&mut self, panics: &Panics) -> Result<Parts, Error> {
        let mut checks = mem::take(&mut self.checks);
        let board = board(&self.tasks, &mut checks)?;
        self.config.record().refuse_unknown_keys()?;
        refuse_twins(&checks)?;
        let http_metrics = HttpMetrics::new();
        let health = Arc::new(Health::new(checks, panics.caught.clone()));
        let guard = Guard::new(self.config.admin_token.clone());
        let mut families = self.families(panics);
        families.extend(http_metrics.families());
        families.extend(board.families());
        families.extend([
            Arc::clone(health.up()) as Arc<dyn Collect>,
            guard.refusals(),
        ]);
        #[cfg(feature = "grpc")]
        let rpc = {
            let metrics = GrpcMetrics::new(http_metrics.cut_off());
            families.extend(metrics.families());
            mem::take(&mut self.rpc).serve(&metrics, &panics.caught, &health, &self.config)?
        };
        let mut registry = Registry::new()?;
        let own = mem::take(&mut self.families);
        let mut all = families.into_iter().chain(own);
        all.try_for_each(|family| registry.register(family))?;
        Ok(Parts {
            http_metrics,
            #[cfg(feature = "grpc")]
            rpc,
            health,
            board,
            guard,
            registry,
        })
    }

    /// The families that are there whatever the service is made of.
    fn families(&self, panics: &Panics) -> Vec<Arc<dyn Collect>> {
        let families = info::families(self.info, &self.config).into_iter();
        let families = families
            .chain(business::families())
            .chain(logging::families())
            .chain(trace::families())
            .chain(database::families(&self.pools))
            .chain(cache::families(&self.caches))
            .chain([Arc::clone(&panics.exported)]);
        #[cfg(any(feature = "grpc", feature = "http-client"))]
        let families = families.chain(crate::client::families());
        families.collect()
    }

    /// The routes with the layers around them.
    fn routes(&mut self, metrics: &HttpMetrics, panics: &Counter) -> Router {
        let protection = Protection {
            request_timeout: self.config.request_timeout,
            max_body_bytes: self.config.max_body_bytes,
            panics: panics.clone(),
        };
        stack(mem::take(&mut self.routes), metrics.clone(), protection)
    }
}

impl Parts {
    /// Serves routes, and calls on the same port or on one of their own.
    #[cfg(feature = "grpc")]
    async fn serve(&mut self, public: Public, config: &Config) -> Result<Serving, Error> {
        let (http, grpc) = Served::listen(self.rpc.take(), public, config).await?;
        Ok(Serving { http, grpc })
    }

    fn shown(self, config: &Config) -> Admin {
        Admin {
            registry: self.registry,
            health: self.health,
            guard: self.guard,
            settings: Arc::clone(config.record()),
            tasks: self.board,
        }
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

/// Who counts panics.
pub(super) struct Panics {
    exported: Arc<dyn Collect>,
    /// What counts those that are caught.
    caught: Counter,
}

impl Panics {
    /// The hook counts all, and those that are caught are among them.
    pub(super) fn all() -> Self {
        Self {
            exported: Arc::new(&PANICS),
            caught: Counter::create(()),
        }
    }

    /// Nothing is known but those that are caught: the hook is somebody else's.
    pub(super) fn caught() -> Self {
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
}
