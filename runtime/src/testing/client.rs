//! A client for tests: one connection for each request, and nothing done that the test did not ask for.

use std::{io, net::SocketAddr};

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, Request, StatusCode,
        header::{CONNECTION, HOST},
    },
};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends requests to one address. It follows no redirection, and an answer that tells of an error is an answer.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
}

impl Client {
    /// A client of whatever listens at `address`.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Asks for `path`.
    ///
    /// # Errors
    ///
    /// If no answer comes, or not the whole of it.
    pub async fn get(&self, path: &str) -> io::Result<Answer> {
        let request = Request::get(path).body("").map_err(io::Error::other)?;
        self.send(request).await
    }

    /// Sends a request, which gets a `host` if it has none.
    ///
    /// # Errors
    ///
    /// If no answer comes, or not the whole of it.
    pub async fn send<B: Into<Bytes>>(&self, request: Request<B>) -> io::Result<Answer> {
        let mut request = request.map(|body| Full::<Bytes>::new(body.into()));
        let headers = request.headers_mut();
        if !headers.contains_key(HOST) {
            let host = HeaderValue::from_str(&self.address.to_string());
            headers.insert(HOST, host.map_err(io::Error::other)?);
        }
        headers
            .entry(CONNECTION)
            .or_insert(HeaderValue::from_static("close"));
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Answer {
                status: head.status,
                headers: head.headers,
                text: String::from_utf8_lossy(&body).into_owned(),
                body,
            })
        };
        // In this task and no other: whoever drops the future has left as a client leaves.
        let (answer, _) = tokio::join!(exchange, connection);
        answer.map_err(io::Error::other)
    }
}

/// What was answered, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    text: String,
}

impl Answer {
    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// All headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header, if there is one and it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body's bytes.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}
