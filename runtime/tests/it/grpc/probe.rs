//! A service that does as it is asked: answers, fails, panics or hangs.

use std::{
    convert::Infallible,
    future::{Future, pending},
    pin::Pin,
    task::{Context, Poll},
};

use marty_runtime::{
    axum::http::{HeaderMap, Request as HttpRequest, Response as HttpResponse},
    http::CorrelationId,
    tonic::{
        Code, Request, Response, Status, Streaming,
        body::Body,
        codegen::tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream},
        server::{Grpc, NamedService},
    },
    trace,
};
use prost::Message;
use prost_types::{
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// What to do after `count` replies.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ask {
    #[prost(enumeration = "Act", tag = "1")]
    pub(crate) act: i32,
    #[prost(int32, tag = "2")]
    pub(crate) code: i32,
    #[prost(uint32, tag = "3")]
    pub(crate) count: u32,
    #[prost(string, tag = "4")]
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
pub(crate) enum Act {
    Answer = 0,
    Fail = 1,
    Panic = 2,
    Hang = 3,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Reply {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

impl Ask {
    pub(crate) fn new(act: Act) -> Self {
        Self {
            act: act.into(),
            ..Self::default()
        }
    }

    pub(crate) fn fail(code: Code) -> Self {
        Self {
            code: code as i32,
            ..Self::new(Act::Fail)
        }
    }

    pub(crate) fn text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn after(self, count: u32) -> Self {
        Self { count, ..self }
    }

    async fn perform(&self) -> Result<(), Status> {
        match self.act() {
            Act::Answer => Ok(()),
            Act::Fail if self.code == 0 => Ok(()),
            Act::Fail => Err(Status::new(Code::from_i32(self.code), "as asked")),
            Act::Panic => panic!("as asked"),
            Act::Hang => pending().await,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Probe;

impl NamedService for Probe {
    const NAME: &'static str = "test.v1.Probe";
}

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse<Body>, Infallible>> + Send>>;

impl Service<HttpRequest<Body>> for Probe {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Answer {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Reply, Ask>::default());
            Ok(match request.uri().path() {
                "/test.v1.Probe/Unary" => grpc.unary(service_fn(unary), request).await,
                "/test.v1.Probe/Download" => {
                    grpc.server_streaming(service_fn(download), request).await
                }
                "/test.v1.Probe/Upload" => grpc.client_streaming(service_fn(upload), request).await,
                "/test.v1.Probe/Chat" => grpc.streaming(service_fn(chat), request).await,
                "/test.v1.Probe/Plain" => plain(&request),
                "/test.v1.Probe/Silent" => {
                    let mut answer = HttpResponse::new(Body::empty());
                    answer
                        .headers_mut()
                        .insert("content-type", "application/grpc".parse().unwrap());
                    answer
                }
                _ => Status::unimplemented("").into_http(),
            })
        })
    }
}

/// A reply that says which id the handler saw.
fn reply<T>(request: &Request<T>, text: String) -> Response<Reply> {
    let mut response = Response::new(Reply { text });
    if let Some(id) = request.extensions().get::<CorrelationId>() {
        let id = id.as_str().parse().unwrap();
        response.metadata_mut().insert("x-seen", id);
    }
    let mut headers = HeaderMap::new();
    trace::inject(&mut headers);
    if let Some(place) = headers.get("traceparent") {
        let place = place.to_str().unwrap().parse().unwrap();
        response.metadata_mut().insert("x-seen-traceparent", place);
    }
    response
}

async fn unary(request: Request<Ask>) -> Result<Response<Reply>, Status> {
    let ask = request.get_ref();
    ask.perform().await?;
    let text = ask.text.clone();
    Ok(reply(&request, text))
}

type Replies = Pin<Box<dyn Stream<Item = Result<Reply, Status>> + Send>>;

async fn download(request: Request<Ask>) -> Result<Response<Replies>, Status> {
    let ask = request.into_inner();
    let (tell, told) = tokio::sync::mpsc::channel(1);
    let text = ask.text.clone();
    let count = ask.count;
    tokio::spawn(async move {
        for _ in 0..count {
            let reply = Reply { text: text.clone() };
            if tell.send(Ok(reply)).await.is_err() {
                return;
            }
        }
    });
    // The end is in the stream itself, where a panic is the handler's.
    let end = tonic_end(ask);
    Ok(Response::new(Box::pin(
        ReceiverStream::new(told).chain(end),
    )))
}

/// A stream that performs what is asked as its only item.
fn tonic_end(ask: Ask) -> impl Stream<Item = Result<Reply, Status>> {
    let mut end = Box::pin(async move { ask.perform().await });
    let mut over = false;
    Polled(move |context: &mut Context<'_>| {
        if over {
            return Poll::Ready(None);
        }
        let ended = std::task::ready!(end.as_mut().poll(context));
        over = true;
        Poll::Ready(ended.err().map(Err))
    })
}

struct Polled<F>(F);

impl<T, F: FnMut(&mut Context<'_>) -> Poll<Option<T>> + Unpin> Stream for Polled<F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        (self.0)(context)
    }
}

async fn upload(request: Request<Streaming<Ask>>) -> Result<Response<Reply>, Status> {
    let mut asks = request.into_inner();
    let mut text = String::new();
    while let Some(ask) = asks.message().await? {
        ask.perform().await?;
        text.push_str(&ask.text);
    }
    Ok(Response::new(Reply { text }))
}

async fn chat(request: Request<Streaming<Ask>>) -> Result<Response<Replies>, Status> {
    let asks = request.into_inner();
    let replies = asks.then_each();
    Ok(Response::new(replies))
}

trait ThenEach {
    fn then_each(self) -> Replies;
}

impl ThenEach for Streaming<Ask> {
    fn then_each(mut self) -> Replies {
        let (tell, told) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            while let Ok(Some(ask)) = self.message().await {
                let done = ask.perform().await;
                let reply = done.map(|()| Reply { text: ask.text });
                if tell.send(reply).await.is_err() {
                    return;
                }
            }
        });
        Box::pin(ReceiverStream::new(told))
    }
}

/// An answer whose head is all: the code that a header asks for.
fn plain(request: &HttpRequest<Body>) -> HttpResponse<Body> {
    let code = request.headers()["x-code"].as_bytes();
    Status::new(Code::from_bytes(code), "").into_http()
}

/// What a build step would have written.
pub(crate) fn descriptor() -> &'static [u8] {
    let method = |name: &str, client, server| MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".test.v1.Ask".to_owned()),
        output_type: Some(".test.v1.Reply".to_owned()),
        client_streaming: Some(client),
        server_streaming: Some(server),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("Probe".to_owned()),
        method: vec![
            method("Unary", false, false),
            method("Plain", false, false),
            method("Silent", false, true),
            method("Download", false, true),
            method("Upload", true, false),
            method("Chat", true, true),
        ],
        ..ServiceDescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("test/v1/probe.proto".to_owned()),
        package: Some("test.v1".to_owned()),
        service: vec![service],
        ..FileDescriptorProto::default()
    };
    let set = FileDescriptorSet { file: vec![file] };
    set.encode_to_vec().leak()
}
