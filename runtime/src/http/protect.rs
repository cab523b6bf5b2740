//! What keeps one request from harming the service: bounds on time and size, and a net for panics.
//!
//! It also gives every error answer the form of a problem, whoever made it.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;

use super::{CorrelationId, Problem};
use crate::metric::Counter;

/// The bounds of one service's requests.
#[derive(Debug)]
pub(crate) struct Protection {
    pub(crate) request_timeout: Duration,
    pub(crate) max_body_bytes: usize,
    pub(crate) panics: Counter,
}

/// The longest text of an error answer that becomes a problem's detail.
const LONGEST_DETAIL: u64 = 4096;

/// Runs the rest of the stack within its bounds.
pub(crate) async fn protect(
    State(bounds): State<Arc<Protection>>,
    mut request: Request,
    next: Next,
) -> Response {
    let correlation_id = request.extensions().get::<CorrelationId>().cloned();
    let response = match bound_body(request.body_mut(), bounds.max_body_bytes) {
        Err(problem) => problem.into_response(),
        Ok(()) => {
            // The bound above holds for every way to read a body; axum's own would be a second, of another size.
            DefaultBodyLimit::disable().apply(&mut request);
            bounds.run(next.run(request)).await
        }
    };
    as_problem(response, correlation_id.as_ref()).await
}

impl Protection {
    async fn run(&self, answer: impl Future<Output = Response>) -> Response {
        match tokio::time::timeout(self.request_timeout, catch(answer)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                self.panics.inc();
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
            // 504 is a gateway's word, and 408 blames the client.
            Err(_) => {
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                    .with_detail("the request took too long");
                let retry_after = (header::RETRY_AFTER, HeaderValue::from_static("1"));
                ([retry_after], problem).into_response()
            }
        }
    }
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

/// Runs `future` and returns what it panicked with instead of unwinding further.
pub(crate) async fn catch<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// Gives an error answer the form of a problem with the request's correlation id. Answers with a media type of their own stay.
async fn as_problem(mut response: Response, correlation_id: Option<&CorrelationId>) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_bare_error(&response) => {
            let body = std::mem::replace(response.body_mut(), Body::empty());
            let text = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let problem = Problem::new(response.status());
            if text.is_empty() {
                problem
            } else {
                problem.with_detail(String::from_utf8_lossy(&text))
            }
        }
        None => return response,
    };
    let problem = match correlation_id {
        Some(id) => problem.with_correlation_id(id),
        None => problem,
    };
    let status = response.status();
    let mut answer = problem.render();
    *answer.status_mut() = status;
    keep_headers(answer.headers_mut(), response.headers());
    answer
}

/// Whether the answer is an error in plain text, as axum's own are, or without any.
fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let short = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|length| length <= LONGEST_DETAIL);
    (status.is_client_error() || status.is_server_error()) && plain && short
}

/// Keeps what the answer said beside its body, such as `allow` and `retry-after`.
fn keep_headers(answer: &mut HeaderMap, original: &HeaderMap) {
    for (name, value) in original {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.append(name, value.clone());
        }
    }
}
