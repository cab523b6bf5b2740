//! A connection of HTTP/2: many requests at once, each in a task of its own.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use hyper::{rt::Executor, server::conn::http2};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    flight::{Flight, Watched},
    pace::{Paced, Patient},
    terms::{Alive, Served, Terms},
};

/// Requests of one client that are answered at once. Further ones wait with the client.
const STREAMS: u32 = 256;

/// What a client may send of one request, and of all together, before it is read.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// What is kept of one answer that the client has not taken yet.
const SEND_BUFFER: usize = 256 * 1024;

/// The longest head of a request.
const HEAD_BYTES: u32 = 16 * 1024;

/// Streams that the client took back before they were looked at, and that we took back for the client's errors: more of either is an
/// attack, and ends the connection.
const RESET_BY_CLIENT: usize = 20;
const RESET_FOR_ERRORS: usize = 200;

/// How often a client that says nothing is asked whether it is still there. It may take as long to answer as to take something of an
/// answer: one that works on a message may do nothing else meanwhile.
const PING: Duration = Duration::from_secs(20);

/// How long a connection without a request is kept that has had one.
const IDLE: Duration = Duration::from_mins(5);

/// How long a connection that is to close, and on which nothing moves, is waited for.
const QUIET: Duration = Duration::from_secs(1);

/// Serves requests until the client closes, or has none for too long: as long as a head may take for the first, [`IDLE`] for
/// another.
pub(super) async fn serve<S: Served>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    service: Watched<TowerToHyperService<S>>,
    terms: &Terms,
    drain: impl Future<Output = ()>,
) -> hyper::Result<()> {
    let (flight, patience) = (&terms.flight, terms.limits.header_timeout);
    let stall_timeout = terms.limits.stall_timeout;
    let builder = builder(Streams::new(terms.alive.clone(), stall_timeout));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), Paced(service)));
    select! {
        ended = connection.as_mut() => return ended,
        () = drain => {}
        () = idle(flight, patience) => {}
    }
    connection.as_mut().graceful_shutdown();
    select! {
        ended = connection => ended,
        () = quiet(flight, patience) => Ok(()),
    }
}

fn builder(streams: Streams) -> http2::Builder<Streams> {
    let stall_timeout = streams.stall_timeout;
    let mut http = http2::Builder::new(streams);
    http.timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(stall_timeout)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(HEAD_BYTES)
        .max_pending_accept_reset_streams(RESET_BY_CLIENT)
        .max_local_error_reset_streams(RESET_FOR_ERRORS);
    http
}

/// Waits until there has been no request for too long.
async fn idle(flight: &Flight, patience: Duration) {
    sleep(patience).await;
    let mut begun = flight.begun();
    if begun == 0 {
        return;
    }
    loop {
        sleep(IDLE).await;
        let now = flight.begun();
        if now == begun && !flight.is_on() {
            return;
        }
        begun = now;
    }
}

/// Waits until no request is in flight and either the client takes nothing of the last answers, or it has taken long enough over them.
async fn quiet(flight: &Flight, patience: Duration) {
    let mut landed = Instant::now();
    let mut moved = flight.moved();
    loop {
        sleep(QUIET).await;
        let now = flight.moved();
        if flight.is_on() {
            landed = Instant::now();
        } else if now == moved || landed.elapsed() >= patience {
            return;
        }
        moved = now;
    }
}

/// The tasks of one connection's requests. They end with it.
#[derive(Clone)]
struct Streams {
    tasks: Arc<Mutex<JoinSet<()>>>,
    alive: Alive,
    stall_timeout: Duration,
}

impl Streams {
    fn new(alive: Alive, stall_timeout: Duration) -> Self {
        Self {
            tasks: Arc::default(),
            alive,
            stall_timeout,
        }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, inner: F) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(Stream {
            inner: Patient::new(inner, self.stall_timeout),
            _alive: self.alive.clone(),
        });
    }
}

pin_project! {
    /// One request's task.
    struct Stream<F> {
        #[pin]
        inner: Patient<F>,
        // Dropped after what is inside: who waits for it waits for what the request counts at its end.
        _alive: Alive,
    }
}

impl<F: Future<Output = ()>> Future for Stream<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.project().inner.poll(context)
    }
}
