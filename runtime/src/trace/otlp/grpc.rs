//! OTLP over gRPC.

use std::time::Duration;

use axum::http::{HeaderMap, uri::PathAndQuery};
use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
    transport::{Channel, Endpoint as Address},
};

use super::{Exported, Refused, retry};
use crate::config::Endpoint;

/// How long a connection may take to come about. Whoever waits for an answer waits with it.
const CONNECT_TIME: Duration = Duration::from_secs(5);

pub(in crate::trace) struct Client {
    service: Grpc<Channel>,
    headers: MetadataMap,
}

impl Client {
    pub(super) fn new(endpoint: &Endpoint, headers: HeaderMap) -> Self {
        let address = Address::from(endpoint.uri().clone())
            .connect_timeout(CONNECT_TIME)
            .user_agent(concat!("marty-runtime/", env!("CARGO_PKG_VERSION")));
        // A constant that is no header's value would be noticed by any test.
        let address = address.unwrap_or_else(|_| Address::from(endpoint.uri().clone()));
        Self {
            service: Grpc::new(address.connect_lazy()),
            headers: MetadataMap::from_headers(headers),
        }
    }

    pub(super) async fn send(
        &mut self,
        procedure: &'static str,
        message: &[u8],
    ) -> Result<Exported, Refused> {
        self.service.ready().await.map_err(|error| Refused {
            reason: with_causes(&error),
            passes: true,
            wait: None,
        })?;
        let mut request = Request::new(Bytes::copy_from_slice(message));
        request.metadata_mut().clone_from(&self.headers);
        let procedure = PathAndQuery::from_static(procedure);
        let answer = self.service.unary(request, procedure, Encoded).await;
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| refused(&status))
    }
}

/// The codes with which a collector says that it may take the same later, by the specification of OTLP. What is exhausted may
/// recover only if it says when.
fn refused(status: &Status) -> Refused {
    let wait = retry::info(status.details());
    let passes = matches!(
        status.code(),
        Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss
    );
    let recovers = status.code() == Code::ResourceExhausted && wait.is_some();
    Refused {
        reason: format!("{:?}: {}", status.code(), with_causes(status)),
        passes: passes || recovers,
        wait,
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Messages that are encoded already, and their answers.
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = Exported;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Exported;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Exported>, Status> {
        let answer = Exported::decode(buffer.copy_to_bytes(buffer.remaining()));
        answer
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_what_is_exhausted_again_only_if_it_says_when() {
        /// `google.rpc.Status` with a `RetryInfo` of three seconds.
        const DETAILS: &[u8] =
            b"\x1a\x30\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x03";
        let exhausted = |details| {
            let details = Bytes::from_static(details);
            refused(&Status::with_details(
                Code::ResourceExhausted,
                "full",
                details,
            ))
        };
        assert!(!exhausted(b"").passes);
        let again = exhausted(DETAILS);
        assert!(again.passes);
        assert_eq!(again.wait, Some(Duration::from_secs(3)));
    }
}
