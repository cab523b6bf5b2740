//! Calls that do not end as they should: callers that leave, deadlines, panics, and the end of the service.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use marty_runtime::{
    tonic::{Code, Request},
    tracing::{
        Dispatch, Event, Metadata, Subscriber,
        field::{Field, Visit},
        span,
        subscriber::set_default,
    },
};
use tokio::{runtime::Builder, time::timeout};

use super::{
    active,
    caller::{Caller, connect, download, unary},
    ended_once, live,
    probe::{Act, Ask},
    raw::{self, call, framed},
    service,
};
use crate::support::{Live, PATIENCE};

/// Drives `call`, which does not end, until the service has it.
fn until_active(live: &Live, caller: &Caller, method: &str, call: &mut (impl Future + Unpin)) {
    let begun = std::time::Instant::now();
    while live.value(&active(method)) != Some(1.0) {
        assert!(begun.elapsed() < PATIENCE);
        caller.runtime.block_on(async {
            let turn = timeout(Duration::from_millis(5), &mut *call);
            assert!(turn.await.is_err(), "the call has ended");
        });
    }
}

#[test]
fn a_caller_that_leaves_before_the_answer_has_cancelled() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let mut hangs = Box::pin(unary(&caller.channel, Request::new(Ask::new(Act::Hang))));
    until_active(&live, &caller, "Unary", &mut hangs);
    drop(hangs);
    // What the client has to say of it is said by its runtime.
    caller.runtime.block_on(async {
        let mut other = Box::pin(unary(&caller.channel, Request::new(Ask::text("next"))));
        (&mut other).await.unwrap();
    });
    live.await_value(&super::calls("Unary", "CANCELLED"), 1.0);
    live.await_value(&active("Unary"), 0.0);
    live.stop().unwrap();
}

#[test]
fn a_caller_that_leaves_in_the_middle_of_a_stream_has_cancelled() {
    let live = live();
    let caller = Caller::new(live.grpc);
    caller.runtime.block_on(async {
        let asked = Ask::new(Act::Hang).after(1);
        let mut replies = download(&caller.channel, asked).await.unwrap();
        assert!(replies.message().await.unwrap().is_some());
        drop(replies);
        unary(&caller.channel, Request::new(Ask::text("next")))
            .await
            .unwrap();
    });
    ended_once(&live, "Download", "CANCELLED");
    live.stop().unwrap();
}

#[test]
fn a_connection_that_breaks_in_the_middle_of_a_stream_has_cancelled() {
    let live = live();
    let caller = Caller::new(live.grpc);
    caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        let ask = framed(&Ask::new(Act::Hang).after(1));
        let (answer, _stream) = raw.begin(call("Download", &[]), Some(ask)).await;
        let mut body = answer.await.unwrap().into_body();
        body.data().await.unwrap().unwrap();
        raw.connection.abort();
        let _ = raw.connection.await;
    });
    ended_once(&live, "Download", "CANCELLED");
    live.stop().unwrap();
}

#[test]
fn a_deadline_before_the_answer_is_the_service_s_to_keep() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let answer = caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        let ask = framed(&Ask::new(Act::Hang));
        raw.send(call("Unary", &[("grpc-timeout", "50m")]), Some(ask))
            .await
    });
    assert_eq!(answer.code(), Some("4"), "{answer:?}");
    ended_once(&live, "Unary", "DEADLINE_EXCEEDED");
    live.stop().unwrap();
}

#[test]
fn a_deadline_in_the_middle_of_a_stream_ends_it_with_trailers() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let answer = caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        let ask = framed(&Ask::new(Act::Hang).after(2));
        raw.send(call("Download", &[("grpc-timeout", "200m")]), Some(ask))
            .await
    });
    assert!(!answer.body.is_empty());
    assert!(answer.trailers.is_some());
    assert_eq!(answer.code(), Some("4"), "{answer:?}");
    ended_once(&live, "Download", "DEADLINE_EXCEEDED");
    live.stop().unwrap();
}

#[test]
fn a_caller_that_leaves_at_its_deadline_has_not_cancelled() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let mut ask = Request::new(Ask::new(Act::Hang));
    ask.set_timeout(Duration::from_millis(100));
    assert!(caller.unary(ask).is_err());
    caller.unary(Ask::text("next")).unwrap();
    live.await_value(&super::calls("Unary", "DEADLINE_EXCEEDED"), 1.0);
    live.await_value(&active("Unary"), 0.0);
    live.stop().unwrap();
}

#[test]
fn the_service_s_own_time_bounds_what_is_no_stream() {
    let live = Live::start(service(|config| {
        config.request_timeout = Duration::from_millis(50);
    }));
    let caller = Caller::new(live.grpc);
    let status = caller.unary(Ask::new(Act::Hang)).unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    ended_once(&live, "Unary", "DEADLINE_EXCEEDED");
    caller.runtime.block_on(async {
        let asked = Ask::new(Act::Hang).after(1);
        let mut replies = download(&caller.channel, asked).await.unwrap();
        assert!(replies.message().await.unwrap().is_some());
        let longer = Duration::from_millis(200);
        assert!(timeout(longer, replies.message()).await.is_err());
    });
    // Its connection ends with its runtime.
    drop(caller);
    live.stop().unwrap();
}

#[test]
fn a_handler_that_panics_is_an_internal_error() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let status = caller.unary(Ask::new(Act::Panic)).unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "the call failed")
    );
    ended_once(&live, "Unary", "INTERNAL");
    let (_, ended) = caller.download(Ask::new(Act::Panic).after(2));
    assert_eq!(ended.unwrap_err().code(), Code::Internal);
    ended_once(&live, "Download", "INTERNAL");
    assert_eq!(live.value("marty_panics_total"), Some(2.0));
    assert_eq!(
        caller.unary(Ask::text("on")).unwrap().into_inner().text,
        "on"
    );
    live.stop().unwrap();
}

#[test]
fn draining_lets_calls_finish_and_refuses_others() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let (grpc, admin) = (live.grpc, live.admin);
    let (tell, mut replies) = caller.runtime.block_on(async {
        let (tell, told) = tokio::sync::mpsc::channel(1);
        let replies = super::caller::chat(&caller.channel, told).await;
        (tell, replies)
    });
    let (stopped, ()) = live.stop_while(|| {
        caller.runtime.block_on(async {
            let begun = std::time::Instant::now();
            // The listener is closed once the service drains.
            while tokio::net::TcpStream::connect(grpc).await.is_ok() {
                assert!(begun.elapsed() < PATIENCE);
            }
            assert_eq!(crate::support::get(admin, "/readyz").status, 503);
            tell.send(Ask::text("still")).await.unwrap();
            let reply = replies.message().await.unwrap().unwrap();
            assert_eq!(reply.text, "still");
            // A call that is under way when the service says so is still answered.
            let late = || unary(&caller.channel, Request::new(Ask::text("late")));
            while late().await.is_ok() {
                assert!(begun.elapsed() < PATIENCE);
            }
            drop(tell);
            assert!(replies.message().await.unwrap().is_none());
        });
    });
    stopped.unwrap();
}

#[test]
fn an_idle_connection_does_not_keep_the_service() {
    let live = live();
    let caller = Caller::new(live.grpc);
    caller.unary(Ask::text("once")).unwrap();
    let begun = std::time::Instant::now();
    // The client's runtime does not run: it answers nothing.
    live.stop().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(caller);
}

#[test]
fn a_stream_that_outlasts_the_shutdown_was_left_by_the_service() {
    let logged = Logged::default();
    // With one subscriber alone, `tracing` would ask other tests' threads, which have none, whether anybody listens.
    let _another = Dispatch::new(logged.clone());
    let _default = set_default(logged.clone());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let service = service(|config| config.shutdown_deadline = Duration::from_millis(200));
        let running = service.start().await.unwrap();
        let channel = connect(running.grpc_addr()).await;
        let asked = Ask::new(Act::Hang).after(1);
        let mut replies = download(&channel, asked).await.unwrap();
        assert!(replies.message().await.unwrap().is_some());
        let error = running.stop().await.unwrap_err();
        assert_eq!(error.overrun_phase(), Some("finish requests"));
        assert!(replies.message().await.is_err());
    });
    assert_eq!(*logged.0.lock().unwrap(), ["UNAVAILABLE"]);
}

/// The codes of the access log.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<String>>>);

impl Visit for Logged {
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "rpc_response_status_code" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }
}

impl Subscriber for Logged {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "marty_runtime::access"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
