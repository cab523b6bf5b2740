//! The seventeen codes, and how they are written.

use axum::http::{HeaderMap, StatusCode};
use tonic::{Code, Status};

/// How many codes there are.
pub(super) const CODES: usize = 17;

/// The name of a code as gRPC writes it, which is the value of its label.
pub(crate) const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The code that trailers carry, or headers that are trailers at once. A code that there is not counts as unknown.
pub(crate) fn of(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get(Status::GRPC_STATUS)?;
    Some(Code::from_bytes(value.as_bytes()))
}

/// The code of an answer that has none, by its HTTP status: gRPC's page "HTTP to gRPC Status Code Mapping".
pub(crate) const fn of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn reads_every_code_and_takes_others_for_unknown() {
        let of = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            of(&HeaderMap::from_iter([(
                Status::GRPC_STATUS.clone(),
                value,
            )]))
            .map(name)
        };
        let names: Vec<_> = (0..CODES).map(|code| of(&code.to_string())).collect();
        assert_eq!(names.first(), Some(&Some("OK")));
        assert_eq!(names.last(), Some(&Some("UNAUTHENTICATED")));
        for value in ["17", "-1", "", "OK"] {
            assert_eq!(of(value), Some("UNKNOWN"), "{value}");
        }
        assert_eq!(super::of(&HeaderMap::new()), None);
    }
}
