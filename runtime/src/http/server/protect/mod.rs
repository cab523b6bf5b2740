//! What keeps one request from harming the service: bounds on time and size, and a net for panics.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use tokio::time::timeout;

use super::{
    CorrelationId, Problem,
    answer::as_problem,
    body::{Awaited, Mark, WatchedBody},
};
use crate::{metric::Counter, unwind::catch};

/// The bounds of one service's requests.
#[derive(Debug)]
pub(crate) struct Protection {
    pub(crate) request_timeout: Duration,
    pub(crate) max_body_bytes: usize,
    pub(crate) panics: Counter,
}

/// Runs the rest of the stack within its bounds.
pub(crate) async fn protect(
    State(bounds): State<Arc<Protection>>,
    mut request: Request,
    next: Next,
) -> Response {
    let correlation_id = request.extensions().get::<CorrelationId>().cloned();
    let refused =
        check_host(&request).and_then(|()| bound_body(request.body_mut(), bounds.max_body_bytes));
    let response = if let Err(problem) = refused {
        problem.into_response()
    } else {
        // The bound above holds for every way to read a body; axum's own would be a second, of another size.
        DefaultBodyLimit::disable().apply(&mut request);
        let awaited = watch_body(request.body_mut());
        // An error's text is read within the bounds, for it may fail to come, too.
        let answer = async { as_problem(next.run(request).await, correlation_id.as_ref()).await };
        bounds.run(answer, &awaited).await
    };
    as_problem(response, correlation_id.as_ref()).await
}

impl Protection {
    async fn run(&self, answer: impl Future<Output = Response>, awaited: &Awaited) -> Response {
        // Pinned here, for the body has to live until it was asked who was waited for.
        let mut answer = pin!(timeout(self.request_timeout, catch(answer)));
        match answer.as_mut().await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                self.panics.inc();
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
            Err(_) if awaited.now() => body_too_slow(),
            Err(_) => handler_too_slow(),
        }
    }
}

/// Who sends bytes slowly shall not look like a failure of the service, nor be waited for any longer.
fn body_too_slow() -> Response {
    let problem = Problem::new(StatusCode::REQUEST_TIMEOUT)
        .with_detail("the request's body took too long to arrive");
    let close = (header::CONNECTION, HeaderValue::from_static("close"));
    ([close], problem).into_response()
}

/// 504 is a gateway's word, and 408 blames the client.
fn handler_too_slow() -> Response {
    let problem =
        Problem::new(StatusCode::SERVICE_UNAVAILABLE).with_detail("the request took too long");
    let retry_after = (header::RETRY_AFTER, HeaderValue::from_static("1"));
    ([retry_after], problem).into_response()
}

/// Watches whether the client's bytes are waited for. A request without any is left as it is.
fn watch_body(body: &mut Body) -> Awaited {
    if body.is_end_stream() {
        return Awaited::default();
    }
    let (mark, awaited) = Mark::new();
    let inner = std::mem::replace(body, Body::empty());
    *body = Body::new(WatchedBody::new(inner, mark));
    awaited
}

/// Refuses a request that names no host, or several, as RFC 9112 demands of whoever speaks HTTP/1.1.
fn check_host(request: &Request) -> Result<(), Problem> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if request.version() == Version::HTTP_11 && hosts != 1 {
        return Err(Problem::new(StatusCode::BAD_REQUEST)
            .with_detail("the request has to have one `host` header"));
    }
    Ok(())
}

/// Refuses a body that is announced to be too long, and cuts one off that turns out to be.
fn bound_body(body: &mut Body, limit: usize) -> Result<(), Problem> {
    let limit_in_hint = u64::try_from(limit).unwrap_or(u64::MAX);
    let hint = body.size_hint();
    if hint.lower() > limit_in_hint {
        let detail = format!("the body is longer than {limit} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE).with_detail(detail));
    }
    if hint.exact().is_none() {
        let unbounded = std::mem::replace(body, Body::empty());
        *body = Body::new(Limited::new(unbounded, limit));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
