//! The builder's part of gRPC: services and their descriptors.

use std::convert::Infallible;

use axum::{
    body::{Bytes, HttpBody},
    http::{Request, Response},
};
use tonic::{body::Body, codegen::StdError, server::NamedService};

use super::Service;

impl Service {
    /// Serves a gRPC service, such as the server that `tonic` generates, on the public listener, or on one of its own with
    /// `MARTY_GRPC_ADDR`. The health service is served with the first.
    ///
    /// Every call is measured, bounded and logged as HTTP requests are. A caller's deadline holds for the whole of a call. Methods that
    /// [`Service::reflection`] shows to be no streams have `MARTY_REQUEST_TIMEOUT` to answer, too; then the status is
    /// `DEADLINE_EXCEEDED`. `MARTY_MAX_BODY_BYTES` bounds each message of a caller as it was sent; that of a message that was
    /// compressed is up to the server's own `max_decoding_message_size`.
    ///
    /// Two services of one name are an error when the service starts.
    pub fn grpc<S, B>(mut self, service: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<StdError>,
    {
        if !self.rpc.services.add(service) {
            self.rpc.twice = Some(S::NAME);
        }
        self
    }

    /// Knows the methods of the services of `file_descriptor_set`, as [`Service::reflection`] does, but shows them to nobody: for a
    /// service whose callers shall not read its schema off it.
    ///
    /// A descriptor that cannot be read is an error when the service starts.
    pub fn descriptor(mut self, file_descriptor_set: &'static [u8]) -> Self {
        self.rpc.hidden.push(file_descriptor_set);
        self
    }

    /// Serves reflection of what `file_descriptor_set` describes, an encoded `FileDescriptorSet`, and knows the methods of its services
    /// from the start: their names are the values of `rpc_method`, and no other is.
    ///
    /// Whoever reaches the port can read all that is described. Where callers are not trusted with that, [`Service::descriptor`]
    /// closes the names without showing them.
    ///
    /// A descriptor that cannot be read is an error when the service starts.
    pub fn reflection(mut self, file_descriptor_set: &'static [u8]) -> Self {
        self.rpc.descriptors.push(file_descriptor_set);
        self
    }
}
