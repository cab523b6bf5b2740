//! OTLP as Protocol Buffers over HTTP/1.1.

use std::{error, time::Duration};

use axum::http::{
    HeaderMap, HeaderValue, Request, StatusCode, Uri,
    header::{CONTENT_TYPE, HOST, USER_AGENT},
    request, response,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::{net::TcpStream, time::timeout};

use super::{Exported, Refused, retry};
use crate::config::Endpoint;

/// How long a connection may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes: a few words at most are in it.
const LONGEST_ANSWER: usize = 64 * 1024;

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("marty-runtime/", env!("CARGO_PKG_VERSION")));

type Failure = Box<dyn error::Error + Send + Sync>;

pub(in crate::trace) struct Client {
    uri: Uri,
    headers: HeaderMap,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub(super) fn new(endpoint: &Endpoint, headers: HeaderMap) -> Self {
        Self {
            uri: endpoint.uri().clone(),
            headers,
            connection: None,
        }
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> Result<Exported, Refused> {
        // Whatever has failed, what is left of the connection is not used again.
        let (head, body) = self.exchange(message).await.map_err(|error| Refused {
            reason: error.to_string(),
            passes: true,
            wait: None,
        })?;
        if !head.status.is_success() {
            return Err(refused(&head));
        }
        Exported::decode(body).map_err(|error| Refused {
            reason: error.to_string(),
            passes: false,
            wait: None,
        })
    }

    async fn exchange(&mut self, message: &[u8]) -> Result<(response::Parts, Bytes), Failure> {
        let mut connection = match self.connection.take().filter(|open| !open.is_closed()) {
            Some(open) => open,
            None => timeout(CONNECT_TIME, connect(&self.uri)).await??,
        };
        connection.ready().await?;
        let request = self.request()?.body(Full::from(message.to_vec()))?;
        let (head, body) = connection.send_request(request).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await?;
        self.connection = Some(connection);
        Ok((head, body.to_bytes()))
    }

    fn request(&self) -> Result<request::Builder, Failure> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.uri.authority().map_or("", |host| host.as_str());
        let mut request = Request::post(path);
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
            headers.insert(HOST, host.try_into()?);
            headers.insert(CONTENT_TYPE, PROTOBUF);
            headers.insert(USER_AGENT, AGENT);
        }
        Ok(request)
    }
}

async fn connect(uri: &Uri) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let host = uri.host().ok_or("no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
    let (send, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with the client, and whoever sends hears of its errors.
    tokio::spawn(connection);
    Ok(send)
}

/// The statuses with which a collector says that it may take the same later, by the specification of OTLP.
fn refused(head: &response::Parts) -> Refused {
    let status = head.status;
    let passes = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    Refused {
        reason: format!("status {status}"),
        passes,
        wait: retry::after(&head.headers),
    }
}
