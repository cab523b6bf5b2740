//! A client that sends the frames it is told to.

use std::net::SocketAddr;

use h2::{
    RecvStream, SendStream,
    client::{SendRequest, handshake},
};
use marty_runtime::axum::{
    body::Bytes,
    http::{HeaderMap, Request, Response},
};
use prost::Message;
use tokio::{net::TcpStream, task::JoinHandle};

pub(crate) struct Raw {
    pub(crate) send: SendRequest<Bytes>,
    pub(crate) connection: JoinHandle<()>,
}

/// What came in answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: HeaderMap,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    /// The call's status, wherever it is.
    pub(crate) fn code(&self) -> Option<&str> {
        let trailers = self.trailers.as_ref().unwrap_or(&self.head);
        trailers.get("grpc-status")?.to_str().ok()
    }
}

pub(crate) async fn connect(address: SocketAddr) -> Raw {
    let stream = TcpStream::connect(address).await.unwrap();
    let (send, connection) = handshake(stream).await.unwrap();
    let connection = tokio::spawn(async move {
        let _ = connection.await;
    });
    Raw {
        send: send.ready().await.unwrap(),
        connection,
    }
}

/// A call of the tests' service, as gRPC wants its head.
pub(crate) fn call(method: &str, headers: &[(&str, &str)]) -> Request<()> {
    request(&format!("/test.v1.Probe/{method}"), headers)
}

pub(crate) fn request(path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let request = Request::post(format!("http://test{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.body(()).unwrap()
}

pub(crate) fn framed(message: &impl Message) -> Bytes {
    let encoded = message.encode_to_vec();
    let mut bytes = vec![0];
    bytes.extend(u32::try_from(encoded.len()).unwrap().to_be_bytes());
    bytes.extend(encoded);
    bytes.into()
}

impl Raw {
    /// Begins a call that sends `message`, and leaves the rest to the caller.
    pub(crate) async fn begin(
        &mut self,
        request: Request<()>,
        message: Option<Bytes>,
    ) -> (
        impl Future<Output = Result<Response<RecvStream>, h2::Error>> + use<>,
        SendStream<Bytes>,
    ) {
        let mut ready = self.send.clone().ready().await.unwrap();
        let (answer, mut stream) = ready.send_request(request, false).unwrap();
        match message {
            Some(message) => stream.send_data(message, true).unwrap(),
            None => stream.send_data(Bytes::new(), true).unwrap(),
        }
        (answer, stream)
    }

    pub(crate) async fn send(&mut self, request: Request<()>, message: Option<Bytes>) -> Answer {
        let (answer, _stream) = self.begin(request, message).await;
        read(answer.await.unwrap()).await
    }
}

pub(crate) async fn read(answer: Response<RecvStream>) -> Answer {
    let (head, mut received) = answer.into_parts();
    let mut body = Vec::new();
    while let Some(data) = received.data().await {
        let data = data.unwrap();
        let _ = received.flow_control().release_capacity(data.len());
        body.extend(data);
    }
    Answer {
        head: head.headers,
        status: head.status.as_u16(),
        body,
        trailers: received.trailers().await.unwrap(),
    }
}
