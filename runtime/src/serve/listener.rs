//! A listening socket and the connections it accepted.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout_at},
};

use super::connection;

/// How long accepting rests when the system has no socket left to give.
const REST: Duration = Duration::from_millis(50);

/// A socket that listens and does not accept yet.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) header_timeout: Duration,
}

/// A listener that serves. Dropping it cuts every connection off.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Serves `router` until told to drain.
    pub(crate) fn serve(self, router: Router, limits: Limits) -> Server {
        let (drain, draining) = watch::channel(false);
        let address = self.address;
        let accepting = tokio::spawn(accept(self.socket, router, limits, draining));
        Server {
            address,
            drain,
            accepting,
        }
    }
}

impl Server {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no further connection, and closes each once its request is answered.
    pub(crate) fn drain(&self) {
        self.drain.send_replace(true);
    }

    /// Waits until every connection has closed. Says no, and cuts the rest off, if that is not so at `deadline`.
    pub(crate) async fn finish(&mut self, deadline: Instant) -> bool {
        let finished = timeout_at(deadline, &mut self.accepting).await.is_ok();
        if !finished {
            self.accepting.abort();
        }
        finished
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Accepts connections until told to drain, then waits for those that are open. They live in this task and end with it.
async fn accept(
    socket: TcpListener,
    router: Router,
    limits: Limits,
    draining: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(
        limits.connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let mut connections = JoinSet::new();
    loop {
        let stream = select! {
            biased;
            () = drained(draining.clone()) => break,
            Some(_) = connections.join_next() => continue,
            accepted = next(&socket, &permits) => accepted,
        };
        let Some((stream, permit)) = stream else {
            continue;
        };
        let (router, draining) = (router.clone(), draining.clone());
        connections.spawn(async move {
            connection::serve(stream, router, limits.header_timeout, drained(draining)).await;
            drop(permit);
        });
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

/// The next connection, once there may be one more. Nothing, if accepting failed.
async fn next(
    socket: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(error = %error, "connection was not accepted");
            // Out of descriptors, the next attempt would fail at once, and the next, and the next.
            sleep(REST).await;
            None
        }
    }
}

/// Waits for the word to drain; a listener that is gone has given it.
async fn drained(mut draining: watch::Receiver<bool>) {
    let _ = draining.wait_for(|drain| *drain).await;
}
