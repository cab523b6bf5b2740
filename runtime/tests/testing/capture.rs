//! Spans and events: which there are, and whose they are.

use marty_runtime::{
    axum::{Router, extract::Path, http::Request, routing::get},
    testing::Capture,
    tracing::{self, Instrument as _, Level},
};

use super::{message_of, start};

/// Routes that log in the handler, in a span of their own, in a task, and in a thread.
fn routes() -> Router {
    Router::new().route(
        "/greeting/{name}",
        get(async |Path(name): Path<String>| {
            let span = tracing::info_span!("greet", name, kind = tracing::field::Empty);
            async {
                tracing::Span::current().record("kind", "warm");
                tracing::info!(language = "en", "greeted");
                let task = async { tracing::warn!("in a task") }.in_current_span();
                tokio::spawn(task).await.unwrap();
                let span = tracing::Span::current();
                let thread =
                    std::thread::spawn(move || span.in_scope(|| tracing::debug!("in a thread")));
                thread.join().unwrap();
            }
            .instrument(span)
            .await;
        }),
    )
}

async fn sees_its_own(name: &str) {
    let capture = Capture::start();
    let service = start(routes()).await;
    for _ in 0..20 {
        service.get(&format!("/greeting/{name}")).await.unwrap();
    }
    let spans = capture.spans();
    let greetings: Vec<_> = spans.iter().filter(|span| span.name() == "greet").collect();
    assert_eq!(greetings.len(), 20, "{capture}");
    assert!(
        greetings
            .iter()
            .all(|span| span.field("name").unwrap() == name),
        "{capture}"
    );
    service.stop().await;
}

// Run side by side by the harness: each would see the others', if it were not kept apart.
#[tokio::test]
async fn captures_of_tests_that_run_side_by_side_are_kept_apart() {
    sees_its_own("ada").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn captures_of_tests_that_run_side_by_side_are_kept_apart_on_many_threads() {
    sees_its_own("bob").await;
}

#[test]
fn captures_of_two_runtimes_are_kept_apart() {
    std::thread::scope(|scope| {
        for name in ["eve", "joe", "kim"] {
            scope.spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(sees_its_own(name));
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn has_what_happens_in_tasks_and_threads_of_a_request() {
    let capture = Capture::start();
    let service = start(routes()).await;
    service.get("/greeting/ada").await.unwrap();
    let (request, greet) = (
        capture.await_span("request").await,
        capture.await_span("greet").await,
    );
    assert!(greet.is_child_of(&request), "{capture}");
    assert_eq!(greet.field("kind").unwrap(), "warm");
    assert!(request.is_closed());
    for (message, level) in [
        ("greeted", Level::INFO),
        ("in a task", Level::WARN),
        ("in a thread", Level::DEBUG),
    ] {
        let event = capture.event(message);
        assert!(event.is_in(&greet), "{capture}");
        assert_eq!(event.level(), level);
        assert_eq!(event.target(), module_path!());
        assert_eq!(event.field("name").unwrap(), "ada");
        assert_eq!(
            event.field("correlation_id"),
            request.field("correlation_id")
        );
    }
    let answered = capture.await_event("request answered").await;
    assert_eq!(answered.field("http_response_status_code").unwrap(), 200);
    assert_eq!(answered.target(), "marty_runtime::access");
    service.stop().await;
}

#[tokio::test]
async fn says_what_there_is_when_something_is_not() {
    let capture = Capture::start();
    tracing::info_span!("outer", depth = 1).in_scope(|| {
        let _inner = tracing::info_span!("inner").entered();
        tracing::info!(user = 17, "said");
        tracing::info!("twice");
        tracing::info!("twice");
    });
    let message = message_of(|| drop(capture.event("unsaid")));
    let target = module_path!();
    let expected = format!(
        "there is no event `unsaid`:\nspans:\n  INFO {target}: outer depth=1\n    INFO {target}: inner\nevents:\n  \
         INFO {target}: \"said\" depth=1 user=17\n  INFO {target}: \"twice\" depth=1\n  INFO {target}: \"twice\" depth=1"
    );
    assert_eq!(message, expected);
    let message = message_of(|| drop(capture.event("twice")));
    assert!(message.starts_with("there are 2 events `twice`:\n"));
    let message = message_of(|| drop(capture.span("middle")));
    assert!(message.starts_with("there is no span `middle`:\nspans:"));
}

#[tokio::test]
async fn knows_the_trace_that_the_caller_began() {
    let capture = Capture::start();
    let service = start(routes()).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = Request::get("/greeting/ada").header("traceparent", parent);
    service.send(request.body("").unwrap()).await.unwrap();
    let greet = capture.await_span("greet").await;
    let (request, greeted) = (capture.span("request"), capture.event("greeted"));
    let trace = Some("4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        [request.trace_id(), greet.trace_id(), greeted.trace_id()],
        [trace; 3]
    );
    assert_eq!(greeted.span_id(), greet.span_id());
    assert_ne!(greet.span_id(), request.span_id());
    assert_eq!(greet.span_id().unwrap().len(), 16);
    service.stop().await;
}

#[tokio::test]
async fn ends_when_it_is_dropped() {
    drop(Capture::start());
    tracing::info!("unheard");
    let capture = Capture::start();
    tracing::info!("heard");
    assert_eq!(capture.events().len(), 1, "{capture}");
}

#[test]
fn needs_a_runtime() {
    let message = std::panic::catch_unwind(Capture::start).unwrap_err();
    assert_eq!(
        *message.downcast::<String>().unwrap(),
        "a capture is started inside a tokio runtime"
    );
}

/// Logs whenever somebody wants to see it.
struct Chatty;

impl std::fmt::Debug for Chatty {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        tracing::info!("somebody looks");
        formatter.write_str("chatty")
    }
}

#[tokio::test]
async fn captures_values_that_log_as_they_are_written() {
    let capture = Capture::start();
    tracing::info!(value = ?Chatty, "seen");
    let events = capture.events();
    assert!(
        events.iter().any(|event| event.message() == "seen"),
        "{capture}"
    );
}
