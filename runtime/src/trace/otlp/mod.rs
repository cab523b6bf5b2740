//! OTLP: the messages, and the two ways they are sent.

mod convert;
#[cfg(feature = "otlp")]
mod grpc;
#[cfg(feature = "otlp-http")]
mod http;
mod message;
mod retry;

use std::{fmt, time::Duration};

use axum::http::HeaderMap;
use prost::Message;

use self::message::{Exported, Resource};
use super::{log::LogEvent, record::EndedSpan};
use crate::config::{Endpoint, Protocol};

/// What is sent: spans or log events.
pub(super) trait Signal: Send + Sized + 'static {
    /// What it is called in the log.
    const NAME: &'static str;

    /// The procedure that takes it over gRPC.
    #[cfg(feature = "otlp")]
    const PROCEDURE: &'static str;

    /// The message that carries it.
    fn encode(resource: &Resource, items: Vec<Self>) -> Vec<u8>;
}

impl Signal for EndedSpan {
    const NAME: &'static str = "traces";
    #[cfg(feature = "otlp")]
    const PROCEDURE: &'static str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    fn encode(resource: &Resource, items: Vec<Self>) -> Vec<u8> {
        convert::traces(resource, items).encode_to_vec()
    }
}

impl Signal for LogEvent {
    const NAME: &'static str = "logs";
    #[cfg(feature = "otlp")]
    const PROCEDURE: &'static str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

    fn encode(resource: &Resource, items: Vec<Self>) -> Vec<u8> {
        convert::logs(resource, items).encode_to_vec()
    }
}

/// Sends messages to one address.
pub(super) enum Client {
    #[cfg(feature = "otlp")]
    Grpc(grpc::Client),
    #[cfg(feature = "otlp-http")]
    Http(http::Client),
}

impl Client {
    #[cfg_attr(
        not(all(feature = "otlp", feature = "otlp-http")),
        expect(unused_variables, reason = "there is one way only")
    )]
    fn new(protocol: Protocol, endpoint: &Endpoint, headers: HeaderMap) -> Self {
        #[cfg(all(feature = "otlp", feature = "otlp-http"))]
        if protocol == Protocol::HttpProtobuf {
            return Self::Http(http::Client::new(endpoint, headers));
        }
        #[cfg(feature = "otlp")]
        return Self::Grpc(grpc::Client::new(endpoint, headers));
        #[cfg(not(feature = "otlp"))]
        Self::Http(http::Client::new(endpoint, headers))
    }
}

/// Why a message was not taken.
#[derive(Debug)]
pub(super) struct Refused {
    reason: String,
    /// Whether it may be taken later.
    pub(super) passes: bool,
    /// How long the collector asked to be left alone.
    pub(super) wait: Option<Duration>,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

/// What sends one kind of signal.
pub(super) struct Sender {
    client: Client,
    resource: Resource,
}

impl Sender {
    /// Has to be called inside the runtime that sends. The configuration has seen to it that the way is built in.
    pub(super) fn new(
        (protocol, endpoint): (Protocol, &Endpoint),
        headers: &HeaderMap,
        attributes: &[(String, String)],
    ) -> Self {
        Self {
            client: Client::new(protocol, endpoint, headers.clone()),
            resource: convert::resource(attributes),
        }
    }

    pub(super) fn encode<T: Signal>(&self, items: Vec<T>) -> Vec<u8> {
        T::encode(&self.resource, items)
    }

    /// Sends a message, and says how many of its parts the collector has not taken.
    pub(super) async fn send<T: Signal>(&mut self, message: &[u8]) -> Result<u64, Refused> {
        let answer = match &mut self.client {
            #[cfg(feature = "otlp")]
            Client::Grpc(client) => client.send(T::PROCEDURE, message).await?,
            #[cfg(feature = "otlp-http")]
            Client::Http(client) => client.send(message).await?,
        };
        let rejected = answer.partial_success.map_or(0, |partial| partial.rejected);
        Ok(u64::try_from(rejected).unwrap_or_default())
    }
}
