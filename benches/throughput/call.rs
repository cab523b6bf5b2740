//! The call under measurement, and a collector that takes whatever it is sent.

use std::{
    convert::Infallible,
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::mpsc,
    task::{Context, Poll},
    thread,
};

use axum::http::{Request as HttpRequest, Response as HttpResponse};
use prost::Message;
use tokio::runtime::Builder;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService},
    transport::server::{Server, TcpIncoming},
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

pub(crate) const PATH: &str = "/users.v1.Users/Get";

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ask {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct User {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(string, tag = "2")]
    name: String,
}

/// Whatever it is, nobody looks at it.
#[derive(Clone, PartialEq, Message)]
struct Anything {}

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse<Body>, Infallible>> + Send>>;

#[derive(Clone)]
pub(crate) struct Users;

impl NamedService for Users {
    const NAME: &'static str = "users.v1.Users";
}

impl Service<HttpRequest<Body>> for Users {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Answer {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<User, Ask>::default());
            Ok(grpc.unary(service_fn(user), request).await)
        })
    }
}

async fn user(request: Request<Ask>) -> Result<Response<User>, Status> {
    let id = request.get_ref().id;
    let name = format!("user {id}");
    Ok(Response::new(User { id, name }))
}

#[derive(Clone)]
struct Collector;

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl Service<HttpRequest<Body>> for Collector {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Answer {
        let take = async |_: Request<Anything>| Ok::<_, Status>(Response::new(Anything {}));
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Anything, Anything>::default());
            Ok(grpc.unary(service_fn(take), request).await)
        })
    }
}

/// Starts a collector on this process's core.
pub(crate) fn collector() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    let serve = async move {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let incoming = TcpIncoming::bind(any).expect("a port");
        let _ = tell.send(incoming.local_addr().expect("its address"));
        let server = Server::builder().add_service(Collector);
        let _ = server.serve_with_incoming(incoming).await;
    };
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(serve);
    });
    told.recv().expect("a collector")
}
