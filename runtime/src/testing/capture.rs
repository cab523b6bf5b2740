//! The spans and the log of one test.

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use tokio::runtime::Handle;

use super::{
    CapturedEvent, CapturedSpan,
    eventually::eventually,
    fail,
    layer::{self, Store},
};

/// Spans and log events of one test, of every level, from when it was started.
///
/// It has what happens on the runtime it was started on, with one thread or many: what the service does, the tasks it spawns, and
/// the test itself. `#[tokio::test]` gives every test a runtime, so that tests that run side by side in one process do not see each
/// other's. What a plain thread does belongs to it as far as it does it inside a span of the runtime. A second capture on the same
/// runtime has the same.
///
/// The first one of a process installs a subscriber for all of it; one that a thread has for itself is asked first, as ever.
///
/// ```
/// use marty_runtime::axum::{Router, routing::get};
/// use marty_runtime::{Config, Service, testing, tracing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let greet = async || tracing::info!(language = "en", "greeted");
/// let service = Service::new(marty_runtime::service_info!(), Config::for_tests())
///     .http(Router::new().route("/greeting", get(greet)));
///
/// let capture = testing::Capture::start();
/// let service = testing::start(service).await?;
/// service.get("/greeting").await?;
///
/// let request = capture.await_span("request").await;
/// assert_eq!(request.field("http_route").unwrap(), "/greeting");
/// let greeted = capture.event("greeted");
/// assert!(greeted.is_in(&request));
/// assert_eq!(greeted.level(), tracing::Level::INFO);
/// assert_eq!(greeted.field("language").unwrap(), "en");
/// // The fields of the spans around it are among its own, as they are in the log.
/// assert_eq!(greeted.field("correlation_id"), request.field("correlation_id"));
/// service.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is captured once it is dropped"]
pub struct Capture {
    store: Arc<Store>,
}

impl Capture {
    /// Captures from now on what happens on this runtime.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and if the process has another subscriber of its own.
    #[track_caller]
    pub fn start() -> Self {
        let Ok(runtime) = Handle::try_current() else {
            fail("a capture is started inside a tokio runtime");
        };
        assert!(
            layer::install(),
            "the process has a global `tracing` subscriber already: a capture needs its place"
        );
        Self {
            store: layer::store_of(runtime.id()),
        }
    }

    /// Every span so far, in the order in which they began.
    #[must_use]
    pub fn spans(&self) -> Vec<CapturedSpan> {
        self.store.records().spans.clone()
    }

    /// Every event so far, in the order in which they happened.
    #[must_use]
    pub fn events(&self) -> Vec<CapturedEvent> {
        self.store.records().events.clone()
    }

    /// The only span of that name.
    ///
    /// # Panics
    ///
    /// If there is none or more than one: the message lists what there is.
    #[must_use]
    #[track_caller]
    pub fn span(&self, name: &str) -> CapturedSpan {
        self.only("span", name, self.spans(), |span| span.name == name)
    }

    /// The only event of that message.
    ///
    /// # Panics
    ///
    /// If there is none or more than one: the message lists what there is.
    #[must_use]
    #[track_caller]
    pub fn event(&self, message: &str) -> CapturedEvent {
        self.only("event", message, self.events(), |event| {
            event.message == message
        })
    }

    /// The first span of that name that has ended, waited for as [`Reading::await_delta`](super::Reading::await_delta) waits.
    ///
    /// # Panics
    ///
    /// If there is none within ten seconds: the message lists what there is.
    pub async fn await_span(&self, name: &str) -> CapturedSpan {
        let look = || {
            let records = self.store.records();
            let mut spans = records.spans.iter();
            spans.find(|span| span.closed && span.name == name).cloned()
        };
        let found = eventually(look).await;
        self.some("span that has ended", name, found)
    }

    /// The first event of that message, waited for as [`Reading::await_delta`](super::Reading::await_delta) waits.
    ///
    /// # Panics
    ///
    /// If there is none within ten seconds: the message lists what there is.
    pub async fn await_event(&self, message: &str) -> CapturedEvent {
        let look = || {
            let records = self.store.records();
            let mut events = records.events.iter();
            events.find(|event| event.message == message).cloned()
        };
        let found = eventually(look).await;
        self.some("event", message, found)
    }

    #[track_caller]
    fn only<T>(&self, what: &str, name: &str, mut all: Vec<T>, is: impl Fn(&T) -> bool) -> T {
        all.retain(is);
        let count = all.len();
        assert!(count < 2, "there are {count} {what}s `{name}`:\n{self}");
        self.some(what, name, all.pop())
    }

    #[track_caller]
    fn some<T>(&self, what: &str, name: &str, found: Option<T>) -> T {
        found.unwrap_or_else(|| fail(&format!("there is no {what} `{name}`:\n{self}")))
    }
}

/// What was captured, for messages: spans with what is in them further to the right, then the events.
impl fmt::Display for Capture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (spans, events) = (self.spans(), self.events());
        let mut text = String::from("spans:");
        for span in &spans {
            let depth = std::iter::successors(span.above, |above| spans.get(*above)?.above).count();
            write!(text, "\n  {}{span}", "  ".repeat(depth))?;
        }
        text.push_str("\nevents:");
        for event in &events {
            write!(text, "\n  {event}")?;
        }
        formatter.write_str(&text)
    }
}
