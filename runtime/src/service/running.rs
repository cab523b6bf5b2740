//! A service that runs, and how it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    Error,
    phase::{End, Phase, Slice, Time, carry_out},
    public::Serving,
};
use crate::{
    config::{Config, LONGEST_TIME},
    health::{Health, State},
    serve::Server,
    trace,
};

/// A service that runs. Dropping it cuts every request off; [`Running::stop`] lets them finish.
#[derive(Debug)]
#[must_use = "dropping it ends the service at once"]
pub struct Running {
    http_addr: SocketAddr,
    admin_addr: SocketAddr,
    #[cfg_attr(not(feature = "grpc"), expect(dead_code, reason = "nobody asks"))]
    grpc_addr: Option<SocketAddr>,
    health: Arc<Health>,
    phases: Vec<Phase>,
    shutdown_deadline: Duration,
}

impl Running {
    /// A service that ends by `phases`.
    pub(super) fn new(
        [http_addr, admin_addr]: [SocketAddr; 2],
        grpc_addr: Option<SocketAddr>,
        health: Arc<Health>,
        phases: Vec<Phase>,
        config: &Config,
    ) -> Self {
        health.enter(State::Ready);
        if let Some(grpc_addr) = grpc_addr {
            tracing::info!(%grpc_addr, "gRPC is served apart");
        }
        tracing::info!(%http_addr, %admin_addr, "service started");
        Self {
            http_addr,
            admin_addr,
            grpc_addr,
            health,
            phases,
            shutdown_deadline: config.shutdown_deadline.min(LONGEST_TIME),
        }
    }

    /// Address of the listener that answers calls: the public one, unless gRPC has one of its own.
    #[cfg(feature = "grpc")]
    #[must_use]
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr.unwrap_or(self.http_addr)
    }

    /// Ends with `phase`, after all others.
    pub(super) fn then(mut self, phase: Phase) -> Self {
        self.phases.push(phase);
        self
    }

    /// Address of the public listener.
    #[must_use]
    pub const fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Address of the admin listener.
    #[must_use]
    pub const fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// Ends the service as SIGTERM does: not ready, drain grace, no further connection, requests finished, admin listener last.
    ///
    /// # Errors
    ///
    /// If it is not done within the deadline. What was not done is cut off.
    pub async fn stop(self) -> Result<(), Error> {
        let deadline = Instant::now() + self.shutdown_deadline;
        self.shut_down(deadline, true).await
    }

    pub(super) async fn shut_down(self, deadline: Instant, leave_grace: bool) -> Result<(), Error> {
        self.health.enter(State::Draining);
        let time = Time {
            deadline,
            whole: self.shutdown_deadline,
            hurried: !leave_grace,
        };
        match carry_out(self.phases, time).await {
            None => Ok(()),
            Some(phase) => Err(Error::shutdown_deadline(phase, self.shutdown_deadline)),
        }
    }
}

/// Leaves whoever sends requests the time to send them elsewhere.
pub(super) fn drain_grace(grace: Duration) -> Phase {
    let grace = grace.min(LONGEST_TIME);
    Phase::new("drain grace", Slice::REST, async move |turn| {
        if turn.hurried || grace.is_zero() {
            return End::Skipped;
        }
        sleep_until(turn.until.min(Instant::now() + grace)).await;
        End::Done
    })
}

/// Stops accepting, and waits for the requests that are being answered.
pub(super) fn finish_requests(serving: Serving) -> Phase {
    Phase::new("finish requests", Slice::REST, async move |turn| {
        let servers: Vec<Server> = serving.grpc.into_iter().chain([serving.http]).collect();
        servers.iter().for_each(Server::drain);
        let until = turn.until;
        let finishing = servers
            .into_iter()
            .map(|mut server| async move { (server.finish(until).await, server) });
        // All end together: what one of them cuts off at its end counts as cut off with the others, too.
        let finished = finishing.collect::<JoinSet<_>>().join_all().await;
        finished.iter().all(|(in_time, _)| *in_time).into()
    })
}

/// Closes the admin listener. A connection that still waits there is an idle scraper's or a slow one's: nobody's request is lost.
pub(super) fn close_admin(mut admin: Server) -> Phase {
    let slice = Slice::new(Duration::from_millis(250), 8);
    let phase = Phase::new("close admin listener", slice, async move |turn| {
        admin.drain();
        admin.finish(turn.until).await.into()
    });
    phase.harmless()
}

/// Sends what telemetry waits. What the collector does not take in time is counted as dropped: that is no failure of the service.
pub(super) fn flush_telemetry() -> Phase {
    let slice = Slice::new(Duration::from_millis(1500), 8);
    let phase = Phase::new("flush telemetry", slice, async move |turn| {
        trace::flush(turn.until)
            .await
            .map_or(End::Skipped, End::from)
    });
    phase.harmless()
}
