//! What keeps one request from harming the service: bounds on time and size, and a net for panics.
//!
//! It also gives every error answer the form of a problem, whoever made it.

use std::{borrow::Cow, pin::pin, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use tokio::time::timeout;

use super::{
    CorrelationId, Problem,
    body::{Awaited, AwaitedBody},
};
use crate::{metric::Counter, scrub, unwind::catch};

/// The bounds of one service's requests.
#[derive(Debug)]
pub(crate) struct Protection {
    pub(crate) request_timeout: Duration,
    pub(crate) max_body_bytes: usize,
    pub(crate) panics: Counter,
}

/// How many bytes of an error answer's text become a problem's detail.
const LONGEST_DETAIL: usize = 4096;

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
    let (watched, awaited) = AwaitedBody::watch(std::mem::replace(body, Body::empty()));
    *body = Body::new(watched);
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

/// Gives an error answer the form of a problem with the request's correlation id. Answers with a media type of their own stay.
async fn as_problem(mut response: Response, correlation_id: Option<&CorrelationId>) -> Response {
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
    use axum::{Json, Router, body::Bytes, middleware, routing::post};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        http::{HttpMetrics, ObserveLayer},
        metric::Instrument,
    };

    fn broken(status: StatusCode) -> (StatusCode, &'static str) {
        (status, "no user ada@example.com in users_v2")
    }

    async fn panics() {
        panic!("of a handler")
    }

    fn routes(panics_counter: &Counter) -> Router {
        let bounds = Protection {
            request_timeout: Duration::from_millis(20),
            max_body_bytes: 10,
            panics: panics_counter.clone(),
        };
        let protect = middleware::from_fn_with_state(Arc::new(bounds), protect);
        Router::new()
            .route("/echo", post(async |body: Bytes| body))
            .route(
                "/number",
                post(async |Json(number): Json<u8>| number.to_string()),
            )
            .route("/panic", post(panics))
            .route("/hang", post(std::future::pending::<()>))
            .route("/broken", post(async || broken(StatusCode::BAD_GATEWAY)))
            .route("/refused", post(async || broken(StatusCode::BAD_REQUEST)))
            .route("/peek", post(peeks))
            .route(
                "/withheld",
                post(async || (StatusCode::BAD_REQUEST, Body::new(Silent(10)))),
            )
            .route(
                "/packed",
                post(async || {
                    let headers = [("content-encoding", "gzip"), ("allow", "PUT")];
                    (StatusCode::METHOD_NOT_ALLOWED, headers)
                }),
            )
            .route(
                "/own",
                post(async || (StatusCode::CONFLICT, Json(json!({"own": 1})))),
            )
            .layer((ObserveLayer::new(HttpMetrics::new()), protect))
            .with_state(())
    }

    async fn send(path: &str, body: impl Into<Body>) -> (StatusCode, HeaderMap, Bytes) {
        let request = Request::post(path).header("x-correlation-id", "order-17");
        let request = request.header("content-type", "application/json");
        let request = request.header("host", "test");
        let request = request.body(body.into()).unwrap();
        let response = routes(&Counter::create(())).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (
            parts.status,
            parts.headers,
            to_bytes(body, usize::MAX).await.unwrap(),
        )
    }

    #[track_caller]
    fn check((status, headers, body): &(StatusCode, HeaderMap, Bytes), expected: u16) -> Value {
        assert_eq!(status.as_u16(), expected, "{body:?}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-correlation-id"], "order-17");
        let problem: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(problem["status"], expected);
        assert_eq!(problem["correlation_id"], "order-17");
        problem
    }

    #[tokio::test]
    async fn lets_a_good_request_pass() {
        let (status, headers, body) = send("/echo", "0123456789").await;
        assert_eq!((status, &*body), (StatusCode::OK, &b"0123456789"[..]));
        assert_eq!(headers["x-correlation-id"], "order-17");
    }

    #[tokio::test]
    async fn refuses_a_body_that_is_too_long() {
        let problem = check(&send("/echo", "0123456789a").await, 413);
        assert_eq!(problem["detail"], "the body is longer than 10 bytes");
    }

    #[tokio::test]
    async fn cuts_off_a_body_of_unknown_length_that_is_too_long() {
        let hidden = http_body_util::BodyExt::map_frame(Body::from("0123456789a"), |frame| frame);
        let hidden = http_body_util::BodyExt::boxed_unsync(Unsized(hidden));
        check(&send("/echo", Body::new(hidden)).await, 413);
    }

    /// Polls its body once, lets go of it, and takes too long for reasons of its own.
    async fn peeks(mut body: Body) {
        let frame = timeout(Duration::ZERO, http_body_util::BodyExt::frame(&mut body));
        assert!(frame.await.is_err());
        drop(body);
        std::future::pending::<()>().await;
    }

    /// Never sends a byte of those it announces.
    struct Silent(u64);

    impl HttpBody for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(self.0)
        }
    }

    #[tokio::test]
    async fn waits_no_longer_for_the_text_of_an_error_than_for_its_head() {
        check(&send("/withheld", Body::empty()).await, 503);
    }

    #[tokio::test]
    async fn keeps_headers_but_those_of_the_replaced_body() {
        let answer = send("/packed", Body::empty()).await;
        check(&answer, 405);
        assert_eq!(answer.1["allow"], "PUT");
        assert_eq!(answer.1.get("content-encoding"), None);
    }

    /// Keeps its length to itself.
    struct Unsized<B>(B);

    impl<B: HttpBody + Unpin> HttpBody for Unsized<B> {
        type Data = B::Data;
        type Error = B::Error;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<B::Data>, B::Error>>> {
            std::pin::Pin::new(&mut self.0).poll_frame(context)
        }
    }

    #[tokio::test]
    async fn answers_for_a_handler_that_panics_and_counts_it() {
        let counter = Counter::create(());
        let request = Request::post("/panic").header("host", "test");
        let request = request.body(Body::empty()).unwrap();
        let response = routes(&counter).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(counter.value(), 1);
        let problem = check(&send("/panic", Body::empty()).await, 500);
        assert_eq!(problem.get("detail"), None);
    }

    #[tokio::test]
    async fn answers_for_a_handler_that_takes_too_long() {
        let answer = send("/hang", Body::empty()).await;
        check(&answer, 503);
        assert_eq!(answer.1["retry-after"], "1");
    }

    #[tokio::test]
    async fn blames_the_client_for_a_body_that_does_not_come() {
        let answer = send("/echo", Body::new(Silent(10))).await;
        let problem = check(&answer, 408);
        assert_eq!(
            problem["detail"],
            "the request's body took too long to arrive"
        );
        assert_eq!(answer.1["connection"], "close");
    }

    #[tokio::test]
    async fn blames_no_client_whose_body_nobody_waits_for() {
        check(&send("/hang", Body::new(Silent(10))).await, 503);
        check(&send("/peek", Body::new(Silent(10))).await, 503);
    }

    #[tokio::test]
    async fn makes_problems_of_plain_errors() {
        check(&send("/nowhere", Body::empty()).await, 404);
        let problem = check(&send("/number", "\"seven\"").await, 422);
        assert!(
            problem["detail"].as_str().unwrap().contains("invalid type"),
            "{problem}"
        );
        check(&send("/number", vec![b'"', 0xff, b'"']).await, 400);
    }

    #[tokio::test]
    async fn says_nothing_of_what_went_wrong_inside_and_nothing_personal_of_the_rest() {
        let problem = check(&send("/broken", Body::empty()).await, 502);
        assert_eq!(problem.get("detail"), None);
        let problem = check(&send("/refused", Body::empty()).await, 400);
        assert_eq!(problem["detail"], "no user [email] in users_v2");
    }

    #[test]
    fn repeats_a_long_text_only_in_part() {
        assert_eq!(shortened("short"), "short");
        let text = shortened(&"é".repeat(LONGEST_DETAIL));
        assert_eq!(text.len(), LONGEST_DETAIL + "…".len());
        assert!(text.ends_with("é…"));
    }

    #[tokio::test]
    async fn makes_problems_of_plain_errors_of_any_length() {
        let long = "x".repeat(5000);
        let routes = Router::new().route("/long", post(async || (StatusCode::BAD_REQUEST, long)));
        let bounds = Protection {
            request_timeout: Duration::from_secs(1),
            max_body_bytes: 10,
            panics: Counter::create(()),
        };
        let routes = routes.layer(middleware::from_fn_with_state(Arc::new(bounds), protect));
        let request = Request::post("/long").header("host", "test");
        let request = request.body(Body::empty()).unwrap();
        let response = routes.oneshot(request).await.unwrap();
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert!(problem["detail"].as_str().unwrap().ends_with("x…"));
    }

    #[tokio::test]
    async fn leaves_errors_alone_that_have_a_form_of_their_own() {
        let (status, headers, body) = send("/own", Body::empty()).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(body, "{\"own\":1}");
    }
}
