//! A service that runs, and how it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{
    Error,
    phase::{End, Phase, Slice, Time, carry_out},
};
use crate::{
    config::{Config, LONGEST_TIME},
    health::{Health, State},
    serve::Server,
};

/// A service that runs. Dropping it cuts every request off; [`Running::stop`] lets them finish.
#[derive(Debug)]
#[must_use = "dropping it ends the service at once"]
pub struct Running {
    http_addr: SocketAddr,
    admin_addr: SocketAddr,
    health: Arc<Health>,
    phases: Vec<Phase>,
    shutdown_deadline: Duration,
}

impl Running {
    /// A service that ends by `phases`.
    pub(super) fn new(
        [http_addr, admin_addr]: [SocketAddr; 2],
        health: Arc<Health>,
        phases: Vec<Phase>,
        config: &Config,
    ) -> Self {
        health.enter(State::Ready);
        tracing::info!(%http_addr, %admin_addr, "service started");
        Self {
            http_addr,
            admin_addr,
            health,
            phases,
            shutdown_deadline: config.shutdown_deadline.min(LONGEST_TIME),
        }
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
pub(super) fn finish_requests(mut http: Server) -> Phase {
    Phase::new("finish requests", Slice::REST, async move |turn| {
        http.drain();
        http.finish(turn.until).await.into()
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
