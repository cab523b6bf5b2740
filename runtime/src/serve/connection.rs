//! One connection, from its first byte to its last.

use std::{future::Future, pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, select};

use super::stall::StallGuard;

/// The most that is kept of what one client has sent or has not taken yet.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves requests until the client closes, breaks a limit, or `drain` has come and the request in flight is answered.
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
    // Who takes no bytes for as long as a head may take holds a place that others wait for.
    let stream = StallGuard::new(stream, header_timeout);
    let mut connection =
        pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = drain => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients break connections all the time: of interest only to who looks for it.
        tracing::debug!(error = %error, "connection broke");
    }
}
