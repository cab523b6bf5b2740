//! The word to stop.

use std::{future::Future, time::Duration};

use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep},
};

/// Tells a task to stop. A task that does not within its slice of the shutdown is cut off at its next `await`.
///
/// ```
/// use marty_runtime::task::Stop;
///
/// async fn forward(stop: Stop, mut orders: tokio::sync::mpsc::Receiver<u64>) {
///     while let Some(Some(order)) = stop.or(orders.recv()).await {
///         println!("order {order}");
///     }
/// }
/// # drop(forward);
/// ```
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Gives the word. Dropping it gives it, too.
#[derive(Debug)]
pub(super) struct Word(watch::Sender<bool>);

impl Word {
    pub(super) fn new() -> (Self, Stop) {
        let (word, stop) = watch::channel(false);
        (Self(word), Stop(stop))
    }

    pub(super) fn give(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the task is to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until the task is to stop.
    pub async fn requested(&self) {
        // Who can no longer give the word has ended.
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }

    /// What `future` gives, or nothing if the task is to stop before; `future` is dropped then.
    pub async fn or<F: Future>(&self, future: F) -> Option<F::Output> {
        select! {
            biased;
            () = self.requested() => None,
            output = future => Some(output),
        }
    }

    /// Waits for `time`, and says whether the task goes on: not if it is to stop.
    pub async fn sleep(&self, time: Duration) -> bool {
        // A time beyond the end of the clock means for ever.
        match Instant::now().checked_add(time) {
            Some(_) => self.or(sleep(time)).await.is_some(),
            None => self.or(std::future::pending::<()>()).await.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sleeps_until_it_is_to_stop() {
        let (word, stop) = Word::new();
        assert!(stop.sleep(Duration::from_mins(1)).await);
        assert!(!stop.is_requested());
        word.give();
        assert!(!stop.sleep(Duration::MAX).await);
        assert!(stop.is_requested());
        assert_eq!(stop.or(async { 17 }).await, None);
    }

    #[tokio::test]
    async fn stops_when_nobody_can_give_the_word_any_more() {
        let (word, stop) = Word::new();
        assert_eq!(stop.or(async { 17 }).await, Some(17));
        drop(word);
        stop.requested().await;
        assert!(stop.is_requested());
    }
}
