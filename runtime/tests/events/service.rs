//! A service with events: its metrics, its readiness and its end.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use marty_runtime::{
    Config, Service,
    bus::{Consumers, Delivery, EventBus, HandlerError, Policy},
    event::{Envelope, Event},
    names,
};
#[cfg(feature = "http")]
use marty_runtime::{
    axum::{self, Router},
    event::Attributes,
    trace,
};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep, timeout},
};

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Event)]
#[event(type = "invoice.sent", topic = domain("invoice"), key = number)]
struct InvoiceSent {
    number: u32,
}

/// An event of its own, for the other test counts those of the process.
#[cfg(feature = "http")]
#[derive(Clone, Event)]
#[event(type = "invoice.paid", topic = domain("payment"), key = number)]
struct InvoicePaid {
    number: u32,
}

/// The answer to a request for `path`: status and body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, path, "").await
}

/// The answer to a request for `path` with more headers.
async fn ask(address: SocketAddr, path: &str, headers: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    )
}

pub(crate) async fn status(address: SocketAddr, path: &str, wanted: u16) {
    let until = Instant::now() + PATIENCE;
    loop {
        let (status, body) = get(address, path).await;
        if status == wanted {
            return;
        }
        assert!(Instant::now() < until, "{path} says {status}: {body}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_shows_its_events_and_lets_handlers_finish() {
    let (bus, memory) = EventBus::in_memory("billing");
    let (saw, mut seen) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let handler = move |event: Envelope<InvoiceSent>, _: Delivery| {
        let (saw, released) = (saw.clone(), Arc::clone(&released));
        async move {
            saw.send(event.data.number)?;
            if event.data.number == 13 {
                return Err(HandlerError::reject("unlucky", "no such floor"));
            }
            released.notified().await;
            Ok(())
        }
    };
    let group = Consumers::new("archive")
        .on::<InvoiceSent>(handler)
        .policy(Policy::default());
    let service =
        Service::new(marty_runtime::service_info!(), Config::for_tests()).events(&bus, [group]);
    let running = service.start().await.unwrap();
    let admin = running.admin_addr();
    status(admin, "/readyz", 200).await;

    // A dead letter that is not taken makes the service not ready, and loses nothing.
    let letters = "domain.invoice.events.archive.dlq";
    memory.refuse(letters, true);
    bus.publish(&InvoiceSent { number: 13 }).await.unwrap();
    status(admin, "/readyz", 503).await;
    memory.refuse(letters, false);
    status(admin, "/readyz", 200).await;
    assert_eq!(memory.records(letters).len(), 1);

    bus.publish(&InvoiceSent { number: 1 }).await.unwrap();
    while timeout(PATIENCE, seen.recv()).await.unwrap().unwrap() != 1 {}
    let (_, scrape) = get(admin, "/metrics").await;
    shows_every_metric(&scrape);

    // The end has begun while the handler is at work.
    let stop = tokio::spawn(running.stop());
    status(admin, "/readyz", 503).await;
    release.notify_one();
    stop.await.unwrap().unwrap();
    let stored: i64 = (0..3)
        .filter_map(|partition| memory.stored("archive", "domain.invoice.events", partition))
        .sum();
    assert_eq!(stored, 2);
}

/// Publishes at a request, and hands what is handled to `saw`; the first attempt panics.
#[cfg(feature = "http")]
fn chain(bus: &EventBus, saw: mpsc::UnboundedSender<(Attributes, String)>) -> Service {
    let publisher = bus.clone();
    let send = async move || {
        let sent = publisher.publish(&InvoicePaid { number: 7 }).await;
        sent.map(|_| "sent").map_err(|error| error.to_string())
    };
    let handler = move |event: Envelope<InvoicePaid>, delivery: Delivery| {
        let saw = saw.clone();
        async move {
            assert!(delivery.attempt > 1, "the first attempt panics");
            let trace = trace::current().map(|context| context.trace_id().to_string());
            saw.send((event.attributes, trace.unwrap_or_default()))?;
            Ok::<(), HandlerError>(())
        }
    };
    Service::new(marty_runtime::service_info!(), Config::for_tests())
        .http(Router::new().route("/send", axum::routing::get(send)))
        .events(bus, [Consumers::new("chain").on::<InvoicePaid>(handler)])
}

#[cfg(feature = "http")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_belongs_to_the_request_that_published_it() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let (bus, _memory) = EventBus::in_memory("billing");
    let (saw, mut seen) = mpsc::unbounded_channel();
    let running = chain(&bus, saw).start().await.unwrap();
    let parent = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n");
    let headers = format!("{parent}x-correlation-id: order-17\r\n");
    let (status, body) = ask(running.http_addr(), "/send", &headers).await;
    assert_eq!((status, &*body), (200, "sent"));
    let (attributes, trace) = timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
    assert_eq!(attributes.correlation_id, "order-17");
    let parent = attributes.trace.unwrap().parent;
    assert!(parent.starts_with(&format!("00-{TRACE}-")), "{parent:?}");
    assert_eq!(trace, TRACE);
    let (_, scrape) = get(running.admin_addr(), "/metrics").await;
    assert!(scrape.contains("\nmarty_panics_total 1\n"), "{scrape}");
    running.stop().await.unwrap();
}

fn shows_every_metric(scrape: &str) {
    let missing: Vec<&str> = names::EVENTS
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !scrape.contains(&format!("# TYPE {name} ")))
        .filter(|name| {
            !name.starts_with("marty_event_duplicates") && !name.starts_with("marty_event_retries")
        })
        .filter(|name| !name.contains("commit_failures"))
        .collect();
    assert_eq!(missing, [""; 0], "{scrape}");
    for line in [
        r#"marty_event_dead_lettered_total{event_type="invoice.sent.v1",messaging_consumer_group_name="archive",reason="unlucky"} 1"#,
        r#"messaging_client_sent_messages_total{error_type="",event_type="invoice.sent.v1",messaging_destination_name="domain.invoice.events"} 2"#,
        r#"marty_kafka_consumer_lag_messages{group="archive",partition="0",topic="domain.invoice.events"}"#,
    ] {
        let sorted = |line: &str| {
            let mut parts: Vec<String> = line.split(['{', ',', '}']).map(str::to_owned).collect();
            parts.sort();
            parts
        };
        let wanted = sorted(line);
        let found = scrape.lines().any(|line| {
            let parts = sorted(line);
            wanted
                .iter()
                .all(|part| part.is_empty() || parts.contains(part))
        });
        assert!(found, "{line} is not in {scrape}");
    }
}
