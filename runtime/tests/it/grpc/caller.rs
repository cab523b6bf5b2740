//! A client as services have it, and a runtime of its own.

use std::net::SocketAddr;

use marty_runtime::tonic::{
    IntoRequest, Request, Response, Status, Streaming,
    client::Grpc,
    codegen::tokio_stream,
    transport::{Channel, Endpoint},
};
use tokio::runtime::{Builder, Runtime};
use tonic_prost::ProstCodec;

use super::probe::{Ask, Reply};

pub(crate) struct Caller {
    pub(crate) runtime: Runtime,
    pub(crate) channel: Channel,
    pub(crate) address: SocketAddr,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let channel = runtime.block_on(connect(address));
        Self {
            runtime,
            channel,
            address,
        }
    }

    pub(crate) fn unary(&self, ask: impl IntoRequest<Ask>) -> Result<Response<Reply>, Status> {
        self.runtime
            .block_on(unary(&self.channel, ask.into_request()))
    }

    /// All replies, and how they ended.
    pub(crate) fn download(&self, ask: Ask) -> (Vec<Reply>, Result<(), Status>) {
        self.runtime.block_on(async {
            match download(&self.channel, ask).await {
                Ok(replies) => collect(replies).await,
                Err(status) => (Vec::new(), Err(status)),
            }
        })
    }

    pub(crate) fn upload(&self, asks: Vec<Ask>) -> Result<Reply, Status> {
        self.runtime.block_on(async {
            let mut grpc = ready(&self.channel).await;
            let path = "/test.v1.Probe/Upload".parse().unwrap();
            let asks = Request::new(tokio_stream::iter(asks));
            let codec = ProstCodec::<Ask, Reply>::default();
            grpc.client_streaming(asks, path, codec)
                .await
                .map(Response::into_inner)
        })
    }

    pub(crate) fn chat(&self, asks: Vec<Ask>) -> (Vec<Reply>, Result<(), Status>) {
        self.runtime.block_on(async {
            let mut grpc = ready(&self.channel).await;
            let path = "/test.v1.Probe/Chat".parse().unwrap();
            let asks = Request::new(tokio_stream::iter(asks));
            let codec = ProstCodec::<Ask, Reply>::default();
            let replies = grpc.streaming(asks, path, codec).await.unwrap();
            collect(replies.into_inner()).await
        })
    }
}

pub(crate) async fn connect(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

async fn ready(channel: &Channel) -> Grpc<Channel> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    grpc
}

pub(crate) async fn unary(channel: &Channel, ask: Request<Ask>) -> Result<Response<Reply>, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready()
        .await
        .map_err(|gone| Status::unavailable(gone.to_string()))?;
    let path = "/test.v1.Probe/Unary".parse().unwrap();
    grpc.unary(ask, path, ProstCodec::<Ask, Reply>::default())
        .await
}

pub(crate) async fn download(channel: &Channel, ask: Ask) -> Result<Streaming<Reply>, Status> {
    let mut grpc = ready(channel).await;
    let path = "/test.v1.Probe/Download".parse().unwrap();
    let codec = ProstCodec::<Ask, Reply>::default();
    grpc.server_streaming(Request::new(ask), path, codec)
        .await
        .map(Response::into_inner)
}

async fn collect(mut replies: Streaming<Reply>) -> (Vec<Reply>, Result<(), Status>) {
    let mut found = Vec::new();
    loop {
        match replies.message().await {
            Ok(Some(reply)) => found.push(reply),
            Ok(None) => return (found, Ok(())),
            Err(status) => return (found, Err(status)),
        }
    }
}

/// A stream both ways of which the test sends the asks.
pub(crate) async fn chat(
    channel: &Channel,
    asks: tokio::sync::mpsc::Receiver<Ask>,
) -> Streaming<Reply> {
    let mut grpc = ready(channel).await;
    let path = "/test.v1.Probe/Chat".parse().unwrap();
    let asks = Request::new(tokio_stream::wrappers::ReceiverStream::new(asks));
    let codec = ProstCodec::<Ask, Reply>::default();
    grpc.streaming(asks, path, codec)
        .await
        .unwrap()
        .into_inner()
}
