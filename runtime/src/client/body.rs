//! An answer's body that has to come in time.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

pin_project! {
    /// A body that fails if it has not ended at its deadline, whether it stalls or trickles.
    pub(super) struct TimelyBody<B> {
        #[pin]
        inner: B,
        #[pin]
        deadline: Sleep,
    }
}

/// Why a body has failed.
#[derive(Debug, thiserror::Error)]
#[error("the body of the answer took too long")]
struct TooLate;

impl<B> TimelyBody<B> {
    pub(super) fn new(inner: B, deadline: Instant) -> Self {
        Self {
            inner,
            deadline: sleep_until(deadline),
        }
    }
}

impl<B> HttpBody for TimelyBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.project();
        // What has come is handed on however late the reader is: waiting is what is bounded.
        if let Poll::Ready(frame) = this.inner.poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        this.deadline
            .poll(context)
            .map(|()| Some(Err(TooLate.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
