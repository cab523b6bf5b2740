//! Which service answers a call.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Bytes, HttpBody},
    http::{Request, Response},
};
use tonic::{Status, body::Body, codegen::StdError, server::NamedService};
use tower::{Service, ServiceExt};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// The services of a process, by their full names. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Services(Arc<HashMap<&'static str, Box<Serve>>>);

type Serve = dyn Fn(Request<Body>) -> Answer + Send + Sync;

impl Services {
    /// Adds `service`. Says no if there is one of that name.
    #[must_use]
    pub(crate) fn add<S, B>(&mut self, service: S) -> bool
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<StdError>,
    {
        let serve = move |request| -> Answer {
            let answer = service.clone().oneshot(request);
            Box::pin(async move { answer.await.map(|answer| answer.map(Body::new)) })
        };
        let Some(services) = Arc::get_mut(&mut self.0) else {
            return false;
        };
        services.insert(S::NAME, Box::new(serve)).is_none()
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.keys().copied().collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a path is that of a method of one of these services, as far as its service's name goes.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(service_of(path))
    }
}

fn service_of(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_once('/').map_or("", |(service, _)| service)
}

impl Service<Request<Body>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        match self.0.get(service_of(request.uri().path())) {
            Some(serve) => serve(request),
            None => Box::pin(ready(Ok(unknown().into_http()))),
        }
    }
}

fn unknown() -> Status {
    Status::unimplemented("there is no such service")
}

impl fmt::Debug for Services {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}
