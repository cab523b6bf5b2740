//! A listening socket and the connections it accepted.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{Semaphore, mpsc, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    connection::{self, Client, Served},
    end::{End, Place, reached},
};

/// How long accepting rests when the system has no socket left to give.
const REST: Duration = Duration::from_millis(50);

/// How long connections that are cut off may take to end. Only a handler that blocks its thread takes longer.
const CUTTING: Duration = Duration::from_millis(500);

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
    /// Whether HTTP/2 is spoken, too, to those who begin with it.
    #[cfg(feature = "grpc")]
    pub(crate) http2: bool,
    /// Whether requests carry the address of their peer, as `ConnectInfo`.
    pub(crate) tells_peer: bool,
}

/// A listener that serves. Dropping it cuts every connection off.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    end: watch::Sender<End>,
    cut_off: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Serves `service` until told to drain. Before requests are cut off, `cut_off` becomes true.
    pub(crate) fn serve<S: Served>(
        self,
        service: S,
        limits: Limits,
        cut_off: Arc<AtomicBool>,
    ) -> Server {
        let (end, ending) = watch::channel(End::NotYet);
        let address = self.address;
        let accepting = tokio::spawn(accept(self.socket, service, limits, ending));
        Server {
            address,
            end,
            cut_off,
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
        self.end.send_replace(End::Draining);
    }

    /// Waits until every connection has closed. Says no, and cuts the rest off, if that is not so at `deadline`.
    pub(crate) async fn finish(&mut self, deadline: Instant) -> bool {
        let finished = timeout_at(deadline, &mut self.accepting).await.is_ok();
        if !finished {
            self.cut_off.store(true, Relaxed);
            self.end.send_replace(End::CutOff);
            // Waited for, so that the requests are counted and logged before the service says that it has ended.
            let _ = timeout(CUTTING, &mut self.accepting).await;
        }
        finished
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cut_off.store(true, Relaxed);
        self.accepting.abort();
    }
}

/// Accepts connections until told to drain, then waits for those that are open. They live in this task and end with it.
async fn accept<S: Served>(
    socket: TcpListener,
    service: S,
    limits: Limits,
    ending: watch::Receiver<End>,
) {
    let (alive, mut gone) = mpsc::channel(1);
    let permits = Arc::new(Semaphore::new(
        limits.connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let mut connections = JoinSet::new();
    loop {
        let stream = select! {
            biased;
            () = reached(ending.clone(), End::Draining) => break,
            Some(_) = connections.join_next() => continue,
            accepted = next(&socket, &permits) => accepted,
        };
        let Some((stream, permit)) = stream else {
            continue;
        };
        let (service, alive) = (service.clone(), alive.clone());
        let peer = stream.peer_addr().ok().filter(|_| limits.tells_peer);
        let drain = reached(ending.clone(), End::Draining);
        let client = Client {
            stream,
            peer,
            place: Place::new(permit, ending.clone()),
        };
        connections.spawn(connection::serve(client, service, limits, alive, drain));
    }
    drop(socket);
    select! {
        () = async { while connections.join_next().await.is_some() {} } => {}
        () = reached(ending, End::CutOff) => {}
    }
    connections.shutdown().await;
    // The requests of HTTP/2 have tasks of their own, which end with their connection, but not at once.
    drop(alive);
    let _ = gone.recv().await;
}

/// The next connection, once there may be one more. Nothing, if accepting failed.
async fn next(
    socket: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) if is_of_one_client(&error) => None,
        Err(error) => {
            tracing::warn!(error = %error, "connection was not accepted");
            // Out of descriptors, the next attempt would fail at once, and the next, and the next.
            sleep(REST).await;
            None
        }
    }
}

/// Whether an error tells of a connection that broke while it waited, and nothing of those behind it.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_for_want_of_descriptors_but_for_no_client() {
        let too_many_open_files = io::Error::from_raw_os_error(24);
        assert!(!is_of_one_client(&too_many_open_files));
        assert!(!is_of_one_client(&io::ErrorKind::OutOfMemory.into()));
        assert!(is_of_one_client(&io::ErrorKind::ConnectionAborted.into()));
    }
}
