//! One connection, from its first byte to its last.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, select};

use super::{
    flight::{Flight, Watched},
    stall::StallGuard,
};

/// The most that is kept of what one client has sent or has not taken yet.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves requests until the client closes, breaks a limit, or `drain` has come and the request in flight is answered.
/// A request whose head is not complete when `drain` comes is not in flight. A connection that a handler has upgraded is the handler's,
/// and no longer served here: neither limits nor `drain` hold for it.
pub(super) async fn serve(
    stream: TcpStream,
    router: Router,
    header_timeout: Duration,
    drain: impl Future<Output = ()>,
) {
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(BUFFER_BYTES);
    let flight = Flight::default();
    // Who takes no bytes for as long as a head may take holds a place that others wait for.
    let stream = StallGuard::new(stream, header_timeout, flight.clone());
    let service = Watched {
        inner: TowerToHyperService::new(router),
        flight: flight.clone(),
    };
    let mut connection = pin!(
        http.serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = drain => {
            connection.as_mut().graceful_shutdown();
            // hyper would wait for the rest of a head. It is asked first: what has arrived whole is answered.
            poll_fn(|context| match connection.as_mut().poll(context) {
                Poll::Pending if !flight.is_on() => Poll::Ready(Ok(())),
                polled => polled,
            })
            .await
        }
    };
    if let Err(error) = ended {
        // Clients break connections all the time: of interest only to who looks for it.
        tracing::debug!(error = %error, "connection broke");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::Ipv4Addr,
    };

    use tokio::{net::TcpListener, task::yield_now, time::timeout};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Serves a client that has sent `bytes`. The word to drain comes once they were read. Returns all that is answered.
    async fn drained_after(bytes: &[u8]) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.write_all(bytes).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        let served = serve(stream, Router::new(), PATIENCE * 2, yield_now());
        timeout(PATIENCE, served).await.unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).unwrap();
        answers
    }

    #[tokio::test]
    async fn waits_for_no_head_that_is_not_complete() {
        assert_eq!(drained_after(b"GET /half HT").await, "");
    }

    #[tokio::test]
    async fn answers_a_head_that_is_complete() {
        let answers = drained_after(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
        assert!(answers.starts_with("HTTP/1.1 404"), "{answers}");
    }
}
