//! What a port does with a request: a call goes to the gRPC services, any other request to the routes.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{Request, Response, StatusCode, Version},
};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::codegen::StdError;
use tower::Service;

use super::{
    Calls, Services,
    body::ResponseBody,
    web::{self, Web},
};
use crate::{config::Origins, http::Problem};

/// The services and the routes of one port.
#[derive(Clone)]
pub(crate) struct Front {
    routes: Router,
    calls: Calls<Services>,
    services: Services,
    web: Option<Web>,
}

impl Front {
    /// Answers calls by `calls`, which lead to `services`, and other requests by `routes`. With `web`, browsers may call, too.
    pub(crate) fn new(
        routes: Router,
        calls: Calls<Services>,
        services: Services,
        web: Option<&Origins>,
    ) -> Self {
        let web = web.map(|origins| web::web(calls.clone(), origins));
        Self {
            routes,
            calls,
            services,
            web,
        }
    }

    /// Routes for a port that has nothing but services.
    pub(crate) fn no_routes() -> Router {
        Router::new().fallback(async || Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// Whether a request is a call. gRPC needs HTTP/2, for its status comes in trailers.
fn is_call<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_2
        && web::is_of_type(request.headers(), |rest| {
            matches!(rest.first(), None | Some(b'+' | b';' | b' '))
        })
}

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<StdError> + std::fmt::Display,
{
    type Response = Response<FrontBody>;
    type Error = Infallible;
    type Future = FrontFuture<
        <Router as Service<Request<B>>>::Future,
        <Calls<Services> as Service<Request<B>>>::Future,
        <Web as Service<Request<B>>>::Future,
    >;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Neither routes nor services ever make a request wait.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if is_call(&request) {
            let future = self.calls.call(request);
            return FrontFuture::Call { future };
        }
        match &mut self.web {
            Some(web) if web::is_web(&request, &self.services) => FrontFuture::Web {
                future: web.call(request),
            },
            _ => FrontFuture::Routes {
                future: self.routes.call(request),
            },
        }
    }
}

pin_project! {
    /// The future of [`Front`].
    #[project = Projection]
    pub(crate) enum FrontFuture<R, C, W> {
        Routes { #[pin] future: R },
        Call { #[pin] future: C },
        Web { #[pin] future: W },
    }
}

impl<R, C, W> Future for FrontFuture<R, C, W>
where
    R: Future<Output = Result<Response<Body>, Infallible>>,
    C: Future<Output = Result<Response<ResponseBody>, Infallible>>,
    W: Future<Output = Result<Response<tonic::body::Body>, Infallible>>,
{
    type Output = Result<Response<FrontBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projection::Routes { future } => future
                .poll(context)
                .map_ok(|answer| answer.map(FrontBody::Routes)),
            Projection::Call { future } => future
                .poll(context)
                .map_ok(|answer| answer.map(FrontBody::Call)),
            Projection::Web { future } => future
                .poll(context)
                .map_ok(|answer| answer.map(FrontBody::Web)),
        }
    }
}

/// The body of an answer, whoever gave it.
pub(crate) enum FrontBody {
    Routes(Body),
    Call(ResponseBody),
    Web(tonic::body::Body),
}

impl HttpBody for FrontBody {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        match &mut *self {
            Self::Routes(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Call(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Web(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Routes(body) => body.is_end_stream(),
            Self::Call(body) => body.is_end_stream(),
            Self::Web(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Routes(body) => body.size_hint(),
            Self::Call(body) => body.size_hint(),
            Self::Web(body) => body.size_hint(),
        }
    }
}
