//! Clients of HTTP/2 that give their answers no room, or little and late.

use std::{convert::Infallible, sync::Arc, time::Duration};

use h2::{
    Reason, RecvStream,
    client::{Builder, SendRequest},
};
use marty_runtime::{
    axum::{
        Router,
        body::{Body, Bytes},
        http::{Request, Response, StatusCode},
        routing::get,
    },
    tonic::codegen::tokio_stream::{self, StreamExt},
};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

use super::{
    probe::Ask,
    raw::{call, framed},
    served_by,
};
use crate::support::{Live, PATIENCE, with_config};

const LIMIT: Duration = Duration::from_millis(200);

/// What the only stream of the routes writes, at once.
const LENGTH: usize = 100_000;

/// The room that a client gives an answer, if it gives any.
const WINDOW: u32 = 16 * 1024;

fn routes() -> Router {
    let written = async || {
        let piece = Ok::<_, Infallible>(Bytes::from(vec![b'x'; LENGTH]));
        Body::from_stream(tokio_stream::iter([piece]))
    };
    let waits = async || {
        tokio::time::sleep(LIMIT * 3).await;
        StatusCode::NO_CONTENT
    };
    Router::new()
        .route("/written", get(written))
        .route("/waits", get(waits))
}

fn live() -> Live {
    patient(routes())
}

/// Serves routes to clients that may take nothing for as long as the limit.
fn patient(routes: Router) -> Live {
    let service = with_config(routes, |config| config.stall_timeout = LIMIT);
    Live::start(served_by(service))
}

/// A client that answers pings, and whose answers each have `window` bytes of room.
async fn connect(live: &Live, window: u32) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(live.http).await.unwrap();
    let mut builder = Builder::new();
    builder.initial_window_size(window);
    let (send, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    send.ready().await.unwrap()
}

/// Asks a route, or calls a method with `message`.
async fn ask(
    send: &SendRequest<Bytes>,
    request: Request<()>,
    message: Option<Bytes>,
) -> Response<RecvStream> {
    let mut ready = send.clone().ready().await.unwrap();
    let (answer, mut stream) = ready.send_request(request, message.is_none()).unwrap();
    if let Some(message) = message {
        stream.send_data(message, true).unwrap();
    }
    timeout(PATIENCE, answer).await.unwrap().unwrap()
}

fn route(path: &str) -> Request<()> {
    Request::get(format!("http://test{path}")).body(()).unwrap()
}

/// Whether the answer breaks off, with none of its bytes.
async fn breaks_off(mut body: RecvStream) {
    let ended = timeout(PATIENCE, body.data()).await.unwrap();
    let error = ended.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::CANCEL), "{error}");
}

#[test]
fn ends_an_answer_that_is_given_no_room_and_no_other() {
    let live = live();
    live.block_on(async {
        let send = connect(&live, 0).await;
        let answer = ask(&send, route("/written"), None).await;
        assert_eq!(answer.status(), 200);
        breaks_off(answer.into_body()).await;
        let message = framed(&Ask::text("hello"));
        let answer = ask(&send, call("Unary", &[]), Some(message)).await;
        breaks_off(answer.into_body()).await;
        // A handler is no client: it may take longer, and the connection is as good as before.
        let answer = ask(&send, route("/waits"), None).await;
        assert_eq!(answer.status(), 204);
    });
    let left = "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/written\",http_response_status_code=\"499\"}";
    live.await_value(left, 1.0);
    super::ended_once(&live, "Unary", "CANCELLED");
    live.stop().unwrap();
}

#[test]
fn waits_for_a_client_that_takes_little_at_a_time() {
    let live = live();
    // In all far longer than the limit, in part never.
    assert_eq!(taken(&live, LIMIT / 4), LENGTH);
    live.stop().unwrap();
}

#[test]
fn waits_for_a_client_longer_than_for_its_requests() {
    let live = Live::start(served_by(with_config(routes(), |config| {
        config.header_timeout = LIMIT;
    })));
    assert_eq!(taken(&live, LIMIT * 2), LENGTH);
    live.stop().unwrap();
}

/// How much of an answer comes to a client that takes as long as `pause` over each part.
fn taken(live: &Live, pause: Duration) -> usize {
    live.block_on(async {
        let send = connect(live, WINDOW).await;
        let mut body = ask(&send, route("/written"), None).await.into_body();
        let mut length = 0;
        while let Some(data) = timeout(PATIENCE, body.data()).await.unwrap() {
            let data = data.unwrap();
            length += data.len();
            tokio::time::sleep(pause).await;
            body.flow_control().release_capacity(data.len()).unwrap();
        }
        length
    })
}

#[test]
fn waits_for_no_client_while_the_service_has_nothing_to_say() {
    let pieces = Arc::new(Semaphore::new(1));
    let gate = Arc::clone(&pieces);
    let written = async move || {
        let piece = move |()| {
            let gate = Arc::clone(&gate);
            async move {
                gate.acquire().await.unwrap().forget();
                Ok::<_, Infallible>(Bytes::from(vec![b'x'; WINDOW as usize]))
            }
        };
        Body::from_stream(tokio_stream::iter([(); 2]).then(piece))
    };
    let live = patient(Router::new().route("/gated", get(written)));
    live.block_on(async {
        let send = connect(&live, WINDOW).await;
        let mut body = ask(&send, route("/gated"), None).await.into_body();
        let mut length = 0;
        while length < WINDOW as usize {
            let data = timeout(PATIENCE, body.data()).await.unwrap();
            length += data.unwrap().unwrap().len();
        }
        // All room is used up, and nobody wants any.
        timeout(LIMIT * 3, body.data()).await.unwrap_err();
        pieces.add_permits(1);
        breaks_off(body).await;
    });
    live.stop().unwrap();
}

#[test]
fn waits_for_a_stream_that_has_nothing_to_say() {
    let live = live();
    live.block_on(async {
        let send = connect(&live, WINDOW).await;
        let message = framed(&Ask::new(super::probe::Act::Hang).after(1));
        let mut body = ask(&send, call("Download", &[]), Some(message))
            .await
            .into_body();
        assert!(!body.data().await.unwrap().unwrap().is_empty());
        timeout(LIMIT * 3, body.data()).await.unwrap_err();
    });
    live.stop().unwrap();
}
