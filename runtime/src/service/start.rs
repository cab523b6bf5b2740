//! How a service starts: it is put together and judged before a socket is bound, and ready once all of it runs.

use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use axum::Router;

#[cfg(feature = "grpc")]
use super::rpc::Served;
use super::{
    Error, Running, Service, info,
    panics::Panics,
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
    logging,
    metric::{Collect, Registry},
    serve::{Limits, Server},
    task::{self, Board},
    trace,
};

/// Connections of the admin listener: a scraper, a few probes and a person.
const ADMIN_LIMITS: Limits = Limits {
    connections: 64,
    header_timeout: Duration::from_secs(10),
    stall_timeout: Duration::from_secs(10),
    #[cfg(feature = "grpc")]
    http2: false,
    tells_peer: true,
};

/// A service that is put together, and holds no socket yet.
struct Parts {
    routes: Router,
    cut_off: Arc<AtomicBool>,
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
        let mut parts = self.put_together(&panics)?;
        let admin = bind(self.config.admin_addr, &variable::ADMIN_ADDR).await?;
        let public = Public {
            listener: bind(self.config.http_addr, &variable::HTTP_ADDR).await?,
            cut_off: Arc::clone(&parts.cut_off),
            routes: mem::take(&mut parts.routes),
            limits: limits(&self.config),
        };
        #[cfg(feature = "grpc")]
        let serving = parts.serve(public, &self.config).await?;
        #[cfg(not(feature = "grpc"))]
        let serving = Serving {
            http: public.serve(),
            grpc: None,
        };
        #[cfg(feature = "events")]
        let [drain_consumers, flush_producer] =
            mem::take(&mut self.events).start(&panics.caught)?;
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
            #[cfg(feature = "events")]
            drain_consumers,
            stop_tasks(tasks),
            #[cfg(feature = "events")]
            flush_producer,
            close_admin(admin),
        ];
        let running = Running::new(addresses, grpc, health, phases, &self.config);
        Ok((running, shown))
    }

    /// Takes what was added and finds out whether it fits together.
    fn put_together(&mut self, panics: &Panics) -> Result<Parts, Error> {
        let mut checks = mem::take(&mut self.checks);
        let board = board(&self.tasks, &mut checks)?;
        #[cfg(feature = "events")]
        checks.extend(self.events.checks());
        self.config.record().refuse_unknown_keys()?;
        refuse_twins(&checks)?;
        let health = Arc::new(Health::new(checks, panics.caught.clone()));
        let guard = Guard::new(self.config.admin_token.clone());
        let mut families = self.families(panics);
        families.extend(board.families());
        families.extend([
            Arc::clone(health.up()) as Arc<dyn Collect>,
            guard.refusals(),
        ]);
        let cut_off = Arc::default();
        #[cfg(feature = "http")]
        let routes = self.layered(&cut_off, &panics.caught, &mut families);
        #[cfg(not(feature = "http"))]
        let routes = mem::take(&mut self.routes);
        #[cfg(feature = "grpc")]
        let rpc = {
            let metrics = GrpcMetrics::new(Arc::clone(&cut_off));
            families.extend(metrics.families());
            mem::take(&mut self.rpc).serve(&metrics, &panics.caught, &health, &self.config)?
        };
        let mut registry = Registry::new()?;
        let own = mem::take(&mut self.families);
        let mut all = families.into_iter().chain(own);
        all.try_for_each(|family| registry.register(family))?;
        Ok(Parts {
            routes,
            cut_off,
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
        #[cfg(feature = "events")]
        let families = families.chain(crate::bus::families());
        families.collect()
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
