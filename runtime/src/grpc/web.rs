//! gRPC-Web: the form of gRPC that browsers can speak, over either version of HTTP, and the pages that may use it.

use std::time::Duration;

use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request,
    header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE},
};
use tonic::Status;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::Layer;
use tower_http::cors::{AllowHeaders, AllowOrigin, Cors, CorsLayer};

use super::{Calls, Services};
use crate::{config::Origins, names};

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_hours(1);

/// The stack that answers gRPC-Web.
pub(super) type Web = Cors<GrpcWebService<Calls<Services>>>;

/// Puts gRPC-Web around `calls`, for the pages of `origins`.
pub(super) fn web(calls: Calls<Services>, origins: &Origins) -> Web {
    cors(origins).layer(GrpcWebLayer::new().layer(calls))
}

fn cors(origins: &Origins) -> CorsLayer {
    let exposed = [
        Status::GRPC_STATUS,
        Status::GRPC_MESSAGE,
        HeaderName::from_static("grpc-status-details-bin"),
        HeaderName::from_static(names::CORRELATION_ID_HEADER),
    ];
    let layer = CorsLayer::new()
        .allow_methods([Method::POST])
        // Metadata of any name is the caller's right; which page may send it is the question.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed)
        .max_age(REMEMBERED);
    match origins {
        Origins::None => layer,
        Origins::Any => layer.allow_origin(AllowOrigin::any()),
        Origins::These(origins) => {
            let values = origins
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok());
            layer.allow_origin(AllowOrigin::list(values))
        }
    }
}

/// Whether a browser calls one of `services`, or asks whether it may.
pub(super) fn is_web<B>(request: &Request<B>, services: &Services) -> bool {
    if request.method() == Method::OPTIONS {
        return request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && services.has(request.uri().path());
    }
    is_of_type(request.headers(), |rest| rest.starts_with(b"-web"))
}

/// Whether the content is gRPC, and `is_form` holds of what its type says after that.
pub(super) fn is_of_type(headers: &HeaderMap, is_form: impl Fn(&[u8]) -> bool) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.as_bytes().strip_prefix(b"application/grpc"))
        .is_some_and(is_form)
}
