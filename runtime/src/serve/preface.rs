//! Which HTTP a client speaks: one that speaks HTTP/2 says so with its first bytes.

use std::{
    future::{Future, pending},
    io::{self, IoSlice},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use hyper_util::service::TowerToHyperService;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    select,
    time::{Instant, sleep_until},
};

use super::{
    flight::Watched,
    http1, http2,
    terms::{Served, Terms},
};

/// RFC 9113, section 3.4.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves either version. The first head has to be there in time, and what tells the version is part of it.
pub(super) async fn serve<S: Served>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Watched<TowerToHyperService<S>>,
    terms: &Terms,
    drain: impl Future<Output = ()>,
) -> hyper::Result<()> {
    let deadline = Instant::now() + terms.limits.header_timeout;
    let mut drain = pin!(drain);
    // What has arrived whole is answered, so that the bytes go before the word to drain.
    let begun = select! {
        biased;
        begun = begin(stream) => begun,
        () = drain.as_mut() => return Ok(()),
        () = sleep_until(deadline) => return Ok(()),
    };
    let Ok((is_http2, stream)) = begun else {
        return Ok(());
    };
    if is_http2 {
        return http2::serve(stream, service, terms, drain).await;
    }
    let served = http1::serve(stream, service, terms, drain);
    let late = async {
        sleep_until(deadline).await;
        if terms.flight.begun() > 0 {
            pending::<()>().await;
        }
    };
    select! {
        ended = served => ended,
        () = late => Ok(()),
    }
}

/// Reads as much as tells the version, and has it be read again.
async fn begin<S: AsyncRead + Unpin>(mut inner: S) -> io::Result<(bool, Begun<S>)> {
    let mut bytes = [0; PREFACE.len()];
    let mut filled = 0;
    loop {
        let read = inner
            .read(bytes.get_mut(filled..).unwrap_or_default())
            .await?;
        filled += read;
        let begins = bytes
            .iter()
            .zip(PREFACE)
            .take(filled)
            .all(|(one, other)| one == other);
        let whole = filled == PREFACE.len();
        if whole || !begins || read == 0 {
            let begun = Begun {
                bytes,
                read: 0,
                filled,
                inner,
            };
            return Ok((whole && begins, begun));
        }
    }
}

/// A stream whose first bytes were read already.
struct Begun<S> {
    bytes: [u8; PREFACE.len()],
    read: usize,
    filled: usize,
    inner: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let left = this.bytes.get(this.read..this.filled).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        }
        let taken = left.len().min(buffer.remaining());
        buffer.put_slice(left.get(..taken).unwrap_or_default());
        this.read += taken;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
