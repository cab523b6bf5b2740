//! A connection of HTTP/1.1: one request after the other.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
};

use super::{
    flight::Watched,
    terms::{Served, Terms},
};

/// The most that is kept of what one client has sent or has not taken yet.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves requests as long as the client sends the head of each in time.
pub(super) async fn serve<S: Served>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Watched<TowerToHyperService<S>>,
    terms: &Terms,
    drain: impl Future<Output = ()>,
) -> hyper::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(terms.limits.header_timeout)
        .max_buf_size(BUFFER_BYTES);
    let mut connection = pin!(
        http.serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    select! {
        ended = connection.as_mut() => ended,
        () = drain => {
            connection.as_mut().graceful_shutdown();
            // hyper would wait for the rest of a head. It is asked first: what has arrived whole is answered.
            poll_fn(|context| match connection.as_mut().poll(context) {
                Poll::Pending if !terms.flight.is_on() => Poll::Ready(Ok(())),
                polled => polled,
            })
            .await
        }
    }
}
