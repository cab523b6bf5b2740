//! A service that runs, and how it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::Error;
use crate::{
    config::{Config, LONGEST_TIME},
    health::{Health, State},
    serve::Server,
    trace,
};

/// What the requests leave of the deadline, at most and of a short one a quarter: half of it for the admin listener's last answers,
/// the rest for telemetry on its way, and for `main` to return.
const LAST_TIME: Duration = Duration::from_secs(2);

/// What telemetry leaves of it for `main` to return, at most and of a short time a quarter.
const RETURN_TIME: Duration = Duration::from_millis(250);

/// A service that runs. Dropping it cuts every request off; [`Running::stop`] lets them finish.
#[derive(Debug)]
#[must_use = "dropping it ends the service at once"]
pub struct Running {
    http: Server,
    #[cfg(feature = "grpc")]
    grpc: Option<Server>,
    admin: Server,
    health: Arc<Health>,
    drain_grace: Duration,
    shutdown_deadline: Duration,
}

impl Running {
    pub(super) fn new(http: Server, admin: Server, health: Arc<Health>, config: &Config) -> Self {
        health.enter(State::Ready);
        tracing::info!(http_addr = %http.address(), admin_addr = %admin.address(), "service started");
        Self {
            http,
            #[cfg(feature = "grpc")]
            grpc: None,
            admin,
            health,
            drain_grace: config.drain_grace.min(LONGEST_TIME),
            shutdown_deadline: config.shutdown_deadline.min(LONGEST_TIME),
        }
    }

    /// Also ends the listener that gRPC has of its own.
    #[cfg(feature = "grpc")]
    pub(super) fn with_grpc(mut self, grpc: Option<Server>) -> Self {
        if let Some(grpc) = &grpc {
            tracing::info!(grpc_addr = %grpc.address(), "gRPC is served apart");
        }
        self.grpc = grpc;
        self
    }

    /// Address of the listener that answers calls: the public one, unless gRPC has one of its own.
    #[cfg(feature = "grpc")]
    #[must_use]
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc.as_ref().unwrap_or(&self.http).address()
    }

    /// Address of the public listener.
    #[must_use]
    pub const fn http_addr(&self) -> SocketAddr {
        self.http.address()
    }

    /// Address of the admin listener.
    #[must_use]
    pub const fn admin_addr(&self) -> SocketAddr {
        self.admin.address()
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

    pub(super) async fn shut_down(
        mut self,
        deadline: Instant,
        leave_grace: bool,
    ) -> Result<(), Error> {
        let last = LAST_TIME.min(self.shutdown_deadline / 4);
        let requests_end = deadline - last;
        self.health.enter(State::Draining);
        if leave_grace && !self.drain_grace.is_zero() {
            let phase = Phase::begin("drain grace");
            sleep_until(requests_end.min(Instant::now() + self.drain_grace)).await;
            phase.done();
        }

        let phase = Phase::begin("finish requests");
        let requests_finished = phase.end(self.finish_requests(requests_end).await);

        // A connection that still waits here is an idle scraper's or a slow one's: nobody's request is lost.
        let phase = Phase::begin("close admin listener");
        self.admin.drain();
        let _ = phase.end(self.admin.finish(deadline - last / 2).await);

        match requests_finished {
            Ok(()) => Ok(()),
            Err(phase) => Err(Error::shutdown_deadline(phase, self.shutdown_deadline)),
        }
    }
}

impl Running {
    /// Accepts no further connection, and waits until all are closed.
    #[cfg(not(feature = "grpc"))]
    async fn finish_requests(&mut self, deadline: Instant) -> bool {
        self.http.drain();
        self.http.finish(deadline).await
    }

    /// Accepts no further connection on either listener, and waits until all are closed.
    #[cfg(feature = "grpc")]
    async fn finish_requests(&mut self, deadline: Instant) -> bool {
        self.http.drain();
        let Some(grpc) = &mut self.grpc else {
            return self.http.finish(deadline).await;
        };
        grpc.drain();
        let (http, grpc) = tokio::join!(self.http.finish(deadline), grpc.finish(deadline));
        http && grpc
    }
}

/// Sends what telemetry waits, as the last of the shutdown. What the collector does not take in time is counted as dropped: that is
/// no failure of the service.
pub(super) async fn flush_telemetry(deadline: Instant) {
    let left = deadline.saturating_duration_since(Instant::now());
    let phase = Phase::begin("flush telemetry");
    if let Some(complete) = trace::flush(deadline - RETURN_TIME.min(left / 4)).await {
        let _ = phase.end(complete);
    }
}

/// One part of the shutdown, reported in the log.
struct Phase {
    name: &'static str,
    begun: Instant,
}

impl Phase {
    fn begin(name: &'static str) -> Self {
        Self {
            name,
            begun: Instant::now(),
        }
    }

    fn done(self) {
        tracing::info!(
            phase = self.name,
            seconds = self.begun.elapsed().as_secs_f64(),
            "shutdown phase done"
        );
    }

    /// Reports how the phase ended; the error is the name of one that was cut off.
    fn end(self, finished: bool) -> Result<(), &'static str> {
        if finished {
            self.done();
            return Ok(());
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        tracing::error!(
            phase = self.name,
            seconds,
            "shutdown phase cut off at its deadline"
        );
        Err(self.name)
    }
}
