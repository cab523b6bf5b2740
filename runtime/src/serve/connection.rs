//! One connection, from its first byte to its last.

use std::{future::Future, net::SocketAddr};

use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;

#[cfg(feature = "grpc")]
use super::preface;
use super::{
    end::Place,
    flight::{Flight, Watched},
    http1,
    stall::StallGuard,
    terms::{Alive, Limits, Served, Terms},
};

/// Whom a connection is to.
pub(super) struct Client {
    pub(super) stream: TcpStream,
    /// Its address, if requests are to carry it.
    pub(super) peer: Option<SocketAddr>,
    pub(super) place: Place,
}

/// Serves requests until the client closes, breaks a limit, or `drain` has come and the request in flight is answered.
/// A request whose head is not complete when `drain` comes is not in flight. A connection that a handler has upgraded is the handler's,
/// and no longer served here: `drain` does not hold for it, and nobody waits for it. But it keeps its place among the connections, its
/// client has to take bytes, and it breaks once the listener has ended.
pub(super) async fn serve<S: Served>(
    client: Client,
    service: S,
    limits: Limits,
    alive: Alive,
    drain: impl Future<Output = ()>,
) {
    let Client {
        stream,
        peer,
        place,
    } = client;
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let flight = Flight::default();
    // Who takes no bytes holds a place that others wait for.
    let stream = StallGuard::new(stream, limits.stall_timeout, flight.clone(), place);
    let service = Watched {
        inner: TowerToHyperService::new(service),
        flight: flight.clone(),
        peer,
    };
    let terms = Terms {
        flight,
        limits,
        alive,
    };
    #[cfg(feature = "grpc")]
    let ended = if limits.http2 {
        preface::serve(stream, service, &terms, drain).await
    } else {
        http1::serve(stream, service, &terms, drain).await
    };
    #[cfg(not(feature = "grpc"))]
    let ended = http1::serve(stream, service, &terms, drain).await;
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
        sync::Arc,
        time::Duration,
    };

    use axum::Router;
    use tokio::{
        net::TcpListener,
        sync::{Semaphore, mpsc, watch},
        task::yield_now,
        time::timeout,
    };

    use super::{super::end::End, *};

    const PATIENCE: Duration = Duration::from_secs(20);

    const LIMITS: Limits = Limits {
        connections: 1,
        header_timeout: Duration::from_secs(40),
        stall_timeout: Duration::from_secs(40),
        #[cfg(feature = "grpc")]
        http2: true,
        tells_peer: false,
    };

    /// Serves a client that has sent `bytes`. The word to drain comes once they were read. Returns all that is answered.
    async fn drained_after(bytes: &[u8]) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.write_all(bytes).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        let (alive, _gone) = mpsc::channel(1);
        let (_server, ending) = watch::channel(End::NotYet);
        let permits = Arc::new(Semaphore::new(1));
        let accepted = Client {
            stream,
            peer: None,
            place: Place::new(permits.acquire_owned().await.unwrap(), ending),
        };
        let served = serve(accepted, Router::new(), LIMITS, alive, yield_now());
        timeout(PATIENCE, served).await.unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).unwrap();
        answers
    }

    #[tokio::test]
    async fn waits_for_no_head_that_is_not_complete() {
        assert_eq!(drained_after(b"GET /half HT").await, "");
        assert_eq!(drained_after(b"P").await, "");
    }

    #[tokio::test]
    async fn answers_a_head_that_is_complete() {
        let answers = drained_after(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
        assert!(answers.starts_with("HTTP/1.1 404"), "{answers}");
    }

    #[tokio::test]
    async fn takes_a_method_that_begins_like_the_preface_for_http1() {
        let answers = drained_after(b"PRIVATE / HTTP/1.1\r\nhost: test\r\n\r\n").await;
        assert!(answers.starts_with("HTTP/1.1 404"), "{answers}");
    }
}
