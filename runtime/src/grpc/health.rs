//! The health service of gRPC: what `/readyz` says, for callers that ask by a call.
//!
//! Every service of the process is as ready as the process.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{select, sync::mpsc, time::sleep};
use tonic::{
    Request, Response, Status,
    codegen::{async_trait, tokio_stream::wrappers::ReceiverStream},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health as Served, HealthServer},
};

use crate::health::{Health, State};

/// How often the checks are asked for those who watch.
const PERIOD: Duration = Duration::from_secs(1);

/// The health of the services of these names, and of all of them under the empty name.
#[derive(Debug)]
pub(crate) struct HealthService {
    health: Arc<Health>,
    names: BTreeSet<&'static str>,
}

type Answer = Result<HealthCheckResponse, Status>;

impl HealthService {
    pub(crate) fn server(
        health: Arc<Health>,
        names: impl IntoIterator<Item = &'static str>,
    ) -> HealthServer<Self> {
        HealthServer::new(Self {
            health,
            names: names.into_iter().chain([""]).collect(),
        })
    }
}

#[async_trait]
impl Served for HealthService {
    type WatchStream = ReceiverStream<Answer>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if !self.names.contains(&*request.get_ref().service) {
            return Err(Status::not_found("there is no such service"));
        }
        Ok(Response::new(answer(status(&self.health).await)))
    }

    /// Tells the status now and whenever it is another. It ends with the service, which no watcher shall keep.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let known = self.names.contains(&*request.get_ref().service);
        let (tell, told) = mpsc::channel(1);
        tokio::spawn(watch(Arc::clone(&self.health), known, tell));
        Ok(Response::new(ReceiverStream::new(told)))
    }
}

async fn watch(health: Arc<Health>, known: bool, tell: mpsc::Sender<Answer>) {
    let mut before = None;
    loop {
        let now = if known {
            status(&health).await
        } else {
            ServingStatus::ServiceUnknown
        };
        if before != Some(now) && tell.send(Ok(answer(now))).await.is_err() {
            return;
        }
        before = Some(now);
        if health.state() == State::Draining {
            return;
        }
        select! {
            () = sleep(PERIOD) => {}
            () = health.reached(State::Draining) => {}
            () = tell.closed() => return,
        }
    }
}

async fn status(health: &Arc<Health>) -> ServingStatus {
    if health.report().await.ready {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

const fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status as i32,
    }
}
