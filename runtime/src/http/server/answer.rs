//! The form of error answers: that of a problem, whoever made it.

use std::borrow::Cow;

use axum::{
    body::{Body, HttpBody, to_bytes},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::Response,
};

use super::{CorrelationId, Problem};
use crate::scrub;

/// How many bytes of an error answer's text become a problem's detail.
const LONGEST_DETAIL: usize = 4096;

/// Gives an error answer the form of a problem with the request's correlation id. Answers with a media type of their own stay.
pub(super) async fn as_problem(
    mut response: Response,
    correlation_id: Option<&CorrelationId>,
) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_bare_error(&response) => {
            let body = std::mem::replace(response.body_mut(), Body::empty());
            let text = to_bytes(body, usize::MAX).await.unwrap_or_default();
            told(response.status(), &String::from_utf8_lossy(&text))
        }
        None => return response,
    };
    let problem = if problem.status().is_server_error() {
        scrubbed(problem)
    } else {
        problem
    };
    let problem = match correlation_id {
        Some(id) => problem.with("correlation_id", id.as_str()),
        None => problem,
    };
    let status = response.status();
    let mut answer = problem.render();
    *answer.status_mut() = status;
    keep_headers(answer.headers_mut(), response.headers());
    answer
}

/// The problem without secrets and personal data in its detail. For failures of the service's own, whose texts nobody chose.
fn scrubbed(problem: Problem) -> Problem {
    match problem.detail().map(scrub::text) {
        Some(Cow::Owned(detail)) => problem.with_detail(detail),
        _ => problem,
    }
}

/// The problem of an error with a text. The caller is told what the caller did wrong; what went wrong in here is for the log.
fn told(status: StatusCode, text: &str) -> Problem {
    let problem = Problem::new(status);
    if text.is_empty() {
        problem
    } else if status.is_server_error() {
        tracing::error!(error = shortened(text), "request failed");
        problem
    } else {
        problem.with_detail(scrub::text(&shortened(text)))
    }
}

/// Whether the answer is an error in plain text, as axum's own are, or without any.
fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let whole = response.body().size_hint().exact().is_some();
    (status.is_client_error() || status.is_server_error()) && plain && whole
}

/// The beginning of a text that may repeat whatever a client sent.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_DETAIL {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_DETAIL);
    format!("{}…", &text[..end])
}

/// What an answer says of the body that is replaced.
const OF_THE_BODY: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
];

/// Keeps what the answer said beside its body, such as `allow` and `retry-after`.
fn keep_headers(answer: &mut HeaderMap, original: &HeaderMap) {
    for (name, value) in original {
        if !OF_THE_BODY.contains(name) {
            answer.append(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_a_long_text_only_in_part() {
        assert_eq!(shortened("short"), "short");
        let text = shortened(&"é".repeat(LONGEST_DETAIL));
        assert_eq!(text.len(), LONGEST_DETAIL + "…".len());
        assert!(text.ends_with("é…"));
    }
}
